// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "faults.h"
#include "kafka/client.h"

enum { SLOW_KBIT_S = 4000, LOST_PCT = 3, FILL_MS = 500, END_MS = 40000 };

// The leader of one of the partitions of hits.
static struct hs_broker *choose(struct ground *ground)
{
    int32_t partition = (int32_t)ground_dice(ground, WORLD_PARTITIONS);
    ground->broker = cluster_leader(&ground->cluster, HS_KAFKA_HITS, partition);
    return ground->broker;
}

void broker_kill(struct ground *ground)
{
    hs_broker_kill(choose(ground));
}

void broker_stop(struct ground *ground)
{
    hs_broker_stop(choose(ground));
}

void broker_again(struct ground *ground)
{
    assert_int_equal(hs_broker_again(ground->broker), 0);
}

void broker_freeze(struct ground *ground)
{
    hs_broker_freeze(choose(ground));
}

void broker_thaw(struct ground *ground)
{
    hs_broker_thaw(ground->broker);
}

void brokers_kill_two(struct ground *ground)
{
    size_t spared = ground_dice(ground, CLUSTER_BROKERS);
    for (size_t i = 0; i < CLUSTER_BROKERS; i++) {
        if (i != spared) {
            hs_broker_kill(&ground->cluster.brokers[i]);
        }
    }
}

// All that do not run: together, for one alone has no quorum to answer with.
void brokers_again(struct ground *ground)
{
    for (size_t i = 0; i < CLUSTER_BROKERS; i++) {
        struct hs_broker *broker = &ground->cluster.brokers[i];
        if (!hs_process_running(&broker->process)) {
            assert_int_equal(hs_broker_launch(broker), 0);
        }
    }
    for (size_t i = 0; i < CLUSTER_BROKERS; i++) {
        assert_int_equal(hs_broker_await(&ground->cluster.brokers[i]), 0);
    }
}

// A daemon is ended cleanly while a broker does not answer what it was told.
void broker_freeze_and_daemon_end(struct ground *ground)
{
    broker_freeze(ground);
    ground->daemon = ground_dice(ground, WORLD_INSTANCES);
    hs_test_pause_ms(FILL_MS);
    hs_process_signal(&ground->world.instances[ground->daemon].process, SIGTERM);
}

void broker_thaw_and_daemon_again(struct ground *ground)
{
    struct hs_process *process = &ground->world.instances[ground->daemon].process;
    broker_thaw(ground);
    assert_int_equal(hs_process_wait(process, END_MS, NULL), 0);
    daemon_again(ground);
}

// ---- links ----

static enum network_host choose_daemon(struct ground *ground)
{
    ground->daemon = ground_dice(ground, WORLD_INSTANCES);
    return ground_daemon_host(ground->daemon);
}

void daemon_cut_from_one(struct ground *ground)
{
    enum network_host daemon = choose_daemon(ground);
    network_cut(daemon, ground_broker_host(ground, choose(ground)));
}

void daemon_cut_from_all(struct ground *ground)
{
    enum network_host daemon = choose_daemon(ground);
    for (size_t i = 0; i < CLUSTER_BROKERS; i++) {
        network_cut(daemon, ground_broker_host(ground, &ground->cluster.brokers[i]));
    }
}

void daemon_isolate(struct ground *ground)
{
    network_isolate(choose_daemon(ground));
}

void daemon_slow_link(struct ground *ground)
{
    network_slow(choose_daemon(ground), SLOW_KBIT_S, LOST_PCT);
}

void links_mend(struct ground *ground)
{
    (void)ground;
    network_mend();
}
