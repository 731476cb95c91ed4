// SPDX-License-Identifier: Apache-2.0
#include "hitctl/report_json.h"

#include "base/civil.h"

static void set_count(json_t *object, const char *key, uint64_t count)
{
    json_object_set_new(object, key, json_integer((json_int_t)count));
}

json_t *report_text_json(struct hs_str text)
{
    json_t *value = json_stringn(text.ptr ? text.ptr : "", text.len);
    return value ? value : json_string("?"); // no UTF-8
}

void report_set_instant(json_t *object, const char *key, int64_t at_ms)
{
    char text[HS_CIVIL_TEXT_BYTES];
    if (at_ms != INT64_MAX) {
        hs_civil_format(at_ms, text);
        json_object_set_new(object, key, json_string(text));
    }
}

// ------------------------------------------------------------------ rows

static void set_states(json_t *object, const struct hs_report_row *row, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        set_count(object, hs_report_state_name((enum hs_report_state)i), row->states[i]);
    }
}

static json_t *outcomes_json(const struct hs_report_row *row)
{
    json_t *object = json_object();
    for (size_t i = 0; i < HS_OUTCOME_COUNTS; i++) {
        set_count(object, hs_outcome_rows[i].name, row->outcomes[i]);
    }
    return object;
}

static json_t *safeguarding_json(const struct hs_report_row *row)
{
    static const char *const names[HS_SAFEGUARDING_LEVELS] = {NULL, "vulnerable_adult", "missing",
                                                              "exploited_child"};
    json_t *object = json_object();
    uint64_t all = 0;
    for (size_t i = 1; i < HS_SAFEGUARDING_LEVELS; i++) {
        set_count(object, names[i], row->safeguarding[i]);
        all += row->safeguarding[i];
    }
    set_count(object, "incidents", all);
    set_count(object, "unattended", row->safeguarding_unattended);
    return object;
}

static json_t *harm_json(const struct hs_report_row *row)
{
    json_t *object = json_object();
    set_count(object, "sum", row->harm);
    set_count(object, "unattended", row->harm_unattended);
    set_count(object, "worst", row->harm_worst);
    return object;
}

json_t *report_unattended_json(const struct hs_report_row *row)
{
    json_t *object = json_object();
    set_count(object, "incidents", hs_report_unattended(row));
    set_states(object, row, HS_STATES_ATTENDED, HS_REPORT_STATES);
    return object;
}

static json_t *attended_json(const struct hs_report_row *row)
{
    json_t *object = json_object();
    set_count(object, "incidents", row->incidents - hs_report_unattended(row));
    set_states(object, row, 0, HS_STATES_ATTENDED);
    return object;
}

// Hours and roads say how much was seen, the others also what became of it.
static void set_counts(json_t *object, const struct hs_report_row *row, enum hs_report_by by)
{
    set_count(object, "hits", row->hits);
    set_count(object, "vehicles", row->vehicles);
    set_count(object, "incidents", row->incidents);
    if (by == HS_BY_HOUR || by == HS_BY_ROAD) {
        set_count(object, "unattended", hs_report_unattended(row));
        return;
    }
    json_object_set_new(object, "attended", attended_json(row));
    json_object_set_new(object, "unattended", report_unattended_json(row));
    json_object_set_new(object, "harm", harm_json(row));
    json_object_set_new(object, "safeguarding", safeguarding_json(row));
    if (by == HS_BY_ALL || by == HS_BY_FORCE) {
        set_count(object, "alerts", row->alerts);
        set_count(object, "told", row->told);
        set_count(object, "answered", row->answered);
    }
    if (by != HS_BY_LIST) {
        json_object_set_new(object, "outcomes", outcomes_json(row));
    }
}

