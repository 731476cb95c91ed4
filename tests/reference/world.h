// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_REFERENCE_WORLD_H
#define TESTS_REFERENCE_WORLD_H
/*
 * Made-up lists and reads that are close to one another, so that rules meet: one seed, one world.
 *
 * Threads: one. Plain values.
 */

#include "match/matcher.h"
#include "reference/reference.h"

enum { WORLD_LISTS = 5, WORLD_ENTRIES = 48 };

struct world {
    uint64_t random; // state
    struct ref_list lists[WORLD_LISTS];
    int list_count;
    struct ref_entry entries[WORLD_ENTRIES];
    int entry_count;
};

// One of 0 .. n - 1.
unsigned world_pick(struct world *world, unsigned n);
void world_make(uint64_t seed, struct world *ret_world);
// A read that is likely to be near an entry. Its camera is "c0" to "c2" of world_cameras(), or "cx"
// of none.
void world_read(struct world *world, struct ref_read *ret_read, const char **ret_camera_id);
// The register behind the cameras' ids, CSV.
extern const char world_cameras[];

// The world as a snapshot: part of it built, the rest put, replaced and dropped afterwards.
struct hs_snapshot *world_snapshot(struct world *world);
// A packed PlateReadBatch of the reads; returns its length.
size_t world_pack(const struct ref_read *reads, const char *const *camera_ids, size_t count,
                  uint8_t *out, size_t size);

#endif
