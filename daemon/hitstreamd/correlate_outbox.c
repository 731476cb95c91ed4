// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/correlate_outbox.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/correlate_metrics.h"
#include "hitstreamd/kill_point.h"
#include "hitstreamd/test_alerts.h"

HS_LOG_EVENT(event_failed, "partition-begins-anew", "b3b7f3a0d28e4a4f9a8c2f6f1f4d7e10");

enum { FULL_QUEUE_POLL_MS = 10, BEGIN_ANEW_AFTER_MS = 1000 };

static char *put(char **at, struct hs_str text)
{
    char *to = *at;
    if (text.len > 0) {
        memcpy(to, text.ptr, text.len);
    }
    *at += text.len;
    return to;
}

static bool is_counted(enum hs_outgoing_kind kind)
{
    return kind == HS_OUT_ALERT || kind == HS_OUT_UNROUTED || kind == HS_OUT_EVENT ||
           kind == HS_OUT_OBSERVATION || kind == HS_OUT_TOOK_OVER;
}

static bool is_state(enum hs_outgoing_kind kind)
{
    return kind == HS_OUT_STATE || kind == HS_OUT_PARTITION_STATE;
}

struct hs_outgoing *hs_outgoing_new(enum hs_outgoing_kind kind, struct hs_part *part,
                                    struct hs_str key, struct hs_str value,
                                    const struct hs_kafka_header *headers, size_t header_count)
{
    size_t len = key.len + value.len + 1;
    for (size_t i = 0; i < header_count; i++) {
        len += headers[i].value.len;
    }
    struct hs_outgoing *outgoing =
        malloc(sizeof(*outgoing) + header_count * sizeof(headers[0]) + len);
    if (!outgoing) {
        return NULL;
    }
    *outgoing = (struct hs_outgoing){.kind = kind, .part = part, .header_count = header_count};
    char *at = (char *)&outgoing->headers[header_count];
    outgoing->key = hs_str_n(put(&at, key), key.len);
    outgoing->value = hs_str_n(value.ptr ? put(&at, value) : NULL, value.len);
    for (size_t i = 0; i < header_count; i++) {
        outgoing->headers[i].name = headers[i].name;
        outgoing->headers[i].value = hs_str_n(put(&at, headers[i].value), headers[i].value.len);
    }
    if (part && is_counted(kind)) {
        outgoing->generation = part->generation;
        part->pending[part->generation]++;
    }
    return outgoing;
}

void hs_part_fail(struct hs_part *part, const char *what, const char *why)
{
    if (part->state == HS_PART_FAILED || part->state == HS_PART_LOST) {
        return;
    }
    hs_log(HS_LOG_WARNING, &event_failed,
           "partition %" PRId32 " of anpr.hits: %s was not delivered: %s, taking it over anew",
           part->number, what, why);
    hs_metric_add(part->stage->metrics->failures, 1);
    part->state = HS_PART_FAILED;
    part->stopped = false;
    part->retry_at_ms = hs_clock_boottime_ms() + BEGIN_ANEW_AFTER_MS;
}

void hs_outbox_done(struct hs_outgoing *outgoing)
{
    struct hs_part *part = outgoing->part;
    if (part && is_state(outgoing->kind)) {
        part->states_pending--;
    } else if (part) {
        part->pending[outgoing->generation]--;
    }
    outgoing->part = NULL;
}

int hs_outbox_produce(struct hs_correlate_stage *stage, struct hs_outgoing *outgoing, int topic,
                      int32_t partition)
{
    struct hs_kafka_record record = {
        .topic = topic,
        .partition = partition,
        .key = outgoing->key,
        .value = outgoing->value,
        .headers = outgoing->headers,
        .header_count = outgoing->header_count,
        .opaque = outgoing,
    };
    int rc = topic < 0 ? HS_ENOTFOUND : hs_kafka_producer_produce(stage->producer, &record);
    while (rc == HS_ELIMIT) { // ends by the message timeout at the latest
        hs_stage_beat(stage);
        hs_kafka_producer_poll(stage->producer, FULL_QUEUE_POLL_MS);
        rc = hs_kafka_producer_produce(stage->producer, &record);
    }
    if (rc != 0) {
        return rc;
    }
    stage->in_flight++;
    if (outgoing->kind == HS_OUT_ALERT) {
        outgoing->channel->in_flight++;
    }
    if (outgoing->part && is_state(outgoing->kind)) {
        outgoing->part->states_pending++;
    }
    return 0;
}

