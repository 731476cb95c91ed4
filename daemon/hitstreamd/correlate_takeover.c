// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/correlate_takeover.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstreamd/correlate_channel.h"
#include "hitstreamd/correlate_follower.h"
#include "hitstreamd/correlate_keeper.h"
#include "hitstreamd/correlate_metrics.h"
#include "hitstreamd/correlate_outbox.h"
#include "hitstreamd/correlate_partition.h"
#include "hitstreamd/correlate_queues.h"
#include "hitstreamd/correlate_readback.h"

HS_LOG_EVENT(event_took_over, "partition-taken-over", "9a4f0c7b5ad84e5d8c0b6e1f7d3a2b68");
HS_LOG_EVENT(event_takeover_failed, "takeover-failed", "e1d7c5a93b2f4f7f8b6a0c4d5e9f1a37");
HS_LOG_EVENT(event_state_malformed, "state-malformed", "4b8e2d6f1c7a4953a0d9e8b7c6f5a412");

HS_LOG_EVENT(event_kept, "local-state-restored", "c41f7a0e8b6d4d53a9e2f7b1d0c85e36");

enum {
    RESTORE_TIMEOUT_MS = 120000,
    APPEND_STEP_MS = 10,
    CONTROLS_WAIT_MS = 1000, // then other partitions have their turn
    COMMIT_TIMEOUT_MS = 3000,
    SETTLE_TIMEOUT_MS = 15000,
    SETTLE_ALL_MS = 3000, // then without the queues that are not
    SETTLE_STEP_MS = 500,
    SETTLE_REST_MS = 100,
    AGAIN_AFTER_MS = 500,
    TOOK_OVER_BYTES = 512,
    THREADS_MAX = 8, // that restore local copies
};

// A takeover of all partitions that are new.
struct takeover {
    struct hs_correlate_stage *stage;
    struct hs_part **parts;
    size_t count;
    int64_t *next_states; // where the follower begins, one a part
    int rc;               // of restoring
};

static bool go_on(const struct takeover *takeover)
{
    hs_stage_beat(takeover->stage);
    return !hs_stage_stopping(takeover->stage);
}

static bool on_idle(void *ctx)
{
    return go_on(ctx);
}

// ---------------------------------------------------------------- took over

static int append_took_over(struct takeover *takeover, struct hs_part *part)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__TookOver took_over = HITSTREAM__V1__TOOK_OVER__INIT;
    uint8_t packed[TOOK_OVER_BYTES];
    took_over.instance_id = (char *)(uintptr_t)takeover->stage->config.settings->instance_id;
    took_over.at_ms = hs_stage_wall_ms(takeover->stage);
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_TOOK_OVER;
    event.took_over = &took_over;
    if (hitstream__v1__vehicle_event__get_packed_size(&event) > sizeof(packed)) {
        return HS_ELIMIT;
    }
    size_t len = hitstream__v1__vehicle_event__pack(&event, packed);
    hs_part_append(part, HS_OUT_TOOK_OVER, HS_STR(HS_PARTITION_STATE_KEY), hs_str_n(packed, len));
    return part->state == HS_PART_FAILED ? HS_EIO : 0;
}

// Nothing of a topic (NULL: of any) can be written any more that was sent before. HS_ETIMEDOUT,
// HS_EAGAIN and the like: some broker does not say so.
static int settle_topic(const struct takeover *takeover, const char *topic, int64_t timeout_ms)
{
    struct hs_correlate_stage *stage = takeover->stage;
    int64_t until_ms = hs_clock_boottime_ms() + timeout_ms;
    while (go_on(takeover)) {
        int rc = hs_kafka_producer_settle(stage->producer, topic, SETTLE_STEP_MS);
        if ((rc != HS_ETIMEDOUT && rc != HS_EAGAIN) || hs_clock_boottime_ms() >= until_ms) {
            return rc;
        }
        if (rc == HS_EAGAIN) { // said at once: a leader is being elected
            hs_thread_rest(&stage->thread, SETTLE_REST_MS);
        }
    }
    return HS_ECANCELED;
}

