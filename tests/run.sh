#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The whole test suite: real Kafka, real Redis, sanitizers. Ends by itself, leaves no process, and touches
# nothing outside build/ and, as root, the package manager.
#
#   tests/run.sh [STEP...]             no STEP: all of these but bench and upgrade, in this order
#   tests/run.sh --faults [FAULT...]   everything that can befall an installation of three brokers, a Redis with
#                                      replica and Sentinel, and two daemons, as root each a host of its own; or
#                                      those named. Ends with a table of what came of it, build/test/log/faults.md.
#                                      HS_FAULTS_SEED: of its moments and victims, HS_FAULTS_RUNS: each so often. At
#                                      most an hour; how long recovery takes counts, so that nothing else should run
#
#   format   layout by clang-format 14 (Debian 12 has it, 13 has not), shell scripts by shellcheck
#   clang    everything compiles under clang, Debian 12's or 13's, without a warning
#   release  every test on the optimised build, against Kafka 3.9.1
#   asan     every test under AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer
#   tsan     what shares memory between threads, under ThreadSanitizer
#   kafka4   the tests that lean on the broker, against Kafka 4.1.1
#   bench    every benchmark runs, to see that it does: its figures mean nothing here
#   upgrade  the last released version is replaced by this one while reads stream (HS_UPGRADE_FROM: a tag or commit)
#   demo     config/demo.sh for some seconds, on a build as it is installed, without test hooks
#   package  Debian packages: the same bytes twice, lintian, and, as root, installed and purged on a bare system;
#            alerting rules by promtool
#
# HS_JOBS: how many at once (default: cores). HS_KAFKA_DIR: where Kafka's jars are kept. Logs: build/test/log/.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
root=$PWD
work=$root/build/test
jobs=${HS_JOBS:-$(nproc)}
export HS_KAFKA_DIR=${HS_KAFKA_DIR:-$root/build/kafka}
export HS_TEST_RUN=$$-$RANDOM$RANDOM CLICOLOR_FORCE=0 CTEST_OUTPUT_ON_FAILURE=1
began=$SECONDS
FAULT_SECONDS=240 # for one run of a fault; it takes about 55 on two cores
failed=() rows=() current='' fetch=''

all_steps='format clang release asan tsan kafka4 bench upgrade demo package'
usual_steps='format clang release asan tsan kafka4 demo package'
faults_only=
case "${1:-}" in
--faults)
    faults_only=1
    shift
    ;;
-h | --help)
    sed -n '3,28s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
