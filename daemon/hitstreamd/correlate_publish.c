// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/correlate_publish.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "hitstream/v1/alert.pb-c.h"
#include "hitstreamd/correlate_channel.h"
#include "hitstreamd/correlate_metrics.h"
#include "hitstreamd/correlate_outbox.h"
#include "hitstreamd/correlate_readback.h"
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
    snprintf(p->age, sizeof(p->age), "%" PRId64,
             hs_stage_wall_ms(p->part->stage) - p->alert->event_at_ms);
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
    outgoing->test = p->alert->test;
    outgoing->event_at_ms = p->alert->event_at_ms;
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
        hs_metric_add(part->stage->metrics->already_told, 1);
        return;
    }
    if (alert->late_queue &&
        hs_stage_wall_ms(part->stage) - alert->event_at_ms > alert->divert_after_ms) {
        p.queue = alert->late_queue;
        p.diverted = true;
        hs_metric_add(part->stage->metrics->diverted, 1);
    }
    part->stage->unrouted_since_told += p.queue == NULL;
    send(&p);
    hs_buf_fini(&p.json);
}