// A queue that does not say so waits for it by itself.
static void put_unsettled_aside(const struct takeover *takeover)
{
    struct hs_correlate_stage *stage = takeover->stage;
    for (struct hs_channel *channel = stage->channels; channel; channel = channel->next) {
        int rc = settle_topic(takeover, channel->topic_name, 0);
        rc = rc ? rc : settle_topic(takeover, channel->undelivered_name, 0);
        if (rc != 0) {
            hs_channel_put_aside(channel, hs_strerror(rc));
        }
    }
}

// Nothing that was sent before can be written any more: neither events behind the new epoch nor
// alerts behind the read-back.
static int settle(const struct takeover *takeover)
{
    static const char *const base[] = {HS_KAFKA_HITS, HS_KAFKA_VEHICLES, HS_KAFKA_UNROUTED,
                                       HS_KAFKA_OBSERVATIONS};
    int rc = settle_topic(takeover, NULL, SETTLE_ALL_MS);
    if (rc == 0 || rc == HS_ECANCELED) {
        return rc;
    }
    rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof(base) / sizeof(base[0]); i++) {
        rc = settle_topic(takeover, base[i], SETTLE_TIMEOUT_MS);
    }
    if (rc == 0) {
        put_unsettled_aside(takeover);
    }
    return rc;
}

// Appends 'took over' to each partition's log and waits until all stand there.
static int take_epochs(struct takeover *takeover)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < takeover->count; i++) {
        rc = hs_part_reset(takeover->parts[i]);
        rc = rc ? rc : append_took_over(takeover, takeover->parts[i]);
    }
    for (size_t i = 0; rc == 0 && i < takeover->count; i++) {
        struct hs_part *part = takeover->parts[i];
        while (rc == 0 && !part->took_over) { // ends by the message timeout at the latest
            hs_kafka_producer_poll(takeover->stage->producer, APPEND_STEP_MS);
            rc = part->state == HS_PART_FAILED ? HS_EIO : go_on(takeover) ? 0 : HS_ECANCELED;
        }
    }
    return rc;
}

// ---------------------------------------------------------------- restoring

static uint64_t epoch_of(const struct hs_kafka_message *message)
{
    struct hs_str text;
    uint64_t epoch = 0;
    if (hs_kafka_message_header(message, "epoch", &text)) {
        hs_str_to_u64(text, &epoch);
    }
    return epoch;
}

static bool on_state(void *ctx, const struct hs_kafka_message *message)
{
    struct takeover *takeover = ctx;
    size_t i = 0;
    while (i < takeover->count && takeover->parts[i]->number != message->partition) {
        i++;
    }
    if (i == takeover->count) {
        return true;
    }
    struct hs_state_record record = {
        .key = message->key, .value = message->value, .epoch = epoch_of(message)};
    takeover->next_states[i] = message->offset + 1;
    takeover->rc = hs_correlator_restore(takeover->parts[i]->correlator, &record);
    if (takeover->rc == HS_EFORMAT) {
        hs_log(HS_LOG_ERROR, &event_state_malformed,
               "anpr.vehicles/%" PRId32 "@%" PRId64 " is no usable state, passing over it",
               message->partition, message->offset);
        takeover->rc = 0;
    }
    return takeover->rc == 0 && go_on(takeover);
}

// A partition's local copy on its way into its correlator. A core each: the copies of a busy
// installation are seconds of one core's work, and partitions have nothing in common.
struct restoring {
    const struct takeover *takeover;
    struct hs_part *part;
    struct hs_kept *kept; // owned; NULL: there is none
    pthread_t thread;
    bool started;
    int rc;
};

static bool on_kept(void *ctx, const struct hs_kept_record *kept)
{
    struct restoring *restoring = ctx;
    const struct hs_state_record record = {
        .key = kept->key, .value = kept->value, .epoch = kept->epoch};
    restoring->rc = hs_correlator_restore(restoring->part->correlator, &record);
    if (restoring->rc == HS_EFORMAT) { // as it stands in the topic
        hs_log(HS_LOG_ERROR, &event_state_malformed,
               "the local copy of anpr.vehicles/%" PRId32
               " holds a record that is no usable state, passing over it",
               restoring->part->number);
        restoring->rc = 0;
    }
    return restoring->rc == 0 && go_on(restoring->takeover);
}

