// SPDX-License-Identifier: Apache-2.0
//
// The gatherer's records of anpr.cameras: findings, and the memory, written and restored.
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "cameras/findings.h"
#include "hitstreamd/camera_gather_parts.h"
#include "hitstreamd/camera_memory.h"
#include "hitstreamd/kill_point.h"
#include "wire/header.h"

HS_LOG_EVENT(event_gathers, "cameras-gathered", "7d0a3e61bf5c4829a4d9e0721cb85f36");
HS_LOG_EVENT(event_found, "camera-found", "c41e97d05ab34f6e8b2f60d91a73e5c8");

enum {
    ASK_MS = 1000,   // a question to a broker
    FLUSH_MS = 5000, // for all that a checkpoint writes first, and for its manifest
    READ_MS = 60000, // for the whole memory
    ROOM_MS = 100,   // at a time, for room in the producer's queue
};

// ---- writing ----

void hs_camera_gather_delivered(void *ctx, const struct hs_kafka_delivery *delivery)
{
    struct hs_camera_gather *gather = ctx;
    gather->failed = gather->failed || delivery->status != HS_DELIVERY_ACKED;
}

static void produce(struct hs_camera_gather *gather, struct hs_str key, struct hs_str value,
                    const struct hs_kafka_header *headers, size_t header_count)
{
    const struct hs_kafka_record record = {
        .topic = gather->topic,
        .partition = 0, // it has one
        .key = key,
        .value = value,
        .headers = headers,
        .header_count = header_count,
    };
    int rc;
    while ((rc = hs_kafka_producer_produce(gather->producer, &record)) == HS_ELIMIT &&
           !gather->failed) {
        hs_kafka_producer_poll(gather->producer, ROOM_MS);
        hs_thread_beat(&gather->thread);
    }
    gather->failed = gather->failed || rc != 0;
}

// Whether it is known already, so that ops was told.
static bool is_known(struct hs_camera_gather *gather, const char *camera_id,
                     Hitstream__V1__CameraFaultKind kind)
{
    bool known = false;
    hs_rcu_read_lock();
    const Hitstream__V1__CameraHealth *health =
        hs_camera_findings_get(hs_rcu_dereference(gather->config.health), hs_str(camera_id));
    for (size_t i = 0; health && i < health->n_faults; i++) {
        known = known || health->faults[i]->kind == kind;
    }
    hs_rcu_read_unlock();
    return known;
}

static void tell_ops(struct hs_camera_gather *gather, const Hitstream__V1__CameraHealth *health,
                     const Hitstream__V1__CameraFault *fault)
{
    struct hs_buf what = {0};
    if (is_known(gather, health->camera_id, fault->kind)) {
        return;
    }
    hs_camera_fault_print(fault, &what);
    hs_log(HS_LOG_WARNING, &event_found, "camera '%s' at '%s': %s (%s)", health->camera_id,
           health->site_id, hs_buf_text(&what), fault->because);
    hs_notices_leave(gather->config.notices, "camera", "camera '%s' at site '%s': %s. %s",
                     health->camera_id, health->site_id, hs_buf_text(&what), fault->because);
    hs_buf_fini(&what);
}

