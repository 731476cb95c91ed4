// SPDX-License-Identifier: Apache-2.0
//
// Rules over all queues together: what would lose an alert, or tell it to the wrong desk, is
// refused here.
#include "base/error.h"
#include "route/queues.h"

enum { ALL_HANDLINGS = HS_ROUTE_HANDLING_STOP | HS_ROUTE_HANDLING_MONITOR };

static bool may_receive_all(const struct hs_queue *queue)
{
    return hs_queues_names(queue->lists, queue->list_count, HS_STR("*"));
}

static void check_lists(const struct hs_queue_row *row, struct hs_diags *diags)
{
    const struct hs_queue *queue = &row->queue;
    bool none =
        hs_yaml_get(row->node, "lists") && queue->list_count == 0; // 'lists: []' is meant so
    if (queue->list_count == 0 && queue->covert_list_count == 0 && queue->safeguarding == 0 &&
        !none) {
        hs_queues_fault(row, "lists", HS_DIAG_ERROR, diags,
                        "no list can reach this queue: name some under 'lists' or 'covert_lists' "
                        "('lists: []': what operations tell it)");
    }
    if (may_receive_all(queue) && queue->list_count > 1) {
        hs_queues_fault(row, "lists", HS_DIAG_ERROR, diags,
                        "'*' means all open lists and stands alone");
    }
    for (size_t i = 0; i < queue->covert_list_count; i++) {
        if (hs_str_is(queue->covert_lists[i], "*")) {
            hs_queues_fault(row, "covert_lists", HS_DIAG_ERROR, diags,
                            "'*' is not allowed, covert lists are named one by one");
        } else if (hs_queues_names(queue->lists, queue->list_count, queue->covert_lists[i])) {
            hs_queues_fault(row, "covert_lists", HS_DIAG_ERROR, diags,
                            "'%.*s' stands under 'lists', too: a list is open or covert as a whole",
                            HS_STR_ARG(queue->covert_lists[i]));
        }
    }
}

// ------------------------------------------------------------------ covert lists

// Seen from the first queue that names the list: all that name it together.
static void check_covert_list(const struct hs_queue_row *rows, size_t count, size_t first,
                              struct hs_str list, struct hs_diags *diags)
{
    unsigned intelligence = 0;
    for (size_t i = 0; i < count; i++) {
        const struct hs_queue *queue = &rows[i].queue;
        if (!hs_queues_names(queue->covert_lists, queue->covert_list_count, list)) {
            continue;
        }
        if (i < first) {
            return; // told there
        }
        if (queue->kind == HS_QUEUE_INTELLIGENCE) {
            intelligence |= queue->handling;
        }
        if (!hs_str_eq(queue->owner_force, rows[first].queue.owner_force)) {
            hs_queues_fault(
                &rows[i], "covert_lists", HS_DIAG_ERROR, diags,
                "covert list '%.*s' is told to its owner alone, and queue '%.*s' of '%.*s' "
                "names it, too",
                HS_STR_ARG(list), HS_STR_ARG(rows[first].queue.name),
                HS_STR_ARG(rows[first].queue.owner_force));
        }
    }
    if (intelligence != ALL_HANDLINGS) {
        hs_queues_fault(
            &rows[first], "covert_lists", HS_DIAG_ERROR, diags,
            "late hits of covert list '%.*s' would be told to nobody: an intelligence queue "
            "that names it and takes stop and monitor is needed",
            HS_STR_ARG(list));
    }
}

// ------------------------------------------------------------------ owners' defaults

static void check_default(const struct hs_queue_row *rows, size_t at, struct hs_diags *diags)
{
    const struct hs_queue *queue = &rows[at].queue;
    for (size_t i = 0; i < at && queue->is_default; i++) {
        if (rows[i].queue.is_default && hs_str_eq(rows[i].queue.owner_force, queue->owner_force)) {
            hs_queues_fault(&rows[at], "default", HS_DIAG_ERROR, diags,
                            "queue '%.*s' is the default of '%.*s' already",
                            HS_STR_ARG(rows[i].queue.name), HS_STR_ARG(queue->owner_force));
            return;
        }
    }
}

// ------------------------------------------------------------------ what works but may surprise

static void warn_of_unrouted(const struct hs_queue_row *rows, size_t count, size_t at,
                             struct hs_diags *diags)
{
    const struct hs_queue *queue = &rows[at].queue;
    if (queue->kind == HS_QUEUE_LIVE && queue->intelligence_queue.len == 0) {
        hs_queues_fault(&rows[at], "intelligence_queue", HS_DIAG_WARNING, diags,
                        "a live queue without 'intelligence_queue': its late alerts go to "
                        "dispatch.unrouted");
    }
    for (size_t i = 0; i < count; i++) {
        bool same_owner = hs_str_eq(rows[i].queue.owner_force, queue->owner_force);
        if (same_owner && (i < at || rows[i].queue.is_default)) {
            return; // told at the owner's first queue, or there is a default
        }
    }
    hs_queues_fault(&rows[at], "default", HS_DIAG_WARNING, diags,
                    "'%.*s' has no default queue: hits of its lists by an unknown camera go to "
                    "dispatch.unrouted",
                    HS_STR_ARG(queue->owner_force));
}

// ------------------------------------------------------------------ reduced alerts

static void check_disclosure(const struct hs_queue_row *row, struct hs_diags *diags)
{
    const struct hs_queue *queue = &row->queue;
    bool written = hs_yaml_get(row->node, "disclose") != NULL;
    if (queue->partner && !written) {
        hs_queues_fault(row, "partner", HS_DIAG_ERROR, diags,
                        "a partner is not told in full: say under 'disclose' what it may know");
    }
    if (queue->partner && queue->covert_list_count > 0) {
        hs_queues_fault(row, "covert_lists", HS_DIAG_ERROR, diags,
                        "a partner is not told of covert lists");
    }
    for (size_t i = 0; i < 2 && !written; i++) {
        static const char *const keys[] = {"disclose_place", "disclose_times"};
        if (hs_yaml_get(row->node, keys[i])) {
            hs_queues_fault(row, keys[i], HS_DIAG_ERROR, diags,
                            "this says nothing without 'disclose'");
        }
    }
}

void hs_queues_check(const struct hs_queue_row *rows, size_t count, struct hs_diags *diags)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].queue.kind == HS_QUEUE_OPS) {
            continue;
        }
        check_lists(&rows[i], diags);
        hs_queues_check_onward(rows, count, &rows[i], diags);
        check_default(rows, i, diags);
        check_disclosure(&rows[i], diags);
        for (size_t c = 0; c < rows[i].queue.covert_list_count; c++) {
            check_covert_list(rows, count, i, rows[i].queue.covert_lists[c], diags);
        }
    }
    for (size_t i = 0; i < count && diags->errors == 0; i++) {
        if (rows[i].queue.kind != HS_QUEUE_OPS) {
            warn_of_unrouted(rows, count, i, diags);
        }
    }
}
