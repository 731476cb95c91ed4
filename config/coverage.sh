#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Lines and branches of modules that their tests reach: unit, property and fuzz tests (its corpora), no services.
#
#   config/coverage.sh [MODULE...]       default: vrm match; with their bars, exit status 1 below them
#
# HS_COVERAGE_BUILD: the build tree (default build/coverage). HS_COVERAGE_MISSED=1 also names what was not reached.
set -eu
cd "$(dirname "$0")/.."
build=${HS_COVERAGE_BUILD:-build/coverage}
[ $# -gt 0 ] || set -- vrm match

cmake -G Ninja -S . -B "$build" -DHS_FLAVOUR=coverage >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
pattern="^($(echo "$@" | tr ' ' '|'))_.*_(test|fuzz)\$" # a test is named for its module, and its program as well
tests=$(ctest --test-dir "$build" -N -R "$pattern" -LE 'integration|torture' 2>/dev/null | sed -n 's/^ *Test *#[0-9]*: //p')
# shellcheck disable=SC2086
ninja -C "$build" $tests >"$build.log" 2>&1 || { tail -n 20 "$build.log" >&2; exit 1; }
for module in "$@"; do
    find "$build/lib/$module" -name '*.gcda' -delete
done
ctest --test-dir "$build" -R "$pattern" -LE 'integration|torture' --output-on-failure >"$build.log" 2>&1 || {
    tail -n 40 "$build.log" >&2
    exit 1
}
python3 - "$build" "$@" <<'EOF'
import collections, json, os, pathlib, subprocess, sys

BARS = {"line": 95.0, "branch": 90.0}
PLURAL = {"line": "lines", "branch": "branches"}
build, modules = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
low = False

def counts(module):
    """file -> kind -> {place: times}"""
    found = collections.defaultdict(lambda: {"line": collections.Counter(), "branch": collections.Counter()})
    for notes in (build / "lib" / module).rglob("*.gcno"):
        said = subprocess.run(["gcov", "--json-format", "--stdout", "-b", notes.with_suffix(".gcda")],
                              capture_output=True, text=True, cwd=build).stdout
        for unit in filter(None, said.splitlines()):
            for file in json.loads(unit)["files"]:
                name = os.path.relpath(os.path.join(build, file["file"]))
                if not name.startswith(f"lib/{module}/"):
                    continue
                for line in file["lines"]:
                    found[name]["line"][line["line_number"]] += line["count"]
                    for n, branch in enumerate(line["branches"]):
                        found[name]["branch"][line["line_number"], n] += branch["count"]
    return found

def share(counter):
    return sum(1 for times in counter.values() if times), len(counter)

def percent(reached, of):
    return 100.0 * reached / of if of else 100.0

for module in modules:
    total = {"line": [0, 0], "branch": [0, 0]}
    for name, kinds in sorted(counts(module).items()):
        row = {kind: share(counter) for kind, counter in kinds.items()}
        for kind, (reached, of) in row.items():
            total[kind][0] += reached
            total[kind][1] += of
        print(f"{name:36} lines {percent(*row['line']):5.1f} %  branches {percent(*row['branch']):5.1f} %")
        if os.environ.get("HS_COVERAGE_MISSED") == "1":
            missed = sorted(place for place, times in kinds["line"].items() if not times)
            halves = sorted({place[0] for place, times in kinds["branch"].items() if not times} - set(missed))
            print(f"    not reached: {missed}\n    one way only: {halves}")
    verdict = []
    for kind, bar in BARS.items():
        value = percent(*total[kind])
        low |= value < bar
        verdict.append(f"{PLURAL[kind]} {value:.1f} % (at least {bar:.0f})")
    print(f"{'lib/' + module:36} {', '.join(verdict)}")
sys.exit(1 if low else 0)
EOF
