// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/correlate_stage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/correlate_parts.h"
#include "hitstreamd/kill_point.h"

HS_LOG_EVENT(event_client, "correlate-kafka", "a60e5f9d3c7b4c18b2f4e1d8a7c6b935");
HS_LOG_EVENT(event_assigned, "partitions-assigned", "1f7b9e3d5c2a4e8694d0c8b6a5f3e217");
HS_LOG_EVENT(event_revoked, "partitions-revoked", "3e8d6c4b2a1f4079b5e7d9c0f8a6b142");
HS_LOG_EVENT(event_commit, "commit-refused", "d94b7a6e5f3c42818e0d1c9b7a5f6e33");
HS_LOG_EVENT(event_trouble, "hits-trouble", "7c2e9d1f4b6a4835a1f0e8d7c5b3a961");

enum {
    ROUND_MS = 10,
    COMMIT_EVERY_MS = 1000,
    COMMIT_GIVEN_UP_MS = 10000,
    SETTLE_MS = 1500, // a clean end of an assignment: what was applied is written and committed
    SETTLE_STEP_MS = 5,
    COMMIT_WAIT_MS = 1000,
    CLOSE_MS = 5000,
    TOPICS_ASK_MS = 2000,
    TOPIC_TIMEOUT_MS = 2000,      // at the start
    TOPIC_TIMEOUT_LATER_MS = 300, // while alerts are on their way
    STOP_STEP_MS = 10,
};

// ---------------------------------------------------------------- small things

void hs_stage_beat(struct hs_correlate_stage *stage)
{
    atomic_fetch_add_explicit(&stage->shared.progress, 1, memory_order_relaxed);
}

bool hs_stage_stopping(const struct hs_correlate_stage *stage)
{
    return atomic_load_explicit(&stage->shared.stopping, memory_order_relaxed);
}

bool hs_stage_may_publish(const struct hs_correlate_stage *stage)
{
    const struct hs_settings *settings = stage->config.settings;
    return stage->lease_from_ms > 0 &&
           hs_clock_boottime_ms() + settings->kafka_message_timeout_ms <=
               stage->lease_from_ms + settings->kafka_lease_ms;
}

struct hs_part *hs_stage_part(const struct hs_correlate_stage *stage, int32_t number)
{
    for (size_t i = 0; i < stage->part_count; i++) {
        if (stage->parts[i]->number == number) {
            return stage->parts[i];
        }
    }
    return NULL;
}

static void on_client_error(void *ctx, bool fatal, bool all_brokers_down, const char *text)
{
    struct hs_correlate_stage *stage = ctx;
    snprintf(stage->trouble, sizeof(stage->trouble), "%s", text);
    hs_log(fatal ? HS_LOG_ERROR : HS_LOG_WARNING, &event_client, "Kafka: %s%s", text,
           all_brokers_down ? ", no broker is reached" : "");
}

// ---------------------------------------------------------------- commits

static void commit(struct hs_correlate_stage *stage, int64_t boot_ms)
{
    struct hs_kafka_partition *rows = calloc(stage->part_count + 1, sizeof(*rows));
    size_t count = 0;
    for (size_t i = 0; rows && i < stage->part_count; i++) {
        const struct hs_part *part = stage->parts[i];
        bool owned = part->state == HS_PART_RUNNING || part->state == HS_PART_HELD;
        if (owned && part->commit_offset >= 0) {
            rows[count++] = (struct hs_kafka_partition){
                .topic = HS_KAFKA_HITS, .partition = part->number, .offset = part->commit_offset};
        }
    }
    if (count > 0) {
        hs_kill_point("before-commit");
        stage->commit_on_its_way = hs_kafka_consumer_commit(stage->consumer, rows, count) == 0;
    }
    stage->commit_sent_at_ms = boot_ms;
    free(rows);
}

static void on_committed(void *ctx, int64_t sent_at_ms, int error,
                         const struct hs_kafka_partition *partitions, size_t count)
{
    struct hs_correlate_stage *stage = ctx;
    (void)partitions;
    (void)count;
    stage->commit_on_its_way = false;
    if (error != 0) {
        hs_log(HS_LOG_WARNING, &event_commit, "a commit for anpr.hits was refused: %s",
               hs_strerror(error));
    } else if (stage->part_count > 0 && sent_at_ms > stage->lease_from_ms) {
        stage->lease_from_ms = sent_at_ms; // membership is proven up to then
    }
}

static void commit_step(struct hs_correlate_stage *stage, int64_t boot_ms)
{
    int64_t since_ms = boot_ms - stage->commit_sent_at_ms;
    if (since_ms >= (stage->commit_on_its_way ? COMMIT_GIVEN_UP_MS : COMMIT_EVERY_MS)) {
        commit(stage, boot_ms);
    }
}

