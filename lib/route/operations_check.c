// SPDX-License-Identifier: Apache-2.0
//
// Rules over operations and queues together: an operation adds routes, so all that holds for a
// route holds for what it adds.
#include "route/operations.h"

// One operation held against the queues.
struct checking {
    const struct hs_operation_row *row;
    const struct hs_queue_row *queues;
    size_t queue_count;
    struct hs_diags *diags;
};

#define fault(checking, key, ...)                                                                  \
    hs_row_fault(&(checking)->row->row, key, HS_DIAG_ERROR, (checking)->diags, __VA_ARGS__)

static const struct hs_queue *find(const struct checking *checking, struct hs_str name)
{
    for (size_t i = 0; i < checking->queue_count; i++) {
        if (hs_str_eq(checking->queues[i].queue.name, name)) {
            return &checking->queues[i].queue;
        }
    }
    return NULL;
}

static void check_queues_known(const struct checking *checking, const char *key,
                               const struct hs_str *names, size_t count)
{
    const char *known[HS_ROUTE_QUEUES_MAX + 1];
    struct hs_bump bump = {0};
    size_t listed = 0;
    for (size_t i = 0; i < checking->queue_count; i++) {
        struct hs_str name = checking->queues[i].queue.name;
        const char *copy = hs_bump_copy(&bump, name.ptr, name.len);
        if (copy && checking->queues[i].queue.kind != HS_QUEUE_OPS) {
            known[listed++] = copy;
        }
    }
    known[listed] = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct hs_queue *queue = find(checking, names[i]);
        const char *nearest = hs_str_nearest(names[i], known);
        if (queue && queue->kind == HS_QUEUE_OPS) {
            fault(checking, key, "'%.*s' is the system's own queue", HS_STR_ARG(names[i]));
        } else if (!queue) {
            fault(checking, key, "no such queue as '%.*s'%s%s%s", HS_STR_ARG(names[i]),
                  nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
        }
    }
    hs_bump_fini(&bump);
}

// ------------------------------------------------------------------ lists

static void check_list_ids(const struct checking *checking, const char *key,
                           const struct hs_str *lists, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (hs_str_is(lists[i], "*")) {
            fault(checking, key, "'*' is not allowed, an operation names its lists one by one");
        } else if (!hs_row_is_id(lists[i])) {
            fault(checking, key, "'%.*s' cannot be a list's id", HS_STR_ARG(lists[i]));
        }
    }
}

// The force to which a covert list belongs, as queues name it; empty: no queue does.
static struct hs_str covert_owner(const struct checking *checking, struct hs_str list)
{
    for (size_t i = 0; i < checking->queue_count; i++) {
        const struct hs_queue *queue = &checking->queues[i].queue;
        if (hs_queues_names(queue->covert_lists, queue->covert_list_count, list)) {
            return queue->owner_force;
        }
    }
    return HS_STR("");
}

static void check_open(const struct checking *checking)
{
    const struct hs_operation *operation = &checking->row->operation;
    check_list_ids(checking, "lists", operation->lists, operation->list_count);
    check_queues_known(checking, "queues", operation->queues, operation->queue_count);
    if (operation->list_count == 0 && operation->covert_list_count == 0) {
        fault(checking, "lists",
              "an operation needs lists: name some under 'lists' or "
              "'covert_lists'");
    }
    if (operation->list_count > 0 && operation->queue_count == 0) {
        fault(checking, "queues", "nobody would be told: name the desks under 'queues'");
    }
    if (operation->list_count == 0 && operation->queue_count > 0) {
        fault(checking, "queues",
              "there is nothing to tell these queues: no open list is named "
              "under 'lists'");
    }
    for (size_t i = 0; i < operation->list_count; i++) {
        struct hs_str list = operation->lists[i];
        if (covert_owner(checking, list).len > 0 ||
            hs_queues_names(operation->covert_lists, operation->covert_list_count, list)) {
            fault(checking, "lists", "'%.*s' is a covert list: a list is open or covert as a whole",
                  HS_STR_ARG(list));
        }
    }
}

// A covert list is told to its owner alone, in an operation, too.
static void check_covert_list(const struct checking *checking, struct hs_str list)
{
    const struct hs_operation *operation = &checking->row->operation;
    struct hs_str owner = covert_owner(checking, list);
    if (owner.len == 0) {
        fault(checking, "covert_lists", "no queue may receive covert list '%.*s'",
              HS_STR_ARG(list));
        return;
    }
    for (size_t i = 0; i < operation->covert_queue_count; i++) {
        const struct hs_queue *queue = find(checking, operation->covert_queues[i]);
        if (queue && hs_str_eq(queue->owner_force, owner)) {
            return;
        }
    }
    fault(checking, "covert_queues",
          "no queue of '%.*s', to which alone covert list '%.*s' is told, takes part",
          HS_STR_ARG(owner), HS_STR_ARG(list));
}

