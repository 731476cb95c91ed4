// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_CONVOY_H
#define HS_CORRELATE_RULES_CONVOY_H
/*
 * Convoy: another vehicle that is beside this one again and again, more often than traffic explains.
 *
 * Threads: one at a time. Ownership: the state owns its rows. Bounds: the limits below. Integers
 * only. Meetings may be told in any order: the score is a function of what was seen, not of when it
 * was heard.
 *
 * Idea: who is in line behind a car on one road is beside it at every camera of that road, so
 * meetings are weighed, not counted. Statistic: Wald's sequential likelihood ratio. Of every
 * meeting it asks how much likelier it is in company than by chance, and adds the logarithms; a
 * pair is told when the sum passes the odds that rules.yaml names (convoy.odds), before the journey
 * is over.
 *
 * In company the other is read at most cameras, and the gap stays as it was but for a drift
 * (convoy.drift_ms, and an eighth of the gap), one time in ten with places swapped, and one in six
 * anything within the window: one was held up. A camera that it was not seen at costs a bit.
 *
 * By chance it is a stranger, of whom three things are not known; each meeting says something about
 * them too, and so the next one says less (Bayes, a belief for each):
 *
 *  - is it bound for the same place? If not, it goes on with the road table's share of the traffic.
 *    Who took one turning with it probably takes the next one as well.
 *  - is it in one line with it, behind the same lorry? If not, both drive as they like: the gap
 *    changes with the road table's spread of journey times, or half of the time goes on changing as
 *    it did before, because who is a little faster stays so, comes up and passes. A line lasts along
 *    a road and seldom beyond: one unbroken corridor counts little more than once.
 *  - has it the same habits, a neighbour or colleague? If not, it is met again on another journey
 *    once in thousands; if so, one time in four where the vehicle goes at this time of day anyway,
 *    and one in a hundred elsewhere: habits are places and hours.
 *
 * How many of the others beside it went on too, and as far from it as before, corrects the table: in
 * a jam, or where it is wrong, all do. Where the flow is thick there are many to be beside it by
 * chance: the first meeting is worth less. What is seen again where the two met before, at a time
 * of day at which the vehicle goes there anyway, is worth nothing: a habit counts once, unless they
 * deviate together. A later journey without the other costs a quarter bit.
 *
 * A pair needs besides convoy.sites sites in one journey that are not all on one corridor, or
 * convoy.journeys journeys.
 *
 * Assumes that strangers choose their ways by the table and their speeds independently, but for
 * lines and jams; the deviation is never taken below HS_CONVOY_DEVIATION_MIN_MS and no one meeting
 * counts more than HS_CONVOY_STEP_MAX. The constants are in convoy_score.c; bench/findings measures
 * what they are worth. Two who go the same way in line for an hour are the same to it, whatever
 * their purpose: one journey alone seldom says enough. Source: A. Wald, 'Sequential Tests of
 * Statistical Hypotheses', Annals of Mathematical Statistics 16 (1945).
 */

#include "base/arena.h"
#include "controls/rules.h"
#include "correlate/rules/odds.h"
#include "geo/roads.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstream/v1/finding.pb-c.h"
#include "wire/ids.h"

#define HS_RULE_CONVOY "convoy"

enum {
    HS_CONVOY_STOPS_MAX = 16,      // of one journey; the oldest is folded into the score
    HS_CONVOY_COMPANIONS_MAX = 96, // remembered during a journey; the least likely falls out
    HS_CONVOY_KEPT_MAX = 32,       // remembered after it
    HS_CONVOY_HIT_BYTES = 8,       // so much of a hit's id tells its stop from the others
    HS_CONVOY_USUAL_BITS = 1024,   // of the vehicle's own habits, for a week
    HS_CONVOY_USUAL_BYTES = HS_CONVOY_USUAL_BITS / 8,
    HS_CONVOY_SITE_BYTES = 65,
    HS_CONVOY_ROAD_BYTES = 16,
    HS_CONVOY_DEVIATION_MIN_MS = 10000, // of gaps by chance
    HS_CONVOY_STEP_MAX = 7 * HS_BIT,    // what one meeting can say
    HS_CONVOY_MISSED = HS_BIT,          // a camera at which it was not seen
    HS_CONVOY_ABSENT = HS_BIT / 4,      // a journey without it
    HS_CONVOY_REGULARS = 100000,        // vehicles of which one that was met is one
    HS_CONVOY_ELSEWHERE_PPM = 50000,    // share of a way that the road table does not know
    HS_CONVOY_LEAST_PPM = 5000,         // share below which a table is not believed
    HS_CONVOY_NO_TABLE_PPM = 500000,    // where there is no road table at all
};