// ---------------------------------------------------------------- assignment

static void drop_parts(struct hs_correlate_stage *stage)
{
    if (stage->in_flight > 0) {
        hs_kafka_producer_discard(stage->producer); // every end is told
    }
    for (struct hs_channel *channel = stage->channels; channel; channel = channel->next) {
        hs_channel_forget(channel, NULL);
    }
    hs_follower_clear(stage->follower);
    for (size_t i = 0; i < stage->part_count; i++) {
        if (stage->parts[i]->correlator) {
            hs_report_part(stage->parts[i]);
        }
        hs_part_free(stage->parts[i]);
    }
    free(stage->parts);
    stage->parts = NULL;
    stage->part_count = 0;
    stage->lease_from_ms = 0;
    stage->commit_on_its_way = false;
    hs_read_back_reset(stage);
}

static bool on_assigned(void *ctx, struct hs_kafka_partition *partitions, size_t count)
{
    struct hs_correlate_stage *stage = ctx;
    drop_parts(stage);
    stage->parts = calloc(count, sizeof(struct hs_part *));
    for (size_t i = 0; stage->parts && i < count; i++) {
        struct hs_part *part = hs_part_new(stage, partitions[i].partition);
        partitions[i].offset = 0; // it stays paused until the takeover says where it begins
        if (part) {
            stage->parts[stage->part_count++] = part;
        }
    }
    hs_log(HS_LOG_INFO, &event_assigned, "%zu partitions of anpr.hits are assigned",
           stage->part_count);
    return true;
}

static bool is_settled(const struct hs_correlate_stage *stage)
{
    for (size_t i = 0; i < stage->part_count; i++) {
        const struct hs_part *part = stage->parts[i];
        bool owned = part->state == HS_PART_RUNNING || part->state == HS_PART_HELD;
        if (owned && !hs_checkpoint_complete(part)) {
            return false;
        }
    }
    return true;
}

// The assignment ends in peace: what was applied is written, acknowledged and committed, within a
// bound; what is not is the next owner's.
static void settle(struct hs_correlate_stage *stage)
{
    int64_t until_ms = hs_clock_boottime_ms() + SETTLE_MS;
    int64_t boot_ms;
    while (!is_settled(stage) && (boot_ms = hs_clock_boottime_ms()) < until_ms) {
        hs_stage_beat(stage);
        for (size_t i = 0; i < stage->part_count; i++) {
            hs_checkpoint_step(stage->parts[i], boot_ms, true);
        }
        hs_kafka_producer_poll(stage->producer, SETTLE_STEP_MS);
    }
    struct hs_kafka_partition *rows = calloc(stage->part_count + 1, sizeof(*rows));
    size_t count = 0;
    for (size_t i = 0; rows && i < stage->part_count; i++) {
        if (stage->parts[i]->commit_offset >= 0) {
            rows[count++] = (struct hs_kafka_partition){.topic = HS_KAFKA_HITS,
                                                        .partition = stage->parts[i]->number,
                                                        .offset = stage->parts[i]->commit_offset};
        }
    }
    if (count > 0) {
        hs_kafka_consumer_commit_wait(stage->consumer, rows, count, COMMIT_WAIT_MS);
    }
    free(rows);
}

static void on_revoked(void *ctx, const struct hs_kafka_partition *partitions, size_t count,
                       bool lost)
{
    struct hs_correlate_stage *stage = ctx;
    (void)partitions;
    if (!lost && hs_stage_may_publish(stage)) {
        settle(stage);
    }
    hs_log(HS_LOG_INFO, &event_revoked, "%zu partitions of anpr.hits are %s", count,
           lost ? "lost" : "given back");
    drop_parts(stage);
}

static void on_trouble(void *ctx, const struct hs_kafka_partition *partition, const char *text)
{
    (void)ctx;
    hs_log(HS_LOG_WARNING, &event_trouble, "%s/%" PRId32 ": %s", partition->topic,
           partition->partition, text);
}

// ---------------------------------------------------------------- clients

static int open_clients(struct hs_correlate_stage *stage)
{
    const struct hs_settings *settings = stage->config.settings;
    struct hs_kafka_events client = {.ctx = stage, .error = on_client_error};
    struct hs_kafka_producer_events producer = {
        .ctx = stage, .delivered = hs_outbox_delivered, .client = client};
    int rc = hs_kafka_producer_new(settings, &producer, &stage->producer);
    rc = rc ? rc : hs_kafka_tail_new(settings, &client, &stage->tail);
    return rc ? rc : hs_follower_new(stage, &stage->follower);
}

