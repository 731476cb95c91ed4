// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_FAULTS_CLUSTER_H
#define HS_TEST_FAULTS_CLUSTER_H
/*
 * What hitstream stands on, each on a host of its own: three Kafka brokers (every one a controller
 * too; topics are kept three times and a write needs two), a Redis with a replica, three Sentinels.
 *
 * Threads: one. cluster_close() stops all and removes it; legal on a zeroed struct.
 */

#include "network.h"
#include "support/broker.h"
#include "support/redis_sentinel.h"

enum {
    CLUSTER_BROKERS = 3,
    CLUSTER_REDISES = 2,
    CLUSTER_SENTINELS = 3,
    CLUSTER_DOWN_AFTER_MS = 2000,
    CLUSTER_PROPERTIES_MAX = 28
};
#define CLUSTER_DAEMONS "hitstream" // the daemons' name at the brokers

struct cluster {
    struct hs_broker brokers[CLUSTER_BROKERS];
    struct hs_redis_server redises[CLUSTER_REDISES]; // the first begins as the primary
    struct hs_redis_sentinel sentinels[CLUSTER_SENTINELS];
    char primary_host[40], primary_port[8]; // words for the replica's options
    const char *options[CLUSTER_REDISES][8];
    char bootstrap[128];                           // of all brokers, for the test
    char daemons_bootstrap[128];                   // the same for daemons and hitctl
    char kafka_settings[HS_TEST_PATH_BYTES + 256]; // lines of the group 'kafka' of hitstream.yaml
    char listeners[CLUSTER_BROKERS][160], advertised[CLUSTER_BROKERS][128]; // properties
    const char *properties[CLUSTER_BROKERS][CLUSTER_PROPERTIES_MAX];
    char redis_settings[512]; // lines of the group 'redis' of hitstream.yaml
};

// Starts all and waits until they answer. On failure what started is stopped.
void cluster_open(struct cluster *cluster);
void cluster_close(struct cluster *cluster);

// The Redis that Sentinel calls the primary now.
struct hs_redis_server *cluster_primary(struct cluster *cluster);
// Starts a Redis that does not run: as the primary if Sentinel calls it so, else as its replica.
void cluster_redis_again(struct cluster *cluster, struct hs_redis_server *redis);
// The broker that leads this partition now.
struct hs_broker *cluster_leader(struct cluster *cluster, const char *topic, int32_t partition);

#endif
