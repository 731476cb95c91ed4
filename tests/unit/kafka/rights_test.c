// SPDX-License-Identifier: Apache-2.0
// What each role needs of Kafka, and how a broker's ACLs differ from it: no more and no less is told.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "config/access.h"
#include "kafka/rights.h"

static const struct hs_str queues[] = {{"north", 5}, {"south", 5}, {"ops", 3}};
static const struct hs_topics_plan plan = {.queues = queues, .queue_count = 3};

// ---- what is needed ----

static void note_right(void *ctx, const struct hs_kafka_right *right)
{
    static const char *const resources[] = {"topic", "group", "cluster"};
    hs_buf_printf(ctx, "%s %s:", resources[right->resource], right->name);
    for (size_t bit = 0; hs_kafka_operation_words[bit]; bit++) {
        if (right->operations & 1u << bit) {
            hs_buf_printf(ctx, " %s", hs_kafka_operation_words[bit]);
        }
    }
    hs_buf_add_text(ctx, "\n");
}

static struct hs_buf text;
static const char *needed(unsigned roles, size_t own_queues)
{
    const struct hs_kafka_needs needs = {roles, queues, own_queues};
    hs_buf_clear(&text);
    hs_kafka_rights_needed(&needs, &plan, note_right, &text);
    return hs_buf_text(&text);
}

static void outsiders_get_what_their_work_takes(void **state)
{
    (void)state;
    assert_string_equal(needed(HS_ACCESS_GATEWAY, 0), "topic anpr.reads: Write\n");
    assert_string_equal(needed(HS_ACCESS_DESK, 1), "topic dispatch.north: Read\n"
                                                   "topic feedback.north: Write\n"
                                                   "group dispatch.north: Read\n");
}

static void the_daemons_get_what_their_stages_do(void **state)
{
    (void)state;
    assert_string_equal(needed(HS_ACCESS_MATCH, 0), "topic anpr.reads: Read\n"
                                                    "topic anpr.hits: Write\n"
                                                    "topic anpr.controls: Read Write\n"
                                                    "topic anpr.reads.rejected: Write\n"
                                                    "topic anpr.observations: Write\n"
                                                    "topic anpr.cameras: Read\n"
                                                    "group hitstream-match: Read\n"
                                                    "group hitstream-tail: Describe\n");
    needed(HS_ACCESS_CORRELATE | HS_ACCESS_INTAKE, 0);
    assert_non_null(strstr(hs_buf_text(&text), "topic dispatch.south: Read Write\n"));
    assert_non_null(strstr(hs_buf_text(&text), "topic undelivered.ops: Read Write\n"));
    assert_non_null(strstr(hs_buf_text(&text), "topic feedback.north: Read\n"));
    assert_null(strstr(hs_buf_text(&text), "topic anpr.reads: Read"));
}

static void a_controller_speaks_for_its_own_queues_only(void **state)
{
    (void)state;
    needed(HS_ACCESS_CONTROLLER, 1);
    assert_non_null(strstr(hs_buf_text(&text), "topic feedback.north: Write\n"));
    assert_null(strstr(hs_buf_text(&text), "feedback.south"));
    assert_null(strstr(hs_buf_text(&text), "anpr.reads:"));
    assert_null(strstr(hs_buf_text(&text), "Create"));
}

// A topic or a group that nobody may use would be a row that was forgotten.
static void every_topic_and_group_has_who_uses_it(void **state)
{
    (void)state;
    for (const struct hs_topic_rule *rule = hs_topics_rules(); rule->name; rule++) {
        if (!(rule->writers | rule->own_writers) || !(rule->readers | rule->own_readers)) {
            fail_msg("nobody reads or nobody writes '%s'", rule->name);
        }
        assert_true(rule->per_queue || !(rule->own_readers | rule->own_writers));
    }
    for (const struct hs_group_rule *rule = hs_topics_groups(); rule->name; rule++) {
        assert_true((rule->members | rule->askers) != 0);
    }
}

