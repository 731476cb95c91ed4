// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_PARTS_H
#define HS_HITSTREAMD_CORRELATE_PARTS_H
/*
 * What the files correlate_*.c share: the stage, its partitions, and what is on its way.
 *
 * All of it belongs to the stage's thread, but for what struct hs_correlate_shared holds. Each file
 * uses those above it only:
 *
 *   correlate_metrics       counters and gauges
 *   correlate_outbox        messages on their way, and their ends
 *   correlate_readback      which alerts stand in topics already
 *   correlate_alarm         what ops is told
 *   correlate_channel       one queue: its topics, trying again, undelivered
 *   correlate_queues        what was told before, of all queues
 *   correlate_publish       an alert to its queue
 *   correlate_partition     one partition: applying events, controls, timers
 *   camera_found            vehicles that a wrong camera concerns
 *   withdrawn               entries in states beside the lists
 *   exclusions              'not this vehicle' on its way to Redis
 *   correlate_checkpoint    states behind alerts, the partition's behind them
 *   correlate_follower      who else writes to anpr.vehicles
 *   correlate_kept          a local copy of a partition's states
 *   correlate_keeper        writes and opens such copies
 *   correlate_takeover      took over, restoring, reading back
 *   test_alerts             a read for each queue now and then, to see that it is reached
 *   correlate_report        gauges and status
 *   correlate_group         assignment, commits, lease
 *   correlate_stage         thread, clients, topics
 *
 * A partition's life: NEW -> (takeover) -> RUNNING <-> HELD; any -> FAILED -> NEW, when something
 * of it was not delivered; any -> LOST, when another took over. Revoking frees it.
 */

#include "base/clock.h"
#include "correlate/correlator.h"
#include "hitstreamd/broker_clock.h"
#include "hitstreamd/correlate_stage.h"
#include "hitstreamd/thread.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "kafka/tail.h"

enum {
    HS_STAGE_IN_FLIGHT_MAX = 20000, // messages produced whose end is not known: applying waits
    HS_STAGE_RETRY_MAX =
        5000, // alerts kept for one queue: beyond it they go to undelivered at once
    HS_STAGE_READ_BACK_MAX = 4000000, // ids known to stand in queues
    HS_STAGE_DIRTY_MAX = 20000,       // changed states that force a checkpoint before its time
    HS_STAGE_TIMERS_A_ROUND = 1000,   // 'timer fired' appended in one go
    HS_STAGE_FOREIGN_MAX =
        10000, // overwritten states noted; beyond it the partition is taken over anew
    HS_STAGE_QUEUES_MAX = 4096, // channels
};

// ---------------------------------------------------------------- ids that stand in queues already

// A set of ids. Zero-initialised is empty.
struct hs_id_set {
    struct hs_id *rows; // open addressing; an id of zeros is an empty place
    size_t count;
    size_t capacity; // a power of two, or 0
};

// ---------------------------------------------------------------- what is on its way

enum hs_outgoing_kind {
    HS_OUT_ALERT,           // to a dispatch queue
    HS_OUT_UNDELIVERED,     // to undelivered.<queue>
    HS_OUT_UNROUTED,        // to dispatch.unrouted
    HS_OUT_EVENT,           // own event, to anpr.hits
    HS_OUT_OBSERVATION,     // of cameras, to anpr.observations
    HS_OUT_TOOK_OVER,       // the first of them
    HS_OUT_STATE,           // a vehicle's, to anpr.vehicles
    HS_OUT_PARTITION_STATE, // behind them
    HS_OUT_ALARM,           // to dispatch.ops; nothing waits for it
    HS_OUT_TEST_READ,       // to anpr.reads; likewise
};

struct hs_part;
struct hs_channel;