static void check_covert_queue(const struct checking *checking, struct hs_str name)
{
    const struct hs_operation *operation = &checking->row->operation;
    const struct hs_queue *queue = find(checking, name);
    if (queue && queue->partner) {
        fault(checking, "covert_queues", "'%.*s' is a partner's, who is not told of covert lists",
              HS_STR_ARG(name));
        return;
    }
    for (size_t i = 0; queue && i < operation->covert_list_count; i++) {
        struct hs_str owner = covert_owner(checking, operation->covert_lists[i]);
        if (owner.len == 0 || hs_str_eq(owner, queue->owner_force)) {
            return;
        }
    }
    if (queue) {
        fault(checking, "covert_queues",
              "'%.*s' belongs to '%.*s', who owns none of the covert lists", HS_STR_ARG(name),
              HS_STR_ARG(queue->owner_force));
    }
}

static void check_covert(const struct checking *checking)
{
    const struct hs_operation *operation = &checking->row->operation;
    check_list_ids(checking, "covert_lists", operation->covert_lists, operation->covert_list_count);
    check_queues_known(checking, "covert_queues", operation->covert_queues,
                       operation->covert_queue_count);
    for (size_t i = 0; i < operation->covert_list_count; i++) {
        check_covert_list(checking, operation->covert_lists[i]);
    }
    for (size_t i = 0; i < operation->covert_queue_count; i++) {
        check_covert_queue(checking, operation->covert_queues[i]);
    }
}

// ------------------------------------------------------------------ where alerts go on

// What an operation tells a queue, those to which the queue passes alerts on must be permitted.
static void check_passes(const struct checking *checking, const struct hs_queue *queue,
                         struct hs_str name)
{
    const struct hs_operation *operation = &checking->row->operation;
    const struct hs_queue *to = find(checking, name);
    if (!to || hs_queues_names(operation->queues, operation->queue_count, name)) {
        return; // told where the queue is defined, or permitted by the operation itself
    }
    for (size_t i = 0; i < operation->list_count; i++) {
        if (!hs_queues_names(to->lists, to->list_count, HS_STR("*")) &&
            !hs_queues_names(to->lists, to->list_count, operation->lists[i])) {
            fault(checking, "queues",
                  "'%.*s' passes alerts on to '%.*s', which may not receive list '%.*s': let that "
                  "queue take part, too",
                  HS_STR_ARG(queue->name), HS_STR_ARG(name), HS_STR_ARG(operation->lists[i]));
        }
    }
}

// Likewise of covert lists.
static void check_passes_covert(const struct checking *checking, const struct hs_queue *queue,
                                struct hs_str name)
{
    const struct hs_operation *operation = &checking->row->operation;
    const struct hs_queue *to = find(checking, name);
    if (!to || hs_queues_names(operation->covert_queues, operation->covert_queue_count, name)) {
        return;
    }
    for (size_t i = 0; i < operation->covert_list_count; i++) {
        struct hs_str list = operation->covert_lists[i];
        if (hs_str_eq(covert_owner(checking, list), queue->owner_force) &&
            !hs_queues_names(to->covert_lists, to->covert_list_count, list)) {
            fault(checking, "covert_queues",
                  "'%.*s' passes alerts on to '%.*s', which may not receive covert list '%.*s'",
                  HS_STR_ARG(queue->name), HS_STR_ARG(name), HS_STR_ARG(list));
        }
    }
}

typedef void passes_fn(const struct checking *checking, const struct hs_queue *queue,
                       struct hs_str name);

static void check_onward(const struct checking *checking, const struct hs_str *names, size_t count,
                         passes_fn *passes)
{
    for (size_t i = 0; i < count; i++) {
        const struct hs_queue *queue = find(checking, names[i]);
        if (!queue) {
            continue;
        }
        if (queue->intelligence_queue.len > 0) {
            passes(checking, queue, queue->intelligence_queue);
        }
        for (size_t k = 0; k < queue->escalate_count; k++) {
            passes(checking, queue, queue->escalate_to[k]);
        }
    }
}

void hs_operations_check(const struct hs_operation_row *rows, size_t count,
                         const struct hs_queue_row *queues, size_t queue_count,
                         struct hs_diags *diags)
{
    for (size_t i = 0; i < count; i++) {
        const struct checking checking = {&rows[i], queues, queue_count, diags};
        const struct hs_operation *operation = &rows[i].operation;
        if (rows[i].row.node->kind != HS_YAML_MAPPING) {
            continue;
        }
        check_open(&checking);
        check_covert(&checking);
        check_onward(&checking, operation->queues, operation->queue_count, check_passes);
        check_onward(&checking, operation->covert_queues, operation->covert_queue_count,
                     check_passes_covert);
    }
}
