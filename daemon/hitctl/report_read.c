// SPDX-License-Identifier: Apache-2.0
#include "hitctl/report_read.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "hitctl/payload.h"
#include "hitctl/stream.h"
#include "kafka/tail.h"
#include "wire/framing.h"

enum {
    READ_TIMEOUT_MS = 3600000,
    ASK_TIMEOUT_MS = 15000,
};

// A run over the topics.
struct reading {
    const struct hitctl *ctl;
    struct hs_kafka_tail *tail;
    const struct hitctl_report_span *span;
    struct hs_report *report;
    struct hs_kafka_range *ranges; // topics that are there
    size_t count;
    char (*topics)[HS_KAFKA_TOPIC_TEXT_BYTES];
};

// ------------------------------------------------------------------ records

// A desk may be told in JSON: packed again.
static void take_json(struct reading *reading, const char *queue,
                      const struct hs_kafka_message *message, int64_t at_ms)
{
    struct hs_buf packed = {0}, why = {0};
    ProtobufCMessage *alert = NULL;
    struct hs_report_record record = {.append_time_ms = at_ms, .value = message->value};
    if (hitctl_payload_unpack(&hitstream__v1__alert__descriptor, message->value, &alert, &why) ==
        0) {
        size_t len = protobuf_c_message_get_packed_size(alert);
        char *room = hs_buf_reserve(&packed, len);
        if (room) {
            packed.len = protobuf_c_message_pack(alert, (uint8_t *)room);
            record.value = hs_buf_str(&packed);
        }
        protobuf_c_message_free_unpacked(alert, NULL);
    }
    hs_report_alert(reading->report, queue, &record); // what cannot be read is counted
    hs_buf_fini(&packed);
    hs_buf_fini(&why);
}

static void take_alert(struct reading *reading, const struct hs_kafka_message *message,
                       int64_t at_ms)
{
    struct hs_report_record record = {.append_time_ms = at_ms, .value = message->value};
    bool unrouted = strcmp(message->topic, HS_KAFKA_UNROUTED) == 0;
    const char *queue = unrouted ? NULL : message->topic + sizeof(HS_KAFKA_DISPATCH) - 1;
    if (message->value.len > 0 && message->value.ptr[0] == '{') {
        take_json(reading, queue, message, at_ms);
    } else if (hs_framing_strip(message->value, &record.value) == 0) {
        hs_report_alert(reading->report, queue, &record);
    }
}

static bool on_message(void *ctx, const struct hs_kafka_message *message)
{
    struct reading *reading = ctx;
    int64_t at_ms = hs_kafka_message_time_ms(message, NULL);
    if (at_ms >= reading->span->as_of_ms) {
        return !hitctl_interrupted();
    }
    if (strcmp(message->topic, HS_KAFKA_HITS) == 0) {
        const struct hs_report_record record = {at_ms, message->value};
        hs_report_event(reading->report, &record);
    } else {
        take_alert(reading, message, at_ms);
    }
    return !hitctl_interrupted();
}

// ------------------------------------------------------------------ topics

// A topic that is there is read; one that is not was told nothing.
static int add_topic(struct reading *reading, const char *prefix, struct hs_str queue)
{
    char *topic = reading->topics[reading->count];
    int32_t partitions = 0;
    snprintf(topic, HS_KAFKA_TOPIC_TEXT_BYTES, "%s%.*s", prefix, HS_STR_ARG(queue));
    int rc = hs_kafka_tail_partitions(reading->tail, topic, ASK_TIMEOUT_MS, &partitions);
    if (rc == HS_ENOTFOUND && queue.len > 0) {
        hitctl_error("there is no topic '%s': nothing is known of what it was told, going on",
                     topic);
        return HITCTL_OK;
    }
    if (rc != 0) {
        return hitctl_kafka_failed(rc, topic);
    }
    reading->ranges[reading->count++] = (struct hs_kafka_range){
        .topic = topic, .partition = -1, .from_time_ms = reading->span->since_ms};
    return HITCTL_OK;
}

static int add_topics(struct reading *reading, const struct hs_routes *routes)
{
    size_t queues = hs_routes_queue_count(routes);
    reading->ranges = calloc(queues + 2, sizeof(*reading->ranges));
    reading->topics = calloc(queues + 2, sizeof(*reading->topics));
    if (!reading->ranges || !reading->topics) {
        hitctl_error("%s", hs_strerror(HS_ENOMEM));
        return HITCTL_FAILED;
    }
    int code = add_topic(reading, HS_KAFKA_HITS, HS_STR(""));
    code = code ? code : add_topic(reading, HS_KAFKA_DISPATCH, HS_STR("unrouted"));
    for (size_t i = 0; code == HITCTL_OK && i < queues; i++) {
        const struct hs_queue *queue = hs_routes_queue(routes, i);
        code =
            queue->kind == HS_QUEUE_OPS ? code : add_topic(reading, HS_KAFKA_DISPATCH, queue->name);
    }
    return code;
}

static int read_topics(struct reading *reading)
{
    const struct hs_kafka_tail_options options = {.timeout_ms = READ_TIMEOUT_MS};
    int rc = hs_kafka_tail_read(reading->tail, reading->ranges, reading->count, &options,
                                on_message, reading);
    if (rc == HS_ECANCELED) {
        hitctl_error("interrupted");
        return HITCTL_FAILED;
    }
    return rc == 0 ? HITCTL_OK : hitctl_kafka_failed(rc, HS_KAFKA_HITS);
}

static int finish(struct hs_report *report)
{
    int rc = hs_report_finish(report);
    const struct hs_report_left_out *left_out = hs_report_left_out(report);
    if (rc != 0) {
        hitctl_error("%s", hs_strerror(rc));
        return HITCTL_FAILED;
    }
    if (left_out->malformed > 0) {
        hitctl_error("%llu records cannot be read and are left out",
                     (unsigned long long)left_out->malformed);
    }
    if (left_out->beyond_bounds > 0) {
        hitctl_error("the report is not complete: %llu things found no room, see "
                     "left_out.beyond_bounds; ask for a shorter time",
                     (unsigned long long)left_out->beyond_bounds);
    }
    return HITCTL_OK;
}

int hitctl_report_read(const struct hitctl *ctl, const struct hs_routes *routes,
                       const struct hitctl_report_span *span, struct hs_report *report)
{
    struct reading reading = {.ctl = ctl, .span = span, .report = report};
    hitctl_catch_interrupt();
    int rc = hs_kafka_tail_new(ctl->settings, NULL, &reading.tail);
    int code = rc == 0 ? HITCTL_OK : hitctl_kafka_failed(rc, HS_KAFKA_HITS);
    code = code ? code : add_topics(&reading, routes);
    code = code ? code : read_topics(&reading);
    code = code ? code : finish(report);
    hs_kafka_tail_free(reading.tail);
    free(reading.ranges);
    free(reading.topics);
    return code;
}
