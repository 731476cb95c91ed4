// SPDX-License-Identifier: Apache-2.0
// What desks say back reaches the log, whatever is killed; what is no feedback is put aside.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "desks.h"

// Waits until feedback.rejected holds so many; the caller frees them.
static void rejected(size_t count, struct hs_test_messages *messages)
{
    int64_t until_ms = hs_clock_boottime_ms() + HOUSE_TIMEOUT_MS;
    do {
        hs_test_messages_fini(messages);
        *messages = (struct hs_test_messages){0};
        assert_int_equal(hs_test_topic_read(desks.broker.bootstrap, "feedback.rejected",
                                            HOUSE_TIMEOUT_MS, messages),
                         0);
    } while (messages->count < count && hs_clock_boottime_ms() < until_ms);
    assert_int_equal(messages->count, count);
}

static void hitctl_answers_an_alert(void **state)
{
    (void)state;
    char id[33];
    desks_start(NULL);
    desks_list("stolen", "AB12CDE");
    desks_read("n1", "AB12CDE");
    Hitstream__V1__Alert *alert = desks_alert("north-live", "AB12CDE", 1);
    hs_hex_encode(alert->alert_id.data, alert->alert_id.len, id);
    id[12] = '\0';
    int exit_code = HITCTL(&desks.house, "--who", "PC 1234", "alerts", "ack", "north-live", id,
                           "--for", "30m", "--note", "unit asked for", "--wait", "--feedback-id",
                           "01010101010101010101010101010101");
    if (exit_code != 0) {
        fail_msg("%d: %s", exit_code, desks.house.text);
    }
    assert_non_null(strstr(desks.house.text, "taken after"));
    assert_int_equal(desks_events(1, true), 1);
    assert_int_equal(HITCTL(&desks.house, "alerts", "show", "north-live", id), 0);
    assert_non_null(strstr(desks.house.text, "AB12CDE"));
    assert_int_equal(HITCTL(&desks.house, "alerts", "ack", "east-live", id), 3);
    assert_int_equal(HITCTL(&desks.house, "alerts", "ack", "north-live", "xyz"), 2);
    assert_int_equal(HITCTL(&desks.house, "alerts", "hand-over", "north-live", id), 2);
    assert_true(house_metric(&desks.house, "hitstream_feedback_total{queue=\"north-live\",kind="
                                           "\"ACKNOWLEDGED\"}") == 1);
    hitstream__v1__alert__free_unpacked(alert, NULL);
    assert_int_equal(house_stop(&desks.house), 0);
}

static void what_is_no_feedback_is_put_aside(void **state)
{
    (void)state;
    struct hs_test_messages aside = {0};
    static const char no_person[] = "{\"feedbackId\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}";
    desks_start(NULL);
    desks_list("stolen", "AB13CDE");
    desks_read("n1", "AB13CDE");
    Hitstream__V1__Alert *alert = desks_alert("north-live", "AB13CDE", 1);
    const ProtobufCBinaryData token = alert->reply_token;
    const ProtobufCBinaryData forged = {.len = token.len, .data = calloc(1, token.len)};
    const Hitstream__V1__FeedbackKind ack =
        HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED;
    desks_say_bytes("north-live", HS_STR("\xff\xff\xff nonsense"));
    desks_say_bytes("north-live", hs_str(no_person));
    desks_say("east-live", 2, ack, token);
    desks_say("north-live", 3, ack, forged);
    desks_say("north-live", 4, ack, token);
    assert_int_equal(desks_events(4, true), 1);
    rejected(4, &aside);
    size_t found = 0;
    for (size_t i = 0; i < aside.count; i++) {
        struct hs_str reason = hs_test_header(&aside.rows[i], "reason");
        found += hs_str_is(reason, "malformed") &&
                 hs_str_eq(aside.rows[i].value, HS_STR("\xff\xff\xff nonsense"));
        found += hs_str_is(reason, "no-person") && hs_str_is(aside.rows[i].value, no_person);
        found += hs_str_is(reason, "other-queue");
        found += hs_str_is(reason, "no-token");
        assert_true(hs_test_header(&aside.rows[i], "rejected-from").len > 0);
        assert_true(hs_test_header(&aside.rows[i], "reason-text").len > 0);
    }
    assert_int_equal(found, 4);
    assert_int_equal(desks_events(2, false), 0);
    assert_int_equal(desks_events(3, false), 0);
    assert_true(house_metric(&desks.house,
                             "hitstream_feedback_rejected_total{reason=\"other-queue\"}") == 1);
    hs_test_messages_fini(&aside);
    free(forged.data);
    hitstream__v1__alert__free_unpacked(alert, NULL);
    assert_int_equal(house_stop(&desks.house), 0);
}

