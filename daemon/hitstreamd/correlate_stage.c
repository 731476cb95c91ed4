// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/correlate_stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/correlate_channel.h"
#include "hitstreamd/correlate_checkpoint.h"
#include "hitstreamd/correlate_follower.h"
#include "hitstreamd/correlate_group.h"
#include "hitstreamd/correlate_keeper.h"
#include "hitstreamd/correlate_metrics.h"
#include "hitstreamd/correlate_outbox.h"
#include "hitstreamd/correlate_partition.h"
#include "hitstreamd/correlate_queues.h"
#include "hitstreamd/correlate_readback.h"
#include "hitstreamd/correlate_report.h"
#include "hitstreamd/correlate_takeover.h"
#include "hitstreamd/exclusions.h"
#include "hitstreamd/test_alerts.h"
#include "kafka/trouble.h"

HS_LOG_EVENT(event_client, "correlate-kafka", "a60e5f9d3c7b4c18b2f4e1d8a7c6b935");

enum {
    ROUND_MS = 10,
    CLOSE_MS = 10000, // what is given back is settled by then: see correlate_group.c
    TOPICS_ASK_MS = 2000,
    TOPIC_TIMEOUT_MS = 2000,      // at the start
    TOPIC_TIMEOUT_LATER_MS = 300, // while alerts are on their way
    LOOK_MS = 10,                 // at what is awaited before the start
};

static void on_client_error(void *ctx, bool fatal, bool all_brokers_down, const char *text)
{
    struct hs_correlate_stage *stage = ctx;
    snprintf(stage->trouble, sizeof(stage->trouble), "%s", text);
    hs_log(fatal ? HS_LOG_ERROR : HS_LOG_WARNING, &event_client, "Kafka: %s%s", text,
           all_brokers_down ? ", no broker is reached" : "");
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
    rc = rc ? rc : hs_follower_new(stage, &stage->follower);
    return rc ? rc : hs_keeper_new(settings, &stage->keeper);
}

static bool know_topic(struct hs_correlate_stage *stage, const char *name, int64_t timeout_ms,
                       int *topic)
{
    int rc = *topic >= 0 ? 0 : hs_kafka_producer_topic(stage->producer, name, timeout_ms, topic);
    hs_stage_beat(stage);
    if (rc != 0) {
        struct hs_kafka_said said;
        snprintf(stage->trouble, sizeof(stage->trouble), "topic '%s': %s", name,
                 hs_kafka_say(rc, &said));
    }
    return rc == 0;
}

// Of cameras; an installation without it gathers nothing and goes on.
static bool know_observations(struct hs_correlate_stage *stage, int64_t timeout_ms)
{
    return stage->observations_topic >= 0 ||
           hs_kafka_producer_topic(stage->producer, HS_KAFKA_OBSERVATIONS, timeout_ms,
                                   &stage->observations_topic) != HS_EUNREACHABLE;
}

// The topics without which nothing can be done.
static bool know_base(struct hs_correlate_stage *stage, int64_t timeout_ms)
{
    return know_topic(stage, HS_KAFKA_HITS, timeout_ms, &stage->hits_topic) &&
           know_topic(stage, HS_KAFKA_VEHICLES, timeout_ms, &stage->vehicles_topic) &&
           know_topic(stage, HS_KAFKA_DISPATCH "ops", timeout_ms, &stage->ops_topic) &&
           know_topic(stage, HS_KAFKA_UNROUTED, timeout_ms, &stage->unrouted_topic) &&
           know_observations(stage, timeout_ms);
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
    hs_stage_beat(stage);
    for (size_t i = 0; i < stage->part_count; i++) {
        if (stage->parts[i]->number == message->partition) {
            hs_part_apply(stage->parts[i], message);
            break;
        }
    }
    return true;
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
        hs_queues_forget_read(stage);
    }
}

