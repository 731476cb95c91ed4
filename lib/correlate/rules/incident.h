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
 * ended incident it belongs to, or makes one of its own that is over already. An incident that a
 * person or a list ended takes no hit later than its end. Each queue is told of what is new to it:
 * see meaning.h.
 *
 * Of a vehicle's two reads at one site in the same second the second counts for nothing; so does
 * a hit of an entry that was withdrawn in a later revision of its list, and one that a desk excluded
 * as 'not this vehicle'.
 *
 * Threads: one at a time. Pure but for the sink.
 */

#include "correlate/rules/tell.h"

#define HS_RULE_INCIDENT "incident"

// A hit that was not seen before: places it, sets the timers and tells who must know. HS_ENOMEM.
int hs_incident_on_hit(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                       const Hitstream__V1__Hit *hit);
// A timer fired; *ret_applied is false, and nothing changed, when it no longer stands in state.
// HS_ENOMEM.
int hs_incident_on_timer(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                         const Hitstream__V1__TimerFired *fired, bool *ret_applied);
// The open incident of that id, or an ended one; NULL: not known any more.
struct hs_incident *hs_incident_find(const struct hs_vehicle *vehicle, const struct hs_id *id);
// The open incident is over; its timers go, and it stands among the ended.
void hs_incident_end(struct hs_rule_scope *scope, struct hs_vehicle *vehicle);
// Ends it for good at that event time: what is later begins anew. Its timers go.
void hs_incident_close(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                       struct hs_incident *incident, int64_t at_ms);

#endif
