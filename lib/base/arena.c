// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"

enum { HUGE_PAGE_BYTES = 2 * 1024 * 1024, CHUNK_BYTES = 64 * 1024 };

int hs_region_map(size_t size_bytes, struct hs_region *ret_region)
{
    size_t size = (size_bytes + 4095) & ~(size_t)4095;
    void *ptr =
        mmap(NULL, size ? size : 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ptr == MAP_FAILED) {
        return HS_ENOMEM;
    }
    if (size >= HUGE_PAGE_BYTES) {
        madvise(ptr, size, MADV_HUGEPAGE); // a wish; without it the pages are small
    }
    *ret_region = (struct hs_region){ptr, size ? size : 4096};
    return 0;
}

void hs_region_protect(const struct hs_region *region)
{
#ifdef HS_PROTECT_PUBLISHED
    mprotect(region->ptr, region->size_bytes, PROT_READ);
#else
    (void)region;
#endif
}

void hs_region_unmap(struct hs_region *region)
{
    if (region->ptr) {
        munmap(region->ptr, region->size_bytes);
    }
    *region = (struct hs_region){0};
}

struct hs_bump_chunk {
    struct hs_bump_chunk *older;
    size_t size_bytes; // of data
    size_t used_bytes; // of data
    _Alignas(16) char data[];
};

static struct hs_bump_chunk *chunk_with_room(struct hs_bump *bump, size_t len_bytes)
{
    struct hs_bump_chunk *chunk = bump->newest;
    if (chunk && chunk->size_bytes - chunk->used_bytes >= len_bytes) {
        return chunk;
    }
    size_t size = len_bytes > CHUNK_BYTES ? len_bytes : CHUNK_BYTES;
    chunk = malloc(sizeof(*chunk) + size);
    if (chunk) {
        *chunk = (struct hs_bump_chunk){.older = bump->newest, .size_bytes = size};
        bump->newest = chunk;
    }
    return chunk;
}

void *hs_bump_take(struct hs_bump *bump, size_t len_bytes)
{
    struct hs_bump_chunk *chunk = NULL;
    if (len_bytes <= SIZE_MAX - 16 - sizeof(*chunk)) {
        len_bytes = (len_bytes + 15) & ~(size_t)15;
        chunk = chunk_with_room(bump, len_bytes);
    }
    if (!chunk) {
        bump->status = HS_ENOMEM;
        return NULL;
    }
    void *at = chunk->data + chunk->used_bytes;
    chunk->used_bytes += len_bytes;
    bump->used_bytes += len_bytes;
    return at;
}

void *hs_bump_alloc(struct hs_bump *bump, size_t len_bytes)
{
    void *at = hs_bump_take(bump, len_bytes);
    return at ? memset(at, 0, len_bytes) : NULL;
}

char *hs_bump_copy(struct hs_bump *bump, const void *bytes, size_t len_bytes)
{
    char *copy = hs_bump_alloc(bump, len_bytes + 1);
    if (copy && len_bytes) {
        memcpy(copy, bytes, len_bytes);
    }
    return copy;
}

struct hs_str hs_bump_str(struct hs_bump *bump, struct hs_str text)
{
    const char *copy = hs_bump_copy(bump, text.ptr, text.len);
    return copy ? hs_str_n(copy, text.len) : HS_STR("");
}

static void free_chain(struct hs_bump_chunk *chunk)
{
    while (chunk) {
        struct hs_bump_chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
}

void hs_bump_fini(struct hs_bump *bump)
{
    free_chain(bump->newest);
    *bump = (struct hs_bump){0};
}

void hs_bump_reset(struct hs_bump *bump)
{
    if (bump->newest) {
        free_chain(bump->newest->older);
        bump->newest->older = NULL;
        bump->newest->used_bytes = 0;
    }
    bump->used_bytes = 0;
    bump->status = 0;
}
