// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/intake_parts.h"
#include "hitstreamd/kill_point.h"

HS_LOG_EVENT(event_assigned, "intake-assigned", "7d31c05e9a6b4f28b1e4f09c3d82a75e");
HS_LOG_EVENT(event_commit, "intake-commit-failed", "c18e5f20b7d943a4968b0d7e42f3ac51");
HS_LOG_EVENT(event_trouble, "intake-trouble", "e94a7b16c30d4d82a5f6128e9c0b37d4");
HS_LOG_EVENT(event_rewound, "intake-rewound", "30f7d9a2e6c84b15b9d04e7c81a5f263");

enum {
    COMMIT_EVERY_MS = 200,
    CLOSE_MS = 5000,
    REVOKE_FLUSH_MS = 3000,
    REVOKE_COMMIT_MS = 2000,
    HOLD_FIRST_MS = 100, // after a failed delivery, doubled up to
    HOLD_MAX_MS = 5000,
};

static struct hs_desk *desk_of_topic(const struct hs_intake *intake, const char *topic)
{
    struct hs_desk *desk = intake->desks;
    while (desk && strcmp(desk->topic, topic) != 0) {
        desk = desk->next;
    }
    return desk;
}

struct hs_intake_slot *hs_intake_slot_of(struct hs_intake *intake,
                                         const struct hs_kafka_message *message)
{
    for (size_t i = 0; i < intake->slot_count; i++) {
        struct hs_intake_slot *slot = &intake->slots[i];
        if (slot->partition == message->partition &&
            strcmp(slot->desk->topic, message->topic) == 0) {
            return slot;
        }
    }
    return NULL;
}

bool hs_intake_full(const struct hs_intake *intake)
{
    for (size_t i = 0; i < intake->slot_count; i++) {
        if (hs_acks_full(intake->slots[i].acks, 1)) {
            return true;
        }
    }
    return false;
}

void hs_intake_slots_forget(struct hs_intake *intake)
{
    for (size_t i = 0; i < intake->slot_count; i++) {
        hs_acks_free(intake->slots[i].acks);
    }
    free(intake->slots);
    intake->slots = NULL;
    intake->slot_count = 0;
    intake->assignment++;
    hs_intake_said_forget(intake->said);
}

static bool on_assigned(void *ctx, struct hs_kafka_partition *partitions, size_t count)
{
    struct hs_intake *intake = ctx;
    hs_intake_slots_forget(intake);
    intake->slots = calloc(count, sizeof(*intake->slots));
    for (size_t i = 0; i < count && intake->slots; i++) {
        struct hs_intake_slot *slot = &intake->slots[intake->slot_count];
        slot->desk = desk_of_topic(intake, partitions[i].topic);
        slot->partition = partitions[i].partition;
        slot->committed = slot->sent = -1;
        if (slot->desk && hs_acks_new(HS_INTAKE_PENDING_MAX, &slot->acks) == 0) {
            intake->slot_count++;
        }
    }
    if (intake->slot_count < count) { // memory: what has no slot is left unread, and asked for anew
        snprintf(intake->trouble, sizeof(intake->trouble), "out of memory");
        intake->topics_missing = true;
    }
    hs_log(HS_LOG_INFO, &event_assigned, "%zu partitions of feedback are read", intake->slot_count);
    return false;
}

static size_t committable(struct hs_intake *intake, struct hs_kafka_partition *rows)
{
    size_t count = 0;
    for (size_t i = 0; i < intake->slot_count; i++) {
        struct hs_intake_slot *slot = &intake->slots[i];
        int64_t safe = slot->started ? hs_acks_safe(slot->acks) : -1;
        if (safe > slot->sent) {
            slot->sent = safe;
            rows[count++] = (struct hs_kafka_partition){
                .topic = slot->desk->topic, .partition = slot->partition, .offset = safe};
        }
    }
    return count;
}

static void on_revoked(void *ctx, const struct hs_kafka_partition *partitions, size_t count,
                       bool lost)
{
    struct hs_intake *intake = ctx;
    (void)partitions;
    (void)count;
    if (lost || intake->failed || hs_kafka_producer_flush(intake->producer, REVOKE_FLUSH_MS) < 0) {
        hs_kafka_producer_discard(intake->producer);
        intake->failed = false; // what failed is the next owner's: its offset was not committed
    }
    struct hs_kafka_partition *rows = calloc(intake->slot_count + 1, sizeof(*rows));
    if (!lost && rows) {
        for (size_t i = 0; i < intake->slot_count; i++) {
            intake->slots[i].sent = intake->slots[i].committed;
        }
        size_t n = committable(intake, rows);
        int r =
            n > 0 ? hs_kafka_consumer_commit_wait(intake->consumer, rows, n, REVOKE_COMMIT_MS) : 0;
        if (r < 0) {
            hs_log(HS_LOG_WARNING, &event_commit,
                   "last commit failed: %s; some feedback will be appended again", hs_strerror(r));
        }
    }
    free(rows);
    hs_intake_slots_forget(intake);
}

