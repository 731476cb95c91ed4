// SPDX-License-Identifier: Apache-2.0
#ifndef HS_KAFKA_TAIL_H
#define HS_KAFKA_TAIL_H
/*
 * Reading stretches of topics without a group: from an offset or a time to the end as it is asked
 * for at the beginning (a new owner's read-back, a compacted topic whole), or on and on (hitctl).
 *
 * Threads: one a tail. Ownership: messages are borrowed for the call. Bounds: the local queue by
 * the fetch limits; time by `timeout_ms`. Reads uncommitted, filters nothing.
 */

#include "kafka/consumer.h"

struct hs_kafka_tail;

int hs_kafka_tail_new(const struct hs_settings *settings, const struct hs_kafka_events *events,
                      struct hs_kafka_tail **ret_tail);
void hs_kafka_tail_free(struct hs_kafka_tail *tail);

struct hs_kafka_range {
    const char *topic;
    int32_t partition;    // -1: all of the topic's
    int64_t from_time_ms; // the first message at or after it; -1: by offset
    int64_t from_offset;  // or HS_KAFKA_OFFSET_BEGINNING, or HS_KAFKA_OFFSET_END
};

struct hs_kafka_tail_options {
    int64_t timeout_ms; // for all of it; -1: none
    bool follow;        // beyond the end, until a callback stops it
    // Called at least each 100 ms while nothing comes; false stops with HS_ECANCELED. May be NULL.
    bool (*idle)(void *ctx);
    void *idle_ctx;
};

// Shows every message of the ranges in order of each partition. 0 when all ends (as asked for after
// the call began) are reached; HS_ECANCELED when a callback stopped it; HS_ENOTFOUND,
// HS_EUNREACHABLE, HS_ETIMEDOUT.
int hs_kafka_tail_read(struct hs_kafka_tail *tail, const struct hs_kafka_range *ranges,
                       size_t range_count, const struct hs_kafka_tail_options *options,
                       hs_kafka_on_message *on_message, void *ctx);

// Both ends of a partition, asked for now: whoever leads it, and whoever comes to lead it meanwhile.
// HS_ENOTFOUND, HS_EUNREACHABLE, HS_EAGAIN.
int hs_kafka_tail_ends(struct hs_kafka_tail *tail, const char *topic, int32_t partition,
                       int64_t timeout_ms, int64_t *ret_low, int64_t *ret_high);
// Kafka's id of its cluster, cut to `size`. HS_EUNREACHABLE.
int hs_kafka_tail_cluster(struct hs_kafka_tail *tail, int64_t timeout_ms, char *ret_id,
                          size_t size);
// A topic's partitions. HS_ENOTFOUND, HS_EUNREACHABLE.
int hs_kafka_tail_partitions(struct hs_kafka_tail *tail, const char *topic, int64_t timeout_ms,
                             int32_t *ret_count);
// The same for whoever cannot wait until all can be read: HS_EAGAIN when one of them has no leader.
int hs_kafka_tail_led(struct hs_kafka_tail *tail, const char *topic, int64_t timeout_ms,
                      int32_t *ret_count);

#endif
