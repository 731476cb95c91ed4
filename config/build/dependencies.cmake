# SPDX-License-Identifier: Apache-2.0
#
# Everything from Debian, found by pkg-config; a module links the PkgConfig:: target it needs and no more.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(LIBEVENT REQUIRED IMPORTED_TARGET libevent)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
pkg_check_modules(URCU REQUIRED IMPORTED_TARGET liburcu)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
# The daemon's allocator, where a flavour has none of its own: what the client library's thread allocates, a message at a
# time, ours frees, and glibc's takes a lock for both.
if(HS_FLAVOUR MATCHES "^(release|debug)$" AND NOT HS_FUZZ)
    pkg_check_modules(JEMALLOC IMPORTED_TARGET jemalloc)
endif()
find_program(PROTOC_C protoc-c REQUIRED)
find_program(PROTOC protoc REQUIRED)
