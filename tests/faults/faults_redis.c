// SPDX-License-Identifier: Apache-2.0
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

enum {
    FAILOVER_MS = 60000,
    SLOW_KBIT_S = 64,
    LOST_PCT = 3,
    RESET_MS = 4000,
    RESET_EACH_MS = 20,
    LOAD_MS = 60000,
    ANCHOR_MS = 60000,
    REFUSED_MS = 30000,
    LOOK_MS = 200,
};

static struct hs_redis_server *choose(struct ground *ground)
{
    ground->redis = cluster_primary(&ground->cluster);
    return ground->redis;
}

static void await_failover(struct ground *ground)
{
    char old[64];
    snprintf(old, sizeof(old), "%s:%u", ground->redis->address, (unsigned)ground->redis->port);
    for (size_t i = 0; i < CLUSTER_SENTINELS; i++) {
        assert_int_equal(
            hs_redis_sentinel_await_other(&ground->cluster.sentinels[i], old, FAILOVER_MS), 0);
    }
}

void redis_kill(struct ground *ground)
{
    hs_redis_server_kill(choose(ground));
}

void redis_again(struct ground *ground)
{
    await_failover(ground);
    cluster_redis_again(&ground->cluster, ground->redis);
}

void redis_freeze(struct ground *ground)
{
    hs_process_signal(&choose(ground)->process, SIGSTOP);
}

void redis_thaw(struct ground *ground)
{
    await_failover(ground);
    hs_process_signal(&ground->redis->process, SIGCONT);
}

void redis_fail_over(struct ground *ground)
{
    choose(ground);
    assert_int_equal(hs_redis_sentinel_failover(&ground->cluster.sentinels[0]), 0);
    await_failover(ground);
}

// ---- what it holds ----

void redis_empty(struct ground *ground)
{
    assert_int_equal(hs_redis_server_save(choose(ground)), 0);
    assert_int_equal(hs_redis_server_ask(ground->redis, "FLUSHALL"), 0);
}

// Quicker than Sentinel notices: the primary with its copy, the replica with nothing.
void redis_restore(struct ground *ground)
{
    for (size_t i = 0; i < CLUSTER_REDISES; i++) {
        hs_redis_server_kill(&ground->cluster.redises[i]);
    }
    cluster_redis_again(&ground->cluster, ground->redis);
    for (size_t i = 0; i < CLUSTER_REDISES; i++) {
        if (&ground->cluster.redises[i] != ground->redis) {
            cluster_redis_again(&ground->cluster, &ground->cluster.redises[i]);
        }
    }
}

// Where the newest audit anchor stands in Kafka; -1: there is none.
static int64_t last_anchor(const struct ground *ground)
{
    struct hs_test_messages messages = {0};
    int64_t last = -1;
    assert_int_equal(
        hs_test_topic_read(ground->world.bootstrap, HS_KAFKA_CONTROLS, ANCHOR_MS, &messages), 0);
    for (size_t i = 0; i < messages.count; i++) {
        last = hs_str_is(messages.rows[i].key, "anchor") ? messages.rows[i].offset : last;
    }
    hs_test_messages_fini(&messages);
    return last;
}

// A backup that stands behind what the audit anchor has seen.
void redis_older(struct ground *ground)
{
    int64_t until_ms = hs_clock_boottime_ms() + ANCHOR_MS;
    assert_int_equal(hs_redis_server_save(choose(ground)), 0);
    int64_t anchor = last_anchor(ground);
    ground_change_a_list(ground);
    while (last_anchor(ground) == anchor) {
        assert_true(hs_clock_boottime_ms() < until_ms);
        hs_test_pause_ms(LOOK_MS);
    }
    redis_restore(ground);
}

// The anchor that a daemon says it misses.
static void missed_anchor(const struct world_instance *instance, char ret_id[64])
{
    static const char said[] = "redis is refused: it does not hold change '";
    int64_t until_ms = hs_clock_boottime_ms() + REFUSED_MS;
    for (bool found = false; !found;) {
        char *log = hs_test_file_read(instance->log), *last = NULL;
        for (char *at = log; at && (at = strstr(at, said)) != NULL; at++) {
            last = at;
        }
        found = last && sscanf(last + strlen(said), "%63[0-9-]", ret_id) == 1;
        free(log);
        if (!found) {
            assert_true(hs_clock_boottime_ms() < until_ms);
            hs_test_pause_ms(LOOK_MS);
        }
    }
}

void redis_confirm(struct ground *ground)
{
    char missed[WORLD_INSTANCES][64] = {""};
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        missed_anchor(&ground->world.instances[i], missed[i]);
        if (i == 0 || strcmp(missed[i], missed[0]) != 0) {
            WORLD_HITCTL(&ground->world, "confirm", missed[i]);
        }
    }
}

void redis_wrong_type(struct ground *ground)
{
    choose(ground);
    assert_int_equal(hs_redis_server_ask(ground->redis, "RENAME hs:lists test:lists"), 0);
    assert_int_equal(hs_redis_server_ask(ground->redis, "SET hs:lists text"), 0);
    // connections end, so that the lists are read again
    assert_int_equal(hs_redis_server_ask(ground->redis, "CLIENT KILL TYPE normal SKIPME yes"), 0);
}

void redis_right_type(struct ground *ground)
{
    assert_int_equal(hs_redis_server_ask(ground->redis, "RENAME test:lists hs:lists"), 0);
}

// ---- while a list is loaded ----

void redis_slow(struct ground *ground)
{
    struct hs_process hitctl;
    ground_start_load(ground, &hitctl);
    network_slow(ground_redis_host(ground, choose(ground)), SLOW_KBIT_S, LOST_PCT);
    hs_process_wait(&hitctl, LOAD_MS, NULL);
    hs_process_fini(&hitctl);
}

// Whether hitctl's own load survives is not the question: a load is one step, or nothing.
void redis_reset(struct ground *ground)
{
    struct hs_process hitctl;
    choose(ground);
    ground_start_load(ground, &hitctl);
    int64_t until_ms = hs_clock_boottime_ms() + RESET_MS;
    while (hs_clock_boottime_ms() < until_ms) {
        hs_redis_server_ask(ground->redis, "CLIENT KILL TYPE normal SKIPME yes");
        hs_test_pause_ms(RESET_EACH_MS);
    }
    hs_process_wait(&hitctl, LOAD_MS, NULL);
    hs_process_fini(&hitctl);
}
