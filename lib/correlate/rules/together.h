// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_TOGETHER_H
#define HS_CORRELATE_RULES_TOGETHER_H
/*
 * Together: two vehicles of open lists beside each other at several sites of one incident.
 *
 * Idea: few vehicles are listed, so a listed one beside another says much sooner what a stranger
 * beside it says. One meeting is common on a busy road; the same two again at the next site are
 * worth a look at once. Statistic: a count, the different sites of the open incident at which the
 * other passed within the companion window (companions.before_ms, companions.after_ms), of the
 * newest HS_CONVOY_STOPS_MAX stops; told when it reaches together.sites. Chance is not weighed:
 * the convoy rule goes on beside this one and tells of the same pair when chance is excluded.
 *
 * Who is listed is what the matcher stamped on the companion when it was met: exact marks on open
 * live lists, by their terms at that time and place. Only vehicles of the open audience are asked
 * about, and only open lists are stamped beside them, so covert and trial lists change nothing
 * here and are told nothing.
 *
 * Told once: a pair once an incident, to each queue once, however many entries of the vehicle it
 * takes. Each of the two has an owner, who knows its own hits alone. A queue that takes both is
 * told by the incident of the lower mark (bytewise, as listed): the owner of the higher one asks
 * the routing table what the stamp names, as for a hit of the other here and now, and leaves out
 * the queues that it answers. A queue that takes one of the two is told by that one's incident.
 *
 * Assumes that both are read at the same sites, and that the windows before and after are alike.
 * When it is wrong: two in one stream on a motorway are beside each other at camera after camera
 * by chance; two that were listed because they drive together bring no news; a companion that is
 * misread, or beyond companions.max, is not met. Where the two do not see the same (a window is
 * shorter on one side; the higher mark's own plate was misread at a site, which counts for it and
 * not for the lower, who met another mark; a table was full), a queue that takes both is told
 * later, or not. The list of the other is not named: a desk that does not take it learns that
 * there is one, no more.
 *
 * Threads: one at a time. Ownership: what is remembered are the convoy's companions; no table of
 * its own. Bounds: theirs.
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
