// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_COMPANIONS_H
#define HS_MATCH_COMPANIONS_H
/*
 * Around a hit: who passed its site just before and after it, and how thick the traffic was, from
 * the site's ring alone.
 *
 * Event time decides, so reads that came out of order stand where they belong. A vehicle that was
 * read more than once is one companion, at its nearest; marks that differ by look-alikes only are
 * one vehicle, and so is the hit's own. A read with
 * unreadable characters names nobody. Flow is a count: marks as read, without that.
 *
 * Nothing is said of a time of which reads may be missing: before the worker began to read the
 * partition, or before the oldest read that a full ring still has. Pure. Threads: those of the
 * ring. Bounds: one pass over the ring, HS_SITE_READS reads.
 */

#include "match/sites.h"
#include "vrm/vrm.h"

enum { HS_COMPANIONS_MAX = 64 }; // listed on one side of a hit

// A vehicle beside a hit.
struct hs_companion {
    struct hs_vrm vrm;
    uint32_t gap_ms; // before or after the hit
    uint8_t lane;    // 0: not given
};

// Those on one side.
struct hs_company {
    struct hs_companion listed[HS_COMPANIONS_MAX]; // nearest first, then in order of arrival
    uint32_t count;
    uint32_t not_listed; // vehicles beyond the bound
    int64_t window_ms;   // so much time was looked at; 0: nothing is known
};

struct hs_flow {
    uint32_t vehicles;
    int64_t window_ms; // so much time before the hit is known; 0: none
};

// A hit, as what is around it is asked for.
struct hs_around {
    const struct hs_ring *ring;
    int64_t captured_at_ms;
    int64_t known_from_ms;  // reads that the log took before are not in the ring
    struct hs_str read_vrm; // as read
    struct hs_str vehicle;  // as listed
    uint32_t max;           // to be listed, at most HS_COMPANIONS_MAX
};

void hs_companions_before(const struct hs_around *around, int64_t window_ms,
                          struct hs_company *ret_company);
// `seen_ms`: hs_window_seen_ms().
void hs_companions_after(const struct hs_around *around, int64_t seen_ms,
                         struct hs_company *ret_company);
void hs_flow_before(const struct hs_around *around, int64_t window_ms, struct hs_flow *ret_flow);

#endif
