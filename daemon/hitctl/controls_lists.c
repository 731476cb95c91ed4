// SPDX-License-Identifier: Apache-2.0
#include "hitctl/controls_lists.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

struct lists {
    struct hs_store_list *rows; // by id
    size_t count;
    const char **ids; // the same ids, for 'did you mean'; ends with NULL
};

static const struct hs_store_list *find_list(const struct lists *lists, struct hs_str id)
{
    for (size_t i = 0; i < lists->count; i++) {
        if (hs_str_eq(lists->rows[i].list_id, id)) {
            return &lists->rows[i];
        }
    }
    return NULL;
}

static void check_name(const struct lists *lists, const struct hs_queue *queue, struct hs_str name,
                       bool covert, struct hs_diags *diags)
{
    char path[256];
    snprintf(path, sizeof(path), "queues.%.*s.%s", HS_STR_ARG(queue->name),
             covert ? "covert_lists" : "lists");
    struct hs_diag_place place = {.file = "queues.yaml", .key = path, .value = name};
    const struct hs_store_list *list = find_list(lists, name);
    if (!list) {
        const char *nearest = hs_str_nearest(name, lists->ids);
        hs_diags_add(diags, HS_DIAG_WARNING, &place, "no such list yet%s%s%s",
                     nearest ? ", did you mean '" : "", nearest ? nearest : "",
                     nearest ? "'?" : "");
    } else if (list->covert != covert) {
        hs_diags_add(diags, HS_DIAG_ERROR, &place, "this list is %s: name it under '%s'",
                     list->covert ? "covert" : "open", list->covert ? "covert_lists" : "lists");
    } else if (covert && !hs_str_eq(list->owner_force, queue->owner_force)) {
        hs_diags_add(diags, HS_DIAG_ERROR, &place,
                     "a covert list is told to its owner '%.*s' alone, this queue is '%.*s''s",
                     HS_STR_ARG(list->owner_force), HS_STR_ARG(queue->owner_force));
    }
}

static void check_queue(const struct lists *lists, const struct hs_queue *queue,
                        struct hs_diags *diags)
{
    for (size_t i = 0; i < queue->list_count; i++) {
        if (!hs_str_is(queue->lists[i], "*")) {
            check_name(lists, queue, queue->lists[i], false, diags);
        }
    }
    for (size_t i = 0; i < queue->covert_list_count; i++) {
        check_name(lists, queue, queue->covert_lists[i], true, diags);
    }
}

// An operation is about lists that stand there now.
static void check_named(const struct lists *lists, const struct hs_operation *operation,
                        struct hs_str name, bool covert, struct hs_diags *diags)
{
    char path[256];
    const char *key = covert ? "covert_lists" : "lists";
    snprintf(path, sizeof(path), "operations.%.*s.%s", HS_STR_ARG(operation->id), key);
    struct hs_diag_place place = {.file = "operations.yaml", .key = path, .value = name};
    const struct hs_store_list *list = find_list(lists, name);
    if (!list) {
        const char *nearest = hs_str_nearest(name, lists->ids);
        hs_diags_add(diags, HS_DIAG_ERROR, &place, "no such list%s%s%s",
                     nearest ? ", did you mean '" : "", nearest ? nearest : "",
                     nearest ? "'?" : "");
    } else if (list->covert != covert) {
        hs_diags_add(diags, HS_DIAG_ERROR, &place, "this list is %s: name it under '%s'",
                     list->covert ? "covert" : "open", list->covert ? "covert_lists" : "lists");
    }
}

static void check_operation(const struct lists *lists, const struct hs_operation *operation,
                            struct hs_diags *diags)
{
    for (size_t i = 0; i < operation->list_count; i++) {
        check_named(lists, operation, operation->lists[i], false, diags);
    }
    for (size_t i = 0; i < operation->covert_list_count; i++) {
        check_named(lists, operation, operation->covert_lists[i], true, diags);
    }
}

// A covert list that nobody may be told of would be matched for nothing.
static void check_covert_list(const struct hs_routes *routes, const struct hs_store_list *list,
                              struct hs_diags *diags)
{
    const struct hs_queue *first;
    struct hs_route_query query = {
        .list_id = list->list_id,
        .list_owner = list->owner_force,
        .covert = true,
        .handling = HS_ROUTE_HANDLING_STOP,
    };
    struct hs_diag_place place = {
        .file = "queues.yaml", .key = "covert_lists", .value = list->list_id};
    size_t stop = hs_route_decide(routes, &query, &first, 1);
    query.handling = HS_ROUTE_HANDLING_MONITOR;
    if (stop == 0 || hs_route_decide(routes, &query, &first, 1) == 0) {
        hs_diags_add(diags, HS_DIAG_ERROR, &place,
                     "no queue of its owner '%.*s' may receive this covert list",
                     HS_STR_ARG(list->owner_force));
    }
}

int controls_check_lists(struct hs_store *store, const struct hs_controls *controls,
                         struct hs_diags *diags)
{
    struct hs_bump bump = {0};
    struct lists lists = {0};
    const struct hs_routes *routes = hs_controls_routes(controls);
    int rc = hs_store_lists(store, &bump, &lists.rows, &lists.count);
    if (rc == 0) {
        lists.ids = calloc(lists.count + 1, sizeof(*lists.ids));
        rc = lists.ids ? 0 : HS_ENOMEM;
    }
    for (size_t i = 0; rc == 0 && i < lists.count; i++) {
        struct hs_str id = lists.rows[i].list_id;
        lists.ids[i] = hs_bump_copy(&bump, id.ptr, id.len);
        rc = lists.ids[i] ? 0 : HS_ENOMEM;
    }
    for (size_t i = 0; rc == 0 && i < hs_routes_queue_count(routes); i++) {
        check_queue(&lists, hs_routes_queue(routes, i), diags);
    }
    for (size_t i = 0; rc == 0 && i < hs_routes_operation_count(routes); i++) {
        check_operation(&lists, hs_routes_operation(routes, i), diags);
    }
    for (size_t i = 0; rc == 0 && i < lists.count; i++) {
        if (lists.rows[i].covert) {
            check_covert_list(routes, &lists.rows[i], diags);
        }
    }
    free(lists.ids);
    hs_bump_fini(&bump);
    return rc;
}
