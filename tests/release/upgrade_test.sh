#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds an earlier version's hitstreamd from the history, and lets this version replace it, instance by instance, while
# reads stream: every hit stands in the log, no alert comes twice or to another queue. What an earlier version decided
# otherwise is counted and no fault.
#
#   tests/release/upgrade_test.sh BUILD FOLDER [REF]     BUILD: of the release flavour; FOLDER is made anew
#
# REF: a tag or commit; default $HS_UPGRADE_FROM, else the last tag 'v...', else the commit that recorded what the last
# released version leaves behind (tests/data/releases/VERSION, written when it is released).
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1 work=$2 ref=${3:-${HS_UPGRADE_FROM:-}}
[ -n "$ref" ] || ref=$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null || true)
if [ -z "$ref" ]; then
    version=$(cd tests/data/releases && printf '%s\n' * | sort -V | tail -n 1)
    ref=$(git log --diff-filter=A --format=%h -- "tests/data/releases/$version/log" | tail -n 1)
    [ -n "$ref" ] || { echo "upgrade: the history does not hold the release of $version" >&2; exit 1; }
fi
rm -rf "$work"
mkdir -p "$work/source"
git archive "$ref" | tar -xf - -C "$work/source"
{ cmake -G Ninja -S "$work/source" -B "$work/build" -DHS_FLAVOUR=release && ninja -C "$work/build" hitstreamd; } \
    >"$work/build.log" 2>&1 || {
    tail -n 20 "$work/build.log" >&2
    echo "upgrade: '$ref' cannot be built" >&2
    exit 1
}
echo "from $ref to $(git describe --always)"
HS_EARLIER_HITSTREAMD=$work/build/daemon/hitstreamd/hitstreamd "$build/tests/integration/delivery/delivery_test" upgraded
