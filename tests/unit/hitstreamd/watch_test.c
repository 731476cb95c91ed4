// SPDX-License-Identifier: Apache-2.0
// Who makes progress, by a clock of the test's own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "hitstreamd/watch.h"

static uint64_t counters[2];

static uint64_t progress(void *ctx, size_t index)
{
    (void)ctx;
    return counters[index];
}

static struct hs_watch *two_threads(void)
{
    struct hs_watch *watch;
    counters[0] = counters[1] = 0;
    assert_int_equal(hs_watch_new(1000, &watch), 0);
    assert_int_equal(hs_watch_add(watch, "store", progress, NULL, 0), 0);
    assert_int_equal(hs_watch_add(watch, "matcher", progress, NULL, 1), 0);
    return watch;
}

static void moving_threads_are_well(void **state)
{
    (void)state;
    struct hs_watch *watch = two_threads();
    for (int64_t now_ms = 1; now_ms < 5000; now_ms += 999) {
        counters[0]++;
        counters[1] += 7;
        assert_null(hs_watch_look(watch, now_ms));
    }
    hs_watch_free(watch);
}

static void standing_thread_is_named_and_can_recover(void **state)
{
    (void)state;
    struct hs_watch *watch = two_threads();
    assert_null(hs_watch_look(watch, 1)); // a thread that has not begun yet has its time too
    counters[0]++;
    assert_null(hs_watch_look(watch, 1000));
    counters[0]++;
    assert_string_equal(hs_watch_look(watch, 1001), "matcher");
    assert_string_equal(hs_watch_stuck(watch), "matcher");
    counters[0]++;
    counters[1]++;
    assert_null(hs_watch_look(watch, 1002));
    assert_null(hs_watch_stuck(watch));
    hs_watch_free(watch);
}

static void table_has_a_limit(void **state)
{
    (void)state;
    struct hs_watch *watch;
    assert_int_equal(hs_watch_new(1000, &watch), 0);
    for (size_t i = 0; i < HS_WATCH_MAX; i++) {
        assert_int_equal(hs_watch_add(watch, "t", progress, NULL, 0), 0);
    }
    assert_int_equal(hs_watch_add(watch, "t", progress, NULL, 0), HS_ELIMIT);
    hs_watch_free(watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moving_threads_are_well),
        cmocka_unit_test(standing_thread_is_named_and_can_recover),
        cmocka_unit_test(table_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
