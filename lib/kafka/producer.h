// SPDX-License-Identifier: Apache-2.0
#ifndef HS_KAFKA_PRODUCER_H
#define HS_KAFKA_PRODUCER_H
/*
 * Producing with a known end: each message is acknowledged by all in-sync replicas, certainly not
 * written, or unknown, and its sender is told which, exactly once.
 *
 * A connection outlives requests that time out on it (see hs_kafka_producer_settle()); it ends when
 * the broker's machine has not taken a packet for kafka_message_timeout_ms. So what the client
 * library has given up is given up by the kernel as well: when the network comes back after another
 * instance has taken over, nothing is delivered that this one sent before.
 *
 * When a message times out whose request got no answer, all that is on its way ends with it (as if
 * discarded): the client library would send the rest of its batch twice.
 *
 * Threads: every function from the one thread that owns the producer; `delivered` runs inside poll,
 * flush and discard, and for a record that was held also inside produce and release. Ownership:
 * key, value and headers are copied by produce. Bounds: the local queue (HS_ELIMIT when it is full),
 * kafka_message_timeout_ms a message; HS_KAFKA_RETIRED_MAX discarded clients that are not settled,
 * beyond it the oldest is forgotten.
 */

#include "kafka/client.h"

struct hs_kafka_producer;

enum { HS_KAFKA_RETIRED_MAX = 8 };

enum hs_delivery {
    HS_DELIVERY_ACKED,       // stands in the log
    HS_DELIVERY_NOT_WRITTEN, // certainly does not
    HS_DELIVERY_UNKNOWN,     // may stand in the log, or come to: see hs_kafka_producer_settle()
};

struct hs_kafka_delivery {
    enum hs_delivery status;
    void *opaque;         // the record's
    int32_t partition;    // ACKED
    int64_t offset;       // ACKED
    int64_t timestamp_ms; // ACKED: LogAppendTime where the topic has it
    bool append_time;     // it is that, and so by the broker's clock
    int error;            // else: an enum hs_error
    const char *text;     // else: the client library's words
};

struct hs_kafka_producer_events {
    void *ctx;
    void (*delivered)(void *ctx, const struct hs_kafka_delivery *delivery);
    struct hs_kafka_events client;
};

int hs_kafka_producer_new(const struct hs_settings *settings,
                          const struct hs_kafka_producer_events *events,
                          struct hs_kafka_producer **ret_producer);
// Discards what is queued (every message's end is told) and frees.
void hs_kafka_producer_free(struct hs_kafka_producer *producer);

// Makes a topic known, so that its first message does not wait: before READY=1. The number stays
// valid for the producer's life. HS_ENOTFOUND: no such topic; HS_EUNREACHABLE: asked in vain for
// `timeout_ms`.
int hs_kafka_producer_topic(struct hs_kafka_producer *producer, const char *topic,
                            int64_t timeout_ms, int *ret_topic);
// Its partitions as last known.
int32_t hs_kafka_producer_partitions(const struct hs_kafka_producer *producer, int topic);

#define HS_KAFKA_PARTITION_BY_KEY (-1)

struct hs_kafka_record {
    int topic;         // from hs_kafka_producer_topic()
    int32_t partition; // or HS_KAFKA_PARTITION_BY_KEY
    struct hs_str key;
    struct hs_str value; // ptr NULL: a tombstone
    const struct hs_kafka_header *headers;
    size_t header_count;
    void *opaque; // comes back with its delivery
};

// HS_ELIMIT: the queue is full, poll and try again; HS_ECANCELED: the client had a fatal error,
// discard and produce again. After an error there is no delivery.
int hs_kafka_producer_produce(struct hs_kafka_producer *producer,
                              const struct hs_kafka_record *record);

// Between the two, records are gathered (up to HS_KAFKA_HELD_MAX, then all leave), so that many
// leave in few requests where time is not pressing: a request costs as much as a hundred reads.
// Flush releases as well; discard tells that they were not written.
enum { HS_KAFKA_HELD_MAX = 256 };
void hs_kafka_producer_hold(struct hs_kafka_producer *producer);
// What is held leaves, in its order. HS_ELIMIT: the queue is full; what is left of it leaves before
// the next record.
int hs_kafka_producer_release(struct hs_kafka_producer *producer);

// Tells deliveries, waiting at most `timeout_ms` for the first; returns how many were told.
size_t hs_kafka_producer_poll(struct hs_kafka_producer *producer, int64_t timeout_ms);
// Until nothing is on its way. HS_ETIMEDOUT; HS_ECANCELED after a fatal error.
int hs_kafka_producer_flush(struct hs_kafka_producer *producer, int64_t timeout_ms);
// Messages whose end has not been told.
size_t hs_kafka_producer_pending(const struct hs_kafka_producer *producer);
bool hs_kafka_producer_fatal(const struct hs_kafka_producer *producer);
// Waits until nothing whose end is unknown can be written any more, so that what stands in the
// topics from then on is all there will be of it. A broker that is slow or frozen writes what it
// was sent when it goes on, however long ago its sender gave it up: each is asked something behind
// it over the same connection, and a broker answers in order. Also of clients that were discarded.
// Of one topic, or of all (NULL); at once when no end is unknown. HS_ETIMEDOUT, HS_EUNREACHABLE: ask
// again.
int hs_kafka_producer_settle(struct hs_kafka_producer *producer, const char *topic,
                             int64_t timeout_ms);
// Partitions that are not settled.
size_t hs_kafka_producer_unsettled(const struct hs_kafka_producer *producer);
// Drops everything that is queued or on its way (all ends are told: not written, or unknown) and
// begins anew with a client of a new identity; topics stay known. After a lost assignment, a failed
// delivery or a fatal error.
int hs_kafka_producer_discard(struct hs_kafka_producer *producer);

#endif
