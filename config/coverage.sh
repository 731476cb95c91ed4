#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Lines and branches that tests reach.
#
#   config/coverage.sh [MODULE...]           each module by its own unit, property and fuzz tests (its corpora), no services;
#                                            default: vrm match. Bars: 95 % of the lines, 90 % of the branches
#   config/coverage.sh --total [CTEST...]    lib/ and daemon/ together by all tests, or those that CTest's options choose
#                                            (-L unit); also names the files that miss most. Bars: 90 % and 80 %
#
# Exit status 1 below a bar. HS_COVERAGE_BUILD: the build tree (default build/coverage). HS_COVERAGE_JOBS: tests and
# compilers at once (default: processors). HS_COVERAGE_MISSED=1 also names what was not reached.
set -eu
cd "$(dirname "$0")/.."
build=${HS_COVERAGE_BUILD:-build/coverage} jobs=${HS_COVERAGE_JOBS:-$(nproc)}
[ $# -gt 0 ] || set -- vrm match

cmake -G Ninja -S . -B "$build" -DHS_FLAVOUR=coverage >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
find "$build" -name '*.gcda' -delete
if [ "$1" = --total ]; then
    shift
    ninja -C "$build" -j "$jobs" >"$build.log" 2>&1 || { tail -n 20 "$build.log" >&2; exit 1; }
    # a test that fails is told, and what it reached counts
    ctest --test-dir "$build" -j "$jobs" --output-on-failure "$@" >"$build.log" 2>&1 || tail -n 20 "$build.log" >&2
    set -- --total
else
    pattern="^($(echo "$@" | tr ' ' '|'))_.*_(test|fuzz)\$" # a test is named for its module, and its program as well
    tests=$(ctest --test-dir "$build" -N -R "$pattern" -LE 'integration|torture' 2>/dev/null |
        sed -n 's/^ *Test *#[0-9]*: //p')
    # shellcheck disable=SC2086
    ninja -C "$build" -j "$jobs" $tests >"$build.log" 2>&1 || { tail -n 20 "$build.log" >&2; exit 1; }
    ctest --test-dir "$build" -R "$pattern" -LE 'integration|torture' --output-on-failure >"$build.log" 2>&1 || {
        tail -n 40 "$build.log" >&2
        exit 1
    }
fi
python3 - "$build" "$@" <<'EOF'
import collections, json, os, pathlib, subprocess, sys

BARS = {"line": 95.0, "branch": 90.0}
TOTAL_BARS = {"line": 90.0, "branch": 80.0}
WORST = 20
PLURAL = {"line": "lines", "branch": "branches"}
build, modules = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]

def counts(roots, prefixes):
    """file -> kind -> {place: times}, of sources under the prefixes as built under the roots"""
    found = collections.defaultdict(lambda: {"line": collections.Counter(), "branch": collections.Counter()})
    for notes in (notes for root in roots for notes in (build / root).rglob("*.gcno")):
        said = subprocess.run(["gcov", "--json-format", "--stdout", "-b", notes.with_suffix(".gcda")],
                              capture_output=True, text=True, cwd=build).stdout
        for unit in filter(None, said.splitlines()):
            for file in json.loads(unit)["files"]:
                name = os.path.relpath(os.path.join(build, file["file"]))
                if not name.startswith(prefixes):
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

def print_file(name, kinds):
    row = {kind: share(counter) for kind, counter in kinds.items()}
    print(f"{name:48} lines {percent(*row['line']):5.1f} %  branches {percent(*row['branch']):5.1f} %")
    if os.environ.get("HS_COVERAGE_MISSED") == "1":
        missed = sorted(place for place, times in kinds["line"].items() if not times)
        halves = sorted({place[0] for place, times in kinds["branch"].items() if not times} - set(missed))
        print(f"    not reached: {missed}\n    one way only: {halves}")

def print_sum(title, found, bars):
    """whether the bars are met"""
    verdict, holds = [], True
    for kind, bar in bars.items():
        rows = [share(kinds[kind]) for kinds in found.values()]
        value = percent(sum(row[0] for row in rows), sum(row[1] for row in rows))
        holds &= value >= bar
        verdict.append(f"{PLURAL[kind]} {value:.1f} % (at least {bar:.0f})")
    print(f"{title:48} {', '.join(verdict)}")
    return holds

def missed_lines(item):
    reached, of = share(item[1]["line"])
    return of - reached

if modules == ["--total"]:
    found = counts(["."], ("lib/", "daemon/"))
    for name, kinds in sorted(found.items(), key=missed_lines, reverse=True)[:WORST]:
        print_file(name, kinds)
    for part in sorted({"/".join(name.split("/")[:2]) for name in found}):
        print_sum(part, {name: kinds for name, kinds in found.items() if name.startswith(part + "/")}, TOTAL_BARS)
    sys.exit(0 if print_sum("lib/ and daemon/", found, TOTAL_BARS) else 1)
holds = True
for module in modules:
    found = counts([f"lib/{module}"], (f"lib/{module}/",))
    for name, kinds in sorted(found.items()):
        print_file(name, kinds)
    holds &= print_sum(f"lib/{module}", found, BARS)
sys.exit(0 if holds else 1)
EOF
