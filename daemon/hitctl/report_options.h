// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_REPORT_OPTIONS_H
#define HITCTL_REPORT_OPTIONS_H
/*
 * What the commands that report share: how the answer is printed, and which part of the log is
 * looked at. Threads: one.
 */

#include <jansson.h>

#include "hitctl/report_read.h"

enum hitctl_report_format { HITCTL_REPORT_TEXT, HITCTL_REPORT_JSON, HITCTL_REPORT_CSV };

struct hitctl_report_options {
    const char *covert, *format, *since, *as_of;
    const char *district, *quarter, *partner; // profile
    int64_t top;
};

enum { HITCTL_REPORT_TOP = 20 }; // sites and meetings that are shown

// Rows for a table of options; `member` names of struct hitctl_report_options.
#define HITCTL_REPORT_AT(member) offsetof(struct hitctl_report_options, member)
#define HITCTL_REPORT_OPTIONS                                                                      \
    {"format", HITCTL_TEXT, HITCTL_REPORT_AT(format), "text|json|csv",                             \
     "default: text, with --json json"},                                                           \
        {"top", HITCTL_NUMBER, HITCTL_REPORT_AT(top), "N", "sites that are shown (20)"},           \
        {"as-of", HITCTL_TEXT, HITCTL_REPORT_AT(as_of), "TIME",                                    \
         "as the log was then: the same report at any later time"},                                \
    {                                                                                              \
        "since", HITCTL_TEXT, HITCTL_REPORT_AT(since), "TIME",                                     \
            "look at the log from then on (an hour before it begins)"                              \
    }

// HITCTL_OK, or HITCTL_USAGE after saying what is allowed.
int hitctl_report_format_of(const struct hitctl *ctl, const char *text,
                            enum hitctl_report_format *ret_format);
// Of the log; `from_ms` is the event time at which the report begins.
int hitctl_report_span_of(const struct hitctl_report_options *options, int64_t from_ms,
                          struct hitctl_report_span *ret_span);
// Prints JSON or CSV; an exit code. Takes the object.
int hitctl_report_print(json_t *report, enum hitctl_report_format format);

#endif
