// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/correlate_group.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/correlate_channel.h"
#include "hitstreamd/correlate_checkpoint.h"
#include "hitstreamd/correlate_follower.h"
#include "hitstreamd/correlate_partition.h"
#include "hitstreamd/correlate_queues.h"
#include "hitstreamd/correlate_report.h"
#include "hitstreamd/kill_point.h"

HS_LOG_EVENT(event_assigned, "partitions-assigned", "1f7b9e3d5c2a4e8694d0c8b6a5f3e217");
HS_LOG_EVENT(event_revoked, "partitions-revoked", "3e8d6c4b2a1f4079b5e7d9c0f8a6b142");
HS_LOG_EVENT(event_commit, "commit-refused", "d94b7a6e5f3c42818e0d1c9b7a5f6e33");
HS_LOG_EVENT(event_trouble, "hits-trouble", "7c2e9d1f4b6a4835a1f0e8d7c5b3a961");

enum {
    COMMIT_EVERY_MS = 1000,
    COMMIT_LEAST_MS = 100,
    COMMIT_GIVEN_UP_MS = 10000,
    SETTLE_MS = 1500, // a clean end of an assignment: what was applied is written and committed
    SETTLE_STEP_MS = 5,
    COMMIT_WAIT_MS = 1000,
    RELEASE_MS = 6000, // for what was given up to be settled, before another takes over
    RELEASE_STEP_MS = 200,
};

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

// Often enough that one answer may be late and publishing goes on: three in what the lease leaves.
static int64_t commit_every_ms(const struct hs_settings *settings)
{
    int64_t third_ms = (settings->kafka_lease_ms - settings->kafka_message_timeout_ms) / 3;
    return third_ms > COMMIT_EVERY_MS   ? COMMIT_EVERY_MS
           : third_ms < COMMIT_LEAST_MS ? COMMIT_LEAST_MS
                                        : third_ms;
}

void hs_group_commit_step(struct hs_correlate_stage *stage, int64_t boot_ms)
{
    int64_t since_ms = boot_ms - stage->commit_sent_at_ms;
    if (since_ms >=
        (stage->commit_on_its_way ? COMMIT_GIVEN_UP_MS : commit_every_ms(stage->config.settings))) {
        commit(stage, boot_ms);
    }
}

// ---------------------------------------------------------------- assignment

void hs_group_drop_parts(struct hs_correlate_stage *stage)
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
    hs_queues_forget_read(stage);
}

static bool on_assigned(void *ctx, struct hs_kafka_partition *partitions, size_t count)
{
    struct hs_correlate_stage *stage = ctx;
    hs_group_drop_parts(stage);
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

// A broker that is slow may still write what was given up here. The partitions are given back when
// it cannot any more, within a bound: the next owner reads back what stands there by then.
static void await_settled(struct hs_correlate_stage *stage)
{
    int64_t until_ms = hs_clock_boottime_ms() + RELEASE_MS;
    while (hs_kafka_producer_unsettled(stage->producer) > 0 && hs_clock_boottime_ms() < until_ms) {
        hs_stage_beat(stage);
        hs_kafka_producer_settle(stage->producer, NULL, RELEASE_STEP_MS);
    }
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
    hs_group_drop_parts(stage);
    if (!lost) {
        await_settled(stage);
    }
}

static void on_trouble(void *ctx, const struct hs_kafka_partition *partition, const char *text)
{
    (void)ctx;
    hs_log(HS_LOG_WARNING, &event_trouble, "%s/%" PRId32 ": %s", partition->topic,
           partition->partition, text);
}

int hs_group_join(struct hs_correlate_stage *stage,
                  void (*on_error)(void *ctx, bool fatal, bool all_brokers_down, const char *text))
{
    static const char *const topics[] = {HS_KAFKA_HITS};
    struct hs_kafka_consumer_events consumer = {
        .ctx = stage,
        .assigned = on_assigned,
        .revoked = on_revoked,
        .committed = on_committed,
        .trouble = on_trouble,
        .client = {.ctx = stage, .error = on_error},
    };
    return hs_kafka_consumer_new(stage->config.settings, HS_KAFKA_ROLE_EVENTS,
                                 HS_KAFKA_GROUP_CORRELATE, topics, 1, &consumer, &stage->consumer);
}
