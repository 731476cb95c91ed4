// SPDX-License-Identifier: Apache-2.0
#include "hitctl/explain_find.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/error.h"
#include "controls/controls.h"
#include "hitctl/payload.h"
#include "hitctl/store_open.h"
#include "hitctl/stream.h"

enum {
    READ_TIMEOUT_MS = 600000,
    ID_DIGITS_MIN = 8,
};

int alert_id_parse(const char *word, struct alert_id *ret_id)
{
    size_t len = strlen(word), decoded = 0;
    *ret_id = (struct alert_id){.bytes = len / 2};
    if (len >= ID_DIGITS_MIN && len <= 2 * HS_ID_BYTES && len % 2 == 0 &&
        hs_hex_decode(hs_str(word), ret_id->id.bytes, len / 2) == 0) {
        return HITCTL_OK;
    }
    if (sodium_base642bin(ret_id->id.bytes, HS_ID_BYTES, word, len, NULL, &decoded, NULL,
                          sodium_base64_VARIANT_ORIGINAL) == 0 &&
        decoded == HS_ID_BYTES) {
        ret_id->bytes = HS_ID_BYTES;
        return HITCTL_OK;
    }
    hitctl_error("'%s' is no alert's id: %d to %d hex digits (header ce_id), or base64 as in JSON",
                 word, ID_DIGITS_MIN, 2 * HS_ID_BYTES);
    return HITCTL_USAGE;
}

// A search under way.
struct search {
    const struct alert_id *id;
    struct alert_found *found;
};

static bool is_it(const struct search *search, const struct hs_kafka_message *message)
{
    struct hs_str text;
    struct hs_id id;
    return hs_kafka_message_header(message, "ce_id", &text) && hs_id_parse(text, &id) == 0 &&
           memcmp(id.bytes, search->id->id.bytes, search->id->bytes) == 0;
}

static bool on_message(void *ctx, const struct hs_kafka_message *message)
{
    struct search *search = ctx;
    struct alert_found *found = search->found;
    struct hs_buf why = {0};
    ProtobufCMessage *alert;
    struct hs_str trace;
    if (is_it(search, message) && hitctl_payload_unpack(&hitstream__v1__alert__descriptor,
                                                        message->value, &alert, &why) == 0) {
        found->alert = (Hitstream__V1__Alert *)(void *)alert;
        snprintf(found->topic, sizeof(found->topic), "%s", message->topic);
        found->partition = message->partition;
        found->offset = message->offset;
        found->appended_at_ms = hs_kafka_message_time_ms(message, NULL);
        found->json = message->value.len > 0 && message->value.ptr[0] == '{';
        hs_buf_add_str(&found->payload, message->value);
        if (hs_kafka_message_header(message, "traceparent", &trace)) {
            hs_buf_add_str(&found->traceparent, trace);
        }
    }
    hs_buf_fini(&why);
    return !found->alert && !hitctl_interrupted();
}

static int search_topic(struct hs_kafka_tail *tail, struct search *search, const char *topic)
{
    const struct hs_kafka_range range = {.topic = topic,
                                         .partition = -1,
                                         .from_time_ms = -1,
                                         .from_offset = HS_KAFKA_OFFSET_BEGINNING};
    const struct hs_kafka_tail_options options = {.timeout_ms = READ_TIMEOUT_MS};
    int rc = hs_kafka_tail_read(tail, &range, 1, &options, on_message, search);
    if (rc == HS_ECANCELED && !search->found->alert) {
        hitctl_error("interrupted");
        return HITCTL_FAILED;
    }
    return rc == 0 || rc == HS_ECANCELED ? HITCTL_OK : hitctl_kafka_failed(rc, topic);
}

// One queue: its topic, and what it did not take.
static int search_queue(struct hs_kafka_tail *tail, struct search *search, struct hs_str queue)
{
    static const char *const prefixes[] = {HS_KAFKA_DISPATCH, HS_KAFKA_UNDELIVERED};
    char topic[HS_KAFKA_TOPIC_TEXT_BYTES];
    int result = HITCTL_OK;
    bool unrouted = hs_str_is(queue, "unrouted");
    for (size_t i = 0; i < (unrouted ? 1 : 2) && result == HITCTL_OK && !search->found->alert;
         i++) {
        snprintf(topic, sizeof(topic), "%s%.*s", prefixes[i], HS_STR_ARG(queue));
        result = search_topic(tail, search, topic);
    }
    return result;
}

static int controls_in_force(const struct hitctl *ctl, struct hs_controls **ret_controls)
{
    struct hs_store *store = NULL;
    struct hs_buf packed = {0};
    struct hs_diags diags = {0};
    char hash[HS_CHANGE_HASH_BYTES] = "";
    int result = hitctl_store_open(ctl, &store);
    int rc = result == HITCTL_OK ? hs_store_controls_head(store, hash, &packed) : 0;
    if (rc < 0) {
        result = hitctl_store_failed(store, rc, "controls");
    } else if (hash[0] && hs_controls_unpack(hs_buf_str(&packed), &diags, ret_controls) < 0) {
        hitctl_print_diags(&diags);
        result = HITCTL_REFUSED;
    }
    hs_diags_fini(&diags);
    hs_buf_fini(&packed);
    hs_store_free(store);
    return result;
}

int alert_find(const struct hitctl *ctl, struct hs_kafka_tail *tail, const char *queue,
               const struct alert_id *id, struct alert_found *found)
{
    struct search search = {id, found};
    struct hs_controls *controls = NULL;
    if (queue) {
        return search_queue(tail, &search, hs_str(queue));
    }
    int result = controls_in_force(ctl, &controls);
    const struct hs_routes *routes = controls ? hs_controls_routes(controls) : NULL;
    for (size_t i = 0;
         routes && i < hs_routes_queue_count(routes) && result == HITCTL_OK && !found->alert; i++) {
        result = search_queue(tail, &search, hs_routes_queue(routes, i)->name);
    }
    if (result == HITCTL_OK && !found->alert) {
        result = search_queue(tail, &search, HS_STR("unrouted"));
    }
    hs_controls_unref(controls);
    return result;
}

void alert_found_fini(struct alert_found *found)
{
    if (found->alert) {
        hitstream__v1__alert__free_unpacked(found->alert, NULL);
    }
    hs_buf_fini(&found->payload);
    hs_buf_fini(&found->traceparent);
    *found = (struct alert_found){0};
}
