// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_CONVOY_SCORE_H
#define HS_CORRELATE_RULES_CONVOY_SCORE_H
/*
 * What meetings are worth. Private to the convoy rule. Pure; threads: one.
 */

#include "correlate/rules/convoy.h"

struct hs_convoy_score {
    int32_t bits;       // with what is carried
    uint32_t habit_ppm; // of a million strangers met so, so many would have the same habits
    uint32_t sites;     // different ones of this journey
    uint32_t missed;    // stops between the first and the last meeting without it
    bool one_corridor;  // all of them on one unbroken stretch
};

// How many vehicles were beside this one at two stops: counted when asked for, good while nothing
// is added.
struct hs_convoy_others {
    uint8_t there;  // at the first
    uint8_t both;   // and at the second too
    uint8_t steady; // and as far from it as before
    bool counted;
};
struct hs_convoy_crowd {
    struct hs_convoy_others all[HS_CONVOY_STOPS_MAX][HS_CONVOY_STOPS_MAX];
};
void hs_convoy_crowd_init(struct hs_convoy_crowd *crowd);

// All that was seen of a companion.
void hs_convoy_weigh(const struct hs_convoy *convoy, const struct hs_convoy_view *view,
                     struct hs_convoy_crowd *crowd, const struct hs_convoy_companion *companion,
                     struct hs_convoy_score *ret_score);
// A stop is over: the vehicle goes there at this time of the day.
void hs_convoy_note_usual(struct hs_convoy *convoy, const struct hs_convoy_stop *stop);
// Where it was met in this journey, a bit each.
uint64_t hs_convoy_places(const struct hs_convoy *convoy,
                          const struct hs_convoy_companion *companion);
// Stop 0, at which it was met, is to be forgotten: what it adds is carried on from now on.
void hs_convoy_carry(const struct hs_convoy *convoy, const struct hs_convoy_view *view,
                     struct hs_convoy_crowd *crowd, struct hs_convoy_companion *companion);

#endif
