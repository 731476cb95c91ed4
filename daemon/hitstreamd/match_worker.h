// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_MATCH_WORKER_H
#define HITSTREAMD_MATCH_WORKER_H
/*
 * One worker of the match stage, as its files share it: match_worker.c (thread, group, offsets),
 * match_batch.c (messages to hits), reads_reject.c (what cannot be used), match_stage.c (the public
 * face).
 *
 * Threads:   member                     written by       read by
 *            everything without a note  the worker       the worker
 *            _Atomic                    the worker       any (relaxed: numbers for people)
 *            state, why                 the worker       any, under `lock`
 *            nudge_*                    the worker       the stage's helper, under the stage's
 * nudge lock
 */

#include <pthread.h>
#include <stdatomic.h>

#include "base/rcu.h"
#include "hitstreamd/hit_event.h"
#include "hitstreamd/match_acks.h"
#include "hitstreamd/match_stage.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "match/matcher.h"

enum {
    HS_MATCH_BATCH_READS = 512,           // a batch is run when it has as many
    HS_MATCH_BATCH_BYTES = 1 << 20,       // or as many bytes
    HS_MATCH_MESSAGE_BYTES_MAX = 1 << 20, // a larger message is rejected whole
    HS_MATCH_HITS_BATCH = 1024,           // hits between two hand-overs
    HS_MATCH_HIT_SPACE_BYTES = 4 << 20,   // and their bytes
    HS_MATCH_PENDING_LIMIT = 16384,       // messages a partition with something on its way
    HS_MATCH_COMMIT_INTERVAL_MS = 1000,
    HS_MATCH_PARTITIONS_MAX = 65535,
};

// An assigned partition.
struct hs_match_slot {
    int32_t partition;
    struct hs_acks *acks;
    int64_t committed;      // as last acknowledged; -1: not known
    int64_t sent;           // as last sent
    int64_t tolerate_until; // bad reads before this offset do not count: the feed is known to be
                            // good again
};

// A message of the batch; its bytes are copies.
struct hs_match_message {
    struct hs_match_slot *slot;
    int64_t offset;
    int64_t appended_at_ms;
    struct hs_str key;
    struct hs_str value;
    struct hs_str traceparent;
    uint32_t reads_end; // beyond its last read
};

struct hs_match_hit {
    uint32_t read;
    struct hs_hit_event event; // lies in the space
};

struct hs_match_batch {
    char *bytes;
    size_t used; // bytes
    struct hs_match_message *messages;
    uint32_t message_count;
    struct hs_read_view *views;
    struct hs_candidate_view *scratch;
    enum hs_read_fault *faults;
    uint32_t *message_of; // by read
    uint32_t read_count;
    struct hs_match_hit *hits;
    uint32_t hit_count;
    struct hs_hit_space space;
};

// The share of bad reads in the running window.
struct hs_match_window {
    uint32_t reads;
    uint32_t bad;
};

struct hs_match_metrics {
    struct hs_metric *reads;
    struct hs_metric *messages;
    struct hs_metric *hits[HS_TIER_WILDCARD + 1]; // by tier
    struct hs_metric *hits_dropped;
    struct hs_metric *rejected[8]; // by reason
    struct hs_metric *unknown_cameras;
    struct hs_metric *rewinds;
    struct hs_metric *commits;
    struct hs_metric *commit_errors;
    struct hs_metric *pending; // gauges
    struct hs_metric *pending_limit;
    struct hs_metric *lag;
    struct hs_metric *queued;
    struct hs_metric *stopped;
};

struct hs_match_worker {
    struct hs_match_stage *stage;
    const struct hs_match_stage_config *config;
    const struct hs_match_metrics *metrics;
    size_t index;
    pthread_t thread;

    struct hs_kafka_consumer *consumer; // NULL: not in the group
    struct hs_kafka_producer *producer;
    int topic_hits;
    int topic_rejected;
    struct hs_matcher *matcher;
    struct hs_matcher_stats counted; // of the matcher, already in the metrics
    struct hs_match_batch batch;
    struct hs_headers *headers;

    struct hs_match_slot *slots; // assigned now
    size_t slot_count;
    struct hs_match_slot **by_partition; // index: partition
    size_t by_partition_count;

    bool failed;           // a delivery failed: discard and rewind
    char failed_text[128]; // why
    int64_t hold_until_ns; // no messages before: after failures
    int64_t hold_ms;       // the next hold
    bool no_offset;        // leave the group: an operator decides
    bool input_stopped;    // too many bad reads
    int64_t probe_at_ns;   // when to try again
    int64_t probe_wait_ms;
    size_t probe_slot;    // whose turn it is
    uint64_t resume_seen; // the stage's counter of resumes
    struct hs_match_window window;
    int64_t commit_at_ns; // next
    int64_t lag_at_ns;
    size_t queue_peak; // since the last nudge

