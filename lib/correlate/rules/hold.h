// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_HOLD_H
#define HS_CORRELATE_RULES_HOLD_H
/*
 * What a flood holds of a vehicle, apart from telling it: rules/incident.c decides.
 *
 * Of a flooding entry or list (floods.h) what is below immediate is noted in its incident, but told
 * later: on its turn by priority and harm (held.h); together with the next that is told of the
 * incident; or when the incident's quiet time is over. What a person closed or a list withdrew
 * before is not told. Each alert says which flood it is part of and how many hits it stands for.
 *
 * Threads: one at a time. Pure but for the sink.
 */

#include "correlate/rules/scope.h"

// The hit as it was, in the scope's scratch; NULL: out of memory.
Hitstream__V1__Hit *hs_hold_hit(struct hs_rule_scope *scope, const struct hs_held_row *row);
// Nobody needs it any more.
void hs_hold_forget(struct hs_rule_scope *scope, struct hs_vehicle *vehicle);

#endif
