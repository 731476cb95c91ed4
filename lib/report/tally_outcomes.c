// SPDX-License-Identifier: Apache-2.0
//
// What came of it: outcomes, of which a correction takes the place of an earlier one.
#include "report/tally.h"

static struct tally_outcome *find(struct hs_report *report, const struct hs_id *id)
{
    return hs_row_table_find(&report->outcomes, hs_tally_id_key(id));
}

// A desk corrects what it said itself of this incident. What is not in the log is not counted
// either: the correction stands for it.
static bool may_replace(const struct tally_outcome *outcome, const struct tally_outcome *before)
{
    return !before || (before->incident == outcome->incident && before->queue == outcome->queue);
}

// Of several corrections of one outcome the last in the log stands: whoever corrects what was
// corrected already takes the place of that correction, too. `ids` of one chain are one family,
// named by the outcome that none of them replaces.
static struct tally_outcome *root_of(struct hs_report *report, struct tally_outcome *outcome)
{
    // a chain that bites its own tail ends after as many steps as there are outcomes
    for (size_t steps = 0; outcome->replaces_any && steps <= report->outcomes.count; steps++) {
        struct tally_outcome *before = find(report, &outcome->replaces);
        if (!before || !may_replace(outcome, before)) {
            break;
        }
        outcome = before;
    }
    return outcome;
}

static uint64_t family_of(struct hs_report *report, struct tally_outcome *outcome)
{
    const struct tally_outcome *root = root_of(report, outcome);
    // several corrections of one that is not in the log are a family as well
    return hs_tally_id_key(root->replaces_any && !find(report, &root->replaces) ? &root->replaces
                                                                                : &root->id);
}

static void refuse(struct hs_report *report, struct tally_outcome *outcome)
{
    outcome->over = true;
    report->left_out.outcomes_refused++;
}

static bool is_usable(struct hs_report *report, const struct tally_outcome *outcome)
{
    return !outcome->impossible &&
           (!outcome->replaces_any || may_replace(outcome, find(report, &outcome->replaces)));
}

static void add_counts(struct hs_report_row *row, const struct tally_outcome *outcome)
{
    for (size_t i = 0; row && i < HS_OUTCOME_COUNTS; i++) {
        row->outcomes[i] += outcome->counts[i];
    }
}

static void count(struct hs_report *report, const struct tally_outcome *outcome,
                  const struct tally_incident *incident)
{
    const struct tally_queue *queue = hs_tally_queue(report, outcome->queue);
    add_counts(hs_tally_row(report, HS_BY_ALL, HS_NAME_NONE, 0), outcome);
    add_counts(hs_tally_row(report, HS_BY_FORCE, queue->force, 0), outcome);
    if (incident->group != HS_NAME_NONE) {
        add_counts(hs_tally_row(report, HS_BY_GROUP, incident->group, 0), outcome);
    }
    if (incident->line != HS_NAME_NONE) {
        add_counts(hs_tally_row(report, HS_BY_LINE, incident->line, 0), outcome);
    }
}

// The incident of an outcome; NULL when it does not belong.
static const struct tally_incident *incident_of(struct hs_report *report,
                                                const struct tally_outcome *outcome)
{
    const struct tally_incident *incident =
        hs_row_table_find(&report->incidents, outcome->incident);
    return incident && incident->belongs ? incident : NULL;
}

void hs_tally_end_outcomes(struct hs_report *report)
{
    struct tally_outcome *rows = report->outcomes.rows;
    struct hs_key_set families = {.max = HS_REPORT_OUTCOMES_MAX};
    // the newest first: who comes after one of its own family was replaced by it
    for (size_t i = report->outcomes.count; i > 0; i--) {
        struct tally_outcome *outcome = &rows[i - 1];
        const struct tally_incident *incident = incident_of(report, outcome);
        if (!incident) {
            continue;
        }
        if (!is_usable(report, outcome)) {
            refuse(report, outcome);
        } else if (hs_key_set_add(&families, family_of(report, outcome)) == HS_KEY_KNOWN) {
            outcome->over = true;
            report->left_out.outcomes_replaced++;
        } else {
            count(report, outcome, incident);
        }
    }
    hs_key_set_fini(&families);
}
