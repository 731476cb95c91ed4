// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/correlate_queues.h"

#include <stdlib.h>

#include "base/error.h"
#include "hitstreamd/correlate_channel.h"
#include "hitstreamd/correlate_readback.h"

enum {
    READ_TIMEOUT_MS = 60000,
    LED_PATIENCE_MS = 2000, // for leaders to be elected; then a queue is put aside
    LED_STEP_MS = 100,
    ASK_TIMEOUT_MS = 1000,
};

// Topics that were not read since the assignment; borrowed from the channels. HS_ELIMIT.
static int list_unread(struct hs_correlate_stage *stage, const struct hs_routes *routes,
                       int64_t from_ms, const char **ret_topics, size_t *ret_count)
{
    *ret_count = 0;
    if (!stage->unrouted_read) {
        ret_topics[(*ret_count)++] = HS_KAFKA_UNROUTED;
    }
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        struct hs_channel *channel = hs_channel_get(stage, hs_routes_queue(routes, i));
        if (!channel) {
            return HS_ELIMIT;
        }
        if (channel->aside) {
            channel->aside_from_ms =
                from_ms < channel->aside_from_ms ? from_ms : channel->aside_from_ms;
        } else if (!channel->read_since_takeover) {
            ret_topics[(*ret_count)++] = channel->topic_name;
            ret_topics[(*ret_count)++] = channel->undelivered_name;
        }
    }
    return 0;
}

static bool is_led(struct hs_correlate_stage *stage, const char *topic)
{
    int32_t partitions;
    int rc = hs_kafka_tail_led(stage->tail, topic, ASK_TIMEOUT_MS, &partitions);
    hs_stage_beat(stage);
    return rc != HS_EAGAIN;
}

static void put_aside_unled(struct hs_correlate_stage *stage, const struct hs_routes *routes)
{
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        struct hs_channel *channel = hs_channel_get(stage, hs_routes_queue(routes, i));
        if (channel && !channel->aside && !channel->read_since_takeover &&
            (!is_led(stage, channel->topic_name) || !is_led(stage, channel->undelivered_name))) {
            hs_channel_put_aside(channel, "a partition has no leader");
        }
    }
}

// Reads what is unread. HS_EAGAIN at once when a topic has no leader; waits for it for a while.
static int read_unread(struct hs_correlate_stage *stage, const struct hs_routes *routes,
                       int64_t from_ms, const char **topics)
{
    int64_t until_ms = hs_clock_boottime_ms() + LED_PATIENCE_MS;
    size_t count;
    int rc = list_unread(stage, routes, from_ms, topics, &count);
    rc = rc ? rc : hs_read_back_topics(stage, topics, count, from_ms, READ_TIMEOUT_MS);
    while (rc == HS_EAGAIN && hs_clock_boottime_ms() < until_ms && !hs_stage_stopping(stage)) {
        hs_stage_beat(stage);
        hs_kafka_producer_poll(stage->producer, LED_STEP_MS);
        rc = hs_read_back_topics(stage, topics, count, from_ms, READ_TIMEOUT_MS);
    }
    return rc;
}

int hs_queues_read_back(struct hs_correlate_stage *stage, const struct hs_controls *controls,
                        int64_t from_ms)
{
    const struct hs_routes *routes = hs_controls_routes(controls);
    const char **topics = calloc(2 * hs_routes_queue_count(routes) + 1, sizeof(*topics));
    int rc = topics ? read_unread(stage, routes, from_ms, topics) : HS_ENOMEM;
    if (rc == HS_EAGAIN) {
        put_aside_unled(stage, routes);
        rc = read_unread(stage, routes, from_ms, topics);
    }
    if (rc == 0) {
        stage->unrouted_read = true;
        for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
            hs_channel_get(stage, hs_routes_queue(routes, i))->read_since_takeover = true;
        }
    }
    free(topics);
    return rc;
}

void hs_queues_read_again(struct hs_correlate_stage *stage)
{
    stage->unrouted_read = false;
    for (struct hs_channel *channel = stage->channels; channel; channel = channel->next) {
        channel->read_since_takeover = false;
    }
}

void hs_queues_forget_read(struct hs_correlate_stage *stage)
{
    hs_id_set_fini(&stage->stood);
    hs_queues_read_again(stage);
}
