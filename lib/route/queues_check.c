// SPDX-License-Identifier: Apache-2.0
//
// Rules over all queues together: what would lose an alert, or tell it to the wrong desk, is
// refused here.
#include "base/error.h"
#include "route/queues.h"

enum { ALL_HANDLINGS = HS_ROUTE_HANDLING_STOP | HS_ROUTE_HANDLING_MONITOR };

static const struct hs_queue_row *find(const struct hs_queue_row *rows, size_t count,
                                       struct hs_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (hs_str_eq(rows[i].queue.name, name)) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool may_receive_all(const struct hs_queue *queue)
{
    return hs_queues_names(queue->lists, queue->list_count, HS_STR("*"));
}

static void check_lists(const struct hs_queue_row *row, struct hs_diags *diags)
{
    const struct hs_queue *queue = &row->queue;
    if (queue->list_count == 0 && queue->covert_list_count == 0) {
        hs_queues_fault(row, "lists", HS_DIAG_ERROR, diags,
                        "no list can reach this queue: name some under 'lists' or 'covert_lists'");
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

// ------------------------------------------------------------------ where late alerts go

static void check_diverted_lists(const struct hs_queue_row *row, const struct hs_queue *to,
                                 struct hs_diags *diags)
{
    const struct hs_queue *queue = &row->queue;
    for (size_t i = 0; i < queue->list_count && !may_receive_all(to); i++) {
        if (!hs_queues_names(to->lists, to->list_count, queue->lists[i])) {
            hs_queues_fault(row, "intelligence_queue", HS_DIAG_ERROR, diags,
                            "it may not receive list '%.*s', which this queue would divert to it",
                            HS_STR_ARG(queue->lists[i]));
        }
    }
    for (size_t i = 0; i < queue->covert_list_count; i++) {
        if (!hs_queues_names(to->covert_lists, to->covert_list_count, queue->covert_lists[i])) {
            hs_queues_fault(
                row, "intelligence_queue", HS_DIAG_ERROR, diags,
                "it may not receive covert list '%.*s', which this queue would divert to it",
                HS_STR_ARG(queue->covert_lists[i]));
        }
    }
}

static void check_intelligence(const struct hs_queue_row *rows, size_t count,
                               const struct hs_queue_row *row, struct hs_diags *diags)
{
    const struct hs_queue *queue = &row->queue;
    if (queue->intelligence_queue.len == 0) {
        return;
    }
    const struct hs_queue_row *to = find(rows, count, queue->intelligence_queue);
    if (queue->kind != HS_QUEUE_LIVE) {
        hs_queues_fault(row, "intelligence_queue", HS_DIAG_ERROR, diags,
                        "only a live queue diverts late alerts");
    } else if (!to) {
        const char *names[HS_ROUTE_QUEUES_MAX + 1];
        struct hs_bump bump = {0};
        size_t listed = 0;
        for (size_t i = 0; i < count; i++) {
            const char *name = hs_bump_copy(&bump, rows[i].queue.name.ptr, rows[i].queue.name.len);
            if (name && rows[i].queue.kind == HS_QUEUE_INTELLIGENCE) {
                names[listed++] = name;
            }
        }
        names[listed] = NULL;
        const char *nearest = hs_str_nearest(queue->intelligence_queue, names);
        hs_queues_fault(row, "intelligence_queue", HS_DIAG_ERROR, diags, "no such queue%s%s%s",
                        nearest ? ", did you mean '" : "", nearest ? nearest : "",
                        nearest ? "'?" : "");
        hs_bump_fini(&bump);
    } else if (to->queue.kind != HS_QUEUE_INTELLIGENCE) {
        hs_queues_fault(row, "intelligence_queue", HS_DIAG_ERROR, diags,
                        "this is no queue of kind intelligence");
    } else {
        check_diverted_lists(row, &to->queue, diags);
        if (queue->handling & ~to->queue.handling) {
            hs_queues_fault(row, "intelligence_queue", HS_DIAG_ERROR, diags,
                            "it may not receive handling '%s', which this queue would divert to it",
                            queue->handling & ~to->queue.handling & HS_ROUTE_HANDLING_STOP
                                ? "stop"
                                : "monitor");
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

void hs_queues_check(const struct hs_queue_row *rows, size_t count, struct hs_diags *diags)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].queue.kind == HS_QUEUE_OPS) {
            continue;
        }
        check_lists(&rows[i], diags);
        check_intelligence(rows, count, &rows[i], diags);
        check_default(rows, i, diags);
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
