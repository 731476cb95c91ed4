// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_CONTROLS_TEXT_H
#define HITCTL_CONTROLS_TEXT_H
/*
 * Controls and their differences as a person or a program reads them. Threads: one.
 */

#include <jansson.h>

#include "controls/controls.h"
#include "hitctl/command.h"

// Rows '+', '-' and '~' on `out`, at most `max` (0: all), then how many more there are; returns how
// many differences there are in all, or an hs_error.
int64_t controls_print_diff(const struct hs_controls *before, const struct hs_controls *after,
                            size_t max, FILE *out);
// The same as an array for --json.
json_t *controls_json_diff(const struct hs_controls *before, const struct hs_controls *after);
// "5 cameras, 4 queues".
void controls_print_counts(const struct hs_controls *controls, FILE *out);
// The queues as a table, and every rule.
void controls_print(const struct hs_controls *controls, FILE *out);
json_t *controls_json(const struct hs_controls *controls);
// Prints the value with a line feed and gives it back.
int controls_print_json(json_t *value);

#endif
