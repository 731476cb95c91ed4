// SPDX-License-Identifier: Apache-2.0
// Our clients against a real broker: each message's end is told, commits carry metadata, a rewound
// partition comes again, a tail ends where the log ended, topics are made and held to their rules.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "kafka/tail.h"
#include "kafka/topics.h"
#include "support/broker.h"
#include "support/kafka_util.h"

enum { WAIT_MS = 20000 };

static struct hs_broker broker;
static struct hs_settings settings;

static int setup(void **state)
{
    (void)state;
    int r = hs_broker_start(&broker, NULL);
    settings = (struct hs_settings){
        .instance_id = "test",
        .kafka_bootstrap = broker.bootstrap,
        .kafka_sasl_password_file = "",
        .kafka_ssl_key_password_file = "",
        .kafka_session_timeout_ms = 6000,
        .kafka_lease_ms = 4500,
        .kafka_message_timeout_ms = 3000,
    };
    return r;
}

static int teardown(void **state)
{
    (void)state;
    hs_broker_fini(&broker);
    return 0;
}

static void make_topic(const char *name, int partitions)
{
    const char *config[] = {"message.timestamp.type", "LogAppendTime", NULL};
    assert_int_equal(hs_test_topic_create(broker.bootstrap, name, partitions, config), 0);
}

// Ends of messages, counted.
struct ends {
    size_t acked, not_written, unknown;
    int64_t last_offset, last_time_ms;
    void *last_opaque;
};

static void on_delivered(void *ctx, const struct hs_kafka_delivery *delivery)
{
    struct ends *ends = ctx;
    ends->last_opaque = delivery->opaque;
    switch (delivery->status) {
    case HS_DELIVERY_ACKED:
        ends->acked++;
        ends->last_offset = delivery->offset;
        ends->last_time_ms = delivery->timestamp_ms;
        break;
    case HS_DELIVERY_NOT_WRITTEN:
        ends->not_written++;
        break;
    case HS_DELIVERY_UNKNOWN:
        ends->unknown++;
        break;
    }
}

static struct hs_kafka_producer *producer_new(struct ends *ends)
{
    const struct hs_kafka_producer_events events = {.ctx = ends, .delivered = on_delivered};
    struct hs_kafka_producer *producer;
    assert_int_equal(hs_kafka_producer_new(&settings, &events, &producer), 0);
    return producer;
}

static void fill(struct hs_kafka_producer *producer, int topic, int32_t partition, int count)
{
    for (int i = 0; i < count; i++) {
        char value[16];
        snprintf(value, sizeof(value), "m%d", i);
        const struct hs_kafka_header header = {"number", hs_str(value)};
        const struct hs_kafka_record record = {.topic = topic,
                                               .partition = partition,
                                               .key = HS_STR("k"),
                                               .value = hs_str(value),
                                               .headers = &header,
                                               .header_count = 1,
                                               .opaque = &settings};
        assert_int_equal(hs_kafka_producer_produce(producer, &record), 0);
    }
}

static void every_messages_end_is_told(void **state)
{
    (void)state;
    struct ends ends = {0};
    int topic;
    make_topic("ends", 1);
    struct hs_kafka_producer *producer = producer_new(&ends);
    assert_int_equal(hs_kafka_producer_topic(producer, "nowhere", 2000, &topic), HS_ENOTFOUND);
    assert_int_equal(hs_kafka_producer_topic(producer, "ends", WAIT_MS, &topic), 0);
    assert_int_equal(hs_kafka_producer_partitions(producer, topic), 1);
    fill(producer, topic, HS_KAFKA_PARTITION_BY_KEY, 10);
    assert_int_equal(hs_kafka_producer_flush(producer, WAIT_MS), 0);
    assert_int_equal(ends.acked, 10);
    assert_int_equal(ends.last_offset, 9);
    assert_ptr_equal(ends.last_opaque, &settings);
    assert_true(llabs(ends.last_time_ms - hs_clock_realtime_ms()) < 60000);

    hs_broker_freeze(&broker);
    fill(producer, topic, 0, 5);
    hs_kafka_producer_poll(producer, 200); // on its way by now
    assert_int_equal(hs_kafka_producer_discard(producer), 0);
    assert_int_equal(ends.acked, 10);
    assert_int_equal(ends.not_written + ends.unknown, 5);
    assert_true(ends.unknown > 0);
    hs_broker_thaw(&broker);
    fill(producer, topic, 0, 1); // with a new client, and the same number of the topic
    assert_int_equal(hs_kafka_producer_flush(producer, WAIT_MS), 0);
    assert_int_equal(ends.acked, 11);
    hs_kafka_producer_free(producer);
}

