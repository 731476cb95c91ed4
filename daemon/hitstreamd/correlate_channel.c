// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/correlate_channel.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/correlate_alarm.h"
#include "hitstreamd/correlate_metrics.h"
#include "hitstreamd/correlate_outbox.h"
#include "hitstreamd/correlate_readback.h"
#include "kafka/trouble.h"

HS_LOG_EVENT(event_queue_refuses, "queue-refuses", "0d6a86b9b6f54c5a9d8b0d2f3a6c91e4");
HS_LOG_EVENT(event_queue_takes, "queue-takes-again", "a64f1d0c93e84b17b25c7e9031fd86ab");
HS_LOG_EVENT(event_aside, "queue-put-aside", "3b90e7c2415f4d8ca7d26f180e5b94c1");
HS_LOG_EVENT(event_undelivered, "queue-undelivered", "5f0b7c1c0a7e4a0f8c63c9d24e17b3aa");

enum {
    TRY_AGAIN_MS = 500,
    ASK_AGAIN_MS = 2000,
    ASK_TIMEOUT_MS = 300,
    READ_CHANNEL_TIMEOUT_MS = 2000, // one queue, while others wait
    SETTLE_TIMEOUT_MS = 200,        // likewise
    READ_BACK_MARGIN_MS = 10000,    // the brokers' clocks may differ from ours by so much
};

static char *join(const char *prefix, struct hs_str queue)
{
    struct hs_buf text = {0};
    hs_buf_add_text(&text, prefix);
    hs_buf_add_str(&text, queue);
    char *joined = hs_str_dup(hs_buf_str(&text));
    hs_buf_fini(&text);
    return joined;
}

static void channel_free(struct hs_channel *channel)
{
    if (channel) {
        free(channel->queue);
        free(channel->topic_name);
        free(channel->undelivered_name);
        free(channel);
    }
}

static struct hs_channel *channel_new(struct hs_correlate_stage *stage, struct hs_str queue)
{
    struct hs_channel *channel = calloc(1, sizeof(*channel));
    if (!channel) {
        return NULL;
    }
    channel->queue = hs_str_dup(queue);
    channel->topic_name = join(HS_KAFKA_DISPATCH, queue);
    channel->undelivered_name = join(HS_KAFKA_UNDELIVERED, queue);
    channel->topic = -1;
    channel->undelivered_topic = -1;
    channel->retry_end = &channel->retry;
    if (!channel->queue || !channel->topic_name || !channel->undelivered_name) {
        channel_free(channel);
        return NULL;
    }
    channel->alerts = hs_stage_queue_metric(stage->metrics, channel->queue);
    return channel;
}

struct hs_channel *hs_channel_get(struct hs_correlate_stage *stage, const struct hs_queue *queue)
{
    struct hs_channel **link = &stage->channels;
    while (*link && !hs_str_is(queue->name, (*link)->queue)) {
        link = &(*link)->next;
    }
    if (!*link) {
        if (stage->channel_count == HS_STAGE_QUEUES_MAX) {
            return NULL;
        }
        *link = channel_new(stage, queue->name);
        stage->channel_count += *link != NULL;
    }
    if (*link && queue->undelivered_after_ms > 0) {
        (*link)->undelivered_after_ms =
            queue->undelivered_after_ms; // the controls may have changed it
    }
    return *link;
}

void hs_channels_free(struct hs_correlate_stage *stage)
{
    while (stage->channels) {
        struct hs_channel *channel = stage->channels;
        stage->channels = channel->next;
        hs_channel_forget(channel, NULL);
        channel_free(channel);
    }
}

// Looks for one topic; false: not known.
static bool know(struct hs_correlate_stage *stage, const char *name, int64_t timeout_ms, int *topic)
{
    if (*topic >= 0) {
        return true;
    }
    int rc = hs_kafka_producer_topic(stage->producer, name, timeout_ms, topic);
    hs_stage_beat(stage);
    if (rc != 0) {
        struct hs_kafka_said said;
        snprintf(stage->trouble, sizeof(stage->trouble), "topic '%.80s': %s", name,
                 hs_kafka_say(rc, &said));
    }
    return rc == 0;
}

