// SPDX-License-Identifier: Apache-2.0
//
// A report under way: rows, and what hits add to them.
#include "report/tally.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"

uint64_t hs_tally_id_key(const struct hs_id *id)
{
    uint64_t key;
    memcpy(&key, id->bytes, sizeof(key));
    return key ? key : 1;
}

struct hs_report_row *hs_tally_row(struct hs_report *report, enum hs_report_by by, uint32_t name,
                                   int64_t hour_ms)
{
    bool is_new;
    struct tally_row *row =
        hs_row_table_at(&report->rows, hs_key_of(by, name, (uint64_t)hour_ms), &is_new);
    if (row && is_new) {
        row->by = by;
        row->name = name;
        row->row.hour_ms = hour_ms;
    }
    return row ? &row->row : NULL;
}

const struct tally_queue *hs_tally_queue(struct hs_report *report, uint32_t queue)
{
    static const struct tally_queue none = {.known = true, .force = HS_NAME_NONE};
    bool is_new;
    struct tally_queue *row = hs_row_table_at(&report->queues, hs_key_of(0, queue, 0), &is_new);
    if (row && is_new) {
        const struct hs_queue *desk = hs_routes_find(hs_controls_routes(report->config.controls),
                                                     hs_names_text(&report->names, queue));
        row->known = desk != NULL;
        row->live = desk && desk->kind == HS_QUEUE_LIVE;
        row->force = hs_names_number(&report->names, desk ? desk->owner_force : HS_STR(""));
    }
    return row ? row : &none;
}

struct hs_report_times *hs_tally_times(struct hs_report *report, uint32_t force)
{
    return hs_row_table_at(&report->times, hs_key_of(0, force, 0), NULL);
}

// ------------------------------------------------------------------ hits

static void count_hit(struct hs_report *report, enum hs_report_by by, uint32_t name,
                      int64_t hour_ms, uint64_t vehicle)
{
    struct hs_report_row *row = hs_tally_row(report, by, name, hour_ms);
    if (!row) {
        return;
    }
    uint64_t pair = hs_key_of(HS_REPORT_BYS + by, vehicle, hs_key_of(by, name, (uint64_t)hour_ms));
    row->hits++;
    row->vehicles += hs_key_set_add(&report->pairs, pair) == HS_KEY_NEW;
}

static uint64_t site_key(uint32_t site, uint32_t road, uint32_t force)
{
    return hs_key_of(1, site, (uint64_t)road << 32 | force);
}

static void count_site(struct hs_report *report, const struct hs_hit_view *hit, uint32_t road,
                       uint32_t force, uint64_t vehicle)
{
    enum { PAIR_SITE = 1000, PAIR_CELL };
    bool is_new;
    int64_t hour = hit->captured_at_ms / HS_MS_PER_HOUR;
    uint32_t name = hs_names_number(&report->names, hit->place.site_id);
    uint64_t key = site_key(name, road, force);
    struct tally_site *site = hs_row_table_at(&report->sites, key, &is_new);
    if (!site) {
        return;
    }
    uint32_t number = (uint32_t)(site - (struct tally_site *)report->sites.rows);
    struct tally_cell *cell =
        hs_row_table_at(&report->cells, hs_key_of(2, number, (uint64_t)hour), NULL);
    site->site = name;
    site->road = road;
    site->force = force;
    site->hits++;
    site->vehicles +=
        hs_key_set_add(&report->pairs, hs_key_of(PAIR_SITE, vehicle, key)) == HS_KEY_NEW;
    if (hit->flow_window_ms > 0) {
        site->traffic += (uint64_t)hit->flow_vehicles * HS_MS_PER_HOUR / hit->flow_window_ms;
        site->traffic_known++;
    }
    uint64_t pass = hs_key_of(PAIR_CELL, vehicle, hs_key_of(2, key, (uint64_t)hour));
    if (cell && hs_key_set_add(&report->pairs, pass) == HS_KEY_NEW) {
        cell->site = number;
        cell->hour = hour;
        cell->vehicles++;
        site->passes++;
    }
}