esac
wanted=
if [ -z "$faults_only" ]; then
    for step in "$@"; do
        case " $all_steps " in
        *" $step "*) ;;
        *)
            echo "tests/run.sh: unknown step '$step'; allowed: $all_steps" >&2
            exit 2
            ;;
        esac
    done
    # shellcheck disable=SC2086
    [ $# -gt 0 ] || set -- $usual_steps
    wanted=" $* "
fi

stop() { # a person's Ctrl-C, or the time is over: end what runs now, and only that
    trap - INT TERM
    [ -n "$current" ] && kill -TERM -- "-$current" 2>/dev/null
    [ -n "$fetch" ] && kill -TERM -- "-$fetch" 2>/dev/null
    echo "stopped" >&2
    exit 130
}
trap stop INT TERM

# run NAME SECONDS COMMAND...: one line about it, the end of its log when it failed.
run() {
    local name=$1 limit=$2 log=$work/log/$1.log start=$SECONDS rc=0 said word=ok
    shift 2
    setsid timeout --foreground --kill-after=20 "$limit" "$@" >"$log" 2>&1 </dev/null &
    current=$!
    wait "$current" || rc=$?
    [ "$rc" = 0 ] || kill -KILL -- "-$current" 2>/dev/null
    current=
    if [ "$rc" != 0 ]; then
        word=FAILED
        failed+=("$name")
        [ "$rc" = 124 ] && word="FAILED (over $limit s)"
    fi
    said=$(sed -n 's/^\([0-9]*% tests passed, .*\)$/\1/p' "$log" | tail -n 1)
    rows+=("$(printf '%-18s %5d s  %s  %s' "$name" $((SECONDS - start)) "$word" "$said")")
    printf '%s\n' "${rows[-1]}"
    if [ "$rc" != 0 ]; then
        sed 's/^/    /' <(grep -aE '\*\*\*(Failed|Timeout|Exception|Not Run)|(error|warning):' "$log" | head -n 30)
        sed 's/^/    /' <(tail -n 40 "$log" | cut -c1-300)
    fi
    return "$rc"
}

skip() { # NAME REASON: said, never silently
    rows+=("$(printf '%-18s       -  skipped: %s' "$1" "$2")")
    printf '%s\n' "${rows[-1]}"
}

has() { [[ $wanted == *" $1 "* ]]; }

build() { # FLAVOUR [OPTION...]
    local flavour=$1
    shift
    # shellcheck disable=SC2016
    run "build-$flavour" 600 sh -c '
        folder=$1 jobs=$2; shift 2
        cmake -G Ninja -S . -B "$folder" -DHS_WERROR=ON "$@" && ninja -C "$folder" -j "$jobs"' \
        build "$work/$flavour" "$jobs" "$@"
}

tests() { # NAME SECONDS FLAVOUR CTEST-OPTION...
    local name=$1 limit=$2 flavour=$3
    shift 3
    # twice as many as cores: the long ones mostly wait, for a broker or for time to pass
    run "$name" "$limit" ctest --test-dir "$work/$flavour" -j $((2 * jobs)) --no-tests=error "$@"
}

# Each fault in a run of its own, one after the other, whatever came of those before: a table of all, in the order of
# their names given. What takes too long is ended and failed; nothing is begun that would not end within the hour.
faults() { # [FAULT...]
    local program=$work/release/tests/faults/faults_test seed=${HS_FAULTS_SEED:-$(date +%s)} runs=${HS_FAULTS_RUNS:-1}
    local table=$work/log/faults.md limit=$((FAULT_SECONDS * ${HS_FAULTS_RUNS:-1})) again=() fault log row
    [ $# -gt 0 ] || mapfile -t all < <("$program" --list | cut -d' ' -f1)
    [ $# -gt 0 ] || set -- "${all[@]}"
    echo "seed $seed"
    {
        echo '| fault | runs | reads | alerts | lost | duplicated | misrouted | recovery |'
        echo '| --- | --- | --- | --- | --- | --- | --- | --- |'
    } >"$table"
    for fault in "$@"; do
        log=$work/log/fault-$fault.log
        if [ "$runs" = 1 ] && [ $((SECONDS - began)) -gt $((3600 - limit)) ]; then
            rows+=("$(printf '%-18s       -  FAILED: the hour is over' "fault-$fault")")
            printf '%s\n' "${rows[-1]}"
            failed+=("fault-$fault")
            row="| \`$fault\` | 0 | | | | | | not run, FAILED |"
        else
            # --timed: how long it takes is part of the verdict here, where nothing else runs
            run "fault-$fault" "$limit" "$program" --timed --seed "$seed" --runs "$runs" "$fault" || again+=("$fault")
            grep '^skipped:' "$log" | sed 's/^/    /'
            row=$(grep '^| `' "$log")
            grep -q '^skipped:' "$log" || row=${row:-"| \`$fault\` | 0 | | | | | | did not end, FAILED |"}
        fi
        [ -z "$row" ] || echo "$row" >>"$table"
    done
    echo
    cat "$table"
    [ ${#again[@]} -eq 0 ] || echo "again: HS_FAULTS_SEED=$seed tests/run.sh --faults ${again[*]}"
}

sources() { find lib daemon tests bench -name '*.[ch]' | sort; }
scripts() { grep -rlE '^#!.*/(env )?(ba)?sh' config tests bench .ci | grep -v '/data/' | sort; }

echo "hitstream tests: $(nproc) cores, logs in build/test/log"
mkdir -p "$work/log"
kinds=(test)
has package && kinds+=(package)
run packages 900 config/packages.sh "${kinds[@]}" || exit 1

if [ "$faults_only" ] || has release || has asan || has kafka4 || has bench || has demo; then # beside the first builds
    setsid sh -c 'config/kafka-fetch.sh 3.9.1 && config/kafka-fetch.sh 4.1.1' >"$work/log/kafka.log" 2>&1 </dev/null &
    fetch=$!
fi

if has format; then
    if command -v clang-format-14 >/dev/null; then
        # shellcheck disable=SC2046
        run format 120 clang-format-14 --dry-run -Werror $(sources)
    else
        skip format 'layout is what clang-format 14 makes it, and this release has another version'
    fi
    # shellcheck disable=SC2046
    run shellcheck 120 shellcheck $(scripts)
fi
has clang && build clang -DCMAKE_C_COMPILER=clang-14 -DHS_FLAVOUR=debug
if [ "$faults_only" ] || has release || has kafka4 || has bench; then
    build release -DHS_FLAVOUR=release -DHS_TEST_HOOKS=ON && release=1
fi
has asan && build asan -DHS_FLAVOUR=asan -DHS_TEST_HOOKS=ON && asan=1
has tsan && build tsan -DHS_FLAVOUR=tsan -DHS_TEST_HOOKS=ON && tsan=1
if [ -n "$fetch" ] && ! wait "$fetch"; then
    tail -n 10 "$work/log/kafka.log"
    failed+=(kafka)
fi

[ "${release:-}" ] && [ "$faults_only" ] && faults "$@"
[ "${release:-}" ] && has release && tests release 480 release
if [ "${asan:-}" ]; then
    export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
    export UBSAN_OPTIONS=print_stacktrace=1
    tests asan 600 asan
fi
if [ "${tsan:-}" ]; then
    export TSAN_OPTIONS=ignore_noninstrumented_modules=1:halt_on_error=1:second_deadlock_stack=1
    wrap=()
    # gcc 12's runtime needs its fixed layout where the kernel spreads mappings wider than it knows
    setarch -R true 2>/dev/null && wrap=(setarch -R)
    run tsan 300 "${wrap[@]}" ctest --test-dir "$work/tsan" -j "$jobs" --no-tests=error -L 'tsan|torture'
fi
if [ "${release:-}" ] && has kafka4; then
    HS_KAFKA_VERSION=4.1.1 tests kafka4 300 release -L kafka4
fi
if [ "${release:-}" ] && has bench && [ -n "$(bench/run.sh --list)" ]; then
    HS_BENCH_BUILD=$work/release run bench 240 bench/run.sh --smoke
fi
if [ "${release:-}" ] && has upgrade; then
    run upgrade 900 tests/release/upgrade_test.sh "$work/release" "$work/upgrade"
fi
has demo && run demo 240 config/demo.sh --seconds 30
if has package; then
    bare=()
    [ "$(id -u)" = 0 ] || bare=(--no-system)
    run rules 120 tests/prometheus/rules_test.sh "$work/prometheus"
    run package 400 tests/package/package_test.sh "$work/package" "${bare[@]}"
fi

# Nothing that was started here may be left running: it would carry this run's mark in its environment.
for folder in /proc/[0-9]*; do
    pid=${folder#/proc/}
    if grep -qazF "HS_TEST_RUN=$HS_TEST_RUN" "$folder/environ" 2>/dev/null; then
        rows+=("left running: $pid $(tr '\0' ' ' <"$folder/cmdline" | cut -c1-100)")
        failed+=("process-$pid")
        kill -KILL "$pid" 2>/dev/null
    fi
done

echo
echo "summary after $((SECONDS - began)) s"
printf '  %s\n' "${rows[@]}"
if [ ${#failed[@]} -gt 0 ]; then
    echo "FAILED: ${failed[*]}"
    exit 1
fi
echo "all passed"
