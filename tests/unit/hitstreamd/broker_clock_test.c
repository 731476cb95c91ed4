// SPDX-License-Identifier: Apache-2.0
// The brokers' time as their stamps tell it: whatever the host's own clock says.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "hitstreamd/broker_clock.h"

#define NOON   INT64_C(1767182400000) // at the brokers
#define HOUR   INT64_C(3600000)
#define MINUTE INT64_C(60000)

enum { BOOT = 5000 }; // when it is noon

static void nothing_seen_is_the_hosts_own_time(void **state)
{
    (void)state;
    struct hs_broker_clock clock = {0};
    assert_int_equal(hs_broker_clock_ms(&clock, BOOT, NOON + 7), NOON + 7);
}

static void a_host_that_is_an_hour_off_goes_by_the_brokers(void **state)
{
    (void)state;
    struct hs_broker_clock clock = {0};
    hs_broker_clock_see(&clock, NOON, BOOT);
    assert_int_equal(hs_broker_clock_ms(&clock, BOOT, NOON + HOUR), NOON);
    assert_int_equal(hs_broker_clock_ms(&clock, BOOT + 250, NOON - HOUR), NOON + 250);
}

static void what_is_seen_late_takes_nothing_back(void **state)
{
    (void)state;
    struct hs_broker_clock clock = {0};
    hs_broker_clock_see(&clock, NOON, BOOT);
    hs_broker_clock_see(&clock, NOON - HOUR, BOOT + 10); // a backlog is being read
    assert_int_equal(hs_broker_clock_ms(&clock, BOOT + 20, 0), NOON + 20);
    hs_broker_clock_see(&clock, NOON + 30, BOOT + 25); // a stamp that was quicker than the first
    assert_int_equal(hs_broker_clock_ms(&clock, BOOT + 40, 0), NOON + 45);
}

static void a_broker_whose_clock_was_wrong_is_forgotten(void **state)
{
    (void)state;
    struct hs_broker_clock clock = {0};
    hs_broker_clock_see(&clock, NOON + HOUR, BOOT);
    hs_broker_clock_see(&clock, NOON + MINUTE, BOOT + MINUTE);
    assert_int_equal(hs_broker_clock_ms(&clock, BOOT + MINUTE, 0), NOON + HOUR + MINUTE);
    hs_broker_clock_see(&clock, NOON + 2 * MINUTE, BOOT + 2 * MINUTE);
    assert_int_equal(hs_broker_clock_ms(&clock, BOOT + 2 * MINUTE, 0), NOON + 2 * MINUTE);
}

static void silence_forgets_nothing(void **state)
{
    (void)state;
    struct hs_broker_clock clock = {0};
    hs_broker_clock_see(&clock, NOON, BOOT);
    assert_int_equal(hs_broker_clock_ms(&clock, BOOT + 24 * HOUR, 0), NOON + 24 * HOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_seen_is_the_hosts_own_time),
        cmocka_unit_test(a_host_that_is_an_hour_off_goes_by_the_brokers),
        cmocka_unit_test(what_is_seen_late_takes_nothing_back),
        cmocka_unit_test(a_broker_whose_clock_was_wrong_is_forgotten),
        cmocka_unit_test(silence_forgets_nothing),
    };
    return cmocka_run_group_tests_name("hitstreamd/broker_clock", tests, NULL, NULL);
}
