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
#include "wire/header.h"

enum {
    IDLE_MS = 100,          // the longest a round waits for messages
    ASK_MS = 5000,          // a question to a broker
    RETRY_MS = 500,         // between two tries to reach Kafka
    OFFSET_RETRY_MS = 2000, // between two looks at committed offsets
    HOLD_FIRST_MS = 100,    // after a failed delivery, doubled up to
    HOLD_MAX_MS = 5000,
    REVOKE_FLUSH_MS = 3000, // deliveries are waited for before partitions go
    REVOKE_COMMIT_MS = 2000,
    CLOSE_MS = 8000,
    PROBE_MESSAGES = 5,   // the newest of a partition
    PROBE_WAIT_MS = 2000, // for the first message of a probe
    PROBE_MAX_WAIT_MS = 60000,
    PRODUCE_POLL_MS = 10,
    QUEUE_PEAK_MIN = 10000, // a smaller backlog never fills the local queue
};
#define NS_PER_MS INT64_C(1000000)

HS_LOG_EVENT(event_waits, "match-waits", "6e0f6a5cf7d94b6c8d1f6ef0a1a6c301");
HS_LOG_EVENT(event_runs, "match-runs", "0b8e5b1f2c6a4d0a9a52c0c9a9f7d102");
HS_LOG_EVENT(event_assigned, "match-assigned", "b4f0b6a0d8c94d2fb3a8d17c5c2f7e03");
HS_LOG_EVENT(event_revoked, "match-revoked", "2f7c1d44a2b94be5a6f90d8e61c3aa04");
HS_LOG_EVENT(event_rewound, "match-rewound", "9a3d5e7712f84c0db1d24f6b7e80c505");
HS_LOG_EVENT(event_stopped, "match-input-stopped", "c81f02b94a6d4e7f8e35a90d12b7f606");
HS_LOG_EVENT(event_resumed, "match-input-resumed", "54e8a1b3d9f7402c97c6be03f2a1d807");
HS_LOG_EVENT(event_no_offset, "match-no-offset", "e70b3c9d5a124f86ad71f84b09c6e308");
HS_LOG_EVENT(event_commit, "match-commit-failed", "31d6f8a0b7e54c29a04be2c7915fd709");
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

