// SPDX-License-Identifier: Apache-2.0
//
// Queues to which a queue passes alerts on: late ones to its intelligence queue, unanswered ones up
// its chain. What it may receive each of them must be permitted, too.
#include <stdio.h>

#include "base/error.h"
#include "route/queues.h"

// A queue that gets what another passes on.
struct onward {
    const struct hs_queue_row *from;
    const char *key;  // under which it is named
    const char *does; // what the other would do: "divert", "escalate"
    const char *who;  // the other, as messages call it
    const struct hs_queue *to;
    struct hs_diags *diags;
};

enum { WHO_BYTES = 80 }; // a name in quotes

static const struct hs_queue *find(const struct hs_queue_row *rows, size_t count,
                                   struct hs_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (hs_str_eq(rows[i].queue.name, name)) {
            return &rows[i].queue;
        }
    }
    return NULL;
}

static void unknown(const struct hs_queue_row *rows, size_t count, const struct hs_queue_row *row,
                    const char *key, struct hs_str name, enum hs_queue_kind kind,
                    struct hs_diags *diags)
{
    char who[WHO_BYTES + 4] = "";
    const char *names[HS_ROUTE_QUEUES_MAX + 1];
    struct hs_bump bump = {0};
    size_t listed = 0;
    for (size_t i = 0; i < count; i++) {
        const char *copy = hs_bump_copy(&bump, rows[i].queue.name.ptr, rows[i].queue.name.len);
        if (copy && rows[i].queue.kind == kind) {
            names[listed++] = copy;
        }
    }
    names[listed] = NULL;
    if (kind == HS_QUEUE_LIVE) { // one of several names at that key
        snprintf(who, sizeof(who), " as '%.*s'", HS_STR_ARG(name));
    }
    const char *nearest = hs_str_nearest(name, names);
    hs_queues_fault(row, key, HS_DIAG_ERROR, diags, "no such queue%s%s%s%s", who,
                    nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    hs_bump_fini(&bump);
}

// All that it may receive, the other may.
static void check_receives(const struct onward *onward)
{
    const struct hs_queue *queue = &onward->from->queue;
    const struct hs_queue *to = onward->to;
    bool all = hs_queues_names(to->lists, to->list_count, HS_STR("*"));
    for (size_t i = 0; i < queue->list_count && !all; i++) {
        if (!hs_queues_names(to->lists, to->list_count, queue->lists[i])) {
            hs_queues_fault(onward->from, onward->key, HS_DIAG_ERROR, onward->diags,
                            "%s may not receive list '%.*s', which this queue would %s to it",
                            onward->who, HS_STR_ARG(queue->lists[i]), onward->does);
        }
    }
    for (size_t i = 0; i < queue->covert_list_count; i++) {
        if (!hs_queues_names(to->covert_lists, to->covert_list_count, queue->covert_lists[i])) {
            hs_queues_fault(
                onward->from, onward->key, HS_DIAG_ERROR, onward->diags,
                "%s may not receive covert list '%.*s', which this queue would %s to it",
                onward->who, HS_STR_ARG(queue->covert_lists[i]), onward->does);
        }
    }
    if ((queue->safeguarding & ~to->safeguarding) && !all) {
        hs_queues_fault(
            onward->from, onward->key, HS_DIAG_ERROR, onward->diags,
            "%s may not receive all safeguarding entries that this queue would %s to it",
            onward->who, onward->does);
    }
    if (to->partner && !queue->partner) {
        hs_queues_fault(onward->from, onward->key, HS_DIAG_ERROR, onward->diags,
                        "%s is a partner's queue, and nobody there acts for this one", onward->who);
    }
    if (queue->handling & ~to->handling) {
        hs_queues_fault(
            onward->from, onward->key, HS_DIAG_ERROR, onward->diags,
            "%s may not receive handling '%s', which this queue would %s to it", onward->who,
            queue->handling & ~to->handling & HS_ROUTE_HANDLING_STOP ? "stop" : "monitor",
            onward->does);
    }
}

static void check_intelligence(const struct hs_queue_row *rows, size_t count,
                               const struct hs_queue_row *row, struct hs_diags *diags)
{
    static const char key[] = "intelligence_queue";
    struct hs_str name = row->queue.intelligence_queue;
    const struct hs_queue *to = find(rows, count, name);
    if (name.len == 0) {
        return;
    }
    if (row->queue.kind != HS_QUEUE_LIVE) {
        hs_queues_fault(row, key, HS_DIAG_ERROR, diags, "only a live queue diverts late alerts");
    } else if (!to) {
        unknown(rows, count, row, key, name, HS_QUEUE_INTELLIGENCE, diags);
    } else if (to->kind != HS_QUEUE_INTELLIGENCE) {
        hs_queues_fault(row, key, HS_DIAG_ERROR, diags, "this is no queue of kind intelligence");
    } else {
        check_receives(&(struct onward){row, key, "divert", "it", to, diags});
    }
}

static void check_link(const struct hs_queue_row *rows, size_t count,
                       const struct hs_queue_row *row, struct hs_str name, struct hs_diags *diags)
{
    static const char key[] = "escalate_to";
    const struct hs_queue *to = find(rows, count, name);
    char who[WHO_BYTES];
    snprintf(who, sizeof(who), "'%.*s'", HS_STR_ARG(name));
    if (!to) {
        unknown(rows, count, row, key, name, HS_QUEUE_LIVE, diags);
    } else if (to == &row->queue) {
        hs_queues_fault(row, key, HS_DIAG_ERROR, diags, "a queue does not escalate to itself");
    } else if (to->kind != HS_QUEUE_LIVE) {
        hs_queues_fault(row, key, HS_DIAG_ERROR, diags,
                        "'%.*s' is no live queue: nobody there acts at once", HS_STR_ARG(name));
    } else {
        check_receives(&(struct onward){row, key, "escalate", who, to, diags});
    }
}

static void check_chain(const struct hs_queue_row *rows, size_t count,
                        const struct hs_queue_row *row, struct hs_diags *diags)
{
    if (row->queue.kind != HS_QUEUE_LIVE) {
        if (row->queue.escalate_count > 0) {
            hs_queues_fault(row, "escalate_to", HS_DIAG_ERROR, diags,
                            "only a live queue escalates alerts that nobody answered");
        }
        if (row->queue.acknowledge_within_ms > 0) {
            hs_queues_fault(row, "acknowledge_within_ms", HS_DIAG_ERROR, diags,
                            "only a live queue has a time in which to answer");
        }
        return;
    }
    for (size_t i = 0; i < row->queue.escalate_count; i++) {
        check_link(rows, count, row, row->queue.escalate_to[i], diags);
    }
}

void hs_queues_check_onward(const struct hs_queue_row *rows, size_t count,
                            const struct hs_queue_row *row, struct hs_diags *diags)
{
    check_intelligence(rows, count, row, diags);
    check_chain(rows, count, row, diags);
}
