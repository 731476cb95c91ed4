// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/camera_health.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "cameras/findings.h"
#include "hitstreamd/thread.h"
#include "kafka/tail.h"
#include "kafka/trouble.h"

HS_LOG_EVENT(event_known, "cameras-known", "3f86b2d1c9a04e57b6d8107e5ac2f94b");

enum {
    RETRY_MS = 2000, // after the topic was not there, or reading ended
    KINDS = HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_COLLAPSE + 1,
};

struct hs_camera_health {
    struct hs_camera_health_config config;
    struct hs_kafka_tail *tail;
    struct hs_camera_findings *next; // being made; NULL: nothing changed since the last
    bool whole;                      // the end as of the start was reached once
    bool following;                  // what is published is whole
    int64_t next_offset;             // of anpr.cameras
    struct hs_thread thread;
    pthread_mutex_t lock;
    struct hs_camera_health_status status; // under lock
    struct hs_metric *faults[KINDS];       // standing, by kind
    struct hs_metric *bad;                 // records that cannot be read
};

// ---- publishing ----

static void count(struct hs_camera_health *health, const struct hs_camera_findings *table)
{
    uint64_t by_kind[KINDS] = {0};
    for (size_t i = 0; i < hs_camera_findings_count(table); i++) {
        const Hitstream__V1__CameraHealth *row = hs_camera_findings_at(table, i);
        for (size_t k = 0; k < row->n_faults; k++) {
            by_kind[(size_t)row->faults[k]->kind < KINDS ? row->faults[k]->kind : 0]++;
        }
    }
    for (int kind = 1; kind < KINDS; kind++) {
        hs_metric_set(health->faults[kind], (double)by_kind[kind]);
    }
    pthread_mutex_lock(&health->lock);
    health->status.cameras = hs_camera_findings_count(table);
    health->status.known = health->whole;
    health->status.reason[0] = '\0';
    pthread_mutex_unlock(&health->lock);
}

static void publish(struct hs_camera_health *health)
{
    if (!health->next) {
        return;
    }
    count(health, health->next);
    struct hs_camera_findings *old = hs_rcu_publish(health->config.slot, health->next);
    health->next = NULL;
    hs_rcu_synchronize();
    hs_camera_findings_free(old);
}

// ---- reading ----

static bool on_message(void *ctx, const struct hs_kafka_message *message)
{
    struct hs_camera_health *health = ctx;
    const struct hs_camera_findings *now =
        atomic_load_explicit(&health->config.slot->ptr, memory_order_relaxed); // its one writer
    hs_thread_beat(&health->thread);
    health->next_offset = message->offset + 1;
    if (message->key.len == 0 || message->key.ptr[0] == '/') {
        return true; // the gatherer's own
    }
    if (!health->next && hs_camera_findings_new(now, &health->next) != 0) {
        return false; // out of memory: read again later
    }
    if (hs_camera_findings_put(health->next, message->key, message->value) != 0) {
        hs_metric_add(health->bad, 1);
    }
    return !hs_thread_stopping(&health->thread);
}

static bool on_idle(void *ctx)
{
    struct hs_camera_health *health = ctx;
    hs_thread_beat(&health->thread);
    if (health->following) {
        publish(health);
    }
    return !hs_thread_stopping(&health->thread);
}

static void say(struct hs_camera_health *health, const char *reason)
{
    pthread_mutex_lock(&health->lock);
    snprintf(health->status.reason, sizeof(health->status.reason), "topic '%s': %s",
             HS_KAFKA_CAMERAS, reason);
    pthread_mutex_unlock(&health->lock);
}