static void on_committed(void *ctx, int64_t sent_at_ms, int error,
                         const struct hs_kafka_partition *partitions, size_t count)
{
    struct hs_intake *intake = ctx;
    (void)sent_at_ms;
    hs_metric_add(error ? intake->commit_errors : intake->commits, 1);
    for (size_t i = 0; i < count; i++) {
        const struct hs_kafka_message at = {.topic = partitions[i].topic,
                                            .partition = partitions[i].partition};
        struct hs_intake_slot *slot = hs_intake_slot_of(intake, &at);
        if (slot && error == 0 && partitions[i].offset > slot->committed) {
            slot->committed = partitions[i].offset;
        } else if (slot && error < 0) {
            slot->sent = slot->committed; // sent again with the next
        }
    }
}

static void on_trouble(void *ctx, const struct hs_kafka_partition *partition, const char *text)
{
    struct hs_intake *intake = ctx;
    snprintf(intake->trouble, sizeof(intake->trouble), "%s: %s", partition->topic, text);
    hs_log(HS_LOG_WARNING, &event_trouble, "%s/%" PRId32 ": %s", partition->topic,
           partition->partition, text);
    intake->topics_missing = true; // looked for again
}

static void on_client_error(void *ctx, bool fatal, bool all_brokers_down, const char *text)
{
    struct hs_intake *intake = ctx;
    snprintf(intake->trouble, sizeof(intake->trouble), "%s", text);
    hs_log(fatal ? HS_LOG_ERROR : HS_LOG_WARNING, &event_trouble, "Kafka: %s%s", text,
           all_brokers_down ? ", no broker is reached" : "");
}

int hs_intake_subscribe(struct hs_intake *intake)
{
    const struct hs_kafka_consumer_events events = {
        .ctx = intake,
        .assigned = on_assigned,
        .revoked = on_revoked,
        .committed = on_committed,
        .trouble = on_trouble,
        .client = {.ctx = intake, .error = on_client_error},
    };
    const char **topics = calloc(intake->desk_count + 1, sizeof(*topics));
    size_t count = 0;
    for (const struct hs_desk *desk = intake->desks; topics && desk; desk = desk->next) {
        if (desk->wanted && desk->exists) {
            topics[count++] = desk->topic;
        }
    }
    int r = topics ? 0 : HS_ENOMEM;
    if (r == 0 && intake->consumer && count == 0) {
        hs_kafka_consumer_close(intake->consumer, CLOSE_MS);
        intake->consumer = NULL;
    } else if (r == 0 && intake->consumer) {
        r = hs_kafka_consumer_subscribe(intake->consumer, topics, count);
    } else if (r == 0 && count > 0) {
        r = hs_kafka_consumer_new(intake->config.settings, HS_KAFKA_ROLE_EVENTS,
                                  HS_KAFKA_GROUP_INTAKE, topics, count, &events, &intake->consumer);
    }
    intake->subscribed = r == 0 ? (uint32_t)count : 0;
    free(topics);
    return r;
}

void hs_intake_commit_step(struct hs_intake *intake, int64_t boot_ms)
{
    if (boot_ms < intake->commit_at_ms || intake->slot_count == 0) {
        return;
    }
    intake->commit_at_ms = boot_ms + COMMIT_EVERY_MS;
    struct hs_kafka_partition *rows = calloc(intake->slot_count, sizeof(*rows));
    size_t count = rows ? committable(intake, rows) : 0;
    if (count > 0) {
        hs_kill_point("feedback-before-commit");
        int r = hs_kafka_consumer_commit(intake->consumer, rows, count);
        for (size_t i = 0; i < intake->slot_count && r < 0; i++) {
            intake->slots[i].sent = intake->slots[i].committed;
        }
    }
    free(rows);
}

void hs_intake_rewind(struct hs_intake *intake, int64_t boot_ms)
{
    hs_log(HS_LOG_WARNING, &event_rewound,
           "feedback could not be written: %s; reading again from the last acknowledged",
           intake->failed_text);
    hs_metric_add(intake->rewinds, 1);
    hs_kafka_producer_discard(intake->producer);
    hs_intake_said_forget(intake->said);
    intake->failed = false;
    for (size_t i = 0; i < intake->slot_count; i++) {
        struct hs_intake_slot *slot = &intake->slots[i];
        if (!slot->started) {
            continue;
        }
        int64_t safe = hs_acks_safe(slot->acks);
        hs_acks_reset(slot->acks, safe);
        slot->rate = (struct hs_intake_rate){0};
        if (hs_kafka_consumer_seek(intake->consumer, slot->desk->topic, slot->partition, safe) <
            0) {
            hs_intake_fail(intake, "cannot seek");
        }
    }
    int64_t next_ms = intake->hold_ms > 0 ? intake->hold_ms * 2 : HOLD_FIRST_MS;
    intake->hold_ms = next_ms < HOLD_MAX_MS ? next_ms : HOLD_MAX_MS;
    intake->hold_until_ms = boot_ms + intake->hold_ms;
}

uint64_t hs_intake_lag(struct hs_intake *intake)
{
    uint64_t lag = 0;
    for (size_t i = 0; i < intake->slot_count; i++) {
        const struct hs_intake_slot *slot = &intake->slots[i];
        int64_t low, high;
        if (slot->started && hs_kafka_consumer_watermarks(intake->consumer, slot->desk->topic,
                                                          slot->partition, &low, &high)) {
            int64_t behind = high - hs_acks_safe(slot->acks);
            lag += behind > 0 ? (uint64_t)behind : 0;
        }
    }
    return lag;
}
