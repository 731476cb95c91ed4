// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_READ_BACK_H
#define HITSTREAMD_READ_BACK_H
/*
 * From where a partition is to be read back so that its sites' rings are warm at a given offset: a
 * few marks (offset, time) of what was read, the oldest giving way.
 *
 * It travels with the commit, as its metadata 'rb=<offset>'. Pure. Threads: one. Ownership: plain
 * values. Bounds: HS_READ_BACK_MARKS marks, HS_READ_BACK_MESSAGES_MAX messages back: a busier
 * partition's rings start less warm, and what is stamped on hits says so.
 */

#include "base/str.h"

enum {
    HS_READ_BACK_MARKS = 64,
    HS_READ_BACK_MESSAGES_MAX = 200000,
    HS_READ_BACK_TEXT_BYTES = 32,
};

// Zero-initialised is empty.
struct hs_read_back {
    struct {
        int64_t offset;
        int64_t appended_at_ms;
    } marks[HS_READ_BACK_MARKS];
    uint32_t count; // ever made
};

// The message at `offset` was read; offsets rise. Marks stand at least `span_ms` / 32 apart.
void hs_read_back_note(struct hs_read_back *back, int64_t offset, int64_t appended_at_ms,
                       int64_t span_ms);
// Where to begin so that all reads of `span_ms` before `offset` are met; at most `offset`.
int64_t hs_read_back_from(const struct hs_read_back *back, int64_t offset, int64_t span_ms);

void hs_read_back_print(int64_t from, char ret_text[HS_READ_BACK_TEXT_BYTES]);
// HS_EFORMAT for anything else.
int hs_read_back_parse(struct hs_str metadata, int64_t *ret_from);

#endif
