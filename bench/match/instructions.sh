#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Instructions a read of the matching loop, counted by callgrind: the same on every machine that is built for with the
# same compiler, however busy it is.
#
#   bench/match/instructions.sh PROGRAM             fails when a workload takes more than the file says, beyond tolerance
#   bench/match/instructions.sh PROGRAM --update    writes the file anew
#   bench/match/instructions.sh PROGRAM --compiler 'gcc 14.2.0'    as the first, if the file is of that compiler
#
# 'vector' is the widest kernel that valgrind runs: AVX2. PROGRAM is match_instructions of the release flavour; the file
# is instructions.txt beside this script. Fewer instructions than the file says are told, so that it is written anew.
# Exit status 77: valgrind is not installed, or the file is of another compiler.
set -eu
program=$1 update=${2:-} compiler=${3:-}
file=$(dirname "$0")/instructions.txt
tolerance=5 # per cent

command -v valgrind >/dev/null || {
    echo "skipped: valgrind is not installed (config/packages.sh bench)"
    exit 77
}
counted=$(sed -n 's/^# .*, \(gcc [0-9]*\)\.$/\1/p' "$file")
if [ "$update" = --compiler ] && [ "${compiler%%.*}" != "$counted" ]; then
    echo "skipped: the counts are those of $counted, this is built by $compiler"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# WORKLOAD KERNEL: instructions a read with one decimal; nothing when there are no such vectors here
count() {
    code=0
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no --toggle-collect=measured_pass \
        "$program" "$1" "$2" >"$work/out" 2>"$work/err" || code=$?
    [ "$code" != 77 ] || return 0
    [ "$code" = 0 ] || { cat "$work/err" >&2; return 1; }
    reads=$(sed -n 's/^\([0-9]*\) reads.*/\1/p' "$work/out")
    instructions=$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$work/err")
    awk -v i="$instructions" -v r="$reads" 'BEGIN { printf "%.1f", i / r }'
}

status=0
for workload in exact confused wildcard; do
    for kernel in scalar vector; do
        now=$(count "$workload" "$kernel")
        if [ -z "$now" ]; then
            echo "$workload $kernel: this machine has no such vectors"
            continue
        fi
        printf '%s %s %s\n' "$workload" "$kernel" "$now" >>"$work/counts"
        [ "$update" != --update ] || continue
        kept=$(sed -n "s/^$workload $kernel //p" "$file")
        verdict=$(awk -v now="$now" -v kept="$kept" -v t="$tolerance" 'BEGIN {
            change = (now / kept - 1) * 100
            printf "%+.1f %% ", change
            print (change > t ? "MORE" : change < -t ? "fewer: write the file anew with --update" : "ok") }')
        echo "$workload $kernel: $now instructions a read, $kept in the file: $verdict"
        case "$verdict" in *MORE) status=1 ;; esac
    done
done
if [ "$update" = --update ]; then
    {
        echo "# Instructions a read of hs_matcher_run() over fixed reads, by callgrind; release flavour, gcc 12."
        echo "# Written by instructions.sh --update; held to within $tolerance % by the test match_instructions."
        cat "$work/counts"
    } >"$file"
    cat "$file"
fi
[ "$status" = 0 ] || echo "the hot loop takes more instructions; if that is meant: $0 $program --update" >&2
exit "$status"
