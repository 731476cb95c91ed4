// SPDX-License-Identifier: Apache-2.0
#ifndef HS_REPORT_REDUCE_H
#define HS_REPORT_REDUCE_H
/*
 * What a partner outside the police may know of a report: what its queue's field policy allows, and
 * of that no count so small that it points at somebody.
 *
 * Threads: any; pure. Ownership: plain values.
 */

#include "report/report.h"

enum hs_told { HS_TOLD_NEVER, HS_TOLD_SMALL, HS_TOLD_COUNT };

struct hs_told_count {
    enum hs_told told;
    uint64_t count; // HS_TOLD_COUNT alone
};

enum { HS_REDUCE_LEAST = 5 }; // where the policy does not say

struct hs_reduced_row {
    struct hs_told_count vehicles;
    struct hs_told_count incidents;
    struct hs_told_count unattended;   // not where it would tell a small number of the others
    struct hs_told_count safeguarding; // incidents; by 'safeguarding' of the policy
    struct hs_told_count safeguarding_unattended;
    struct hs_told_count harm;                        // by 'priority'
    struct hs_told_count outcomes[HS_OUTCOME_COUNTS]; // by 'answered'
};

// The least count that the policy lets be told.
uint64_t hs_reduce_least(const struct hs_queue *policy);
void hs_reduce_row(const struct hs_report_row *row, const struct hs_queue *policy,
                   struct hs_reduced_row *ret_row);

#endif
