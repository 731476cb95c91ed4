// SPDX-License-Identifier: Apache-2.0
#include "cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "support/kafka_admin.h"

enum {
    KAFKA_PORT = 9092,
    CONTROLLER_PORT = 9093,
    NAMED_PORT = 9094,
    REDIS_PORT = 6379,
    SENTINEL_PORT = 26379,
    BROKERS_MS = 120000
};

#define DAEMONS          CLUSTER_DAEMONS
#define DAEMONS_PASSWORD "of-the-daemons"

// Failures are noticed within 2 to 3 s, so that a test need not wait for the usual 9 to 30.
static const char *const broker_properties[] = {
    "default.replication.factor=3",
    "min.insync.replicas=2",
    "offsets.topic.replication.factor=3",
    "transaction.state.log.replication.factor=3",
    "transaction.state.log.min.isr=2",
    "replica.lag.time.max.ms=3000",
    "replica.fetch.wait.max.ms=50",
    "controller.quorum.fetch.timeout.ms=2000",
    "controller.quorum.election.timeout.ms=1000",
    "unclean.leader.election.enable=false",
    "controlled.shutdown.retry.backoff.ms=500",
    "num.replica.fetchers=1",
    "num.recovery.threads.per.data.dir=1",
    // Brokers and the test come without a name and may do everything; daemons and hitctl come by a
    // listener of their own and as DAEMONS, who may do what nobody has said anything about.
    "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found=true",
    "super.users=User:ANONYMOUS",
    "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,NAMED:SASL_PLAINTEXT",
    "sasl.enabled.mechanisms=PLAIN",
    "listener.name.named.plain.sasl.jaas.config="
    "org.apache.kafka.common.security.plain.PlainLoginModule required "
    "user_" DAEMONS "=\"" DAEMONS_PASSWORD "\";",
};
enum { COMMON_PROPERTIES = sizeof(broker_properties) / sizeof(broker_properties[0]) };

static void put_network(char out[HS_TEST_PATH_BYTES], enum network_host host)
{
    const char *path = network_path(host);
    snprintf(out, HS_TEST_PATH_BYTES, "%s", path ? path : "");
}

// Its properties, with the listener for daemons; and where they find it.
static void name_listeners(struct cluster *cluster, unsigned number)
{
    struct hs_broker *broker = &cluster->brokers[number];
    unsigned named = network_port(NAMED_PORT);
    const char **properties = cluster->properties[number];
    size_t len = strlen(cluster->daemons_bootstrap);
    for (size_t i = 0; i < COMMON_PROPERTIES; i++) {
        properties[i] = broker_properties[i];
    }
    snprintf(cluster->listeners[number], sizeof(cluster->listeners[number]),
             "listeners=PLAINTEXT://%s:%u,CONTROLLER://%s:%u,NAMED://%s:%u", broker->address,
             (unsigned)broker->port, broker->address, (unsigned)broker->controller_port,
             broker->address, named);
    snprintf(cluster->advertised[number], sizeof(cluster->advertised[number]),
             "advertised.listeners=PLAINTEXT://%s:%u,NAMED://%s:%u", broker->address,
             (unsigned)broker->port, broker->address, named);
    properties[COMMON_PROPERTIES] = cluster->listeners[number];
    properties[COMMON_PROPERTIES + 1] = cluster->advertised[number];
    properties[COMMON_PROPERTIES + 2] = NULL;
    broker->properties = properties;
    snprintf(cluster->daemons_bootstrap + len, sizeof(cluster->daemons_bootstrap) - len, "%s%s:%u",
             number ? "," : "", broker->address, named);
}

// How daemons and hitctl say who they are.
static void write_password(struct cluster *cluster)
{
    char path[HS_TEST_PATH_BYTES + 16];
    snprintf(path, sizeof(path), "%s/daemons", cluster->brokers[0].folder);
    assert_int_equal(hs_test_file_write(path, DAEMONS_PASSWORD "\n"), 0);
    snprintf(cluster->kafka_settings, sizeof(cluster->kafka_settings),
             "  sasl_password_file: %s\n  properties:\n    security.protocol: sasl_plaintext\n"
             "    sasl.mechanism: PLAIN\n    sasl.username: " DAEMONS "\n",
             path);
}

static void start_brokers(struct cluster *cluster)
{
    char voters[128] = "";
    for (unsigned i = 0; i < CLUSTER_BROKERS; i++) {
        struct hs_broker *broker = &cluster->brokers[i];
        enum network_host host = HOST_KAFKA_1 + i;
        *broker = (struct hs_broker){.node = i + 1};
        broker->port = network_port(KAFKA_PORT);
        broker->controller_port = network_port(CONTROLLER_PORT);
        snprintf(broker->address, sizeof(broker->address), "%s", network_address(host));
        put_network(broker->network, host);
        snprintf(voters + strlen(voters), sizeof(voters) - strlen(voters), "%s%u@%s:%u",
                 i ? "," : "", i + 1, broker->address, (unsigned)broker->controller_port);
        size_t len = strlen(cluster->bootstrap);
        snprintf(cluster->bootstrap + len, sizeof(cluster->bootstrap) - len, "%s%s:%u",
                 i ? "," : "", broker->address, (unsigned)broker->port);
        name_listeners(cluster, i);
    }
    for (unsigned i = 0; i < CLUSTER_BROKERS; i++) {
        struct hs_broker *broker = &cluster->brokers[i];
        snprintf(broker->voters, sizeof(broker->voters), "%s", voters);
        assert_int_equal(hs_broker_make(broker), 0);
        assert_int_equal(hs_broker_launch(broker), 0);
    }
    write_password(cluster);
}

