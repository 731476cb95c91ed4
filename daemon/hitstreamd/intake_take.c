// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/intake_parts.h"
#include "hitstreamd/kill_point.h"

HS_LOG_EVENT(event_rejected, "feedback-rejected", "5b0c9e27d1f84a6e93a2c7d85f10e4b6");

enum {
    ROOM_WAIT_MS = 100,
    REJECTED_WHOLE_BYTES = 900000, // larger ones would not be taken with headers of ours
    OWN_HEADERS = 5,
    FOREIGN_HEADERS_MAX = 32, // of a rejected message, kept
    POSITION_BYTES = 320,
};

static void *pack_opaque(size_t slot, struct hs_ack_ticket ticket)
{
    return (void *)((uintptr_t)slot << 48 | (uintptr_t)ticket.era << 32 | (uintptr_t)ticket.turn);
}

void hs_intake_delivered(void *ctx, const struct hs_kafka_delivery *delivery)
{
    struct hs_intake *intake = ctx;
    uintptr_t packed = (uintptr_t)delivery->opaque;
    size_t slot = packed >> 48;
    const struct hs_ack_ticket ticket = {.era = (uint16_t)(packed >> 32), .turn = (uint32_t)packed};
    if (delivery->status != HS_DELIVERY_ACKED) {
        hs_intake_fail(intake, delivery->text);
    } else if (slot < intake->slot_count) {
        hs_kill_point("feedback-acked");
        hs_acks_done(intake->slots[slot].acks, ticket);
    }
}

static void produce(struct hs_intake *intake, struct hs_intake_slot *slot,
                    struct hs_kafka_record *record)
{
    int r;
    record->partition = HS_KAFKA_PARTITION_BY_KEY;
    record->opaque = pack_opaque((size_t)(slot - intake->slots), hs_acks_expect(slot->acks));
    while ((r = hs_kafka_producer_produce(intake->producer, record)) == HS_ELIMIT &&
           !intake->failed && !hs_intake_stopping(intake)) {
        hs_kafka_producer_poll(intake->producer, ROOM_WAIT_MS);
        hs_intake_beat(intake);
    }
    if (r < 0) {
        hs_intake_fail(intake, hs_strerror(r));
    }
}

// ---- taken ----

static void count_taken(struct hs_intake *intake, const struct hs_desk *desk,
                        const struct hs_intake_event *event)
{
    intake->taken++;
    if (event->audience == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN) {
        hs_metric_add((size_t)event->kind < HS_INTAKE_KINDS ? desk->taken[event->kind] : NULL, 1);
    } else {
        hs_metric_add(intake->covert_taken, 1);
    }
}

static void append(struct hs_intake *intake, struct hs_intake_slot *slot, const char *position,
                   const struct hs_intake_event *event)
{
    char id[HS_ID_TEXT_BYTES];
    struct hs_kafka_header rows[HS_HEADERS_MAX];
    struct hs_headers *headers = &intake->headers;
    if (hs_buf_status(&event->value) || hs_buf_status(&event->vehicle)) {
        hs_intake_fail(intake, hs_strerror(HS_ENOMEM));
        return;
    }
    hs_id_text(&event->feedback_id, id);
    hs_headers_clear(headers);
    hs_headers_add_event(headers, hs_str(id), "hitstream.v1.FeedbackGiven", hs_str(position),
                         event->at_ms, "application/protobuf");
    for (size_t i = 0; i < headers->count; i++) {
        struct hs_header header = hs_headers_get(headers, i);
        rows[i] = (struct hs_kafka_header){header.name, header.value};
    }
    struct hs_kafka_record record = {
        .topic = intake->hits_topic,
        .key = hs_buf_str(&event->vehicle),
        .value = hs_buf_str(&event->value),
        .headers = rows,
        .header_count = headers->count,
    };
    count_taken(intake, slot->desk, event);
    produce(intake, slot, &record);
}

// ---- said of a group ----

static void say(struct hs_intake *intake, struct hs_intake_slot *slot,
                const struct hs_intake_event *event)
{
    int r = hs_buf_status(&event->value);
    if (r == 0) {
        const struct hs_said_from from = {.assignment = intake->assignment,
                                          .slot = (size_t)(slot - intake->slots),
                                          .ticket = hs_acks_expect(slot->acks)};
        r = hs_intake_said_offer(intake->said, &from, hs_str(slot->desk->queue),
                                 hs_buf_str(&event->value));
    }
    if (r < 0) {
        hs_intake_fail(intake, hs_strerror(r));
        return;
    }
    intake->taken++;
    hs_metric_add(intake->said_taken, 1);
}

static void on_said(void *ctx, const struct hs_said_from *from)
{
    struct hs_intake *intake = ctx;
    if (from->assignment == intake->assignment && from->slot < intake->slot_count) {
        hs_kill_point("feedback-said");
        hs_acks_done(intake->slots[from->slot].acks, from->ticket);
    }
}