    _Atomic uint64_t progress;
    _Atomic uint64_t reads;
    _Atomic uint64_t hits;
    _Atomic uint64_t rejected;
    _Atomic uint64_t unknown_cameras;
    _Atomic uint32_t partitions;
    _Atomic int64_t lag;
    _Atomic uint64_t pending;
    _Atomic uint64_t queued;

    pthread_mutex_t lock;
    enum hs_match_state state;
    char why[256];

    bool nudge_wanted;
    int32_t nudge_partition;
};

// match_batch.c
int hs_match_batch_init(struct hs_match_batch *batch);
void hs_match_batch_fini(struct hs_match_batch *batch);
// Gets each message; false when the batch is full.
bool hs_match_on_message(void *ctx, const struct hs_kafka_message *message);
// Matches what was gathered, hands over hits and bad reads, empties the batch.
void hs_match_batch_run(struct hs_match_worker *worker);
// How many of the gathered reads are bad; nothing is handed over; empties the batch.
void hs_match_batch_judge(struct hs_match_worker *worker, uint32_t *ret_reads, uint32_t *ret_bad);
// Gathers for hs_match_batch_judge().
bool hs_match_on_probe(void *ctx, const struct hs_kafka_message *message);
// Produces one record that belongs to the slot's message begun last. False: the worker has failed.
bool hs_match_produce(struct hs_match_worker *worker, struct hs_match_slot *slot,
                      struct hs_kafka_record *record, const struct hs_headers *headers);

// reads_reject.c
// The reason a person reads in the headers; also the metrics' label.
const char *hs_reject_reason(size_t index);
enum {
    HS_REJECT_MESSAGE = 5,
    HS_REJECT_TOO_MANY = 6,
    HS_REJECT_TOO_LARGE = 7,
    HS_REJECT_REASONS = 8
};
// One read of a message; `reason` is its enum hs_read_fault.
bool hs_reject_read(struct hs_match_worker *worker, const struct hs_match_message *message,
                    uint32_t index_in_message, const struct hs_read_view *view, size_t reason);
// A message as it came.
bool hs_reject_message(struct hs_match_worker *worker, const struct hs_match_message *message,
                       size_t reason);
// Counts; may stop the input.
void hs_reject_window(struct hs_match_worker *worker, uint32_t reads, uint32_t bad);

// match_slots.c: partitions, what is committed of them, and going back
bool hs_match_on_assigned(void *worker, struct hs_kafka_partition *partitions, size_t count);
void hs_match_on_revoked(void *worker, const struct hs_kafka_partition *partitions, size_t count,
                         bool lost);
void hs_match_on_committed(void *worker, int64_t sent_at_ms, int error,
                           const struct hs_kafka_partition *partitions, size_t count);
void hs_match_on_trouble(void *worker, const struct hs_kafka_partition *partition,
                         const char *text);
void hs_match_slots_forget(struct hs_match_worker *worker);
void hs_match_commit_due(struct hs_match_worker *worker, int64_t now_ns);
// The next message of the slot is the one at `offset`; a paused one goes on with `resume`.
void hs_match_slot_start(struct hs_match_worker *worker, struct hs_match_slot *slot, int64_t offset,
                         bool resume);
// After a failed delivery: what is on its way is dropped, partitions are read again from what is
// acknowledged.
void hs_match_rewind(struct hs_match_worker *worker);

// match_input.c: too many bad reads
void hs_match_input_pause(struct hs_match_worker *worker);
// A round while stopped: tries a few messages now and then, goes on when they are good or a person
// says so.
void hs_match_input_serve(struct hs_match_worker *worker, int64_t now_ns);

// match_worker.c
void *hs_match_worker_main(void *worker);
void hs_match_progress(struct hs_match_worker *worker);
// Where its partition's messages are accounted for; NULL: not assigned.
struct hs_match_slot *hs_match_slot_find(const struct hs_match_worker *worker, int32_t partition);
void hs_match_fail(struct hs_match_worker *worker, const char *text);
void hs_match_set_state(struct hs_match_worker *worker, enum hs_match_state state,
                        const char *format, ...) __attribute__((format(printf, 3, 4)));

// match_stage.c
bool hs_match_stopping(const struct hs_match_worker *worker);
int64_t hs_match_stop_left_ms(const struct hs_match_worker *worker);
uint64_t hs_match_resumes(const struct hs_match_worker *worker);
void hs_match_nudge(struct hs_match_worker *worker, int32_t partition);
// The helper leaves this worker's consumer alone from here on.
void hs_match_nudge_cancel(struct hs_match_worker *worker);

#endif
