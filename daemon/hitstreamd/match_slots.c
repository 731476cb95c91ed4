// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/kill_point.h"
#include "hitstreamd/match_worker.h"

enum {
    ASK_MS = 5000, // a question to a broker
    HOLD_MAX_MS = 5000,
    REVOKE_FLUSH_MS = 3000, // deliveries are waited for before partitions go
    REVOKE_COMMIT_MS = 2000,
    READ_BACK_ASK_MS = 1000,
};
#define NS_PER_MS INT64_C(1000000)

HS_LOG_EVENT(event_assigned, "match-assigned", "b4f0b6a0d8c94d2fb3a8d17c5c2f7e03");
HS_LOG_EVENT(event_revoked, "match-revoked", "2f7c1d44a2b94be5a6f90d8e61c3aa04");
HS_LOG_EVENT(event_rewound, "match-rewound", "9a3d5e7712f84c0db1d24f6b7e80c505");
HS_LOG_EVENT(event_commit, "match-commit-failed", "31d6f8a0b7e54c29a04be2c7915fd709");
HS_LOG_EVENT(event_aside, "match-partition-aside", "e4c1906f7b2a4d35b8d20f9c63a7e1f5");
HS_LOG_EVENT(event_trouble, "match-trouble", "c2e95d1704ab4f3e9b60d8a7f1532c0e");

static uint32_t count_aside(const struct hs_match_worker *worker)
{
    uint32_t count = 0;
    for (size_t i = 0; i < worker->slot_count; i++) {
        count += worker->slots[i].aside;
    }
    return count;
}

void hs_match_slots_forget(struct hs_match_worker *worker)
{
    bool partly = count_aside(worker) > 0 && !worker->input_stopped;
    hs_match_company_reset(worker);
    hs_match_cameras_reset(worker);
    for (size_t i = 0; i < worker->slot_count; i++) {
        worker->by_partition[worker->slots[i].partition] = NULL;
        hs_acks_free(worker->slots[i].acks);
    }
    free(worker->slots);
    worker->slots = NULL;
    worker->slot_count = 0;
    atomic_store_explicit(&worker->partitions, 0, memory_order_relaxed);
    atomic_store_explicit(&worker->aside, 0, memory_order_relaxed);
    if (partly && hs_match_is_reading(worker)) {
        hs_match_tell_running(worker);
    }
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

static bool slot_make(struct hs_match_worker *worker, struct hs_kafka_partition *partition,
                      struct hs_str metadata)
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
    hs_match_company_assigned(worker, slot, metadata, READ_BACK_ASK_MS);
    if (slot->committed > slot->warm_next) {
        partition->offset = slot->warm_next;
    }
    return true;
}

bool hs_match_on_assigned(void *ctx, struct hs_kafka_partition *partitions, size_t count)
{
    struct hs_match_worker *worker = ctx;
    hs_match_slots_forget(worker);
    worker->slots = calloc(count, sizeof(*worker->slots));
    struct hs_buf *metadata = calloc(count, sizeof(*metadata));
    int r = !worker->slots || !metadata ? HS_ENOMEM
                                        : hs_kafka_consumer_committed(worker->consumer, partitions,
                                                                      count, ASK_MS, metadata);
    for (size_t i = 0; i < count && worker->slots && metadata; i++) {
        if (!slot_make(worker, &partitions[i], hs_buf_str(&metadata[i]))) {
            worker->no_offset = true; // out of memory: leave the group and try again
        }
        // A partition that was added to the topic later starts at its beginning; that others of the
        // topic have an offset was seen before joining.
        if (r == 0 && partitions[i].offset == HS_KAFKA_OFFSET_COMMITTED) {
            partitions[i].offset = HS_KAFKA_OFFSET_BEGINNING;
        }
        hs_buf_fini(&metadata[i]);
    }
    free(metadata);
    if (r < 0) {
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
                .topic = HS_KAFKA_READS,
                .partition = slot->partition,
                .offset = safe,
                .metadata = hs_match_company_commit(worker, slot, safe),
            };
        }
    }
    return count;
}

void hs_match_on_revoked(void *ctx, const struct hs_kafka_partition *partitions, size_t count,
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
    hs_match_slots_forget(worker);
}

void hs_match_on_committed(void *ctx, int64_t sent_at_ms, int error,
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

// Its log does not have what comes next: the client library reads nothing of it any more. Where to go
// on is an operator's decision; it is no reason to hold up the other partitions.
static void put_aside(struct hs_match_worker *worker, struct hs_match_slot *slot)
{
    slot->aside = true;
    atomic_store_explicit(&worker->aside, count_aside(worker), memory_order_relaxed);
    hs_match_tell_running(worker);
    hs_log(HS_LOG_ERROR, &event_aside, "worker %zu: %s", worker->index, worker->why);
}

void hs_match_on_trouble(void *ctx, const struct hs_kafka_partition *partition, const char *text)
{
    struct hs_match_worker *worker = ctx;
    hs_log(HS_LOG_WARNING, &event_trouble, "worker %zu: " HS_KAFKA_READS "/%d: %s", worker->index,
           partition->partition, text);
    struct hs_match_slot *slot = hs_match_slot_find(worker, partition->partition);
    if (partition->error == HS_ECONFLICT && slot && slot->committed >= 0) {
        put_aside(worker, slot);
    } else if (partition->error == HS_ECONFLICT || partition->error == HS_ENOTFOUND) {
        worker->no_offset = true;
    }
}

void hs_match_commit_due(struct hs_match_worker *worker, int64_t now_ns)
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

void hs_match_slot_start(struct hs_match_worker *worker, struct hs_match_slot *slot, int64_t offset,
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
void hs_match_rewind(struct hs_match_worker *worker)
{
    hs_log(HS_LOG_WARNING, &event_rewound,
           "worker %zu: %s, reading again from the last acknowledged hit", worker->index,
           worker->failed_text);
    hs_metric_add(worker->metrics->rewinds, 1);
    hs_kafka_producer_discard(worker->producer);
    worker->failed = false;
    for (size_t i = 0; i < worker->slot_count; i++) {
        struct hs_match_slot *slot = &worker->slots[i];
        int64_t safe = hs_acks_safe(slot->acks);
        slot->warm_next =
            hs_read_back_from(&slot->read_back, safe, hs_match_company_span_ms(worker));
        hs_acks_reset(slot->acks, safe);
    }
    hs_match_company_reset(worker);
    hs_match_cameras_reset(worker);
    for (size_t i = 0; i < worker->slot_count; i++) {
        hs_match_slot_start(worker, &worker->slots[i], worker->slots[i].warm_next, false);
    }
    worker->hold_until_ns = hs_clock_monotonic_ns() + worker->hold_ms * NS_PER_MS;
    worker->hold_ms = worker->hold_ms * 2 < HOLD_MAX_MS ? worker->hold_ms * 2 : HOLD_MAX_MS;
    hs_match_set_state(worker, HS_MATCH_STARTING, "a hit could not be written: %s; trying again",
                       worker->failed_text);
}
