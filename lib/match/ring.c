// SPDX-License-Identifier: Apache-2.0
#include "match/ring.h"

#include <stdlib.h>

#include "base/error.h"

struct hs_ring {
    uint64_t count; // of all reads ever added
    uint32_t mask;  // size less one
    struct hs_ring_read reads[];
};

int hs_ring_new(uint32_t reads, struct hs_ring **ret_ring)
{
    uint32_t size = 1;
    while (size < reads) {
        size *= 2;
    }
    struct hs_ring *ring = calloc(1, sizeof(*ring) + size * sizeof(ring->reads[0]));
    if (!ring) {
        return HS_ENOMEM;
    }
    ring->mask = size - 1;
    *ret_ring = ring;
    return HS_OK;
}

void hs_ring_free(struct hs_ring *ring)
{
    free(ring);
}

void hs_ring_add(struct hs_ring *ring, const struct hs_read_view *reads, size_t count)
{
    uint64_t at = ring->count;
    for (size_t i = 0; i < count; i++, at++) {
        struct hs_ring_read *read = &ring->reads[at & ring->mask];
        _Static_assert(offsetof(struct hs_read_view, captured_at_ms) ==
                           offsetof(struct hs_ring_read, captured_at_ms),
                       "a ring's read is the beginning of a view");
        memcpy(read, &reads[i], sizeof(*read));
    }
    ring->count = at;
}

void hs_ring_expect(const struct hs_ring *ring)
{
    __builtin_prefetch(&ring->reads[ring->count & ring->mask], 1);
}

void hs_ring_clear(struct hs_ring *ring)
{
    memset(ring->reads, 0, ((size_t)ring->mask + 1) * sizeof(ring->reads[0]));
    ring->count = 0;
}

uint64_t hs_ring_count(const struct hs_ring *ring)
{
    return ring->count;
}

uint64_t hs_ring_size(const struct hs_ring *ring)
{
    return (uint64_t)ring->mask + 1;
}

const struct hs_ring_read *hs_ring_at(const struct hs_ring *ring, uint64_t age)
{
    if (age >= ring->count || age > ring->mask) {
        return NULL;
    }
    return &ring->reads[(ring->count - 1 - age) & ring->mask];
}
