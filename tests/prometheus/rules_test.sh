#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The sample of alerting rules: promtool accepts it and its stories hold, every alarm has its section in the runbook,
# and every metric that rules and dashboard ask for is one that the daemon shows.
#
#   tests/prometheus/rules_test.sh FOLDER     to keep promtool in; it is taken out of a package of Debian's
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p "$1"
work=$(cd "$1" && pwd)
rules=config/prometheus/hitstream.rules.yaml

fail() {
    echo "rules: $*" >&2
    exit 1
}

# Only the one program: Debian 12 has it in a package that would install a service, Debian 13 in one of its own.
take_promtool() {
    local package
    cd "$work"
    apt-cache show promtool prometheus >/dev/null 2>&1 || apt-get update -q
    for package in promtool prometheus; do
        apt-get download -q "$package" &&
            dpkg-deb --fsys-tarfile "$package"_*.deb | tar -xf - ./usr/bin/promtool && return
    done
}
promtool=$(command -v promtool || echo "$work/usr/bin/promtool")
if [ ! -x "$promtool" ]; then
    (take_promtool) >"$work/apt.log" 2>&1 || { cat "$work/apt.log" >&2; fail "promtool cannot be had"; }
fi
cp "$rules" tests/prometheus/rules.test.yaml "$work/"
"$promtool" check rules "$work/hitstream.rules.yaml" >"$work/said" 2>&1 || { cat "$work/said" >&2; fail "refused"; }
"$promtool" test rules "$work/rules.test.yaml" >"$work/said" 2>&1 || { cat "$work/said" >&2; fail "a story fails"; }

while read -r alarm; do
    grep -q "^\.SH $alarm\$" config/man/hitstream-runbook.7 || fail "'$alarm' has no section in the runbook"
done < <(sed -n 's/^ *- alert: //p' "$rules")
shown=$(grep -rhoE '"hitstream_[a-z_]+"' lib daemon | tr -d '"' | sort -u)
while read -r metric; do
    name=${metric%_bucket} name=${name%_sum} name=${name%_count}
    grep -qx "$name" <<<"$shown" || fail "'$metric' is no metric of the daemon"
done < <(grep -hoE 'hitstream_[a-z_]+' "$rules" config/prometheus/hitstream.dashboard.json config/man/hitstream-runbook.7 | sort -u)
echo "rules, runbook and dashboard agree with the daemon"
