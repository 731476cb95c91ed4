#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The main job from end to end, on this machine: a broker, a Redis, hitstreamd, watchlists loaded with hitctl, a
# stream of reads over a real camera network with made-up plates, and the alerts as three forces' desks get them.
#
#   config/demo.sh [--seconds N] [--rate N] [--kafka HOST:PORT] [--seed N]
#
#   --seconds N         how long reads are streamed (75); Ctrl-C ends it sooner
#   --rate N            reads a second (200)
#   --kafka HOST:PORT   a broker of yours instead of one of the demo's own
#   --seed N            other vehicles
#
# Everything is kept in build/; nothing is left running. What is missing is installed when run as root.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
run=$root/build/demo
seconds=75 rate=200 kafka='' seed=$((RANDOM + 1)) listed=80
pids=() feeder='' tail_pid='' stopped=''

usage() { sed -n '6,13s/^# \{0,1\}//p' "$0"; }
while [ $# -gt 0 ]; do
    case "$1" in
    --seconds | --rate | --kafka | --seed)
        [ $# -ge 2 ] || { echo "demo: $1 needs a value" >&2; exit 2; }
        ;;&
    --seconds) seconds=$2; shift 2 ;;
    --rate) rate=$2; shift 2 ;;
    --kafka) kafka=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    *) echo "demo: unknown option '$1'" >&2; usage >&2; exit 2 ;;
    esac
done
case "$seconds$rate$seed" in
*[!0-9]*) echo "demo: --seconds, --rate and --seed are whole numbers" >&2; exit 2 ;;
esac

if [ -t 1 ]; then
    bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m' colour=1
else
    bold='' dim='' plain='' colour=0
fi
title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
note() { printf '%s%s%s\n' "$dim" "$*" "$plain"; }
fail() {
    echo "demo: $*" >&2
    exit 1
}

# begin NAME COMMAND...: in the background, out of reach of Ctrl-C, never outliving this script. Sets `began`.
begin() {
    local name=$1
    shift
    setsid setpriv --pdeathsig KILL -- "$@" >>"$run/log/$name" 2>&1 </dev/null &
    began=$!
    pids+=("$began")
}

# halt PID SECONDS: asks it and its children to end, then ends them.
halt() {
    local i
    kill -TERM -- "-$1" 2>/dev/null || return 0
    for ((i = 0; i < $2 * 20; i++)); do
        kill -0 -- "-$1" 2>/dev/null || return 0
        sleep 0.05
    done
    kill -KILL -- "-$1" 2>/dev/null || true
}

cleanup() {
    local i
    trap '' INT TERM
    for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
        halt "${pids[i]}" 10
    done
    wait 2>/dev/null || true
}
trap cleanup EXIT
trap 'stopped=1' INT TERM

free_port() { # one that nobody listens on; what the kernel hands out by itself lies above 32767
    local port
    for _ in $(seq 100); do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
    fail "no free port"
}

# await SECONDS WHAT COMMAND...: until the command succeeds.
await() {
    local limit=$1 what=$2 end=$((SECONDS + $1)) log
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ -z "$stopped" ] || exit 130
        if [ "$SECONDS" -ge "$end" ]; then
            for log in "$run"/log/*; do tail -n 15 "$log" >&2; done
            fail "$what did not come up within $limit s"
        fi
        sleep 0.1
    done
}

hitctl() { "$root/build/release/daemon/hitctl/hitctl" --config "$run/hitstream.yaml" --who demo "$@"; }
quietly() { # WHAT COMMAND...: one line of result, all of it in a log
    local what=$1 log=$run/log/setup
    shift
    if ! "$@" >"$log.last" 2>&1; then
        tail -n 20 "$log.last" >&2
        fail "$what: failed"
    fi
    cat "$log.last" >>"$log"
    note "$what: $(tail -n 1 "$log.last")"
}
page() { # an admin page, with its head
    exec 3<>"/dev/tcp/127.0.0.1/$admin_port" || return 1
    printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3
    cat <&3
    exec 3>&-
}
ready() { # a Kafka of yours may remember the Redis of an earlier demo: a person would confirm that this one is right
    local said anchor
    said=$(page /readyz) || return 1
    anchor=$(sed -n "s/.*behind its audit anchor '\([^']*\)'.*/\1/p" <<<"$said" | head -n 1)
    [ -z "$anchor" ] || hitctl --authority 'demo with a new Redis' confirm "$anchor" >>"$run/log/setup" 2>&1 || true
    [[ $said == *' 200 '* ]]
}

# ------------------------------------------------------------------ build

config/packages.sh demo
title "Building hitstream (release)"
mkdir -p build
if ! { cmake -G Ninja -S . -B build/release -DHS_FLAVOUR=release &&
    ninja -C build/release hitstreamd hitctl hitsim; } >build/demo-build.log 2>&1; then
    tail -n 30 build/demo-build.log >&2
    fail "the build failed"
fi
note "build/release"
rm -rf "$run"
mkdir -p "$run/log" "$run/lists" "$run/state"

# ------------------------------------------------------------------ a broker and a Redis

title "Starting Kafka and Redis on loopback"
if [ -z "$kafka" ]; then
    folder=$(HS_KAFKA_DIR=${HS_KAFKA_DIR:-$root/build/kafka} config/kafka-fetch.sh)
    port=$(free_port)
    kafka=127.0.0.1:$port
    begin kafka config/kafka-run.sh "$folder" "$run/kafka" "$port" "$(free_port)"
    await 60 Kafka bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
    note "Apache Kafka $(basename "$folder") on $kafka"
