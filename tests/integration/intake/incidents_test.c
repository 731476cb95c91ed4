// SPDX-License-Identifier: Apache-2.0
// One vehicle, one story, until somebody answers: through daemon, broker and Redis.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "desks.h"
#include "hitstream/v1/watchlist.pb-c.h"

// The number-th alert about the vehicle is of that kind.
static Hitstream__V1__Alert *expect(const char *queue, const char *vehicle, size_t number,
                                    Hitstream__V1__AlertKind kind)
{
    Hitstream__V1__Alert *alert = desks_alert(queue, vehicle, number);
    assert_int_equal(alert->kind, kind);
    return alert;
}

static void release(Hitstream__V1__Alert *alert)
{
    hitstream__v1__alert__free_unpacked(alert, NULL);
}

static void an_acknowledgement_ends_the_waiting(void **state)
{
    (void)state;
    desks_start(NULL);
    desks_list("stolen", "BC12CDE");
    desks_list("stolen", "BC13CDE");
    desks_pass("n1", "BC12CDE");
    Hitstream__V1__Alert *alert =
        expect("north-live", "BC12CDE", 1, HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED);
    desks_say("north-live", 21, HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED,
              alert->reply_token);
    desks_await_metric("hitstream_correlate_feedback_total", 1);
    desks_pass("n1", "BC13CDE");
    release(expect("north-chief", "BC13CDE", 1, HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ESCALATED));
    assert_int_equal(desks_count("north-chief", "BC12CDE"), 0); // due before the other
    release(alert);
    desks_pass("n2", "BC12CDE");
    alert = expect("north-live", "BC12CDE", 2, HITSTREAM__V1__ALERT_KIND__ALERT_KIND_UPDATED);
    assert_int_equal(alert->n_answered, 1);
    assert_string_equal(alert->answered[0]->person, "PC 4711");
    release(alert);
    assert_int_equal(house_stop(&desks.house), 0);
}

static void a_silenced_desk_is_told_no_updates(void **state)
{
    (void)state;
    desks_start(NULL);
    desks_list("stolen", "BC21CDE");
    desks_pass("n1", "BC21CDE");
    Hitstream__V1__Alert *alert =
        expect("north-live", "BC21CDE", 1, HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED);
    desks_say("north-live", 22, HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_SILENCED,
              alert->reply_token);
    desks_await_metric("hitstream_correlate_feedback_total", 1);
    desks_pass("n2", "BC21CDE");
    desks_pass("n3", "BC21CDE");
    assert_int_equal(desks_count("north-live", "BC21CDE"), 1);
    release(alert);
    assert_int_equal(house_stop(&desks.house), 0);
}

static void what_nobody_answers_goes_up_the_chain(void **state)
{
    (void)state;
    desks_start(NULL);
    desks_list("stolen", "BC14CDE");
    int64_t from_ms = hs_clock_boottime_ms();
    desks_pass("n1", "BC14CDE");
    Hitstream__V1__Alert *alert =
        expect("north-chief", "BC14CDE", 1, HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ESCALATED);
    assert_true(hs_clock_boottime_ms() - from_ms >= 3000);
    assert_non_null(alert->escalation);
    assert_string_equal(alert->escalation->from_queue, "north-live");
    release(alert);
    assert_int_equal(house_stop(&desks.house), 0);
}

static void a_withdrawn_entry_stands_desks_down(void **state)
{
    (void)state;
    desks_start(NULL);
    desks_list("stolen", "BC15CDE");
    desks_list("stolen", "BC16CDE");
    desks_pass("n1", "BC15CDE");
    desks_pass("n1", "BC16CDE");
    release(expect("north-live", "BC15CDE", 1, HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED));
    assert_int_equal(HITCTL(&desks.house, "list", "drop", "stolen", "BC15CDE"), 0);
    Hitstream__V1__Alert *alert =
        expect("north-live", "BC15CDE", 2, HITSTREAM__V1__ALERT_KIND__ALERT_KIND_STAND_DOWN);
    assert_int_equal(alert->stand_down->reason,
                     HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_WITHDRAWN);
    release(alert);
    // the whole list, also while the daemon is away
    assert_int_equal(house_stop(&desks.house), 0);
    assert_int_equal(desks_count("north-live", "BC16CDE"), 1);
    assert_int_equal(HITCTL(&desks.house, "list", "status", "stolen", "suspended"), 0);
    desks_start(NULL);
    int64_t until_ms = hs_clock_boottime_ms() + HOUSE_TIMEOUT_MS;
    bool down = false;
    for (size_t i = 2; !down && hs_clock_boottime_ms() < until_ms; i++) {
        alert = desks_alert("north-live", "BC16CDE", i);
        down = alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_STAND_DOWN;
        release(alert);
    }
    assert_true(down);
    assert_int_equal(house_stop(&desks.house), 0);
}

