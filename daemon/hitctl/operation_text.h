// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_OPERATION_TEXT_H
#define HITCTL_OPERATION_TEXT_H
/*
 * Operations as operations.yaml has them, as a person reads them, and as JSON. Threads: any.
 */

#include <stdio.h>

#include <jansson.h>

#include "hitctl/command.h"
#include "route/route.h"

#define OPERATIONS_FILE "operations.yaml"
// Of no clock: what a report says is the same whenever it is asked for.
#define OPERATION_NO_TIME INT64_MIN

// One row of operations.yaml.
void operation_yaml(struct hs_buf *out, const struct hs_operation *operation);
// "coming", "running" or "over" at a time; static.
const char *operation_state(const struct hs_operation *operation, int64_t at_ms);
// Whether the person may know of it: an operation of covert lists alone only who sees one of them.
bool operation_visible(const struct hitctl *ctl, const struct hs_operation *operation);
// One line of a table whose head operation_print_head() prints.
void operation_print_head(FILE *out);
void operation_print_line(const struct hs_operation *operation, int64_t at_ms, FILE *out);
// Everything that the person may see of it, and its state at a time, or OPERATION_NO_TIME.
void operation_print(const struct hitctl *ctl, const struct hs_operation *operation, int64_t at_ms,
                     FILE *out);
json_t *operation_json(const struct hitctl *ctl, const struct hs_operation *operation,
                       int64_t at_ms);

#endif
