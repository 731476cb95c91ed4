// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_KERNEL_H
#define HS_MATCH_KERNEL_H
/*
 * The part of the hot loop that is worth vectors: from views to keys, and from keys to those that
 * may be listed.
 *
 * A chunk of reads goes through it step by step, so that the loads of all its filter blocks, and
 * then of all its buckets, are in flight together:
 *
 *    fold    views, candidates -> probes, each with its filter block on the way      (kernel)
 *    odd     reads that the kernel leaves to scalar code: spaces, '?', faults ...     (probe.c)
 *    keep    probes -> those that the filter has, each with its bucket on the way     (kernel)
 *    search  their buckets -> slots -> tiers                                          (search.c,
 * verdict.c)
 *
 * Two kernels: scalar for any x86-64, which is the oracle of tests, and AVX2, chosen at run time.
 * Threads: any; pure but for what the caller hands in. No allocation, lock or system call.
 */

#include "match/index.h"
#include "wire/read_view.h"

enum {
    HS_CHUNK_READS = 64,                          // in flight together
    HS_READINGS_MAX = 1 + HS_READ_CANDIDATES_MAX, // of one read: its own and its candidates
    HS_WHERE_BITS = 3,                            // of a reading's number in hs_probe.where
    HS_CHUNK_PROBES = HS_CHUNK_READS << HS_WHERE_BITS,
};

// A key to look for.
struct hs_probe {
    uint64_t hash;
    uint32_t where; // read in the chunk << HS_WHERE_BITS | reading: 0 the camera's own, else 1 +
                    // candidate
};

struct hs_kernel {
    const char *name;
    // Folds `count` (at most HS_CHUNK_READS) reads and their candidates; returns the number of
    // probes, at most HS_CHUNK_PROBES. Bit i of *ret_odd: read i, and bit i of *ret_odd_candidates:
    // a candidate of read i, is left to the caller, who adds all of that read's (all of its
    // candidates') probes.
    size_t (*fold)(const struct hs_read_view *reads, size_t count, const struct hs_filter *filter,
                   struct hs_probe *probes, uint64_t *ret_odd, uint64_t *ret_odd_candidates);
    // Moves the probes that the filter has to the front, in order; returns how many.
    size_t (*keep)(const struct hs_filter *filter, struct hs_probe *probes, size_t count);
    // Bit i: read i may be no legal mark at its date (UINT64_MAX would be right, and slow).
    uint64_t (*doubtful)(const struct hs_read_view *reads, size_t count);
};

extern const struct hs_kernel hs_kernel_scalar;
extern const struct hs_kernel hs_kernel_avx2;
// The widest that this machine has.
const struct hs_kernel *hs_kernel_best(void);
// A matcher that uses this kernel, for tests and benchmarks.
struct hs_matcher;
int hs_matcher_new_with(const struct hs_kernel *kernel, struct hs_matcher **ret_matcher);

#endif
