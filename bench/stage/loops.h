// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BENCH_STAGE_LOOPS_H
#define HS_BENCH_STAGE_LOOPS_H
/*
 * The references: what a plain C program on the client library does with the same topic. Each runs
 * in a child process, so that its CPU and memory are its own.
 */

#include <stddef.h>
#include <stdint.h>

enum loop_kind {
    LOOP_COUNT,  // adds up bytes
    LOOP_LOOKUP, // unpacks with protobuf-c, normalises, looks up in uthash
};

struct loop_plan {
    enum loop_kind kind;
    const char *bootstrap;
    size_t messages;            // to be read
    size_t entries;             // of the table
    const char *queue_messages; // queued.min.messages
    const char *queue_kbytes;   // queued.max.messages.kbytes
};

struct loop_result {
    double cpu_seconds;  // from the first to the last message
    double wall_seconds; // likewise
    uint64_t peak_bytes; // beyond the memory before
    uint64_t reads;
    uint64_t hits;
};

void loop_run(const struct loop_plan *plan, struct loop_result *ret_result);

#endif
