// SPDX-License-Identifier: Apache-2.0
// A queue that asks for tests gets them, by the way of any read, and nobody else does.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "desks.h"
#include "hitstream/v1/read.pb-c.h"

static int open_desks(void **state)
{
    int rc = desks_open_broker(state);
    return rc ? rc : desks_open(state);
}

static int close_desks(void **state)
{
    desks_close(state);
    return desks_close_broker(state);
}

static void a_test_alert_arrives_and_counts_nowhere(void **state)
{
    (void)state;
    desks_start(NULL);
    Hitstream__V1__Alert *alert = desks_alert("north-live", NULL, 1);
    assert_int_equal(alert->kind, HITSTREAM__V1__ALERT_KIND__ALERT_KIND_TEST);
    assert_true(alert->test);
    assert_string_equal(alert->vehicle, "TEST-north-live");
    assert_true(alert->reply_token.len > 0);
    house_await_answer(&desks.house, "/readyz", "test of queue 'north-live': last came back 2");
    assert_non_null(strstr(house_ask(&desks.house, false, "GET", "/status"), "\"last_back\""));
    assert_true(house_metric(&desks.house, "hitstream_test_alerts_total") >= 1);
    assert_true(house_metric(&desks.house, "hitstream_test_alert_overdue{queue=\"north-live\"}") ==
                0);
    assert_true(house_metric(&desks.house, "hitstream_test_alert_last_timestamp_seconds{queue="
                                           "\"north-live\"}") > 1e9);
    assert_true(house_metric(&desks.house, "hitstream_alerts_total{queue=\"north-live\"}") == 0);
    assert_true(house_metric(&desks.house, "hitstream_reads_total") == 0);
    assert_true(house_metric(&desks.house, "hitstream_correlate_hits_total") == 0);
    assert_int_equal(desks_count("north-chief", NULL), 0);
    assert_int_equal(desks_count("east-live", NULL), 0);
    assert_int_equal(desks_count("covert-desk", NULL), 0);
    // the desk may say that it saw it; there is no incident to act on
    desks_say("north-live", 11, HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED,
              alert->reply_token);
    house_await_answer(&desks.house, "/metrics", "hitstream_test_feedback_total 1");
    assert_int_equal(desks_events(11, false), 0);
    hitstream__v1__alert__free_unpacked(alert, NULL);
    // and it comes again
    hitstream__v1__alert__free_unpacked(desks_alert("north-live", NULL, 2), NULL);
    assert_int_equal(house_stop(&desks.house), 0);
}

static void a_restart_sends_none_before_its_time(void **state)
{
    (void)state;
    size_t before = desks_count("north-live", NULL);
    desks_start(NULL);
    Hitstream__V1__Alert *last = desks_alert("north-live", NULL, before);
    Hitstream__V1__Alert *next = desks_alert("north-live", NULL, before + 1);
    assert_true(next->captured_at_ms - last->captured_at_ms >= 10000);
    hitstream__v1__alert__free_unpacked(last, NULL);
    hitstream__v1__alert__free_unpacked(next, NULL);
    assert_int_equal(house_stop(&desks.house), 0);
}

static void a_test_of_no_queue_is_put_aside(void **state)
{
    (void)state;
    struct hs_test_messages aside = {0};
    int64_t until_ms = hs_clock_boottime_ms() + HOUSE_TIMEOUT_MS;
    desks_start(NULL);
    desks_test_read("no-such-desk");
    do {
        hs_test_messages_fini(&aside);
        aside = (struct hs_test_messages){0};
        assert_int_equal(hs_test_topic_read(desks.broker.bootstrap, "anpr.reads.rejected",
                                            HOUSE_TIMEOUT_MS, &aside),
                         0);
    } while (aside.count == 0 && hs_clock_boottime_ms() < until_ms);
    assert_int_equal(aside.count, 1);
    assert_true(hs_str_is(hs_test_header(&aside.rows[0], "reason"), "test-queue"));
    hs_test_messages_fini(&aside);
    assert_int_equal(house_stop(&desks.house), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_test_alert_arrives_and_counts_nowhere),
        cmocka_unit_test(a_restart_sends_none_before_its_time),
        cmocka_unit_test(a_test_of_no_queue_is_put_aside),
    };
    return cmocka_run_group_tests(tests, open_desks, close_desks);
}
