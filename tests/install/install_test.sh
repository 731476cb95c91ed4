#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs a build into an empty folder and looks at it as an administrator and a programmer would.
#   install_test.sh BUILD_FOLDER SOURCE_FOLDER
set -eu

build=$1 source=$2
tree=$(mktemp -d "$build/tmp-install.XXXXXX")
trap 'rm -rf "$tree"' EXIT
fail() {
    echo "install: $*" >&2
    exit 1
}

DESTDIR=$tree cmake --install "$build" >"$tree.log" 2>&1 || { cat "$tree.log"; fail "cmake --install failed"; }
rm -f "$tree.log"

for file in usr/bin/hitctl usr/sbin/hitstreamd etc/hitstream/hitstream.yaml usr/lib/systemd/system/hitstreamd.service \
    usr/share/man/man1/hitctl.1 usr/share/man/man8/hitstreamd.8 usr/share/man/man7/hitstream-incidents.7 usr/share/man/man5/hitstream.yaml.5 \
    usr/share/doc/hitstream/examples/controls/queues.yaml usr/share/hitstream/proto/hitstream/v1/alert.proto \
    usr/include/hitstream/match/matcher.h usr/include/hitstream/match/confusion.h \
    usr/share/man/man3/libhitstream-match.3 usr/share/bash-completion/completions/hitctl \
    usr/lib/tmpfiles.d/hitstream.conf usr/share/doc/libhitstream-match-dev/examples/match.c; do
    [ -e "$tree/$file" ] || fail "'/$file' is missing"
done
[ -z "$(find "$tree" -name '*_test*' -o -name 'hitsim')" ] || fail "a test program is installed"

"$tree/usr/bin/hitctl" --version >/dev/null || fail "hitctl does not run"
# The sample is a configuration that the daemon takes as it is, once there are keys.
mkdir "$tree/etc/hitstream/conf.d"
for key in id token; do
    od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n' >"$tree/$key.key"
done
chmod 600 "$tree"/*.key
cat >"$tree/etc/hitstream/conf.d/keys.yaml" <<KEYS
keys:
  id_file: $tree/id.key
  token_file: $tree/token.key
KEYS
"$tree/usr/sbin/hitstreamd" --check --config "$tree/etc/hitstream/hitstream.yaml" ||
    fail "the sample configuration is refused"
program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$tree/usr/lib/systemd/system/hitstreamd.service")
[ -x "$tree$program" ] || fail "the unit starts '$program', which is not installed"

# Hardening: position independent, all relocations read-only, no executable stack.
for program in usr/bin/hitctl usr/sbin/hitstreamd; do
    readelf -hld "$tree/$program" >"$tree/elf"
    grep -q 'Type:.*DYN' "$tree/elf" || fail "'$program' is no position-independent executable"
    grep -q 'GNU_RELRO' "$tree/elf" || fail "'$program' has no read-only relocations"
    grep -q 'BIND_NOW\|FLAGS_1.*NOW' "$tree/elf" || fail "'$program' binds lazily"
    grep -A1 'GNU_STACK' "$tree/elf" | grep -q 'RWE' && fail "'$program' has an executable stack"
done

# A program against the installed headers and library alone.
config=$(find "$tree" -name hitstream-match.pc)
PKG_CONFIG_PATH=$(dirname "$config")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046
cc -std=gnu11 -Wall -Wextra -Werror $(pkg-config --define-variable=prefix="$tree/usr" --cflags hitstream-match) -o "$tree/example" \
    "$source/tests/install/example.c" $(pkg-config --define-variable=prefix="$tree/usr" --libs hitstream-match) ||
    fail "a program does not compile against what is installed"
said=$("$tree/example")
[ "$said" = "read 0: AB12CDE on list stolen, tier 1
2 reads" ] || fail "the example says: $said"

# The example that is installed, with nothing but what is installed, built as its own comment says.
# shellcheck disable=SC2046
cc -std=gnu11 -Wall -Wextra -Werror -o "$tree/match" "$tree/usr/share/doc/libhitstream-match-dev/examples/match.c" \
    $(pkg-config --define-variable=prefix="$tree/usr" --cflags --libs hitstream-match) ||
    fail "the installed example does not compile"
said=$("$tree/match" AB12CDE AB12CDE A812CDE ABI2CDE XX99XXX '!!')
[ "$said" = "AB12CDE is AB12CDE by tier 1, score 1000
A812CDE is AB12CDE by tier 3, score 900
ABI2CDE is AB12CDE by tier 2, score 980
!! is no plate" ] || fail "the installed example says: $said"

# Every installed header stands alone: what it includes is installed as well.
for header in $(cd "$tree/usr/include/hitstream" && find base geo match vrm wire -name '*.h'); do
    # shellcheck disable=SC2046
    echo "#include \"$header\"" | cc -std=gnu11 -Wall -Wextra -Werror -fsyntax-only -x c - \
        $(pkg-config --define-variable=prefix="$tree/usr" --cflags hitstream-match) ||
        fail "'$header' does not stand alone"
done
grep -q '^\.TH LIBHITSTREAM-MATCH 3' "$tree/usr/share/man/man3/libhitstream-match.3" || fail "no manual of the library"
echo "installed tree is sound"
