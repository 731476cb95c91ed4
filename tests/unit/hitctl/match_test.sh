#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# 'hitctl match' as a person uses it: files in, hits with reasons out, nothing else running.
#   match_test.sh HITCTL
set -eu
hitctl=$1
cd "$(dirname "$0")/match"
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT

fail() {
    echo "match: $*" >&2
    exit 1
}

# EXIT_CODE WORD...: runs it; what it said stands in $said/out and $said/err
run() {
    expected=$1
    shift
    code=0
    "$hitctl" match "$@" >"$said/out" 2>"$said/err" </dev/null || code=$?
    [ "$code" = "$expected" ] || { cat "$said/out" "$said/err" >&2; fail "'$*' ended with $code, expected $expected"; }
}
has() { # FILE TEXT: on standard error or output
    grep -qF -- "$2" "$said/$1" || { cat "$said/$1" >&2; fail "'$2' is missing"; }
}

# every tier with its reasons, by the defaults
run 0 --list list.csv --reads reads.csv
cat >"$said/expected" <<'EOF'
2: AB12CDE at cam-1 2026-11-21T22:41:27.000Z: EXACT 'AB12CDE', entry 'AB12CDE', score 950; weakest character 95 %
4: 8D51SMR at cam-1 2026-11-21T22:41:27.000Z: GRAMMAR 'BD51SMR', entry 'BD51SMR', score 900; character 1 read '8', listed 'B'
5: BD5I5MR at cam-1 2026-09-21T14:13:20.000Z: GRAMMAR 'BD51SMR', entry 'BD51SMR', score 900; character 4 read 'I', listed '1'; character 5 read '5', listed 'S'
6: ZZ99ZZZ at cam-1 2026-09-21T14:13:20.000Z: CANDIDATE 'AB12CDE', entry 'AB12CDE', score 480; by candidate 'AB12CDE'; weakest character 60 %
7: XY66ZZA at cam-1 2026-09-21T14:13:20.000Z: WILDCARD 'XY6?ZZ?', entry 'XY6?ZZ?', score 400; the entry is a pattern
8: KP65VR? at cam-1 2026-09-21T14:13:20.000Z: WILDCARD 'KP65VRT', entry 'KP65VRT', score 360; character 7 read '?', listed 'T'; weakest character 90 %
9: kp65 vr at cam-1 2026-09-21T14:13:20.000Z: WILDCARD 'KP65VRT', entry 'KP65VRT', score 400; a character of the plate is missing
11: P812XYZ at cam-1 2026-09-21T14:13:20.000Z: GRAMMAR 'PB12XYZ', entry 'PB12XYZ', score 900; character 2 read '8', listed 'B'
14: OLD1 at cam-1 2020-01-01T12:00:00.000Z: EXACT 'OLD1', entry 'OLD1', score 1000
16: BO51SMR at cam-1 2026-09-21T14:13:20.000Z: GLYPH 'B051SMR', entry 'B051SMR', score 490; character 2 read 'O', listed '0'; weakest character 50 %
EOF
diff -u "$said/expected" "$said/out" || fail "other hits than expected"
has err "15 reads, 10 hits (EXACT 2, GLYPH 1, GRAMMAR 3, CANDIDATE 1, WILDCARD 3), 0 lines refused"

# the policy is the command's
run 0 --list list.csv --reads reads.csv --tiers 'exact;lookalike'
has err "(EXACT 2, LOOKALIKE 5)"
has out "16: BO51SMR at cam-1 2026-09-21T14:13:20.000Z: LOOKALIKE 'BD51SMR', entry 'BD51SMR', score 250; character 2 read 'O', listed 'D'; weakest character 50 %; another entry explains the read as well"
run 0 --list list.csv --reads reads.csv --tiers all --max-lookalike 3
grep -q LOOKALIKE "$said/out" && fail "LOOKALIKE on a list that is too long for it"
run 0 --list list.csv --reads reads.csv --min-confidence 96
grep -q '^2:' "$said/out" && fail "a read below the least confidence is matched"
printf '8G # a table of the site\n' >"$said/table"
printf 'vrm,camera,captured_at\nAG12C8E,c,1790000000000\nPP12XYZ,c,1790000000000\n' >"$said/reads"
printf 'VRM,action,weed date\nAG12CGE,STOP,2030-12-31\n' >"$said/list"
run 0 --list "$said/list" --reads "$said/reads" --confusions "$said/table" --format csv
has out "CONFUSED 'AG12CGE', entry 'AG12CGE', score 600; character 6 read '8', listed 'G'"
run 0 --list "$said/list" --reads "$said/reads"
[ -s "$said/out" ] && fail "a pair that is not in the default table"

# JSON lines in, one JSON value out
run 0 --list list.csv --reads reads.jsonl --json
python3 - "$said/out" <<'EOF' || fail "other JSON than expected"
import json, sys
answer = json.load(open(sys.argv[1]))
assert (answer["reads"], answer["refused"]) == (3, 0), answer
assert answer["tiers"] == {"EXACT": 1, "GLYPH": 2}, answer["tiers"]
first, second, third = answer["hits"] # the exact hit ends the search: its read's candidate is none
assert (first["line"], second["line"], third["line"]) == (1, 3, 4)
assert second["differences"] == [{"position": 1, "read": "O", "listed": "0"}], second
assert second["weakest_confidence_pct"] == 50 and second["score_permille"] == 490
assert third["entry"]["make"] == "FORD" and third["tier"] == "EXACT"
EOF

# bad lines are all told, the others are matched, and the exit code says so
run 3 --list list.csv --reads bad.csv
for line in '2: no camera' "3: column 'captured_at': 'never' is no time" '4: no time' '5: the mark is no plate' \
    "6: column 'confidence': '101': 0 to 100 is allowed" '7: 2 confidences for a mark of 7 characters' \
    "8: column 'candidates': 'x'" '9: 2 fields; the header has 5' '10: a quote is not closed'; do
    has err "bad.csv:$line"
done
has out "11: AB12CDE"
has err "9 lines refused"
printf 'VRM,action,weed date\nAB12CDE,STOP,2030-12-31\n??1,STOP,2030-12-31\n' >"$said/list"
run 3 --list "$said/list" --reads reads.csv
has err "--skip-bad goes on without them"
run 0 --list "$said/list" --reads reads.csv --skip-bad
has err "EXACT 1"

# words
run 2
run 2 --list list.csv
run 2 --list - --reads -
run 2 --list list.csv --reads reads.csv --tiers nearly
has err "'nearly' is no match tier"
run 1 --list missing.csv --reads reads.csv
run 1 --list list.csv --reads missing.csv
run 3 --list list.csv --reads list.csv
has err "column 'camera' is missing"
run 0 --list list.csv --reads - # nothing
has err "0 reads, 0 hits, 0 lines refused"
echo "hitctl match is sound"