static void progress(struct hs_match_worker *worker)
{
    atomic_fetch_add_explicit(&worker->progress, 1, memory_order_relaxed);
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

static struct hs_kafka_events client_events(struct hs_match_worker *worker)
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

// Partitions come and go.

static void forget_slots(struct hs_match_worker *worker)
{
    for (size_t i = 0; i < worker->slot_count; i++) {
        worker->by_partition[worker->slots[i].partition] = NULL;
        hs_acks_free(worker->slots[i].acks);
    }
    free(worker->slots);
    worker->slots = NULL;
    worker->slot_count = 0;
    atomic_store_explicit(&worker->partitions, 0, memory_order_relaxed);
}

static bool reserve_partition(struct hs_match_worker *worker, int32_t partition)
{
    size_t need = (size_t)partition + 1;
    if (need <= worker->by_partition_count) {
        return true;
    }
    struct hs_match_slot **grown =
        realloc(worker->by_partition, need * sizeof(struct hs_match_slot *));
    if (!grown) {
        return false;
    }
    memset(grown + worker->by_partition_count, 0,
           (need - worker->by_partition_count) * sizeof(struct hs_match_slot *));
    worker->by_partition = grown;
    worker->by_partition_count = need;
    return true;
}

static bool slot_make(struct hs_match_worker *worker, const struct hs_kafka_partition *partition)
{
    struct hs_match_slot *slot = &worker->slots[worker->slot_count];
    if (partition->partition > HS_MATCH_PARTITIONS_MAX ||
        !reserve_partition(worker, partition->partition) ||
        hs_acks_new(HS_MATCH_PENDING_LIMIT, &slot->acks) < 0) {
        return false;
    }
    slot->partition = partition->partition;
    slot->committed = slot->sent = partition->offset >= 0 ? partition->offset : -1;
    hs_acks_reset(slot->acks, slot->committed >= 0 ? slot->committed : 0);
    worker->by_partition[slot->partition] = slot;
    worker->slot_count++;
    return true;
}

static bool on_assigned(void *ctx, struct hs_kafka_partition *partitions, size_t count)
{
    struct hs_match_worker *worker = ctx;
    forget_slots(worker);
    worker->slots = calloc(count, sizeof(*worker->slots));
    int r = hs_kafka_consumer_committed(worker->consumer, partitions, count, ASK_MS, NULL);
    for (size_t i = 0; i < count && worker->slots; i++) {
        if (!slot_make(worker, &partitions[i])) {
            worker->no_offset = true; // out of memory: leave the group and try again
        }
        // A partition that was added to the topic later starts at its beginning; that others of the
        // topic have an offset was seen before joining.
        if (r == 0 && partitions[i].offset == HS_KAFKA_OFFSET_COMMITTED) {
            partitions[i].offset = HS_KAFKA_OFFSET_BEGINNING;
        }
    }
    if (r < 0 || !worker->slots) {
        worker->no_offset = true;
    }
    atomic_store_explicit(&worker->partitions, (uint32_t)count, memory_order_relaxed);
    hs_log(HS_LOG_INFO, &event_assigned, "worker %zu has %zu partitions of " HS_KAFKA_READS,
           worker->index, count);
    return worker->input_stopped || worker->no_offset;
}

static size_t committable(struct hs_match_worker *worker, struct hs_kafka_partition *rows)
{
    size_t count = 0;
    for (size_t i = 0; i < worker->slot_count; i++) {
        struct hs_match_slot *slot = &worker->slots[i];
        int64_t safe = hs_acks_safe(slot->acks);
        if (safe > slot->sent) {
            slot->sent = safe;
            rows[count++] = (struct hs_kafka_partition){
                .topic = HS_KAFKA_READS, .partition = slot->partition, .offset = safe};
        }
    }
    return count;
}

static void on_revoked(void *ctx, const struct hs_kafka_partition *partitions, size_t count,
                       bool lost)
{
    (void)partitions;
    struct hs_match_worker *worker = ctx;
    hs_log(HS_LOG_INFO, &event_revoked, "worker %zu %s %zu partitions of " HS_KAFKA_READS,
           worker->index, lost ? "lost" : "gave up", count);
    if (lost || worker->failed || hs_kafka_producer_flush(worker->producer, REVOKE_FLUSH_MS) < 0) {
        hs_kafka_producer_discard(worker->producer);
        worker->failed = false; // what failed goes to the next owner: its offset was not committed
    }
    struct hs_kafka_partition *rows = calloc(worker->slot_count + 1, sizeof(*rows));
    if (!lost && rows) {
        for (size_t i = 0; i < worker->slot_count; i++) {
            worker->slots[i].sent = worker->slots[i].committed;
        }
        size_t n = committable(worker, rows);
        int r =
            n > 0 ? hs_kafka_consumer_commit_wait(worker->consumer, rows, n, REVOKE_COMMIT_MS) : 0;
        if (r < 0) {
            hs_log(HS_LOG_WARNING, &event_commit,
                   "worker %zu: last commit failed: %s; some hits will be recorded again",
                   worker->index, hs_strerror(r));
        }
    }
    free(rows);
    forget_slots(worker);
}

static void on_committed(void *ctx, int64_t sent_at_ms, int error,
                         const struct hs_kafka_partition *partitions, size_t count)
{
    (void)sent_at_ms;
    struct hs_match_worker *worker = ctx;
    hs_metric_add(error ? worker->metrics->commit_errors : worker->metrics->commits, 1);
    for (size_t i = 0; i < count; i++) {
        struct hs_match_slot *slot = hs_match_slot_find(worker, partitions[i].partition);
        if (slot && partitions[i].error == 0 && error == 0 &&
            partitions[i].offset > slot->committed) {
            slot->committed = partitions[i].offset;
        } else if (slot && error < 0) {
            slot->sent = slot->committed; // sent again with the next
        }
    }
}

static void on_trouble(void *ctx, const struct hs_kafka_partition *partition, const char *text)
{
    struct hs_match_worker *worker = ctx;
    hs_log(HS_LOG_WARNING, &event_client, "worker %zu: " HS_KAFKA_READS "/%d: %s", worker->index,
           partition->partition, text);
    if (partition->error == HS_ENOTFOUND) {
        worker->no_offset = true;
    }
}

// Offsets.

static void commit_due(struct hs_match_worker *worker, int64_t now_ns)
{
    if (now_ns < worker->commit_at_ns || worker->slot_count == 0) {
        return;
    }
    worker->commit_at_ns = now_ns + HS_MATCH_COMMIT_INTERVAL_MS * NS_PER_MS;
    struct hs_kafka_partition *rows = calloc(worker->slot_count, sizeof(*rows));
    size_t count = rows ? committable(worker, rows) : 0;
    if (count > 0) {
        hs_kill_point("before-commit");
        int r = hs_kafka_consumer_commit(worker->consumer, rows, count);
        for (size_t i = 0; i < count && r < 0; i++) {
            struct hs_match_slot *slot = hs_match_slot_find(worker, rows[i].partition);
            slot->sent = slot->committed;
        }
    }
    free(rows);
}

static void start_slot(struct hs_match_worker *worker, struct hs_match_slot *slot, int64_t offset,
                       bool resume)
{
    int r = hs_kafka_consumer_seek(worker->consumer, HS_KAFKA_READS, slot->partition, offset);
    if (r == 0 && resume) {
        r = hs_kafka_consumer_resume(worker->consumer, HS_KAFKA_READS, slot->partition);
    }
    if (r < 0) {
        hs_match_fail(worker, "cannot seek");
    }
}

// A delivery failed: everything on its way is dropped, and each partition read again from its
// oldest message that is not acknowledged whole.
static void rewind_all(struct hs_match_worker *worker)
{
    hs_log(HS_LOG_WARNING, &event_rewound,
           "worker %zu: %s, reading again from the last acknowledged hit", worker->index,
           worker->failed_text);
    hs_metric_add(worker->metrics->rewinds, 1);
    hs_kafka_producer_discard(worker->producer);
    worker->failed = false;
    for (size_t i = 0; i < worker->slot_count; i++) {
        struct hs_match_slot *slot = &worker->slots[i];
        hs_acks_reset(slot->acks, hs_acks_safe(slot->acks));
        start_slot(worker, slot, hs_acks_next(slot->acks), false);
    }
    worker->hold_until_ns = hs_clock_monotonic_ns() + worker->hold_ms * NS_PER_MS;
    worker->hold_ms = worker->hold_ms * 2 < HOLD_MAX_MS ? worker->hold_ms * 2 : HOLD_MAX_MS;
    hs_match_set_state(worker, HS_MATCH_STARTING, "a hit could not be written: %s; trying again",
                       worker->failed_text);
}

// Bad input: stop, try a few messages now and then, go on.

static void pause_input(struct hs_match_worker *worker)
{
    for (size_t i = 0; i < worker->slot_count; i++) {
        hs_kafka_consumer_pause(worker->consumer, HS_KAFKA_READS, worker->slots[i].partition);
    }
    const struct hs_settings *settings = worker->config->settings;
    hs_log(HS_LOG_ERROR, &event_stopped,
           "worker %zu: more than %u %% of %u reads cannot be used, no longer consuming; trying a "
           "few each "
           "minute, go on at once with 'hitctl resume'",
           worker->index, settings->match_reject_max_pct, settings->match_reject_window_reads);
    hs_match_set_state(worker, HS_MATCH_STOPPED_BAD_INPUT,
                       "more than %u %% of %u reads cannot be used; see " HS_KAFKA_REJECTED
                       "; goes on by itself when a probe succeeds, at once with 'hitctl resume'",
                       settings->match_reject_max_pct, settings->match_reject_window_reads);
    hs_metric_set(worker->metrics->stopped, 1);
}

// The feed is good again: what is bad of the backlog as it stands now goes to the rejected reads.
static void resume_input(struct hs_match_worker *worker, const char *why)
{
    worker->input_stopped = false;
    worker->window = (struct hs_match_window){0};
    for (size_t i = 0; i < worker->slot_count; i++) {
        struct hs_match_slot *slot = &worker->slots[i];
        int64_t low;
        (void)hs_kafka_consumer_ends(worker->consumer, HS_KAFKA_READS, slot->partition, ASK_MS,
                                     &low, &slot->tolerate_until);
        start_slot(worker, slot, hs_acks_next(slot->acks), true);
    }
    hs_log(HS_LOG_NOTICE, &event_resumed, "worker %zu: %s, consuming again", worker->index, why);
    hs_match_set_state(worker, HS_MATCH_RUNNING, "%s", "");
    hs_metric_set(worker->metrics->stopped, 0);
}

// Reads a few messages from `offset` on without using them: are they good?
static bool try_messages(struct hs_match_worker *worker, struct hs_match_slot *slot, int64_t offset)
{
    uint32_t reads, bad;
    int64_t until_ns = hs_clock_monotonic_ns() + PROBE_WAIT_MS * NS_PER_MS;
    worker->window = (struct hs_match_window){0};
    start_slot(worker, slot, offset, true);
    while (worker->slot_count > 0 && hs_clock_monotonic_ns() < until_ns &&
           !hs_match_stopping(worker) &&
           hs_kafka_consumer_serve(worker->consumer, IDLE_MS, hs_match_on_probe, worker) == 0) {
        progress(worker);
    }
    hs_match_batch_judge(worker, &reads, &bad);
    worker->window = (struct hs_match_window){0};
    return reads > 0 &&
           (uint64_t)bad * 100 <= (uint64_t)reads * worker->config->settings->match_reject_max_pct;
}

// Looks at the newest messages of one partition, those that came after the worker stopped: when
// they are good the feed has been mended, whatever stands before them.
static bool probe(struct hs_match_worker *worker)
{
    if (worker->slot_count == 0) {
        return false;
    }
    int64_t low, high;
    struct hs_match_slot *slot = &worker->slots[worker->probe_slot++ % worker->slot_count];
    int32_t partition = slot->partition;
    int64_t next = hs_acks_next(slot->acks);
    if (hs_kafka_consumer_ends(worker->consumer, HS_KAFKA_READS, partition, ASK_MS, &low, &high) <
            0 ||
        high <= next) {
        return false;
    }
    bool good =
        try_messages(worker, slot, high - PROBE_MESSAGES > next ? high - PROBE_MESSAGES : next);
    if (worker->slot_count > 0) { // a rebalance may have come in between
        hs_kafka_consumer_pause(worker->consumer, HS_KAFKA_READS, partition);
    }
    return good;
}

static void serve_stopped(struct hs_match_worker *worker, int64_t now_ns)
{
    uint64_t resumes = hs_match_resumes(worker);
    if (resumes != worker->resume_seen) {
        worker->resume_seen = resumes;
        resume_input(worker, "told to go on");
        return;
    }
    if (now_ns >= worker->probe_at_ns) {
        for (size_t i = 0; i < worker->slot_count; i++) {
            if (probe(worker)) {
                resume_input(worker, "a probe succeeded");
                return;
            }
        }
        worker->probe_wait_ms = worker->probe_wait_ms * 2 < PROBE_MAX_WAIT_MS
                                    ? worker->probe_wait_ms * 2
                                    : PROBE_MAX_WAIT_MS;
        worker->probe_at_ns = hs_clock_monotonic_ns() + worker->probe_wait_ms * NS_PER_MS;
    }
    hs_kafka_consumer_serve(worker->consumer, IDLE_MS, NULL, NULL);
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
    worker->lag_at_ns = now_ns + 1000 * NS_PER_MS;
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
    atomic_store_explicit(&worker->lag, lag, memory_order_relaxed);
    atomic_store_explicit(&worker->pending, pending, memory_order_relaxed);
}

static void serve_reads(struct hs_match_worker *worker)
{
    size_t shown = hs_kafka_consumer_serve(worker->consumer, IDLE_MS, hs_match_on_message, worker);
    hs_match_batch_run(worker);
    if (worker->input_stopped) {
        pause_input(worker);
    }
    if (shown > 0) {
        look_at_queue(worker);
    }
}

static void round_once(struct hs_match_worker *worker)
{
    int64_t now_ns = hs_clock_monotonic_ns();
    hs_kafka_producer_poll(worker->producer, 0);
    if (worker->failed) {
        rewind_all(worker);
    } else if (worker->input_stopped) {
        serve_stopped(worker, now_ns);
    } else if (now_ns < worker->hold_until_ns) {
        hs_kafka_consumer_serve(worker->consumer, PRODUCE_POLL_MS, NULL, NULL);
    } else if (!has_room(worker)) {
        hs_kafka_producer_poll(worker->producer, PRODUCE_POLL_MS);
        hs_kafka_consumer_serve(worker->consumer, 0, NULL, NULL);
    } else {
        serve_reads(worker);
    }
    commit_due(worker, now_ns);
    look_at_lag(worker, now_ns);
    progress(worker);
}

static bool is_running(struct hs_match_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool running = worker->state == HS_MATCH_RUNNING || worker->state == HS_MATCH_STOPPED_BAD_INPUT;
    pthread_mutex_unlock(&worker->lock);
    return running;
}

static void serve_group(struct hs_match_worker *worker)
{
    hs_log(HS_LOG_INFO, &event_runs, "worker %zu reads " HS_KAFKA_READS, worker->index);
    hs_match_set_state(worker, HS_MATCH_RUNNING, "%s", "");
    while (!hs_match_stopping(worker) && !worker->no_offset) {
        round_once(worker);
        if (!worker->failed && !is_running(worker) &&
            hs_clock_monotonic_ns() >= worker->hold_until_ns &&
            hs_kafka_producer_pending(worker->producer) == 0) {
            worker->hold_ms = HOLD_FIRST_MS; // what was rewound has been written
            hs_match_set_state(worker, HS_MATCH_RUNNING, "%s", "");
        }
    }
}

// From nothing to the group, one condition after the other.

static void rest(struct hs_match_worker *worker, int64_t ms)
{
    for (; ms > 0 && !hs_match_stopping(worker); ms -= IDLE_MS) {
        const struct timespec step = {.tv_nsec = IDLE_MS * NS_PER_MS};
        nanosleep(&step, NULL);
        progress(worker);
    }
}

static bool reach_topic(struct hs_match_worker *worker, const char *topic, int *ret_topic)
{
    while (!hs_match_stopping(worker)) {
        int r = hs_kafka_producer_topic(worker->producer, topic, ASK_MS, ret_topic);
        progress(worker);
        if (r == 0) {
            return true;
        }
        if (r == HS_ENOTFOUND) {
            hs_match_set_state(worker, HS_MATCH_STARTING,
                               "topic '%s' does not exist; make it with "
                               "'hitctl topics create'",
                               topic);
        } else {
            hs_match_set_state(worker, HS_MATCH_STARTING, "Kafka at '%s' is not reached: %s",
                               worker->config->settings->kafka_bootstrap, hs_strerror(r));
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

// Is there, for all partitions together, a place to start from?
static bool judge_standing(struct hs_match_worker *worker, const struct hs_topic_standing *rows,
                           size_t count)
{
    size_t without = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].committed < 0) {
            without++;
        } else if (rows[i].committed < rows[i].low || rows[i].committed > rows[i].high) {
            hs_match_set_state(
                worker, HS_MATCH_NO_OFFSET,
                "group '" HS_KAFKA_GROUP_MATCH "' stands at offset %" PRId64 " of " HS_KAFKA_READS
                "/%zu, but its log has %" PRId64 " to %" PRId64
                "; decide with 'hitctl topics create --reads-from beginning|end|TIME --force'",
                rows[i].committed, i, rows[i].low, rows[i].high);
            return false;
        }
    }
    if (without == count) {
        hs_match_set_state(worker, HS_MATCH_NO_OFFSET,
                           "nobody has said where to begin with " HS_KAFKA_READS
                           "; say it with 'hitctl topics create --reads-from beginning|end|TIME'");
        return false;
    }
    return true;
}

static bool await_offset(struct hs_match_worker *worker)
{
    while (!hs_match_stopping(worker)) {
        struct hs_topic_standing *rows = NULL;
        size_t count = 0;
        int r = hs_topics_standing(worker->config->settings, HS_KAFKA_GROUP_MATCH, HS_KAFKA_READS,
                                   ASK_MS, &rows, &count);
        progress(worker);
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
            hs_match_set_state(worker, HS_MATCH_STARTING,
                               "offsets of " HS_KAFKA_READS " are not known: %s", hs_strerror(r));
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
        .assigned = on_assigned,
        .revoked = on_revoked,
        .committed = on_committed,
        .trouble = on_trouble,
        .client = client_events(worker),
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
    forget_slots(worker);
    worker->queue_peak = 0;
}

static void run(struct hs_match_worker *worker)
{
    const struct hs_kafka_producer_events events = {
        .ctx = worker, .delivered = on_delivered, .client = client_events(worker)};
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
            await_lists(worker) && await_offset(worker) && join_group(worker)) {
            serve_group(worker);
            leave_group(worker);
        }
    }
    hs_kafka_producer_free(worker->producer);
    worker->producer = NULL;
}

void *hs_match_worker_main(void *ctx)
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
    return NULL;
}
