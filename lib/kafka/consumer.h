// SPDX-License-Identifier: Apache-2.0
#ifndef HS_KAFKA_CONSUMER_H
#define HS_KAFKA_CONSUMER_H
/*
 * A member of a consumer group, served whole by one thread: messages, rebalances and acknowledged
 * commits come in sequence from hs_kafka_consumer_serve(), so that none of them ever runs beside
 * another.
 *
 * Threads: every function from the one thread that owns the consumer. Ownership: partitions and
 * messages shown to a callback are borrowed for the call. Bounds: the local queue by the fetch
 * limits of the settings; closing by its timeout (a client that does not close in time is
 * abandoned, not waited for).
 */

#include "kafka/client.h"

struct hs_kafka_consumer;

struct hs_kafka_consumer_events {
    void *ctx; // of the four below
    // New partitions, all at once, before anything of them is fetched. `offset` stands at
    // HS_KAFKA_OFFSET_COMMITTED and may be changed. Return true to have them paused: the owner then
    // starts each with hs_kafka_consumer_seek() and hs_kafka_consumer_resume().
    bool (*assigned)(void *ctx, struct hs_kafka_partition *partitions, size_t count);
    // They go; `lost`: they are gone already, another may own them. Commits and deliveries for them
    // end here.
    void (*revoked)(void *ctx, const struct hs_kafka_partition *partitions, size_t count,
                    bool lost);
    // A commit's answer. `sent_at_ms` is CLOCK_BOOTTIME when it was sent: an acknowledged commit
    // proves membership from then on. `error` is 0 only when every partition was taken.
    void (*committed)(void *ctx, int64_t sent_at_ms, int error,
                      const struct hs_kafka_partition *partitions, size_t count);
    // Something about one partition: HS_ECONFLICT no offset is committed or the log does not have
    // it (role READS: nothing of it is read until an operator has decided); HS_ENOTFOUND the topic is
    // gone; others as they come. The consumer goes on with the other partitions.
    void (*trouble)(void *ctx, const struct hs_kafka_partition *partition, const char *text);
    struct hs_kafka_events client;
};

// Joins the group at the first serve.
int hs_kafka_consumer_new(const struct hs_settings *settings, enum hs_kafka_role role,
                          const char *group, const char *const *topics, size_t topic_count,
                          const struct hs_kafka_consumer_events *events,
                          struct hs_kafka_consumer **ret_consumer);
// Other topics from now on: the whole group is assigned anew, `revoked` and `assigned` come by serve.
int hs_kafka_consumer_subscribe(struct hs_kafka_consumer *consumer, const char *const *topics,
                                size_t topic_count);
// Leaves the group (revoked is called) and frees. HS_ETIMEDOUT: it did not close in time and was
// abandoned.
int hs_kafka_consumer_close(struct hs_kafka_consumer *consumer, int64_t timeout_ms);

// Gets each message; the return value false ends this round (the rest stays queued).
typedef bool hs_kafka_on_message(void *ctx, const struct hs_kafka_message *message);
// Serves callbacks, then messages, waiting at most `timeout_ms` for the first. Returns messages
// shown. With `on_message` NULL only callbacks: membership is kept while messages wait.
size_t hs_kafka_consumer_serve(struct hs_kafka_consumer *consumer, int64_t timeout_ms,
                               hs_kafka_on_message *on_message, void *ctx);

// Sends offsets (the next to be read) with their metadata; the answer comes by `committed`.
// HS_EAGAIN when the client cannot take it now.
int hs_kafka_consumer_commit(struct hs_kafka_consumer *consumer,
                             const struct hs_kafka_partition *partitions, size_t count);
// The same, waiting at most `timeout_ms`.
int hs_kafka_consumer_commit_wait(struct hs_kafka_consumer *consumer,
                                  const struct hs_kafka_partition *partitions, size_t count,
                                  int64_t timeout_ms);
// What the group has committed; a partition without gets HS_KAFKA_OFFSET_COMMITTED. `ret_metadata`
// (may be NULL; else `count` of them) gets the metadata of each.
int hs_kafka_consumer_committed(struct hs_kafka_consumer *consumer,
                                struct hs_kafka_partition *partitions, size_t count,
                                int64_t timeout_ms, struct hs_buf *ret_metadata);

// The next message of the partition will be this one; what was queued of it is forgotten. Not from
// a callback.
int hs_kafka_consumer_seek(struct hs_kafka_consumer *consumer, const char *topic, int32_t partition,
                           int64_t offset);
int hs_kafka_consumer_pause(struct hs_kafka_consumer *consumer, const char *topic,
                            int32_t partition);
int hs_kafka_consumer_resume(struct hs_kafka_consumer *consumer, const char *topic,
                             int32_t partition);

// Messages fetched and not yet shown.
size_t hs_kafka_consumer_queued(const struct hs_kafka_consumer *consumer);
// Both ends of the partition's log as the last fetch saw them; false: not known yet.
bool hs_kafka_consumer_watermarks(struct hs_kafka_consumer *consumer, const char *topic,
                                  int32_t partition, int64_t *ret_low, int64_t *ret_high);

// Both ends of a partition, asked for now; the question also wakes a fetcher that sleeps because
// the queue was full. The one function that another thread may call; not while closing.
int hs_kafka_consumer_ends(struct hs_kafka_consumer *consumer, const char *topic, int32_t partition,
                           int64_t timeout_ms, int64_t *ret_low, int64_t *ret_high);

#endif