static void *restore_one(void *ctx)
{
    struct restoring *restoring = ctx;
    hs_kept_each(restoring->kept, on_kept, restoring);
    if (restoring->rc == 0 && hs_stage_stopping(restoring->takeover->stage)) {
        restoring->rc = HS_ECANCELED;
    }
    return NULL;
}

// Waits for its thread, if it has one; what it held needs not be read from the topic.
static int restore_end(struct restoring *restoring, int64_t *ret_from)
{
    if (!restoring->kept) {
        return 0;
    }
    if (restoring->started) {
        pthread_join(restoring->thread, NULL);
    } else {
        restore_one(restoring);
    }
    *ret_from = hs_kept_head(restoring->kept)->next_offset;
    hs_log(HS_LOG_INFO, &event_kept,
           "restored %" PRIu64 " records of partition %" PRId32 " from the local copy",
           hs_kept_count(restoring->kept), restoring->part->number);
    hs_kept_close(restoring->kept);
    return restoring->rc;
}

// Restores what local copies hold, THREADS_MAX at a time; the ranges begin behind it.
static int restore_kept(struct takeover *takeover, struct hs_kafka_range *ranges)
{
    int rc = 0;
    for (size_t begin = 0; rc == 0 && begin < takeover->count; begin += THREADS_MAX) {
        struct restoring rows[THREADS_MAX];
        size_t count =
            takeover->count - begin < THREADS_MAX ? takeover->count - begin : THREADS_MAX;
        for (size_t i = 0; i < count; i++) {
            struct hs_part *part = takeover->parts[begin + i];
            rows[i] = (struct restoring){.takeover = takeover, .part = part};
            rows[i].kept = hs_keeper_open(takeover->stage->config.settings, takeover->stage->tail,
                                          part->number);
            rows[i].started =
                rows[i].kept && pthread_create(&rows[i].thread, NULL, restore_one, &rows[i]) == 0;
        }
        for (size_t i = 0; i < count; i++) {
            int ended = restore_end(&rows[i], &ranges[begin + i].from_offset);
            rc = rc ? rc : ended;
        }
    }
    return rc;
}

static int restore(struct takeover *takeover)
{
    struct hs_kafka_range *ranges = calloc(takeover->count, sizeof(*ranges));
    struct hs_kafka_tail_options options = {
        .timeout_ms = RESTORE_TIMEOUT_MS, .idle = on_idle, .idle_ctx = takeover};
    if (!ranges) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < takeover->count; i++) {
        ranges[i] = (struct hs_kafka_range){.topic = HS_KAFKA_VEHICLES,
                                            .partition = takeover->parts[i]->number,
                                            .from_time_ms = -1,
                                            .from_offset = HS_KAFKA_OFFSET_BEGINNING};
    }
    int rc = restore_kept(takeover, ranges);
    for (size_t i = 0; i < takeover->count; i++) {
        takeover->next_states[i] = ranges[i].from_offset;
    }
    if (rc == 0) {
        rc = hs_kafka_tail_read(takeover->stage->tail, ranges, takeover->count, &options, on_state,
                                takeover);
    }
    free(ranges);
    return takeover->rc ? takeover->rc : rc;
}

// ---------------------------------------------------------------- reading back

// The controls in force when the states were written; waits for them for a while.
static int restored(struct takeover *takeover, struct hs_part *part)
{
    int64_t until_ms = hs_clock_boottime_ms() + CONTROLS_WAIT_MS;
    int rc = hs_correlator_restored(part->correlator);
    while (rc == HS_EAGAIN && hs_clock_boottime_ms() < until_ms && go_on(takeover)) {
        hs_kafka_producer_poll(takeover->stage->producer, APPEND_STEP_MS);
        rc = hs_correlator_restored(part->correlator);
    }
    return rc;
}

static int read_back(struct takeover *takeover)
{
    struct hs_correlate_stage *stage = takeover->stage;
    int64_t from_ms = hs_read_back_since_ms(stage);
    hs_queues_read_again(stage);
    stage->read_back_from_ms = from_ms;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < takeover->count; i++) {
        rc = restored(takeover, takeover->parts[i]);
    }
    struct hs_controls *head = stage->config.controls_head(stage->config.controls_ctx);
    if (rc == 0 && head) {
        rc = hs_queues_read_back(stage, head, from_ms);
    }
    hs_controls_unref(head);
    return rc;
}