static void on_changed(void *ctx, const Hitstream__V1__CameraHealth *health,
                       const Hitstream__V1__CameraFault *fault)
{
    struct hs_camera_gather *gather = ctx;
    struct hs_kafka_header rows[HS_HEADERS_MAX];
    struct hs_headers headers = {0};
    char source[64];
    hs_buf_clear(&gather->packed);
    char *room =
        hs_buf_reserve(&gather->packed, hitstream__v1__camera_health__get_packed_size(health) + 1);
    if (!room) {
        gather->failed = true;
        return;
    }
    gather->packed.len = hitstream__v1__camera_health__pack(health, (uint8_t *)room);
    snprintf(source, sizeof(source), HS_KAFKA_OBSERVATIONS "/0@%lld",
             (long long)gather->next_offset);
    hs_headers_add_event(&headers, hs_str(health->camera_id), "hitstream.v1.CameraHealth",
                         hs_str(source), health->at_ms, "application/protobuf");
    for (size_t i = 0; i < headers.count; i++) {
        struct hs_header header = hs_headers_get(&headers, i);
        rows[i] = (struct hs_kafka_header){header.name, header.value};
    }
    // a sound camera needs no record: an empty one takes the last away
    struct hs_str value =
        health->n_faults > 0 ? hs_buf_str(&gather->packed) : (struct hs_str){NULL, 0};
    produce(gather, hs_str(health->camera_id), value, rows, headers.count);
    hs_headers_fini(&headers);
    if (fault) {
        hs_metric_add(gather->findings, 1);
        tell_ops(gather, health, fault);
    }
}

// The memory's parts, acknowledged like all findings before them.
static int write_parts(struct hs_camera_gather *gather)
{
    struct hs_buf *memory = &gather->memory;
    char key[HS_CAMERA_MEMORY_KEY_BYTES];
    hs_buf_clear(memory);
    int rc = hs_gather_pack(gather->core, memory);
    for (size_t at = 0; rc == 0 && at < memory->len; at += HS_CAMERA_MEMORY_PART_BYTES) {
        size_t left = memory->len - at;
        uint32_t number = (uint32_t)(at / HS_CAMERA_MEMORY_PART_BYTES);
        hs_camera_memory_part_key(gather->generation, number, key);
        produce(gather, hs_str(key),
                hs_str_n(memory->ptr + at,
                         left < HS_CAMERA_MEMORY_PART_BYTES ? left : HS_CAMERA_MEMORY_PART_BYTES),
                NULL, 0);
    }
    return rc ? rc : hs_kafka_producer_flush(gather->producer, FLUSH_MS);
}

static int write_manifest(struct hs_camera_gather *gather)
{
    hs_buf_clear(&gather->packed);
    int rc = hs_camera_memory_manifest(hs_buf_str(&gather->memory), gather->generation,
                                       gather->next_offset, &gather->packed);
    if (rc == 0) {
        produce(gather, HS_STR(HS_CAMERA_MEMORY_KEY), hs_buf_str(&gather->packed), NULL, 0);
        rc = hs_kafka_producer_flush(gather->producer, FLUSH_MS);
    }
    return rc;
}

// Findings before the memory, its parts before the manifest, that before the commit.
int hs_camera_gather_checkpoint(struct hs_camera_gather *gather)
{
    gather->checkpoint_at_ms = hs_clock_boottime_ms() + HS_CAMERA_GATHER_CHECKPOINT_MS;
    if (!gather->core || gather->failed || gather->next_offset == gather->checkpoint_offset) {
        return gather->failed ? HS_EIO : 0;
    }
    int rc = write_parts(gather);
    hs_kill_point("cameras-before-manifest");
    rc = rc || gather->failed ? HS_EIO : write_manifest(gather);
    if (rc == 0 && !gather->failed) {
        gather->checkpoint_offset = gather->next_offset;
        gather->generation = 1 - gather->generation;
        const struct hs_kafka_partition row = {
            .topic = HS_KAFKA_OBSERVATIONS, .partition = 0, .offset = gather->next_offset};
        (void)hs_kafka_consumer_commit(gather->consumer, &row, 1); // for who looks at the lag
    }
    gather->failed = gather->failed || rc != 0;
    return gather->failed ? HS_EIO : 0;
}

// ---- taking over ----

struct restoring {
    struct hs_camera_gather *gather;
    struct hs_camera_memory memory;
};

static bool on_record(void *ctx, const struct hs_kafka_message *message)
{
    struct restoring *restoring = ctx;
    hs_thread_beat(&restoring->gather->thread);
    hs_camera_memory_take(&restoring->memory, message->key, message->value);
    return !hs_thread_stopping(&restoring->gather->thread);
}

