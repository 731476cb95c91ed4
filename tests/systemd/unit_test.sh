#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Holds the unit file to systemd-analyze: nothing to complain about, exposure at most 1.0 of 10, also with the drop-in
# that keeps the network to an installation's own addresses; 0.9 where these are this machine's alone.
#
#   tests/systemd/unit_test.sh FOLDER-OF-UNITS HITSTREAMD
set -euo pipefail
units=$1 program=$2
most_exposure=10 # tenths: it talks to brokers, and to sockets, in the host's file system
most_on_one_machine=9
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
# what the drop-in says, behind what the unit's own section does
with_drop_in() { # NAME DROP-IN
    mkdir "$folder/$1"
    sed -e "/^IPAddressAllow=/r $2" "$folder/hitstreamd.service" >"$folder/$1/hitstreamd.service"
}
with_drop_in one-machine "$units/hitstreamd.network.conf"
expose $most_on_one_machine "$folder/one-machine/hitstreamd.service"
sed -e 's/^#IPAddressAllow=/IPAddressAllow=/' "$units/hitstreamd.network.conf" >"$folder/network.conf"
with_drop_in closed "$folder/network.conf"
expose $most_exposure "$folder/closed/hitstreamd.service"

for line in Type=notify WatchdogSec= 'ExecReload=/bin/kill -HUP' LoadCredential=id.key: LoadCredential=token.key: \
    StateDirectory=hitstream RuntimeDirectory=hitstream; do
    grep -q "^$line" "$units/hitstreamd.service" || { echo "the unit lacks '$line'" >&2; exit 1; }
done
grep -q '^u *hitstream ' "$units/hitstream.sysusers"
