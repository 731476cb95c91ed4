#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The one list of Debian packages: what the demo, the tests and the benchmarks need.
#
#   config/packages.sh [demo|test|bench|package]...    installs what is missing when run as root,
#                                              else names the one command to run and fails
set -eu

build='gcc libc6-dev cmake ninja-build pkg-config protobuf-compiler protobuf-c-compiler libprotobuf-c-dev
    librdkafka-dev libhiredis-dev libevent-dev liburcu-dev libcmocka-dev libsodium-dev libyaml-dev libjansson-dev
    libsystemd-dev libjemalloc-dev python3'
# redis-tools holds the server as well, see config/redis-run.sh
parts='redis-tools maven default-jre-headless util-linux procps'
checks='python3-protobuf shellcheck openssl stunnel4'
# layout is decided by version 14; where a release has gone on, its own compiler is the second one
case $(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release) in
bookworm) checks="$checks clang-14 clang-format-14" ;;
*) checks="$checks clang" ;;
esac
measure='valgrind'
# hosts of their own and broken links, as network namespaces: where the machine allows them
links='iproute2 nftables'
# what matching is measured against, built into bench/match where it is found
peers='g++ libdpdk-dev libabsl-dev uthash-dev'
packaging='dpkg-dev binutils lintian debootstrap xz-utils'

wanted=$build
for kind in "${@:-demo}"; do
    case "$kind" in
    demo) wanted="$wanted $parts" ;;
    test) wanted="$wanted $parts $checks $measure $links" ;;
    bench) wanted="$wanted $parts $measure $peers" ;;
    package) wanted="$wanted $packaging" ;;
    *) echo "packages: unknown kind '$kind'; allowed: demo, test, bench, package" >&2; exit 2 ;;
    esac
done

missing=
for package in $wanted; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
    *' installed') ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
    echo "missing packages; run as root:" >&2
    echo "  apt-get update && apt-get install --no-install-recommends -y$missing" >&2
    exit 1
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
{ apt-get update -q && apt-get install -q -y --no-install-recommends $missing; } >"$log" 2>&1 </dev/null || {
    tail -n 15 "$log" >&2
    exit 1
}
