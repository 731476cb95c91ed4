// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/match_worker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/kill_point.h"
#include "kafka/topics.h"
#include "kafka/trouble.h"
#include "wire/header.h"

enum {
    IDLE_MS = 100,          // the longest a round waits for messages
    ASK_MS = 5000,          // a question to a broker
    RETRY_MS = 500,         // between two tries to reach Kafka
    OFFSET_RETRY_MS = 2000, // between two looks at committed offsets
    HOLD_FIRST_MS = 100,    // after a failed delivery, doubled up to
    CLOSE_MS = 8000,
    PRODUCE_POLL_MS = 10,
    QUEUE_PEAK_MIN = 10000,  // a smaller backlog never fills the local queue
    GATHER_MS = 20,          // hits of a backlog leave together, this often
    BACKLOG_MESSAGES = 2000, // so far behind, a hit may wait for others
    LAG_MS = 100,            // between two looks at how far
};
#define NS_PER_MS INT64_C(1000000)

HS_LOG_EVENT(event_waits, "match-waits", "6e0f6a5cf7d94b6c8d1f6ef0a1a6c301");
HS_LOG_EVENT(event_runs, "match-runs", "0b8e5b1f2c6a4d0a9a52c0c9a9f7d102");
HS_LOG_EVENT(event_no_offset, "match-no-offset", "e70b3c9d5a124f86ad71f84b09c6e308");
HS_LOG_EVENT(event_client, "match-kafka", "7d2a94c6e1b0438fb85a3f60c7d91e0a");
HS_LOG_EVENT(event_abandoned, "match-client-abandoned", "a95b07e3c4d84f12b6e8d0917fa2c30b");

void hs_match_set_state(struct hs_match_worker *worker, enum hs_match_state state,
                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pthread_mutex_lock(&worker->lock);
    worker->state = state;
    vsnprintf(worker->why, sizeof(worker->why), format, args);
    pthread_mutex_unlock(&worker->lock);
    va_end(args);
}

bool hs_match_is_reading(struct hs_match_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    enum hs_match_state state = worker->state;
    pthread_mutex_unlock(&worker->lock);
    return state == HS_MATCH_RUNNING || state == HS_MATCH_STOPPED_BAD_INPUT ||
           state == HS_MATCH_PARTLY;
}

void hs_match_tell_running(struct hs_match_worker *worker)
{
    for (size_t i = 0; i < worker->slot_count; i++) {
        const struct hs_match_slot *slot = &worker->slots[i];
        if (slot->aside) {
            hs_match_set_state(
                worker, HS_MATCH_PARTLY,
                "group '" HS_KAFKA_GROUP_MATCH "' stands at offset %" PRId64 " of " HS_KAFKA_READS
                "/%" PRId32 ", which its log does not have: this partition is put aside; decide "
                "with 'hitctl topics create --reads-from beginning|end|TIME --force'",
                slot->committed, slot->partition);
            return;
        }
    }
    hs_match_set_state(worker, HS_MATCH_RUNNING, "%s", "");
}

void hs_match_fail(struct hs_match_worker *worker, const char *text)
{
    if (!worker->failed) {
        worker->failed = true;
        snprintf(worker->failed_text, sizeof(worker->failed_text), "%s", text);
    }
}

struct hs_match_slot *hs_match_slot_find(const struct hs_match_worker *worker, int32_t partition)
{
    return (size_t)partition < worker->by_partition_count ? worker->by_partition[partition] : NULL;
}

// What the client library says.

static void on_client_error(void *ctx, bool fatal, bool all_brokers_down, const char *text)
{
    struct hs_match_worker *worker = ctx;
    hs_log(fatal ? HS_LOG_ERROR : HS_LOG_WARNING, &event_client, "worker %zu: %s%s", worker->index,
           all_brokers_down ? "no broker is reached: " : "", text);
    if (fatal) {
        hs_match_fail(worker, text);
    }
}

static void on_client_log(void *ctx, int level, const char *text)
{
    const struct hs_match_worker *worker = ctx;
    hs_log(level <= HS_LOG_WARNING ? HS_LOG_INFO : HS_LOG_DEBUG, &event_client, "worker %zu: %s",
           worker->index, text);
}

static struct hs_kafka_events hs_match_client_events(struct hs_match_worker *worker)
{
    return (struct hs_kafka_events){.ctx = worker, .error = on_client_error, .log = on_client_log};
}

