// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_FEEDBACK_H
#define HS_CORRELATE_RULES_FEEDBACK_H
/*
 * What desks say back, decided here. It acts on the incident; what was said is kept in it (kind,
 * desk, person, time, result) for people to see. The same feedback id has an effect once.
 *
 *   said                 | incident open                          | quiet time over      | ended by stop or withdrawal
 *   ---------------------+----------------------------------------+----------------------+----------------------------
 *   acknowledged         | nobody is waited for until it expires; | late: recorded       | late: recorded
 *                        | again or by another desk: the later    |                      |
 *                        | end counts                             |                      |
 *   silenced             | this desk is told no updates till then | late                 | late
 *   resourced            | nobody is waited for; others that were | late                 | late
 *                        | told stand down, but for those that    |                      |
 *                        | sent a unit themselves                 |                      |
 *   stopped              | the incident ends; others stand down   | as open              | late
 *   no resource          | this desk's acknowledgement and unit   | late                 | late
 *                        | stand no more; unless another answered,|                      |
 *                        | up its chain at once                   |                      |
 *   not this vehicle     | each entry this desk was told of leaves| as open              | exclusions pending, as open
 *                        | the incident; others stand down;       |                      |
 *                        | exclusions pending                     |                      |
 *   outcome, note        | recorded; a correction of another      | recorded             | recorded
 *                        | desk's outcome is refused              |                      |
 *   handed over          | that desk is told, if it may receive an| late                 | late
 *                        | entry that stands; else refused. This  |                      |
 *                        | desk stands down, its acknowledgement  |                      |
 *                        | stands no more                         |                      |
 *
 * An incident that is not known any more: counted, nothing else. An end in the past, 'not this
 * vehicle' by a desk that knows no entry of the incident any more, hand-over to itself: refused.
 *
 * An answer (all but silence, no resource, note and outcome) ends the row of places at which nobody
 * answered.
 *
 * Threads: one at a time. Pure but for the sink.
 */

#include "correlate/rules/scope.h"

#define HS_RULE_FEEDBACK "feedback"

// Feedback of known form whose id was not applied yet. *ret_applied is false when its incident is not
// known. HS_ENOMEM.
int hs_feedback_on(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                   const Hitstream__V1__FeedbackGiven *event, bool *ret_applied);
// The acknowledgement that stands expires. HS_ENOMEM.
int hs_feedback_expired(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                        struct hs_incident *incident);
// Redis has the exclusions of that feedback; false: none was pending.
bool hs_feedback_stored(struct hs_vehicle *vehicle, const struct hs_id *feedback);

#endif
