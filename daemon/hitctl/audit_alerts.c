// SPDX-License-Identifier: Apache-2.0
// What the dispatch topics say: which queue was told of what, by which rule and authority.
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "controls/controls.h"
#include "hitctl/alert_find.h"
#include "hitctl/audit_collect.h"
#include "hitctl/payload.h"
#include "hitctl/rights.h"
#include "hitctl/store_open.h"
#include "hitctl/stream.h"
#include "hitctl/text_parts.h"
#include "kafka/tail.h"
#include "wire/ids.h"

enum { READ_TIMEOUT_MS = 600000, KIND_PREFIX_BYTES = sizeof("ALERT_KIND_") - 1 };

struct gathering {
    const struct hitctl *ctl;
    const struct hitctl_audit_query *query;
    struct hitctl_audit_rows *rows;
    int rc;
};

// ---- queues ----

// Names of all queues that kept controls have, each once; texts and rows in `bump`.
struct queues {
    struct hs_store *store;
    struct hs_bump bump;
    struct hs_str *rows;
    size_t count, capacity;
    int rc;
};

static int add_queue(struct queues *queues, struct hs_str name)
{
    for (size_t i = 0; i < queues->count; i++) {
        if (hs_str_eq(queues->rows[i], name)) {
            return 0;
        }
    }
    if (queues->count == queues->capacity) {
        size_t capacity = queues->capacity ? 2 * queues->capacity : 64;
        void *grown = reallocarray(queues->rows, capacity, sizeof(*queues->rows));
        if (!grown) {
            return HS_ENOMEM;
        }
        queues->rows = grown;
        queues->capacity = capacity;
    }
    const char *copy = hs_bump_copy(&queues->bump, name.ptr, name.len);
    queues->rows[queues->count++] = hs_str_n(copy, name.len);
    return copy ? 0 : HS_ENOMEM;
}

static void add_controls(void *ctx, const struct hs_controls_activation *activation)
{
    struct queues *queues = ctx;
    struct hs_buf packed = {0};
    struct hs_diags diags = {0};
    struct hs_controls *controls = NULL;
    int rc = queues->rc;
    if (rc == 0) {
        rc = hs_store_controls_get(queues->store, activation->hash, &packed);
    }
    if (rc == 0) {
        rc = hs_controls_unpack(hs_buf_str(&packed), &diags, &controls);
    }
    const struct hs_routes *routes = controls ? hs_controls_routes(controls) : NULL;
    for (size_t i = 0; rc == 0 && i < hs_routes_queue_count(routes); i++) {
        const struct hs_queue *queue = hs_routes_queue(routes, i);
        rc = queue->kind == HS_QUEUE_OPS ? 0 : add_queue(queues, queue->name);
    }
    queues->rc = rc == HS_ENOTFOUND ? 0 : rc; // older than what is kept
    hs_controls_unref(controls);
    hs_diags_fini(&diags);
    hs_buf_fini(&packed);
}

static int find_queues(struct queues *queues, const char *only)
{
    if (only) {
        return add_queue(queues, hs_str(only));
    }
    int rc = hs_store_controls_history(queues->store, HS_STORE_CONTROLS_KEPT, add_controls, queues);
    return rc ? rc : queues->rc;
}

// ---- alerts ----

static void say_route(const Hitstream__V1__Alert *alert, struct hs_buf *out)
{
    hs_buf_printf(out, "rule %s, %s", alert->rule[0] ? alert->rule : "?",
                  hitctl_text_enum(&hitstream__v1__alert_kind__descriptor, (int)alert->kind,
                                   KIND_PREFIX_BYTES));
    for (size_t i = 0; i < alert->n_operations; i++) {
        hs_buf_printf(out, ", operation %s", alert->operations[i]->operation_id);
    }
    if (alert->controls_hash[0]) {
        hs_buf_printf(out, ", controls %.12s", alert->controls_hash);
    }
}

static void say_authority(const Hitstream__V1__Alert *alert, struct hs_buf *out)
{
    if (alert->entry) {
        hs_buf_add_text(out, alert->entry->authority_reference);
    }
    for (size_t i = 0; i < alert->n_operations; i++) {
        hs_buf_printf(out, "%s%s", out->len > 0 ? "; " : "", alert->operations[i]->authority);
    }
}

static bool is_wanted(const struct gathering *all, const Hitstream__V1__Alert *alert,
                      struct hs_str list_id)
{
    const char *vehicle = all->query->vehicle;
    return hitctl_sees(all->ctl, list_id, alert->covert) &&
           (!vehicle || strcmp(alert->vehicle, vehicle) == 0 ||
            strcmp(alert->read_vrm, vehicle) == 0);
}

