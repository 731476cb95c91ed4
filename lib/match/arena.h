// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_ARENA_H
#define HS_MATCH_ARENA_H
/*
 * One stretch of memory that a segment is built in, published read-only and unmapped whole.
 *
 * It grows by moving page tables, not bytes, and is aligned for huge pages. Or it is a file,
 * mapped. Threads: one while it grows; then const.
 */

#include <stddef.h>
#include <stdint.h>

enum { HS_ARENA_HEADER_BYTES = 4096 }; // at its start, for the file's header

struct hs_arena {
    uint8_t *ptr;        // NULL: empty
    size_t size_bytes;   // as used
    size_t mapped_bytes; // as mapped
};

// Makes it at least so large; new bytes are zero. HS_ENOMEM.
int hs_arena_grow(struct hs_arena *arena, size_t size_bytes);
// Gives back what is not used, and makes it read-only in builds with HS_PROTECT_PUBLISHED.
void hs_arena_seal(struct hs_arena *arena);
// A file's first `size_bytes` (all of it), read-only.
int hs_arena_map_file(int fd, size_t size_bytes, struct hs_arena *ret_arena);
void hs_arena_fini(struct hs_arena *arena);

#endif
