// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_ALERT_H
#define HS_CORRELATE_ALERT_H
/*
 * Building alerts: payload, headers and reply token, all from the log and the controls, none from a
 * clock.
 *
 * Threads: one at a time. Ownership: the desk owns its scratch; what the sink gets is borrowed for
 * the call. Bounds: HS_EVIDENCE_MAX rows of evidence; the payload by the bounds of incident, hit
 * and entry.
 */

#include "controls/controls.h"
#include "correlate/correlator.h"
#include "correlate/vehicle_state.h"
#include "hitstream/v1/alert.pb-c.h"

#define HS_ALERT_SOURCE                                                                            \
    "anpr.hits" // without offset: what others are told must not move with covert hits
#define HS_QUEUE_UNROUTED "unrouted" // in place of a queue's name where no route permits

enum {
    HS_EVIDENCE_MAX = 8,
    HS_CHANGES_MAX = 8,  // kinds of change
    HS_ANSWERED_MAX = 4, // answers shown, the newest first
};

// A count that speaks for the alert.
struct hs_evidence {
    const char *name; // static
    const char *unit; // static
    int64_t value;
    int64_t threshold;
};

// What is to be told.
struct hs_alert_draft {
    const struct hs_vehicle *vehicle;
    const struct hs_incident *incident;
    const Hitstream__V1__Hit *hit; // the read that it shows
    const struct hs_queue *queue;  // NULL: unrouted
    const char *rule;              // static
    struct hs_id cause;
    Hitstream__V1__AlertKind kind;
    Hitstream__V1__Priority priority;
    int64_t event_at_ms; // event time of the cause
    bool stale;          // intelligence only
    struct hs_evidence evidence[HS_EVIDENCE_MAX];
    size_t evidence_count;
    Hitstream__V1__Change changes[HS_CHANGES_MAX]; // what is new for the queue
    size_t change_count;
    Hitstream__V1__Safeguarding safeguarding;   // the most serious of the entries it may know
    uint32_t harm_score;                        // the worst of them
    const Hitstream__V1__StandDown *stand_down; // borrowed, like the rest; NULL: none
    const Hitstream__V1__Border *border;
    const Hitstream__V1__Escalation *escalation;
    const char *handed_over_by;              // queue; NULL: not handed over
    const char *note;                        // what the other desk says; NULL: nothing
    const Hitstream__V1__Finding *finding;   // a finding's; NULL: none
    const Hitstream__V1__Forecast *forecast; // where it is likely next; NULL: nobody knows
};

// An audience's hash of the controls in force.
struct hs_audience_hash {
    char *audience; // owned
    char hash[HS_CONTROLS_HASH_BYTES];
};

// The flood that an alert is part of.
struct hs_alert_flood {
    const struct hs_flood *flood; // borrowed; NULL: none
    uint32_t hits;                // that the alert stands for; 0: it was not held
    int64_t held_ms;              // by the log's time
};

// Where alerts are made: keys, sink, the controls in force, and scratch.
struct hs_alert_desk {
    struct hs_id_key id_key;
    struct hs_token_key token_key;
    struct hs_correlate_sink sink;
    const struct hs_controls *controls; // in force; borrowed
    struct hs_str traceparent;          // of the record being applied; borrowed
    struct hs_alert_flood flood;        // that what is told is part of
    struct hs_audience_hash *hashes;    // those asked for since the controls changed
    size_t hash_count;
    size_t hash_capacity;
    struct hs_headers headers; // scratch
    struct hs_buf payload;     // scratch
    struct hs_buf token;       // scratch
    struct hs_buf headline;    // scratch
    struct hs_bump bump;       // scratch
};

void hs_alert_desk_fini(struct hs_alert_desk *desk);
// Other controls decide from now on.
void hs_alert_desk_controls(struct hs_alert_desk *desk, const struct hs_controls *controls);
// Makes the alert and hands it to the sink. HS_ENOMEM.
int hs_alert_tell(struct hs_alert_desk *desk, const struct hs_alert_draft *draft,
                  struct hs_id *ret_id);

// alert_parts.c: who answered, as far as the queue may know; in the desk's scratch. False: out of
// memory.
bool hs_alert_fill_answered(struct hs_alert_desk *desk, const struct hs_alert_draft *draft,
                            Hitstream__V1__Alert *alert);

// alert_parts.c: the flood it is part of; likewise.
bool hs_alert_fill_flood(struct hs_alert_desk *desk, const struct hs_alert_draft *draft,
                         Hitstream__V1__Alert *alert);

// alert_text.c: "high", "STOP" and the like, static.
const char *hs_priority_text(Hitstream__V1__Priority priority);
const char *hs_handling_text(Hitstream__V1__Handling handling);
// One line for a person: what to do, which vehicle, where, how urgent, whose list. No free text of
// an entry.
void hs_alert_headline(const struct hs_alert_draft *draft, struct hs_buf *out);

#endif
