// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_NEXT_H
#define HS_CORRELATE_RULES_NEXT_H
/*
 * Next place: where the vehicle is likely to be read next, and when, so that a unit can be ahead of
 * it.
 *
 * Idea: people drive where they drove before, and else as the road goes. Statistic: a Markov model
 * of order two over sites, mixed with what is shorter and so better known. The shares of the road
 * table are the base; each own context, this site and direction, then the two last ones, moves them
 * as far as it was seen:
 *
 *     P(site | context) = (times it went on there + trust * P(site | shorter)) / (times + trust)
 *
 * with next.trust_pct for the trust. The probabilities are of the next site if there is one before
 * the incident's quiet time is over; that there is one is estimated the same way, from where the
 * vehicle's journeys ended. Source: D. MacKay, L. Bauman Peto, 'A Hierarchical Dirichlet Language
 * Model', Natural Language Engineering 1 (1995).
 *
 * What it did within half of next.remember_ms counts full, in the half before it half, older not at
 * all: so the past is no longer than the log, and counts are the same in whatever order they were
 * heard. The last few sites are kept apart and counted only when they leave, so that a late read
 * takes its place among them.
 *
 * Assumes that the road table's shares are those of anybody, and that a site has one name: sites are
 * remembered by hash. A vehicle that two drivers use has two pasts in one. Integers only, no
 * clock. Threads: one at a time. Ownership: the state owns its rows; a forecast borrows register and
 * road table. Bounds: the limits below.
 */

#include "base/arena.h"
#include "controls/rules.h"
#include "geo/cameras.h"
#include "geo/roads.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstream/v1/finding.pb-c.h"

enum {
    HS_NEXT_STOPS_MAX = 6,  // sites kept apart, the newest
    HS_NEXT_WAYS_MAX = 48,  // remembered; the one used least leaves
    HS_NEXT_PLACES_MAX = 5, // in a forecast
    HS_NEXT_ORDER_MAX = 2,  // own last sites that it goes by
};

// A site that the vehicle passed.
struct hs_next_stop {
    uint32_t site;   // its hash; 0: no stop
    uint64_t way;    // site * 16 + direction: 0 none, 1 N, 2 NE, ... 8 NW
    int64_t at_ms;   // first read there
    int64_t last_ms; // last read there before another site
};

// How it went on.
struct hs_next_way {
    uint64_t before; // the way on which it came; 0: the journey began here
    uint64_t way;    // from here
    uint32_t to;     // the next site's hash; 0: the journey ended
    uint16_t half;   // number of the half of next.remember_ms that `times` counts
    uint8_t times;
    uint8_t times_before; // in the half before it
    uint16_t took_s;      // on average
};

struct hs_next {
    struct hs_next_stop before;                   // the last that left `stops`
    struct hs_next_stop stops[HS_NEXT_STOPS_MAX]; // in order of time
    size_t stop_count;
    struct hs_next_way *ways; // in order of first use
    size_t way_count;
    size_t way_capacity;
};

// What the rule goes by.
struct hs_next_view {
    const struct hs_rules *rules;
    const struct hs_roads *roads;
    const struct hs_cameras *cameras;
};

// A site that may come next.
struct hs_next_place {
    const struct hs_camera *camera; // any of the site
    uint32_t ppm;                   // probability
    uint32_t own_halves;            // own times from here to there; older ones count half
    int64_t earliest_ms, expected_ms, latest_ms;
    uint32_t distance_m; // 0: not known
};

struct hs_forecast {
    struct hs_next_place places[HS_NEXT_PLACES_MAX]; // likeliest first
    size_t count;
    uint32_t order;      // own last sites that had something to say
    uint32_t own_halves; // times that it left this site
    uint32_t goes_on_permille;
};

void hs_next_fini(struct hs_next *next); // zeroed is empty and valid
// A hit at its event time. HS_ENOMEM.
int hs_next_on_hit(struct hs_next *next, const struct hs_next_view *view,
                   const Hitstream__V1__Hit *hit, int64_t at_ms);
// From a hit on, which need not be part of the past yet; `next` NULL: without a past.
void hs_next_forecast(const struct hs_next *next, const struct hs_next_view *view,
                      const Hitstream__V1__Hit *hit, int64_t at_ms, struct hs_forecast *ret);
// Whether something is remembered that outlives an incident.
bool hs_next_is_kept(const struct hs_next *next);

// NULL: out of memory.
Hitstream__V1__NextState *hs_next_pack(const struct hs_next *next, struct hs_bump *bump);
// Fills an empty state. HS_EFORMAT, HS_ENOMEM.
int hs_next_unpack(struct hs_next *next, const Hitstream__V1__NextState *state);

#endif