static void held_records_leave_together_and_each_end_is_told(void **state)
{
    (void)state;
    enum { MANY = HS_KAFKA_HELD_MAX + 10 };
    struct ends ends = {0};
    int topic;
    make_topic("held", 1);
    struct hs_kafka_producer *producer = producer_new(&ends);
    assert_int_equal(hs_kafka_producer_topic(producer, "held", WAIT_MS, &topic), 0);
    hs_kafka_producer_hold(producer);
    fill(producer, topic, 0, 3);
    hs_kafka_producer_poll(producer, 300);
    assert_int_equal(ends.acked, 0);
    assert_int_equal(hs_kafka_producer_pending(producer), 3);
    assert_int_equal(hs_kafka_producer_release(producer), 0);
    fill(producer, topic, 0, 1); // at once, behind them
    assert_int_equal(hs_kafka_producer_flush(producer, WAIT_MS), 0);
    assert_int_equal(ends.acked, 4);
    assert_int_equal(ends.last_offset, 3);

    hs_kafka_producer_hold(producer);
    fill(producer, topic, 0, MANY); // more than are held
    while (ends.acked < 4 + HS_KAFKA_HELD_MAX) {
        assert_true(hs_kafka_producer_poll(producer, WAIT_MS) > 0);
    }
    assert_int_equal(hs_kafka_producer_flush(producer, WAIT_MS), 0); // releases the rest
    assert_int_equal(ends.acked, 4 + MANY);

    hs_kafka_producer_hold(producer);
    fill(producer, topic, 0, 2);
    assert_int_equal(hs_kafka_producer_discard(producer), 0);
    assert_int_equal(ends.not_written, 2);
    assert_int_equal(hs_kafka_producer_pending(producer), 0);
    hs_kafka_producer_hold(producer);
    fill(producer, topic, 0, 1);
    hs_kafka_producer_free(producer);
    assert_int_equal(ends.not_written, 3);
}

// A frozen broker writes what it was sent when it goes on, though its sender gave that up: settled
// means that it has.
static void what_was_given_up_is_settled(void **state)
{
    (void)state;
    struct ends ends = {0};
    int topic;
    make_topic("settled", 1);
    struct hs_kafka_producer *producer = producer_new(&ends);
    assert_int_equal(hs_kafka_producer_topic(producer, "settled", WAIT_MS, &topic), 0);
    for (int given_up = 0; given_up < 5;) {
        int64_t low, high;
        fill(producer, topic, 0, 1);
        assert_int_equal(hs_kafka_producer_flush(producer, WAIT_MS), 0);
        assert_int_equal(hs_kafka_producer_settle(producer, NULL, 0), 0); // all ends are known
        hs_broker_freeze(&broker);
        fill(producer, topic, 0, 5);
        hs_kafka_producer_poll(producer, 200); // mostly on its way by now
        assert_int_equal(hs_kafka_producer_discard(producer), 0);
        if (hs_kafka_producer_unsettled(producer) == 0) { // nothing was
            hs_broker_thaw(&broker);
            continue;
        }
        given_up++;
        assert_int_equal(hs_kafka_producer_settle(producer, NULL, 200), HS_ETIMEDOUT);
        assert_int_equal(hs_kafka_producer_settle(producer, "ends", 200), 0); // another topic's
        hs_broker_thaw(&broker);
        assert_int_equal(hs_kafka_producer_settle(producer, "settled", WAIT_MS), 0);
        assert_int_equal(hs_kafka_producer_unsettled(producer), 0);
        assert_int_equal(hs_test_watermarks(broker.bootstrap, "settled", 0, &low, &high), 0);
        assert_int_equal(high, ends.acked + ends.unknown);
    }
    hs_kafka_producer_free(producer);
}

