// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/camera_gather.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "cameras/findings.h"
#include "cameras/gather.h"
#include "hitstreamd/camera_memory.h"
#include "hitstreamd/kill_point.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "kafka/tail.h"
#include "wire/header.h"

HS_LOG_EVENT(event_gathers, "cameras-gathered", "7d0a3e61bf5c4829a4d9e0721cb85f36");
HS_LOG_EVENT(event_found, "camera-found", "c41e97d05ab34f6e8b2f60d91a73e5c8");
HS_LOG_EVENT(event_anew, "cameras-anew", "92b5f0e83c174da6bc0d71e6a5f4382d");

enum {
    ROUND_MS = 50,
    STEP_MS = 20,
    RETRY_MS = 2000,
    ASK_MS = 1000,
    FLUSH_MS = 5000,
    COMMIT_MS = 3000,
    CLOSE_MS = 5000,
    READ_MS = 60000,
    ROOM_MS = 100,
    HEADERS = 8,
};

struct hs_camera_gather {
    struct hs_camera_gather_config config;
    struct hs_kafka_producer *producer;
    struct hs_kafka_consumer *consumer; // NULL: not in the group
    struct hs_kafka_tail *tail;
    int topic;                    // anpr.cameras; -1: not known yet
    struct hs_gather *core;       // NULL: this instance does not gather
    bool assigned;                // its partition is to be restored
    int64_t next_offset;          // of anpr.observations
    int64_t checkpoint_offset;    // what the last manifest says; -1: none
    uint64_t generation;          // of the next memory
    int64_t checkpoint_at_ms;     // boot time, next
    bool failed;                  // a delivery did: restored anew
    struct hs_buf packed, memory; // scratch
    pthread_t thread;
    bool started;
    _Atomic uint64_t progress; // relaxed: only that it changes matters
    _Atomic bool stopping;     // relaxed: looked at each round
    _Atomic bool ended;        // release by the thread, acquire by stop
    pthread_mutex_t lock;
    struct hs_camera_gather_status status; // under lock
    struct hs_metric *observations;
    struct hs_metric *malformed;
    struct hs_metric *findings;
    struct hs_metric *cameras;
    struct hs_metric *cameras_limit;
    struct hs_metric *dropped;
    uint64_t dropped_before; // in the metric already
};

static void beat(struct hs_camera_gather *gather)
{
    atomic_fetch_add_explicit(&gather->progress, 1, memory_order_relaxed);
}

static bool is_stopping(const struct hs_camera_gather *gather)
{
    return atomic_load_explicit(&gather->stopping, memory_order_relaxed);
}

static void say(struct hs_camera_gather *gather, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(struct hs_camera_gather *gather, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pthread_mutex_lock(&gather->lock);
    vsnprintf(gather->status.reason, sizeof(gather->status.reason), format, args);
    pthread_mutex_unlock(&gather->lock);
    va_end(args);
}

// ---- writing ----

static void on_delivered(void *ctx, const struct hs_kafka_delivery *delivery)
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
        beat(gather);
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
    struct hs_kafka_header rows[HEADERS];
    struct hs_headers headers = {0};
    char source[64];
    size_t count = 0;
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
    for (; count < headers.count && count < HEADERS; count++) {
        struct hs_header header = hs_headers_get(&headers, count);
        rows[count] = (struct hs_kafka_header){header.name, header.value};
    }
    // a sound camera needs no record: an empty one takes the last away
    struct hs_str value =
        health->n_faults > 0 ? hs_buf_str(&gather->packed) : (struct hs_str){NULL, 0};
    produce(gather, hs_str(health->camera_id), value, rows, count);
    hs_headers_fini(&headers);
    if (fault) {
        hs_metric_add(gather->findings, 1);
        tell_ops(gather, health, fault);
    }
}

