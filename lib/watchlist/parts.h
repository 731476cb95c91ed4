// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WATCHLIST_PARTS_H
#define HS_WATCHLIST_PARTS_H
/*
 * Entries of a long list, many in one field. Private to the store.
 *
 * A generation's hash holds entry id -> packed entry (design 3.2). One field an entry costs Redis
 * two microseconds to write and two to read, nearly all of it cache misses in its table: half of
 * what a load of a million entries took. So beyond the first HS_PARTS_PLAIN_MOST entries of a load,
 * those that share a bucket (a hash of the id) stand together in fields of some
 * HS_PARTS_BYTES bytes, '\x01<bucket>:<number>', numbers from 0 without a gap. An entry stands
 * once: in a field of its own, or in a part. A put replaces it where it stands, in a part by
 * writing that part again; a new one gets a field of its own.
 *
 * Threads: any. Bounds: an entry is found by reading one bucket, a HS_PARTS_BUCKETS-th of the list.
 */

#include "base/arena.h"
#include "base/str.h"

enum { HS_PARTS_PLAIN_MOST = 4096, HS_PARTS_BUCKETS = 512, HS_PARTS_BYTES = 8192 };

// Whether a field holds a part; ids of entries never look so.
bool hs_parts_is(struct hs_str field);
unsigned hs_parts_bucket(struct hs_str entry_id);
// The field's name, in `bump`.
struct hs_str hs_parts_field(struct hs_bump *bump, unsigned bucket, unsigned number);

void hs_parts_append(struct hs_buf *part, struct hs_str entry_id, struct hs_str entry);
// Gets each entry; not 0 ends it. HS_EPROTO when it is no part.
int hs_parts_each(struct hs_str part,
                  int (*entry)(void *ctx, struct hs_str entry_id, struct hs_str entry), void *ctx);
// The entry with this id, borrowed from the part. HS_ENOTFOUND, HS_EPROTO.
int hs_parts_find(struct hs_str part, struct hs_str entry_id, struct hs_str *ret_entry);
// The part with this entry in place of what it has under the id; an empty one: without it.
int hs_parts_replace(struct hs_str part, struct hs_str entry_id, struct hs_str entry,
                     struct hs_buf *ret_part);

#endif