void hs_tally_hit(struct hs_report *report, const struct hs_hit_view *hit)
{
    if (!hs_scope_hit(report, hit)) {
        return;
    }
    if (hs_key_set_add(&report->hits, hs_tally_id_key(&hit->id)) == HS_KEY_KNOWN) {
        report->left_out.hits_repeated++;
        return;
    }
    struct hs_names *names = &report->names;
    uint64_t vehicle = hs_key_of_text(hit->vehicle);
    uint32_t road = hs_names_number(names, hit->place.road);
    uint32_t force = hs_names_number(names, hit->place.force);
    int64_t hour_ms = hit->captured_at_ms - hit->captured_at_ms % HS_MS_PER_HOUR;
    count_hit(report, HS_BY_ALL, HS_NAME_NONE, 0, vehicle);
    count_hit(report, HS_BY_HOUR, HS_NAME_NONE, hour_ms, vehicle);
    count_hit(report, HS_BY_ROAD, road, 0, vehicle);
    count_hit(report, HS_BY_FORCE, force, 0, vehicle);
    count_hit(report, HS_BY_LIST, hs_names_number(names, hit->list_id), 0, vehicle);
    if (hit->entry.group_id.len > 0) {
        count_hit(report, HS_BY_GROUP, hs_names_number(names, hit->entry.group_id), 0, vehicle);
    }
    if (hit->entry.county_line.len > 0) {
        count_hit(report, HS_BY_LINE, hs_names_number(names, hit->entry.county_line), 0, vehicle);
    }
    count_site(report, hit, road, force, vehicle);
}

// ------------------------------------------------------------------ life

static struct hs_row_table table_of(size_t row_bytes, size_t max)
{
    return (struct hs_row_table){.row_bytes = row_bytes, .max = max};
}

int hs_report_new(const struct hs_report_config *config, struct hs_report **ret_report)
{
    struct hs_report *report = calloc(1, sizeof(*report));
    if (!report) {
        return HS_ENOMEM;
    }
    report->config = *config;
    report->hits.max = HS_REPORT_HITS_MAX;
    report->alerts.max = HS_REPORT_ALERTS_MAX;
    report->feedback.max = HS_REPORT_TOLD_MAX;
    report->pairs.max = HS_REPORT_PAIRS_MAX;
    report->names.rows = table_of(sizeof(struct hs_str), HS_REPORT_NAMES_MAX);
    report->rows = table_of(sizeof(struct tally_row), HS_REPORT_ROWS_MAX);
    report->sites = table_of(sizeof(struct tally_site), HS_REPORT_ROWS_MAX);
    report->cells = table_of(sizeof(struct tally_cell), HS_REPORT_CELLS_MAX);
    report->incidents = table_of(sizeof(struct tally_incident), HS_REPORT_INCIDENTS_MAX);
    report->told = table_of(sizeof(struct tally_told), HS_REPORT_TOLD_MAX);
    report->outcomes = table_of(sizeof(struct tally_outcome), HS_REPORT_OUTCOMES_MAX);
    report->queues = table_of(sizeof(struct tally_queue), HS_ROUTE_QUEUES_MAX);
    report->times = table_of(sizeof(struct hs_report_times), HS_REPORT_FORCES_MAX);
    *ret_report = report;
    return 0;
}

void hs_report_free(struct hs_report *report)
{
    if (!report) {
        return;
    }
    struct hs_key_set *sets[] = {&report->hits, &report->alerts, &report->feedback, &report->pairs};
    struct hs_row_table *tables[] = {&report->rows,      &report->sites, &report->cells,
                                     &report->incidents, &report->told,  &report->outcomes,
                                     &report->queues,    &report->times};
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        hs_key_set_fini(sets[i]);
    }
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        hs_row_table_fini(tables[i]);
    }
    for (size_t i = 0; i < HS_REPORT_BYS; i++) {
        free(report->sorted[i]);
    }
    hs_names_fini(&report->names);
    free(report->site_rows);
    free(report->meetings);
    free(report);
}

int hs_report_event(struct hs_report *report, const struct hs_report_record *record)
{
    struct hs_event_view view;
    int rc = hs_event_view(record->value, &view);
    if (rc != 0) {
        report->left_out.malformed++;
    } else if (view.kind == HS_VIEW_HIT) {
        hs_tally_hit(report, &view.hit);
    } else if (view.kind == HS_VIEW_FEEDBACK) {
        hs_tally_feedback(report, &view.feedback, record->append_time_ms);
    }
    return rc;
}

int hs_report_alert(struct hs_report *report, const char *queue,
                    const struct hs_report_record *record)
{
    struct hs_alert_view view;
    int rc = hs_alert_view(record->value, &view);
    if (rc != 0) {
        report->left_out.malformed++;
        return rc;
    }
    hs_tally_alert(report, queue, &view, record->append_time_ms);
    return 0;
}