static void acked_alert(struct hs_correlate_stage *stage, struct hs_outgoing *outgoing)
{
    if (outgoing->test) {
        hs_test_alerts_back(stage, outgoing->channel->queue, outgoing->event_at_ms);
    } else if (outgoing->covert) {
        hs_metric_add(stage->metrics->covert_alerts, 1);
    } else {
        hs_metric_add(outgoing->channel->alerts, 1);
    }
    stage->took(outgoing->channel);
    if (outgoing->event_appended_at_ms > 0 && !outgoing->test) {
        hs_metric_observe(stage->metrics->latency,
                          (double)(hs_stage_wall_ms(stage) - outgoing->event_appended_at_ms) /
                              1000.0);
    }
    hs_kill_point("alert-acked");
}

static void acked_state(struct hs_outgoing *outgoing)
{
    if (outgoing->part && outgoing->part->checkpoint.pending > 0) {
        outgoing->part->checkpoint.pending--;
    }
    hs_kill_point("state-acked");
}

static void acked(struct hs_correlate_stage *stage, struct hs_outgoing *outgoing,
                  const struct hs_kafka_delivery *delivery)
{
    switch (outgoing->kind) {
    case HS_OUT_ALERT:
        acked_alert(stage, outgoing);
        break;
    case HS_OUT_UNDELIVERED:
        hs_metric_add(stage->metrics->undelivered, 1);
        break;
    case HS_OUT_TOOK_OVER:
        if (outgoing->part) {
            outgoing->part->epoch = (uint64_t)delivery->offset;
            outgoing->part->took_over = true;
        }
        break;
    case HS_OUT_STATE:
    case HS_OUT_PARTITION_STATE:
        acked_state(outgoing);
        break;
    default:
        break;
    }
    hs_outbox_done(outgoing);
    free(outgoing);
}

static const char *name_of(enum hs_outgoing_kind kind)
{
    switch (kind) {
    case HS_OUT_UNDELIVERED:
        return "an undelivered alert";
    case HS_OUT_UNROUTED:
        return "an alert without a route";
    case HS_OUT_TOOK_OVER:
        return "'took over'";
    case HS_OUT_EVENT:
        return "an own event";
    case HS_OUT_OBSERVATION:
        return "an observation of cameras";
    default:
        return "a state";
    }
}

void hs_outbox_delivered(void *ctx, const struct hs_kafka_delivery *delivery)
{
    struct hs_correlate_stage *stage = ctx;
    struct hs_outgoing *outgoing = delivery->opaque;
    stage->in_flight--;
    if (outgoing->kind == HS_OUT_ALERT) {
        outgoing->channel->in_flight--;
    }
    if (delivery->status == HS_DELIVERY_ACKED) {
        if (delivery->append_time) {
            hs_broker_clock_see(&stage->brokers, delivery->timestamp_ms, hs_clock_boottime_ms());
        }
        acked(stage, outgoing, delivery);
        return;
    }
    struct hs_part *part = outgoing->part;
    if (outgoing->kind == HS_OUT_ALERT && part && part->state != HS_PART_FAILED) {
        stage->refused(stage, outgoing, delivery);
        return;
    }
    hs_outbox_done(outgoing);
    if (part && outgoing->kind != HS_OUT_ALARM) {
        hs_part_fail(part, name_of(outgoing->kind), delivery->text);
    }
    free(outgoing);
}
