// SPDX-License-Identifier: Apache-2.0
// A message whose request got no answer is never written twice by the client library.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kafka/producer.h"
#include "support/broker.h"
#include "support/kafka_util.h"

enum { WAIT_MS = 20000 };

static struct hs_broker broker;

static int setup(void **state)
{
    (void)state;
    return hs_broker_start(&broker, NULL);
}

static int teardown(void **state)
{
    (void)state;
    hs_broker_fini(&broker);
    return 0;
}

static void count_unknown(void *ctx, const struct hs_kafka_delivery *delivery)
{
    size_t *unknown = ctx;
    *unknown += delivery->status == HS_DELIVERY_UNKNOWN;
}

// Its batches wait for company.
static struct hs_kafka_producer *lingering_producer(size_t *unknown)
{
    static const struct hs_property linger = {.name = "linger.ms", .value = "1700"};
    static struct hs_settings settings = {.instance_id = "test",
                                          .kafka_properties = &linger,
                                          .kafka_property_count = 1,
                                          .kafka_sasl_password_file = "",
                                          .kafka_ssl_key_password_file = "",
                                          .kafka_message_timeout_ms = 3000};
    const struct hs_kafka_producer_events events = {.ctx = unknown, .delivered = count_unknown};
    struct hs_kafka_producer *producer;
    settings.kafka_bootstrap = broker.bootstrap;
    assert_int_equal(hs_kafka_producer_new(&settings, &events, &producer), 0);
    return producer;
}

static void produce(struct hs_kafka_producer *producer, int topic)
{
    const struct hs_kafka_record record = {.topic = topic, .value = HS_STR("alert")};
    assert_int_equal(hs_kafka_producer_produce(producer, &record), 0);
}

// Two messages in one batch, the second much younger, to a broker that is frozen until after the first
// has timed out. The client library would send the second again, in a new epoch, and the broker write
// the batch that it had all along.
static void what_times_out_in_part_does_not_come_twice(void **state)
{
    enum { YOUNGER_MS = 1500, FROZEN_ON_MS = 500 };
    (void)state;
    size_t unknown = 0;
    struct hs_test_messages messages = {0};
    int topic;
    assert_int_equal(hs_test_topic_create(broker.bootstrap, "batch", 1, NULL), 0);
    struct hs_kafka_producer *producer = lingering_producer(&unknown);
    assert_int_equal(hs_kafka_producer_topic(producer, "batch", WAIT_MS, &topic), 0);
    produce(producer, topic);
    assert_int_equal(hs_kafka_producer_flush(producer, WAIT_MS), 0); // connected, with an epoch
    produce(producer, topic);
    hs_broker_freeze(&broker); // long before the batch is sent
    hs_test_pause_ms(YOUNGER_MS);
    produce(producer, topic);
    while (unknown == 0) { // ends by the message timeout
        hs_kafka_producer_poll(producer, 10);
    }
    hs_test_pause_ms(FROZEN_ON_MS);
    hs_broker_thaw(&broker);
    while (hs_kafka_producer_pending(producer) > 0) {
        hs_kafka_producer_poll(producer, 10);
    }
    while (hs_kafka_producer_settle(producer, NULL, WAIT_MS) != 0) {
        hs_test_pause_ms(10);
    }
    assert_int_equal(hs_test_topic_read(broker.bootstrap, "batch", WAIT_MS, &messages), 0);
    assert_int_equal(messages.count, 3); // one before, and the two once
    assert_int_equal(unknown, 2);
    hs_test_messages_fini(&messages);
    hs_kafka_producer_free(producer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_times_out_in_part_does_not_come_twice),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