static void ops_is_there_once_named_or_not(void **state)
{
    (void)state;
    const struct hs_topics_plan none = {0};
    const struct hs_kafka_needs needs = {HS_ACCESS_CORRELATE, NULL, 0};
    hs_buf_clear(&text);
    hs_kafka_rights_needed(&needs, &none, note_right, &text);
    assert_non_null(strstr(hs_buf_text(&text), "topic dispatch.ops: Read Write\n"));
    needed(HS_ACCESS_CORRELATE, 0);
    const char *first = strstr(hs_buf_text(&text), "topic dispatch.ops:");
    assert_null(strstr(first + 1, "topic dispatch.ops:"));
}

// ---- the difference ----

static void note_difference(void *ctx, const struct hs_kafka_difference *d)
{
    hs_buf_printf(ctx, "%s %s: ", d->missing ? d->denied ? "denied" : "missing" : "too much",
                  d->principal);
    note_right(ctx, &d->right);
}

static const struct hs_kafka_principal gateway = {"gw", {HS_ACCESS_GATEWAY, NULL, 0}};

static const char *differs(const struct hs_kafka_acl *held, size_t count)
{
    hs_buf_clear(&text);
    hs_kafka_rights_compare(&gateway, 1, &plan, held, count, note_difference, &text);
    return hs_buf_text(&text);
}

#define ROW(who, what, may)                                                                        \
    {                                                                                              \
        .principal = who, .host = "*", .resource = HS_KAFKA_RESOURCE_TOPIC, .name = what,          \
        .operation = HS_KAFKA_MAY_##may                                                            \
    }

static void what_is_given_as_printed_is_no_difference(void **state)
{
    (void)state;
    const struct hs_kafka_acl rows[] = {ROW("User:gw", "anpr.reads", WRITE),
                                        ROW("User:gw", "anpr.reads", DESCRIBE),
                                        ROW("User:other", "their.topic", ALL)};
    assert_string_equal(differs(rows, 3), "");
}

static void what_is_missing_is_told(void **state)
{
    (void)state;
    const struct hs_kafka_acl from_one_host = {.principal = "User:gw",
                                               .host = "192.0.2.1",
                                               .name = "anpr.reads",
                                               .operation = HS_KAFKA_MAY_WRITE};
    const struct hs_kafka_acl denied[] = {ROW("User:gw", "anpr.reads", WRITE),
                                          {.principal = "User:gw",
                                           .host = "*",
                                           .name = "anpr.",
                                           .prefixed = true,
                                           .operation = HS_KAFKA_MAY_ALL,
                                           .deny = true}};
    assert_string_equal(differs(NULL, 0), "missing gw: topic anpr.reads: Write\n");
    assert_string_equal(differs(&from_one_host, 1), "missing gw: topic anpr.reads: Write\n");
    assert_string_equal(differs(denied, 2), "denied gw: topic anpr.reads: Write\n");
}

static void what_is_too_much_is_told(void **state)
{
    (void)state;
    const struct hs_kafka_acl rows[] = {
        ROW("User:gw", "anpr.reads", WRITE), ROW("User:gw", "anpr.hits", READ),
        ROW("User:gw", "their.topic", WRITE), ROW("User:*", "*", READ),
        ROW("User:mirror", "dispatch.north", READ)};
    assert_string_equal(differs(rows, 5), "too much User:gw: topic anpr.hits: Read\n"
                                          "too much User:gw: topic their.topic: Write\n"
                                          "too much User:*: topic *: Read\n"
                                          "too much User:mirror: topic dispatch.north: Read\n");
    const struct hs_kafka_acl all[] = {ROW("User:gw", "anpr.reads", ALL)};
    assert_string_equal(differs(all, 1), "too much User:gw: topic anpr.reads: All\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outsiders_get_what_their_work_takes),
        cmocka_unit_test(the_daemons_get_what_their_stages_do),
        cmocka_unit_test(a_controller_speaks_for_its_own_queues_only),
        cmocka_unit_test(every_topic_and_group_has_who_uses_it),
        cmocka_unit_test(ops_is_there_once_named_or_not),
        cmocka_unit_test(what_is_given_as_printed_is_no_difference),
        cmocka_unit_test(what_is_missing_is_told),
        cmocka_unit_test(what_is_too_much_is_told),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    hs_buf_fini(&text);
    return failed;
}
