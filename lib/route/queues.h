// SPDX-License-Identifier: Apache-2.0
#ifndef HS_ROUTE_QUEUES_H
#define HS_ROUTE_QUEUES_H
/*
 * Reading queues.yaml, before it is compiled. Private to lib/route. Threads: one.
 */

#include "config/yaml.h"
#include "route/route.h"

// A queue and where it stands in the file.
struct hs_queue_row {
    struct hs_queue queue;
    const struct hs_yaml_node *key;  // NULL for 'ops'
    const struct hs_yaml_node *node; // its mapping; NULL for 'ops'
};

// All queues in order of name, 'ops' among them; arrays in `bump`, texts in the document of `root`.
int hs_queues_read(const struct hs_yaml_node *root, struct hs_diags *diags, struct hs_bump *bump,
                   struct hs_queue_row **ret_rows, size_t *ret_count);
// Rules over all queues together.
void hs_queues_check(const struct hs_queue_row *rows, size_t count, struct hs_diags *diags);
// The queues to which a queue passes alerts on: its intelligence queue and its chain.
void hs_queues_check_onward(const struct hs_queue_row *rows, size_t count,
                            const struct hs_queue_row *row, struct hs_diags *diags);
// Whether `name` stands in an ordered list.
bool hs_queues_names(const struct hs_str *names, size_t count, struct hs_str name);
// A fault at `key` of a queue (at the queue itself when the key is not written).
void hs_queues_fault(const struct hs_queue_row *row, const char *key,
                     enum hs_diag_severity severity, struct hs_diags *diags, const char *format,
                     ...) __attribute__((format(printf, 5, 6)));

#endif