// Where the vehicle was on its present journey.
struct hs_convoy_stop {
    uint8_t hit[HS_CONVOY_HIT_BYTES]; // its id's beginning
    char site[HS_CONVOY_SITE_BYTES];
    char direction[4];
    char road[HS_CONVOY_ROAD_BYTES]; // cut where it is longer
    int64_t at_ms;
    uint32_t
        beside; // thousandths of a vehicle expected within the windows, by the flow; 0: unknown
};

// Who was beside it.
struct hs_convoy_companion {
    uint64_t mark;                        // packed
    uint32_t seen;                        // a bit for each stop
    int32_t gaps_ms[HS_CONVOY_STOPS_MAX]; // where the bit is set; it passed so long after
    int32_t carried_bits;                 // of what is over
    uint32_t carried_sites;               // sites of this journey that were folded
    uint32_t carried_journeys;            // journeys before this one in which it was there
    uint32_t carried_way_ppm;             // beliefs at the last stop that was folded; 0: none was
    uint32_t carried_habit_ppm;           // at the end of the last journey with it; 0: none
    uint32_t carried_line_ppm;
    uint32_t together_told; // bits: entries of together_incident, by number, that were told so
    uint64_t places;        // a bit for each site, by hash, where it was met in earlier journeys
    uint64_t together_incident; // that the together rule told of both; 0: none
    int64_t last_at_ms;         // last meeting
    uint32_t told_journey;      // 0: never
    bool listed;                // it stood on an open list itself when it was met on this journey
};

// Companions are remembered for this rule and for that of two listed vehicles, together.h.
struct hs_convoy {
    uint32_t journey;                                 // number of the present one; 0: none yet
    struct hs_convoy_stop stops[HS_CONVOY_STOPS_MAX]; // in order of time
    size_t stop_count;
    uint32_t told_of; // the stop of the last event, a bit; of this call only, not of the state
    // The vehicle's own habits: a bit for a site and a part of the day, by hash, of the journeys
    // that ended in this week and in the one before.
    uint8_t usual[2][HS_CONVOY_USUAL_BYTES];
    int64_t usual_week;                     // since 1970
    struct hs_convoy_companion *companions; // in order of mark
    size_t companion_count;
    size_t companion_capacity;
};

// What the rule goes by.
struct hs_convoy_view {
    const struct hs_rules *rules;
    const struct hs_roads *roads;
};

void hs_convoy_fini(struct hs_convoy *convoy); // zeroed is empty and valid
// A hit at this event time, with who passed before it. HS_ENOMEM.
int hs_convoy_on_hit(struct hs_convoy *convoy, const struct hs_convoy_view *view,
                     const Hitstream__V1__Hit *hit, int64_t at_ms);
// Who passed after a hit; nothing, if its stop is over. HS_ENOMEM.
int hs_convoy_on_companions(struct hs_convoy *convoy, const struct hs_convoy_view *view,
                            const Hitstream__V1__Companions *companions, bool *ret_changed);

// A pair that is to be told.
struct hs_convoy_found {
    uint64_t mark;     // of the companion, packed
    int32_t bits;      // the score
    uint32_t sites;    // of this journey
    uint32_t journeys; // in all
    uint32_t missed;   // cameras between at which it was not seen
    struct hs_convoy_meeting {
        const struct hs_convoy_stop *stop;
        int32_t gap_ms;
        uint32_t chance_ppm; // that a vehicle beside it before is here by chance
    } meetings[HS_CONVOY_STOPS_MAX];
    size_t meeting_count;
};

// The next pair that passed the threshold with the last event and was not told in this journey, and
// counts as told from now on; false: none (more). Only who was met where the event was is asked.
bool hs_convoy_next(struct hs_convoy *convoy, const struct hs_convoy_view *view,
                    struct hs_convoy_found *ret_found);
// The companion with that packed mark; NULL: it is not remembered. Borrowed until the next event.
struct hs_convoy_companion *hs_convoy_find(const struct hs_convoy *convoy, uint64_t mark);
// Whether something is remembered that outlives an incident.
bool hs_convoy_is_kept(const struct hs_convoy *convoy);

// NULL: out of memory. Borrows the state's texts.
Hitstream__V1__ConvoyState *hs_convoy_pack(const struct hs_convoy *convoy, struct hs_bump *bump);
// Fills an empty state. HS_EFORMAT, HS_ENOMEM.
int hs_convoy_unpack(struct hs_convoy *convoy, const Hitstream__V1__ConvoyState *state);

#endif
