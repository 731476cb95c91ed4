// SPDX-License-Identifier: Apache-2.0
/*
 * hitctl profile: groups, lines, vehicles, harm, what nobody attended to and safeguarding of a
 * district in a quarter, for its local profile; and the same for a partner.
 */
#include "base/civil.h"
#include "base/error.h"
#include "hitctl/controls_edit.h"
#include "hitctl/group_text.h"
#include "hitctl/profile_partner.h"
#include "hitctl/report_json.h"
#include "hitctl/report_options.h"
#include "hitctl/report_text.h"
#include "hitctl/sight.h"

static const struct hitctl_option profile_options[] = {
    {"district", HITCTL_TEXT, HITCTL_REPORT_AT(district), "NAME",
     "as groups name it, and as cameras name their area; needed"},
    {"quarter", HITCTL_TEXT, HITCTL_REPORT_AT(quarter), "2026Q1", "by London's days; needed"},
    {"partner", HITCTL_TEXT, HITCTL_REPORT_AT(partner), "QUEUE",
     "what this queue's field policy allows, small counts left out"},
    HITCTL_REPORT_OPTIONS,
    HITCTL_SIGHT_OPTION(struct hitctl_report_options),
    {0},
};

// A run of the command.
struct run {
    const struct hitctl *ctl;
    struct hitctl_sight sight;
    const struct hitctl_report_options *options;
    enum hitctl_report_format format;
    struct hitctl_report_span span;
    int64_t from_ms, to_ms;        // of the quarter
    const struct hs_queue *policy; // of the partner; NULL: for the police
    const struct hs_controls *controls;
};

// "2026Q1" or "2026-Q1": the instants at which it begins and the next one does, in London.
static int take_quarter(const char *text, struct run *run)
{
    unsigned year, quarter;
    int end = 0;
    if (!text ||
        (sscanf(text, "%4u-Q%1u%n", &year, &quarter, &end) != 2 &&
         sscanf(text, "%4uQ%1u%n", &year, &quarter, &end) != 2) ||
        text[end] != '\0' || year < 1996 || quarter < 1 || quarter > 4) {
        hitctl_error("--quarter '%s': allowed are quarters as 2026Q1", text ? text : "");
        return HITCTL_USAGE;
    }
    unsigned next_year = quarter == 4 ? year + 1 : year;
    unsigned next_month = quarter == 4 ? 1 : 3 * quarter + 1;
    if (hs_civil_day_start_ms(year * 10000 + (3 * quarter - 2) * 100 + 1, &run->from_ms) != 0 ||
        hs_civil_day_start_ms(next_year * 10000 + next_month * 100 + 1, &run->to_ms) != 0) {
        hitctl_error("--quarter '%s' is none", text);
        return HITCTL_USAGE;
    }
    return HITCTL_OK;
}

static int take_partner(struct run *run)
{
    const char *name = run->options->partner;
    if (!name) {
        return HITCTL_OK;
    }
    run->policy = hs_routes_find(hs_controls_routes(run->controls), hs_str(name));
    if (!run->policy || !run->policy->reduced) {
        hitctl_error("--partner '%s': there is no such queue with a field policy ('disclose')",
                     name);
        return HITCTL_REFUSED;
    }
    if (run->options->covert) {
        hitctl_error("--partner and --covert: a partner never knows of a covert list");
        return HITCTL_REFUSED;
    }
    return HITCTL_OK;
}

static bool sees(void *ctx, const struct hs_audience *audience)
{
    return hitctl_sight_allows(ctx, audience);
}

// ------------------------------------------------------------------ printing

// What the controls say of a group beside what was counted of it.
static json_t *group_rows_json(const struct run *run, const struct hs_report *report)
{
    const struct hs_groups *groups = hs_controls_groups(run->controls);
    json_t *rows = report_rows_json(report, HS_BY_GROUP);
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        const struct hs_group *group =
            hs_groups_find(groups, hs_str(json_string_value(json_object_get(row, "group"))));
        if (group && group_visible(run->ctl, group)) {
            json_object_set_new(row, "described", group_json(group));
        }
    }
    return rows;
}

// Groups of the district that were not met.
static json_t *unseen_json(const struct run *run, const struct hs_report *report)
{
    const struct hs_groups *groups = hs_controls_groups(run->controls);
    json_t *rows = json_array();
    size_t count;
    const struct hs_report_row *seen = hs_report_rows(report, HS_BY_GROUP, &count);
    for (size_t i = 0; i < hs_groups_count(groups); i++) {
        const struct hs_group *group = hs_groups_at(groups, i);
        size_t k = 0;
        while (k < count && !hs_str_eq(seen[k].name, group->id)) {
            k++;
        }
        if (k == count && hs_str_is(group->district, run->options->district) &&
            group_visible(run->ctl, group)) {
            json_array_append_new(rows, group_json(group));
        }
    }
    return rows;
}

