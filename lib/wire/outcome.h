// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WIRE_OUTCOME_H
#define HS_WIRE_OUTCOME_H
/*
 * The counts of an outcome as a table: their names, and what one desk's answer to one incident can
 * come to. More than that is a slip of the keyboard and is refused, by whoever takes an outcome.
 *
 * Threads: any; pure. Ownership: rows are static.
 */

#include "base/str.h"
#include "hitstream/v1/feedback.pb-c.h"

// In order of the contract's fields, from 1 on.
enum hs_outcome_count {
    HS_OUTCOME_ARRESTS,
    HS_OUTCOME_CHARGES,
    HS_OUTCOME_DRUG_SEIZURES,
    HS_OUTCOME_WEAPONS,
    HS_OUTCOME_CASH_PENCE,
    HS_OUTCOME_VEHICLES_SEIZED,
    HS_OUTCOME_PEOPLE_SAFEGUARDED,
    HS_OUTCOME_LINES_DISRUPTED,
    HS_OUTCOME_LINES_DISMANTLED,
    HS_OUTCOME_COUNTS,
};

struct hs_outcome_row {
    const char *name; // "drug_seizures"
    const char *text; // "drug seizures", for a person
    uint64_t most;    // of one outcome
};

extern const struct hs_outcome_row hs_outcome_rows[HS_OUTCOME_COUNTS];

// All counts of a message.
void hs_outcome_get(const Hitstream__V1__Outcome *outcome, uint64_t ret_counts[HS_OUTCOME_COUNTS]);
// Into a message; they must fit.
void hs_outcome_set(const uint64_t counts[HS_OUTCOME_COUNTS], Hitstream__V1__Outcome *outcome);
// The first count that is more than one incident can come to; HS_OUTCOME_COUNTS when all fit.
enum hs_outcome_count hs_outcome_impossible(const uint64_t counts[HS_OUTCOME_COUNTS]);

#endif
