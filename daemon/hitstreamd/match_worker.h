// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_MATCH_WORKER_H
#define HITSTREAMD_MATCH_WORKER_H
/*
 * One worker of the match stage, as its files share it: match_worker.c (thread, group, offsets),
 * match_batch.c (messages to hits), match_company.c (who passed around a hit), reads_reject.c (what
 * cannot be used), match_stage.c (the public face).
 *
 * Threads:   member                     written by       read by
 *            everything without a note  the worker       the worker
 *            _Atomic                    the worker       any (relaxed: numbers for people)
 *            state, why                 the worker       any, under `lock`
 *            nudge_*                    the worker       the stage's helper, under the stage's
 * nudge lock
 */

#include "base/arena.h"
#include "base/rcu.h"
#include "cameras/counter.h"
#include "hitstreamd/hit_event.h"
#include "hitstreamd/match_acks.h"
#include "hitstreamd/match_stage.h"
#include "hitstreamd/read_back.h"
#include "hitstreamd/thread.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "match/companions.h"
#include "match/listed.h"
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
    HS_MATCH_COUNTS_MAX = 2 * HS_MATCH_BATCH_READS, // windows that cameras finish in a batch
    HS_MATCH_WINDOWS_MAX = 2048, // companion windows open for an audience; then a hit has none
};

// An assigned partition.
struct hs_match_slot {
    int32_t partition;
    struct hs_acks *acks;
    int64_t committed;      // as last acknowledged; -1: not known
    int64_t sent;           // as last sent
    bool aside;             // its log does not have `committed`: an operator decides
    int64_t traced_until;   // messages before this offset are looked at for headers
    int64_t tolerate_until; // bad reads before this offset do not count: the feed is known to be
                            // good again
    int64_t warm_next; // where reading goes on: below what is to be matched, it only warms rings
    int64_t now_ms;    // the log's time: the highest LogAppendTime met; 0: none
    int64_t seen_ns;   // CLOCK_MONOTONIC, when a round met a message
    int64_t counted_at_ns; // CLOCK_MONOTONIC, when its cameras' counts were sent last
    int64_t known_from_ms; // the first LogAppendTime since rings are filled; 0: none
    struct hs_window_log windows;
    struct hs_read_back read_back;
    char metadata[HS_READ_BACK_TEXT_BYTES]; // of the commit under way
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
    uint64_t *site_hashes; // by message: its site is found by
    uint32_t message_count;
    bool of_backlog; // more messages were waiting when it was begun
    struct hs_read_view *views;
    struct hs_candidate_view *scratch;
    enum hs_read_fault *faults;
    uint32_t *message_of; // by read
    uint32_t read_count;
    struct hs_match_hit *hits;
    uint32_t hit_count;
    struct hs_hit_space space;
};

// A camera's finished window.
struct hs_match_count {
    struct hs_camera_window window; // its id is the next
    char camera_id[HS_CAMERA_COUNTER_ID_BYTES + 1];
};

// How many reads cameras make.
struct hs_match_cameras {
    struct hs_camera_counter *counter;
    int topic;          // anpr.observations; -1: not known, nothing is counted
    int64_t window_ms;  // of the rules that were counted by
    int64_t idle_at_ns; // next look at silent partitions
    struct hs_match_count rows[HS_MATCH_COUNTS_MAX]; // of the batch
    size_t count;
    uint64_t lost;                                            // beyond the list
    Hitstream__V1__CameraCount messages[HS_MATCH_COUNTS_MAX]; // scratch, like the rest
    Hitstream__V1__CameraCount *pointers[HS_MATCH_COUNTS_MAX];
    struct hs_bump bump;
    struct hs_buf out;
};

