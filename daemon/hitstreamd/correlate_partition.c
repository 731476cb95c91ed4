// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/correlate_partition.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstreamd/camera_found.h"
#include "hitstreamd/correlate_channel.h"
#include "hitstreamd/correlate_outbox.h"
#include "hitstreamd/correlate_publish.h"
#include "hitstreamd/correlate_queues.h"
#include "hitstreamd/exclusions.h"
#include "hitstreamd/withdrawn.h"

HS_LOG_EVENT(event_lost, "partition-taken-by-another", "7e4f6bb3fe0c4f0d9f5a1f0f2b8a6c55");
HS_LOG_EVENT(event_malformed, "event-malformed", "2c9a3f0e6b6f4c0a8a1e7bb1d6a0f923");
HS_LOG_EVENT(event_controls, "controls-appended", "c7f0a5de1b3a49d38e7e0a4b5d2c6f81");

enum {
    HELD_TRY_MS = 100,
    CONTROLS_ASK_MS = 5, // an operation that begins does not wait for it
    ROOM_POLL_MS = 10,
    EVENT_HEADERS = 7,
};

struct hs_part *hs_part_new(struct hs_correlate_stage *stage, int32_t number)
{
    struct hs_part *part = calloc(1, sizeof(*part));
    if (part) {
        part->stage = stage;
        part->number = number;
        part->commit_offset = -1;
        part->withdrawn = hs_withdrawn_new();
        part->camera_found = hs_camera_found_new();
    }
    if (part && (!part->withdrawn || !part->camera_found)) {
        hs_withdrawn_free(part->withdrawn);
        hs_camera_found_free(part->camera_found);
        free(part);
        return NULL;
    }
    return part;
}

// Forgets a checkpoint under way; what was handed to the producer is the producer's.
static void drop_checkpoint(struct hs_part *part)
{
    struct hs_checkpoint *checkpoint = &part->checkpoint;
    for (size_t i = checkpoint->produced; i < checkpoint->count; i++) {
        free(checkpoint->records[i]);
    }
    free(checkpoint->records);
    *checkpoint = (struct hs_checkpoint){0};
}

void hs_part_free(struct hs_part *part)
{
    if (part) {
        drop_checkpoint(part);
        hs_correlator_free(part->correlator);
        hs_withdrawn_free(part->withdrawn);
        hs_camera_found_free(part->camera_found);
        free(part);
    }
}

// What a new owner may meet in the log is read back before its alerts are told.
static struct hs_controls *lookup(void *ctx, const char *hash)
{
    struct hs_part *part = ctx;
    struct hs_correlate_stage *stage = part->stage;
    struct hs_controls *controls = stage->config.controls_lookup(stage->config.controls_ctx, hash);
    if (controls && !part->caught_up &&
        hs_queues_read_back(stage, controls, stage->read_back_from_ms) != 0) {
        hs_controls_unref(controls);
        return NULL;
    }
    return controls;
}

// What a vehicle's journey says of two cameras. What is applied again is told again, under the same
// id, and counts once where it is gathered.
static void observe(void *ctx, struct hs_str site, const struct hs_id *id,
                    struct hs_str observation)
{
    struct hs_part *part = ctx;
    struct hs_correlate_stage *stage = part->stage;
    char id_text[HS_ID_TEXT_BYTES];
    if (part->state != HS_PART_RUNNING || stage->observations_topic < 0) {
        return;
    }
    hs_id_text(id, id_text);
    const struct hs_kafka_header rows[] = {
        {"ce_id", hs_str(id_text)},
        {"ce_type", HS_STR("hitstream.v1.CameraObservation")},
        {"ce_source", HS_STR("hitstream-correlate")},
        {"ce_specversion", HS_STR("1.0")},
        {"content-type", HS_STR("application/protobuf")},
    };
    struct hs_outgoing *outgoing = hs_outgoing_new(HS_OUT_OBSERVATION, part, site, observation,
                                                   rows, sizeof(rows) / sizeof(rows[0]));
    int rc =
        outgoing ? hs_outbox_produce(stage, outgoing, stage->observations_topic, 0) : HS_ENOMEM;
    if (rc != 0) {
        if (outgoing) {
            hs_outbox_done(outgoing);
        }
        free(outgoing);
        hs_part_fail(part, "an observation of cameras", hs_strerror(rc));
    }
}