// Joins the group: only when there is somewhere to write to.
static int join(struct hs_correlate_stage *stage)
{
    static const char *const topics[] = {HS_KAFKA_HITS};
    struct hs_kafka_consumer_events consumer = {
        .ctx = stage,
        .assigned = on_assigned,
        .revoked = on_revoked,
        .committed = on_committed,
        .trouble = on_trouble,
        .client = {.ctx = stage, .error = on_client_error},
    };
    return hs_kafka_consumer_new(stage->config.settings, HS_KAFKA_ROLE_EVENTS,
                                 HS_KAFKA_GROUP_CORRELATE, topics, 1, &consumer, &stage->consumer);
}

static bool know_topic(struct hs_correlate_stage *stage, const char *name, int64_t timeout_ms,
                       int *topic)
{
    int rc = *topic >= 0 ? 0 : hs_kafka_producer_topic(stage->producer, name, timeout_ms, topic);
    hs_stage_beat(stage);
    if (rc != 0) {
        snprintf(stage->trouble, sizeof(stage->trouble), "topic '%s': %s", name, hs_strerror(rc));
    }
    return rc == 0;
}

// The topics without which nothing can be done.
static bool know_base(struct hs_correlate_stage *stage, int64_t timeout_ms)
{
    return know_topic(stage, HS_KAFKA_HITS, timeout_ms, &stage->hits_topic) &&
           know_topic(stage, HS_KAFKA_VEHICLES, timeout_ms, &stage->vehicles_topic) &&
           know_topic(stage, HS_KAFKA_UNROUTED, timeout_ms, &stage->unrouted_topic);
}

// All output topics of the controls' head are looked for before the first message needs them. A
// queue whose topic is missing is no reason to hold up others: its alerts wait for it, and the
// stage is not ready.
static void topics_step(struct hs_correlate_stage *stage, int64_t timeout_ms)
{
    struct hs_controls *head = stage->config.controls_head(stage->config.controls_ctx);
    bool same = head && strcmp(hs_controls_hash(head), stage->topics_hash) == 0;
    bool again = hs_clock_boottime_ms() - stage->topics_asked_at_ms >= TOPICS_ASK_MS;
    if ((head && !same) || (!stage->topics_known && again)) {
        bool base = know_base(stage, timeout_ms);
        if (base && !head) {
            snprintf(stage->trouble, sizeof(stage->trouble),
                     "the head of the controls is not known yet");
        }
        stage->topics_known = base && head && hs_channels_know(stage, head, timeout_ms);
        stage->topics_asked_at_ms = hs_clock_boottime_ms();
        snprintf(stage->topics_hash, sizeof(stage->topics_hash), "%s",
                 head ? hs_controls_hash(head) : "-");
    }
    hs_controls_unref(head);
}

// ---------------------------------------------------------------- the thread

static bool on_message(void *ctx, const struct hs_kafka_message *message)
{
    struct hs_correlate_stage *stage = ctx;
    struct hs_part *part = hs_stage_part(stage, message->partition);
    hs_stage_beat(stage);
    if (part) {
        hs_part_apply(part, message);
    }
    return true;
}

// A failed partition begins anew when nothing of it is on its way any more.
static bool revive(struct hs_part *part, int64_t boot_ms)
{
    if (part->state == HS_PART_FAILED && boot_ms >= part->retry_at_ms && part->pending[0] == 0 &&
        part->pending[1] == 0 && part->states_pending == 0) {
        part->state = HS_PART_NEW;
    }
    return part->state == HS_PART_NEW;
}

// Ids that stand in queues are of use while events of earlier owners are applied again.
static void forget_stood(struct hs_correlate_stage *stage)
{
    for (size_t i = 0; i < stage->part_count; i++) {
        if (!stage->parts[i]->caught_up) {
            return;
        }
    }
    if (stage->stood.count > 0) {
        hs_read_back_reset(stage);
    }
}

static void step_parts(struct hs_correlate_stage *stage, int64_t boot_ms)
{
    int64_t wall_ms = hs_clock_realtime_ms();
    bool any_new = false;
    for (size_t i = 0; i < stage->part_count; i++) {
        any_new = revive(stage->parts[i], boot_ms) || any_new;
    }
    if (any_new) {
        hs_stage_take_over(stage);
    }
    for (size_t i = 0; i < stage->part_count; i++) {
        hs_part_step(stage->parts[i], boot_ms, wall_ms);
        hs_checkpoint_step(stage->parts[i], boot_ms, false);
    }
    forget_stood(stage);
}

