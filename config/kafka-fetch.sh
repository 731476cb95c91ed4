#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Fetches Apache Kafka (KRaft) from Maven Central, for tests, demo and benchmarks; prints the folder.
#
#   config/kafka-fetch.sh [VERSION]      default: $HS_KAFKA_VERSION, else 3.9.1
#
# Jars go to $HS_KAFKA_DIR/VERSION, or build/kafka/VERSION in the source tree. The folder also gets an empty
# formatted data folder that a new broker starts from. Maven's own repository stays beside it, so that nothing
# outside is touched. Several may run at once. What is there already is not fetched again.
set -eu

version=${1:-${HS_KAFKA_VERSION:-3.9.1}}
here=$(cd "$(dirname "$0")/.." && pwd)
base=${HS_KAFKA_DIR:-$here/build/kafka}
dir=$base/$version

if [ -e "$dir/complete" ]; then
    echo "$dir"
    exit 0
fi
for tool in mvn java flock; do
    command -v "$tool" >/dev/null || {
        echo "kafka-fetch: '$tool' is missing; apt-get install maven default-jre-headless util-linux" >&2
        exit 1
    }
done

mkdir -p "$dir"
exec 9>"$base/.lock-$version"
flock 9
if [ -e "$dir/complete" ]; then
    echo "$dir"
    exit 0
fi

cat >"$dir/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>hitstream</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>$version</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-reload4j</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
POM

try=1
until mvn -q -B -ntp -f "$dir/pom.xml" -Dmaven.repo.local="$base/m2" \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DoutputDirectory="$dir/libs" >"$dir/fetch.log" 2>&1; do
    if [ "$try" -ge 3 ]; then
        echo "kafka-fetch: Maven could not fetch Kafka $version:" >&2
        tail -n 5 "$dir/fetch.log" >&2
        exit 1
    fi
    try=$((try + 1))
    sleep 2
done

cat >"$dir/log4j.properties" <<'LOG'
log4j.rootLogger=WARN, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d %p %c: %m%n
LOG

# An empty formatted data folder: a copy of it spares each new broker the format tool's JVM.
rm -rf "$dir/formatted"
cat >"$dir/format.properties" <<CONF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:9
listeners=PLAINTEXT://127.0.0.1:8,CONTROLLER://127.0.0.1:9
controller.listener.names=CONTROLLER
log.dirs=$dir/formatted
CONF
java -cp "$dir/libs/*" -Dlog4j.configuration="file:$dir/log4j.properties" kafka.tools.StorageTool \
    format -t hitstreamTestAAAAAAAAA -c "$dir/format.properties" >"$dir/format.log" 2>&1 || {
    echo "kafka-fetch: cannot format:" >&2
    tail -n 5 "$dir/format.log" >&2
    exit 1
}
touch "$dir/complete"
echo "$dir"