// What a group consumer saw.
struct member {
    struct hs_kafka_consumer *consumer;
    size_t assigned, revoked, messages, committed;
    bool lost, start_paused;
    int commit_error, trouble;
    int64_t first, last; // offsets of this serve
    size_t stop_after;
};

static bool on_assigned(void *ctx, struct hs_kafka_partition *partitions, size_t count)
{
    struct member *member = ctx;
    member->assigned += count;
    if (member->start_paused) {
        for (size_t i = 0; i < count; i++) {
            partitions[i].offset = 0;
        }
    }
    return member->start_paused;
}

static void on_revoked(void *ctx, const struct hs_kafka_partition *partitions, size_t count,
                       bool lost)
{
    (void)partitions;
    struct member *member = ctx;
    member->revoked += count;
    member->lost = lost;
}

static void on_committed(void *ctx, int64_t sent_at_ms, int error,
                         const struct hs_kafka_partition *partitions, size_t count)
{
    (void)partitions;
    (void)count;
    struct member *member = ctx;
    assert_true(sent_at_ms <= hs_clock_boottime_ms());
    member->committed++;
    member->commit_error = error;
}

static void on_trouble(void *ctx, const struct hs_kafka_partition *partition, const char *text)
{
    (void)text;
    struct member *member = ctx;
    member->trouble = partition->error;
}

static bool on_message(void *ctx, const struct hs_kafka_message *message)
{
    struct member *member = ctx;
    struct hs_str number;
    bool append_time;
    assert_true(hs_kafka_message_time_ms(message, &append_time) > 0);
    assert_true(append_time);
    if (hs_kafka_message_header(message, "number", &number)) {
        assert_true(hs_str_eq(number, message->value));
    }
    if (member->messages++ == 0) {
        member->first = message->offset;
    }
    member->last = message->offset;
    return member->messages != member->stop_after;
}

static struct hs_kafka_consumer *join(struct member *member, enum hs_kafka_role role,
                                      const char *group, const char *topic)
{
    const struct hs_kafka_consumer_events events = {.ctx = member,
                                                    .assigned = on_assigned,
                                                    .revoked = on_revoked,
                                                    .committed = on_committed,
                                                    .trouble = on_trouble};
    assert_int_equal(
        hs_kafka_consumer_new(&settings, role, group, &topic, 1, &events, &member->consumer), 0);
    return member->consumer;
}

// Serves until `*value` has reached `wanted`.
static void serve_until(struct member *member, const size_t *value, size_t wanted)
{
    int64_t until_ns = hs_clock_monotonic_ns() + WAIT_MS * INT64_C(1000000);
    while (*value < wanted && hs_clock_monotonic_ns() < until_ns) {
        hs_kafka_consumer_serve(member->consumer, 50, on_message, member);
    }
    assert_int_equal(*value, wanted);
}