void hs_intake_said_step(struct hs_intake *intake)
{
    hs_intake_said_each_done(intake->said, on_said, intake);
}

// ---- rejected ----

// Those that it came with, then our own: the last of a name is the one that counts.
static size_t rejected_headers(struct hs_intake *intake, const struct hs_kafka_message *message,
                               struct hs_kafka_header *rows)
{
    size_t count = 0;
    const char *name;
    struct hs_str value;
    while (count < FOREIGN_HEADERS_MAX &&
           hs_kafka_message_header_at(message, count, &name, &value)) {
        rows[count++] = (struct hs_kafka_header){name, value};
    }
    for (size_t i = 0; i < intake->headers.count; i++) {
        struct hs_header header = hs_headers_get(&intake->headers, i);
        rows[count++] = (struct hs_kafka_header){header.name, header.value};
    }
    return count;
}

static void reject(struct hs_intake *intake, struct hs_intake_slot *slot, const char *position,
                   const struct hs_kafka_message *message, enum hs_intake_fault fault)
{
    struct hs_kafka_header rows[OWN_HEADERS + FOREIGN_HEADERS_MAX];
    struct hs_str value = message->value.ptr ? message->value : hs_str("");
    struct hs_headers *headers = &intake->headers;
    const char *text = hs_intake_fault_text(fault);
    hs_headers_clear(headers);
    hs_headers_add(headers, "rejected-from", hs_str(position));
    hs_headers_add(headers, "reason", hs_str(hs_intake_fault_name(fault)));
    hs_headers_addf(headers, "reason-text", "%s%s%s", text, intake->why.len > 0 ? ": " : "",
                    hs_buf_text(&intake->why));
    if (value.len > REJECTED_WHOLE_BYTES) {
        hs_headers_addf(headers, "bytes-before-cut", "%zu", value.len);
        value.len = HS_FEEDBACK_BYTES_MAX;
    }
    struct hs_kafka_record record = {
        .topic = intake->rejected_topic,
        .key = message->key,
        .value = value,
        .headers = rows,
    };
    record.header_count = rejected_headers(intake, message, rows);
    intake->rejected++;
    hs_metric_add(intake->rejected_by[fault], 1);
    if (fault != HS_INTAKE_RATE || slot->rate.beyond == 1) { // the log is told once a minute
        hs_log(HS_LOG_WARNING, &event_rejected, "feedback '%s' is not taken: %s", position, text);
    }
    produce(intake, slot, &record);
}

// ---- one message ----

// What its sender says of the time is not believed.
static int64_t counted_at_ms(const struct hs_kafka_message *message)
{
    bool append_time = false;
    int64_t at_ms = hs_kafka_message_time_ms(message, &append_time);
    return append_time ? at_ms : hs_clock_realtime_ms();
}

bool hs_intake_take(void *ctx, const struct hs_kafka_message *message)
{
    struct hs_intake *intake = ctx;
    struct hs_intake_slot *slot = hs_intake_slot_of(intake, message);
    hs_intake_beat(intake);
    if (!slot || intake->failed || !intake->controls) {
        return !intake->failed;
    }
    char position[POSITION_BYTES];
    struct hs_str content_type = {0};
    struct hs_intake_event event = {0};
    struct hs_intake_terms terms = {
        .token_key = &intake->config.token_key,
        .routes = hs_controls_routes(intake->controls),
        .queue = hs_str(slot->desk->queue),
        .now_ms = counted_at_ms(message),
    };
    snprintf(position, sizeof(position), "%s/%" PRId32 "@%" PRId64, message->topic,
             message->partition, message->offset);
    hs_kafka_message_header(message, "content-type", &content_type);
    hs_acks_begin(slot->acks, message->offset);
    if (!slot->started) {
        slot->started = true;
        slot->committed = slot->sent = message->offset; // the group stands here
    }
    enum hs_intake_fault fault = HS_INTAKE_RATE;
    hs_buf_clear(&intake->why);
    if (hs_intake_rate_take(&slot->rate, counted_at_ms(message), slot->desk->per_minute)) {
        fault = hs_intake_judge(&terms, content_type, message->value, &event, &intake->why);
    }
    if (fault == HS_INTAKE_OK && event.of_group && hs_intake_said_full(intake->said)) {
        fault = HS_INTAKE_ROOM;
    }
    if (fault != HS_INTAKE_OK) {
        reject(intake, slot, position, message, fault);
    } else if (event.of_group) {
        say(intake, slot, &event);
    } else if (event.audience == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TEST) {
        hs_metric_add(intake->test_taken, 1); // somebody reads that queue; no incident to act on
    } else {
        append(intake, slot, position, &event);
    }
    hs_intake_event_fini(&event);
    return !intake->failed && !hs_intake_full(intake);
}
