// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_FINDINGS_H
#define HS_CORRELATE_RULES_FINDINGS_H
/*
 * The rules that find something about a vehicle, side by side: what each remembers, and telling what
 * it found to the queues that the incident's alerts go to.
 *
 * What they remember outlives an incident, where a rule has reason to (a companion of an earlier
 * journey), but no longer than HS_FINDINGS_KEEP_MS without an event. Trial lists are found about and
 * counted, never told. Threads: one at a time. Ownership: a vehicle owns its findings.
 */

#include "correlate/rules/convoy.h"
#include "correlate/rules/journey.h"
#include "correlate/rules/next.h"
#include "correlate/rules/pattern.h"
#include "correlate/rules/scope.h"

#define HS_FINDINGS_KEEP_MS INT64_C(2419200000) // 28 days

struct hs_findings {
    struct hs_convoy convoy;
    struct hs_journey journey;
    struct hs_next next;
    struct hs_pattern pattern;
};

void hs_findings_free(struct hs_findings *findings); // NULL is legal
// Whether there is reason to keep it beyond the incident.
bool hs_findings_is_kept(const struct hs_findings *findings); // NULL: no

// A hit that was not seen before, after the incident rule. HS_ENOMEM.
int hs_findings_on_hit(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                       const Hitstream__V1__Hit *hit);
// Who passed after a hit. HS_ENOMEM.
int hs_findings_on_companions(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                              const Hitstream__V1__Companions *companions, bool *ret_changed);

// Fills the state's fields of the findings; false: out of memory.
bool hs_findings_pack(const struct hs_findings *findings, struct hs_bump *bump,
                      Hitstream__V1__VehicleState *state);
// NULL in *ret_findings where the state has none. HS_EFORMAT, HS_ENOMEM.
int hs_findings_unpack(const Hitstream__V1__VehicleState *state, struct hs_findings **ret_findings);

#endif
