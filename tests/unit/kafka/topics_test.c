// SPDX-License-Identifier: Apache-2.0
// Each broken rule of a topic is told by its name, with what is wrong; a topic as we make it is
// sound.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kafka/topics.h"

// What was reported last, and all rules' names in order.
struct seen {
    char rules[256];
    char text[512];
};

static void on_report(void *ctx, const char *topic, const char *rule, const char *text)
{
    struct seen *seen = ctx;
    assert_non_null(topic);
    size_t len = strlen(seen->rules);
    snprintf(seen->rules + len, sizeof(seen->rules) - len, "%s%s", len ? " " : "", rule);
    snprintf(seen->text, sizeof(seen->text), "%s", text);
}

static const struct hs_topics_plan plan = {
    .hits_partitions = 6, .replication = 3, .min_in_sync = 2};

// A topic that breaks no rule.
static struct hs_topic_facts sound(const char *name)
{
    const struct hs_topic_rule *rule = hs_topics_find(name);
    assert_non_null(rule);
    return (struct hs_topic_facts){
        .name = name,
        .partitions = rule->partitions == HS_TOPIC_PARTITIONS_SINGLE ? 1 : 6,
        .replication = 3,
        .min_in_sync = 2,
        .compacted = rule->compacted,
        .deleted = !rule->compacted,
        .append_time = rule->append_time,
        .retention_ms = rule->retention_ms,
    };
}

static struct seen check(const struct hs_topic_facts *facts)
{
    struct seen seen = {0};
    hs_topics_check_one(hs_topics_find(facts->name), &plan, facts, on_report, &seen);
    return seen;
}

static void a_topic_as_made_is_sound(void **state)
{
    (void)state;
    for (const struct hs_topic_rule *rule = hs_topics_rules(); rule->name; rule++) {
        char name[64];
        snprintf(name, sizeof(name), "%s%s", rule->name, rule->per_queue ? "north" : "");
        assert_ptr_equal(hs_topics_find(name), rule);
        struct hs_topic_facts facts = sound(name);
        struct seen seen = check(&facts);
        assert_string_equal(seen.rules, "");
    }
}

static void names_are_found_whole_or_by_queue(void **state)
{
    (void)state;
    assert_string_equal(hs_topics_find("dispatch.unrouted")->name, "dispatch.unrouted");
    assert_string_equal(hs_topics_find("dispatch.ops")->name, "dispatch.");
    assert_string_equal(hs_topics_find("feedback.rejected")->name, "feedback.rejected");
    assert_null(hs_topics_find("dispatch."));
    assert_null(hs_topics_find("anpr.other"));
}

static void a_compacted_queue_is_refused(void **state)
{
    (void)state;
    struct hs_topic_facts facts = sound("dispatch.north");
    facts.compacted = true;
    assert_string_equal(check(&facts).rules, "cleanup");
    facts = sound("anpr.vehicles");
    facts.deleted = true;
    struct seen seen = check(&facts);
    assert_string_equal(seen.rules, "cleanup");
    assert_string_equal(seen.text,
                        "cleanup.policy is 'compact,delete', must be 'compact': the state of "
                        "vehicles stands only here");
}

static void producers_times_are_refused(void **state)
{
    (void)state;
    struct hs_topic_facts facts = sound("anpr.reads");
    facts.append_time = false;
    struct seen seen = check(&facts);
    assert_string_equal(seen.rules, "timestamps");
    assert_non_null(strstr(seen.text, "must be 'LogAppendTime'"));
}

static void retention_has_two_ends(void **state)
{
    (void)state;
    struct hs_topic_facts facts = sound("anpr.hits");
    facts.retention_ms = HS_MS_PER_HOUR;
    assert_string_equal(check(&facts).rules, "retention");
    facts.retention_ms = -1;
    assert_string_equal(check(&facts).rules, "");
    facts = sound("anpr.reads.rejected");
    facts.retention_ms = -1;
    assert_string_equal(check(&facts).rules, "retention");
    facts.retention_ms = 8 * HS_MS_PER_DAY;
    assert_string_equal(check(&facts).rules, "retention");
}

static void replicas_and_partitions_are_held_to_the_plan(void **state)
{
    (void)state;
    struct hs_topic_facts facts = sound("anpr.vehicles");
    facts.replication = 1;
    facts.min_in_sync = 1;
    facts.partitions = 5;
    facts.unclean_election = true;
    assert_string_equal(check(&facts).rules, "replication in-sync election partitions");
    facts = sound("anpr.observations");
    facts.partitions = 2;
    assert_string_equal(check(&facts).rules, "partitions");
    facts = sound("anpr.hits");
    facts.min_in_sync = 3;
    struct seen seen = check(&facts);
    assert_string_equal(seen.rules, "in-sync");
    assert_non_null(strstr(seen.text, "one broker away would stop everything"));
}

static void the_log_of_hits_reaches_back_over_the_longest_window(void **state)
{
    (void)state;
    struct hs_topic_facts facts = sound(HS_KAFKA_HITS);
    struct hs_topics_plan longer = plan;
    struct seen seen = {0};
    longer.hits_retention_ms = facts.retention_ms;
    hs_topics_check_one(hs_topics_find(facts.name), &longer, &facts, on_report, &seen);
    assert_string_equal(seen.rules, "");
    longer.hits_retention_ms++;
    hs_topics_check_one(hs_topics_find(facts.name), &longer, &facts, on_report, &seen);
    assert_string_equal(seen.rules, "retention");
    assert_non_null(strstr(seen.text, "the longest window of the rules"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topic_as_made_is_sound),
        cmocka_unit_test(names_are_found_whole_or_by_queue),
        cmocka_unit_test(a_compacted_queue_is_refused),
        cmocka_unit_test(producers_times_are_refused),
        cmocka_unit_test(retention_has_two_ends),
        cmocka_unit_test(replicas_and_partitions_are_held_to_the_plan),
        cmocka_unit_test(the_log_of_hits_reaches_back_over_the_longest_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
