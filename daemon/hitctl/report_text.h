// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_REPORT_TEXT_H
#define HITCTL_REPORT_TEXT_H
/*
 * A report's rows for a person. Threads: one.
 */

#include <stdio.h>

#include "report/report.h"

// Hits, incidents, who attended and why nobody did, outcomes, times.
void report_print_totals(const struct hs_report *report, FILE *out);
void report_print_rows(const struct hs_report *report, enum hs_report_by by, const char *title,
                       FILE *out);
void report_print_outcomes(const struct hs_report *report, enum hs_report_by by, FILE *out);
// The first `top`.
void report_print_sites(const struct hs_report *report, size_t top, FILE *out);
void report_print_meetings(const struct hs_report *report, size_t top, FILE *out);
// Who passed by nobody: harm, safeguarding.
void report_print_harm(const struct hs_report *report, enum hs_report_by by, const char *title,
                       FILE *out);
// Text without what could steer a terminal, at least so wide.
void report_put(FILE *out, struct hs_str text, int width);

#endif
