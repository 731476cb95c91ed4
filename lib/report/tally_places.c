// SPDX-License-Identifier: Apache-2.0
//
// Places: sites beside what their traffic would lead one to expect, and where a unit would have met
// most listed vehicles.
#include <stdlib.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "report/tally.h"

static int by_place(struct hs_str site_a, struct hs_str road_a, struct hs_str force_a,
                    struct hs_str site_b, struct hs_str road_b, struct hs_str force_b)
{
    int order = hs_str_cmp(site_a, site_b);
    order = order ? order : hs_str_cmp(road_a, road_b);
    return order ? order : hs_str_cmp(force_a, force_b);
}

// ------------------------------------------------------------------ sites

static int by_excess(const void *a, const void *b)
{
    const struct hs_report_site *x = a, *y = b;
    int64_t more_x = (int64_t)(x->passes * 1000) - (int64_t)x->expected_milli;
    int64_t more_y = (int64_t)(y->passes * 1000) - (int64_t)y->expected_milli;
    if (more_x != more_y) {
        return more_x < more_y ? 1 : -1;
    }
    return by_place(x->site_id, x->road, x->force, y->site_id, y->road, y->force);
}

static uint64_t traffic_of(const struct tally_site *site)
{
    return site->traffic_known > 0 ? site->traffic / site->traffic_known : 0;
}

// Shares all passes out by traffic; a site whose traffic is not known counts as the mean of those
// whose is.
static void expect(struct hs_report *report)
{
    const struct tally_site *sites = report->sites.rows;
    uint64_t passes = 0, traffic = 0, known = 0, weights = 0;
    for (size_t i = 0; i < report->site_count; i++) {
        passes += sites[i].passes;
        traffic += traffic_of(&sites[i]);
        known += traffic_of(&sites[i]) > 0;
    }
    uint64_t usual = known > 0 ? (traffic + known - 1) / known : 1;
    weights = traffic + (report->site_count - known) * usual;
    for (size_t i = 0; i < report->site_count; i++) {
        struct hs_report_site *row = &report->site_rows[i];
        uint64_t weight = traffic_of(&sites[i]) > 0 ? traffic_of(&sites[i]) : usual;
        row->traffic_per_hour = (uint32_t)traffic_of(&sites[i]);
        row->expected_milli =
            (uint64_t)((__uint128_t)passes * 1000 * weight / (weights > 0 ? weights : 1));
    }
}

static int end_sites(struct hs_report *report)
{
    const struct tally_site *sites = report->sites.rows;
    report->site_count = report->sites.count;
    report->site_rows = calloc(report->site_count + 1, sizeof(*report->site_rows));
    if (!report->site_rows) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < report->site_count; i++) {
        report->site_rows[i] = (struct hs_report_site){
            .site_id = hs_names_text(&report->names, sites[i].site),
            .road = hs_names_text(&report->names, sites[i].road),
            .force = hs_names_text(&report->names, sites[i].force),
            .hits = sites[i].hits,
            .vehicles = sites[i].vehicles,
            .passes = sites[i].passes,
        };
    }
    expect(report);
    return 0;
}

// ------------------------------------------------------------------ meetings

static int by_vehicles(const void *a, const void *b)
{
    const struct hs_report_meeting *x = a, *y = b;
    if (x->vehicles != y->vehicles) {
        return x->vehicles < y->vehicles ? 1 : -1;
    }
    int order = by_place(x->site_id, x->road, x->force, y->site_id, y->road, y->force);
    return order ? order : (x->hour > y->hour) - (x->hour < y->hour);
}

// Cells of one site and one hour of the day are one meeting.
static int end_meetings(struct hs_report *report)
{
    const struct tally_cell *cells = report->cells.rows;
    struct hs_row_table table = {.row_bytes = sizeof(struct hs_report_meeting),
                                 .max = HS_REPORT_CELLS_MAX};
    for (size_t i = 0; i < report->cells.count; i++) {
        unsigned hour = hs_civil_london(cells[i].hour * HS_MS_PER_HOUR).hour;
        struct hs_report_meeting *row =
            cells[i].vehicles > 0 ? hs_row_table_at(&table, hs_key_of(5, cells[i].site, hour), NULL)
                                  : NULL;
        if (row) {
            row->site_id = report->site_rows[cells[i].site].site_id;
            row->road = report->site_rows[cells[i].site].road;
            row->force = report->site_rows[cells[i].site].force;
            row->hour = hour;
            row->vehicles += cells[i].vehicles;
            row->most = cells[i].vehicles > row->most ? cells[i].vehicles : row->most;
            row->days++;
        }
    }
    report->meetings = table.rows;
    report->meeting_count = table.count;
    report->left_out.beyond_bounds += table.refused;
    table.rows = NULL;
    hs_row_table_fini(&table);
    return 0;
}

int hs_tally_end_places(struct hs_report *report)
{
    int rc = end_sites(report);
    rc = rc ? rc : end_meetings(report);
    if (rc == 0) { // meetings refer to sites by number until now
        qsort(report->site_rows, report->site_count, sizeof(*report->site_rows), by_excess);
        if (report->meeting_count > 0) {
            qsort(report->meetings, report->meeting_count, sizeof(*report->meetings), by_vehicles);
        }
    }
    return rc;
}