else
    note "your Kafka on $kafka"
fi
redis_port=$(free_port)
begin redis config/redis-run.sh --port "$redis_port" --bind 127.0.0.1 --dir "$run" --save '' --appendonly no \
    --unixsocket "$run/redis.sock"
await 20 Redis test -S "$run/redis.sock"
note "Redis on $run/redis.sock"

# ------------------------------------------------------------------ hitstream

title "Setting up hitstream"
umask 077
for key in id token; do
    od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n' >"$run/$key.key"
done
umask 022
admin_port=$(free_port)
cat >"$run/hitstream.yaml" <<CONF
instance: demo
kafka:
  bootstrap: $kafka
redis:
  socket: $run/redis.sock
keys:
  id_file: $run/id.key
  token_file: $run/token.key
state_dir: $run/state
admin:
  listen: 127.0.0.1:$admin_port
  socket: $run/admin.sock
CONF
cp -R config/demo/controls "$run/controls" # activating leaves a mark in the folder
quietly 'controls (camera register, queues, rules)' \
    hitctl --authority demo controls activate "$run/controls"
quietly 'topics' hitctl topics create --reads-from end --force
begin hitstreamd build/release/daemon/hitstreamd/hitstreamd --config "$run/hitstream.yaml"
daemon=$began
await 60 hitstreamd ready
note "hitstreamd is ready, process $daemon, http://127.0.0.1:$admin_port/metrics"

title "Loading the watchlists"
build/release/bench/hitsim/hitsim --seed "$seed" --listed "$listed" --lists "$run/lists"
while IFS=$'\t' read -r list owner kind status name; do
    hitctl --authority "demo $list" list create "$list" --title "$name" --owner-force "$owner" --purpose demonstration \
        "--$kind" --status "$status" >>"$run/log/setup"
    said=$(hitctl --authority "demo $list" list load "$list" "$run/lists/$list.csv" --replace --wait)
    printf '  %-13s %s %s, %s, of %s; %s\n' "$list" "$(grep -c . "$run/lists/$list.csv" | awk '{ print $1 - 1 }')" \
        "vehicles" "$kind" "$owner, $status" "$(tail -n 1 <<<"$said")"
done <"$run/lists/lists.tsv"

# ------------------------------------------------------------------ the stream

queues='northvale-control eastmoor-control westbrook-control joint-lines lantern-desk'
title "Streaming $rate reads a second for $seconds s; alerts as the desks get them (Ctrl-C ends)"
# shellcheck disable=SC2086
setsid setpriv --pdeathsig KILL -- "$root/build/release/daemon/hitctl/hitctl" --config "$run/hitstream.yaml" \
    alerts tail $queues --from "$(date -u +%FT%TZ)" --summary 2>"$run/summary" </dev/null > >(
    trap '' INT
    awk -v colour="$colour" '
        BEGIN { n = split("36 33 35 32 31", shades, " ") }
        / evidence: / { next } # its thresholds are all one here
        /^[a-z0-9-]+: / {
            queue = $1
            sub(/^[^ ]+ [0-9]+ [A-Z][a-z]+ /, "") # queue and day
            if (!(queue in shade)) shade[queue] = shades[++seen > n ? n : seen]
            if (colour) printf "\033[1;%sm%-19s\033[0m %s\n", shade[queue], queue, $0
            else printf "%-19s %s\n", queue, $0
            fflush(); next
        }
        colour { printf "\033[2m%s\033[0m\n", $0; fflush(); next }
        { print; fflush() }'
) &
tail_pid=$!
pids+=("$tail_pid")
# shellcheck disable=SC2016
begin feeder bash -c '"$1"/bench/hitsim/hitsim --live --speed 12 --listed-pause-s 90 --seed "$2" --listed "$3" \
    --rate "$4" --seconds "$5" --truth "$6/truth.jsonl" 2>"$6/hitsim" |
    "$1"/daemon/hitctl/hitctl --config "$6/hitstream.yaml" reads produce - --linger-ms 5 2>&1' \
    feeder "$root/build/release" "$seed" "$listed" "$rate" "$seconds" "$run"
feeder=$began
while kill -0 "$feeder" 2>/dev/null && [ -z "$stopped" ]; do
    kill -0 "$daemon" 2>/dev/null || { tail -n 20 "$run/log/hitstreamd" >&2; fail "hitstreamd ended"; }
    sleep 0.2 || true
done
[ -z "$stopped" ] || halt "$feeder" 5
wait "$feeder" 2>/dev/null || true
sleep 1.5 || true # the last read's alert
halt "$tail_pid" 5
wait "$tail_pid" 2>/dev/null || true
sleep 0.2

# ------------------------------------------------------------------ summary

metric() { # the sum of a metric's series
    page /metrics | awk -v name="$1" '$1 == name || index($1, name "{") == 1 { sum += $2 } END { printf "%d", sum }'
}
title "Summary"
listed_passes=$(grep -c '"list":"[^"]' "$run/truth.jsonl" || true)
misread=$(grep '"list":"[^"]' "$run/truth.jsonl" | grep -c '"misread":true' || true)
printf '  %-22s %s\n' 'reads matched' "$(metric hitstream_reads_total)" \
    'listed vehicles passed' "$listed_passes times, $misread of them misread by the camera" \
    'hits' "$(metric hitstream_hits_total), those of a list on trial included"
sed 's/^/  /' "$run/summary"
note "logs: build/demo/log, truth of the stream: build/demo/truth.jsonl"
halt "$daemon" 10