static void json_is_taken_too(void **state)
{
    (void)state;
    desks_start(NULL);
    desks_list("stolen", "AB14CDE");
    desks_read("n1", "AB14CDE");
    Hitstream__V1__Alert *alert = desks_alert("north-live", "AB14CDE", 1);
    assert_int_equal(HITCTL(&desks.house, "--json", "alerts", "show", "north-live", "00000000"), 3);
    char id[33];
    hs_hex_encode(alert->alert_id.data, alert->alert_id.len, id);
    assert_int_equal(HITCTL(&desks.house, "--json", "alerts", "show", "north-live", id), 0);
    const char *token = strstr(desks.house.text, "\"replyToken\":\"");
    assert_non_null(token);
    token += strlen("\"replyToken\":\"");
    struct hs_buf text = {0};
    hs_buf_printf(&text,
                  "{\"feedbackId\":\"BQUFBQUFBQUFBQUFBQUFBQ==\",\"replyToken\":\"%.*s\","
                  "\"kind\":\"FEEDBACK_KIND_NOTE\",\"person\":\"PC 1\",\"atMs\":\"%lld\","
                  "\"note\":\"on the A1\"}",
                  (int)strcspn(token, "\""), token, (long long)hs_clock_realtime_ms());
    desks_say_bytes("north-live", hs_buf_str(&text));
    assert_int_equal(desks_events(5, true), 1);
    hs_buf_fini(&text);
    hitstream__v1__alert__free_unpacked(alert, NULL);
    assert_int_equal(house_stop(&desks.house), 0);
}

// As the manual has it: the new key in place, then a restart. What was sealed with the old one is put
// aside, what is told from then on can be answered.
static void a_new_token_key_ends_what_the_old_one_sealed(void **state)
{
    (void)state;
    char path[HS_TEST_PATH_BYTES * 2];
    struct hs_test_messages before = {0}, aside = {0};
    const Hitstream__V1__FeedbackKind ack =
        HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED;
    assert_int_equal(
        hs_test_topic_read(desks.broker.bootstrap, "feedback.rejected", HOUSE_TIMEOUT_MS, &before),
        0);
    desks_start(NULL);
    desks_list("stolen", "AB15CDE");
    desks_list("stolen", "AB16CDE");
    desks_read("n1", "AB15CDE");
    Hitstream__V1__Alert *old = desks_alert("north-live", "AB15CDE", 1);
    snprintf(path, sizeof(path), "%s/token.key", desks.house.folder);
    assert_int_equal(
        hs_test_file_write(path,
                           "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f\n"),
        0);
    assert_int_equal(house_stop(&desks.house), 0);
    desks_start(NULL);
    desks_say("north-live", 15, ack, old->reply_token);
    rejected(before.count + 1, &aside);
    assert_true(hs_str_is(hs_test_header(&aside.rows[before.count], "reason"), "no-token"));
    desks_read("n1", "AB16CDE");
    Hitstream__V1__Alert *fresh = desks_alert("north-live", "AB16CDE", 1);
    desks_say("north-live", 16, ack, fresh->reply_token);
    assert_int_equal(desks_events(16, true), 1);
    assert_int_equal(desks_events(15, false), 0);
    hs_test_messages_fini(&before);
    hs_test_messages_fini(&aside);
    hitstream__v1__alert__free_unpacked(old, NULL);
    hitstream__v1__alert__free_unpacked(fresh, NULL);
    assert_int_equal(house_stop(&desks.house), 0);
}

// Killed after the event was appended, before its offset was committed: appended again under the
// same id.
static void killed_before_the_commit_loses_nothing(void **state)
{
    (void)state;
    desks_start("HS_KILL_POINT=feedback-before-commit:1");
    desks_list("stolen", "AB15CDE");
    desks_read("n1", "AB15CDE");
    Hitstream__V1__Alert *alert = desks_alert("north-live", "AB15CDE", 1);
    desks_say("north-live", 6, HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED,
              alert->reply_token);
    assert_int_equal(desks_events(6, true), 1);
    int64_t until_ms = hs_clock_boottime_ms() + HOUSE_TIMEOUT_MS;
    while (hs_process_running(&desks.house.daemon) && hs_clock_boottime_ms() < until_ms) {
        desks_step();
    }
    assert_false(hs_process_running(&desks.house.daemon));
    desks_start(NULL);
    while (desks_events(6, true) < 2 && hs_clock_boottime_ms() < until_ms) {
        desks_step();
    }
    assert_int_equal(desks_events(6, true), 2);
    hitstream__v1__alert__free_unpacked(alert, NULL);
    assert_int_equal(house_stop(&desks.house), 0);
}

