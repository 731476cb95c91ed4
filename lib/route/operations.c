// SPDX-License-Identifier: Apache-2.0
#include "route/operations.h"

#include <stdlib.h>

#include "base/error.h"

#define REPEAT_MAX_MS      INT64_C(86400000)
#define ACKNOWLEDGE_MIN_MS INT64_C(1000)
#define ACKNOWLEDGE_MAX_MS INT64_C(86400000)

static const char *const operation_keys[] = {"name",
                                             "authority",
                                             "lead",
                                             "forces",
                                             "from",
                                             "to",
                                             "lists",
                                             "queues",
                                             "covert_lists",
                                             "covert_queues",
                                             "roads",
                                             "sites",
                                             "areas",
                                             "priority",
                                             "repeat_window_ms",
                                             "acknowledge_within_ms",
                                             NULL};
// As the contract's enum Priority, from 1 on.
static const char *const priority_words[] = {"low", "medium", "high", "immediate", NULL};

const char *hs_operation_priority_text(unsigned priority)
{
    return priority >= 1 && priority <= 4 ? priority_words[priority - 1] : "";
}

// ------------------------------------------------------------------ one operation

static void read_who(const struct hs_row_reader *reader, struct hs_operation *operation)
{
    operation->name = operation->id;
    hs_row_text(reader, "name", &operation->name);
    hs_row_text(reader, "authority", &operation->authority);
    hs_row_text(reader, "lead", &operation->lead_force);
    hs_row_names(reader, "forces", &operation->forces, &operation->force_count);
    hs_row_needs(reader, "authority", operation->authority,
                 "an operation needs an authority: who allowed it, under which reference");
    hs_row_needs(reader, "lead", operation->lead_force,
                 "an operation needs a lead: the force that answers for it");
}

static void read_when(const struct hs_row_reader *reader, struct hs_operation *operation)
{
    operation->to_ms = INT64_MAX;
    bool has_from = hs_row_time(reader, "from", &operation->from_ms);
    bool has_to = hs_row_time(reader, "to", &operation->to_ms);
    if (!hs_yaml_get(reader->row.node, "from")) {
        hs_row_fault(&reader->row, "from", HS_DIAG_ERROR, reader->diags,
                     "the key 'from' is missing: when the operation begins");
    }
    if (has_from && has_to && operation->to_ms <= operation->from_ms) {
        hs_row_fault(&reader->row, "to", HS_DIAG_ERROR, reader->diags,
                     "the operation ends before it has begun");
    }
}

static void read_what(const struct hs_row_reader *reader, struct hs_operation *operation)
{
    hs_row_names(reader, "lists", &operation->lists, &operation->list_count);
    hs_row_names(reader, "queues", &operation->queues, &operation->queue_count);
    hs_row_names(reader, "covert_lists", &operation->covert_lists, &operation->covert_list_count);
    hs_row_names(reader, "covert_queues", &operation->covert_queues,
                 &operation->covert_queue_count);
    hs_row_names(reader, "roads", &operation->roads, &operation->road_count);
    hs_row_names(reader, "sites", &operation->sites, &operation->site_count);
    hs_row_names(reader, "areas", &operation->areas, &operation->area_count);
}

static void read_terms(const struct hs_row_reader *reader, struct hs_operation *operation)
{
    size_t priority;
    operation->repeat_window_ms = -1;
    if (hs_row_choice(reader, "priority", priority_words, &priority)) {
        operation->priority_floor = (unsigned)priority + 1;
    }
    hs_row_number(reader, "repeat_window_ms", 0, REPEAT_MAX_MS, "ms", &operation->repeat_window_ms);
    hs_row_number(reader, "acknowledge_within_ms", ACKNOWLEDGE_MIN_MS, ACKNOWLEDGE_MAX_MS, "ms",
                  &operation->acknowledge_within_ms);
}

static void read_operation(const struct hs_row_reader *reader, struct hs_operation *operation)
{
    if (!hs_row_is_id(operation->id)) {
        hs_row_fault(&reader->row, "", HS_DIAG_ERROR, reader->diags,
                     "not an operation's id, allowed are up to %d lower-case letters, digits, "
                     "'-', '_' and '.', beginning with a letter or digit",
                     HS_ROW_NAME_MAX_BYTES);
    }
    if (reader->row.node->kind != HS_YAML_MAPPING) {
        hs_row_fault(&reader->row, "", HS_DIAG_ERROR, reader->diags,
                     "the operation's keys are expected below it: authority, lead, from, ...");
        return;
    }
    hs_row_check_keys(reader, operation_keys);
    read_who(reader, operation);
    read_when(reader, operation);
    read_what(reader, operation);
    read_terms(reader, operation);
}

// ------------------------------------------------------------------ all operations

static int by_id(const void *a, const void *b)
{
    return hs_str_cmp(((const struct hs_operation_row *)a)->operation.id,
                      ((const struct hs_operation_row *)b)->operation.id);
}

int hs_operations_read(const struct hs_yaml_node *root, struct hs_diags *diags,
                       struct hs_bump *bump, struct hs_operation_row **ret_rows, size_t *ret_count)
{
    static const char section[] = "operations";
    size_t errors = diags->errors;
    const struct hs_yaml_node *node =
        hs_rows_section(root, section, HS_ROUTE_OPERATIONS_MAX, diags);
    size_t count = node ? node->count : 0;
    struct hs_operation_row *rows = hs_bump_alloc(bump, (count + 1) * sizeof(*rows));
    if (!rows) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        const struct hs_yaml_item *item = &node->items[i];
        rows[i].row = (struct hs_row){section, item->key->text, item->key, item->value};
        rows[i].operation.id = item->key->text;
        read_operation(&(struct hs_row_reader){rows[i].row, diags, bump}, &rows[i].operation);
    }
    qsort(rows, count, sizeof(*rows), by_id);
    *ret_rows = rows;
    *ret_count = count;
    return diags->errors == errors ? 0 : HS_EFORMAT;
}

bool hs_operations_name(const struct hs_operation_row *rows, size_t count, struct hs_str queue)
{
    for (size_t i = 0; i < count; i++) {
        const struct hs_operation *operation = &rows[i].operation;
        if (hs_queues_names(operation->queues, operation->queue_count, queue) ||
            hs_queues_names(operation->covert_queues, operation->covert_queue_count, queue)) {
            return true;
        }
    }
    return false;
}
