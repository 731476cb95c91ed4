// SPDX-License-Identifier: Apache-2.0
// What partners say of groups on their feedback topic: a nomination waits for an officer's yes, and
// both are on record; nothing is lost, nothing stands there twice.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "desks.h"

// As a partner with nothing but Kafka sends it; `id` is 22 characters of base64.
static void say(const char *queue, const char *id, const char *kind, const char *rest)
{
    struct hs_buf text = {0};
    hs_buf_printf(&text,
                  "{\"feedbackId\":\"%s==\",\"kind\":\"FEEDBACK_KIND_%s\",\"person\":\"J Smith\","
                  "\"atMs\":\"%lld\",%s}",
                  id, kind, (long long)hs_clock_realtime_ms(), rest);
    desks_say_bytes(queue, hs_buf_str(&text));
    hs_buf_fini(&text);
}

static size_t count(const char *text)
{
    size_t found = 0;
    for (const char *at = desks.house.text; (at = strstr(at, text)); at++) {
        found++;
    }
    return found;
}

static void hitctl_says(size_t times, const char *text)
{
    if (count(text) != times) {
        fail_msg("'%s' is not said %zu times:\n%s", text, times, desks.house.text);
    }
}

// Until 'group list' shows the group.
static void await_group(const char *line)
{
    int64_t until_ms = hs_clock_boottime_ms() + HOUSE_TIMEOUT_MS;
    do {
        desks_step();
        assert_int_equal(HITCTL(&desks.house, "group", "list"), 0);
    } while (!strstr(desks.house.text, line) && hs_clock_boottime_ms() < until_ms);
    hitctl_says(1, line);
}

static void await_said(const char *group, const char *text)
{
    int64_t until_ms = hs_clock_boottime_ms() + HOUSE_TIMEOUT_MS;
    do {
        desks_step();
        assert_int_equal(HITCTL(&desks.house, "group", "said", group), 0);
    } while (!strstr(desks.house.text, text) && hs_clock_boottime_ms() < until_ms);
    hitctl_says(1, text);
}

static void a_nomination_waits_for_an_officers_yes(void **state)
{
    (void)state;
    static const char kay[] =
        "\"note\":\"two men, a hire car\",\"nomination\":{\"groupId\":\"kay\",\"name\":\"Kay lot\","
        "\"district\":\"bath\",\"vehicle\":\"ab21 cde\"}";
    desks_start(NULL);
    say("east-live", "KKKKKKKKKKKKKKKKKKKKKA", "NOMINATION", kay);
    say("east-live", "KKKKKKKKKKKKKKKKKKKKKA", "NOMINATION", kay); // sent again
    say("east-live", "LLLLLLLLLLLLLLLLLLLLLA", "INTELLIGENCE",
        "\"aboutGroup\":\"kay\",\"note\":\"moves on Fridays\"");
    await_group("kay                  nominated ");
    assert_int_equal(HITCTL(&desks.house, "group", "show", "kay"), 0);
    hitctl_says(1, "  nominated_by   east-live: J Smith\n");
    assert_int_equal(HITCTL(&desks.house, "group", "accept", "kay"), 3); // by whom is it led?
    say("north-live", "RRRRRRRRRRRRRRRRRRRRRA", "NOMINATION",
        "\"nomination\":{\"groupId\":\"kay\",\"district\":\"wells\"}");
    await_said("kay", "north-live: J Smith");
    assert_int_equal(HITCTL(&desks.house, "group", "accept", "kay"), 3);
    hitctl_says(1, "2 queues nominate 'kay'");
    assert_int_equal(HITCTL(&desks.house, "group", "accept", "kay", "--queue", "east-live",
                            "--lead", "DI Hall", "--owner", "northvale", "--review", "2030-12-31"),
                     0);
    await_group("kay                  active ");
    hitctl_says(0, "nominated");
    assert_int_equal(HITCTL(&desks.house, "group", "show", "kay"), 0);
    hitctl_says(1, "  nominated_by   east-live: J Smith\n");
    hitctl_says(1, "  accepted_by    test\n");
    hitctl_says(1, "  district       bath\n");
    await_said("kay", "moves on Fridays\n");
    hitctl_says(1, "nomination   kay  east-live: J Smith, vehicle ab21 cde\n");
    assert_int_equal(HITCTL(&desks.house, "audit", "export", "--person", "J Smith"), 0);
    hitctl_says(2, "nominated  who J Smith");
    hitctl_says(1, "group kay: two men, a hire car");
    hitctl_says(1, "group kay: moves on Fridays");
    assert_int_equal(HITCTL(&desks.house, "audit", "export", "--vehicle", "AB21CDE"), 0);
    hitctl_says(1, "nominated  who J Smith");
    assert_int_equal(HITCTL(&desks.house, "audit", "export", "--person", "test"), 0);
    hitctl_says(1, "group accept from ");
    hitctl_says(2, "group show kay");
    assert_int_equal(house_stop(&desks.house), 0);
}

