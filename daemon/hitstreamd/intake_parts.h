// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_INTAKE_PARTS_H
#define HITSTREAMD_INTAKE_PARTS_H
/*
 * The intake's inside: intake.c (life, thread, topics), intake_group.c (partitions, commits,
 * rewinding), intake_take.c (one message), intake_said.c (what is said of groups).
 *
 * Threads: the intake's, but for struct hs_intake_shared. Ownership: the intake owns its desks and
 * slots.
 */

#include "hitstreamd/intake.h"
#include "hitstreamd/intake_form.h"
#include "hitstreamd/intake_rate.h"
#include "hitstreamd/intake_said.h"
#include "hitstreamd/match_acks.h"
#include "hitstreamd/thread.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "kafka/tail.h"
#include "wire/header.h"

enum { HS_INTAKE_KINDS = 16 }; // room for the kinds of feedback

// A queue as the intake knows it; kept for the intake's life.
struct hs_desk {
    struct hs_desk *next;
    char *queue;                              // name
    char *topic;                              // feedback.<queue>
    bool wanted;                              // in the controls' head
    bool exists;                              // its topic was found
    int64_t per_minute;                       // messages that are taken, of each partition
    struct hs_metric *taken[HS_INTAKE_KINDS]; // by kind; open audiences only
};

// An assigned partition.
struct hs_intake_slot {
    struct hs_desk *desk;
    int32_t partition;
    struct hs_acks *acks; // owned
    bool started;         // a message of it was begun: before it nothing is known to commit
    struct hs_intake_rate rate;
    int64_t committed; // acknowledged by the group; -1: nothing of ours
    int64_t sent;      // on its way to be
};

// What other threads look at.
struct hs_intake_shared {
    pthread_mutex_t lock;
    struct hs_intake_status status; // under lock
};

struct hs_intake {
    struct hs_intake_config config;
    struct hs_intake_shared shared;
    struct hs_thread thread;
    struct hs_kafka_producer *producer;
    struct hs_kafka_tail *tail;
    struct hs_kafka_consumer *consumer; // NULL: nothing to subscribe to yet
    int hits_topic;                     // the producer's numbers; -1: not known yet
    int rejected_topic;
    struct hs_desk *desks;
    size_t desk_count;
    struct hs_controls *controls; // the head as last looked at, owned; NULL: not known yet
    int64_t topics_asked_at_ms;   // boot time
    bool topics_missing;          // some wanted desk has none
    uint32_t subscribed;          // topics
    struct hs_intake_said *said;  // what is said of groups, on its way to Redis
    uint64_t assignment;          // how often slots were forgotten: names the present ones
    struct hs_intake_slot *slots; // assigned
    size_t slot_count;
    bool failed; // a delivery did: everything is read again from what is acknowledged
    char failed_text[HS_INTAKE_REASON_BYTES];
    int64_t hold_until_ms; // boot time
    int64_t hold_ms;
    int64_t commit_at_ms; // boot time
    int64_t report_at_ms; // boot time
    uint64_t taken;
    uint64_t rejected;
    char trouble[HS_INTAKE_REASON_BYTES]; // what the client library or a broker said last
    struct hs_headers headers;            // scratch
    struct hs_buf why;                    // scratch
    struct hs_metric *covert_taken;
    struct hs_metric *test_taken;
    struct hs_metric *said_taken;
    struct hs_metric *rejected_by[HS_INTAKE_FAULTS];
    struct hs_metric *commits;
    struct hs_metric *commit_errors;
    struct hs_metric *rewinds;
    struct hs_metric *lag;
    struct hs_metric *topics;
    struct hs_metric *missing;
    struct hs_metric *rate_share;
};

// Proof of life for the watchdog: from every loop that may last.
static inline void hs_intake_beat(struct hs_intake *intake)
{
    hs_thread_beat(&intake->thread);
}

static inline bool hs_intake_stopping(const struct hs_intake *intake)
{
    return hs_thread_stopping(&intake->thread);
}

// Something was not written: reading begins again at what is acknowledged.
void hs_intake_fail(struct hs_intake *intake, const char *text);

// ---- intake_take.c ----

// One message: appended, or put aside. False ends the round: the intake failed, or is full.
bool hs_intake_take(void *ctx, const struct hs_kafka_message *message);
// Redis has what was said of groups: its offsets may be committed.
void hs_intake_said_step(struct hs_intake *intake);
// The producer's callback; `ctx` is the intake.
void hs_intake_delivered(void *ctx, const struct hs_kafka_delivery *delivery);

// ---- intake_group.c ----

// Joins with the desks' topics that exist, or subscribes to them. An enum hs_error.
int hs_intake_subscribe(struct hs_intake *intake);
struct hs_intake_slot *hs_intake_slot_of(struct hs_intake *intake,
                                         const struct hs_kafka_message *message);
// Some slot has no room for one more message.
bool hs_intake_full(const struct hs_intake *intake);
void hs_intake_commit_step(struct hs_intake *intake, int64_t boot_ms);
void hs_intake_rewind(struct hs_intake *intake, int64_t boot_ms);
uint64_t hs_intake_lag(struct hs_intake *intake);
void hs_intake_slots_forget(struct hs_intake *intake);

#endif