// Who passed around hits.
struct hs_match_company {
    struct hs_sites *sites;
    struct hs_site *site;  // of the message under way; NULL: none
    struct hs_rules rules; // of the batch
    struct hs_match_audience *audiences;
    size_t audience_count;
    uint64_t sites_dropped;     // already in the metrics
    int64_t idle_at_ns;         // next look at silent partitions
    struct hs_listing *listing; // who of them is listed
    struct hs_company found;    // scratch
    struct hs_listed listed;    // scratch
    struct hs_buf out;          // scratch
};

// The share of bad reads in the running window.
struct hs_match_window {
    uint32_t reads;
    uint32_t bad;
};

// Why a read or message cannot be used, beyond enum hs_read_fault.
enum {
    HS_REJECT_MESSAGE = 5,
    HS_REJECT_TOO_MANY = 6,
    HS_REJECT_TOO_LARGE = 7,
    HS_REJECT_TEST_QUEUE = 8,
    HS_REJECT_REASONS = 9
};

struct hs_match_metrics {
    struct hs_metric *reads;
    struct hs_metric *messages;
    struct hs_metric *hits[HS_TIER_WILDCARD + 1]; // by tier
    struct hs_metric *hits_dropped;
    struct hs_metric *rejected[HS_REJECT_REASONS]; // by reason
    struct hs_metric *unknown_cameras;
    struct hs_metric *rewinds;
    struct hs_metric *commits;
    struct hs_metric *commit_errors;
    struct hs_metric *pending; // gauges
    struct hs_metric *pending_limit;
    struct hs_metric *lag;
    struct hs_metric *queued;
    struct hs_metric *aside;
    struct hs_metric *stopped;
    struct hs_metric *companions; // second records
    struct hs_metric *windows_dropped;
    struct hs_metric *windows_early;
    struct hs_metric *sites_dropped;
    struct hs_metric *windows; // gauges
    struct hs_metric *windows_limit;
    struct hs_metric *sites;
    struct hs_metric *sites_limit;
};

struct hs_match_worker {
    struct hs_match_stage *stage;
    const struct hs_match_stage_config *config;
    const struct hs_match_metrics *metrics;
    size_t index;
    struct hs_thread thread;

    struct hs_kafka_consumer *consumer; // NULL: not in the group
    struct hs_kafka_producer *producer;
    int topic_hits;
    int topic_rejected;
    struct hs_matcher *matcher;
    struct hs_matcher_stats counted; // of the matcher, already in the metrics
    struct hs_match_batch batch;
    struct hs_match_company company;
    struct hs_match_cameras cameras;
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
    int64_t round_ns;        // CLOCK_MONOTONIC when the round began
    bool batch_full;         // the last round ended with more messages waiting
    bool far_behind;         // as last seen
    int64_t gather_until_ns; // hits of a backlog are held up to then
    int64_t commit_at_ns;    // next
    int64_t lag_at_ns;
    size_t queue_peak; // since the last nudge

