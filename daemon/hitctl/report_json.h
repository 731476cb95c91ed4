// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_REPORT_JSON_H
#define HITCTL_REPORT_JSON_H
/*
 * A report's rows as JSON, whose names scripts can rely on (hitctl(1)), and as CSV: the same numbers,
 * one a line. Whole numbers only, so that the same log gives the same bytes.
 *
 * Threads: one. Ownership: objects are the caller's.
 */

#include <stdio.h>

#include <jansson.h>

#include "report/report.h"

// Rows of one kind: hours, roads, forces ...
json_t *report_rows_json(const struct hs_report *report, enum hs_report_by by);
json_t *report_total_json(const struct hs_report *report);
// The first `top` of each.
json_t *report_sites_json(const struct hs_report *report, size_t top);
json_t *report_meetings_json(const struct hs_report *report, size_t top);
json_t *report_times_json(const struct hs_report_times *times);
json_t *report_unattended_json(const struct hs_report_row *row);
json_t *report_left_out_json(const struct hs_report *report);

// Text that came in a message: never NULL, whatever its bytes.
json_t *report_text_json(struct hs_str text);
void report_set_instant(json_t *object, const char *key, int64_t at_ms);

// "section,row,measure,value": a line for each number and text of the object's rows.
void report_csv_print(const json_t *report, FILE *out);

#endif
