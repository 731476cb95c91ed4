// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/read_back.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"

void hs_read_back_note(struct hs_read_back *back, int64_t offset, int64_t appended_at_ms,
                       int64_t span_ms)
{
    if (back->count > 0) {
        uint32_t newest = (back->count - 1) % HS_READ_BACK_MARKS;
        if (appended_at_ms - back->marks[newest].appended_at_ms < span_ms / 32 + 1) {
            return;
        }
    }
    uint32_t at = back->count++ % HS_READ_BACK_MARKS;
    back->marks[at].offset = offset;
    back->marks[at].appended_at_ms = appended_at_ms;
}

int64_t hs_read_back_from(const struct hs_read_back *back, int64_t offset, int64_t span_ms)
{
    uint32_t first = back->count > HS_READ_BACK_MARKS ? back->count - HS_READ_BACK_MARKS : 0;
    int64_t from = offset, at_ms = INT64_MAX;
    for (uint32_t i = back->count; i > first; i--) { // newest first
        uint32_t at = (i - 1) % HS_READ_BACK_MARKS;
        if (back->marks[at].offset > offset) {
            continue;
        }
        at_ms = at_ms == INT64_MAX ? back->marks[at].appended_at_ms : at_ms;
        from = back->marks[at].offset;
        if (back->marks[at].appended_at_ms <= at_ms - span_ms) {
            break;
        }
    }
    return from > offset - HS_READ_BACK_MESSAGES_MAX ? from : offset - HS_READ_BACK_MESSAGES_MAX;
}

void hs_read_back_print(int64_t from, char ret_text[HS_READ_BACK_TEXT_BYTES])
{
    snprintf(ret_text, HS_READ_BACK_TEXT_BYTES, "rb=%" PRId64, from);
}

int hs_read_back_parse(struct hs_str metadata, int64_t *ret_from)
{
    enum { HEAD = 3 };
    int64_t from;
    if (metadata.len <= HEAD || memcmp(metadata.ptr, "rb=", HEAD) != 0 ||
        hs_str_to_i64(hs_str_n(metadata.ptr + HEAD, metadata.len - HEAD), &from) < 0 || from < 0) {
        return HS_EFORMAT;
    }
    *ret_from = from;
    return 0;
}