// A queue that the controls name from now on is heard without a restart.
// A program that runs wild is put aside beyond its queue's bound, and holds up nobody else.
static void who_says_too_much_is_put_aside(void **state)
{
    (void)state;
    enum { SAID = 10, BOUND = 3 };
    struct hs_test_messages aside = {0};
    size_t malformed = 0, rate = 0;
    desks_start(NULL);
    desks_list("stolen", "AB19CDE");
    desks_read("n1", "AB19CDE");
    Hitstream__V1__Alert *alert = desks_alert("north-live", "AB19CDE", 1);
    for (int i = 0; i < SAID; i++) {
        desks_say_bytes("east-intel", HS_STR("\xff\xff\xff wild"));
    }
    int64_t until_ms = hs_clock_boottime_ms() + HOUSE_TIMEOUT_MS;
    while (malformed + rate < SAID && hs_clock_boottime_ms() < until_ms) {
        malformed = rate = 0;
        hs_test_messages_fini(&aside);
        aside = (struct hs_test_messages){0};
        assert_int_equal(hs_test_topic_read(desks.broker.bootstrap, "feedback.rejected",
                                            HOUSE_TIMEOUT_MS, &aside),
                         0);
        for (size_t i = 0; i < aside.count; i++) {
            struct hs_str reason = hs_test_header(&aside.rows[i], "reason");
            bool wild = hs_str_eq(aside.rows[i].value, HS_STR("\xff\xff\xff wild"));
            malformed += wild && hs_str_is(reason, "malformed");
            rate += wild && hs_str_is(reason, "rate");
        }
    }
    assert_int_equal(malformed + rate, SAID);
    assert_true(malformed == BOUND ||
                rate >= SAID - 2 * BOUND); // a minute may have ended meanwhile
    assert_true(malformed <= 2 * BOUND);
    assert_true(house_metric(&desks.house, "hitstream_feedback_rejected_total{reason=\"rate\"}") ==
                (double)rate);
    desks_say("north-live", 9, HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED,
              alert->reply_token);
    assert_int_equal(desks_events(9, true), 1);
    hs_test_messages_fini(&aside);
    hitstream__v1__alert__free_unpacked(alert, NULL);
    assert_int_equal(house_stop(&desks.house), 0);
}

static void a_new_desk_is_heard(void **state)
{
    (void)state;
    char queues[4096];
    snprintf(queues, sizeof(queues),
             "%s  south-live:\n    owner: northvale\n    kind: live\n    lists: ['*']\n"
             "    forces: [northvale]\n    intelligence_queue: north-intel\n",
             desks_queues);
    desks_start(NULL);
    assert_int_equal(HITCTL(&desks.house, "topics", "create", "--queues", "south-live",
                            "--partitions", "2", "--hits-partitions", "2"),
                     0);
    house_activate_texts(&desks.house, desks_cameras, queues, desks_rules);
    house_await_answer(&desks.house, "/status", "\"partitions\": 7,\n    \"taken\"");
    desks_list("stolen", "AB16CDE");
    desks_read("n1", "AB16CDE");
    Hitstream__V1__Alert *alert = desks_alert("south-live", "AB16CDE", 1);
    desks_say("south-live", 7, HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED,
              alert->reply_token);
    assert_int_equal(desks_events(7, true), 1);
    hitstream__v1__alert__free_unpacked(alert, NULL);
    assert_int_equal(house_stop(&desks.house), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hitctl_answers_an_alert, desks_open, desks_close),
        cmocka_unit_test_setup_teardown(what_is_no_feedback_is_put_aside, desks_open, desks_close),
        cmocka_unit_test_setup_teardown(json_is_taken_too, desks_open, desks_close),
        cmocka_unit_test_setup_teardown(a_new_token_key_ends_what_the_old_one_sealed, desks_open,
                                        desks_close),
        cmocka_unit_test_setup_teardown(killed_before_the_commit_loses_nothing, desks_open,
                                        desks_close),
        cmocka_unit_test_setup_teardown(who_says_too_much_is_put_aside, desks_open, desks_close),
        cmocka_unit_test_setup_teardown(a_new_desk_is_heard, desks_open, desks_close),
    };
    return cmocka_run_group_tests(tests, desks_open_broker, desks_close_broker);
}