// Findings before the memory, its parts before the manifest, that before the commit.
static int checkpoint(struct hs_camera_gather *gather)
{
    struct hs_buf *memory = &gather->memory;
    char key[HS_CAMERA_MEMORY_KEY_BYTES];
    gather->checkpoint_at_ms = hs_clock_boottime_ms() + HS_CAMERA_GATHER_CHECKPOINT_MS;
    if (!gather->core || gather->failed || gather->next_offset == gather->checkpoint_offset) {
        return gather->failed ? HS_EIO : 0;
    }
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
    rc = rc ? rc : hs_kafka_producer_flush(gather->producer, FLUSH_MS);
    hs_kill_point("cameras-before-manifest");
    hs_buf_clear(&gather->packed);
    rc = rc || gather->failed ? HS_EIO
                              : hs_camera_memory_manifest(hs_buf_str(memory), gather->generation,
                                                          gather->next_offset, &gather->packed);
    if (rc == 0) {
        produce(gather, HS_STR(HS_CAMERA_MEMORY_KEY), hs_buf_str(&gather->packed), NULL, 0);
        rc = hs_kafka_producer_flush(gather->producer, FLUSH_MS);
    }
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
    beat(restoring->gather);
    hs_camera_memory_take(&restoring->memory, message->key, message->value);
    return !is_stopping(restoring->gather);
}

static bool on_idle(void *ctx)
{
    beat(ctx);
    return !is_stopping(ctx);
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

static void take_over(struct hs_camera_gather *gather)
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
        say(gather, "%s", "");
    } else {
        hs_gather_free(gather->core);
        gather->core = NULL;
        say(gather, "what is remembered of cameras cannot be restored: %s", hs_strerror(rc));
    }
}

static bool on_assigned(void *ctx, struct hs_kafka_partition *partitions, size_t count)
{
    struct hs_camera_gather *gather = ctx;
    for (size_t i = 0; i < count; i++) {
        gather->assigned = gather->assigned || partitions[i].partition == 0;
    }
    return true; // it begins where the memory says
}

static void on_revoked(void *ctx, const struct hs_kafka_partition *partitions, size_t count,
                       bool lost)
{
    struct hs_camera_gather *gather = ctx;
    (void)partitions;
    (void)count;
    if (lost || checkpoint(gather) != 0) {
        hs_kafka_producer_discard(gather->producer);
    }
    hs_gather_free(gather->core);
    gather->core = NULL;
    gather->assigned = gather->failed = false;
}

static void on_committed(void *ctx, int64_t sent_at_ms, int error,
                         const struct hs_kafka_partition *partitions, size_t count)
{
    (void)ctx; // nothing hangs on it: the manifest says where to go on
    (void)sent_at_ms;
    (void)error;
    (void)partitions;
    (void)count;
}

static void on_trouble(void *ctx, const struct hs_kafka_partition *partition, const char *text)
{
    say(ctx, "%s: %s", partition->topic, text);
}

// ---- the thread ----

static void set_terms(struct hs_camera_gather *gather)
{
    hs_rcu_read_lock();
    const struct hs_rules *rules = hs_controls_rules(hs_rcu_dereference(gather->config.controls));
    const struct hs_gather_terms terms = {
        .window_ms = rules->cameras_window_ms,
        .clock_ms = rules->cameras_clock_ms,
        .vehicles = rules->cameras_vehicles,
    };
    hs_rcu_read_unlock();
    hs_gather_set_terms(gather->core, &terms);
}

static bool on_message(void *ctx, const struct hs_kafka_message *message)
{
    struct hs_camera_gather *gather = ctx;
    beat(gather);
    if (!gather->core || gather->failed || message->partition != 0) {
        return false;
    }
    set_terms(gather);
    int rc = hs_gather_apply(gather->core, message->value);
    gather->next_offset = message->offset + 1;
    gather->failed = gather->failed || rc == HS_ENOMEM;
    hs_metric_add(gather->observations, 1);
    hs_metric_add(gather->malformed, rc == HS_EFORMAT);
    pthread_mutex_lock(&gather->lock);
    gather->status.observations++;
    pthread_mutex_unlock(&gather->lock);
    return !gather->failed && !is_stopping(gather);
}

