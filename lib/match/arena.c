// SPDX-License-Identifier: Apache-2.0
#include "match/arena.h"

#include <sys/mman.h>

#include "base/error.h"

enum { HUGE_PAGE_BYTES = 2 * 1024 * 1024, FIRST_BYTES = 64 * 1024 };

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

// Address space of that size, aligned for huge pages when it is large; nothing can be read there
// yet.
static uint8_t *reserve(size_t size_bytes)
{
    size_t align = size_bytes >= HUGE_PAGE_BYTES ? HUGE_PAGE_BYTES : 4096;
    size_t span = size_bytes + align;
    uint8_t *ptr = mmap(NULL, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (ptr == MAP_FAILED) {
        return NULL;
    }
    size_t before = (align - (uintptr_t)ptr % align) % align;
    if (before) {
        munmap(ptr, before);
    }
    if (span - before > size_bytes) {
        munmap(ptr + before + size_bytes, span - before - size_bytes);
    }
    return ptr + before;
}

static int move_to(struct hs_arena *arena, size_t mapped_bytes)
{
    uint8_t *to = reserve(mapped_bytes);
    if (!to) {
        return HS_ENOMEM;
    }
    void *ptr = arena->ptr ? mremap(arena->ptr, arena->mapped_bytes, mapped_bytes,
                                    MREMAP_MAYMOVE | MREMAP_FIXED, to)
                           : mmap(to, mapped_bytes, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (ptr == MAP_FAILED) {
        munmap(to, mapped_bytes);
        return HS_ENOMEM;
    }
    if (mapped_bytes >= HUGE_PAGE_BYTES) {
        madvise(ptr, mapped_bytes, MADV_HUGEPAGE); // a wish; without it the pages are small
    }
    arena->ptr = ptr;
    arena->mapped_bytes = mapped_bytes;
    return HS_OK;
}

int hs_arena_grow(struct hs_arena *arena, size_t size_bytes)
{
    if (size_bytes > arena->mapped_bytes) {
        size_t mapped = arena->mapped_bytes ? arena->mapped_bytes * 2 : FIRST_BYTES;
        mapped = mapped > size_bytes ? mapped : size_bytes;
        mapped = round_up(mapped, mapped >= HUGE_PAGE_BYTES ? HUGE_PAGE_BYTES : 4096);
        int status = move_to(arena, mapped);
        if (status != HS_OK) {
            return status;
        }
    }
    arena->size_bytes = size_bytes > arena->size_bytes ? size_bytes : arena->size_bytes;
    return HS_OK;
}

void hs_arena_seal(struct hs_arena *arena)
{
    size_t keep = round_up(arena->size_bytes, 4096);
    if (keep < arena->mapped_bytes) {
        munmap(arena->ptr + keep, arena->mapped_bytes - keep);
        arena->mapped_bytes = keep;
    }
#ifdef HS_PROTECT_PUBLISHED
    mprotect(arena->ptr, arena->mapped_bytes, PROT_READ);
#endif
}

int hs_arena_map_file(int fd, size_t size_bytes, struct hs_arena *ret_arena)
{
    void *ptr = mmap(NULL, size_bytes, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (ptr == MAP_FAILED) {
        return HS_ENOMEM;
    }
    *ret_arena = (struct hs_arena){ptr, size_bytes, size_bytes};
    return HS_OK;
}

void hs_arena_fini(struct hs_arena *arena)
{
    if (arena->ptr) {
        munmap(arena->ptr, arena->mapped_bytes);
    }
    *arena = (struct hs_arena){0};
}
