#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Debian packages as an administrator meets them: built twice with the same bytes, nothing for lintian to say, and
# installed, configured, upgraded and purged on a bare system.
#
#   tests/package/package_test.sh FOLDER [--no-system]     FOLDER is made anew; needs root but for --no-system
set -euo pipefail
cd "$(dirname "$0")/../.."
source_folder=$PWD
mkdir -p "$1"
work=$(cd "$1" && pwd)
system=1
[ "${2:-}" != --no-system ] || system=0
[ -z "${work#/}" ] || find "$work" -mindepth 1 -maxdepth 1 -exec rm -rf --one-file-system {} +
root=$work/root

fail() {
    echo "package: $*" >&2
    exit 1
}
cleanup() {
    local mount
    for mount in proc dev/pts dev; do
        if mountpoint -q "$root/$mount"; then umount -l "$root/$mount"; fi
    done
    mountpoint -q "$root/proc" || rm -rf --one-file-system "$root"
}
trap cleanup EXIT

# make_packages SOURCE BUILD FOLDER [VERSION]
make_packages() {
    { cmake -G Ninja -S "$1" -B "$2" -DHS_FLAVOUR=release -DHS_TEST_HOOKS=OFF &&
        ninja -C "$2" hitstreamd hitctl hitstream-match hs_man_pages hs_completion hs_sbom &&
        cpack --config "$2/CPackConfig.cmake" -B "$3" ${4:+-D CPACK_PACKAGE_VERSION="$4"}; } >"$work/build.log" 2>&1 || {
        tail -n 30 "$work/build.log" >&2
        fail "the packages cannot be built"
    }
    rm -rf "$3/_CPack_Packages"
}

# ---- built, twice, in folders of other names

make_packages "$source_folder" "$source_folder/build/release" "$work/first"
mkdir "$work/elsewhere"
tar --exclude='./build*' --exclude=./.git -cf - . | tar -xf - -C "$work/elsewhere"
make_packages "$work/elsewhere" "$work/elsewhere/build/other" "$work/second"
for package in "$work"/first/*.deb; do
    cmp "$package" "$work/second/${package##*/}" || fail "'${package##*/}' differs between two builds"
done
ls "$work"/first/hitstream_*.deb "$work"/first/libhitstream-match-dev_*.deb >/dev/null
echo "two builds give the same bytes"

# A path with the same word twice is how includes and protos are named by module: lintian is pedantic about it.
rc=0
lintian --display-info --pedantic --allow-root "$work"/first/*.deb >"$work/lintian" 2>&1 || rc=$?
said=$(sed '/^N:/d; /^P: .* repeated-path-segment/d' "$work/lintian")
[ "$rc.$said" = 0. ] || fail "lintian ends with $rc and says: $said"
echo "lintian has nothing to say"

dpkg-deb --fsys-tarfile "$work"/first/hitstream_*.deb | tar -xOf - ./usr/share/doc/hitstream/hitstream.spdx.json |
    python3 -c '
import json, sys
document = json.load(sys.stdin)
names = {package["name"] for package in document["packages"]}
missing = {"hitstream", "librdkafka1", "libc6"} - names
assert document["spdxVersion"] == "SPDX-2.3" and not missing, f"the list of what is inside lacks {missing}"'
dpkg-deb --fsys-tarfile "$work"/first/hitstream_*.deb |
    tar -xOf - ./usr/share/bash-completion/completions/hitctl >"$work/completion"
# shellcheck disable=SC2016
completed=$(bash -c 'source "$1"; COMP_WORDS=(hitctl list lo); COMP_CWORD=2; _hitctl; echo "${COMPREPLY[*]}"' - \
    "$work/completion")
[ "$completed" = load ] || fail "completion of 'hitctl list lo' gives '$completed'"

[ "$system" = 1 ] || exit 0

# ---- a bare system of the same release

make_packages "$source_folder" "$source_folder/build/release" "$work/next" 999.0.0
mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
[ -n "$mirror" ] || mirror=$(sed -n 's/^deb  *\([^ ]*\) .*/\1/p' /etc/apt/sources.list | head -n 1)
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 ||
    { tail -n 5 "$work/debootstrap.log" >&2; fail "no bare system can be made"; }
for file in /etc/apt/apt.conf.d/99* /etc/apt/auth.conf.d/* /etc/resolv.conf /etc/hosts; do
    [ ! -e "$file" ] || cp --parents "$file" "$root"
done
cp -r --parents /usr/local/share/ca-certificates "$root" 2>/dev/null || true
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev" && mount --make-rslave "$root/dev"
cp "$work"/first/hitstream_*.deb "$root/first.deb"
cp "$work"/next/hitstream_*.deb "$root/next.deb"

inside() {
    chroot "$root" env -i HOME=/root DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
apt() {
    inside apt-get -y -q --no-install-recommends "$@" >"$work/apt.log" 2>&1 ||
        { tail -n 20 "$work/apt.log" >&2; fail "apt-get $* failed"; }
}
inside update-ca-certificates >/dev/null 2>&1 || true
apt update
apt install /first.deb

inside getent passwd hitstream >/dev/null || fail "the system user is missing after the installation"
[ "$(inside stat -c '%U %a' /var/lib/hitstream)" = 'hitstream 700' ] || fail "/var/lib/hitstream is not the user's own"
[ -L "$root/etc/systemd/system/multi-user.target.wants/hitstreamd.service" ] || fail "the service is not enabled"
inside hitctl --version >/dev/null || fail "hitctl does not run"
rc=0
inside hitstreamd --check >"$work/said" 2>&1 || rc=$?
grep -q 'keys' "$work/said" || rc=0
[ "$rc" = 6 ] || fail "without keys --check says: $(cat "$work/said")"
echo "installed on a bare $suite"

for key in id token; do
    od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n' >"$root/etc/hitstream/$key.key"
done
chmod 600 "$root"/etc/hitstream/*.key
printf 'keys:\n  id_file: /etc/hitstream/id.key\n  token_file: /etc/hitstream/token.key\n' \
    >"$root/etc/hitstream/conf.d/keys.yaml"
inside hitstreamd --check || fail "the configured daemon refuses its settings"

echo '# by the administrator' >>"$root/etc/hitstream/hitstream.yaml"
touch "$root/var/lib/hitstream/snapshot"
apt -o Dpkg::Options::=--force-confold install /next.deb
# shellcheck disable=SC2016
[ "$(inside dpkg-query -W -f '${Version}' hitstream)" = 999.0.0 ] || fail "the upgrade did not take place"
grep -q '# by the administrator' "$root/etc/hitstream/hitstream.yaml" || fail "an upgrade took the settings away"
[ -e "$root/var/lib/hitstream/snapshot" ] || fail "an upgrade took the daemon's state away"
[ -s "$root/etc/hitstream/id.key" ] || fail "an upgrade took a key away"
echo "configured and upgraded"

apt remove hitstream
[ -e "$root/etc/hitstream/hitstream.yaml" ] || fail "removing took the settings away: that is for a purge"
apt purge hitstream
[ ! -e "$root/var/lib/hitstream" ] || fail "a purge left the daemon's state"
[ ! -e "$root/etc/hitstream/hitstream.yaml" ] || fail "a purge left the packaged settings"
[ ! -L "$root/etc/systemd/system/multi-user.target.wants/hitstreamd.service" ] || fail "a purge left the service enabled"
[ -s "$root/etc/hitstream/id.key" ] || fail "a purge took the installation's key, which nobody can make again"
echo "removed and purged"
