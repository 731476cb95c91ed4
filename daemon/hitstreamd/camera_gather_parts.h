// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_CAMERA_GATHER_PARTS_H
#define HITSTREAMD_CAMERA_GATHER_PARTS_H
/*
 * What camera_gather.c (life, thread, group) and camera_checkpoint.c (what is written to
 * anpr.cameras, and restored from it) share. Private to them.
 *
 * Threads: the gatherer's, but for what is marked.
 */

#include "cameras/gather.h"
#include "hitstreamd/camera_gather.h"
#include "hitstreamd/thread.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "kafka/tail.h"

struct hs_camera_gather {
    struct hs_camera_gather_config config;
    struct hs_thread thread;
    struct hs_kafka_producer *producer;
    struct hs_kafka_consumer *consumer; // NULL: not in the group
    struct hs_kafka_tail *tail;         // reads the memory
    int topic;                          // anpr.cameras; -1: not known yet
    struct hs_gather *core;             // NULL: this instance does not gather
    bool assigned;                      // its partition is to be restored
    bool failed;                        // a delivery did: restored anew
    int64_t next_offset;                // of anpr.observations
    int64_t checkpoint_offset;          // what the last manifest says; -1: none
    uint64_t generation;                // of the next memory
    int64_t checkpoint_at_ms;           // boot time, next
    struct hs_buf packed, memory;       // scratch
    pthread_mutex_t lock;
    struct hs_camera_gather_status status; // under lock
    struct hs_metric *observations;
    struct hs_metric *malformed;
    struct hs_metric *findings;
    struct hs_metric *cameras;
    struct hs_metric *cameras_limit;
    struct hs_metric *dropped;
    uint64_t dropped_before; // in the metric already
};

// What is wrong, for the status; "" when all is well.
void hs_camera_gather_say(struct hs_camera_gather *gather, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Restores the memory and goes on where it ends. What fails is said, and done again in the next
// round.
void hs_camera_gather_take_over(struct hs_camera_gather *gather);
// Writes the memory, when there is anything new. HS_EIO: something was not delivered.
int hs_camera_gather_checkpoint(struct hs_camera_gather *gather);
// The producer's callback; `ctx` is the gatherer.
void hs_camera_gather_delivered(void *ctx, const struct hs_kafka_delivery *delivery);

#endif
