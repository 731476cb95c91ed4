// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BENCH_MATCH_WORKLOAD_H
#define HS_BENCH_MATCH_WORKLOAD_H
/*
 * What matching is measured with: lists and reads of made-up plates, no two of the reads alike.
 *
 * Threads: one. Ownership: a workload owns all it points to until workload_free().
 */

#include "match/matcher.h"
#include "match/ring.h"

enum { WORKLOAD_SITES = 500, WORKLOAD_BATCH = 500, WORKLOAD_MARK_MAX = 8 };

struct workload {
    struct hs_snapshot *snapshot;
    uint64_t *entry_keys; // of the peers: a mark's bytes
    size_t entries;
    size_t packed_bytes;        // of all entries
    struct hs_read_view *reads; // decoded
    struct hs_candidate_view *candidates;
    size_t read_count;
    struct hs_ring *rings[WORKLOAD_SITES];
    double build_seconds;        // of the index, entries packed before
    double build_kernel_seconds; // of these: memory that is touched for the first time
};

struct workload_plan {
    size_t entries;
    size_t reads;
    bool confused; // CONFUSED on, and 2 % of the reads no legal marks
    unsigned
        masks; // entries are patterns of so many masks, entry i of mask i % masks; at most WORKLOAD_MASKS_MAX
};
enum { WORKLOAD_MASKS_MAX = 35 };
// The hidden positions of mask `n`, as bits: each n another set.
unsigned workload_mask(unsigned n);

void workload_make(const struct workload_plan *plan, struct workload *ret_workload);
void workload_free(struct workload *workload);
// Plate number `n`, a legal current-series mark of seven characters; different numbers below 300
// million give different plates.
void workload_plate(uint64_t n, char ret_vrm[WORKLOAD_MARK_MAX]);
// A peer's key of a mark.
uint64_t workload_key(const char *vrm);
// CPU seconds of this thread: what else the machine does counts for little.
double workload_seconds(void);

#endif
