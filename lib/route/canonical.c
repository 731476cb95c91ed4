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
    if (queue->escalate_count > 0) {
        add_names(out, "escalate", queue->escalate_to, queue->escalate_count);
    }
}

static void add_open(struct hs_buf *out, const struct hs_queue *queue)
{
    if (queue->list_count == 0) {
        return;
    }
    add_desk(out, queue);
    hs_buf_add_text(out, queue->is_default ? " default" : "");
    add_names(out, "lists", queue->lists, queue->list_count);
    add_names(out, "forces", queue->forces, queue->force_count);
    add_names(out, "areas", queue->areas, queue->area_count);
    hs_buf_add_char(out, '\n');
}

void hs_routes_canonical(const struct hs_routes *routes, struct hs_str audience, struct hs_buf *out)
{
    static const char covert[] = "covert:";
    size_t prefix = sizeof(covert) - 1;
    bool is_covert = audience.len > prefix && memcmp(audience.ptr, covert, prefix) == 0;
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        const struct hs_queue *queue = hs_routes_queue(routes, i);
        if (hs_str_is(audience, "open")) {
            add_open(out, queue);
        } else if (is_covert &&
                   hs_queues_names(queue->covert_lists, queue->covert_list_count,
                                   hs_str_n(audience.ptr + prefix, audience.len - prefix))) {
            add_desk(out, queue);
            hs_buf_add_char(out, '\n');
        }
    }
}
