# SPDX-License-Identifier: Apache-2.0
#
# The building blocks: a module, a program, a unit test, a fuzz target.

# hs_module(NAME SOURCES file... USES target...)
# A module of lib/: static library hs_<NAME>. USES is its whole right to include and link.
function(hs_module name)
    cmake_parse_arguments(arg "" "" "SOURCES;USES" ${ARGN})
    add_library(hs_${name} STATIC ${arg_SOURCES})
    target_include_directories(hs_${name} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/lib>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/hitstream>)
    target_link_libraries(hs_${name} PUBLIC ${arg_USES} PRIVATE hs_warnings hs_flavour)
endfunction()

# hs_program(NAME SOURCES file... USES target...)
function(hs_program name)
    cmake_parse_arguments(arg "" "" "SOURCES;USES" ${ARGN})
    add_executable(${name} ${arg_SOURCES})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/daemon)
    target_link_libraries(${name} PRIVATE ${arg_USES} hs_warnings hs_flavour)
    if(HS_PIE)
        target_link_options(${name} PRIVATE -pie)
    endif()
endfunction()

# hs_test(NAME SOURCES file... USES target... [LABELS label...] [TIMEOUT seconds])
# A cmocka program registered with CTest; run from the source tree, so that tests/data is found by HS_SOURCE_DIR.
function(hs_test name)
    cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;USES;LABELS" ${ARGN})
    add_executable(${name} ${arg_SOURCES})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/daemon)
    target_compile_definitions(${name} PRIVATE HS_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
        HS_BINARY_DIR="${PROJECT_BINARY_DIR}")
    target_link_libraries(${name} PRIVATE ${arg_USES} PkgConfig::CMOCKA hs_warnings hs_flavour)
    add_test(NAME ${name} COMMAND ${name})
    if(NOT arg_LABELS)
        set(arg_LABELS unit)
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    if(HS_FLAVOUR STREQUAL coverage) # not optimised, and counting
        math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 4")
    endif()
    # the longest first, so that none is left to run alone at the end
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT} COST ${arg_TIMEOUT})
endfunction()

# hs_fuzz(NAME SOURCES file... USES target... CORPUS folder)
# One LLVMFuzzerTestOneInput a file. Under CTest a small main runs the corpus; with clang and -DHS_FUZZ=ON it is libFuzzer.
function(hs_fuzz name)
    cmake_parse_arguments(arg "" "CORPUS" "SOURCES;USES" ${ARGN})
    if(HS_FUZZ)
        add_executable(${name} ${arg_SOURCES})
        target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    else()
        add_executable(${name} ${arg_SOURCES} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus_main.c)
        add_test(NAME ${name} COMMAND ${name} ${arg_CORPUS})
        set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 300)
    endif()
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(${name} PRIVATE ${arg_USES} hs_warnings hs_flavour)
endfunction()
