// SPDX-License-Identifier: Apache-2.0
#include "route/naive.h"

static bool names(const struct hs_str *list, size_t count, struct hs_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (hs_str_eq(list[i], name)) {
            return true;
        }
    }
    return false;
}

static bool covers(const struct hs_operation *o, const struct hs_route_query *query)
{
    if (query->at_ms < o->from_ms || query->at_ms >= o->to_ms || query->camera_unknown ||
        !(hs_str_eq(o->lead_force, query->force) ||
          names(o->forces, o->force_count, query->force))) {
        return false;
    }
    return o->road_count + o->site_count + o->area_count == 0 ||
           names(o->roads, o->road_count, query->road) ||
           names(o->sites, o->site_count, query->site) ||
           names(o->areas, o->area_count, query->area);
}

static bool by_operation(const struct hs_routes *routes, const struct hs_route_query *query,
                         struct hs_str queue)
{
    for (size_t i = 0; i < hs_routes_operation_count(routes); i++) {
        const struct hs_operation *o = hs_routes_operation(routes, i);
        bool named = query->covert ? names(o->covert_lists, o->covert_list_count, query->list_id) &&
                                         names(o->covert_queues, o->covert_queue_count, queue)
                                   : names(o->lists, o->list_count, query->list_id) &&
                                         names(o->queues, o->queue_count, queue);
        if (named && covers(o, query)) {
            return true;
        }
    }
    return false;
}

static bool may_receive(const struct hs_routes *routes, const struct hs_route_query *query,
                        const struct hs_queue *queue)
{
    if (queue->kind == HS_QUEUE_OPS || !(queue->handling & query->handling)) {
        return false;
    }
    bool listed = query->covert
                      ? names(queue->covert_lists, queue->covert_list_count, query->list_id)
                      : names(queue->lists, queue->list_count, query->list_id) ||
                            names(queue->lists, queue->list_count, HS_STR("*")) ||
                            (queue->safeguarding & query->safeguarding);
    return listed || by_operation(routes, query, queue->name);
}

static bool cares(const struct hs_route_query *query, const struct hs_queue *queue)
{
    bool owned = hs_str_eq(queue->owner_force, query->list_owner);
    bool everywhere = queue->force_count + queue->area_count == 0;
    if (query->covert) {
        return owned;
    }
    if (query->camera_unknown) {
        bool hub = queue->safeguarding & query->safeguarding;
        return (owned && queue->is_default) || (hub && (owned || everywhere));
    }
    return everywhere || names(queue->forces, queue->force_count, query->force) ||
           names(queue->areas, queue->area_count, query->area);
}

static size_t add(const struct hs_queue **queues, size_t count, size_t max,
                  const struct hs_queue *queue)
{
    for (size_t i = 0; i < count && i < max; i++) {
        if (queues[i] == queue) {
            return count;
        }
    }
    if (count < max) {
        queues[count] = queue;
    }
    return count + 1;
}

size_t naive_decide(const struct hs_routes *routes, const struct hs_route_query *query,
                    const struct hs_queue **ret_queues, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        const struct hs_queue *queue = hs_routes_queue(routes, i);
        if (!may_receive(routes, query, queue) || !cares(query, queue)) {
            continue;
        }
        if (query->stale && queue->kind == HS_QUEUE_LIVE) {
            queue = hs_routes_find(routes, queue->intelligence_queue);
        }
        if (queue) {
            count = add(ret_queues, count, max, queue);
        }
    }
    return count;
}