// Words for redis-server: as primary, or as replica of the one that is.
static void set_role(struct cluster *cluster, size_t number, const char *host, unsigned port)
{
    const char **words = cluster->options[number];
    words[0] = "--protected-mode";
    words[1] = "no";
    words[2] = "--repl-diskless-sync-delay";
    words[3] = "0";
    words[4] = host ? "--replicaof" : NULL;
    words[5] = cluster->primary_host;
    words[6] = cluster->primary_port;
    words[7] = NULL;
    if (host) {
        snprintf(cluster->primary_host, sizeof(cluster->primary_host), "%s", host);
        snprintf(cluster->primary_port, sizeof(cluster->primary_port), "%u", port);
    }
    cluster->redises[number].options = words;
}

static void start_redises(struct cluster *cluster)
{
    const struct hs_redis_server *primary = &cluster->redises[0];
    for (unsigned i = 0; i < CLUSTER_REDISES; i++) {
        struct hs_redis_server *redis = &cluster->redises[i];
        redis->port = network_port(REDIS_PORT);
        snprintf(redis->address, sizeof(redis->address), "%s", network_address(HOST_REDIS_1 + i));
        put_network(redis->network, HOST_REDIS_1 + i);
        set_role(cluster, i, i == 0 ? NULL : primary->address, primary->port);
        assert_int_equal(hs_redis_server_start_at(redis), 0);
    }
}

void cluster_redis_again(struct cluster *cluster, struct hs_redis_server *redis)
{
    const struct hs_redis_server *primary = cluster_primary(cluster);
    set_role(cluster, (size_t)(redis - cluster->redises),
             primary == redis ? NULL : primary->address, primary->port);
    assert_int_equal(hs_redis_server_again(redis), 0);
}

static void start_sentinels(struct cluster *cluster)
{
    char text[256] = "";
    for (unsigned i = 0; i < CLUSTER_SENTINELS; i++) {
        struct hs_redis_sentinel *sentinel = &cluster->sentinels[i];
        sentinel->port = network_port(SENTINEL_PORT);
        snprintf(sentinel->address, sizeof(sentinel->address), "%s",
                 network_address(HOST_REDIS_1 + i));
        put_network(sentinel->network, HOST_REDIS_1 + i);
        assert_int_equal(
            hs_redis_sentinel_start(sentinel, &cluster->redises[0], 2, CLUSTER_DOWN_AFTER_MS), 0);
        size_t len = strlen(text);
        snprintf(text + len, sizeof(text) - len, "%s%s:%u", i ? "," : "", sentinel->address,
                 (unsigned)sentinel->port);
    }
    snprintf(cluster->redis_settings, sizeof(cluster->redis_settings),
             "  sentinels: %s\n  command_timeout_ms: 2000\n", text);
}

// All brokers are known to each, so that replicas can be placed.
static void await_brokers(struct cluster *cluster)
{
    for (unsigned i = 0; i < CLUSTER_BROKERS; i++) {
        assert_int_equal(hs_broker_await(&cluster->brokers[i]), 0);
    }
    assert_int_equal(hs_test_brokers_await(cluster->bootstrap, CLUSTER_BROKERS, BROKERS_MS), 0);
}

void cluster_open(struct cluster *cluster)
{
    memset(cluster, 0, sizeof(*cluster));
    start_brokers(cluster);
    start_redises(cluster);
    start_sentinels(cluster);
    await_brokers(cluster);
}

void cluster_close(struct cluster *cluster)
{
    for (unsigned i = 0; i < CLUSTER_SENTINELS; i++) {
        hs_redis_sentinel_fini(&cluster->sentinels[i]);
    }
    for (unsigned i = 0; i < CLUSTER_REDISES; i++) {
        hs_redis_server_fini(&cluster->redises[i]);
    }
    for (unsigned i = 0; i < CLUSTER_BROKERS; i++) {
        hs_broker_fini(&cluster->brokers[i]);
    }
}

struct hs_redis_server *cluster_primary(struct cluster *cluster)
{
    char named[64], place[64];
    assert_int_equal(hs_redis_sentinel_primary(&cluster->sentinels[2], named), 0);
    for (unsigned i = 0; i < CLUSTER_REDISES; i++) {
        snprintf(place, sizeof(place), "%s:%u", cluster->redises[i].address,
                 (unsigned)cluster->redises[i].port);
        if (strcmp(place, named) == 0) {
            return &cluster->redises[i];
        }
    }
    fail_msg("Sentinel names '%s'", named);
    return NULL;
}

struct hs_broker *cluster_leader(struct cluster *cluster, const char *topic, int32_t partition)
{
    int32_t id = 0;
    assert_int_equal(hs_test_leader(cluster->bootstrap, topic, partition, &id), 0);
    assert_true(id >= 1 && id <= CLUSTER_BROKERS);
    return &cluster->brokers[id - 1];
}