// Whole and on, until it is to stop or something is wrong.
static int follow(struct hs_camera_health *health)
{
    struct hs_kafka_range range = {.topic = HS_KAFKA_CAMERAS,
                                   .partition = 0, // it has one
                                   .from_time_ms = -1,
                                   .from_offset = HS_KAFKA_OFFSET_BEGINNING};
    struct hs_kafka_tail_options options = {.timeout_ms = -1, .idle = on_idle, .idle_ctx = health};
    health->next_offset = HS_KAFKA_OFFSET_BEGINNING;
    health->following = false;
    int rc = hs_camera_findings_new(NULL, &health->next); // what was compacted away is gone
    rc = rc ? rc : hs_kafka_tail_read(health->tail, &range, 1, &options, on_message, health);
    if (rc == 0) {
        health->whole = health->following = true;
        publish(health);
        hs_log(HS_LOG_INFO, &event_known, "what is known of cameras is read");
        options.follow = true;
        range.from_offset = health->next_offset;
        rc = hs_kafka_tail_read(health->tail, &range, 1, &options, on_message, health);
    }
    hs_camera_findings_free(health->next);
    health->next = NULL;
    return rc;
}

static void run(void *ctx)
{
    struct hs_camera_health *health = ctx;
    hs_rcu_register_thread();
    while (!hs_thread_stopping(&health->thread)) {
        int rc = follow(health);
        if (!hs_thread_stopping(&health->thread)) {
            struct hs_kafka_said said;
            say(health, hs_kafka_say(rc, &said));
            hs_thread_pause(&health->thread, RETRY_MS);
        }
    }
    hs_rcu_unregister_thread();
}

// ---- life ----

static void make_metrics(struct hs_camera_health *health)
{
    static const char *const kinds[] = {"", "clock", "place", "silent", "collapse"};
    struct hs_metrics *m = health->config.metrics;
    for (int kind = 1; kind < KINDS; kind++) {
        char labels[64];
        snprintf(labels, sizeof(labels), "kind=\"%s\"", kinds[kind]);
        health->faults[kind] = hs_metrics_gauge(m, "hitstream_camera_faults", labels,
                                                "Cameras known to be wrong, by what is wrong.");
    }
    health->bad = hs_metrics_counter(m, "hitstream_camera_health_malformed_total", "",
                                     "Records of anpr.cameras that cannot be read.");
}

int hs_camera_health_new(const struct hs_camera_health_config *config,
                         struct hs_camera_health **ret_health)
{
    static const struct hs_kafka_events events;
    struct hs_camera_health *health = calloc(1, sizeof(*health));
    if (!health) {
        return HS_ENOMEM;
    }
    health->config = *config;
    hs_thread_init(&health->thread);
    pthread_mutex_init(&health->lock, NULL);
    snprintf(health->status.reason, sizeof(health->status.reason), "not read yet");
    make_metrics(health);
    int rc = hs_kafka_tail_new(config->settings, &events, &health->tail);
    if (rc != 0) {
        hs_camera_health_free(health);
        return rc;
    }
    *ret_health = health;
    return 0;
}

int hs_camera_health_start(struct hs_camera_health *health)
{
    return hs_thread_start(&health->thread, "hs-health", run, health);
}

int hs_camera_health_stop(struct hs_camera_health *health, int64_t timeout_ms)
{
    return hs_thread_stop(&health->thread, timeout_ms);
}

void hs_camera_health_free(struct hs_camera_health *health)
{
    if (health) {
        hs_camera_findings_free(hs_rcu_publish(health->config.slot, NULL));
        hs_camera_findings_free(health->next);
        hs_kafka_tail_free(health->tail);
        pthread_mutex_destroy(&health->lock);
        hs_thread_fini(&health->thread);
        free(health);
    }
}

uint64_t hs_camera_health_progress(const struct hs_camera_health *health)
{
    return hs_thread_progress(&health->thread);
}

void hs_camera_health_status(struct hs_camera_health *health,
                             struct hs_camera_health_status *ret_status)
{
    pthread_mutex_lock(&health->lock);
    *ret_status = health->status;
    pthread_mutex_unlock(&health->lock);
}