static void step_parts(struct hs_correlate_stage *stage, int64_t boot_ms)
{
    int64_t wall_ms = hs_stage_wall_ms(stage);
    bool any_new = false;
    for (size_t i = 0; i < stage->part_count; i++) {
        any_new = hs_part_is_new(stage->parts[i], boot_ms) || any_new;
    }
    if (any_new) {
        hs_stage_take_over(stage);
    }
    for (size_t i = 0; i < stage->part_count; i++) {
        hs_part_step(stage->parts[i], boot_ms, wall_ms);
        hs_checkpoint_step(stage->parts[i], boot_ms, false);
    }
    forget_stood(stage);
    hs_exclusions_step(stage, boot_ms);
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
    hs_group_commit_step(stage, boot_ms);
    topics_step(stage, TOPIC_TIMEOUT_LATER_MS);
    hs_test_alerts_step(stage, boot_ms);
    hs_report_step(stage, boot_ms);
}

// Until Kafka is reached and the topics are there.
static void wait_for_topics(struct hs_correlate_stage *stage)
{
    while (!hs_stage_stopping(stage) && stage->unrouted_topic < 0) {
        hs_stage_beat(stage);
        hs_kafka_producer_poll(stage->producer, LOOK_MS);
        topics_step(stage, TOPIC_TIMEOUT_MS);
        hs_report_step(stage, hs_clock_boottime_ms());
        hs_thread_rest(&stage->thread, LOOK_MS);
    }
}

static void run(void *arg)
{
    struct hs_correlate_stage *stage = arg;
    hs_rcu_register_thread();
    wait_for_topics(stage);
    int rc = hs_stage_stopping(stage) ? 0 : hs_group_join(stage, on_client_error);
    if (rc != 0) {
        hs_log(HS_LOG_ERROR, &event_client, "cannot join the group '%s': %s",
               HS_KAFKA_GROUP_CORRELATE, hs_strerror(rc));
    }
    while (stage->consumer && !hs_stage_stopping(stage)) {
        one_round(stage);
    }
    hs_kafka_consumer_close(stage->consumer, CLOSE_MS); // revokes: what was applied is settled
    stage->consumer = NULL;
    hs_group_drop_parts(stage);
    hs_rcu_unregister_thread();
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
    stage->observations_topic = -1;
    stage->vehicles_topic = -1;
    stage->unrouted_topic = -1;
    stage->ops_topic = -1;
    stage->refused = hs_channel_refused;
    stage->took = hs_channel_took;
    hs_thread_init(&stage->thread);
    pthread_mutex_init(&stage->shared.lock, NULL);
    stage->metrics = hs_stage_metrics_new(config->metrics);
    stage->tests = hs_test_alerts_new(stage);
    int rc = stage->metrics && stage->tests ? open_clients(stage) : HS_ENOMEM;
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
    int rc = stage->config.exclusions
                 ? hs_exclusions_new(stage->config.settings, &stage->exclusions)
                 : 0;
    return rc ? rc : hs_thread_start(&stage->thread, "hs-correlate", run, stage);
}

int hs_correlate_stage_stop(struct hs_correlate_stage *stage, int64_t timeout_ms)
{
    return hs_thread_stop(&stage->thread, timeout_ms);
}

void hs_correlate_stage_free(struct hs_correlate_stage *stage)
{
    if (!stage) {
        return;
    }
    hs_kafka_producer_free(stage->producer);
    hs_follower_free(stage->follower);
    hs_keeper_free(stage->keeper);
    hs_kafka_tail_free(stage->tail);
    hs_channels_free(stage);
    hs_id_set_fini(&stage->stood);
    hs_exclusions_free(stage->exclusions);
    hs_test_alerts_free(stage->tests);
    hs_stage_metrics_free(stage->metrics);
    pthread_mutex_destroy(&stage->shared.lock);
    hs_thread_fini(&stage->thread);
    free(stage);
}

uint64_t hs_correlate_stage_progress(const struct hs_correlate_stage *stage)
{
    return hs_thread_progress(&stage->thread);
}

size_t hs_correlate_stage_tests(struct hs_correlate_stage *stage, struct hs_test_row *ret_rows,
                                size_t max)
{
    return hs_test_alerts_rows(stage->tests, ret_rows, max);
}

void hs_correlate_stage_status(struct hs_correlate_stage *stage,
                               struct hs_correlate_status *ret_status)
{
    pthread_mutex_lock(&stage->shared.lock);
    *ret_status = stage->shared.status;
    pthread_mutex_unlock(&stage->shared.lock);
}