static void report(struct hs_camera_gather *gather)
{
    struct hs_gather_stats stats = {0};
    if (gather->core) {
        hs_gather_stats(gather->core, &stats);
    }
    hs_metric_set(gather->cameras, (double)stats.cameras);
    if (stats.dropped > gather->dropped_before) {
        hs_metric_add(gather->dropped, stats.dropped - gather->dropped_before);
    }
    gather->dropped_before = stats.dropped;
    pthread_mutex_lock(&gather->lock);
    gather->status.gathers = gather->core != NULL;
    gather->status.cameras = stats.cameras;
    pthread_mutex_unlock(&gather->lock);
}

static void rest(struct hs_camera_gather *gather)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    for (int i = 0; i < RETRY_MS / STEP_MS && !is_stopping(gather); i++) {
        beat(gather);
        nanosleep(&step, NULL);
    }
}

static void on_client_error(void *ctx, bool fatal, bool all_brokers_down, const char *text)
{
    struct hs_camera_gather *gather = ctx;
    gather->failed = gather->failed || fatal;
    say(gather, "Kafka: %s%s", text, all_brokers_down ? ", no broker is reached" : "");
}

// The topics are there, and the group is joined.
static bool join(struct hs_camera_gather *gather)
{
    static const char *const topics[] = {HS_KAFKA_OBSERVATIONS};
    const struct hs_kafka_consumer_events events = {
        .ctx = gather,
        .assigned = on_assigned,
        .revoked = on_revoked,
        .committed = on_committed,
        .trouble = on_trouble,
        .client = {.ctx = gather, .error = on_client_error},
    };
    int32_t partitions;
    int rc = gather->topic >= 0 ? 0
                                : hs_kafka_producer_topic(gather->producer, HS_KAFKA_CAMERAS,
                                                          ASK_MS, &gather->topic);
    rc = rc ? rc
            : hs_kafka_tail_partitions(gather->tail, HS_KAFKA_OBSERVATIONS, ASK_MS, &partitions);
    rc = rc ? rc
            : hs_kafka_consumer_new(gather->config.settings, HS_KAFKA_ROLE_EVENTS,
                                    HS_KAFKA_GROUP_CAMERAS, topics, 1, &events, &gather->consumer);
    say(gather,
        rc ? "topics '%s' and '%s': %s; 'hitctl topics create' makes what is missing" : "%s",
        rc ? HS_KAFKA_OBSERVATIONS : "", HS_KAFKA_CAMERAS, hs_strerror(rc));
    return rc == 0;
}

static void round_once(struct hs_camera_gather *gather)
{
    if (gather->failed && gather->core) {
        hs_log(HS_LOG_WARNING, &event_anew,
               "a finding about a camera was not delivered, gathering begins at the last memory");
        hs_kafka_producer_discard(gather->producer);
        hs_kafka_consumer_pause(gather->consumer, HS_KAFKA_OBSERVATIONS, 0);
        gather->assigned = true;
        rest(gather);
    }
    if (gather->assigned) {
        take_over(gather);
    }
    hs_kafka_consumer_serve(gather->consumer, ROUND_MS, gather->core ? on_message : NULL, gather);
    hs_kafka_producer_poll(gather->producer, 0);
    if (gather->core && hs_clock_boottime_ms() >= gather->checkpoint_at_ms) {
        checkpoint(gather);
    }
}

static void *run(void *ctx)
{
    struct hs_camera_gather *gather = ctx;
    hs_rcu_register_thread();
    while (!is_stopping(gather)) {
        beat(gather);
        if (!gather->consumer && !join(gather)) {
            rest(gather);
            continue;
        }
        round_once(gather);
        report(gather);
    }
    if (gather->consumer) {
        hs_kafka_consumer_close(gather->consumer, CLOSE_MS); // revokes: a last checkpoint
        gather->consumer = NULL;
    }
    hs_rcu_unregister_thread();
    atomic_store_explicit(&gather->ended, true, memory_order_release);
    return NULL;
}

