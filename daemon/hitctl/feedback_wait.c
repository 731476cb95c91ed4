// SPDX-License-Identifier: Apache-2.0
#include "hitctl/feedback_wait.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "hitctl/stream.h"
#include "kafka/tail.h"

enum { TOPICS = 2, ASK_MS = 10000 };

static const char *const topics[TOPICS] = {HS_KAFKA_HITS, HS_KAFKA_FEEDBACK_REJECTED};

struct hitctl_feedback_wait {
    const struct hitctl *ctl;
    struct hs_kafka_tail *tail;
    struct hs_kafka_range *ranges; // from each partition's end as it was
    size_t range_count;
    char id[HS_ID_TEXT_BYTES];
    int64_t from_ns;
    int64_t until_ns;
    bool found;
    bool rejected;
};

static int note_ends(struct hitctl_feedback_wait *wait, const char *topic)
{
    int32_t partitions = 0;
    int r = hs_kafka_tail_partitions(wait->tail, topic, ASK_MS, &partitions);
    struct hs_kafka_range *grown =
        r == 0 ? realloc(wait->ranges,
                         (wait->range_count + (size_t)partitions) * sizeof(*wait->ranges))
               : NULL;
    if (!grown) {
        return r < 0 ? r : HS_ENOMEM;
    }
    wait->ranges = grown;
    for (int32_t i = 0; i < partitions && r == 0; i++) {
        int64_t low, high = 0;
        r = hs_kafka_tail_ends(wait->tail, topic, i, ASK_MS, &low, &high);
        wait->ranges[wait->range_count++] = (struct hs_kafka_range){
            .topic = topic, .partition = i, .from_time_ms = -1, .from_offset = high};
    }
    return r;
}

int hitctl_feedback_wait_begin(const struct hitctl *ctl, const struct hs_id *feedback,
                               struct hitctl_feedback_wait **ret_wait)
{
    struct hitctl_feedback_wait *wait = calloc(1, sizeof(*wait));
    int r = wait ? hs_kafka_tail_new(ctl->settings, NULL, &wait->tail) : HS_ENOMEM;
    const char *topic = topics[0];
    for (size_t i = 0; i < TOPICS && r == 0; i++) {
        topic = topics[i];
        r = note_ends(wait, topic);
    }
    if (r < 0) {
        hitctl_feedback_wait_end(wait);
        return hitctl_kafka_failed(r, topic);
    }
    wait->ctl = ctl;
    hs_id_text(feedback, wait->id);
    *ret_wait = wait;
    return HITCTL_OK;
}

void hitctl_feedback_wait_end(struct hitctl_feedback_wait *wait)
{
    if (wait) {
        hs_kafka_tail_free(wait->tail);
        free(wait->ranges);
        free(wait);
    }
}

static void say_found(const struct hitctl_feedback_wait *wait,
                      const struct hs_kafka_message *message)
{
    struct hs_str reason = HS_STR("no reason given");
    double ms = (double)(hs_clock_monotonic_ns() - wait->from_ns) / 1e6;
    hs_kafka_message_header(message, "reason-text", &reason);
    if (wait->ctl->json) {
        printf("{\"feedback\": \"%s\", \"taken\": %s, \"at\": \"%s/%" PRId32 "@%" PRId64
               "\", \"after_ms\": %.1f}\n",
               wait->id, wait->rejected ? "false" : "true", message->topic, message->partition,
               message->offset, ms);
    } else if (!wait->rejected) {
        printf("feedback %s taken after %.1f ms: %s/%" PRId32 "@%" PRId64 "\n", wait->id, ms,
               message->topic, message->partition, message->offset);
    }
    if (wait->rejected) {
        hitctl_error("the intake does not take feedback %s: %.*s", wait->id, HS_STR_ARG(reason));
    }
}

static bool on_message(void *ctx, const struct hs_kafka_message *message)
{
    struct hitctl_feedback_wait *wait = ctx;
    struct hs_str id;
    if (hs_kafka_message_header(message, "ce_id", &id) && hs_str_is(id, wait->id)) {
        wait->found = true;
        wait->rejected = strcmp(message->topic, HS_KAFKA_FEEDBACK_REJECTED) == 0;
        say_found(wait, message);
    }
    return !wait->found && !hitctl_interrupted() && hs_clock_monotonic_ns() < wait->until_ns;
}

static bool on_idle(void *ctx)
{
    const struct hitctl_feedback_wait *wait = ctx;
    return !hitctl_interrupted() && hs_clock_monotonic_ns() < wait->until_ns;
}

int hitctl_feedback_wait(struct hitctl_feedback_wait *wait, int64_t from_ns, int64_t timeout_ms)
{
    const struct hs_kafka_tail_options options = {
        .timeout_ms = -1, .follow = true, .idle = on_idle, .idle_ctx = wait};
    wait->from_ns = from_ns;
    wait->until_ns = hs_clock_monotonic_ns() + timeout_ms * INT64_C(1000000);
    int status =
        hs_kafka_tail_read(wait->tail, wait->ranges, wait->range_count, &options, on_message, wait);
    if (wait->found) {
        return wait->rejected ? HITCTL_REFUSED : HITCTL_OK;
    }
    if (status != HS_OK && status != HS_ECANCELED) {
        return hitctl_kafka_failed(status, HS_KAFKA_HITS);
    }
    hitctl_error("feedback %s was sent, but not taken within %" PRId64 " ms", wait->id, timeout_ms);
    return HITCTL_TIMEOUT;
}
