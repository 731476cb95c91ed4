// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hitstreamd/intake_rate.h"

#define LIMIT 3
#define NOON  INT64_C(1767960000000) // a full minute

static size_t take(struct hs_intake_rate *rate, int64_t at_ms, size_t messages)
{
    size_t taken = 0;
    for (size_t i = 0; i < messages; i++) {
        taken += hs_intake_rate_take(rate, at_ms, LIMIT);
    }
    return taken;
}

static void so_many_are_taken_in_a_minute(void **state)
{
    (void)state;
    struct hs_intake_rate rate = {0};
    assert_int_equal(take(&rate, NOON, 3), 3);
    assert_int_equal(take(&rate, NOON + 59999, 5), 0);
    assert_int_equal(rate.beyond, 5);
}

static void the_next_minute_begins_anew(void **state)
{
    (void)state;
    struct hs_intake_rate rate = {0};
    assert_int_equal(take(&rate, NOON + 59999, 10), 3);
    assert_int_equal(take(&rate, NOON + 60000, 10), 3);
    assert_int_equal(rate.beyond, 7);
}

// Three days of a sane desk, read at one go.
static void what_waited_is_judged_by_its_own_minute(void **state)
{
    (void)state;
    struct hs_intake_rate rate = {0};
    size_t taken = 0;
    for (int64_t minute = 0; minute < 3 * 24 * 60; minute++) {
        taken += take(&rate, NOON + minute * 60000, 2);
    }
    assert_int_equal(taken, 2 * 3 * 24 * 60);
}

static void an_older_clock_gains_nothing(void **state)
{
    (void)state;
    struct hs_intake_rate rate = {0};
    assert_int_equal(take(&rate, NOON, 3), 3);
    assert_int_equal(take(&rate, NOON - 60000, 3), 0);
    assert_int_equal(take(&rate, NOON, 1), 0);
}

// Read again from the middle of a minute, as after a rewind: what was taken is taken again.
static void begun_anew_it_is_no_stricter(void **state)
{
    (void)state;
    for (size_t from = 0; from < 10; from++) {
        struct hs_intake_rate first = {0}, again = {0};
        for (size_t i = 0; i < 10; i++) {
            int64_t at_ms = NOON + (int64_t)i * 17000;
            bool taken = hs_intake_rate_take(&first, at_ms, LIMIT);
            if (i >= from) {
                assert_true(hs_intake_rate_take(&again, at_ms, LIMIT) || !taken);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_are_taken_in_a_minute),
        cmocka_unit_test(the_next_minute_begins_anew),
        cmocka_unit_test(what_waited_is_judged_by_its_own_minute),
        cmocka_unit_test(an_older_clock_gains_nothing),
        cmocka_unit_test(begun_anew_it_is_no_stricter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
