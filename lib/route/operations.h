// SPDX-License-Identifier: Apache-2.0
#ifndef HS_ROUTE_OPERATIONS_H
#define HS_ROUTE_OPERATIONS_H
/*
 * Reading operations.yaml, before it is compiled. Private to lib/route. Threads: one.
 */

#include "config/rows.h"
#include "route/queues.h"

// An operation and where it stands in the file.
struct hs_operation_row {
    struct hs_operation operation;
    struct hs_row row;
};

// All operations in order of id; arrays in `bump`, texts in the document of `root`.
int hs_operations_read(const struct hs_yaml_node *root, struct hs_diags *diags,
                       struct hs_bump *bump, struct hs_operation_row **ret_rows, size_t *ret_count);
// Rules over operations and queues together.
void hs_operations_check(const struct hs_operation_row *rows, size_t count,
                         const struct hs_queue_row *queues, size_t queue_count,
                         struct hs_diags *diags);
// Whether one of the operations names this queue.
bool hs_operations_name(const struct hs_operation_row *rows, size_t count, struct hs_str queue);

#endif
