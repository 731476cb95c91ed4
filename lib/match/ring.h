// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_RING_H
#define HS_MATCH_RING_H
/*
 * A site's last reads: what passes just before and after a hit is looked for here, and nowhere
 * else.
 *
 * Reads that match nothing stay for as long as the ring holds them, in memory only. Threads: a ring
 * belongs to the worker that owns its site. Bounds: as many reads as it was made for; the oldest
 * give way.
 */

#include "wire/read_view.h"

// A read as it came.
struct hs_ring_read {
    char vrm[HS_VIEW_TEXT_BYTES]; // as in struct hs_read_view
    uint8_t vrm_len;
    uint8_t unused[2];
    uint8_t lane;
    int64_t captured_at_ms;
};

struct hs_ring;

// Room for `reads`, rounded up to a power of two.
int hs_ring_new(uint32_t reads, struct hs_ring **ret_ring);
void hs_ring_free(struct hs_ring *ring);
void hs_ring_add(struct hs_ring *ring, const struct hs_read_view *reads, size_t count);
// Reads will be added soon: the place of the first is on the way.
void hs_ring_expect(const struct hs_ring *ring);
// Forgets all reads.
void hs_ring_clear(struct hs_ring *ring);
// Reads ever added.
uint64_t hs_ring_count(const struct hs_ring *ring);
// Reads that it can hold.
uint64_t hs_ring_size(const struct hs_ring *ring);
// The read that came `age` reads before the newest (0: the newest), or NULL when it is gone.
const struct hs_ring_read *hs_ring_at(const struct hs_ring *ring, uint64_t age);

#endif