// ---------------------------------------------------------------- starting

// A first acknowledged commit: it proves membership, the lease runs from its sending.
static int prove_membership(struct takeover *takeover)
{
    struct hs_correlate_stage *stage = takeover->stage;
    struct hs_kafka_partition *rows = calloc(takeover->count, sizeof(*rows));
    if (!rows) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < takeover->count; i++) {
        struct hs_part *part = takeover->parts[i];
        part->commit_offset = (int64_t)hs_correlator_next_offset(part->correlator);
        rows[i] = (struct hs_kafka_partition){
            .topic = HS_KAFKA_HITS, .partition = part->number, .offset = part->commit_offset};
    }
    int64_t sent_at_ms = hs_clock_boottime_ms();
    int rc =
        hs_kafka_consumer_commit_wait(stage->consumer, rows, takeover->count, COMMIT_TIMEOUT_MS);
    if (rc == 0 && sent_at_ms > stage->lease_from_ms) {
        stage->lease_from_ms = sent_at_ms;
    }
    free(rows);
    return rc;
}

static int start(struct takeover *takeover)
{
    struct hs_correlate_stage *stage = takeover->stage;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < takeover->count; i++) {
        struct hs_part *part = takeover->parts[i];
        rc = hs_kafka_consumer_seek(stage->consumer, HS_KAFKA_HITS, part->number,
                                    part->commit_offset);
        rc = rc ? rc : hs_kafka_consumer_resume(stage->consumer, HS_KAFKA_HITS, part->number);
        if (rc == 0) {
            part->state = HS_PART_RUNNING;
            hs_follower_add(stage->follower, part->number, part->epoch, takeover->next_states[i]);
            hs_log(HS_LOG_INFO, &event_took_over,
                   "took over partition %" PRId32 " of anpr.hits, epoch %" PRIu64
                   ", going on from %" PRId64,
                   part->number, part->epoch, part->commit_offset);
        }
    }
    return rc;
}

static int run(struct takeover *takeover)
{
    int rc = settle(takeover);
    rc = rc ? rc : take_epochs(takeover);
    rc = rc ? rc : restore(takeover);
    rc = rc ? rc : read_back(takeover);
    rc = rc ? rc : prove_membership(takeover);
    return rc ? rc : start(takeover);
}

// Those that did not start are tried again.
static void put_off(struct takeover *takeover, int rc)
{
    hs_log(HS_LOG_WARNING, &event_takeover_failed, "cannot take over partitions of anpr.hits: %s",
           hs_strerror(rc));
    for (size_t i = 0; i < takeover->count; i++) {
        struct hs_part *part = takeover->parts[i];
        if (part->state == HS_PART_NEW || part->state == HS_PART_FAILED) {
            part->state = HS_PART_FAILED; // until nothing of it is on its way
            part->stopped = false;
            part->retry_at_ms = hs_clock_boottime_ms() + AGAIN_AFTER_MS;
        }
    }
}

void hs_stage_take_over(struct hs_correlate_stage *stage)
{
    struct takeover takeover = {.stage = stage};
    takeover.parts = calloc(stage->part_count + 1, sizeof(struct hs_part *));
    takeover.next_states = calloc(stage->part_count + 1, sizeof(*takeover.next_states));
    int64_t begun_ns = hs_clock_monotonic_ns();
    for (size_t i = 0; takeover.parts && i < stage->part_count; i++) {
        if (stage->parts[i]->state == HS_PART_NEW) {
            takeover.parts[takeover.count++] = stage->parts[i];
        }
    }
    if (takeover.count > 0 && takeover.next_states) {
        int rc = run(&takeover);
        if (rc != 0) {
            put_off(&takeover, rc);
        }
        hs_metric_observe(stage->metrics->takeover,
                          (double)(hs_clock_monotonic_ns() - begun_ns) / 1e9);
    }
    free(takeover.parts);
    free(takeover.next_states);
}
