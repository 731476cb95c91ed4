// SPDX-License-Identifier: Apache-2.0
#include "watchlist/parts.h"

#include <stdio.h>

#include "base/error.h"
#include "base/hash.h"

enum { PART_MARK = '\x01', LENGTH_BYTES = 4, BUCKET_SEED = 7 };

bool hs_parts_is(struct hs_str field)
{
    return field.len > 0 && field.ptr[0] == PART_MARK;
}

unsigned hs_parts_bucket(struct hs_str entry_id)
{
    return (unsigned)(hs_hash_bytes(entry_id.ptr, entry_id.len, BUCKET_SEED) % HS_PARTS_BUCKETS);
}

struct hs_str hs_parts_field(struct hs_bump *bump, unsigned bucket, unsigned number)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%c%03x:%x", PART_MARK, bucket, number);
    const char *copy = hs_bump_copy(bump, text, (size_t)len);
    return copy ? hs_str_n(copy, (size_t)len) : hs_str("");
}

// Lengths, little-endian, then the bytes of both.
void hs_parts_append(struct hs_buf *part, struct hs_str entry_id, struct hs_str entry)
{
    const size_t lengths[] = {entry_id.len, entry.len};
    char head[2 * LENGTH_BYTES];
    for (size_t i = 0; i < sizeof(head); i++) {
        head[i] = (char)(lengths[i / LENGTH_BYTES] >> (8 * (i % LENGTH_BYTES)) & 0xff);
    }
    hs_buf_add(part, head, sizeof(head));
    hs_buf_add(part, entry_id.ptr, entry_id.len);
    hs_buf_add(part, entry.ptr, entry.len);
}

static size_t read_length(const char *at)
{
    size_t length = 0;
    for (int i = LENGTH_BYTES - 1; i >= 0; i--) {
        length = length << 8 | (unsigned char)at[i];
    }
    return length;
}

int hs_parts_each(struct hs_str part,
                  int (*entry)(void *ctx, struct hs_str entry_id, struct hs_str entry), void *ctx)
{
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < part.len;) {
        size_t left = part.len - at;
        if (left < 2 * LENGTH_BYTES) {
            return HS_EPROTO;
        }
        size_t id_len = read_length(part.ptr + at);
        size_t entry_len = read_length(part.ptr + at + LENGTH_BYTES);
        left -= 2 * LENGTH_BYTES;
        if (id_len > left || entry_len > left - id_len) {
            return HS_EPROTO;
        }
        const char *id = part.ptr + at + 2 * LENGTH_BYTES;
        rc = entry(ctx, hs_str_n(id, id_len), hs_str_n(id + id_len, entry_len));
        at += 2 * LENGTH_BYTES + id_len + entry_len;
    }
    return rc;
}

struct search {
    struct hs_str entry_id;
    struct hs_str found; // its ptr is NULL: not yet
};

static int look(void *ctx, struct hs_str entry_id, struct hs_str entry)
{
    struct search *search = ctx;
    if (hs_str_eq(entry_id, search->entry_id)) {
        search->found = entry;
    }
    return 0;
}

int hs_parts_find(struct hs_str part, struct hs_str entry_id, struct hs_str *ret_entry)
{
    struct search search = {entry_id, {NULL, 0}};
    int rc = hs_parts_each(part, look, &search);
    if (rc != 0 || !search.found.ptr) {
        return rc ? rc : HS_ENOTFOUND;
    }
    *ret_entry = search.found;
    return 0;
}

struct replacing {
    struct hs_str entry_id;
    struct hs_str entry;
    struct hs_buf *out;
};

static int copy_entry(void *ctx, struct hs_str entry_id, struct hs_str entry)
{
    struct replacing *replacing = ctx;
    if (!hs_str_eq(entry_id, replacing->entry_id)) {
        hs_parts_append(replacing->out, entry_id, entry);
    } else if (replacing->entry.len > 0) {
        hs_parts_append(replacing->out, entry_id, replacing->entry);
    }
    return hs_buf_status(replacing->out);
}

int hs_parts_replace(struct hs_str part, struct hs_str entry_id, struct hs_str entry,
                     struct hs_buf *ret_part)
{
    struct replacing replacing = {entry_id, entry, ret_part};
    return hs_parts_each(part, copy_entry, &replacing);
}
