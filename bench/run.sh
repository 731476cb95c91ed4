#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Measures figures, one line of JSON each:
#   {"figure","value","unit","reference","ratio","bar","holds","runs","machine","date"}
#
#   bench/run.sh [--smoke] [--list] [FIGURE...]      no FIGURE: all
#
# --smoke only shows that the programs work: a second or two each, its values mean nothing.
# Exit status: 1 when a program failed, 3 when a bar did not hold (not with --smoke).
#
# For who adds a figure: a folder bench/<name>/ with a CMakeLists.txt and a file `figures`, a line a figure:
#   FIGURE   PROGRAM [ARGUMENT...]   NEEDS...
# where PROGRAM is a target built in that folder and NEEDS, behind a '|', are `kafka` and `redis`: a broker and a
# Redis that are fresh for this figure. The program gets HS_BENCH_KAFKA (host:port), HS_BENCH_REDIS (a socket's
# path), HS_BENCH_FOLDER (to write into), HS_BENCH_BUILD (the build tree) and HS_BENCH_SMOKE, and prints its lines
# by hs_figure_print() of "support/figure.h". One program may serve several figures: each line printed is taken, and
# the figures it is not asked for are dropped.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
build=${HS_BENCH_BUILD:-$root/build/release}
work=$root/build/bench
smoke=0 list=0 wanted=() pids=()

while [ $# -gt 0 ]; do
    case "$1" in
    --smoke) smoke=1 ;;
    --list) list=1 ;;
    -h | --help)
        sed -n '4,12s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    -*)
        echo "bench: unknown option '$1'" >&2
        exit 2
        ;;
    *) wanted+=("$1") ;;
    esac
    shift
done

rows=() # figure <tab> folder <tab> command <tab> needs
while IFS= read -r file; do
    place=${file%/figures}
    while IFS= read -r line; do
        case "$line" in '' | '#'*) continue ;; esac
        command=${line%%|*} needs=''
        [[ $line == *'|'* ]] && needs=${line#*|}
        read -r figure command <<<"$command"
        rows+=("$figure"$'\t'"$place"$'\t'"$command"$'\t'"$needs")
    done <"$file"
done < <(find bench -mindepth 2 -maxdepth 2 -name figures | sort)

if [ "$list" = 1 ]; then
    for row in "${rows[@]}"; do echo "${row%%$'\t'*}"; done
    exit 0
fi
for name in "${wanted[@]}"; do
    found=0
    for row in "${rows[@]}"; do [ "${row%%$'\t'*}" = "$name" ] && found=1; done
    [ "$found" = 1 ] || { echo "bench: no figure '$name'; --list shows them" >&2; exit 2; }
done

cleanup() {
    local i
    for ((i = ${#pids[@]} - 1; i >= 0; i--)); do kill -KILL -- "-${pids[i]}" 2>/dev/null || true; done
    [ ${#pids[@]} = 0 ] || wait "${pids[@]}" 2>/dev/null || true
    pids=()
}
trap cleanup EXIT
trap 'exit 130' INT TERM

begin() { # LOG COMMAND...: in the background, never outliving this script
    local log=$1
    shift
    setsid setpriv --pdeathsig KILL -- "$@" >"$log" 2>&1 </dev/null &
    pids+=($!)
}

free_port() {
    local port
    while :; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

await() { # SECONDS COMMAND...
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { echo "bench: '$*' did not come true" >&2; exit 1; }
        sleep 0.1
    done
}

start_kafka() {
    local port
    port=$(free_port)
    kafka=$(HS_KAFKA_DIR=${HS_KAFKA_DIR:-$root/build/kafka} config/kafka-fetch.sh)
    HS_KAFKA_JAVA_OPTS=${HS_KAFKA_JAVA_OPTS:--Xms1g -Xmx1g -XX:+UseG1GC} \
        begin "$folder/kafka.log" config/kafka-run.sh "$kafka" "$folder/kafka" "$port" "$(free_port)" \
        num.network.threads=3 num.io.threads=4 log.retention.check.interval.ms=15000
    export HS_BENCH_KAFKA=127.0.0.1:$port
    await 60 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
}

start_redis() {
    begin "$folder/redis.log" config/redis-run.sh --port 0 --unixsocket "$folder/redis.sock" --save '' --appendonly no
    export HS_BENCH_REDIS=$folder/redis.sock
    await 20 test -S "$folder/redis.sock"
}

machine=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1)
machine="${machine:-unknown}, $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f GB", $2 / 1048576 }' /proc/meminfo)"

config/packages.sh bench >&2
mkdir -p "$work"
if [ -z "${HS_BENCH_BUILD:-}" ]; then
    { cmake -G Ninja -S . -B "$build" -DHS_FLAVOUR=release && ninja -C "$build"; } >"$work/build.log" 2>&1 || {
        tail -n 20 "$work/build.log" >&2
        exit 1
    }
fi
export HS_BENCH_BUILD=$build HS_BENCH_SMOKE=$smoke

status=0 done_commands=$'\n'
for row in "${rows[@]}"; do
    IFS=$'\t' read -r figure place command needs <<<"$row"
    if [ ${#wanted[@]} -gt 0 ] && [[ " ${wanted[*]} " != *" $figure "* ]]; then
        continue
    fi
    [[ $done_commands == *$'\n'"$place $command"$'\n'* ]] && continue # its other figures came with it
    done_commands+="$place $command"$'\n'
    folder=$work/$figure
    rm -rf "$folder"
    mkdir -p "$folder"
    export HS_BENCH_FOLDER=$folder
    [[ $needs == *kafka* ]] && start_kafka
    [[ $needs == *redis* ]] && start_redis
    read -ra words <<<"$command"
    if ! "$build/$place/${words[0]}" "${words[@]:1}" >"$folder/out" 2>"$folder/err" </dev/null; then
        # a program may end with 3 to say that a bar did not hold: its line says so as well
        if ! grep -q '^{"figure"' "$folder/out"; then
            echo "bench: '$figure' failed:" >&2
            tail -n 15 "$folder/err" >&2
            status=1
        fi
    fi
    while IFS= read -r line; do
        name=$(sed -n 's/^{"figure":"\([^"]*\)".*/\1/p' <<<"$line")
        if [ ${#wanted[@]} -gt 0 ] && [[ " ${wanted[*]} " != *" $name "* ]]; then
            continue
        fi
        printf '%s,"machine":"%s","date":"%s"}\n' "${line%\}}" "$machine" "$(date -u +%F)"
        if [ "$smoke" = 0 ] && [[ $line == *'"holds":false'* ]] && [ "$status" = 0 ]; then
            status=3
        fi
    done < <(grep '^{"figure"' "$folder/out" || true)
    cleanup
    rm -rf "$folder/kafka"
done
exit "$status"