static void on_delivered(void *ctx, const struct hs_kafka_delivery *delivery)
{
    struct hs_match_worker *worker = ctx;
    uintptr_t packed = (uintptr_t)delivery->opaque;
    struct hs_match_slot *slot = hs_match_slot_find(worker, (int32_t)(packed >> 48));
    const struct hs_ack_ticket ticket = {.era = (uint16_t)(packed >> 32), .turn = (uint32_t)packed};
    if (delivery->status == HS_DELIVERY_ACKED) {
        hs_kill_point("hit-acked");
        if (slot) {
            hs_acks_done(slot->acks, ticket);
        }
    } else {
        hs_match_fail(worker, delivery->text);
    }
}

// The round.

static bool has_room(const struct hs_match_worker *worker)
{
    for (size_t i = 0; i < worker->slot_count; i++) {
        if (hs_acks_full(worker->slots[i].acks, HS_MATCH_BATCH_READS + 1)) {
            return false;
        }
    }
    return true;
}

static void look_at_queue(struct hs_match_worker *worker)
{
    size_t queued = hs_kafka_consumer_queued(worker->consumer);
    atomic_store_explicit(&worker->queued, queued, memory_order_relaxed);
    if (queued >= QUEUE_PEAK_MIN && queued > worker->queue_peak) {
        worker->queue_peak = queued;
    } else if (worker->queue_peak > 0 && queued < worker->queue_peak / 2 &&
               worker->slot_count > 0) {
        worker->queue_peak = 0;
        hs_match_nudge(worker, worker->slots[0].partition);
    }
}

static void look_at_lag(struct hs_match_worker *worker, int64_t now_ns)
{
    if (now_ns < worker->lag_at_ns) {
        return;
    }
    worker->lag_at_ns = now_ns + LAG_MS * NS_PER_MS;
    int64_t lag = 0;
    uint64_t pending = 0;
    for (size_t i = 0; i < worker->slot_count; i++) {
        int64_t low, high;
        if (hs_kafka_consumer_watermarks(worker->consumer, HS_KAFKA_READS,
                                         worker->slots[i].partition, &low, &high)) {
            int64_t behind = high - hs_acks_next(worker->slots[i].acks);
            lag += behind > 0 ? behind : 0;
        }
        pending += hs_acks_pending(worker->slots[i].acks);
    }
    worker->far_behind = lag > BACKLOG_MESSAGES;
    atomic_store_explicit(&worker->lag, lag, memory_order_relaxed);
    atomic_store_explicit(&worker->pending, pending, memory_order_relaxed);
}

// Hits leave at once when the worker keeps up with the reads, else a few milliseconds' together: each
// request costs the client library as much as a hundred reads.
static void send_hits(struct hs_match_worker *worker)
{
    bool may_wait = worker->batch_full || worker->far_behind;
    if (!may_wait || worker->round_ns >= worker->gather_until_ns) {
        (void)hs_kafka_producer_release(
            worker->producer); // what finds no room leaves with the next
        worker->gather_until_ns = worker->round_ns + GATHER_MS * NS_PER_MS;
    }
}

static void serve_reads(struct hs_match_worker *worker)
{
    hs_kafka_producer_hold(worker->producer);
    int64_t wait_ms = worker->far_behind ? GATHER_MS : worker->batch_full ? 0 : IDLE_MS;
    size_t shown = hs_kafka_consumer_serve(worker->consumer, wait_ms, hs_match_on_message, worker);
    worker->batch_full = hs_match_batch_is_full(&worker->batch);
    hs_match_batch_run(worker);
    worker->batch.of_backlog = worker->batch_full;
    if (worker->input_stopped) {
        worker->batch_full = worker->far_behind = false;
        hs_match_input_pause(worker);
    } else if (!worker->failed) {
        hs_match_company_idle(worker, worker->round_ns);
        hs_match_cameras_idle(worker, worker->round_ns);
    }
    send_hits(worker);
    if (shown > 0) {
        look_at_queue(worker);
    }
}

