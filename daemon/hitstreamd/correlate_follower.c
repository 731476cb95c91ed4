// SPDX-License-Identifier: Apache-2.0
//
// Goes on reading anpr.vehicles: a frozen owner of old may still write when it wakes, and what it
// overwrote is written again. A thread of its own, so that reading never delays alerts.
//
//   stage thread                    follower
//   add, clear: changes the plan    reads what the plan says until it changes;
//   step: takes what was noted      notes keys of older epochs
//
// `lock` guards all of struct hs_follower but the thread and the tail.
#include "hitstreamd/correlate_follower.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/correlate_outbox.h"
#include "hitstreamd/thread.h"

HS_LOG_EVENT(event_overwritten, "state-overwritten", "6d1c5be8a3f94c2e9b7f0a8d4e6c3b19");

enum { FOLLOWED_MAX = 4096, IDLE_WAIT_MS = 200 };

struct followed {
    int32_t partition;
    uint64_t epoch; // ours
    int64_t next_offset;
};

struct foreign {
    int32_t partition;
    char *key;
    size_t key_len;
};

struct hs_follower {
    struct hs_correlate_stage *stage;
    struct hs_thread thread;
    pthread_mutex_t lock;
    struct hs_kafka_tail *tail; // the thread's
    struct followed rows[FOLLOWED_MAX];
    size_t count;
    uint64_t plan; // rises with each change
    struct foreign *noted;
    size_t noted_count;
    bool overflow; // more than HS_STAGE_FOREIGN_MAX: all partitions begin anew
};

// One reading by one plan.
struct following {
    struct hs_follower *follower;
    uint64_t plan;
};

static bool is_current(struct following *following)
{
    struct hs_follower *follower = following->follower;
    pthread_mutex_lock(&follower->lock);
    bool current = !hs_thread_stopping(&follower->thread) && follower->plan == following->plan;
    pthread_mutex_unlock(&follower->lock);
    return current;
}

static void note(struct hs_follower *follower, const struct hs_kafka_message *message)
{
    if (follower->noted_count == HS_STAGE_FOREIGN_MAX) {
        follower->overflow = true;
        return;
    }
    char *key = hs_str_dup(message->key);
    if (!key) {
        follower->overflow = true;
        return;
    }
    follower->noted[follower->noted_count++] =
        (struct foreign){.partition = message->partition, .key = key, .key_len = message->key.len};
}

static bool on_state(void *ctx, const struct hs_kafka_message *message)
{
    struct following *following = ctx;
    struct hs_follower *follower = following->follower;
    struct hs_str text;
    uint64_t epoch = 0;
    if (hs_kafka_message_header(message, "epoch", &text)) {
        hs_str_to_u64(text, &epoch);
    }
    pthread_mutex_lock(&follower->lock);
    bool current = !hs_thread_stopping(&follower->thread) && follower->plan == following->plan;
    for (size_t i = 0; current && i < follower->count; i++) {
        struct followed *row = &follower->rows[i];
        if (row->partition == message->partition) {
            row->next_offset = message->offset + 1;
            if (epoch < row->epoch) {
                note(follower, message);
            }
        }
    }
    pthread_mutex_unlock(&follower->lock);
    return current;
}

static bool on_idle(void *ctx)
{
    return is_current(ctx);
}

// Reads on until the plan changes.
static void follow(struct hs_follower *follower)
{
    pthread_mutex_lock(&follower->lock);
    struct following following = {.follower = follower, .plan = follower->plan};
    size_t count = follower->count;
    struct hs_kafka_range *ranges = count ? calloc(count, sizeof(*ranges)) : NULL;
    struct hs_kafka_tail_options options = {
        .timeout_ms = -1, .follow = true, .idle = on_idle, .idle_ctx = &following};
    for (size_t i = 0; ranges && i < count; i++) {
        ranges[i] = (struct hs_kafka_range){.topic = HS_KAFKA_VEHICLES,
                                            .partition = follower->rows[i].partition,
                                            .from_time_ms = -1,
                                            .from_offset = follower->rows[i].next_offset};
    }
    pthread_mutex_unlock(&follower->lock);
    if (ranges) {
        hs_kafka_tail_read(follower->tail, ranges, count, &options, on_state, &following);
    }
    free(ranges);
}

