// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_TOGETHER_H
#define HS_CORRELATE_RULES_TOGETHER_H
/*
 * Together: two vehicles of open lists beside each other at several sites of one incident.
 *
 * Idea: few vehicles are listed, so two of them beside each other say much sooner what a stranger
 * beside one says: a chance meeting of two at one site is common on a busy road, the same two again
 * at the next sites are worth a look at once. Statistic: a count, the different sites of the open
 * incident's present journey at which the other passed within the companion window
 * (companions.before_ms, companions.after_ms), of the newest HS_CONVOY_STOPS_MAX stops; told when it
 * reaches together.sites. The convoy rule's weighing is not asked: that rule goes on beside this one
 * and tells of the same pair when chance is excluded.
 *
 * Who is listed is what the matcher stamped on the companion when it was met: exact marks on open
 * live lists, by their terms at that time and place. Only vehicles of the open audience are asked
 * about, and only open lists are stamped beside them, so covert and trial lists change nothing here
 * and are told nothing.
 *
 * Told once: a pair in an incident is told once for each entry of the vehicle, at once when the count
 * is reached. Each of the two has an owner, who knows its own hits alone; of one that takes both,
 * the incident of the lower mark tells (bytewise, as listed). The owner of the higher one asks the
 * routing table what the stamp names, as for a hit of the other here and now, and leaves out the
 * queues it answers. Queues that take one of the two alone are told by that one's incident.
 *
 * Assumes that both are read at the same sites, and that the windows before and after are alike.
 * When it is wrong: two on one motorway in the same stream are beside each other at camera after
 * camera by chance; two of one list that were listed because they drive together bring no news; a
 * companion that is misread, or beyond companions.max, is not met. Where a window is shorter on one
 * side, or the plate of the lower mark was missed as the vehicle of a hit but not as a companion, a
 * queue that takes both may not be told. The list of the other is not named: a desk that does not
 * take it learns that there is one, no more.
 *
 * Threads: one at a time. Ownership: what is remembered are the convoy's companions; no table of its
 * own. Bounds: theirs.
 */

#include "correlate/rules/scope.h"

#define HS_RULE_TOGETHER "together"

// A hit and who passed before it, after the convoy rule has noted them. HS_ENOMEM.
int hs_together_on_hit(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                       const Hitstream__V1__Hit *hit);
// Who passed after a hit; likewise. HS_ENOMEM.
int hs_together_on_companions(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                              const Hitstream__V1__Companions *companions);

#endif