static void round_once(struct hs_match_worker *worker)
{
    int64_t now_ns = worker->round_ns = hs_clock_monotonic_ns();
    hs_kafka_producer_poll(worker->producer, 0);
    if (worker->failed) {
        hs_match_rewind(worker);
    } else if (worker->input_stopped) {
        hs_match_input_serve(worker, now_ns);
    } else if (now_ns < worker->hold_until_ns) {
        hs_kafka_consumer_serve(worker->consumer, PRODUCE_POLL_MS, NULL, NULL);
    } else if (!has_room(worker)) {
        hs_match_company_relieve(worker);
        worker->batch_full = worker->far_behind = false;
        send_hits(worker);
        hs_kafka_producer_poll(worker->producer, PRODUCE_POLL_MS);
        hs_kafka_consumer_serve(worker->consumer, 0, NULL, NULL);
    } else {
        serve_reads(worker);
    }
    hs_match_commit_due(worker, now_ns);
    look_at_lag(worker, now_ns);
    hs_thread_beat(&worker->thread);
}

static void serve_group(struct hs_match_worker *worker)
{
    hs_log(HS_LOG_INFO, &event_runs, "worker %zu reads " HS_KAFKA_READS, worker->index);
    hs_match_tell_running(worker);
    while (!hs_match_stopping(worker) && !worker->no_offset) {
        round_once(worker);
        if (!worker->failed && !hs_match_is_reading(worker) &&
            hs_clock_monotonic_ns() >= worker->hold_until_ns &&
            hs_kafka_producer_pending(worker->producer) == 0) {
            worker->hold_ms = HOLD_FIRST_MS; // what was rewound has been written
            hs_match_tell_running(worker);
        }
    }
}

// From nothing to the group, one condition after the other.

static void rest(struct hs_match_worker *worker, int64_t ms)
{
    for (; ms > 0 && !hs_match_stopping(worker); ms -= IDLE_MS) {
        const struct timespec step = {.tv_nsec = IDLE_MS * NS_PER_MS};
        nanosleep(&step, NULL);
        hs_thread_beat(&worker->thread);
    }
}

static bool reach_topic(struct hs_match_worker *worker, const char *topic, int *ret_topic)
{
    while (!hs_match_stopping(worker)) {
        int r = hs_kafka_producer_topic(worker->producer, topic, ASK_MS, ret_topic);
        hs_thread_beat(&worker->thread);
        if (r == 0) {
            return true;
        }
        if (r == HS_ENOTFOUND) {
            hs_match_set_state(worker, HS_MATCH_STARTING,
                               "topic '%s' does not exist; make it with "
                               "'hitctl topics create'",
                               topic);
        } else {
            struct hs_kafka_said said;
            hs_match_set_state(worker, HS_MATCH_STARTING, "topic '%s' of Kafka at '%s': %s", topic,
                               worker->config->settings->kafka_bootstrap, hs_kafka_say(r, &said));
        }
        hs_log(HS_LOG_WARNING, &event_waits, "worker %zu waits: %s", worker->index, worker->why);
        rest(worker, RETRY_MS);
    }
    return false;
}

static bool await_lists(struct hs_match_worker *worker)
{
    while (!hs_match_stopping(worker)) {
        hs_rcu_read_lock();
        bool live = hs_rcu_dereference(worker->config->snapshot) &&
                    hs_rcu_dereference(worker->config->controls);
        hs_rcu_read_unlock();
        if (live) {
            return true;
        }
        hs_match_set_state(worker, HS_MATCH_WAITING, "lists are not live yet");
        rest(worker, IDLE_MS);
    }
    return false;
}

// Is there, for all partitions together, a place to start from? One that has lost its own is put
// aside when it is read; see put_aside() in match_slots.c.
static bool judge_standing(struct hs_match_worker *worker, const struct hs_topic_standing *rows,
                           size_t count)
{
    size_t without = 0, lost = 0, lost_last = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].committed < 0) {
            without++;
        } else if (rows[i].committed < rows[i].low || rows[i].committed > rows[i].high) {
            lost++;
            lost_last = i;
        }
    }
    if (without + lost < count) {
        return true;
    }
    if (lost > 0) {
        hs_match_set_state(
            worker, HS_MATCH_NO_OFFSET,
            "group '" HS_KAFKA_GROUP_MATCH "' stands at offset %" PRId64 " of " HS_KAFKA_READS
            "/%zu, but its log has %" PRId64 " to %" PRId64
            "; decide with 'hitctl topics create --reads-from beginning|end|TIME --force'",
            rows[lost_last].committed, lost_last, rows[lost_last].low, rows[lost_last].high);
    } else {
        hs_match_set_state(worker, HS_MATCH_NO_OFFSET,
                           "nobody has said where to begin with " HS_KAFKA_READS
                           "; say it with 'hitctl topics create --reads-from beginning|end|TIME'");
    }
    return false;
}

