// SPDX-License-Identifier: Apache-2.0
#include "report/reduce.h"

uint64_t hs_reduce_least(const struct hs_queue *policy)
{
    return policy->disclose_least > 0 ? (uint64_t)policy->disclose_least : HS_REDUCE_LEAST;
}

static struct hs_told_count tell(uint64_t count, uint64_t least)
{
    return count > 0 && count < least ? (struct hs_told_count){.told = HS_TOLD_SMALL}
                                      : (struct hs_told_count){HS_TOLD_COUNT, count};
}

// A part of a whole that is told: the rest must not be small either.
static struct hs_told_count tell_part(uint64_t part, uint64_t whole, uint64_t least)
{
    struct hs_told_count rest = tell(whole - part, least);
    return rest.told == HS_TOLD_COUNT ? tell(part, least) : rest;
}

void hs_reduce_row(const struct hs_report_row *row, const struct hs_queue *policy,
                   struct hs_reduced_row *ret_row)
{
    uint64_t least = hs_reduce_least(policy);
    uint64_t safeguarding = row->incidents - row->safeguarding[0];
    *ret_row = (struct hs_reduced_row){
        .vehicles = tell(row->vehicles, least),
        .incidents = tell(row->incidents, least),
        .unattended = tell_part(hs_report_unattended(row), row->incidents, least),
    };
    if (policy->disclose & HS_DISCLOSE_SAFEGUARDING) {
        ret_row->safeguarding = tell_part(safeguarding, row->incidents, least);
        ret_row->safeguarding_unattended =
            tell_part(row->safeguarding_unattended, safeguarding, least);
    }
    // harm is a sum of scores: it would tell the score of few
    if (policy->disclose & HS_DISCLOSE_PRIORITY) {
        ret_row->harm = ret_row->incidents.told == HS_TOLD_COUNT
                            ? (struct hs_told_count){HS_TOLD_COUNT, row->harm}
                            : ret_row->incidents;
    }
    for (size_t i = 0; (policy->disclose & HS_DISCLOSE_ANSWERED) && i < HS_OUTCOME_COUNTS; i++) {
        // money is no number of people: it goes with the incidents
        ret_row->outcomes[i] = i != HS_OUTCOME_CASH_PENCE ? tell(row->outcomes[i], least)
                               : ret_row->incidents.told == HS_TOLD_COUNT
                                   ? (struct hs_told_count){HS_TOLD_COUNT, row->outcomes[i]}
                                   : ret_row->incidents;
    }
}