static bool channel_know(struct hs_correlate_stage *stage, struct hs_channel *channel,
                         int64_t timeout_ms)
{
    bool known = know(stage, channel->topic_name, timeout_ms, &channel->topic);
    return know(stage, channel->undelivered_name, timeout_ms, &channel->undelivered_topic) && known;
}

bool hs_channels_know(struct hs_correlate_stage *stage, const struct hs_controls *controls,
                      int64_t timeout_ms)
{
    const struct hs_routes *routes = hs_controls_routes(controls);
    bool known = true;
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        struct hs_channel *channel = hs_channel_get(stage, hs_routes_queue(routes, i));
        known = channel && channel_know(stage, channel, timeout_ms) && known;
    }
    return known;
}

static void keep(struct hs_channel *channel, struct hs_outgoing *outgoing)
{
    outgoing->next = NULL;
    *channel->retry_end = outgoing;
    channel->retry_end = &outgoing->next;
    channel->retry_count++;
}

static struct hs_outgoing *take_first(struct hs_channel *channel)
{
    struct hs_outgoing *first = channel->retry;
    channel->retry = first->next;
    channel->retry_count--;
    if (!channel->retry) {
        channel->retry_end = &channel->retry;
    }
    return first;
}

void hs_channel_forget(struct hs_channel *channel, const struct hs_part *part)
{
    channel->aside = channel->aside && part;
    size_t count = channel->retry_count;
    for (size_t i = 0; i < count; i++) {
        struct hs_outgoing *outgoing = take_first(channel);
        if (part && outgoing->part != part) {
            keep(channel, outgoing);
        } else {
            hs_outbox_done(outgoing);
            free(outgoing);
        }
    }
}

// The queue does not take it: into undelivered.<queue>, and ops gets to know once. Takes it.
static void give_up(struct hs_correlate_stage *stage, struct hs_channel *channel,
                    struct hs_outgoing *outgoing)
{
    struct hs_part *part = outgoing->part;
    outgoing->kind = HS_OUT_UNDELIVERED;
    know(stage, channel->undelivered_name, ASK_TIMEOUT_MS, &channel->undelivered_topic);
    int rc =
        hs_outbox_produce(stage, outgoing, channel->undelivered_topic, HS_KAFKA_PARTITION_BY_KEY);
    if (rc != 0) {
        hs_outbox_done(outgoing);
        free(outgoing);
        hs_part_fail(part, "an undelivered alert", hs_strerror(rc));
        return;
    }
    if (!channel->told_ops) {
        char text[256];
        channel->told_ops = true;
        snprintf(text, sizeof(text),
                 "queue '%s' has not taken alerts for %lld s: they go to 'undelivered.%s'; when it "
                 "is well "
                 "again, send them by 'hitctl dispatch replay'",
                 channel->queue, (long long)(channel->undelivered_after_ms / 1000), channel->queue);
        hs_log(HS_LOG_ERROR, &event_undelivered, "%s", text);
        hs_alarm(stage, "undelivered", hs_str(channel->queue), text);
    }
}

void hs_channel_send(struct hs_correlate_stage *stage, struct hs_channel *channel,
                     struct hs_outgoing *outgoing)
{
    outgoing->channel = channel;
    outgoing->first_tried_at_ms = hs_clock_boottime_ms();
    outgoing->first_tried_wall_ms = hs_stage_wall_ms(stage);
    if (channel->retry_count >= HS_STAGE_RETRY_MAX) {
        give_up(stage, channel, outgoing);
        return;
    }
    if (channel->aside || channel->retry_count > 0 ||
        hs_outbox_produce(stage, outgoing, channel->topic, HS_KAFKA_PARTITION_BY_KEY) != 0) {
        keep(channel, outgoing); // behind those that wait: nothing overtakes them
    }
}

void hs_channel_refused(struct hs_correlate_stage *stage, struct hs_outgoing *outgoing,
                        const struct hs_kafka_delivery *delivery)
{
    struct hs_channel *channel = outgoing->channel;
    (void)stage;
    if (channel->refused++ == 0) {
        hs_log(HS_LOG_WARNING, &event_queue_refuses,
               "queue '%s' did not take an alert: %s, trying again", channel->queue,
               delivery->text);
    }
    channel->read_back = channel->read_back || delivery->status == HS_DELIVERY_UNKNOWN;
    channel->next_try_at_ms = hs_clock_boottime_ms() + TRY_AGAIN_MS;
    keep(channel, outgoing);
}