// One message: kept until its end is known, an alert also to be sent again. One allocation with its
// texts.
struct hs_outgoing {
    struct hs_outgoing *next; // in its channel's list of those to be sent again
    struct hs_part *part;     // whose source it follows from; NULL: nobody waits for it (any more)
    struct hs_channel *channel; // of an alert
    enum hs_outgoing_kind kind;
    unsigned generation; // of the part's alerts: before or after the running checkpoint's boundary
    struct hs_id id;     // of an alert
    int64_t first_tried_at_ms;    // boot time
    int64_t first_tried_wall_ms;  // by the brokers' clock
    int64_t event_appended_at_ms; // LogAppendTime of the event that caused it; 0: none
    bool covert;                  // counted with all covert ones
    bool test;                    // of a test read: not counted
    int64_t event_at_ms;          // of an alert: event time of its cause
    struct hs_str key;
    struct hs_str value;
    size_t header_count;
    struct hs_kafka_header headers[];
};

// ---------------------------------------------------------------- queues

// A queue's way out.
struct hs_channel {
    struct hs_channel *next;
    char *queue;            // name
    char *topic_name;       // dispatch.<queue>
    char *undelivered_name; // undelivered.<queue>
    int topic;              // the producer's number; -1: not known yet
    int undelivered_topic;  // likewise
    int64_t undelivered_after_ms;
    size_t in_flight;          // alerts on their way
    struct hs_outgoing *retry; // to be sent again, oldest first
    struct hs_outgoing **retry_end;
    size_t retry_count;
    bool read_back;           // some of them may stand in the topic
    int64_t next_try_at_ms;   // boot time
    int64_t next_ask_at_ms;   // boot time: when to look for its topics again
    bool read_since_takeover; // read back since the running assignment
    bool aside;               // could not be read back at the takeover: its alerts wait for that
    int64_t aside_from_ms;    // wall clock: since when it is to be read back then
    bool told_ops;            // that it does not take alerts; again after it did
    uint64_t refused;         // deliveries since it took one
    struct hs_metric *alerts; // open ones told
};

// ---------------------------------------------------------------- partitions

enum hs_part_state {
    HS_PART_NEW,     // to be taken over
    HS_PART_RUNNING, // events are applied
    HS_PART_HELD,    // paused at resume_offset: controls are not known yet, or the lease is over
    HS_PART_FAILED,  // something was not delivered: begins anew when all its deliveries have ended
    HS_PART_LOST,    // another took over
};

enum hs_checkpoint_state {
    HS_CHECKPOINT_NONE,
    HS_CHECKPOINT_ALERTS,    // waits for what came before the boundary
    HS_CHECKPOINT_STATES,    // vehicles' states are on their way
    HS_CHECKPOINT_PARTITION, // the partition's is
};

// A checkpoint under way.
struct hs_checkpoint {
    enum hs_checkpoint_state state;
    struct hs_outgoing **records; // packed, in order; the last is the partition's state
    size_t count;
    size_t capacity;
    size_t produced;     // handed to the producer
    size_t pending;      // of these, not acknowledged
    int64_t next_offset; // what may be committed when it stands
    int64_t begun_at_ms; // boot time
    bool failed;         // memory ran out while packing
};

struct hs_part {
    struct hs_correlate_stage *stage;
    int32_t number;
    enum hs_part_state state;
    struct hs_correlator *correlator; // NULL until taken over
    uint64_t epoch;                   // offset of our 'took over'
    bool took_over;                   // it is acknowledged
    bool caught_up;                   // it was read back: what follows is new
    bool stopped;                     // of a failed one: it is paused, and waits for its messages
    int64_t resume_offset;            // where a held partition goes on
    int64_t retry_at_ms;              // boot time: not taken over before
    int64_t controls_asked_at_ms;     // boot time
    char appended_controls[HS_CONTROLS_HASH_BYTES]; // last 'controls activated' that we appended
    size_t pending[2];     // alerts and own events not acknowledged, by generation
    unsigned generation;   // of what is produced now
    size_t states_pending; // of a checkpoint, told or not
    struct hs_checkpoint checkpoint;
    int64_t checkpointed_at_ms;           // boot time of the last one's end
    int64_t commit_offset;                // what may be committed; -1: nothing
    int64_t event_appended_at_ms;         // LogAppendTime of the event being applied
    struct hs_withdrawn *withdrawn;       // owned
    struct hs_camera_found *camera_found; // owned
    struct hs_correlator_stats reported;  // what metrics have had of its statistics
};

