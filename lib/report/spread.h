// SPDX-License-Identifier: Apache-2.0
#ifndef HS_REPORT_SPREAD_H
#define HS_REPORT_SPREAD_H
/*
 * How durations spread: their count, the greatest, and percentiles that are at most 1.6 % above the
 * true ones (64 steps an octave). Adding is commutative: the order of a log's partitions does not
 * matter.
 *
 * Threads: one. Ownership: a plain value; zeroed it is empty. Bounds: 20 KiB, up to 2^40 ms; what
 * is longer counts as that.
 */

#include <stdint.h>

enum {
    HS_SPREAD_STEPS_LOG2 = 6,
    HS_SPREAD_BITS = 40,
    HS_SPREAD_CELLS = (HS_SPREAD_BITS - HS_SPREAD_STEPS_LOG2 + 2) << HS_SPREAD_STEPS_LOG2,
};

struct hs_spread {
    uint64_t count;
    uint64_t within; // of those, at most the limit that was given when they were added
    int64_t max_ms;
    uint64_t cells[HS_SPREAD_CELLS];
};

// A duration; a negative one (clocks differ) counts as none at all. `limit_ms` as in `within`.
void hs_spread_add(struct hs_spread *spread, int64_t duration_ms, int64_t limit_ms);
// The least duration (upper end of its step, at most the greatest) that so many of a hundred do not
// exceed; 0 when there is none.
int64_t hs_spread_percentile(const struct hs_spread *spread, unsigned percent);

#endif