// Appends an event of this part's to a partition of anpr.hits, its own as a rule.
static void append_to(struct hs_part *part, enum hs_outgoing_kind kind, int32_t partition,
                      struct hs_str key, struct hs_str event)
{
    struct hs_correlate_stage *stage = part->stage;
    char number[16];
    char id_text[HS_ID_TEXT_BYTES];
    struct hs_headers headers = {0};
    struct hs_kafka_header rows[EVENT_HEADERS];
    size_t count = 0;
    snprintf(number, sizeof(number), "%" PRId32, part->number);
    struct hs_str parts[] = {hs_str(number), event};
    struct hs_id id = hs_id_make(&stage->config.id_key, "own-event", parts, 2);
    hs_id_text(&id, id_text);
    hs_headers_add_event(&headers, hs_str(id_text), "hitstream.v1.VehicleEvent",
                         HS_STR("hitstream-correlate"), hs_clock_realtime_ms(),
                         "application/protobuf");
    for (; count < headers.count && count < EVENT_HEADERS; count++) {
        struct hs_header header = hs_headers_get(&headers, count);
        rows[count] = (struct hs_kafka_header){header.name, header.value};
    }
    struct hs_outgoing *outgoing = hs_outgoing_new(kind, part, key, event, rows, count);
    int rc =
        outgoing ? hs_outbox_produce(stage, outgoing, stage->hits_topic, partition) : HS_ENOMEM;
    if (rc != 0) {
        if (outgoing) {
            hs_outbox_done(outgoing);
        }
        free(outgoing);
        hs_part_fail(part, "an own event", hs_strerror(rc));
    }
    hs_headers_fini(&headers);
}

static void append(void *ctx, struct hs_str key, struct hs_str event)
{
    struct hs_part *part = ctx;
    append_to(part, HS_OUT_EVENT, part->number, key, event);
}

static void append_by_key(void *ctx, struct hs_str key, struct hs_str event)
{
    append_to(ctx, HS_OUT_EVENT, HS_KAFKA_PARTITION_BY_KEY, key, event);
}

int hs_part_reset(struct hs_part *part)
{
    struct hs_correlator_config config = {
        .id_key = part->stage->config.id_key,
        .token_key = part->stage->config.token_key,
        .controls_lookup = lookup,
        .controls_ctx = part,
        .sink = {.ctx = part,
                 .alert = hs_publish_alert,
                 .append = append,
                 .append_by_key = append_by_key,
                 .observe = observe,
                 .exclusion = hs_exclusions_offer},
    };
    drop_checkpoint(part);
    hs_correlator_free(part->correlator);
    part->correlator = NULL;
    part->took_over = false;
    part->caught_up = false;
    part->commit_offset = -1;
    part->generation = 0;
    hs_withdrawn_reset(part->withdrawn);
    hs_camera_found_reset(part->camera_found);
    part->checkpointed_at_ms = 0;
    part->appended_controls[0] = '\0';
    part->reported = (struct hs_correlator_stats){0};
    return hs_correlator_new(&config, &part->correlator);
}

void hs_part_append(struct hs_part *part, enum hs_outgoing_kind kind, struct hs_str key,
                    struct hs_str event)
{
    append_to(part, kind, part->number, key, event);
}

// ---------------------------------------------------------------- applying

// The partition stops before this event and goes on from it later.
static void hold(struct hs_part *part, int64_t offset)
{
    part->state = HS_PART_HELD;
    part->resume_offset = offset;
    part->retry_at_ms = hs_clock_boottime_ms() + HELD_TRY_MS;
    hs_kafka_consumer_pause(part->stage->consumer, HS_KAFKA_HITS, part->number);
}

// 'Took over' was read back: our own, or another's who owns the partition now.
static void note_took_over(struct hs_part *part, const struct hs_kafka_message *message)
{
    if ((uint64_t)message->offset == part->epoch) {
        part->caught_up = true;
        part->stage->ask_exclusions = true;
        return;
    }
    Hitstream__V1__VehicleEvent *event = hitstream__v1__vehicle_event__unpack(
        NULL, message->value.len, (const uint8_t *)message->value.ptr);
    if ((uint64_t)message->offset > part->epoch && event && event->took_over &&
        strcmp(event->took_over->instance_id, part->stage->config.settings->instance_id) != 0) {
        hs_log(HS_LOG_WARNING, &event_lost, "partition %" PRId32 " of anpr.hits: '%s' took over",
               part->number, event->took_over->instance_id);
        part->state = HS_PART_LOST;
        hs_kafka_consumer_pause(part->stage->consumer, HS_KAFKA_HITS, part->number);
    }
    hitstream__v1__vehicle_event__free_unpacked(event, NULL);
}

static bool wait_for_room(struct hs_part *part)
{
    struct hs_correlate_stage *stage = part->stage;
    while (stage->in_flight >= HS_STAGE_IN_FLIGHT_MAX && part->state == HS_PART_RUNNING) {
        hs_stage_beat(stage);
        hs_kafka_producer_poll(stage->producer, ROOM_POLL_MS);
    }
    return part->state == HS_PART_RUNNING;
}

