// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_BORDER_H
#define HS_CORRELATE_RULES_BORDER_H
/*
 * From one force's area to another's: that the vehicle entered it, and that it is about to.
 *
 * Entered: the newest hit of an open incident lies in another force's area than the vehicle was in.
 * It is told once, to the desks that care for either place, in place of what they would have been
 * told of the new place. Roads zigzag: a vehicle that comes back to the area it came from, before it
 * was settled in the other (so long, or at so many sites: rules 'border.settle_*'), is told only
 * when it has settled back there; till then its new places are told as new places. A third force is
 * told at once. A camera without a force says nothing of areas. A force without cameras of its own
 * (British Transport Police) has no border: its desks are told by list and place like any others;
 * an enclave (City of London) is an area like others.
 *
 * About to: the register names a site in another force's area as next of the camera that read it, in
 * its own direction. Told once in a time (rules 'border.approaching_again_ms') to the desks that
 * care for that site and not for this one.
 *
 * A camera that is known not to stand where the register has it says nothing of areas. When one is
 * found so afterwards, the incident's borders are gone over again without it: by what the trail
 * still holds, nobody is told again; a force that was told on its word that the vehicle comes is
 * told when it does.
 *
 * Threads: one at a time. Pure. Ownership: the crossing borrows from scope's scratch and incident.
 */

#include "correlate/rules/scope.h"

#define HS_RULE_BORDER "border"
enum { HS_AHEAD_MAX = 4 }; // other forces' areas that may come next; further ones are not told

// An area that comes next.
struct hs_ahead {
    Hitstream__V1__Place place; // of the next site
    Hitstream__V1__Border border;
    int64_t distance_m; // as the crow flies; 0: not known
};

// What one hit says of borders.
struct hs_crossing {
    bool entered;
    const struct hs_interned *from;      // last place in the area that it left; when entered
    const Hitstream__V1__Border *border; // when entered; else NULL
    struct hs_ahead *ahead;
    size_t ahead_count;
};

// The newest hit of an open incident; notes in the incident what will have been told. HS_ENOMEM.
int hs_border_on_hit(struct hs_rule_scope *scope, struct hs_incident *incident,
                     const Hitstream__V1__Hit *hit, const struct hs_interned *place, int64_t at_ms,
                     struct hs_crossing *ret_crossing);
// Points of the trail were found to be misplaced: in whose area the vehicle is follows from the others.
void hs_border_retrace(struct hs_rule_scope *scope, struct hs_incident *incident);

#endif