static int add_alert(struct gathering *all, const struct hs_kafka_message *message,
                     const Hitstream__V1__Alert *alert)
{
    struct hs_buf route = {0}, authority = {0};
    char id[2 * HS_ID_BYTES + 1] = "";
    struct hs_str list_id = hs_str(alert->list ? alert->list->list_id : "");
    if (!is_wanted(all, alert, list_id)) {
        return 0;
    }
    if (alert->alert_id.len == HS_ID_BYTES) {
        hs_hex_encode(alert->alert_id.data, HS_ID_BYTES, id);
    }
    say_route(alert, &route);
    say_authority(alert, &authority);
    const char *queue = strchr(message->topic, '.');
    const struct hitctl_audit_row row = {
        .at_ms = hs_kafka_message_time_ms(message, NULL),
        .texts = {[HITCTL_AUDIT_WHAT] = HS_STR("told"),
                  [HITCTL_AUDIT_WHO] = HS_STR("hitstream"),
                  [HITCTL_AUDIT_AUTHORITY] = hs_buf_str(&authority),
                  [HITCTL_AUDIT_LIST] = list_id,
                  [HITCTL_AUDIT_ENTRY] = hs_str(alert->entry ? alert->entry->entry_id : ""),
                  [HITCTL_AUDIT_VEHICLE] = hs_str(alert->vehicle),
                  [HITCTL_AUDIT_RECIPIENT] = hs_str(queue ? queue + 1 : message->topic),
                  [HITCTL_AUDIT_ROUTE] = hs_buf_str(&route),
                  [HITCTL_AUDIT_DETAIL] = hs_str(alert->headline),
                  [HITCTL_AUDIT_ID] = hs_str(id)}};
    int rc = hitctl_audit_rows_add(all->rows, &row);
    hs_buf_fini(&route);
    hs_buf_fini(&authority);
    return rc;
}

static bool on_message(void *ctx, const struct hs_kafka_message *message)
{
    struct gathering *all = ctx;
    ProtobufCMessage *alert;
    struct hs_buf why = {0};
    int64_t at_ms = hs_kafka_message_time_ms(message, NULL);
    if (at_ms < all->query->from_ms || at_ms >= all->query->to_ms) {
        return true;
    }
    if (hitctl_payload_unpack(&hitstream__v1__alert__descriptor, message->value, &alert, &why) !=
        0) {
        hitctl_error("%s/%d@%lld is no alert: %s", message->topic, message->partition,
                     (long long)message->offset, hs_buf_text(&why));
    } else {
        all->rc = add_alert(all, message, (const Hitstream__V1__Alert *)(const void *)alert);
        protobuf_c_message_free_unpacked(alert, NULL);
    }
    hs_buf_fini(&why);
    return all->rc == 0;
}

// A topic that is not there was told nothing: said, and passed by unless it was asked for.
static int read_queue(struct gathering *all, struct hs_kafka_tail *tail, struct hs_str queue)
{
    char name[HS_KAFKA_TOPIC_TEXT_BYTES], topic[HS_KAFKA_TOPIC_TEXT_BYTES];
    const struct hs_kafka_tail_options options = {.timeout_ms = READ_TIMEOUT_MS};
    snprintf(name, sizeof(name), "%.*s", HS_STR_ARG(queue));
    hitctl_alert_topic(name, topic, sizeof(topic));
    const struct hs_kafka_range range = {
        .topic = topic, .partition = -1, .from_time_ms = all->query->from_ms};
    int status = hs_kafka_tail_read(tail, &range, 1, &options, on_message, all);
    if (all->rc != 0) {
        hitctl_error("%s", hs_strerror(all->rc));
        return HITCTL_FAILED;
    }
    if (status == HS_ENOTFOUND && !all->query->queue) {
        hitctl_error("there is no topic '%s': nothing is known of queue '%s'", topic, name);
        return HITCTL_OK;
    }
    return status == HS_OK ? HITCTL_OK : hitctl_kafka_failed(status, topic);
}

int hitctl_audit_alerts(const struct hitctl *ctl, struct hs_store *store,
                        const struct hitctl_audit_query *query, struct hitctl_audit_rows *rows)
{
    struct gathering all = {.ctl = ctl, .query = query, .rows = rows};
    struct queues queues = {.store = store};
    struct hs_kafka_tail *tail = NULL;
    int code = HITCTL_OK;
    if (query->person) { // queues are told, not persons
        return HITCTL_OK;
    }
    int rc = find_queues(&queues, query->queue);
    if (rc != 0) {
        code = hitctl_store_failed(store, rc, "cannot read the controls");
    } else if (queues.count > 0 && hs_kafka_tail_new(ctl->settings, NULL, &tail) != 0) {
        hitctl_error("cannot make a client of Kafka");
        code = HITCTL_FAILED;
    }
    for (size_t i = 0; code == HITCTL_OK && i < queues.count; i++) {
        code = read_queue(&all, tail, queues.rows[i]);
    }
    hs_kafka_tail_free(tail);
    free(queues.rows);
    hs_bump_fini(&queues.bump);
    return code;
}
