// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_KAFKA_UTIL_H
#define HS_TEST_KAFKA_UTIL_H
/*
 * What tests ask of a broker with plain librdkafka, knowing nothing of our own client: topics,
 * produce, read whole.
 *
 * Reading is read_uncommitted and unfiltered, as any consumer of a control room may do it. Threads:
 * one for each object. Errors are said on stderr and returned.
 */

#include "base/str.h"

// HS_OK when a broker answers a metadata request within `timeout_ms`.
int hs_test_kafka_answers(const char *bootstrap, int timeout_ms);

// Makes a topic of `partitions` with configuration "name", "value", ..., NULL (may be NULL);
// replication 1. LogAppendTime: "message.timestamp.type", "LogAppendTime".
int hs_test_topic_create(const char *bootstrap, const char *topic, int partitions,
                         const char *const *config);

struct hs_test_header {
    const char *name;
    struct hs_str value;
};

// A producer, acks=all, partitioner murmur2_random.
struct hs_test_producer;
int hs_test_producer_new(const char *bootstrap, struct hs_test_producer **ret_producer);
// Queues one message (copies); partition -1: by key. `headers` may be NULL.
int hs_test_produce(struct hs_test_producer *producer, const char *topic, int32_t partition,
                    struct hs_str key, struct hs_str value, const struct hs_test_header *headers,
                    size_t header_count);
// The same by key, with a time of its own, for topics that keep it.
int hs_test_produce_at(struct hs_test_producer *producer, const char *topic, struct hs_str key,
                       struct hs_str value, int64_t at_ms);
// Waits until all were acknowledged; HS_EIO when one failed.
int hs_test_producer_flush(struct hs_test_producer *producer, int timeout_ms);
void hs_test_producer_free(struct hs_test_producer *producer);

// One message as read; owned by its hs_test_messages.
struct hs_test_message {
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    bool log_append_time; // kind of the timestamp
    struct hs_str key;
    struct hs_str value;
    bool tombstone; // null value
    struct hs_test_header *headers;
    size_t header_count;
};

// Zero-initialised is empty and valid. Within a partition in order of offset.
struct hs_test_messages {
    struct hs_test_message *rows;
    size_t count;
    size_t capacity;
};
void hs_test_messages_fini(struct hs_test_messages *messages);
// The value of a header, or the empty view.
struct hs_str hs_test_header(const struct hs_test_message *message, const char *name);

// All that stands in a topic now, from the first offset to the end as of the call.
int hs_test_topic_read(const char *bootstrap, const char *topic, int timeout_ms,
                       struct hs_test_messages *messages);

// A reader that goes on where it stopped: all partitions from the beginning.
struct hs_test_reader;
int hs_test_reader_new(const char *bootstrap, const char *topic,
                       struct hs_test_reader **ret_reader);
// Appends what comes until `messages` holds `count` rows: HS_OK, or HS_ETIMEDOUT with what came.
int hs_test_reader_await(struct hs_test_reader *reader, size_t count, int timeout_ms,
                         struct hs_test_messages *messages);
void hs_test_reader_free(struct hs_test_reader *reader);

// A group's committed offset of a partition, -1001 when there is none.
int hs_test_committed(const char *bootstrap, const char *group, const char *topic,
                      int32_t partition, int64_t *ret_offset);
// Sets it; the group must have no members.
int hs_test_commit(const char *bootstrap, const char *group, const char *topic, int32_t partition,
                   int64_t offset);
// First offset and end of a partition.
int hs_test_watermarks(const char *bootstrap, const char *topic, int32_t partition,
                       int64_t *ret_low, int64_t *ret_high);

#endif
