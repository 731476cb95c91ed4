// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BASE_ARENA_H
#define HS_BASE_ARENA_H
/*
 * Memory that is given back whole.
 *
 * struct hs_region: one mmap'd stretch of known size, for what is published and later unmapped (a
 * snapshot). struct hs_bump: chunks of malloc'd memory handed out in order and freed together, for
 * what is built and read. Threads: none of their own; a region that is published is read by many
 * once it is read-only. Allocation failure in a bump is sticky: hs_bump_status() tells at the end.
 */

#include "base/str.h"

struct hs_region {
    void *ptr;         // page-aligned; NULL when empty
    size_t size_bytes; // as mapped
};

// Zeroed memory, with huge pages where the kernel gives them. HS_ENOMEM.
int hs_region_map(size_t size_bytes, struct hs_region *ret_region);
// From here on a write to it is a fault in builds with HS_PROTECT_PUBLISHED; else nothing.
void hs_region_protect(const struct hs_region *region);
void hs_region_unmap(struct hs_region *region);

// Zero-initialised is empty and valid.
struct hs_bump {
    struct hs_bump_chunk *newest; // chain of chunks, owned
    size_t used_bytes;            // handed out in all
    int status;                   // 0, or HS_ENOMEM once something could not be handed out
};

static inline int hs_bump_status(const struct hs_bump *bump)
{
    return bump->status;
}

// `len_bytes` of zeroed memory, 16-byte aligned, valid until hs_bump_fini(); NULL when out of
// memory.
void *hs_bump_alloc(struct hs_bump *bump, size_t len_bytes);
// The same with whatever stood there before, for who writes all of it.
void *hs_bump_take(struct hs_bump *bump, size_t len_bytes);
// A NUL-terminated copy.
char *hs_bump_copy(struct hs_bump *bump, const void *bytes, size_t len_bytes);
// The same as a view; when out of memory an empty one, so that it can be looked at all the same.
struct hs_str hs_bump_str(struct hs_bump *bump, struct hs_str text);
// Frees everything; the bump is then empty.
void hs_bump_fini(struct hs_bump *bump);
// Forgets everything but keeps the newest chunk for use again.
void hs_bump_reset(struct hs_bump *bump);

#endif