void hs_part_apply(struct hs_part *part, const struct hs_kafka_message *message)
{
    enum hs_applied applied = HS_APPLIED_OTHER;
    if (part->state != HS_PART_RUNNING || !wait_for_room(part)) {
        return;
    }
    if (!hs_stage_may_publish(part->stage)) {
        hold(part, message->offset);
        return;
    }
    bool by_broker;
    struct hs_log_record record = {
        .offset = (uint64_t)message->offset,
        .append_time_ms = hs_kafka_message_time_ms(message, &by_broker),
        .value = message->value,
    };
    if (by_broker) {
        hs_broker_clock_see(&part->stage->brokers, record.append_time_ms, hs_clock_boottime_ms());
    }
    hs_kafka_message_header(message, "traceparent", &record.traceparent);
    part->event_appended_at_ms = record.append_time_ms;
    int rc = hs_correlator_apply(part->correlator, &record, &applied);
    if (rc == HS_EAGAIN) {
        hold(part, message->offset);
    } else if (rc == HS_ENOMEM) {
        hs_part_fail(part, "an event's result", hs_strerror(rc));
    } else if (rc == HS_EFORMAT) {
        hs_log(HS_LOG_WARNING, &event_malformed,
               "anpr.hits/%" PRId32 "@%" PRId64 " is no usable event, passing over it",
               part->number, message->offset);
    } else if (applied == HS_APPLIED_TOOK_OVER) {
        note_took_over(part, message);
    }
}

// ---------------------------------------------------------------- once a round

static void go_on(struct hs_part *part, int64_t boot_ms)
{
    struct hs_correlate_stage *stage = part->stage;
    if (boot_ms < part->retry_at_ms || !hs_stage_may_publish(stage)) {
        return;
    }
    part->retry_at_ms = boot_ms + HELD_TRY_MS;
    if (hs_kafka_consumer_seek(stage->consumer, HS_KAFKA_HITS, part->number, part->resume_offset) ==
            0 &&
        hs_kafka_consumer_resume(stage->consumer, HS_KAFKA_HITS, part->number) == 0) {
        part->state = HS_PART_RUNNING;
    }
}

static void append_controls(struct hs_part *part, const char *hash)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__ControlsActivated activated = HITSTREAM__V1__CONTROLS_ACTIVATED__INIT;
    uint8_t packed[256];
    activated.hash = (char *)(uintptr_t)hash;
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_CONTROLS_ACTIVATED;
    event.controls_activated = &activated;
    size_t len = hitstream__v1__vehicle_event__pack(&event, packed);
    snprintf(part->appended_controls, sizeof(part->appended_controls), "%s", hash);
    hs_log(HS_LOG_INFO, &event_controls, "controls '%.12s' are activated in partition %" PRId32,
           hash, part->number);
    hs_part_append(part, HS_OUT_EVENT, HS_STR("partition"), hs_str_n(packed, len));
}

// The head decides from now on, if it does not already.
static void follow_controls(struct hs_part *part, int64_t boot_ms)
{
    struct hs_correlate_stage *stage = part->stage;
    if (boot_ms < part->controls_asked_at_ms + CONTROLS_ASK_MS) {
        return;
    }
    part->controls_asked_at_ms = boot_ms;
    bool confirmed = !stage->config.controls_confirmed ||
                     stage->config.controls_confirmed(stage->config.controls_ctx);
    const char *decides = hs_correlator_controls_hash(part->correlator);
    struct hs_controls *head = stage->config.controls_head(stage->config.controls_ctx);
    const char *hash = head ? hs_controls_hash(head) : "";
    if (*hash && strcmp(hash, decides) != 0 && strcmp(hash, part->appended_controls) != 0 &&
        (confirmed || !*decides)) {
        append_controls(part, hash);
    }
    hs_controls_unref(head);
}

// A failed partition is paused, and nothing of it is sent again.
static void stop(struct hs_part *part)
{
    struct hs_correlate_stage *stage = part->stage;
    hs_kafka_consumer_pause(stage->consumer, HS_KAFKA_HITS, part->number);
    for (struct hs_channel *channel = stage->channels; channel; channel = channel->next) {
        hs_channel_forget(channel, part);
    }
    part->stopped = true;
}

bool hs_part_is_new(struct hs_part *part, int64_t boot_ms)
{
    if (part->state == HS_PART_FAILED && part->stopped && boot_ms >= part->retry_at_ms &&
        part->pending[0] == 0 && part->pending[1] == 0 && part->states_pending == 0) {
        part->state = HS_PART_NEW;
    }
    return part->state == HS_PART_NEW;
}

void hs_part_step(struct hs_part *part, int64_t boot_ms, int64_t wall_ms)
{
    if (part->state == HS_PART_FAILED && !part->stopped) {
        stop(part);
    }
    if (part->state == HS_PART_HELD) {
        go_on(part, boot_ms);
    }
    if (part->state != HS_PART_RUNNING || !part->caught_up || !hs_stage_may_publish(part->stage)) {
        return;
    }
    follow_controls(part, boot_ms);
    if (part->state == HS_PART_RUNNING) {
        hs_correlator_due(part->correlator, wall_ms, HS_STAGE_TIMERS_A_ROUND);
    }
    if (part->state == HS_PART_RUNNING) {
        hs_withdrawn_step(part, boot_ms, wall_ms);
        hs_camera_found_step(part, boot_ms, wall_ms);
    }
}