static void a_group_consumes_commits_and_rewinds(void **state)
{
    (void)state;
    struct ends ends = {0};
    struct member member = {0};
    struct hs_buf metadata = {0};
    int topic;
    make_topic("stream", 2);
    struct hs_kafka_producer *producer = producer_new(&ends);
    assert_int_equal(hs_kafka_producer_topic(producer, "stream", WAIT_MS, &topic), 0);
    fill(producer, topic, 1, 100);
    assert_int_equal(hs_kafka_producer_flush(producer, WAIT_MS), 0);

    struct hs_kafka_consumer *consumer = join(&member, HS_KAFKA_ROLE_EVENTS, "g1", "stream");
    member.stop_after = 30;
    serve_until(&member, &member.messages, 30);
    assert_int_equal(member.assigned, 2);
    assert_int_equal(member.last, 29); // it stops where it was told to
    member.stop_after = 0;
    serve_until(&member, &member.messages, 100);
    assert_int_equal(member.last, 99);

    struct hs_kafka_partition done = {
        .topic = "stream", .partition = 1, .offset = 40, .metadata = HS_STR("epoch 7")};
    assert_int_equal(hs_kafka_consumer_commit(consumer, &done, 1), 0);
    serve_until(&member, &member.committed, 1);
    assert_int_equal(member.commit_error, 0);
    done.offset = 50;
    assert_int_equal(hs_kafka_consumer_commit_wait(consumer, &done, 1, WAIT_MS), 0);
    assert_int_equal(hs_kafka_consumer_committed(consumer, &done, 1, WAIT_MS, &metadata), 0);
    assert_int_equal(done.offset, 50);
    assert_string_equal(hs_buf_text(&metadata), "epoch 7");

    member.messages = 0;
    assert_int_equal(hs_kafka_consumer_seek(consumer, "stream", 1, 50), 0);
    serve_until(&member, &member.messages, 50);
    assert_int_equal(member.first, 50);
    assert_int_equal(hs_kafka_consumer_close(consumer, WAIT_MS), 0);
    assert_int_equal(member.revoked, 2);
    assert_false(member.lost);

    struct member next = {0};
    consumer = join(&next, HS_KAFKA_ROLE_EVENTS, "g1", "stream");
    serve_until(&next, &next.messages, 50);
    assert_int_equal(next.first, 50);
    assert_int_equal(hs_kafka_consumer_close(consumer, WAIT_MS), 0);
    hs_kafka_producer_free(producer);
    hs_buf_fini(&metadata);
}

static void an_owner_may_start_a_partition_when_it_is_ready(void **state)
{
    (void)state;
    struct ends ends = {0};
    struct member member = {.start_paused = true};
    int topic;
    make_topic("late", 1);
    struct hs_kafka_producer *producer = producer_new(&ends);
    assert_int_equal(hs_kafka_producer_topic(producer, "late", WAIT_MS, &topic), 0);
    fill(producer, topic, 0, 20);
    assert_int_equal(hs_kafka_producer_flush(producer, WAIT_MS), 0);
    struct hs_kafka_consumer *consumer = join(&member, HS_KAFKA_ROLE_EVENTS, "g2", "late");
    serve_until(&member, &member.assigned, 1);
    for (int i = 0; i < 10; i++) {
        hs_kafka_consumer_serve(consumer, 50, on_message, &member);
    }
    assert_int_equal(member.messages, 0);
    assert_int_equal(hs_kafka_consumer_seek(consumer, "late", 0, 15), 0);
    assert_int_equal(hs_kafka_consumer_resume(consumer, "late", 0), 0);
    serve_until(&member, &member.messages, 5);
    assert_int_equal(member.first, 15);
    assert_int_equal(hs_kafka_consumer_close(consumer, WAIT_MS), 0);
    hs_kafka_producer_free(producer);
}

// Assignments that reached a consumer, and whether it was leaving by then.
struct joining {
    bool taken;   // before it left
    bool leaving; // from now on nothing may be taken
    size_t taken_while_leaving;
};

static bool on_assigned_paused(void *ctx, struct hs_kafka_partition *partitions, size_t count)
{
    struct joining *joining = ctx;
    joining->taken = joining->taken || !joining->leaving;
    joining->taken_while_leaving += joining->leaving ? count : 0;
    for (size_t i = 0; i < count; i++) {
        partitions[i].offset = 0;
    }
    return true;
}

// Joins, leaves after `stay_us`, or with -1 once it was given its partitions; returns the time.
static int64_t join_and_leave(int64_t stay_us)
{
    const char *const topics[] = {"leaving"};
    struct joining joining = {0};
    const struct hs_kafka_consumer_events events = {.ctx = &joining,
                                                    .assigned = on_assigned_paused};
    struct hs_kafka_consumer *consumer;
    int64_t from_ns = hs_clock_monotonic_ns(), stayed_us = 0;
    assert_int_equal(hs_kafka_consumer_new(&settings, HS_KAFKA_ROLE_EVENTS, "leaving", topics, 1,
                                           &events, &consumer),
                     0);
    while (stay_us < 0 ? !joining.taken : stayed_us < stay_us) {
        hs_kafka_consumer_serve(consumer, stay_us < 0 ? 1 : 0, NULL, NULL);
        stayed_us = (hs_clock_monotonic_ns() - from_ns) / 1000;
        assert_true(stayed_us < WAIT_MS * INT64_C(1000));
    }
    joining.leaving = true;
    assert_int_equal(hs_kafka_consumer_close(consumer, WAIT_MS), 0);
    assert_int_equal(joining.taken_while_leaving, 0);
    return stayed_us;
}

