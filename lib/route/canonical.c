// SPDX-License-Identifier: Apache-2.0
//
// What concerns one audience, as text: no other audience's lists show in it, so that taking a
// covert list away changes no other's hash.
#include "route/queues.h"
#include "route/route.h"

static const char *const kind_words[] = {"live", "intelligence", "ops"};
static const char *const format_words[] = {"protobuf", "json"};

// Names hold no control characters that could end a line: YAML scalars may, so lengths are written
// before them.
static void add_text(struct hs_buf *out, struct hs_str text)
{
    hs_buf_printf(out, " %zu:", text.len);
    hs_buf_add_str(out, text);
}

static void add_names(struct hs_buf *out, const char *key, const struct hs_str *names, size_t count)
{
    hs_buf_printf(out, " %s", key);
    for (size_t i = 0; i < count; i++) {
        add_text(out, names[i]);
    }
}

static void add_desk(struct hs_buf *out, const struct hs_queue *queue)
{
    hs_buf_add_text(out, "queue");
    add_text(out, queue->name);
    add_text(out, queue->owner_force);
    add_text(out, queue->intelligence_queue);
    hs_buf_printf(out, " %s %s handling %u undelivered %lld", kind_words[queue->kind],
                  format_words[queue->format], queue->handling,
                  (long long)queue->undelivered_after_ms);
    if (queue->acknowledge_within_ms > 0) {
        hs_buf_printf(out, " acknowledge %lld", (long long)queue->acknowledge_within_ms);
    }
    if (queue->test_interval_ms > 0) {
        hs_buf_printf(out, " test %lld", (long long)queue->test_interval_ms);
    }
    if (queue->reduced) {
        hs_buf_printf(out, " disclose %u place %d quarters %d", queue->disclose,
                      (int)queue->disclose_place, queue->disclose_quarter_hours);
    }
    hs_buf_add_text(out, queue->partner ? " partner" : "");
    if (queue->escalate_count > 0) {
        add_names(out, "escalate", queue->escalate_to, queue->escalate_count);
    }
}

// Whether an operation tells the queue of something that this audience may know.
static bool in_operation(const struct hs_routes *routes, struct hs_str queue, bool open,
                         struct hs_str covert_list)
{
    for (size_t i = 0; i < hs_routes_operation_count(routes); i++) {
        const struct hs_operation *o = hs_routes_operation(routes, i);
        if (open ? hs_queues_names(o->queues, o->queue_count, queue)
                 : hs_queues_names(o->covert_queues, o->covert_queue_count, queue) &&
                       hs_queues_names(o->covert_lists, o->covert_list_count, covert_list)) {
            return true;
        }
    }
    return false;
}

static void add_open(struct hs_buf *out, const struct hs_routes *routes,
                     const struct hs_queue *queue)
{
    if (queue->list_count == 0 && queue->safeguarding == 0 &&
        !in_operation(routes, queue->name, true, HS_STR(""))) {
        return;
    }
    add_desk(out, queue);
    hs_buf_add_text(out, queue->is_default ? " default" : "");
    if (queue->safeguarding != 0) {
        hs_buf_printf(out, " safeguarding %u", queue->safeguarding);
    }
    add_names(out, "lists", queue->lists, queue->list_count);
    add_names(out, "forces", queue->forces, queue->force_count);
    add_names(out, "areas", queue->areas, queue->area_count);
    hs_buf_add_char(out, '\n');
}

// What an operation says to one audience: its open lists and queues, or the covert list and who is
// told of it.
static void add_operation(struct hs_buf *out, const struct hs_operation *operation,
                          const struct hs_str *lists, size_t list_count,
                          const struct hs_str *queues, size_t queue_count)
{
    hs_buf_add_text(out, "operation");
    add_text(out, operation->id);
    add_text(out, operation->name);
    add_text(out, operation->authority);
    add_text(out, operation->lead_force);
    hs_buf_printf(out, " from %lld to %lld priority %u repeat %lld acknowledge %lld",
                  (long long)operation->from_ms, (long long)operation->to_ms,
                  operation->priority_floor, (long long)operation->repeat_window_ms,
                  (long long)operation->acknowledge_within_ms);
    add_names(out, "forces", operation->forces, operation->force_count);
    add_names(out, "roads", operation->roads, operation->road_count);
    add_names(out, "sites", operation->sites, operation->site_count);
    add_names(out, "areas", operation->areas, operation->area_count);
    add_names(out, "lists", lists, list_count);
    add_names(out, "queues", queues, queue_count);
    hs_buf_add_char(out, '\n');
}

static void add_operations(struct hs_buf *out, const struct hs_routes *routes, bool open,
                           struct hs_str covert_list)
{
    for (size_t i = 0; i < hs_routes_operation_count(routes); i++) {
        const struct hs_operation *o = hs_routes_operation(routes, i);
        if (open && o->list_count > 0) {
            add_operation(out, o, o->lists, o->list_count, o->queues, o->queue_count);
        } else if (!open && hs_queues_names(o->covert_lists, o->covert_list_count, covert_list)) {
            add_operation(out, o, &covert_list, 1, o->covert_queues, o->covert_queue_count);
        }
    }
}

void hs_routes_canonical(const struct hs_routes *routes, struct hs_str audience, struct hs_buf *out)
{
    static const char covert[] = "covert:";
    size_t prefix = sizeof(covert) - 1;
    bool is_covert = audience.len > prefix && memcmp(audience.ptr, covert, prefix) == 0;
    bool is_open = hs_str_is(audience, "open");
    struct hs_str list =
        is_covert ? hs_str_n(audience.ptr + prefix, audience.len - prefix) : HS_STR("");
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        const struct hs_queue *queue = hs_routes_queue(routes, i);
        if (is_open) {
            add_open(out, routes, queue);
        } else if (is_covert &&
                   (hs_queues_names(queue->covert_lists, queue->covert_list_count, list) ||
                    in_operation(routes, queue->name, false, list))) {
            add_desk(out, queue);
            hs_buf_add_char(out, '\n');
        }
    }
    if (is_open || is_covert) {
        add_operations(out, routes, is_open, list);
    }
}
