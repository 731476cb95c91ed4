// SPDX-License-Identifier: Apache-2.0
// A Kafka of the test's own: what was acknowledged is there after a kill, with keys, headers and
// time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "support/broker.h"
#include "support/kafka_util.h"

static struct hs_broker broker;

static int teardown(void **state)
{
    (void)state;
    hs_broker_fini(&broker);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return hs_broker_start(&broker, NULL);
}

static void produce(struct hs_test_producer *producer, const char *key, const char *value)
{
    const struct hs_test_header headers[] = {{"ce_id", HS_STR("1234")}, {"queue", HS_STR("north")}};
    assert_int_equal(
        hs_test_produce(producer, "dispatch.north", -1, hs_str(key), hs_str(value), headers, 2), 0);
    assert_int_equal(hs_test_producer_flush(producer, 10000), 0);
}

static void acknowledged_messages_survive_a_kill(void **state)
{
    (void)state;
    const char *config[] = {"message.timestamp.type", "LogAppendTime", NULL};
    struct hs_test_producer *producer;
    struct hs_test_reader *reader;
    struct hs_test_messages messages = {0};
    assert_int_equal(hs_test_topic_create(broker.bootstrap, "dispatch.north", 3, config), 0);
    assert_int_equal(hs_test_producer_new(broker.bootstrap, &producer), 0);
    produce(producer, "k1", "one");
    hs_broker_kill(&broker);
    assert_int_equal(hs_broker_again(&broker), 0);
    produce(producer, "k1", "two");

    assert_int_equal(hs_test_topic_read(broker.bootstrap, "dispatch.north", 20000, &messages), 0);
    assert_int_equal(messages.count, 2);
    assert_true(hs_str_is(messages.rows[0].value, "one"));
    assert_true(hs_str_is(messages.rows[1].value, "two"));
    assert_true(hs_str_is(messages.rows[1].key, "k1"));
    assert_true(hs_str_is(hs_test_header(&messages.rows[0], "queue"), "north"));
    assert_true(messages.rows[0].log_append_time);
    hs_test_messages_fini(&messages);

    assert_int_equal(hs_test_reader_new(broker.bootstrap, "dispatch.north", &reader), 0);
    assert_int_equal(hs_test_reader_await(reader, 3, 1000, &messages), HS_ETIMEDOUT);
    produce(producer, "k2", "three");
    assert_int_equal(hs_test_reader_await(reader, 3, 10000, &messages), 0);
    hs_test_reader_free(reader);
    hs_test_messages_fini(&messages);
    hs_test_producer_free(producer);
}

static void committed_offsets_are_kept(void **state)
{
    (void)state;
    int64_t offset = 0;
    assert_int_equal(hs_test_topic_create(broker.bootstrap, "commits", 1, NULL), 0);
    assert_int_equal(hs_test_committed(broker.bootstrap, "g", "commits", 0, &offset), 0);
    assert_int_equal(offset, -1001);
    assert_int_equal(hs_test_commit(broker.bootstrap, "g", "commits", 0, 5), 0);
    assert_int_equal(hs_test_committed(broker.bootstrap, "g", "commits", 0, &offset), 0);
    assert_int_equal(offset, 5);
    assert_int_not_equal(hs_test_topic_create(broker.bootstrap, "commits", 1, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acknowledged_messages_survive_a_kill),
        cmocka_unit_test(committed_offsets_are_kept),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
