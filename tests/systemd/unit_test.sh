#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Holds the unit file to systemd-analyze: nothing to complain about, exposure at most 1.1 of 10, and
# 1.0 with the drop-in that keeps the network to an installation's own addresses.
#
#   tests/systemd/unit_test.sh FOLDER-OF-UNITS HITSTREAMD
set -euo pipefail
units=$1 program=$2
most_exposure=11 # tenths: it talks to brokers anywhere, and to sockets, in the host's file system
most_with_network=10
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# What is verified is the unit but for the program's place, which is the build's, and for manuals not installed.
sed -e "s|^ExecStart=/usr/sbin/hitstreamd|ExecStart=$program|" -e '/^Documentation=/d' \
    "$units/hitstreamd.service" >"$folder/hitstreamd.service"
complaints=$(systemd-analyze verify "$folder/hitstreamd.service" 2>&1 | grep -F hitstreamd.service || true)
if [ -n "$complaints" ]; then
    printf 'systemd-analyze verify:\n%s\n' "$complaints" >&2
    exit 1
fi
expose() { # TENTHS UNIT
    if ! systemd-analyze security --offline=true --no-pager --threshold="$1" "$2" >"$folder/said" 2>&1; then
        cat "$folder/said" >&2
        echo "exposure is above $1 tenths" >&2
        exit 1
    fi
    tail -n 1 "$folder/said"
}
expose $most_exposure "$folder/hitstreamd.service"
mkdir "$folder/closed" # what the drop-in says, in the unit's own section
sed -e "/^\\[Service\\]/r $units/hitstreamd.network.conf" "$folder/hitstreamd.service" >"$folder/closed/hitstreamd.service"
expose $most_with_network "$folder/closed/hitstreamd.service"

for line in Type=notify WatchdogSec= 'ExecReload=/bin/kill -HUP' LoadCredential=id.key: LoadCredential=token.key: \
    StateDirectory=hitstream RuntimeDirectory=hitstream; do
    grep -q "^$line" "$units/hitstreamd.service" || { echo "the unit lacks '$line'" >&2; exit 1; }
done
grep -q '^u *hitstream ' "$units/hitstream.sysusers"
