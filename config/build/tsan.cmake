# SPDX-License-Identifier: Apache-2.0
# ThreadSanitizer; C11 threads of librdkafka are shimmed onto pthreads by tests/support/c11_threads.c.
# Run with TSAN_OPTIONS=ignore_noninstrumented_modules=1.
target_compile_options(hs_flavour INTERFACE -O1 -g -fno-omit-frame-pointer -fsanitize=thread)
target_link_options(hs_flavour INTERFACE -fsanitize=thread)
target_compile_definitions(hs_flavour INTERFACE HS_TSAN=1)
target_sources(hs_flavour INTERFACE
    $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:${PROJECT_SOURCE_DIR}/tests/support/c11_threads.c>)
