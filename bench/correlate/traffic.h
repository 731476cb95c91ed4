// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BENCH_TRAFFIC_H
#define HS_BENCH_TRAFFIC_H
/*
 * Hits of many live vehicles for the correlator: each has an incident of TRAFFIC_HITS hits, four
 * minutes apart, every other at a new place, sixteen companions each; then it is away for hours and
 * begins anew. All vehicles pass once a round, in an order that is no neighbourhood in memory.
 *
 * Threads: one. Ownership: the caller's buffers. The same on every machine and run.
 */

#include "base/str.h"
#include "controls/controls.h"
#include "wire/ids.h"

enum { TRAFFIC_HITS = 8, TRAFFIC_SITES = 2000, TRAFFIC_COMPANIONS = 16, TRAFFIC_GAP_MS = 240000 };

struct traffic {
    uint64_t vehicles;
    int64_t begin_ms; // event time of the first hit
    uint64_t only;    // not 0: every hit is of this vehicle, at begin_ms
    struct hs_id_key id_key;
};

// The mark of a vehicle.
enum { TRAFFIC_MARK_BYTES = 9 };
void traffic_mark(uint64_t vehicle, char ret_mark[TRAFFIC_MARK_BYTES]);
// Packs the n-th hit of all, appends it to `out`. Its event time is its LogAppendTime as well.
void traffic_hit(const struct traffic *traffic, uint64_t n, struct hs_buf *out, int64_t *ret_at_ms,
                 uint64_t *ret_vehicle);
// Packs 'controls activated'.
void traffic_activation(const char *hash, struct hs_buf *out);
// Cameras at all sites, two forces with a live and an intelligence queue each.
struct hs_controls *traffic_controls(void);

#endif
