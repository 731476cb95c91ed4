#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Becomes redis-server, with the options given. Debian's redis-tools holds the server too, as redis-check-rdb, and
# starts no service on the machine as the package redis-server would.
set -eu
if command -v redis-server >/dev/null; then
    exec redis-server "$@"
fi
exec -a redis-server redis-check-rdb "$@"
