// SPDX-License-Identifier: Apache-2.0
#include "hitctl/operation_report.h"

#include "base/error.h"
#include "hitctl/controls_edit.h"
#include "hitctl/operation_text.h"
#include "hitctl/report_json.h"
#include "hitctl/report_options.h"
#include "hitctl/report_text.h"
#include "hitctl/sight.h"

const struct hitctl_option operation_report_options[] = {
    HITCTL_REPORT_OPTIONS,
    HITCTL_SIGHT_OPTION(struct hitctl_report_options),
    {0},
};

// A run of the command.
struct run {
    struct hitctl *ctl;
    struct hitctl_sight sight;
    enum hitctl_report_format format;
    size_t top;
    const struct hs_operation *operation;
    struct hitctl_report_span span;
};

static bool sees(void *ctx, const struct hs_audience *audience)
{
    return hitctl_sight_allows(ctx, audience);
}

// ------------------------------------------------------------------ printing

static json_t *as_json(const struct run *run, const struct hs_report *report)
{
    static const struct {
        const char *key;
        enum hs_report_by by;
    } tables[] = {{"hours", HS_BY_HOUR}, {"roads", HS_BY_ROAD},   {"forces", HS_BY_FORCE},
                  {"lists", HS_BY_LIST}, {"groups", HS_BY_GROUP}, {"lines", HS_BY_LINE}};
    json_t *object = json_object();
    json_object_set_new(object, "report", json_string("operation"));
    json_t *operation = operation_json(run->ctl, run->operation, run->operation->to_ms);
    json_object_del(operation, "state"); // of a clock: the same log gives the same bytes
    json_object_set_new(object, "operation", operation);
    report_set_instant(object, "as_of", run->span.as_of_ms);
    json_object_set_new(object, "totals", report_total_json(report));
    json_object_set_new(object, "times", report_times_json(hs_report_times(report, NULL)));
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        json_object_set_new(object, tables[i].key, report_rows_json(report, tables[i].by));
    }
    json_object_set_new(object, "hot_spots", report_sites_json(report, run->top));
    json_object_set_new(object, "meetings", report_meetings_json(report, run->top));
    json_object_set_new(object, "left_out", report_left_out_json(report));
    return object;
}

static void as_text(const struct run *run, const struct hs_report *report)
{
    operation_print(run->ctl, run->operation, OPERATION_NO_TIME, stdout);
    report_print_totals(report, stdout);
    report_print_rows(report, HS_BY_FORCE, "FORCE", stdout);
    report_print_outcomes(report, HS_BY_FORCE, stdout);
    report_print_rows(report, HS_BY_ROAD, "ROAD", stdout);
    report_print_rows(report, HS_BY_HOUR, "HOUR", stdout);
    report_print_rows(report, HS_BY_GROUP, "GROUP", stdout);
    report_print_sites(report, run->top, stdout);
    report_print_meetings(report, run->top, stdout);
}

// ------------------------------------------------------------------ running

static int make(struct run *run, const struct hs_controls *controls)
{
    const struct hs_report_config config = {
        .controls = controls,
        .operation = run->operation,
        .from_ms = run->operation->from_ms,
        .to_ms = run->operation->to_ms,
        .sees = sees,
        .ctx = &run->sight,
    };
    struct hs_report *report = NULL;
    int rc = hs_report_new(&config, &report);
    if (rc != 0) {
        hitctl_error("%s", hs_strerror(rc));
        return HITCTL_FAILED;
    }
    int code = hitctl_report_read(run->ctl, hs_controls_routes(controls), &run->span, report);
    if (code == HITCTL_OK && run->format == HITCTL_REPORT_TEXT) {
        as_text(run, report);
    } else if (code == HITCTL_OK) {
        code = hitctl_report_print(as_json(run, report), run->format);
    }
    hs_report_free(report);
    return code;
}

static int find(struct run *run, const struct hs_controls *controls, const char *id)
{
    run->operation = hs_routes_find_operation(hs_controls_routes(controls), hs_str(id));
    if (!run->operation || !operation_visible(run->ctl, run->operation)) {
        hitctl_error("there is no operation '%s'", id);
        return HITCTL_REFUSED;
    }
    return HITCTL_OK;
}

int operation_report_run(struct hitctl *ctl, int argc, char **argv)
{
    struct hitctl_report_options options = {.top = HITCTL_REPORT_TOP};
    struct run run = {.ctl = ctl};
    struct controls_edit head = {0};
    int words = hitctl_options_parse(operation_report_options, &options, argc, argv);
    if (words != 1) {
        if (words >= 0) {
            hitctl_error("one operation's id is expected");
        }
        return HITCTL_USAGE;
    }
    run.top = (size_t)options.top;
    int code = hitctl_report_format_of(ctl, options.format, &run.format);
    code = code ? code : hitctl_sight_open(ctl, options.covert, &run.sight);
    code = code ? code : controls_edit_begin(ctl, NULL, &head);
    code = code ? code : find(&run, head.head.controls, argv[1]);
    code = code ? code : hitctl_report_span_of(&options, run.operation->from_ms, &run.span);
    code = code ? code : hitctl_sight_log_about(&run.sight, argv[1]);
    code = code ? code : make(&run, head.head.controls);
    controls_edit_end(&head);
    return code;
}
