// SPDX-License-Identifier: Apache-2.0
#include "hitctl/report_options.h"

#include "base/civil.h"
#include "base/clock.h"
#include "hitctl/report_json.h"

int hitctl_report_format_of(const struct hitctl *ctl, const char *text,
                            enum hitctl_report_format *ret_format)
{
    static const char *const words[] = {"text", "json", "csv"};
    *ret_format = ctl->json ? HITCTL_REPORT_JSON : HITCTL_REPORT_TEXT;
    for (int i = 0; text && i < 3; i++) {
        if (strcmp(text, words[i]) == 0) {
            *ret_format = (enum hitctl_report_format)i;
            return HITCTL_OK;
        }
    }
    if (text) {
        hitctl_error("--format '%s' is unknown; allowed: text, json or csv", text);
        return HITCTL_USAGE;
    }
    return HITCTL_OK;
}

static int take_time(const char *option, const char *text, int64_t *ret_ms)
{
    if (text && hs_civil_parse(hs_str(text), ret_ms) != 0) {
        hitctl_error("--%s '%s' is no time; as in 2026-12-31T22:00:00Z", option, text);
        return HITCTL_USAGE;
    }
    return HITCTL_OK;
}

int hitctl_report_span_of(const struct hitctl_report_options *options, int64_t from_ms,
                          struct hitctl_report_span *ret_span)
{
    struct hitctl_report_span span = {
        .since_ms = from_ms > HS_MS_PER_HOUR ? from_ms - HS_MS_PER_HOUR : 0, // clocks ahead
        .as_of_ms = INT64_MAX,
    };
    int since = take_time("since", options->since, &span.since_ms);
    int as_of = take_time("as-of", options->as_of, &span.as_of_ms);
    if (since != HITCTL_OK || as_of != HITCTL_OK) {
        return HITCTL_USAGE;
    }
    *ret_span = span;
    return HITCTL_OK;
}

int hitctl_report_print(json_t *report, enum hitctl_report_format format)
{
    if (format == HITCTL_REPORT_CSV) {
        report_csv_print(report, stdout);
    } else {
        json_dumpf(report, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(report);
    if (fflush(stdout) != 0) {
        hitctl_error("cannot write");
        return HITCTL_FAILED;
    }
    return HITCTL_OK;
}
