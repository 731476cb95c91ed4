// SPDX-License-Identifier: Apache-2.0
//
// What a worker's cameras read, window by window, on its way to anpr.observations.
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "controls/controls.h"
#include "hitstream/v1/camera.pb-c.h"
#include "hitstreamd/match_worker.h"
#include "wire/header.h"

enum {
    HEARTBEAT_MS = 60000, // an idle partition says so often that somebody reads there
    IDLE_CHECK_MS = 1000,
    IDLE_MARGIN_MS = 2000, // what came meanwhile may not have been fetched yet
};
#define NS_PER_MS INT64_C(1000000)

// A finished window waits for the end of the batch; a full list loses it, and it counts as
// not known.
static void on_finished(void *ctx, const struct hs_camera_window *window)
{
    struct hs_match_cameras *cameras = ctx;
    if (cameras->count == HS_MATCH_COUNTS_MAX) {
        cameras->lost++;
        return;
    }
    struct hs_match_count *row = &cameras->rows[cameras->count++];
    memcpy(row->camera_id, window->camera_id.ptr, window->camera_id.len);
    row->camera_id[window->camera_id.len] = '\0';
    row->window = *window;
}

int hs_match_cameras_init(struct hs_match_worker *worker)
{
    struct hs_match_cameras *cameras = &worker->cameras;
    cameras->topic = -1;
    return hs_camera_counter_new(HS_CAMERA_COUNTER_DEFAULT, on_finished, cameras,
                                 &cameras->counter);
}

void hs_match_cameras_fini(struct hs_match_worker *worker)
{
    hs_camera_counter_free(worker->cameras.counter);
    hs_buf_fini(&worker->cameras.out);
    hs_bump_fini(&worker->cameras.bump);
    worker->cameras = (struct hs_match_cameras){0};
}

void hs_match_cameras_reset(struct hs_match_worker *worker)
{
    worker->cameras.count = 0;
    if (worker->cameras.counter) {
        hs_camera_counter_reset(worker->cameras.counter);
    }
}

void hs_match_cameras_topic(struct hs_match_worker *worker, int64_t timeout_ms)
{
    if (worker->cameras.topic < 0 &&
        hs_kafka_producer_topic(worker->producer, HS_KAFKA_OBSERVATIONS, timeout_ms,
                                &worker->cameras.topic) != 0) {
        worker->cameras.topic = -1; // an installation without it: nobody gathers
    }
}

void hs_match_cameras_expect(const struct hs_match_worker *worker,
                             const struct hs_match_message *message)
{
    enum { AHEAD = 4 };
    const struct hs_match_batch *batch = &worker->batch;
    size_t at = (size_t)(message - batch->messages) + AHEAD;
    if (worker->cameras.topic >= 0 && at < batch->message_count) {
        uint32_t read = batch->messages[at - 1].reads_end;
        if (read < batch->messages[at].reads_end) {
            hs_camera_counter_expect(worker->cameras.counter,
                                     hs_read_view_camera_id(&batch->views[read]));
        }
    }
}

void hs_match_cameras_reads(struct hs_match_worker *worker, const struct hs_match_message *message,
                            const struct hs_read_view *views, const enum hs_read_fault *faults,
                            size_t count)
{
    struct hs_match_cameras *cameras = &worker->cameras;
    if (cameras->topic < 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (faults[i] == HS_READ_OK) {
            hs_camera_counter_add(cameras->counter, message->slot->partition,
                                  hs_read_view_camera_id(&views[i]), views[i].captured_at_ms,
                                  message->appended_at_ms);
        }
    }
}

// ---- sending ----

static char *text_of(struct hs_match_cameras *cameras, struct hs_str text)
{
    char *copy = hs_bump_copy(&cameras->bump, text.ptr, text.len);
    return copy ? copy : (char *)(uintptr_t) "";
}

// By the register in force; a camera that is not in it, or drives about, has no usual rate.
static size_t fill_rows(struct hs_match_worker *worker, const struct hs_match_slot *slot,
                        Hitstream__V1__CameraCount *rows, Hitstream__V1__CameraCount **pointers)
{
    struct hs_match_cameras *cameras = &worker->cameras;
    size_t n = 0;
    hs_rcu_read_lock();
    const struct hs_cameras *known =
        hs_controls_cameras(hs_rcu_dereference(worker->config->controls));
    for (size_t i = 0; i < cameras->count; i++) {
        const struct hs_match_count *from = &cameras->rows[i];
        const struct hs_camera *camera = from->window.partition == slot->partition
                                             ? hs_cameras_find(known, hs_str(from->camera_id))
                                             : NULL;
        if (!camera || camera->mobile) {
            continue;
        }
        Hitstream__V1__CameraCount *row = &rows[n];
        hitstream__v1__camera_count__init(row);
        row->camera_id = (char *)(uintptr_t)from->camera_id;
        row->site_id = text_of(cameras, camera->site_id);
        row->force = text_of(cameras, camera->force);
        row->window_ms = from->window.window_ms;
        row->reads = from->window.reads;
        row->floor_ms = from->window.floor_ms;
        row->partial = from->window.partial;
        pointers[n++] = row;
    }
    hs_rcu_read_unlock();
    return n;
}