    _Atomic uint64_t reads;
    _Atomic uint64_t hits;
    _Atomic uint64_t rejected;
    _Atomic uint64_t unknown_cameras;
    _Atomic uint32_t partitions;
    _Atomic uint32_t aside; // of them
    _Atomic int64_t lag;
    _Atomic uint64_t pending;
    _Atomic uint64_t queued;
    _Atomic uint64_t windows;
    _Atomic uint64_t sites;

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
bool hs_match_batch_is_full(const struct hs_match_batch *batch);
// Matches what was gathered, hands over hits and bad reads, empties the batch.
void hs_match_batch_run(struct hs_match_worker *worker);
// How many of the gathered reads are bad; nothing is handed over; empties the batch.
void hs_match_batch_judge(struct hs_match_worker *worker, uint32_t *ret_reads, uint32_t *ret_bad);
// Gathers for hs_match_batch_judge().
bool hs_match_on_probe(void *ctx, const struct hs_kafka_message *message);
// Produces one record under a ticket of the slot's. False: the worker has failed.
bool hs_match_produce(struct hs_match_worker *worker, struct hs_match_slot *slot,
                      struct hs_ack_ticket ticket, struct hs_kafka_record *record,
                      const struct hs_headers *headers);

// match_company.c: who passed around a hit. What returns bool: false, the worker has failed.
int hs_match_company_init(struct hs_match_worker *worker);
void hs_match_company_fini(struct hs_match_worker *worker);
// Empties all rings and forgets all windows: partitions come, go, or are read again.
void hs_match_company_reset(struct hs_match_worker *worker);
// A partition begins: where its rings are read back from, by its commit's metadata.
void hs_match_company_assigned(struct hs_match_worker *worker, struct hs_match_slot *slot,
                               struct hs_str metadata, int64_t timeout_ms);
// A message before those that are to be matched.
void hs_match_company_warm(struct hs_match_worker *worker, struct hs_match_slot *slot,
                           const struct hs_kafka_message *message);
// A message begins: windows that its time makes due are closed.
bool hs_match_company_message(struct hs_match_worker *worker,
                              const struct hs_match_message *message);
// Its next reads, usable or not, have passed.
bool hs_match_company_reads(struct hs_match_worker *worker, const struct hs_match_message *message,
                            const struct hs_read_view *views, size_t count);
// The hit's event with what was before it; valid until the next call.
struct hs_str hs_match_company_stamp(struct hs_match_worker *worker,
                                     const struct hs_match_message *message,
                                     const struct hs_read_view *view,
                                     const struct hs_hit_event *event);
// The hit was produced: who comes after it is waited for.
void hs_match_company_follow(struct hs_match_worker *worker, const struct hs_match_message *message,
                             const struct hs_read_view *view, const struct hs_hit_event *event);
// Between messages: windows in partitions that fell silent.
void hs_match_company_idle(struct hs_match_worker *worker, int64_t now_ns);
// No more messages may be begun: the older half of the windows that hold them up ends early.
void hs_match_company_relieve(struct hs_match_worker *worker);
// So much of a partition's past its rings are to know.
int64_t hs_match_company_span_ms(const struct hs_match_worker *worker);
// The metadata of a commit of `offset`; valid until the slot's next.
struct hs_str hs_match_company_commit(const struct hs_match_worker *worker,
                                      struct hs_match_slot *slot, int64_t offset);

// match_cameras.c: how many reads cameras make
int hs_match_cameras_init(struct hs_match_worker *worker);
void hs_match_cameras_fini(struct hs_match_worker *worker);
// Forgets all counts: partitions come, go, or are read again.
void hs_match_cameras_reset(struct hs_match_worker *worker);
// Looks for the topic of observations, once a start.
void hs_match_cameras_topic(struct hs_match_worker *worker, int64_t timeout_ms);
// A message begins: what is counted of a later one's first read is on the way.
void hs_match_cameras_expect(const struct hs_match_worker *worker,
                             const struct hs_match_message *message);
// Reads of a message, handed over.
void hs_match_cameras_reads(struct hs_match_worker *worker, const struct hs_match_message *message,
                            const struct hs_read_view *views, const enum hs_read_fault *faults,
                            size_t count);
// The batch is done: finished windows go out.
void hs_match_cameras_flush(struct hs_match_worker *worker);
// Between messages: partitions that fell silent.
void hs_match_cameras_idle(struct hs_match_worker *worker, int64_t now_ns);

// reads_reject.c
// The reason a person reads in the headers; also the metrics' label.
const char *hs_reject_reason(size_t index);
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
void hs_match_worker_main(void *worker);
// Where its partition's messages are accounted for; NULL: not assigned.
struct hs_match_slot *hs_match_slot_find(const struct hs_match_worker *worker, int32_t partition);
void hs_match_fail(struct hs_match_worker *worker, const char *text);
// It reads, if only in part or for a probe now and then.
bool hs_match_is_reading(struct hs_match_worker *worker);
// It is well, but for partitions that are put aside.
void hs_match_tell_running(struct hs_match_worker *worker);
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
