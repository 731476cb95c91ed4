// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_ESCALATION_H
#define HS_CORRELATE_RULES_ESCALATION_H
/*
 * Waiting for people, and going up the chain when they do not answer.
 *
 * A live queue with 'acknowledge_within_ms' that is told of an open incident is waited for, from the
 * first alert on, until somebody answers the incident (acknowledges it, sends a unit, or it ends).
 * When its time is over, the next queue of its 'escalate_to' is told, as an alert of its own in the
 * same incident; then that one's time runs, or the first one's where it has none; and so on to the
 * chain's end. A chain is gone up once, and begins anew when an acknowledgement expires.
 *
 * Nobody is waited for before they could see anything: time that began before the last 'took over'
 * begins anew at it, for nobody knows when the alert went out; and what was older by then than a
 * live alert may be (rules 'publish.live_ms') is waited for no more. What is stale was never told
 * live, and is never waited for.
 *
 * One timer an incident stands for all its queues, at the earliest time; a timer that fires when it
 * no longer stands so in state has no effect.
 *
 * Threads: one at a time. Pure but for the sink.
 */

#include "correlate/rules/scope.h"

#define HS_RULE_ESCALATION "escalation"

// Whether somebody deals with it: an acknowledgement stands at that time, or a unit was sent.
bool hs_escalation_answered(const struct hs_incident *incident, int64_t now_ms);
// The queue was told: it is waited for so long, if its answer is wanted. HS_ENOMEM.
int hs_escalation_wait(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                       struct hs_incident *incident, struct hs_told *told,
                       const struct hs_queue *queue, int64_t within_ms);
// Nobody is waited for any more.
void hs_escalation_stop(struct hs_vehicle *vehicle, struct hs_incident *incident);
// An answer no longer stands: all live queues that were told and not stood down are waited for anew.
int hs_escalation_again(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                        struct hs_incident *incident);
// The timer fired; it stood in state. HS_ENOMEM.
int hs_escalation_on_timer(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                           struct hs_incident *incident, int64_t due_at_ms);
// One step up the chain of a queue, at once. `cause` and the time are of what led to it. HS_ENOMEM.
int hs_escalation_step(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                       struct hs_incident *incident, struct hs_str queue, const struct hs_id *cause,
                       int64_t at_ms);

#endif