static void one_round(struct hs_correlate_stage *stage)
{
    hs_stage_beat(stage);
    hs_kafka_consumer_serve(stage->consumer, ROUND_MS, on_message, stage);
    hs_kafka_producer_poll(stage->producer, 0);
    if (hs_kafka_producer_fatal(stage->producer)) {
        hs_kafka_producer_discard(stage->producer);
    }
    int64_t boot_ms = hs_clock_boottime_ms();
    step_parts(stage, boot_ms);
    for (struct hs_channel *channel = stage->channels; channel; channel = channel->next) {
        hs_channel_step(stage, channel, boot_ms);
    }
    hs_follower_step(stage);
    commit_step(stage, boot_ms);
    topics_step(stage, TOPIC_TIMEOUT_LATER_MS);
    hs_report_step(stage, boot_ms);
}

static void pause_a_little(void)
{
    struct timespec step = {.tv_nsec = STOP_STEP_MS * 1000000L};
    nanosleep(&step, NULL);
}

// Until Kafka is reached and the topics are there.
static void wait_for_topics(struct hs_correlate_stage *stage)
{
    while (!hs_stage_stopping(stage) && stage->unrouted_topic < 0) {
        hs_stage_beat(stage);
        hs_kafka_producer_poll(stage->producer, STOP_STEP_MS);
        topics_step(stage, TOPIC_TIMEOUT_MS);
        hs_report_step(stage, hs_clock_boottime_ms());
        pause_a_little();
    }
}

static void *run(void *arg)
{
    struct hs_correlate_stage *stage = arg;
    wait_for_topics(stage);
    int rc = hs_stage_stopping(stage) ? 0 : join(stage);
    if (rc != 0) {
        hs_log(HS_LOG_ERROR, &event_client, "cannot join the group '%s': %s",
               HS_KAFKA_GROUP_CORRELATE, hs_strerror(rc));
    }
    while (stage->consumer && !hs_stage_stopping(stage)) {
        one_round(stage);
    }
    hs_kafka_consumer_close(stage->consumer, CLOSE_MS); // revokes: what was applied is settled
    stage->consumer = NULL;
    drop_parts(stage);
    atomic_store_explicit(&stage->shared.ended, true, memory_order_release);
    return NULL;
}

// ---------------------------------------------------------------- life

int hs_correlate_stage_new(const struct hs_correlate_stage_config *config,
                           struct hs_correlate_stage **ret_stage)
{
    struct hs_correlate_stage *stage = calloc(1, sizeof(*stage));
    if (!stage) {
        return HS_ENOMEM;
    }
    stage->config = *config;
    stage->hits_topic = -1;
    stage->vehicles_topic = -1;
    stage->unrouted_topic = -1;
    pthread_mutex_init(&stage->shared.lock, NULL);
    stage->metrics = hs_stage_metrics_new(config->metrics);
    int rc = stage->metrics ? open_clients(stage) : HS_ENOMEM;
    if (rc != 0) {
        hs_correlate_stage_free(stage);
        return rc;
    }
    snprintf(stage->shared.status.reason, sizeof(stage->shared.status.reason), "starting");
    *ret_stage = stage;
    return 0;
}

int hs_correlate_stage_start(struct hs_correlate_stage *stage)
{
    int error = pthread_create(&stage->thread, NULL, run, stage);
    stage->started = error == 0;
    return error ? HS_ENOMEM : 0;
}

int hs_correlate_stage_stop(struct hs_correlate_stage *stage, int64_t timeout_ms)
{
    int64_t until_ms = hs_clock_boottime_ms() + timeout_ms;
    atomic_store_explicit(&stage->shared.stopping, true, memory_order_relaxed);
    if (!stage->started) {
        return 0;
    }
    while (!atomic_load_explicit(&stage->shared.ended, memory_order_acquire)) {
        if (hs_clock_boottime_ms() >= until_ms) {
            return HS_ETIMEDOUT;
        }
        pause_a_little();
    }
    pthread_join(stage->thread, NULL);
    stage->started = false;
    return 0;
}

void hs_correlate_stage_free(struct hs_correlate_stage *stage)
{
    if (!stage) {
        return;
    }
    hs_kafka_producer_free(stage->producer);
    hs_follower_free(stage->follower);
    hs_kafka_tail_free(stage->tail);
    hs_channels_free(stage);
    hs_id_set_fini(&stage->stood);
    hs_stage_metrics_free(stage->metrics);
    pthread_mutex_destroy(&stage->shared.lock);
    free(stage);
}

uint64_t hs_correlate_stage_progress(const struct hs_correlate_stage *stage)
{
    return atomic_load_explicit(&stage->shared.progress, memory_order_relaxed);
}

void hs_correlate_stage_status(struct hs_correlate_stage *stage,
                               struct hs_correlate_status *ret_status)
{
    pthread_mutex_lock(&stage->shared.lock);
    *ret_status = stage->shared.status;
    pthread_mutex_unlock(&stage->shared.lock);
}
