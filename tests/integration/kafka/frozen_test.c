// SPDX-License-Identifier: Apache-2.0
// Whoever asks a broker that has frozen gets no answer, but is not kept either: a stage that was
// would lose its membership of the group.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kafka/consumer.h"
#include "kafka/tail.h"
#include "kafka/topics.h"
#include "support/broker.h"
#include "support/kafka_util.h"

enum { WAIT_MS = 20000 };

static struct hs_broker broker;
static struct hs_settings settings = {.instance_id = "test",
                                      .kafka_sasl_password_file = "",
                                      .kafka_ssl_key_password_file = "",
                                      .kafka_session_timeout_ms = 6000,
                                      .kafka_lease_ms = 4500,
                                      .kafka_message_timeout_ms = 3000};

static int setup(void **state)
{
    (void)state;
    settings.kafka_bootstrap = broker.bootstrap;
    return hs_broker_start(&broker, NULL);
}

static int teardown(void **state)
{
    (void)state;
    hs_broker_fini(&broker);
    return 0;
}

static void a_frozen_broker_keeps_nobody_who_asks(void **state)
{
    (void)state;
    enum { ASK_MS = 300, KEPT_MS = 20000 }; // a socket waits for 60 s
    static const char *const topics[] = {"frozen"};
    const struct hs_kafka_consumer_events events = {0};
    struct hs_kafka_consumer *consumer;
    struct hs_kafka_tail *tail;
    struct hs_topic_standing *standing;
    size_t count;
    int64_t low = -1, high = -1;
    assert_int_equal(hs_test_topic_create(broker.bootstrap, "frozen", 2, NULL), 0);
    assert_int_equal(hs_kafka_tail_new(&settings, NULL, &tail), 0);
    assert_int_equal(hs_kafka_consumer_new(&settings, HS_KAFKA_ROLE_EVENTS, "members", topics, 1,
                                           &events, &consumer),
                     0);
    assert_int_equal(hs_kafka_tail_ends(tail, "frozen", 0, WAIT_MS, &low, &high), 0);
    assert_int_equal(hs_kafka_consumer_ends(consumer, "frozen", 1, WAIT_MS, &low, &high), 0);
    assert_true(low == 0 && high == 0);
    hs_broker_freeze(&broker);
    int64_t asked_ms = hs_clock_boottime_ms();
    int told = hs_kafka_tail_ends(tail, "frozen", 0, ASK_MS, &low, &high);
    int told_member = hs_kafka_consumer_ends(consumer, "frozen", 1, ASK_MS, &low, &high);
    int told_outside =
        hs_topics_standing(&settings, "members", "frozen", ASK_MS, &standing, &count);
    int64_t kept_ms = hs_clock_boottime_ms() - asked_ms;
    hs_broker_thaw(&broker);
    assert_int_equal(told, HS_EUNREACHABLE);
    assert_true(told_member < 0);
    assert_true(told_outside < 0);
    assert_true(kept_ms < KEPT_MS);
    assert_int_equal(hs_kafka_tail_ends(tail, "frozen", 0, WAIT_MS, &low, &high), 0);
    assert_int_equal(hs_kafka_consumer_close(consumer, WAIT_MS), 0);
    hs_kafka_tail_free(tail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frozen_broker_keeps_nobody_who_asks),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