static bool on_idle(void *ctx)
{
    struct hs_camera_gather *gather = ctx;
    hs_thread_beat(&gather->thread);
    return !hs_thread_stopping(&gather->thread);
}

static int read_memory(struct hs_camera_gather *gather, struct restoring *restoring)
{
    const struct hs_kafka_range range = {.topic = HS_KAFKA_CAMERAS,
                                         .partition = 0,
                                         .from_time_ms = -1,
                                         .from_offset = HS_KAFKA_OFFSET_BEGINNING};
    const struct hs_kafka_tail_options options = {
        .timeout_ms = READ_MS, .idle = on_idle, .idle_ctx = gather};
    return hs_kafka_tail_read(gather->tail, &range, 1, &options, on_record, restoring);
}

static int fill_core(struct hs_camera_gather *gather, const struct hs_camera_memory *memory)
{
    const struct hs_gather_sink sink = {gather, on_changed};
    hs_buf_clear(&gather->memory);
    int rc = hs_gather_new(&sink, &gather->core);
    int joined = rc == 0 ? hs_camera_memory_join(memory, &gather->memory) : rc;
    if (joined == 0 && hs_gather_restore(gather->core, hs_buf_str(&gather->memory)) != 0) {
        hs_gather_free(gather->core); // of a later version: begins with what observations are left
        gather->core = NULL;
        rc = hs_gather_new(&sink, &gather->core);
        joined = HS_ENOTFOUND;
    }
    gather->next_offset = joined == 0 ? memory->next_offset : 0;
    gather->checkpoint_offset = joined == 0 ? memory->next_offset : -1;
    gather->generation = joined == 0 ? 1 - memory->generation : 0;
    return joined == HS_ENOMEM ? HS_ENOMEM : rc;
}

// Where observations go on: the memory's offset, or the first that is left.
static int seek(struct hs_camera_gather *gather)
{
    int64_t low, high;
    int rc = hs_kafka_tail_ends(gather->tail, HS_KAFKA_OBSERVATIONS, 0, ASK_MS, &low, &high);
    if (rc != 0) {
        return rc;
    }
    if (gather->next_offset < low || gather->next_offset > high) {
        gather->next_offset = low;
    }
    rc = hs_kafka_consumer_seek(gather->consumer, HS_KAFKA_OBSERVATIONS, 0, gather->next_offset);
    return rc ? rc : hs_kafka_consumer_resume(gather->consumer, HS_KAFKA_OBSERVATIONS, 0);
}

void hs_camera_gather_take_over(struct hs_camera_gather *gather)
{
    struct restoring *restoring = calloc(1, sizeof(*restoring));
    hs_gather_free(gather->core);
    gather->core = NULL;
    gather->failed = false;
    int rc = restoring ? 0 : HS_ENOMEM;
    if (rc == 0) {
        restoring->gather = gather;
        rc = read_memory(gather, restoring);
    }
    rc = rc ? rc : fill_core(gather, &restoring->memory);
    rc = rc ? rc : seek(gather);
    if (restoring) {
        hs_camera_memory_fini(&restoring->memory);
    }
    free(restoring);
    gather->assigned = rc != 0; // again in the next round
    gather->checkpoint_at_ms = hs_clock_boottime_ms() + HS_CAMERA_GATHER_CHECKPOINT_MS;
    if (rc == 0) {
        hs_log(HS_LOG_INFO, &event_gathers,
               "observations of cameras are gathered here, from %lld on",
               (long long)gather->next_offset);
        hs_camera_gather_say(gather, "%s", "");
    } else {
        hs_gather_free(gather->core);
        gather->core = NULL;
        hs_camera_gather_say(gather, "what is remembered of cameras cannot be restored: %s",
                             hs_strerror(rc));
    }
}