static bool await_offset(struct hs_match_worker *worker)
{
    while (!hs_match_stopping(worker)) {
        struct hs_topic_standing *rows = NULL;
        size_t count = 0;
        int r = hs_topics_standing(worker->config->settings, HS_KAFKA_GROUP_MATCH, HS_KAFKA_READS,
                                   ASK_MS, &rows, &count);
        hs_thread_beat(&worker->thread);
        bool good = r == 0 && judge_standing(worker, rows, count);
        free(rows);
        if (good) {
            return true;
        }
        if (r == HS_ENOTFOUND) {
            hs_match_set_state(worker, HS_MATCH_STARTING,
                               "topic '" HS_KAFKA_READS
                               "' does not exist; make it with 'hitctl topics create'");
        } else if (r < 0) {
            struct hs_kafka_said said;
            hs_match_set_state(worker, HS_MATCH_STARTING,
                               "offsets of " HS_KAFKA_READS " are not known: %s",
                               hs_kafka_say(r, &said));
        }
        hs_log(HS_LOG_WARNING, &event_no_offset, "worker %zu waits: %s", worker->index,
               worker->why);
        rest(worker, OFFSET_RETRY_MS);
    }
    return false;
}

static bool join_group(struct hs_match_worker *worker)
{
    static const char *const topics[] = {HS_KAFKA_READS};
    const struct hs_kafka_consumer_events events = {
        .ctx = worker,
        .assigned = hs_match_on_assigned,
        .revoked = hs_match_on_revoked,
        .committed = hs_match_on_committed,
        .trouble = hs_match_on_trouble,
        .client = hs_match_client_events(worker),
    };
    worker->no_offset = false;
    worker->failed = false;
    int r = hs_kafka_consumer_new(worker->config->settings, HS_KAFKA_ROLE_READS,
                                  HS_KAFKA_GROUP_MATCH, topics, 1, &events, &worker->consumer);
    if (r < 0) {
        hs_match_set_state(worker, HS_MATCH_STARTING, "cannot make a Kafka consumer: %s",
                           hs_strerror(r));
        rest(worker, RETRY_MS);
    }
    return r == 0;
}

static void leave_group(struct hs_match_worker *worker)
{
    int64_t left_ms = hs_match_stop_left_ms(worker);
    hs_match_nudge_cancel(worker);
    int r = hs_kafka_consumer_close(worker->consumer, left_ms < CLOSE_MS ? left_ms : CLOSE_MS);
    worker->consumer = NULL;
    if (r < 0) {
        hs_log(HS_LOG_WARNING, &event_abandoned,
               "worker %zu: the Kafka consumer did not close in time, leaving it behind",
               worker->index);
    }
    hs_match_slots_forget(worker);
    worker->queue_peak = 0;
}

static void run(struct hs_match_worker *worker)
{
    const struct hs_kafka_producer_events events = {
        .ctx = worker, .delivered = on_delivered, .client = hs_match_client_events(worker)};
    int r = hs_kafka_producer_new(worker->config->settings, &events, &worker->producer);
    if (r < 0) {
        hs_match_set_state(worker, HS_MATCH_ENDED, "cannot make a Kafka producer: %s",
                           hs_strerror(r));
        return;
    }
    worker->hold_ms = HOLD_FIRST_MS;
    worker->resume_seen = hs_match_resumes(worker);
    while (!hs_match_stopping(worker)) {
        if (reach_topic(worker, HS_KAFKA_HITS, &worker->topic_hits) &&
            reach_topic(worker, HS_KAFKA_REJECTED, &worker->topic_rejected) &&
            (hs_match_cameras_topic(worker, ASK_MS), true) && await_lists(worker) &&
            await_offset(worker) && join_group(worker)) {
            serve_group(worker);
            leave_group(worker);
        }
    }
    hs_kafka_producer_free(worker->producer);
    worker->producer = NULL;
}

void hs_match_worker_main(void *ctx)
{
    struct hs_match_worker *worker = ctx;
    struct hs_headers headers = {0};
    worker->headers = &headers;
    hs_rcu_register_thread();
    run(worker);
    hs_rcu_unregister_thread();
    hs_headers_fini(&headers);
    worker->headers = NULL;
    free(worker->by_partition);
    worker->by_partition = NULL;
    worker->by_partition_count = 0;
    if (hs_match_stopping(worker)) {
        hs_match_set_state(worker, HS_MATCH_ENDED, "ended");
    }
}
