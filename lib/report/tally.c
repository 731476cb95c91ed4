// SPDX-License-Identifier: Apache-2.0
//
// A report under way: rows, and what hits add to them.
#include "report/tally.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"

// Kinds of pairs of a vehicle and something.
enum { PAIR_ROW = 6, PAIR_SITE, PAIR_PASS };

uint64_t hs_tally_id_key(const struct hs_id *id)
{
    uint64_t key;
    memcpy(&key, id->bytes, sizeof(key));
    return key ? key : 1;
}

// HS_NAME_NONE: no room.
static uint32_t row_number(struct hs_report *report, enum hs_report_by by, uint32_t name,
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
    return row ? (uint32_t)(row - (struct tally_row *)report->rows.rows) : (uint32_t)HS_NAME_NONE;
}

struct hs_report_row *hs_tally_row(struct hs_report *report, enum hs_report_by by, uint32_t name,
                                   int64_t hour_ms)
{
    uint32_t number = row_number(report, by, name, hour_ms);
    return number != HS_NAME_NONE ? &((struct tally_row *)report->rows.rows)[number].row : NULL;
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

// What one hit is counted for. Whether its vehicle was counted there before is looked up for all of
// them at the end, so that their memory comes at the same time.
struct counting {
    struct hs_report *report;
    uint64_t vehicle; // key
    size_t count;
    uint64_t pairs[HS_REPORT_BYS]; // keys: the vehicle and a row
    uint32_t rows[HS_REPORT_BYS];  // numbers: a new row may move the others
    uint64_t site_pair, pass;      // keys: the vehicle at a site, and there in an hour
    uint32_t site, cell;           // numbers of rows; HS_NAME_NONE: no room
};

static uint64_t pair_of(const struct counting *counting, uint64_t kind, uint64_t beside)
{
    uint64_t key = hs_key_of(kind, counting->vehicle, beside);
    hs_key_set_fetch(&counting->report->pairs, key);
    return key;
}

static void count_for(struct counting *counting, enum hs_report_by by, uint32_t name,
                      int64_t hour_ms)
{
    struct hs_report *report = counting->report;
    uint32_t number = row_number(report, by, name, hour_ms);
    if (number == HS_NAME_NONE) {
        return;
    }
    ((struct tally_row *)report->rows.rows)[number].row.hits++;
    counting->pairs[counting->count] = pair_of(counting, PAIR_ROW, number);
    counting->rows[counting->count++] = number;
}

static void count_name(struct counting *counting, enum hs_report_by by, struct hs_str name)
{
    if (name.len > 0) {
        count_for(counting, by, hs_names_number(&counting->report->names, name), 0);
    }
}

// The site's row, and that of the site and the hour.
static void count_place(struct counting *counting, const struct hs_hit_view *hit, uint32_t road,
                        uint32_t force)
{
    struct hs_report *report = counting->report;
    int64_t hour = hit->captured_at_ms / HS_MS_PER_HOUR;
    uint32_t name = hs_names_number(&report->names, hit->place.site_id);
    struct tally_site *site =
        hs_row_table_at(&report->sites, hs_key_of(1, name, (uint64_t)road << 32 | force), NULL);
    counting->site = counting->cell = HS_NAME_NONE;
    if (!site) {
        return;
    }
    counting->site = (uint32_t)(site - (struct tally_site *)report->sites.rows);
    site->site = name;
    site->road = road;
    site->force = force;
    site->hits++;
    if (hit->flow_window_ms > 0) {
        site->traffic += (uint64_t)hit->flow_vehicles * HS_MS_PER_HOUR / hit->flow_window_ms;
        site->traffic_known++;
    }
    struct tally_cell *cell =
        hs_row_table_at(&report->cells, hs_key_of(2, counting->site, (uint64_t)hour), NULL);
    if (cell) {
        counting->cell = (uint32_t)(cell - (struct tally_cell *)report->cells.rows);
        cell->site = counting->site;
        cell->hour = hour;
    }
    counting->site_pair = pair_of(counting, PAIR_SITE, counting->site);
    counting->pass = pair_of(counting, PAIR_PASS, (uint64_t)counting->site << 32 | (uint64_t)hour);
}

static bool is_new(struct counting *counting, uint64_t pair)
{
    return hs_key_set_add(&counting->report->pairs, pair) == HS_KEY_NEW;
}

// Vehicles that were not counted before.
static void count_vehicle(struct counting *counting)
{
    struct hs_report *report = counting->report;
    struct tally_row *rows = report->rows.rows;
    for (size_t i = 0; i < counting->count; i++) {
        rows[counting->rows[i]].row.vehicles += is_new(counting, counting->pairs[i]);
    }
    if (counting->site == HS_NAME_NONE) {
        return;
    }
    struct tally_site *site = &((struct tally_site *)report->sites.rows)[counting->site];
    site->vehicles += is_new(counting, counting->site_pair);
    if (counting->cell != HS_NAME_NONE && is_new(counting, counting->pass)) {
        site->passes++;
        ((struct tally_cell *)report->cells.rows)[counting->cell].vehicles++;
    }
}

void hs_tally_hit(struct hs_report *report, const struct hs_hit_view *hit)
{
    struct counting counting = {.report = report, .vehicle = hs_key_of_text(hit->vehicle)};
    uint64_t key = hs_tally_id_key(&hit->id);
    hs_key_set_fetch(&report->hits, key);
    if (!hs_scope_hit(report, hit)) {
        return;
    }
    if (hs_key_set_add(&report->hits, key) == HS_KEY_KNOWN) {
        report->left_out.hits_repeated++;
        return;
    }
    uint32_t road = hs_names_number(&report->names, hit->place.road);
    uint32_t force = hs_names_number(&report->names, hit->place.force);
    count_for(&counting, HS_BY_ALL, HS_NAME_NONE, 0);
    count_for(&counting, HS_BY_HOUR, HS_NAME_NONE,
              hit->captured_at_ms - hit->captured_at_ms % HS_MS_PER_HOUR);
    count_for(&counting, HS_BY_ROAD, road, 0);
    count_for(&counting, HS_BY_FORCE, force, 0);
    count_name(&counting, HS_BY_LIST, hit->list_id);
    count_name(&counting, HS_BY_GROUP, hit->entry.group_id);
    count_name(&counting, HS_BY_LINE, hit->entry.county_line);
    count_place(&counting, hit, road, force);
    count_vehicle(&counting);
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