// A member may be given partitions while it leaves: it takes none of them, since an owner that asks
// its group for offsets then gets no answer.
static void whoever_leaves_takes_nothing(void **state)
{
    enum { STEPS = 60 };
    (void)state;
    make_topic("leaving", 12);
    join_and_leave(-1); // the first one waits for the group to be made
    int64_t joined_us = join_and_leave(-1);
    for (int step = 0; step < STEPS; step++) { // around the time when the assignment comes
        join_and_leave(joined_us / 2 + joined_us * step / STEPS);
    }
}

static void reads_do_not_start_without_an_operator(void **state)
{
    (void)state;
    struct ends ends = {0};
    struct member member = {0};
    struct hs_topic_standing *standing;
    size_t count;
    int topic;
    make_topic("reads", 1);
    struct hs_kafka_producer *producer = producer_new(&ends);
    assert_int_equal(hs_kafka_producer_topic(producer, "reads", WAIT_MS, &topic), 0);
    fill(producer, topic, 0, 10);
    assert_int_equal(hs_kafka_producer_flush(producer, WAIT_MS), 0);

    struct hs_kafka_consumer *consumer = join(&member, HS_KAFKA_ROLE_READS, "g3", "reads");
    int64_t until_ns = hs_clock_monotonic_ns() + WAIT_MS * INT64_C(1000000);
    while (member.trouble == 0 && hs_clock_monotonic_ns() < until_ns) {
        hs_kafka_consumer_serve(consumer, 50, on_message, &member);
    }
    assert_int_equal(member.trouble, HS_ECONFLICT);
    assert_int_equal(member.messages, 0);
    assert_int_equal(hs_topics_read_from(&settings, "g3", "reads", HS_KAFKA_OFFSET_BEGINNING, -1,
                                         false, WAIT_MS),
                     HS_EREFUSED);
    assert_int_equal(hs_kafka_consumer_close(consumer, WAIT_MS), 0);

    assert_int_equal(hs_topics_standing(&settings, "g3", "reads", WAIT_MS, &standing, &count), 0);
    assert_int_equal(count, 1);
    assert_true(standing[0].committed == HS_KAFKA_OFFSET_COMMITTED);
    assert_int_equal(standing[0].high, 10);
    free(standing);
    assert_int_equal(
        hs_topics_read_from(&settings, "g3", "reads", HS_KAFKA_OFFSET_END, -1, false, WAIT_MS), 0);
    assert_int_equal(hs_topics_read_from(&settings, "g3", "reads", HS_KAFKA_OFFSET_BEGINNING, -1,
                                         false, WAIT_MS),
                     HS_EEXIST);
    assert_int_equal(
        hs_topics_read_from(&settings, "g3", "reads", 0, ends.last_time_ms, true, WAIT_MS), 0);
    assert_int_equal(hs_topics_standing(&settings, "g3", "reads", WAIT_MS, &standing, &count), 0);
    assert_true(standing[0].committed >= 0 && standing[0].committed < 10);
    free(standing);
    hs_kafka_producer_free(producer);
}

static bool on_tail(void *ctx, const struct hs_kafka_message *message)
{
    (void)message;
    size_t *left = ctx;
    return --*left > 0;
}

static size_t read_tail(struct hs_kafka_tail *tail, const struct hs_kafka_range *range,
                        int expected)
{
    const struct hs_kafka_tail_options options = {.timeout_ms = WAIT_MS};
    size_t left = 1000;
    assert_int_equal(hs_kafka_tail_read(tail, range, 1, &options, on_tail, &left), expected);
    return 1000 - left;
}