void hs_channel_took(struct hs_channel *channel)
{
    channel->told_ops = false;
    if (channel->refused > 0) {
        hs_log(HS_LOG_NOTICE, &event_queue_takes,
               "queue '%s' takes alerts again, having refused %" PRIu64 " times", channel->queue,
               channel->refused);
        channel->refused = 0;
    }
}

void hs_channel_put_aside(struct hs_channel *channel, const char *why)
{
    if (!channel->aside) {
        hs_log(HS_LOG_WARNING, &event_aside,
               "queue '%s': what was told to it cannot be read back: %s; its alerts wait for that, "
               "others go on",
               channel->queue, why);
        channel->aside = true;
        channel->aside_from_ms = INT64_MAX;
    }
}

// Since when what waits may stand in the queue, by the wall clock.
static int64_t doubtful_from_ms(const struct hs_channel *channel)
{
    int64_t from_ms = channel->aside ? channel->aside_from_ms : INT64_MAX;
    for (struct hs_outgoing *o = channel->retry; o; o = o->next) {
        from_ms = o->first_tried_wall_ms < from_ms ? o->first_tried_wall_ms : from_ms;
    }
    return from_ms;
}

// Takes those out of the waiting ones that stand in the queue after all. HS_EUNREACHABLE and the
// like.
static int read_back(struct hs_correlate_stage *stage, struct hs_channel *channel)
{
    int64_t from_ms = doubtful_from_ms(channel);
    const char *const topics[] = {channel->topic_name, channel->undelivered_name};
    int rc = hs_kafka_producer_settle(stage->producer, channel->topic_name, SETTLE_TIMEOUT_MS);
    hs_stage_beat(stage);
    rc = rc ? rc
            : hs_kafka_producer_settle(stage->producer, channel->undelivered_name,
                                       SETTLE_TIMEOUT_MS);
    rc = rc ? rc
            : hs_read_back_topics(stage, topics, 2, from_ms - READ_BACK_MARGIN_MS,
                                  READ_CHANNEL_TIMEOUT_MS);
    if (rc != 0) {
        return rc;
    }
    size_t count = channel->retry_count;
    for (size_t i = 0; i < count; i++) {
        struct hs_outgoing *outgoing = take_first(channel);
        if (hs_id_set_has(&stage->stood, &outgoing->id)) {
            hs_outbox_done(outgoing);
            free(outgoing);
        } else {
            keep(channel, outgoing);
        }
    }
    channel->read_back = false;
    channel->aside = false;
    return 0;
}

static bool is_overdue(const struct hs_channel *channel, int64_t boot_ms)
{
    return channel->retry &&
           boot_ms - channel->retry->first_tried_at_ms >= channel->undelivered_after_ms;
}

static void send_again(struct hs_correlate_stage *stage, struct hs_channel *channel)
{
    size_t count = channel->retry_count;
    for (size_t i = 0; i < count && channel->retry_count > 0; i++) {
        struct hs_outgoing *outgoing = take_first(channel);
        if (hs_outbox_produce(stage, outgoing, channel->topic, HS_KAFKA_PARTITION_BY_KEY) != 0) {
            keep(channel, outgoing);
        }
    }
}

void hs_channel_step(struct hs_correlate_stage *stage, struct hs_channel *channel, int64_t boot_ms)
{
    bool idle = channel->retry_count == 0 && !channel->aside;
    if (idle || boot_ms < channel->next_try_at_ms || channel->in_flight > 0 ||
        !hs_stage_may_publish(stage)) {
        return;
    }
    channel->next_try_at_ms = boot_ms + TRY_AGAIN_MS;
    if (channel->topic < 0 && boot_ms >= channel->next_ask_at_ms) {
        channel->next_ask_at_ms = boot_ms + ASK_AGAIN_MS;
        channel_know(stage, channel, ASK_TIMEOUT_MS);
    }
    int rc = channel->read_back || channel->aside ? read_back(stage, channel) : 0;
    if (rc != 0) {
        channel->next_try_at_ms = hs_clock_boottime_ms() + ASK_AGAIN_MS; // others have their turn
    }
    while (is_overdue(channel, boot_ms)) {
        give_up(stage, channel, take_first(channel));
    }
    if (rc == 0 && channel->topic >= 0) {
        send_again(stage, channel);
    }
}
