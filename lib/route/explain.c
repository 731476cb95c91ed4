// SPDX-License-Identifier: Apache-2.0
//
// Why a queue is told or not, in words: read from the definitions, not from the compiled sets.
#include "route/table.h"

static const char *const level_words[] = {"vulnerable_adult", "missing", "exploited_child"};

// Why an operation that names the queue and the list does not tell it now; NULL: it does.
static const char *operation_refuses(const struct hs_operation *o,
                                     const struct hs_route_query *query)
{
    if (query->at_ms < o->from_ms) {
        return "has not begun";
    }
    if (query->at_ms >= o->to_ms) {
        return "is over";
    }
    if (query->camera_unknown) {
        return "knows no place of this camera";
    }
    if (!hs_str_eq(o->lead_force, query->force) &&
        !hs_queues_names(o->forces, o->force_count, query->force)) {
        return "is not where this force is";
    }
    bool here = o->road_count + o->site_count + o->area_count == 0 ||
                hs_queues_names(o->roads, o->road_count, query->road) ||
                hs_queues_names(o->sites, o->site_count, query->site) ||
                hs_queues_names(o->areas, o->area_count, query->area);
    return here ? NULL : "is not on this road, at this site or in this area";
}

// Adds what operations say about the queue; true when one of them tells it.
static bool by_operations(const struct hs_routes *routes, const struct hs_route_query *query,
                          const struct hs_queue *queue, struct hs_buf *out)
{
    bool told = false;
    for (size_t i = 0; i < routes->operation_count; i++) {
        const struct hs_operation *o = &routes->operation_rows[i].operation;
        bool names = query->covert
                         ? hs_queues_names(o->covert_lists, o->covert_list_count, query->list_id) &&
                               hs_queues_names(o->covert_queues, o->covert_queue_count, queue->name)
                         : hs_queues_names(o->lists, o->list_count, query->list_id) &&
                               hs_queues_names(o->queues, o->queue_count, queue->name);
        if (names) {
            const char *refused = operation_refuses(o, query);
            hs_buf_printf(out, "; operation '%.*s' %s", HS_STR_ARG(o->id),
                          refused ? refused : "permits it");
            told = told || !refused;
        }
    }
    return told;
}

static bool is_hub(const struct hs_route_query *query, const struct hs_queue *queue)
{
    return !query->covert && (queue->safeguarding & query->safeguarding) != 0;
}

// What the queue itself permits, in words.
static bool by_itself(const struct hs_route_query *query, const struct hs_queue *queue,
                      struct hs_buf *out)
{
    bool named = query->covert ? hs_queues_names(queue->covert_lists, queue->covert_list_count,
                                                 query->list_id)
                               : hs_queues_names(queue->lists, queue->list_count, query->list_id);
    bool all = !query->covert && hs_queues_names(queue->lists, queue->list_count, HS_STR("*"));
    if (named || all) {
        hs_buf_printf(out, "may receive list '%.*s'%s", HS_STR_ARG(query->list_id),
                      named ? "" : ", as all open lists");
    } else {
        hs_buf_printf(out, "may not by itself receive %slist '%.*s'",
                      query->covert ? "covert " : "", HS_STR_ARG(query->list_id));
    }
    if (is_hub(query, queue)) {
        hs_buf_printf(
            out, "; is told of '%s' whatever the list",
            level_words[__builtin_ctz(query->safeguarding) % HS_ROUTE_SAFEGUARDING_LEVELS]);
    }
    return named || all || is_hub(query, queue);
}

static bool has_right_place(const struct hs_route_query *query, const struct hs_queue *queue,
                            struct hs_buf *out)
{
    bool everywhere = queue->force_count + queue->area_count == 0;
    bool owned = hs_str_eq(queue->owner_force, query->list_owner);
    if (query->covert) {
        hs_buf_printf(out, "; %s list's owner '%.*s'", owned ? "belongs to the" : "is not of the",
                      HS_STR_ARG(query->list_owner));
        return owned;
    }
    if (query->camera_unknown) {
        bool told = (owned && queue->is_default) || (is_hub(query, queue) && (everywhere || owned));
        hs_buf_printf(out, "; is %s for cameras that are not in the register",
                      told ? "the one" : "not the one");
        return told;
    }
    if (everywhere) {
        hs_buf_add_text(out, "; cares for all places");
        return true;
    }
    bool cares = hs_queues_names(queue->forces, queue->force_count, query->force) ||
                 hs_queues_names(queue->areas, queue->area_count, query->area);
    hs_buf_printf(out, "; %s for force '%.*s', area '%.*s'", cares ? "cares" : "does not care",
                  HS_STR_ARG(query->force), HS_STR_ARG(query->area));
    return cares;
}

bool hs_route_explain(const struct hs_routes *routes, const struct hs_route_query *query,
                      const struct hs_queue *queue, struct hs_buf *out)
{
    if (queue->kind == HS_QUEUE_OPS) {
        hs_buf_add_text(out, "is the system's own");
        return false;
    }
    bool permitted = by_itself(query, queue, out);
    permitted = by_operations(routes, query, queue, out) || permitted;
    bool told = has_right_place(query, queue, out) && permitted;
    if (!(queue->handling & query->handling)) {
        hs_buf_printf(out, "; does not take '%s'",
                      query->handling == HS_ROUTE_HANDLING_STOP ? "stop" : "monitor");
        told = false;
    }
    if (told && query->stale && queue->kind == HS_QUEUE_LIVE) {
        hs_buf_printf(out, "; too late for a live queue: %s%.*s",
                      queue->intelligence_queue.len > 0 ? "diverted to " : "told to nobody",
                      HS_STR_ARG(queue->intelligence_queue));
        told = false;
    }
    return told;
}