// ---- life ----

static void make_metrics(struct hs_camera_gather *gather)
{
    struct hs_metrics *m = gather->config.metrics;
    gather->observations = hs_metrics_counter(m, "hitstream_camera_observations_total", "",
                                              "Observations of cameras gathered.");
    gather->malformed =
        hs_metrics_counter(m, "hitstream_camera_observations_malformed_total", "",
                           "Observations of cameras that cannot be used, passed over.");
    gather->findings = hs_metrics_counter(m, "hitstream_camera_findings_total", "",
                                          "Findings about cameras, new or changed.");
    gather->cameras =
        hs_metrics_gauge(m, "hitstream_cameras_watched", "", "Cameras that are watched here.");
    gather->cameras_limit = hs_metrics_gauge(m, "hitstream_cameras_watched_limit", "",
                                             "Limit of hitstream_cameras_watched.");
    gather->dropped =
        hs_metrics_counter(m, "hitstream_camera_observations_dropped_total", "",
                           "Counts and journeys of cameras beyond the limit, not looked at.");
    hs_metric_set(gather->cameras_limit, HS_GATHER_CAMERAS_MAX);
}

int hs_camera_gather_new(const struct hs_camera_gather_config *config,
                         struct hs_camera_gather **ret_gather)
{
    struct hs_camera_gather *gather = calloc(1, sizeof(*gather));
    if (!gather) {
        return HS_ENOMEM;
    }
    const struct hs_kafka_events client = {.ctx = gather, .error = on_client_error};
    const struct hs_kafka_producer_events events = {
        .ctx = gather, .delivered = on_delivered, .client = client};
    gather->config = *config;
    gather->topic = -1;
    pthread_mutex_init(&gather->lock, NULL);
    snprintf(gather->status.reason, sizeof(gather->status.reason), "starting");
    make_metrics(gather);
    int rc = hs_kafka_producer_new(config->settings, &events, &gather->producer);
    rc = rc ? rc : hs_kafka_tail_new(config->settings, NULL, &gather->tail);
    if (rc != 0) {
        hs_camera_gather_free(gather);
        return rc;
    }
    *ret_gather = gather;
    return 0;
}

int hs_camera_gather_start(struct hs_camera_gather *gather)
{
    int error = pthread_create(&gather->thread, NULL, run, gather);
    gather->started = error == 0;
    return error ? HS_ENOMEM : 0;
}

int hs_camera_gather_stop(struct hs_camera_gather *gather, int64_t timeout_ms)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    int64_t until_ms = hs_clock_boottime_ms() + timeout_ms;
    atomic_store_explicit(&gather->stopping, true, memory_order_relaxed);
    if (!gather->started) {
        return 0;
    }
    while (!atomic_load_explicit(&gather->ended, memory_order_acquire)) {
        if (hs_clock_boottime_ms() >= until_ms) {
            return HS_ETIMEDOUT;
        }
        nanosleep(&step, NULL);
    }
    pthread_join(gather->thread, NULL);
    gather->started = false;
    return 0;
}

void hs_camera_gather_free(struct hs_camera_gather *gather)
{
    if (gather) {
        hs_kafka_producer_free(gather->producer);
        hs_kafka_tail_free(gather->tail);
        hs_gather_free(gather->core);
        hs_buf_fini(&gather->packed);
        hs_buf_fini(&gather->memory);
        pthread_mutex_destroy(&gather->lock);
        free(gather);
    }
}

uint64_t hs_camera_gather_progress(const struct hs_camera_gather *gather)
{
    return atomic_load_explicit(&gather->progress, memory_order_relaxed);
}

void hs_camera_gather_status(struct hs_camera_gather *gather,
                             struct hs_camera_gather_status *ret_status)
{
    pthread_mutex_lock(&gather->lock);
    *ret_status = gather->status;
    pthread_mutex_unlock(&gather->lock);
}