static void not_this_vehicle_makes_an_exclusion(void **state)
{
    (void)state;
    desks_start(NULL);
    desks_list("stolen", "BC17CDE");
    desks_pass("n1", "BC17CDE");
    Hitstream__V1__Alert *alert =
        expect("north-live", "BC17CDE", 1, HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED);
    char id[33];
    hs_hex_encode(alert->alert_id.data, alert->alert_id.len, id);
    assert_int_equal(HITCTL(&desks.house, "--who", "PC 77", "alerts", "not-this-vehicle",
                            "north-live", id, "--for", "30d", "--note", "cloned; sold", "--wait"),
                     0);
    desks_await_metric("hitstream_exclusions_stored_total", 1);
    assert_int_equal(HITCTL(&desks.house, "list", "show", "stolen", "BC17CDE"), 0);
    if (!strstr(desks.house.text, "BC17CDE/PC 77/") || !strstr(desks.house.text, "cloned, sold")) {
        fail_msg("no exclusion: %s", desks.house.text);
    }
    size_t before = desks_count("north-live", "BC17CDE");
    double reads = house_metric(&desks.house, "hitstream_reads_total");
    desks_read("n2", "BC17CDE");
    desks_await_metric("hitstream_reads_total", reads + 1);
    desks_list("stolen", "BC18CDE");
    desks_pass("n2", "BC18CDE"); // behind it
    release(expect("north-live", "BC18CDE", 1, HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED));
    assert_int_equal(desks_count("north-live", "BC17CDE"), before);
    release(alert);
    assert_int_equal(house_stop(&desks.house), 0);
}

// Redis is away when the desk decides: the decision stands in state until Redis has it.
static void an_exclusion_waits_for_redis(void **state)
{
    (void)state;
    desks_start(NULL);
    desks_list("stolen", "BC19CDE");
    desks_pass("n1", "BC19CDE");
    Hitstream__V1__Alert *alert =
        expect("north-live", "BC19CDE", 1, HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED);
    hs_redis_server_stop(&desks.house.redis);
    desks_say("north-live", 25, HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOT_THIS_VEHICLE,
              alert->reply_token);
    assert_int_equal(desks_events(25, true), 1);
    desks_await_metric("hitstream_exclusions_waiting", 1);
    assert_int_equal(hs_process_stop(&desks.house.daemon, HOUSE_TIMEOUT_MS), 0);
    assert_int_equal(hs_redis_server_again(&desks.house.redis), 0);
    release(alert);
}

static void another_desk_takes_over(void **state)
{
    (void)state;
    desks_start(NULL);
    desks_list("stolen", "BC20CDE");
    desks_pass("n1", "BC20CDE");
    Hitstream__V1__Alert *alert =
        expect("north-live", "BC20CDE", 1, HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED);
    char id[33];
    hs_hex_encode(alert->alert_id.data, alert->alert_id.len, id);
    assert_int_equal(HITCTL(&desks.house, "--who", "PC 77", "alerts", "hand-over", "north-live", id,
                            "--to-queue", "east-live", "--note", "heading east", "--wait"),
                     0);
    Hitstream__V1__Alert *taken =
        expect("east-live", "BC20CDE", 1, HITSTREAM__V1__ALERT_KIND__ALERT_KIND_HANDED_OVER);
    assert_string_equal(taken->handed_over_by, "north-live");
    assert_string_equal(taken->note, "heading east");
    assert_int_equal(HITCTL(&desks.house, "alerts", "hand-over", "north-live", id, "--to-queue",
                            "no-such-desk", "--wait"),
                     3);
    release(alert);
    release(taken);
    assert_int_equal(house_stop(&desks.house), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desks_open, desks_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_acknowledgement_ends_the_waiting),
        TEST(a_silenced_desk_is_told_no_updates),
        TEST(what_nobody_answers_goes_up_the_chain),
        TEST(a_withdrawn_entry_stands_desks_down),
        TEST(not_this_vehicle_makes_an_exclusion),
        TEST(an_exclusion_waits_for_redis),
        TEST(another_desk_takes_over),
    };
    return cmocka_run_group_tests(tests, desks_open_broker, desks_close_broker);
}
