// SPDX-License-Identifier: Apache-2.0
// Ends of partitions while their leaders move: whoever leads now is asked, however long ago the
// other one was found. On the client library's own two made-up brokers.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "base/clock.h"
#include "kafka/tail.h"

#define TOPIC "states"

enum { WAIT_MS = 20000, OLD_LEADER = 1, NEW_LEADER = 2 };

static rd_kafka_t *owner; // of the brokers; a client that is used for nothing else
static rd_kafka_mock_cluster_t *cluster;
static struct hs_settings settings;
static struct hs_kafka_tail *tail;

static int setup(void **state)
{
    (void)state;
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(rd_kafka_conf_set(conf, "client.id", "owner", why, sizeof(why)), 0);
    owner = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    assert_non_null(owner);
    cluster = rd_kafka_mock_cluster_new(owner, 2);
    assert_non_null(cluster);
    assert_int_equal(rd_kafka_mock_topic_create(cluster, TOPIC, 1, 2), 0);
    assert_int_equal(rd_kafka_mock_partition_set_leader(cluster, TOPIC, 0, OLD_LEADER), 0);
    settings = (struct hs_settings){
        .instance_id = "test",
        .kafka_bootstrap = rd_kafka_mock_cluster_bootstraps(cluster),
        .kafka_sasl_password_file = "",
        .kafka_ssl_key_password_file = "",
        .kafka_session_timeout_ms = 6000,
        .kafka_lease_ms = 4500,
        .kafka_message_timeout_ms = 3000,
    };
    return hs_kafka_tail_new(&settings, NULL, &tail);
}

static int teardown(void **state)
{
    (void)state;
    hs_kafka_tail_free(tail);
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(owner);
    return 0;
}

static bool on_message(void *ctx, const struct hs_kafka_message *message)
{
    (void)ctx;
    (void)message;
    return true;
}

// Reads the topic, in which nothing stands, to its end.
static int read_all(int64_t timeout_ms)
{
    const struct hs_kafka_range range = {.topic = TOPIC, .partition = 0, .from_time_ms = -1};
    const struct hs_kafka_tail_options options = {.timeout_ms = timeout_ms};
    return hs_kafka_tail_read(tail, &range, 1, &options, on_message, NULL);
}

static void move_leader(void)
{
    assert_int_equal(rd_kafka_mock_partition_set_leader(cluster, TOPIC, 0, NEW_LEADER), 0);
}

static void a_leader_that_leads_no_longer_is_not_asked_for_long(void **state)
{
    (void)state;
    int64_t low, high;
    assert_int_equal(read_all(WAIT_MS), 0);
    move_leader();
    assert_int_equal(read_all(WAIT_MS), 0);
    assert_int_equal(rd_kafka_mock_partition_set_leader(cluster, TOPIC, 0, OLD_LEADER), 0);
    assert_int_equal(hs_kafka_tail_ends(tail, TOPIC, 0, WAIT_MS, &low, &high), 0);
    assert_int_equal(high, 0);
}

static void a_leader_that_is_gone_is_not_asked_for_long(void **state)
{
    (void)state;
    int64_t low, high;
    assert_int_equal(read_all(WAIT_MS), 0);
    move_leader();
    assert_int_equal(rd_kafka_mock_broker_set_down(cluster, OLD_LEADER), 0);
    assert_int_equal(hs_kafka_tail_ends(tail, TOPIC, 0, WAIT_MS, &low, &high), 0);
    assert_int_equal(high, 0);
}

static void a_read_goes_on_at_the_new_leader_when_the_old_one_is_gone(void **state)
{
    (void)state;
    assert_int_equal(read_all(WAIT_MS), 0);
    move_leader();
    assert_int_equal(rd_kafka_mock_broker_set_down(cluster, OLD_LEADER), 0);
    assert_int_equal(read_all(WAIT_MS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_leader_that_leads_no_longer_is_not_asked_for_long, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_leader_that_is_gone_is_not_asked_for_long, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_read_goes_on_at_the_new_leader_when_the_old_one_is_gone,
                                        setup, teardown),
    };
    return cmocka_run_group_tests_name("kafka/tail", tests, NULL, NULL);
}