json_t *report_rows_json(const struct hs_report *report, enum hs_report_by by)
{
    static const char *const keys[HS_REPORT_BYS] = {"",     "hour",  "road", "force",
                                                    "list", "group", "line"};
    json_t *array = json_array();
    size_t count;
    const struct hs_report_row *rows = hs_report_rows(report, by, &count);
    for (size_t i = 0; i < count; i++) {
        json_t *object = json_object();
        if (by == HS_BY_HOUR) {
            report_set_instant(object, keys[by], rows[i].hour_ms);
        } else {
            json_object_set_new(object, keys[by], report_text_json(rows[i].name));
        }
        set_counts(object, &rows[i], by);
        const struct hs_report_times *times =
            by == HS_BY_FORCE ? hs_report_times(report, &rows[i].name) : NULL;
        if (times) {
            json_object_set_new(object, "times", report_times_json(times));
        }
        json_array_append_new(array, object);
    }
    return array;
}

json_t *report_total_json(const struct hs_report *report)
{
    json_t *object = json_object();
    set_counts(object, hs_report_total(report), HS_BY_ALL);
    return object;
}

// ------------------------------------------------------------------ places

static json_t *place_json(struct hs_str site, struct hs_str road, struct hs_str force)
{
    json_t *object = json_object();
    json_object_set_new(object, "site", report_text_json(site));
    json_object_set_new(object, "road", report_text_json(road));
    json_object_set_new(object, "force", report_text_json(force));
    return object;
}

json_t *report_sites_json(const struct hs_report *report, size_t top)
{
    json_t *array = json_array();
    size_t count;
    const struct hs_report_site *sites = hs_report_sites(report, &count);
    for (size_t i = 0; i < count && i < top; i++) {
        const struct hs_report_site *site = &sites[i];
        json_t *object = place_json(site->site_id, site->road, site->force);
        set_count(object, "hits", site->hits);
        set_count(object, "vehicles", site->vehicles);
        set_count(object, "passes", site->passes);
        set_count(object, "expected_milli", site->expected_milli);
        set_count(object, "traffic_per_hour", site->traffic_per_hour);
        json_array_append_new(array, object);
    }
    return array;
}

json_t *report_meetings_json(const struct hs_report *report, size_t top)
{
    json_t *array = json_array();
    size_t count;
    const struct hs_report_meeting *meetings = hs_report_meetings(report, &count);
    for (size_t i = 0; i < count && i < top; i++) {
        json_t *object = place_json(meetings[i].site_id, meetings[i].road, meetings[i].force);
        set_count(object, "hour", meetings[i].hour);
        set_count(object, "vehicles", meetings[i].vehicles);
        set_count(object, "most", meetings[i].most);
        set_count(object, "days", meetings[i].days);
        json_array_append_new(array, object);
    }
    return array;
}

// ------------------------------------------------------------------ times, the rest

static json_t *spread_json(const struct hs_spread *spread)
{
    json_t *object = json_object();
    set_count(object, "count", spread->count);
    set_count(object, "p50_ms", (uint64_t)hs_spread_percentile(spread, 50));
    set_count(object, "p95_ms", (uint64_t)hs_spread_percentile(spread, 95));
    set_count(object, "p99_ms", (uint64_t)hs_spread_percentile(spread, 99));
    set_count(object, "max_ms", (uint64_t)spread->max_ms);
    return object;
}

json_t *report_times_json(const struct hs_report_times *times)
{
    json_t *object = json_object();
    json_t *read = spread_json(&times->read_to_alert);
    set_count(read, "within_4_s", times->read_to_alert.within);
    json_object_set_new(object, "read_to_alert", read);
    json_object_set_new(object, "alert_to_answer", spread_json(&times->alert_to_answer));
    return object;
}

json_t *report_left_out_json(const struct hs_report *report)
{
    const struct hs_report_left_out *left_out = hs_report_left_out(report);
    json_t *object = json_object();
    set_count(object, "malformed", left_out->malformed);
    set_count(object, "hits_repeated", left_out->hits_repeated);
    set_count(object, "alerts_repeated", left_out->alerts_repeated);
    set_count(object, "feedback_repeated", left_out->feedback_repeated);
    set_count(object, "outcomes_replaced", left_out->outcomes_replaced);
    set_count(object, "outcomes_refused", left_out->outcomes_refused);
    set_count(object, "beyond_bounds", left_out->beyond_bounds);
    return object;
}
