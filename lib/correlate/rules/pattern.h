// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_PATTERN_H
#define HS_CORRELATE_RULES_PATTERN_H
/*
 * County-lines pattern: a vehicle that goes from a hub to a market town and back, again and again.
 *
 * Idea: a courier restocks a line and brings its cash: it comes from the hub city, stays in one
 * market for an hour or some, goes straight back, and does so again within days, at like hours,
 * often by night. Two others do things that look like it: somebody on errands, who goes to many
 * towns at any hour and seldom straight back; and somebody with a habit, a job, a family or a round
 * of deliveries, who goes to one town by day, at the same hour, and stays for a working day. Which
 * areas are hubs and markets says the camera register.
 *
 * Statistic: the likelihoods of all remembered stays in markets under the three, in bits. A stay is
 * weighed by its market (known or new, the likelier new the less settled the driver is: a Chinese
 * restaurant process), its hour (as before, or any), night or day and its length (a share of its
 * own, learnt from its stays), and whether it came from a hub and went back to one. Prior odds among
 * listed vehicles: one courier to forty on errands and one with a habit. The numbers are assumptions, for nobody published such
 * journeys' parameters; they stand in pattern_score.c. Told at pattern.runs journeys, when
 * a courier has pattern.sure_permille of the weight; and again when it means more: another market,
 * another companion, twice the journeys.
 *
 * Assumes that the reads around a stay show its length: a stay ends at the first read elsewhere.
 * Reads may come in any order among the last HS_PATTERN_VISITS_MAX changes of area. Source of the
 * journeys' description: the National Crime Agency's county-lines assessments. Integers only, no
 * clock; hours are London's. Threads: one at a time. Ownership: the state owns its rows; views
 * borrow the register. Bounds: the limits below.
 */

#include "base/arena.h"
#include "controls/rules.h"
#include "correlate/rules/odds.h"
#include "geo/cameras.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstream/v1/finding.pb-c.h"

#define HS_RULE_PATTERN "pattern"

enum {
    HS_PATTERN_VISITS_MAX = 12,    // areas in a row that may still change; the oldest is settled
    HS_PATTERN_STAYS_MAX = 24,     // in markets, remembered; the oldest leaves
    HS_PATTERN_COMPANIONS_MAX = 2, // of one stay
    HS_PATTERN_SHOWN_MAX = 8,      // runs and companions that a finding shows
};

// Reads of one area in a row without a pause, or of areas that are neither hub nor market.
struct hs_pattern_visit {
    uint32_t site; // hash of the first one's id; 0: no visit
    int64_t first_ms;
    int64_t last_ms;
    uint64_t companions[HS_PATTERN_COMPANIONS_MAX]; // of the stay that it begins; 0: none
};

// A stay in a market.
struct hs_pattern_stay {
    uint32_t market; // hash of the first site's id
    uint32_t hub;    // of the last hub site before it; 0: it did not come from one
    int64_t left_hub_ms;
    int64_t arrived_ms;
    int64_t left_ms;
    int64_t back_ms; // in a hub again; 0: it went elsewhere, or see under_way
    bool under_way;  // it left, and was not read in a hub or another market since
    uint64_t companions[HS_PATTERN_COMPANIONS_MAX]; // packed marks; 0: none
};

struct hs_pattern {
    struct hs_pattern_visit hub;    // the last one that was settled
    struct hs_pattern_visit market; // likewise, if no hub was since; site 0: none
    struct hs_pattern_visit visits[HS_PATTERN_VISITS_MAX]; // in order of time
    size_t visit_count;
    struct hs_pattern_stay *stays; // in order of arrival
    size_t stay_count;
    size_t stay_capacity;
    uint32_t told_runs; // 0: never told
    uint32_t told_markets;
    uint32_t told_companions;
    uint32_t times_told;
    int64_t told_ms;
};

struct hs_pattern_view {
    const struct hs_rules *rules;
    const struct hs_cameras *cameras;
};

void hs_pattern_fini(struct hs_pattern *pattern); // zeroed is empty and valid
// A hit at its event time; *ret_again says whether it is known by it that another journey went to a
// market: it left there. HS_ENOMEM.
int hs_pattern_on_hit(struct hs_pattern *pattern, const struct hs_pattern_view *view,
                      const Hitstream__V1__Hit *hit, int64_t at_ms, bool *ret_again);
// Marks that are beside it as it arrives in a market or comes back, the surest first; only the first
// of a journey are kept.
void hs_pattern_note_companions(struct hs_pattern *pattern, const struct hs_pattern_view *view,
                                const uint64_t *marks, size_t count);

// What speaks for what.
struct hs_pattern_verdict {
    uint32_t courier_permille;
    uint32_t errands_permille;
    uint32_t habit_permille;
    uint32_t runs;    // whole ones
    uint32_t stays;   // in markets, all that are weighed
    uint32_t markets; // that its runs went to
    uint32_t night;   // runs by night
    uint32_t long_stays;
    int64_t dwell_ms;         // the middle of its runs'
    uint32_t hour_spread_min; // mean distance of a run's hour from the nearest other's
    struct hs_pattern_stay shown[HS_PATTERN_SHOWN_MAX]; // the newest runs, in order of time
    size_t shown_count;
    struct {
        uint64_t mark;
        uint32_t runs;
    } companions[HS_PATTERN_SHOWN_MAX]; // of two runs and more, by mark
    size_t companion_count;
};
void hs_pattern_judge(const struct hs_pattern *pattern, const struct hs_pattern_view *view,
                      int64_t at_ms, struct hs_pattern_verdict *ret);
// Whether it is to be told now; it counts as told then.
bool hs_pattern_is_due(struct hs_pattern *pattern, const struct hs_pattern_view *view,
                       int64_t at_ms, struct hs_pattern_verdict *ret);
// Whether something is remembered that outlives an incident.
bool hs_pattern_is_kept(const struct hs_pattern *pattern);
// Whether both are sites of one force's area; no area is no other's.
bool hs_pattern_same_area(const struct hs_camera *a, const struct hs_camera *b);

// NULL: out of memory.
Hitstream__V1__PatternState *hs_pattern_pack(const struct hs_pattern *pattern,
                                             struct hs_bump *bump);
// Fills an empty state. HS_EFORMAT, HS_ENOMEM.
int hs_pattern_unpack(struct hs_pattern *pattern, const Hitstream__V1__PatternState *state);

#endif
