// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "faults.h"

enum { STOP_MS = 30000 };

static struct hs_process *process_of(struct ground *ground, size_t daemon)
{
    return &ground->world.instances[daemon].process;
}

static struct hs_process *choose(struct ground *ground)
{
    ground->daemon = ground_dice(ground, WORLD_INSTANCES);
    return process_of(ground, ground->daemon);
}

void daemon_kill(struct ground *ground)
{
    hs_process_kill(choose(ground));
}

void daemon_stop(struct ground *ground)
{
    assert_int_equal(hs_process_stop(choose(ground), STOP_MS), 0);
}

void daemon_again(struct ground *ground)
{
    ground_start_daemon(ground, ground->daemon);
}

void daemon_freeze(struct ground *ground)
{
    hs_process_signal(choose(ground), SIGSTOP);
}

void daemon_thaw(struct ground *ground)
{
    hs_process_signal(process_of(ground, ground->daemon), SIGCONT);
}

void daemons_kill(struct ground *ground)
{
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        hs_process_kill(process_of(ground, i));
    }
}

void daemons_again(struct ground *ground)
{
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        ground_start_daemon(ground, i);
    }
}

void everything_down(struct ground *ground)
{
    struct cluster *cluster = &ground->cluster;
    daemons_kill(ground);
    for (size_t i = 0; i < CLUSTER_BROKERS; i++) {
        hs_broker_kill(&cluster->brokers[i]);
    }
    for (size_t i = 0; i < CLUSTER_REDISES; i++) {
        assert_int_equal(hs_redis_server_save(&cluster->redises[i]), 0);
        hs_redis_server_kill(&cluster->redises[i]);
    }
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        world_start(&ground->world, i, NULL);
    }
}

void everything_up(struct ground *ground)
{
    struct cluster *cluster = &ground->cluster;
    for (size_t i = 0; i < CLUSTER_REDISES; i++) {
        cluster_redis_again(cluster, &cluster->redises[i]);
    }
    brokers_again(ground);
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        assert_true(hs_process_running(process_of(ground, i)));
    }
}
