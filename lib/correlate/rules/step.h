// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_STEP_H
#define HS_CORRELATE_RULES_STEP_H
/*
 * What incident.c (where a hit belongs, and whether it waits) and step_tell.c (who is told what of
 * it) share. Private to them. Threads: one at a time.
 */

#include "correlate/rules/border.h"
#include "correlate/rules/tell.h"

// One hit on its way through the rule.
struct hs_step {
    struct hs_rule_scope *scope;
    struct hs_vehicle *vehicle;
    const Hitstream__V1__Hit *hit;
    struct hs_id hit_id;
    int64_t at_ms;                           // event time
    struct hs_incident *incident;            // where it belongs
    const struct hs_interned *place;         // where it was; a reference of its own
    uint8_t number;                          // of its entry in the incident
    bool newest;                             // no hit of the incident is later
    bool new_place;                          // it made a point of the trail
    bool new_text;                           // its entry may be weeded at another time than before
    bool told_live;                          // some live queue was told of it
    struct hs_crossing crossing;             // of a border
    bool is_forecast;                        // where it goes was asked
    const Hitstream__V1__Forecast *forecast; // NULL: nobody knows
};

// Tells the desks that it brings something new, of borders too. HS_ENOMEM.
int hs_step_tell(struct hs_step *step);
// The highest priority with which a desk that cares for the place would be told.
Hitstream__V1__Priority hs_step_urgency(const struct hs_step *step);

#endif
