// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_TELL_H
#define HS_CORRELATE_RULES_TELL_H
/*
 * Telling queues about an incident, and noting what they were told: one way for all rules.
 *
 * Threads: one at a time. Pure but for the sink. Ownership: what is told borrows; the incident keeps
 * what it notes.
 */

#include "correlate/desks.h"
#include "correlate/rules/scope.h"

enum { HS_ROUTE_MAX = 128 }; // queues one hit may be told to; further ones are counted

// What is to be told, whichever the queue.
struct hs_telling {
    struct hs_rule_scope *scope;
    struct hs_vehicle *vehicle;
    struct hs_incident *incident;
    const Hitstream__V1__Hit *hit;   // that it shows
    uint8_t number;                  // of the hit's entry in the incident
    const struct hs_interned *place; // the hit's
    struct hs_id cause;
    const char *rule; // static
    int64_t at_ms;    // event time of the cause
};

// The queues that may be told of the hit and care for that place, in order of name; stale hits go to
// intelligence alone. At most HS_ROUTE_MAX.
size_t hs_tell_route(struct hs_rule_scope *scope, const Hitstream__V1__Hit *hit,
                     const Hitstream__V1__Place *place,
                     const struct hs_queue *ret_queues[HS_ROUTE_MAX]);

// What holds for one queue: the rules, or what operations that tell it say instead.
struct hs_terms {
    int64_t repeat_window_ms;
    Hitstream__V1__Priority floor; // least priority; 0: none
    int64_t acknowledge_within_ms; // 0: nobody is waited for
};
struct hs_terms hs_tell_terms(const struct hs_telling *telling, const struct hs_queue *queue);
// The incident as that queue may see it, the telling's own entry included.
struct hs_view hs_tell_view(const struct hs_telling *telling, const struct hs_queue *queue,
                            const struct hs_terms *terms);

// Tells one queue (NULL: unrouted): fills the draft with all that `telling` knows, hands the alert
// to the sink and notes it; `draft` comes with its kind and what the rule found. A live queue is
// waited for from now on, if nobody answered yet. HS_ENOMEM.
int hs_tell(const struct hs_telling *telling, const struct hs_queue *queue,
            struct hs_alert_draft *draft);
// The same without noting it as told of a place: for what takes back.
int hs_tell_apart(const struct hs_telling *telling, const struct hs_queue *queue,
                  struct hs_alert_draft *draft, struct hs_id *ret_alert);

// What an entry's last told hit said, as a hit again; its entry, list and place are those that
// stand. In the scope's scratch; NULL: out of memory, or it was never told (then *ret_none).
Hitstream__V1__Hit *hs_tell_last_hit(struct hs_rule_scope *scope,
                                     const struct hs_incident_entry *entry, bool *ret_none);
void hs_draft_add_evidence(struct hs_alert_draft *draft, const char *name, int64_t value,
                           int64_t threshold, const char *unit);

#endif