// ---------------------------------------------------------------- the stage

// What other threads look at.
struct hs_correlate_shared {
    pthread_mutex_t lock;
    struct hs_correlate_status status; // under lock
};

struct hs_stage_metrics;
struct hs_follower;
struct hs_test_alerts;
struct hs_withdrawn;
struct hs_camera_found;
struct hs_exclusions;
struct hs_keeper;

struct hs_correlate_stage {
    struct hs_correlate_stage_config config;
    struct hs_correlate_shared shared;
    struct hs_thread thread;
    struct hs_kafka_consumer *consumer;
    struct hs_kafka_producer *producer;
    struct hs_kafka_tail *tail;
    struct hs_follower *follower;
    struct hs_test_alerts *tests;
    struct hs_exclusions *exclusions; // NULL: they are not written from here
    bool ask_exclusions;              // a partition was taken over: what is pending there?
    int hits_topic;                   // the producer's numbers; -1: not known yet
    struct hs_keeper *keeper;         // NULL: no local copies
    int vehicles_topic;
    int unrouted_topic;
    int observations_topic;                   // -1: not known, nobody gathers
    bool topics_known;                        // of all queues of the head
    char topics_hash[HS_CONTROLS_HASH_BYTES]; // controls whose queues were looked for
    int64_t topics_asked_at_ms;               // boot time
    struct hs_channel *channels;              // one a queue, in order of first use
    size_t channel_count;
    struct hs_part **parts; // assigned
    size_t part_count;
    struct hs_id_set stood;         // ids that stand in queues since the last takeover
    struct hs_broker_clock brokers; // by what they stamped: hs_stage_wall_ms()
    int64_t read_back_from_ms;      // wall clock: since when queues were read back
    bool unrouted_read;             // 'unrouted' was, since the assignment
    size_t in_flight;               // messages whose end is not known
    int64_t lease_from_ms; // boot time at which the last acknowledged commit was sent; 0: none
    bool commit_on_its_way;
    int64_t commit_sent_at_ms;   // boot time
    int64_t unrouted_since_told; // alerts without a route that ops was not told of
    int64_t unrouted_told_at_ms; // boot time
    uint64_t covert_unrouted_unlogged;
    int64_t reported_at_ms;                  // boot time
    char trouble[HS_CORRELATE_REASON_BYTES]; // what the client library said last
    struct hs_stage_metrics *metrics;
    int ops_topic; // of alarms
    // An alert that its queue did not take: the channel's business. Takes it.
    void (*refused)(struct hs_correlate_stage *stage, struct hs_outgoing *outgoing,
                    const struct hs_kafka_delivery *delivery);
    void (*took)(struct hs_channel *channel); // the queue took one
};

// Proof of life for the watchdog: from every loop that may last.
static inline void hs_stage_beat(struct hs_correlate_stage *stage)
{
    hs_thread_beat(&stage->thread);
}

// The time by the brokers' clock, which alone may be compared with what they stamped.
static inline int64_t hs_stage_wall_ms(const struct hs_correlate_stage *stage)
{
    return hs_broker_clock_ms(&stage->brokers, hs_clock_boottime_ms(), hs_clock_realtime_ms());
}

static inline bool hs_stage_stopping(const struct hs_correlate_stage *stage)
{
    return hs_thread_stopping(&stage->thread);
}

// Nothing is published from when a message could outlive the lease.
static inline bool hs_stage_may_publish(const struct hs_correlate_stage *stage)
{
    const struct hs_settings *settings = stage->config.settings;
    return stage->lease_from_ms > 0 &&
           hs_clock_boottime_ms() + settings->kafka_message_timeout_ms <=
               stage->lease_from_ms + settings->kafka_lease_ms;
}

#endif
