# SPDX-License-Identifier: Apache-2.0
#
# hs_warnings and hs_flavour: interface libraries that every target of ours links.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(hs_warnings INTERFACE)
target_compile_options(hs_warnings INTERFACE
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual
    -Wwrite-strings -Wvla -Wformat=2 -Wundef $<$<BOOL:${HS_WERROR}>:-Werror>
    # protobuf-c's initialisers cast const away; gcc knows them for a system header's, clang does not
    $<$<C_COMPILER_ID:Clang>:-Wno-cast-qual>)

add_library(hs_flavour INTERFACE)
target_compile_definitions(hs_flavour INTERFACE _GNU_SOURCE
    $<$<BOOL:${HS_TEST_HOOKS}>:HS_TEST_HOOKS=1>)

# Fuzz targets become libFuzzer programs, and all of ours is instrumented for it: clang and HS_FLAVOUR=asan.
option(HS_FUZZ "build fuzz targets with libFuzzer" OFF)
if(HS_FUZZ)
    target_compile_options(hs_flavour INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(NOT EXISTS "${CMAKE_CURRENT_LIST_DIR}/${HS_FLAVOUR}.cmake")
    message(FATAL_ERROR "HS_FLAVOUR is '${HS_FLAVOUR}'; allowed: release, debug, asan, tsan, coverage")
endif()
include("${CMAKE_CURRENT_LIST_DIR}/${HS_FLAVOUR}.cmake")
