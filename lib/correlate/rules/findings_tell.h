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
    const struct hs_queue *const *without; // queues that hear of it elsewhere
    size_t without_count;
    bool without_unrouted; // likewise, where no queue is told
    struct hs_evidence evidence[HS_EVIDENCE_MAX];
    size_t evidence_count;
    const Hitstream__V1__Place *places; // whose desks are told besides; NULL: none
    size_t place_count;
};

// A finding that does not hold any more.
struct hs_finding_gone {
    const char *rule;      // that told of it; static
    const char *by;        // the rule that takes it back; static
    struct hs_id told;     // the cause of its alerts
    struct hs_id incident; // that they belong to
    struct hs_id cause;    // of taking it back
};

// To every queue that may be told of this hit; NULL: of the hit last told of the open incident. One
// alert a queue, event and subject; a stand-down of the entry takes it back. Nothing, where the
// hit's entry does not stand. HS_ENOMEM.
int hs_finding_tell(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                    const Hitstream__V1__Hit *hit, const struct hs_finding_draft *draft);
// The hit of that entry that was told last, as a hit of the vehicle, in the scope's scratch; NULL:
// none was. HS_ENOMEM.
int hs_finding_hit_of(struct hs_rule_scope *scope, const struct hs_vehicle *vehicle,
                      const struct hs_incident_entry *entry, const Hitstream__V1__Hit **ret_hit);
// What its alerts are found by again: their cause, and the incident that the hit is part of. False:
// nobody was told.
bool hs_finding_told(const struct hs_rule_scope *scope, const struct hs_vehicle *vehicle,
                     const Hitstream__V1__Hit *hit, const struct hs_finding_draft *draft,
                     struct hs_id *ret_cause, struct hs_id *ret_incident);
// A stand-down to every queue that was told, of these alerts alone. HS_ENOMEM.
int hs_finding_take_back(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                         const struct hs_finding_gone *gone);

#endif