static bool send(struct hs_match_worker *worker, struct hs_match_slot *slot, int64_t read_to_ms)
{
    struct hs_match_cameras *cameras = &worker->cameras;
    Hitstream__V1__CameraObservation observation = HITSTREAM__V1__CAMERA_OBSERVATION__INIT;
    Hitstream__V1__CameraCounts counts = HITSTREAM__V1__CAMERA_COUNTS__INIT;
    char id[HS_ID_TEXT_BYTES], source[64];
    counts.rows = cameras->pointers;
    counts.n_rows = fill_rows(worker, slot, cameras->messages, cameras->pointers);
    counts.partition = (uint32_t)slot->partition;
    counts.read_to_ms = read_to_ms;
    counts.window_ms = cameras->window_ms;
    observation.observation_case = HITSTREAM__V1__CAMERA_OBSERVATION__OBSERVATION_COUNTS;
    observation.counts = &counts;
    hs_buf_clear(&cameras->out);
    char *room = hs_buf_reserve(&cameras->out,
                                hitstream__v1__camera_observation__get_packed_size(&observation));
    if (!room) {
        hs_match_fail(worker, hs_strerror(HS_ENOMEM));
        return false;
    }
    cameras->out.len = hitstream__v1__camera_observation__pack(&observation, (uint8_t *)room);
    snprintf(source, sizeof(source), HS_KAFKA_READS "/%d@%lld", slot->partition,
             (long long)hs_acks_next(slot->acks) - 1);
    const struct hs_str cause[] = {hs_str(source), hs_buf_str(&cameras->out)};
    struct hs_id own = hs_id_make(&worker->config->id_key, "camera counts", cause, 2);
    hs_id_text(&own, id);
    hs_headers_clear(worker->headers);
    hs_headers_add_event(worker->headers, hs_str(id), "hitstream.v1.CameraObservation",
                         hs_str(source), read_to_ms, "application/protobuf");
    struct hs_kafka_record record = {
        .topic = cameras->topic,
        .partition = 0, // all observations are gathered in one order
        .key = counts.n_rows > 0 ? hs_str(counts.rows[0]->site_id) : HS_STR("-"),
        .value = hs_buf_str(&cameras->out),
    };
    slot->counted_at_ns = worker->round_ns;
    return hs_match_produce(worker, slot, hs_acks_expect(slot->acks), &record, worker->headers);
}

static bool has_rows(const struct hs_match_cameras *cameras, int32_t partition)
{
    size_t i = 0;
    while (i < cameras->count && cameras->rows[i].window.partition != partition) {
        i++;
    }
    return i < cameras->count;
}

void hs_match_cameras_flush(struct hs_match_worker *worker)
{
    struct hs_match_cameras *cameras = &worker->cameras;
    if (cameras->window_ms != worker->company.rules.cameras_window_ms) {
        cameras->window_ms = worker->company.rules.cameras_window_ms;
        hs_camera_counter_set_window(cameras->counter, cameras->window_ms);
        cameras->count = 0;
    }
    for (size_t i = 0; i < worker->slot_count && cameras->count > 0 && !worker->failed; i++) {
        struct hs_match_slot *slot = &worker->slots[i];
        if (has_rows(cameras, slot->partition) && !send(worker, slot, slot->now_ms)) {
            break;
        }
    }
    cameras->count = 0;
    hs_bump_reset(&cameras->bump);
}

// A partition that is read to its end is counted up to now: who is silent there is silent.
void hs_match_cameras_idle(struct hs_match_worker *worker, int64_t now_ns)
{
    struct hs_match_cameras *cameras = &worker->cameras;
    if (cameras->topic < 0 || cameras->window_ms == 0 || now_ns < cameras->idle_at_ns) {
        return;
    }
    cameras->idle_at_ns = now_ns + IDLE_CHECK_MS * NS_PER_MS;
    int64_t every_ms = cameras->window_ms < HEARTBEAT_MS ? cameras->window_ms : HEARTBEAT_MS;
    for (size_t i = 0; i < worker->slot_count && !worker->failed; i++) {
        struct hs_match_slot *slot = &worker->slots[i];
        int64_t low, high, idle_ms = (now_ns - slot->seen_ns) / NS_PER_MS - IDLE_MARGIN_MS;
        if (slot->now_ms > 0 && (now_ns - slot->counted_at_ns) / NS_PER_MS >= every_ms &&
            hs_acks_begun(slot->acks) && !hs_acks_full(slot->acks, 1) &&
            hs_kafka_consumer_watermarks(worker->consumer, HS_KAFKA_READS, slot->partition, &low,
                                         &high)) {
            bool at_end = hs_acks_next(slot->acks) >= high && idle_ms > 0;
            send(worker, slot, slot->now_ms + (at_end ? idle_ms : 0));
        }
    }
}
