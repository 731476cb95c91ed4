// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_SIFT_H
#define HS_MATCH_SIFT_H
/*
 * Sifting: the searches that take many keys a read, for many reads together and before there is a
 * verdict on any. Nearly all reads end here; what stays is searched as search.h says.
 *
 * Only reads that no kernel found odd (kernel.h), of at most HS_LANE_CHARS characters. Threads: any;
 * what is written is the caller's. No allocation.
 */

#include "match/confusion.h"
#include "match/snapshot_parts.h"

// What sifting is done with.
struct hs_sift {
    const struct hs_snapshot *snapshot;
    const struct hs_kernel *kernel;
    struct hs_keys *keys; // scratch
};

// How many reads of this length find room for their keys under all its masks; 0: there are no masks, or the marks are too
// long.
size_t hs_sift_patterns_room(const struct hs_snapshot *snapshot, unsigned len);
// Patterns: keys under which something may stand, as keys->hashes, in order of reads; keys->reads is the number of each
// one's read. Returns how many. All reads are of one length, and no more than find room.
size_t hs_sift_patterns(const struct hs_sift *sift, const struct hs_read_view *reads, size_t count);
// CONFUSED: of the reads of a stripe that are in `of`, as bits, those one difference of their table away from something.
// `tables`: of each of them.
uint64_t hs_sift_confused(const struct hs_sift *sift, const struct hs_read_view *reads, uint64_t of,
                          const struct hs_confusion_table *const tables[HS_STRIPE_READS]);

#endif
