// SPDX-License-Identifier: Apache-2.0
// What befalls a topic: it goes, nobody leads it, nobody may use it, it takes only little, its offsets
// are not those that were committed.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "faults.h"
#include "kafka/client.h"
#include "support/kafka_admin.h"
#include "support/kafka_util.h"

#define DELETED      "dispatch.north-control"
#define QUEUE_TOPIC  "dispatch." FAULTS_QUEUE
#define TINY_BYTES   "300" // no alert fits
#define APPEND_TIMES "message.timestamp.type", "LogAppendTime"

enum { IN_FLIGHT_MS = 1500, AWAY = 1000000, STOP_MS = 30000, FOUND_MS = 30000 };

// Nothing is told while it is read for the last time: the daemons stand still, and what they had
// sent has been written. What had no answer by then may be told again, for it cannot be looked up any
// more.
void topic_delete(struct ground *ground)
{
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        hs_process_signal(&ground->world.instances[i].process, SIGSTOP);
    }
    hs_test_pause_ms(IN_FLIGHT_MS);
    world_keep(&ground->world, DELETED);
    int r = hs_test_topic_delete(ground->world.bootstrap, DELETED);
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        hs_process_signal(&ground->world.instances[i].process, SIGCONT);
    }
    assert_int_equal(r, 0);
}

void topic_again(struct ground *ground)
{
    WORLD_HITCTL(&ground->world, "topics", "create");
}

// ---- nobody leads it ----

// It is kept once, so that nobody else can lead it.
void topic_prepare_alone(struct ground *ground)
{
    static const char *const config[] = {APPEND_TIMES, "min.insync.replicas", "1", NULL};
    assert_int_equal(hs_test_topic_delete(ground->world.bootstrap, QUEUE_TOPIC), 0);
    assert_int_equal(hs_test_topic_create(ground->world.bootstrap, QUEUE_TOPIC, 1, config), 0);
}

// And somebody has to take over meanwhile, who cannot read there what was told.
void topic_offline(struct ground *ground)
{
    ground->broker = cluster_leader(&ground->cluster, QUEUE_TOPIC, 0);
    hs_broker_kill(ground->broker);
    daemon_kill(ground);
    world_start(&ground->world, ground->daemon, NULL);
}

void topic_online(struct ground *ground)
{
    ground_await_log(ground, "queue '" FAULTS_QUEUE "': what was told to it cannot be read back",
                     FOUND_MS);
    broker_again(ground);
}

// ---- nobody may use it ----

void right_to_tell_take(struct ground *ground)
{
    assert_int_equal(
        hs_test_topic_deny(ground->world.bootstrap, QUEUE_TOPIC, CLUSTER_DAEMONS, "write"), 0);
}

void right_to_tell_give(struct ground *ground)
{
    ground_await_log(ground,
                     "queue '" FAULTS_QUEUE
                     "' did not take an alert: Broker: Topic authorization failed",
                     FOUND_MS);
    assert_int_equal(hs_test_topic_allow(ground->world.bootstrap, QUEUE_TOPIC), 0);
}

void right_to_record_take(struct ground *ground)
{
    assert_int_equal(
        hs_test_topic_deny(ground->world.bootstrap, HS_KAFKA_HITS, CLUSTER_DAEMONS, "write"), 0);
}

void right_to_record_give(struct ground *ground)
{
    ground_await_log(ground, "Topic authorization failed", FOUND_MS);
    assert_int_equal(hs_test_topic_allow(ground->world.bootstrap, HS_KAFKA_HITS), 0);
}

void right_to_read_take(struct ground *ground)
{
    assert_int_equal(
        hs_test_topic_deny(ground->world.bootstrap, HS_KAFKA_READS, CLUSTER_DAEMONS, "read"), 0);
}

void right_to_read_give(struct ground *ground)
{
    ground_await_log(ground, HS_KAFKA_READS, FOUND_MS);
    ground_await_log(ground, "Topic authorization failed", FOUND_MS);
    assert_int_equal(hs_test_topic_allow(ground->world.bootstrap, HS_KAFKA_READS), 0);
}

// ---- it takes only little ----

void topic_shrink(struct ground *ground)
{
    static const char *const config[] = {APPEND_TIMES, "max.message.bytes", TINY_BYTES, NULL};
    assert_int_equal(hs_test_topic_configure(ground->world.bootstrap, QUEUE_TOPIC, config), 0);
}

void topic_widen(struct ground *ground)
{
    static const char *const config[] = {APPEND_TIMES, NULL};
    ground_await_log(
        ground, "queue '" FAULTS_QUEUE "' did not take an alert: Broker: Message size too large",
        FOUND_MS);
    assert_int_equal(hs_test_topic_configure(ground->world.bootstrap, QUEUE_TOPIC, config), 0);
}

// ---- offsets ----

static void stop_daemons(struct ground *ground)
{
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        assert_int_equal(hs_process_stop(&ground->world.instances[i].process, STOP_MS), 0);
    }
}

static int64_t committed(struct ground *ground, int32_t partition)
{
    int64_t offset = -1;
    assert_int_equal(hs_test_committed(ground->world.bootstrap, HS_KAFKA_GROUP_MATCH,
                                       HS_KAFKA_READS, partition, &offset),
                     0);
    return offset;
}

static void commit(struct ground *ground, int64_t offset)
{
    assert_int_equal(hs_test_commit(ground->world.bootstrap, HS_KAFKA_GROUP_MATCH, HS_KAFKA_READS,
                                    ground->partition, offset),
                     0);
}

// One partition of the reads: its log was never so long.
void offset_lose(struct ground *ground)
{
    ground->partition = (int32_t)ground_dice(ground, WORLD_PARTITIONS);
    stop_daemons(ground);
    ground->offset = committed(ground, ground->partition);
    commit(ground, ground->offset + AWAY);
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        world_start(&ground->world, i, NULL);
    }
}

// The others are read on; what came in this one is read when it is put right.
void offset_find(struct ground *ground)
{
    int32_t other = (ground->partition + 1) % WORLD_PARTITIONS;
    int64_t before = committed(ground, other), until_ms = hs_clock_boottime_ms() + FOUND_MS;
    ground_await_log(ground, "is put aside", FOUND_MS);
    while (committed(ground, other) <= before) {
        assert_true(hs_clock_boottime_ms() < until_ms);
        hs_test_pause_ms(100);
    }
    assert_int_equal(committed(ground, ground->partition), ground->offset + AWAY);
    stop_daemons(ground);
    commit(ground, ground->offset);
    daemons_again(ground);
}