static json_t *as_json(const struct run *run, const struct hs_report *report)
{
    json_t *object = json_object();
    json_object_set_new(object, "report", json_string("profile"));
    json_object_set_new(object, "district", report_text_json(hs_str(run->options->district)));
    json_object_set_new(object, "quarter", json_string(run->options->quarter));
    report_set_instant(object, "from", run->from_ms);
    report_set_instant(object, "to", run->to_ms);
    report_set_instant(object, "as_of", run->span.as_of_ms);
    if (run->policy) {
        profile_partner_json(report, hs_controls_groups(run->controls), run->policy, object);
        return object;
    }
    json_object_set_new(object, "totals", report_total_json(report));
    json_object_set_new(object, "times", report_times_json(hs_report_times(report, NULL)));
    json_object_set_new(object, "groups", group_rows_json(run, report));
    json_object_set_new(object, "groups_not_met", unseen_json(run, report));
    json_object_set_new(object, "lines", report_rows_json(report, HS_BY_LINE));
    json_object_set_new(object, "forces", report_rows_json(report, HS_BY_FORCE));
    json_object_set_new(object, "roads", report_rows_json(report, HS_BY_ROAD));
    json_object_set_new(object, "hot_spots", report_sites_json(report, (size_t)run->options->top));
    json_object_set_new(object, "left_out", report_left_out_json(report));
    return object;
}

static void as_text(const struct run *run, const struct hs_report *report)
{
    printf("%s, %s%s%s\n", run->options->district, run->options->quarter,
           run->policy ? ", for " : "", run->policy ? run->options->partner : "");
    if (run->policy) {
        profile_partner_text(report, hs_controls_groups(run->controls), run->policy, stdout);
        return;
    }
    report_print_totals(report, stdout);
    report_print_harm(report, HS_BY_GROUP, "GROUP", stdout);
    report_print_harm(report, HS_BY_LINE, "COUNTY LINE", stdout);
    report_print_harm(report, HS_BY_FORCE, "FORCE", stdout);
    report_print_outcomes(report, HS_BY_GROUP, stdout);
    report_print_sites(report, (size_t)run->options->top, stdout);
}

// ------------------------------------------------------------------ running

static int make(struct run *run)
{
    const struct hs_report_config config = {
        .controls = run->controls,
        .district = hs_str(run->options->district),
        .from_ms = run->from_ms,
        .to_ms = run->to_ms,
        .sees = sees,
        .ctx = &run->sight,
    };
    struct hs_report *report = NULL;
    int rc = hs_report_new(&config, &report);
    if (rc != 0) {
        hitctl_error("%s", hs_strerror(rc));
        return HITCTL_FAILED;
    }
    int code = hitctl_report_read(run->ctl, hs_controls_routes(run->controls), &run->span, report);
    if (code == HITCTL_OK && run->format == HITCTL_REPORT_TEXT) {
        as_text(run, report);
    } else if (code == HITCTL_OK) {
        code = hitctl_report_print(as_json(run, report), run->format);
    }
    hs_report_free(report);
    return code;
}

// Who looked at which district, as far as a record holds it.
static int put_on_record(const struct run *run)
{
    char about[128];
    snprintf(about, sizeof(about), "%s %s%s%s", run->options->district, run->options->quarter,
             run->options->partner ? " for " : "",
             run->options->partner ? run->options->partner : "");
    return hitctl_sight_log_about(&run->sight, about);
}

static int profile_run(struct hitctl *ctl, int argc, char **argv)
{
    struct hitctl_report_options options = {.top = HITCTL_REPORT_TOP};
    struct run run = {.ctl = ctl, .options = &options};
    struct controls_edit head = {0};
    int words = hitctl_options_parse(profile_options, &options, argc, argv);
    if (words != 0 || !options.district || !*options.district) {
        if (words >= 0) {
            hitctl_error("--district and --quarter are needed, and no words");
        }
        return HITCTL_USAGE;
    }
    int code = take_quarter(options.quarter, &run);
    code = code ? code : hitctl_report_format_of(ctl, options.format, &run.format);
    code = code ? code : hitctl_report_span_of(&options, run.from_ms, &run.span);
    code = code ? code : hitctl_sight_open(ctl, options.covert, &run.sight);
    code = code ? code : controls_edit_begin(ctl, NULL, &head);
    run.controls = head.head.controls;
    code = code ? code : take_partner(&run);
    code = code ? code : put_on_record(&run);
    code = code ? code : make(&run);
    controls_edit_end(&head);
    return code;
}

const struct hitctl_command hitctl_profile_commands[] = {
    {NULL, "profile", "--district NAME --quarter 2026Q1 [--partner QUEUE] [--format text|json|csv]",
     "a district's groups, lines, harm and what nobody attended to, in a quarter", profile_run,
     profile_options},
    {0},
};