static void a_tail_ends_where_the_log_ended(void **state)
{
    (void)state;
    struct ends ends = {0};
    struct hs_kafka_tail *tail;
    int topic;
    make_topic("tail", 2);
    struct hs_kafka_producer *producer = producer_new(&ends);
    assert_int_equal(hs_kafka_producer_topic(producer, "tail", WAIT_MS, &topic), 0);
    assert_int_equal(hs_kafka_tail_new(&settings, NULL, &tail), 0);
    struct hs_kafka_range range = {.topic = "tail", .partition = -1, .from_time_ms = -1};
    range.from_offset = HS_KAFKA_OFFSET_BEGINNING;
    assert_int_equal(read_tail(tail, &range, 0), 0);
    fill(producer, topic, 0, 40);
    fill(producer, topic, 1, 2);
    assert_int_equal(hs_kafka_producer_flush(producer, WAIT_MS), 0);
    assert_int_equal(read_tail(tail, &range, 0), 42);
    range.partition = 0;
    range.from_offset = 30;
    assert_int_equal(read_tail(tail, &range, 0), 10);
    range.from_offset = HS_KAFKA_OFFSET_END;
    assert_int_equal(read_tail(tail, &range, 0), 0);
    range.partition = -1;
    range.from_time_ms = ends.last_time_ms + 60000;
    assert_int_equal(read_tail(tail, &range, 0), 0);
    range.from_time_ms = 1;
    assert_int_equal(read_tail(tail, &range, 0), 42);
    range.topic = "nowhere";
    read_tail(tail, &range, HS_ENOTFOUND);
    hs_kafka_tail_free(tail);
    hs_kafka_producer_free(producer);
}

static void on_topic(void *ctx, const char *topic, const char *rule, const char *text)
{
    struct hs_buf *out = ctx;
    hs_buf_printf(out, "%s %s: %s\n", topic, rule, text);
}

static void topics_are_made_and_held_to_their_rules(void **state)
{
    (void)state;
    struct hs_buf out = {0};
    const struct hs_str queues[] = {HS_STR("north"), HS_STR("south")};
    struct hs_topics_plan plan;
    hs_topics_plan_defaults(&plan);
    plan.queues = queues;
    plan.queue_count = 2;
    plan.hits_partitions = 3;
    const char *compacted[] = {"cleanup.policy", "compact", NULL};
    assert_int_equal(hs_test_topic_create(broker.bootstrap, "dispatch.south", 1, compacted), 0);
    assert_int_equal(hs_topics_check(&settings, &plan, WAIT_MS, on_topic, &out), HS_EREFUSED);
    assert_non_null(strstr(hs_buf_text(&out), "anpr.hits missing: does not exist"));
    hs_buf_clear(&out);
    assert_int_equal(hs_topics_create(&settings, &plan, WAIT_MS, on_topic, &out), 0);
    assert_non_null(strstr(hs_buf_text(&out), "dispatch.ops created"));
    assert_non_null(strstr(hs_buf_text(&out), "dispatch.south exists"));
    hs_buf_clear(&out);
    assert_int_equal(hs_topics_check(&settings, &plan, WAIT_MS, on_topic, &out), HS_EREFUSED);
    assert_string_equal(hs_buf_text(&out),
                        "dispatch.south cleanup: cleanup.policy contains 'compact', must be "
                        "'delete': messages of one key are "
                        "not replacements of each other\n"
                        "dispatch.south timestamps: message.timestamp.type is 'CreateTime', must "
                        "be 'LogAppendTime': a new "
                        "owner reads back what was told, by the broker's clock\n");
    hs_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_messages_end_is_told),
        cmocka_unit_test(what_was_given_up_is_settled),
        cmocka_unit_test(held_records_leave_together_and_each_end_is_told),
        cmocka_unit_test(a_group_consumes_commits_and_rewinds),
        cmocka_unit_test(an_owner_may_start_a_partition_when_it_is_ready),
        cmocka_unit_test(whoever_leaves_takes_nothing),
        cmocka_unit_test(reads_do_not_start_without_an_operator),
        cmocka_unit_test(a_tail_ends_where_the_log_ended),
        cmocka_unit_test(topics_are_made_and_held_to_their_rules),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
