// SPDX-License-Identifier: Apache-2.0
//
// The end of a report: rows in order, and showing them.
#include <stdlib.h>

#include "base/error.h"
#include "report/tally.h"

static const char *const state_names[HS_REPORT_STATES] = {
    [HS_STATE_STOPPED] = "stopped",
    [HS_STATE_RESOURCED] = "resourced",
    [HS_STATE_NOT_THIS_VEHICLE] = "not_this_vehicle",
    [HS_STATE_ACKNOWLEDGED] = "acknowledged",
    [HS_STATE_NO_RESOURCE] = "no_resource",
    [HS_STATE_HANDED_OVER] = "handed_over",
    [HS_STATE_WITHDRAWN] = "withdrawn",
    [HS_STATE_NO_ROUTE] = "no_route",
    [HS_STATE_INTELLIGENCE] = "intelligence",
    [HS_STATE_ESCALATED] = "escalated",
    [HS_STATE_NO_ANSWER] = "no_answer",
};

const char *hs_report_state_name(enum hs_report_state state)
{
    return state_names[state];
}

uint64_t hs_report_unattended(const struct hs_report_row *row)
{
    uint64_t count = 0;
    for (unsigned i = HS_STATES_ATTENDED; i < HS_REPORT_STATES; i++) {
        count += row->states[i];
    }
    return count;
}

// ------------------------------------------------------------------ order

static int by_hour_and_name(const void *a, const void *b)
{
    const struct hs_report_row *x = a, *y = b;
    return x->hour_ms != y->hour_ms ? (x->hour_ms > y->hour_ms) - (x->hour_ms < y->hour_ms)
                                    : hs_str_cmp(x->name, y->name);
}

static int sort_rows(struct hs_report *report, enum hs_report_by by)
{
    const struct tally_row *rows = report->rows.rows;
    size_t count = 0;
    struct hs_report_row *sorted = calloc(report->rows.count + 1, sizeof(*sorted));
    if (!sorted) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < report->rows.count; i++) {
        if (rows[i].by == by) {
            sorted[count] = rows[i].row;
            sorted[count++].name = hs_names_text(&report->names, rows[i].name);
        }
    }
    qsort(sorted, count, sizeof(*sorted), by_hour_and_name);
    struct hs_report_row *fit = realloc(sorted, (count + 1) * sizeof(*sorted));
    report->sorted[by] = fit ? fit : sorted;
    report->sorted_count[by] = count;
    return 0;
}

static uint64_t refused(const struct hs_report *report)
{
    const struct hs_row_table *tables[] = {&report->rows,      &report->sites, &report->cells,
                                           &report->incidents, &report->told,  &report->outcomes,
                                           &report->queues,    &report->times, &report->names.rows};
    const struct hs_key_set *sets[] = {&report->hits, &report->alerts, &report->feedback,
                                       &report->pairs};
    uint64_t count = 0;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        count += tables[i]->refused;
    }
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        count += sets[i]->refused;
    }
    return count;
}

int hs_report_finish(struct hs_report *report)
{
    hs_tally_row(report, HS_BY_ALL, HS_NAME_NONE, 0); // there is a total, if of nothing
    hs_tally_end_outcomes(report);
    hs_tally_end_incidents(report);
    int rc = hs_tally_end_places(report);
    for (unsigned by = 0; rc == 0 && by < HS_REPORT_BYS; by++) {
        rc = sort_rows(report, (enum hs_report_by)by);
    }
    report->left_out.beyond_bounds += refused(report);
    return rc;
}

// ------------------------------------------------------------------ showing

const struct hs_report_row *hs_report_rows(const struct hs_report *report, enum hs_report_by by,
                                           size_t *ret_count)
{
    *ret_count = report->sorted_count[by];
    return report->sorted[by];
}

const struct hs_report_row *hs_report_total(const struct hs_report *report)
{
    return report->sorted[HS_BY_ALL];
}

const struct hs_report_site *hs_report_sites(const struct hs_report *report, size_t *ret_count)
{
    *ret_count = report->site_count;
    return report->site_rows;
}

const struct hs_report_meeting *hs_report_meetings(const struct hs_report *report,
                                                   size_t *ret_count)
{
    *ret_count = report->meeting_count;
    return report->meetings;
}

const struct hs_report_times *hs_report_times(const struct hs_report *report,
                                              const struct hs_str *force)
{
    if (!force) {
        return &report->all_times;
    }
    for (uint32_t i = 0; i < report->names.rows.count; i++) {
        if (hs_str_eq(hs_names_text(&report->names, i), *force)) {
            return hs_row_table_find(&report->times, hs_key_of(0, i, 0));
        }
    }
    return NULL;
}

const struct hs_report_left_out *hs_report_left_out(const struct hs_report *report)
{
    return &report->left_out;
}
