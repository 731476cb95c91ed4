// SPDX-License-Identifier: Apache-2.0
#include "wire/outcome.h"

const struct hs_outcome_row hs_outcome_rows[HS_OUTCOME_COUNTS] = {
    [HS_OUTCOME_ARRESTS] = {"arrests", "arrests", 100},
    [HS_OUTCOME_CHARGES] = {"charges", "charges", 500},
    [HS_OUTCOME_DRUG_SEIZURES] = {"drug_seizures", "drug seizures", 100},
    [HS_OUTCOME_WEAPONS] = {"weapons", "weapons", 1000},
    [HS_OUTCOME_CASH_PENCE] = {"cash_pence", "cash in pence", 1000000000},
    [HS_OUTCOME_VEHICLES_SEIZED] = {"vehicles_seized", "vehicles seized", 100},
    [HS_OUTCOME_PEOPLE_SAFEGUARDED] = {"people_safeguarded", "people safeguarded", 100},
    [HS_OUTCOME_LINES_DISRUPTED] = {"lines_disrupted", "lines disrupted", 20},
    [HS_OUTCOME_LINES_DISMANTLED] = {"lines_dismantled", "lines dismantled", 20},
};

void hs_outcome_get(const Hitstream__V1__Outcome *outcome, uint64_t ret_counts[HS_OUTCOME_COUNTS])
{
    const uint64_t counts[HS_OUTCOME_COUNTS] = {outcome->arrests,
                                                outcome->charges,
                                                outcome->drug_seizures,
                                                outcome->weapons,
                                                outcome->cash_pence,
                                                outcome->vehicles_seized,
                                                outcome->people_safeguarded,
                                                outcome->lines_disrupted,
                                                outcome->lines_dismantled};
    memcpy(ret_counts, counts, sizeof(counts));
}

void hs_outcome_set(const uint64_t counts[HS_OUTCOME_COUNTS], Hitstream__V1__Outcome *outcome)
{
    outcome->arrests = (uint32_t)counts[HS_OUTCOME_ARRESTS];
    outcome->charges = (uint32_t)counts[HS_OUTCOME_CHARGES];
    outcome->drug_seizures = (uint32_t)counts[HS_OUTCOME_DRUG_SEIZURES];
    outcome->weapons = (uint32_t)counts[HS_OUTCOME_WEAPONS];
    outcome->cash_pence = counts[HS_OUTCOME_CASH_PENCE];
    outcome->vehicles_seized = (uint32_t)counts[HS_OUTCOME_VEHICLES_SEIZED];
    outcome->people_safeguarded = (uint32_t)counts[HS_OUTCOME_PEOPLE_SAFEGUARDED];
    outcome->lines_disrupted = (uint32_t)counts[HS_OUTCOME_LINES_DISRUPTED];
    outcome->lines_dismantled = (uint32_t)counts[HS_OUTCOME_LINES_DISMANTLED];
}

enum hs_outcome_count hs_outcome_impossible(const uint64_t counts[HS_OUTCOME_COUNTS])
{
    unsigned i = 0;
    while (i < HS_OUTCOME_COUNTS && counts[i] <= hs_outcome_rows[i].most) {
        i++;
    }
    return (enum hs_outcome_count)i;
}
