// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "hitstream/v1/alert.pb-c.h"
#include "hitstreamd/correlate_parts.h"
#include "wire/json.h"

enum { EXTRA_HEADERS = 2, AGE_TEXT_BYTES = 24 };

// One alert on its way to a topic.
struct publishing {
    struct hs_part *part;
    const struct hs_alert *alert;
    const struct hs_queue *queue; // where it goes; NULL: unrouted
    bool diverted;
    char age[AGE_TEXT_BYTES];
    struct hs_buf json;
    struct hs_kafka_header headers[HS_HEADERS_MAX + EXTRA_HEADERS];
    size_t header_count;
};

static void add_headers(struct publishing *p)
{
    bool json = p->queue && p->queue->format == HS_PAYLOAD_JSON;
    for (size_t i = 0; i < p->alert->headers->count; i++) {
        struct hs_header header = hs_headers_get(p->alert->headers, i);
        if (p->diverted && strcmp(header.name, "content-type") == 0) {
            header.value = hs_str(json ? "application/json" : "application/protobuf");
        }
        p->headers[p->header_count++] = (struct hs_kafka_header){header.name, header.value};
    }
    snprintf(p->age, sizeof(p->age), "%" PRId64, hs_clock_realtime_ms() - p->alert->event_at_ms);
    p->headers[p->header_count++] = (struct hs_kafka_header){"age-ms", hs_str(p->age)};
    if (p->diverted) {
        p->headers[p->header_count++] =
            (struct hs_kafka_header){"diverted-from", p->alert->queue->name};
    }
}

// The payload as the queue wants it; borrowed from the alert or from p->json.
static struct hs_str payload(struct publishing *p)
{
    if (!p->queue || p->queue->format != HS_PAYLOAD_JSON) {
        return p->alert->payload;
    }
    Hitstream__V1__Alert *message = hitstream__v1__alert__unpack(
        NULL, p->alert->payload.len, (const uint8_t *)p->alert->payload.ptr);
    if (message) {
        hs_json_print(&message->base, &p->json);
        hitstream__v1__alert__free_unpacked(message, NULL);
    }
    return hs_buf_str(&p->json);
}

static void send(struct publishing *p)
{
    struct hs_correlate_stage *stage = p->part->stage;
    char incident[HS_ID_TEXT_BYTES];
    hs_id_text(&p->alert->incident, incident);
    add_headers(p);
    struct hs_outgoing *outgoing =
        hs_outgoing_new(p->queue ? HS_OUT_ALERT : HS_OUT_UNROUTED, p->part, hs_str(incident),
                        payload(p), p->headers, p->header_count);
    if (!outgoing) {
        hs_part_fail(p->part, "an alert", hs_strerror(HS_ENOMEM));
        return;
    }
    outgoing->id = p->alert->id;
    outgoing->covert = p->alert->covert;
    outgoing->event_appended_at_ms = p->part->event_appended_at_ms;
    struct hs_channel *channel = p->queue ? hs_channel_get(stage, p->queue) : NULL;
    if (channel) {
        hs_channel_send(stage, channel, outgoing);
        return;
    }
    int rc = p->queue ? HS_ELIMIT
                      : hs_outbox_produce(stage, outgoing, stage->unrouted_topic,
                                          HS_KAFKA_PARTITION_BY_KEY);
    if (rc != 0) {
        hs_outbox_done(outgoing);
        free(outgoing);
        hs_part_fail(p->part, "an alert", hs_strerror(rc));
    }
}

void hs_publish_alert(void *ctx, const struct hs_alert *alert)
{
    struct hs_part *part = ctx;
    struct publishing p = {.part = part, .alert = alert, .queue = alert->queue};
    if (part->state != HS_PART_RUNNING) {
        return; // it failed meanwhile, and begins anew
    }
    if (hs_id_set_has(&part->stage->stood, &alert->id)) {
        hs_report_already_told(part->stage);
        return;
    }
    if (alert->late_queue && hs_clock_realtime_ms() - alert->event_at_ms > alert->divert_after_ms) {
        p.queue = alert->late_queue;
        p.diverted = true;
        hs_report_diverted(part->stage);
    }
    part->stage->unrouted_since_told += p.queue == NULL;
    send(&p);
    hs_buf_fini(&p.json);
}

// ---------------------------------------------------------------- alarms

static void pack_alarm(struct hs_correlate_stage *stage, const struct hs_id *id, const char *what,
                       const char *message, int64_t at_ms, struct hs_buf *out)
{
    Hitstream__V1__Alert alert = HITSTREAM__V1__ALERT__INIT;
    char queue[] = HS_ROUTE_OPS_QUEUE;
    char *rule = hs_str_dup(hs_str(what));
    char *text = hs_str_dup(hs_str(message));
    (void)stage;
    if (rule && text) {
        alert.alert_id = (ProtobufCBinaryData){HS_ID_BYTES, (uint8_t *)(uintptr_t)id->bytes};
        alert.queue = queue;
        alert.kind = HITSTREAM__V1__ALERT_KIND__ALERT_KIND_SYSTEM;
        alert.rule = rule;
        alert.headline = text;
        alert.message = text;
        alert.captured_at_ms = at_ms;
        hs_json_print(&alert.base, out);
    }
    free(rule);
    free(text);
}

void hs_publish_alarm(struct hs_correlate_stage *stage, const char *what, struct hs_str queue,
                      const char *message)
{
    int64_t at_ms = hs_clock_realtime_ms();
    struct hs_str parts[] = {hs_str(what), queue, hs_str_n(&at_ms, sizeof(at_ms)),
                             hs_str(stage->config.settings->instance_id)};
    struct hs_id id = hs_id_make(&stage->config.id_key, "alarm", parts, 4);
    struct hs_queue ops = {.name = HS_STR(HS_ROUTE_OPS_QUEUE)};
    struct hs_channel *channel = hs_channel_get(stage, &ops);
    struct hs_headers headers = {0};
    struct hs_buf json = {0};
    char id_text[HS_ID_TEXT_BYTES];
    hs_id_text(&id, id_text);
    pack_alarm(stage, &id, what, message, at_ms, &json);
    hs_headers_add_event(&headers, hs_str(id_text), "hitstream.v1.Alert", HS_STR("hitstreamd"),
                         at_ms, "application/json");
    hs_headers_add(&headers, "queue", ops.name);
    struct hs_kafka_header rows[HS_HEADERS_MAX];
    for (size_t i = 0; i < headers.count; i++) {
        struct hs_header header = hs_headers_get(&headers, i);
        rows[i] = (struct hs_kafka_header){header.name, header.value};
    }
    struct hs_outgoing *outgoing = channel ? hs_outgoing_new(HS_OUT_ALARM, NULL, hs_str(id_text),
                                                             hs_buf_str(&json), rows, headers.count)
                                           : NULL;
    if (outgoing &&
        hs_outbox_produce(stage, outgoing, channel->topic, HS_KAFKA_PARTITION_BY_KEY) != 0) {
        free(outgoing); // the log has it too
    }
    hs_headers_fini(&headers);
    hs_buf_fini(&json);
}