static void run(void *arg)
{
    struct hs_follower *follower = arg;
    while (!hs_thread_stopping(&follower->thread)) {
        follow(follower);
        hs_thread_rest(&follower->thread, IDLE_WAIT_MS); // not at all, when the plan has changed
    }
}

int hs_follower_new(struct hs_correlate_stage *stage, struct hs_follower **ret_follower)
{
    struct hs_follower *follower = calloc(1, sizeof(*follower));
    if (!follower) {
        return HS_ENOMEM;
    }
    struct hs_kafka_events events = {0};
    follower->stage = stage;
    hs_thread_init(&follower->thread);
    pthread_mutex_init(&follower->lock, NULL);
    follower->noted = calloc(HS_STAGE_FOREIGN_MAX, sizeof(*follower->noted));
    int rc = follower->noted ? hs_kafka_tail_new(stage->config.settings, &events, &follower->tail)
                             : HS_ENOMEM;
    rc = rc ? rc : hs_thread_start(&follower->thread, "hs-follower", run, follower);
    if (rc != 0) {
        hs_follower_free(follower);
        return rc;
    }
    *ret_follower = follower;
    return 0;
}

static void clear_locked(struct hs_follower *follower)
{
    for (size_t i = 0; i < follower->noted_count; i++) {
        free(follower->noted[i].key);
    }
    follower->noted_count = 0;
    follower->overflow = false;
    follower->count = 0;
    follower->plan++;
}

void hs_follower_free(struct hs_follower *follower)
{
    if (!follower) {
        return;
    }
    hs_thread_stop(&follower->thread, HS_THREAD_FOREVER);
    clear_locked(follower);
    hs_kafka_tail_free(follower->tail);
    pthread_mutex_destroy(&follower->lock);
    hs_thread_fini(&follower->thread);
    free(follower->noted);
    free(follower);
}

void hs_follower_add(struct hs_follower *follower, int32_t partition, uint64_t epoch,
                     int64_t offset)
{
    pthread_mutex_lock(&follower->lock);
    size_t i = 0;
    while (i < follower->count && follower->rows[i].partition != partition) {
        i++;
    }
    if (i < FOLLOWED_MAX) {
        follower->rows[i] = (struct followed){partition, epoch, offset};
        follower->count += i == follower->count;
        follower->plan++;
    }
    pthread_mutex_unlock(&follower->lock);
    hs_thread_wake(&follower->thread);
}

void hs_follower_clear(struct hs_follower *follower)
{
    pthread_mutex_lock(&follower->lock);
    clear_locked(follower);
    pthread_mutex_unlock(&follower->lock);
    hs_thread_wake(&follower->thread);
}

static void hand_over(struct hs_correlate_stage *stage, const struct foreign *foreign)
{
    struct hs_part *part = NULL;
    for (size_t i = 0; i < stage->part_count; i++) {
        part = stage->parts[i]->number == foreign->partition ? stage->parts[i] : part;
    }
    if (part && part->correlator &&
        (part->state == HS_PART_RUNNING || part->state == HS_PART_HELD)) {
        hs_log(HS_LOG_NOTICE, &event_overwritten,
               "an earlier owner wrote to partition %d of anpr.vehicles, writing it again",
               (int)part->number);
        hs_correlator_overwritten(part->correlator, hs_str_n(foreign->key, foreign->key_len));
        part->checkpointed_at_ms = 0; // soon
    }
}

void hs_follower_step(struct hs_correlate_stage *stage)
{
    struct hs_follower *follower = stage->follower;
    pthread_mutex_lock(&follower->lock);
    for (size_t i = 0; i < follower->noted_count; i++) {
        hand_over(stage, &follower->noted[i]);
        free(follower->noted[i].key);
    }
    follower->noted_count = 0;
    bool overflow = follower->overflow;
    follower->overflow = false;
    pthread_mutex_unlock(&follower->lock);
    for (size_t i = 0; overflow && i < stage->part_count; i++) {
        hs_part_fail(stage->parts[i], "too many overwritten states: the state", "begins anew");
    }
}
