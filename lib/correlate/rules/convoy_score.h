// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_CONVOY_SCORE_H
#define HS_CORRELATE_RULES_CONVOY_SCORE_H
/*
 * What meetings are worth. Private to the convoy rule. Pure; threads: one.
 */

#include "correlate/rules/convoy.h"

struct hs_convoy_score {
    int32_t bits;      // with what is carried
    uint32_t sites;    // different ones of this journey
    uint32_t missed;   // stops between the first and the last meeting without it
    bool one_corridor; // all of them on one unbroken stretch
};

// All that was seen of a companion.
void hs_convoy_weigh(const struct hs_convoy *convoy, const struct hs_convoy_view *view,
                     const struct hs_convoy_companion *companion,
                     struct hs_convoy_score *ret_score);
// The ways between its meetings in this journey, a bit each.
uint64_t hs_convoy_ways(const struct hs_convoy *convoy,
                        const struct hs_convoy_companion *companion);
// What the meeting at stop 0 adds: itself, and what it makes of the next one's.
int32_t hs_convoy_first_two(const struct hs_convoy *convoy, const struct hs_convoy_view *view,
                            const struct hs_convoy_companion *companion);

#endif
