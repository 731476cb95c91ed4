// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CONTROLS_RULES_H
#define HS_CONTROLS_RULES_H
/*
 * Windows and thresholds of the rules that stages decide by, from rules.yaml. Plain values;
 * defaults in rules.c's table. Threads: any; nothing is owned.
 */

#include "base/diag.h"

// The most sightings in a window that a flood's limit can ask for: so many are counted well, see
// correlate/floods.h.
enum { HS_FLOOD_SIGHTINGS_MAX = 2000 };

struct hs_rules {
    // lateness, by captured-at against the LogAppendTime of the read
    int64_t live_ms;             // up to here a read is live
    int64_t recent_ms;           // up to here recent, beyond it stale
    int64_t future_tolerance_ms; // ahead of the log by more than this: the camera's clock is wrong
    // publishing
    int64_t
        publish_live_ms; // an alert older than this by the wall clock is diverted to intelligence
    // incident
    int64_t quiet_ms;         // no hit for so long ends an incident
    int64_t repeat_window_ms; // repeats at one place within this time are silent
    uint32_t trail_max;       // places an incident keeps
    int64_t same_read_ms;     // reads of one entry at one site this close are one
    // priority
    uint32_t harm_medium;    // an entry with this harm score is at least of medium priority; 0: off
    uint32_t harm_high;      // likewise high
    uint32_t harm_immediate; // likewise immediate
    uint32_t unattended_step; // each so many places without an answer raise it by one; 0: off
    // flood
    int64_t flood_window_ms;        // sightings are counted over so much event time
    uint32_t flood_entry_sightings; // an entry seen more often floods; 0: never
    uint32_t flood_list_sightings;  // likewise a list
    int64_t
        flood_release_every_ms; // of what floods hold an audience is told one incident in so long
    // border
    int64_t border_settle_ms;     // a vehicle that was so long in an area is settled there
    uint32_t border_settle_sites; // or at so many sites
    int64_t approaching_again_ms; // an approach is told once in this time
    // feedback
    int64_t acknowledged_ms; // how long an acknowledgement without an end lasts
    int64_t silenced_ms;     // likewise silence
    int64_t answer_max_ms;   // neither lasts longer than this
    int64_t exclusion_ms;    // how long 'not this vehicle' without an end lasts, and no longer
    // around a hit, by matchers
    int64_t companions_before_ms; // who passed so long before a hit is its companion
    int64_t companions_after_ms;  // and so long after it; 0: nobody is looked for
    int64_t companions_settle_ms; // for reads out of order before the second record
    uint32_t companions_max;      // named on each side of a hit
    int64_t flow_window_ms;       // traffic is counted over so long before a hit
    // convoy
    uint32_t convoy_odds;       // told when company is so many times likelier than chance; 0: off
    uint32_t convoy_sites;      // of one journey, not all on one corridor
    uint32_t convoy_journeys;   // or so many journeys
    int64_t convoy_drift_ms;    // deviation of the gap between two that drive together
    int64_t convoy_remember_ms; // a companion is forgotten when it was not met for so long
    // together
    uint32_t together_sites; // two listed vehicles met at so many sites are told; 0: off
    // journey
    uint32_t
        journey_fastest_kmh;     // on the straight line, where the road table knows no link; 0: off
    int64_t journey_remember_ms; // contradictions older than this say nothing
    int64_t journey_repeat_ms;   // a clone is told again after so long
    // pattern
    uint32_t pattern_runs;          // from hub to market and back before it is told; 0: off
    uint32_t pattern_sure_permille; // told when a courier is so likely among its rivals
    int64_t pattern_dwell_min_ms;   // a shorter stay only passes through
    int64_t pattern_dwell_max_ms;   // a longer one is no courier's
    int64_t pattern_journey_max_ms; // between hub and market
    uint32_t pattern_night_from;    // hour of London's day
    uint32_t pattern_night_to;
    int64_t pattern_remember_ms; // older runs are forgotten
    // next place
    uint32_t next_places;         // told with an alert, at most; 0: off
    uint32_t next_least_permille; // a place that is less likely is not told
    uint32_t next_trust_pct;      // own passes that weigh as much as what backs them, in hundredths
    int64_t next_remember_ms; // own past older than this is forgotten, the older half counts half
    // cameras
    int64_t cameras_window_ms; // reads are counted over so long; 0: no camera is found wrong
    int64_t cameras_clock_ms;  // a clock that is wrong by less is right
    uint32_t cameras_vehicles; // so many different vehicles accuse a camera
};

// Parses rules.yaml; absent keys keep their defaults.
int hs_rules_parse(struct hs_str text, const char *name, struct hs_diags *diags,
                   struct hs_rules *ret_rules);
void hs_rules_defaults(struct hs_rules *ret_rules);
// Canonical text: equal texts decide alike.
void hs_rules_canonical(const struct hs_rules *rules, struct hs_buf *out);
// Rules one by one, in the table's order: dotted key and value as text.
size_t hs_rules_count(void);
const char *hs_rules_key(size_t index);
void hs_rules_value(const struct hs_rules *rules, size_t index, struct hs_buf *out);
// The longest time of any rule: so much log before a moment can decide what is told at it.
int64_t hs_rules_longest_ms(const struct hs_rules *rules);
// man(7) source and annotated sample of rules.yaml, from the same table.
void hs_rules_reference(struct hs_buf *out);

#endif
