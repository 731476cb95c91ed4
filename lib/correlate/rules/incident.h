// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_INCIDENT_H
#define HS_CORRELATE_RULES_INCIDENT_H
/*
 * The first rule: all that one vehicle does in one continuous stretch is one incident.
 *
 * A hit belongs to the incident within whose time it lies, quiet time on both sides included; event
 * time decides, whatever the order of arrival. So an incident is divided by the next hit's own
 * time; the quiet timer only closes what nothing more is heard of, and a hit that arrives after it
 * but belongs before it opens the incident again. A hit older than what is open is placed in the
 * ended incident it belongs to, or makes one of its own that is over already. Each queue is told of
 * an entry at a place once in the repeat window.
 *
 * Threads: one at a time. Pure but for the sink.
 */

#include "correlate/alert.h"

#define HS_RULE_INCIDENT "incident"
enum { HS_ROUTE_MAX = 128 }; // queues one hit may be told to; further ones are counted

// What a rule works with.
struct hs_rule_scope {
    const struct hs_rules *rules;
    const struct hs_routes *routes;
    struct hs_intern_pool *pool;
    struct hs_alert_desk *desk;
    struct hs_correlator_stats *stats;
};

// A hit that was not seen before: places it, sets the quiet timer and tells who must know.
// HS_ENOMEM.
int hs_incident_on_hit(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                       const Hitstream__V1__Hit *hit);
// A timer fired; false, and nothing changed, when it no longer stands in state.
bool hs_incident_on_timer(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                          const Hitstream__V1__TimerFired *fired);

#endif