static void what_does_not_fit_is_put_aside(void **state)
{
    (void)state;
    struct hs_test_messages aside = {0};
    size_t nominations = 0, intelligence = 0;
    desks_start(NULL);
    say("east-live", "MMMMMMMMMMMMMMMMMMMMMA", "NOMINATION",
        "\"nomination\":{\"groupId\":\"No!\"}");
    say("east-live", "NNNNNNNNNNNNNNNNNNNNNA", "INTELLIGENCE", "\"aboutGroup\":\"kay\"");
    int64_t until_ms = hs_clock_boottime_ms() + HOUSE_TIMEOUT_MS;
    do {
        hs_test_messages_fini(&aside);
        aside = (struct hs_test_messages){0};
        assert_int_equal(hs_test_topic_read(desks.broker.bootstrap, "feedback.rejected",
                                            HOUSE_TIMEOUT_MS, &aside),
                         0);
    } while (aside.count < 2 && hs_clock_boottime_ms() < until_ms);
    for (size_t i = 0; i < aside.count; i++) {
        struct hs_str reason = hs_test_header(&aside.rows[i], "reason");
        nominations += hs_str_is(reason, "nomination");
        intelligence += hs_str_is(reason, "intelligence");
    }
    assert_int_equal(nominations, 1);
    assert_int_equal(intelligence, 1);
    assert_int_equal(HITCTL(&desks.house, "group", "said"), 0);
    hitctl_says(0, "J Smith");
    hs_test_messages_fini(&aside);
    assert_int_equal(house_stop(&desks.house), 0);
}

// Killed when Redis has it and the offset is not committed: read again, it is the same one.
static void killed_before_the_commit_it_stands_once(void **state)
{
    (void)state;
    desks_start("HS_KILL_POINT=feedback-said:1");
    say("east-live", "OOOOOOOOOOOOOOOOOOOOOA", "NOMINATION",
        "\"nomination\":{\"groupId\":\"lou\"}");
    int64_t until_ms = hs_clock_boottime_ms() + HOUSE_TIMEOUT_MS;
    while (hs_process_running(&desks.house.daemon) && hs_clock_boottime_ms() < until_ms) {
        desks_step();
    }
    assert_false(hs_process_running(&desks.house.daemon));
    desks_start(NULL);
    house_await_answer(&desks.house, "/metrics", "hitstream_said_of_groups_total 1");
    await_group("lou                  nominated ");
    say("east-live", "PPPPPPPPPPPPPPPPPPPPPA", "NOMINATION",
        "\"nomination\":{\"groupId\":\"max\"}");
    await_group("max                  nominated "); // what came before it is written
    assert_int_equal(HITCTL(&desks.house, "group", "decline", "max"), 0);
    hitctl_says(1, "declined: max, nominated by east-live: J Smith\n");
    assert_int_equal(HITCTL(&desks.house, "group", "decline", "max"), 3); // once
    assert_int_equal(HITCTL(&desks.house, "group", "accept", "max"), 3);
    await_group("lou                  nominated ");
    hitctl_says(0, "max");
    assert_int_equal(HITCTL(&desks.house, "audit", "export", "--person", "test"), 0);
    hitctl_says(1, "declined  who test");
    say("east-live", "TTTTTTTTTTTTTTTTTTTTTA", "NOMINATION",
        "\"nomination\":{\"groupId\":\"max\"}");
    await_group("max                  nominated "); // the partner insists
    assert_int_equal(HITCTL(&desks.house, "audit", "export", "--person", "J Smith"), 0);
    hitctl_says(1, "group lou");
    assert_int_equal(house_stop(&desks.house), 0);
}

// With Redis away it waits, and holds up no other desk; it is written when Redis is back, also by
// the next daemon.
static void with_redis_away_it_waits(void **state)
{
    (void)state;
    desks_start(NULL);
    desks_list("stolen", "AB22CDE");
    desks_read("n1", "AB22CDE");
    Hitstream__V1__Alert *alert = desks_alert("north-live", "AB22CDE", 1);
    assert_int_equal(hs_redis_server_save(&desks.house.redis), 0);
    hs_redis_server_kill(&desks.house.redis);
    say("east-live", "QQQQQQQQQQQQQQQQQQQQQA", "NOMINATION",
        "\"nomination\":{\"groupId\":\"nan\"}");
    house_await_answer(&desks.house, "/metrics", "hitstream_said_of_groups_total 1");
    desks_say("north-live", 8, HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED,
              alert->reply_token);
    assert_int_equal(desks_events(8, true), 1);
    assert_int_equal(house_stop(&desks.house), 0);
    assert_int_equal(hs_redis_server_again(&desks.house.redis), 0);
    desks_start(NULL);
    await_group("nan                  nominated ");
    assert_int_equal(hs_redis_server_save(&desks.house.redis), 0);
    hs_redis_server_kill(&desks.house.redis);
    say("east-live", "SSSSSSSSSSSSSSSSSSSSSA", "NOMINATION", "\"nomination\":{\"groupId\":\"oz\"}");
    house_await_answer(&desks.house, "/metrics", "hitstream_said_of_groups_total 2");
    assert_int_equal(hs_redis_server_again(&desks.house.redis), 0);
    await_group("oz                   nominated ");
    hitstream__v1__alert__free_unpacked(alert, NULL);
    assert_int_equal(house_stop(&desks.house), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_nomination_waits_for_an_officers_yes, desks_open,
                                        desks_close),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_put_aside, desks_open, desks_close),
        cmocka_unit_test_setup_teardown(killed_before_the_commit_it_stands_once, desks_open,
                                        desks_close),
        cmocka_unit_test_setup_teardown(with_redis_away_it_waits, desks_open, desks_close),
    };
    return cmocka_run_group_tests(tests, desks_open_broker, desks_close_broker);
}
