#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Becomes a Kafka broker (KRaft) as tests, demo and benchmarks use it: a single one on loopback, or one of several.
#
#   config/kafka-run.sh KAFKA_FOLDER DATA_FOLDER PORT CONTROLLER_PORT [PROPERTY=VALUE...]
#
# KAFKA_FOLDER is what config/kafka-fetch.sh printed. A DATA_FOLDER that holds data is used again. The process
# keeps its id, so that whoever started it can stop it. HS_KAFKA_JAVA_OPTS replaces the small heap. One of several:
# HS_KAFKA_NODE=ID HS_KAFKA_ADDRESS=IP HS_KAFKA_VOTERS=ID@IP:PORT,... (each a controller as well). HS_KAFKA_SCRAM,
# "NAME=PASSWORD ...", gives a new DATA_FOLDER these users (SCRAM-SHA-512).
set -eu

kafka=$1 data=$2 port=$3 controller_port=$4
shift 4
node=${HS_KAFKA_NODE:-1} address=${HS_KAFKA_ADDRESS:-127.0.0.1}
voters=${HS_KAFKA_VOTERS:-1@$address:$controller_port}
session_ms=2000 # of several: who is silent for so long leads no more
case $voters in
*,*) ;;
*) session_ms=6000 ;; # a single one is not to shut itself out on a slow machine; but after a kill it is taken back only then
esac

if [ ! -e "$data/log/meta.properties" ]; then
    mkdir -p "$data"
    rm -rf "$data/log"
    if [ -z "${HS_KAFKA_SCRAM:-}" ]; then # else it is formatted below
        cp -R "$kafka/formatted" "$data/log"
    fi
    if [ -e "$data/log/meta.properties" ] && [ "$node" != 1 ]; then # an id of 16 bytes of its own, as base64 without padding
        sed -i -e "s/^node.id=.*/node.id=$node/" -e "s/^\(directory.id=.\{19\}\).*/\1${node}Ag/" \
            "$data/log/meta.properties"
    fi
fi
{
    cat <<CONF
process.roles=broker,controller
node.id=$node
controller.quorum.voters=$voters
listeners=PLAINTEXT://$address:$port,CONTROLLER://$address:$controller_port
advertised.listeners=PLAINTEXT://$address:$port
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=$data/log
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=$session_ms
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=2
background.threads=2
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=4194304
CONF
    for property in "$@"; do
        echo "$property"
    done
} >"$data/server.properties"

if [ ! -e "$data/log/meta.properties" ]; then
    set --
    for user in $HS_KAFKA_SCRAM; do
        set -- "$@" --add-scram "SCRAM-SHA-512=[name=${user%%=*},password=${user#*=}]"
    done
    java -Xshare:auto -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dlog4j.configuration="file:$kafka/log4j.properties" \
        -cp "$kafka/libs/*" kafka.tools.StorageTool format -t hitstreamTestAAAAAAAAA \
        -c "$data/server.properties" "$@"
fi

# shellcheck disable=SC2086
exec java ${HS_KAFKA_JAVA_OPTS:--Xms96m -Xmx320m -XX:+UseSerialGC -XX:TieredStopAtLevel=1} -Xshare:auto \
    -Dlog4j.configuration="file:$kafka/log4j.properties" -Dkafka.logs.dir="$data" \
    -cp "$kafka/libs/*" kafka.Kafka "$data/server.properties"
