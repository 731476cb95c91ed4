// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_FINDINGS_TELL_H
#define HS_CORRELATE_RULES_FINDINGS_TELL_H
/*
 * Making an alert of a finding. Private to the rules. Threads: one.
 */

#include "correlate/rules/tell.h"

// What is to be told.
struct hs_finding_draft {
    const char *rule;   // static
    struct hs_id event; // the hit or the record of companions that led to it
    struct hs_str
        subject; // what tells two findings of one event apart: a companion's mark; may be ""
    const Hitstream__V1__Finding *finding;
    struct hs_evidence evidence[HS_EVIDENCE_MAX];
    size_t evidence_count;
};

// To every queue that may be told of this hit; NULL: of the hit last told of the open incident. One
// alert a queue, event and subject; a stand-down of the entry takes it back. Nothing, where the
// hit's entry does not stand. HS_ENOMEM.
int hs_finding_tell(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                    const Hitstream__V1__Hit *hit, const struct hs_finding_draft *draft);

#endif
