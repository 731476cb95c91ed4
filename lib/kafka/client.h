// SPDX-License-Identifier: Apache-2.0
#ifndef HS_KAFKA_CLIENT_H
#define HS_KAFKA_CLIENT_H
/*
 * How every Kafka client of ours is configured, and the plain values that consumer, producer and
 * tail share.
 *
 * The properties that guarantees rest on are set in client.c and nowhere else, after those of the
 * settings, so that no file can weaken them. Threads: none of its own; callbacks run in the thread
 * that serves the client, but for `log`, which runs in any. Ownership: a message is borrowed for
 * the call that shows it.
 */

#include "base/error.h"
#include "base/str.h"
#include "config/settings.h"

enum hs_kafka_role {
    HS_KAFKA_ROLE_READS,    // group consumer; no committed offset is an error that an operator
                            // resolves
    HS_KAFKA_ROLE_EVENTS,   // group consumer of a topic of ours; starts at the beginning
    HS_KAFKA_ROLE_TAIL,     // reads by assignment, never commits
    HS_KAFKA_ROLE_PRODUCER, // acks=all, idempotent
    HS_KAFKA_ROLE_ADMIN,    // topics and offsets
};

#define HS_KAFKA_GROUP_MATCH     "hitstream-match"
#define HS_KAFKA_GROUP_CORRELATE "hitstream-correlate"
#define HS_KAFKA_GROUP_INTAKE    "hitstream-intake"
#define HS_KAFKA_GROUP_CAMERAS   "hitstream-cameras"
#define HS_KAFKA_GROUP_TAIL      "hitstream-tail" // asked for by who reads without a group

#define HS_KAFKA_READS        "anpr.reads"
#define HS_KAFKA_HITS         "anpr.hits"
#define HS_KAFKA_VEHICLES     "anpr.vehicles"
#define HS_KAFKA_CONTROLS     "anpr.controls"
#define HS_KAFKA_OBSERVATIONS "anpr.observations"
#define HS_KAFKA_CAMERAS      "anpr.cameras"
#define HS_KAFKA_REJECTED     "anpr.reads.rejected"
#define HS_KAFKA_UNROUTED     "dispatch.unrouted"

#define HS_KAFKA_DISPATCH          "dispatch." // before a queue's name, like the next two
#define HS_KAFKA_UNDELIVERED       "undelivered."
#define HS_KAFKA_FEEDBACK          "feedback."
#define HS_KAFKA_FEEDBACK_REJECTED "feedback.rejected"
enum { HS_KAFKA_TOPIC_TEXT_BYTES = 256 };

// What a client has to say. Any member may be NULL.
struct hs_kafka_events {
    void *ctx;
    // Brokers away or back, a fatal error. `text` is the client library's.
    void (*error)(void *ctx, bool fatal, bool all_brokers_down, const char *text);
    // A line of its log, syslog's levels; from any thread.
    void (*log)(void *ctx, int level, const char *text);
    // Statistics as JSON, each second when set.
    void (*stats)(void *ctx, struct hs_str json);
    // Of a producer, set by it: a connection ends when a packet was not taken for so long.
    int64_t dead_peer_ms;
};

// Special offsets.
#define HS_KAFKA_OFFSET_COMMITTED INT64_C(-1000) // where the group stands
#define HS_KAFKA_OFFSET_BEGINNING INT64_C(-2)
#define HS_KAFKA_OFFSET_END       INT64_C(-1)

// A partition, and what is said about it.
struct hs_kafka_partition {
    const char *topic;
    int32_t partition;
    int64_t offset;
    struct hs_str metadata; // of a commit; may be empty
    int error;              // 0 or an enum hs_error
};

// One message as received.
struct hs_kafka_message {
    const char *topic;
    int32_t partition;
    int64_t offset;
    struct hs_str key;   // may be empty
    struct hs_str value; // may be empty
    const void *native;  // for the functions below
};

// When the broker appended it (LogAppendTime), or when its producer made it; -1: not known.
int64_t hs_kafka_message_time_ms(const struct hs_kafka_message *message, bool *ret_append_time);
// The last header of that name; false when there is none.
bool hs_kafka_message_header(const struct hs_kafka_message *message, const char *name,
                             struct hs_str *ret_value);
// All headers in order; false beyond the last.
bool hs_kafka_message_header_at(const struct hs_kafka_message *message, size_t index,
                                const char **ret_name, struct hs_str *ret_value);

// A header of a message to be produced.
struct hs_kafka_header {
    const char *name;
    struct hs_str value;
};

// Where our producers put a key's messages among `count` (more than 0) partitions.
int32_t hs_kafka_partition_of(struct hs_str key, int32_t count);

#endif
