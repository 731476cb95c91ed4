// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/camera_gather_parts.h"
#include "kafka/trouble.h"

HS_LOG_EVENT(event_anew, "cameras-anew", "92b5f0e83c174da6bc0d71e6a5f4382d");

enum {
    ROUND_MS = 50,
    RETRY_MS = 2000, // after a topic was not there, or a delivery failed
    ASK_MS = 1000,   // a question to a broker
    CLOSE_MS = 5000,
};

void hs_camera_gather_say(struct hs_camera_gather *gather, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pthread_mutex_lock(&gather->lock);
    vsnprintf(gather->status.reason, sizeof(gather->status.reason), format, args);
    pthread_mutex_unlock(&gather->lock);
    va_end(args);
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
    if (lost || hs_camera_gather_checkpoint(gather) != 0) {
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
    hs_camera_gather_say(ctx, "%s: %s", partition->topic, text);
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
    hs_thread_beat(&gather->thread);
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
    return !gather->failed && !hs_thread_stopping(&gather->thread);
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

static void on_client_error(void *ctx, bool fatal, bool all_brokers_down, const char *text)
{
    struct hs_camera_gather *gather = ctx;
    gather->failed = gather->failed || fatal;
    hs_camera_gather_say(gather, "Kafka: %s%s", text,
                         all_brokers_down ? ", no broker is reached" : "");
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
    struct hs_kafka_said said;
    hs_camera_gather_say(gather, rc ? "topics '%s' and '%s': %s%s" : "%s",
                         rc ? HS_KAFKA_OBSERVATIONS : "", HS_KAFKA_CAMERAS, hs_kafka_say(rc, &said),
                         rc == HS_ENOTFOUND ? "; 'hitctl topics create' makes what is missing"
                                            : "");
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
        hs_thread_pause(&gather->thread, RETRY_MS);
    }
    if (gather->assigned) {
        hs_camera_gather_take_over(gather);
    }
    hs_kafka_consumer_serve(gather->consumer, ROUND_MS, gather->core ? on_message : NULL, gather);
    hs_kafka_producer_poll(gather->producer, 0);
    if (gather->core && hs_clock_boottime_ms() >= gather->checkpoint_at_ms) {
        hs_camera_gather_checkpoint(gather);
    }
}

static void run(void *ctx)
{
    struct hs_camera_gather *gather = ctx;
    hs_rcu_register_thread();
    while (!hs_thread_stopping(&gather->thread)) {
        hs_thread_beat(&gather->thread);
        if (!gather->consumer && !join(gather)) {
            hs_thread_pause(&gather->thread, RETRY_MS);
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
        .ctx = gather, .delivered = hs_camera_gather_delivered, .client = client};
    gather->config = *config;
    gather->topic = -1;
    hs_thread_init(&gather->thread);
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
    return hs_thread_start(&gather->thread, "hs-cameras", run, gather);
}

int hs_camera_gather_stop(struct hs_camera_gather *gather, int64_t timeout_ms)
{
    return hs_thread_stop(&gather->thread, timeout_ms);
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
        hs_thread_fini(&gather->thread);
        free(gather);
    }
}

uint64_t hs_camera_gather_progress(const struct hs_camera_gather *gather)
{
    return hs_thread_progress(&gather->thread);
}

void hs_camera_gather_status(struct hs_camera_gather *gather,
                             struct hs_camera_gather_status *ret_status)
{
    pthread_mutex_lock(&gather->lock);
    *ret_status = gather->status;
    pthread_mutex_unlock(&gather->lock);
}
