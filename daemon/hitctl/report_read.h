// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_REPORT_READ_H
#define HITCTL_REPORT_READ_H
/*
 * The streams into a report: anpr.hits and what the queues were told, from one time of the log to
 * another.
 *
 * Threads: one. Bounds: one reading of each topic, from the first record of the time on.
 */

#include "hitctl/command.h"
#include "report/report.h"

// A time of the log: when the brokers took a record.
struct hitctl_report_span {
    int64_t since_ms; // the first record looked at
    int64_t as_of_ms; // what came later is not looked at; INT64_MAX: all that is there now
};

// Reads hits and the topics of all queues of the controls, and finishes the report. An exit code,
// after saying what is wrong.
int hitctl_report_read(const struct hitctl *ctl, const struct hs_routes *routes,
                       const struct hitctl_report_span *span, struct hs_report *report);

#endif
