// SPDX-License-Identifier: Apache-2.0
// Percentiles of durations: never below the true one, at most 1.6 % above it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "report/spread.h"

enum { COUNT = 20000 };

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void percentiles_are_near_the_true_ones(void **state)
{
    (void)state;
    static struct hs_spread spread;
    static int64_t values[COUNT];
    uint64_t x = 20261130;
    for (size_t i = 0; i < COUNT; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        values[i] = (int64_t)((x >> 20) >> (x >> 58)); // from milliseconds to years
        values[i] = values[i] < (INT64_C(1) << 40) ? values[i] : 5;
        hs_spread_add(&spread, values[i], 4000);
    }
    qsort(values, COUNT, sizeof(values[0]), ascending);
    for (unsigned percent = 1; percent <= 100; percent++) {
        int64_t true_ms = values[((uint64_t)COUNT * percent + 99) / 100 - 1];
        int64_t said_ms = hs_spread_percentile(&spread, percent);
        assert_true(said_ms >= true_ms);
        assert_true(said_ms - true_ms <= true_ms / 64 + 1);
    }
    assert_int_equal(spread.max_ms, values[COUNT - 1]);
}

static void ends_are_held(void **state)
{
    (void)state;
    static struct hs_spread spread;
    assert_int_equal(hs_spread_percentile(&spread, 50), 0);
    hs_spread_add(&spread, -5, 4000); // a camera's clock is ahead
    hs_spread_add(&spread, 4000, 4000);
    hs_spread_add(&spread, 4001, 4000);
    hs_spread_add(&spread, INT64_MAX, 4000);
    assert_int_equal(spread.count, 4);
    assert_int_equal(spread.within, 2);
    assert_int_equal(hs_spread_percentile(&spread, 25), 0);
    assert_in_range(hs_spread_percentile(&spread, 26), 4000, 4062); // of four the second
    assert_int_equal(hs_spread_percentile(&spread, 100), (INT64_C(1) << 40) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_near_the_true_ones),
        cmocka_unit_test(ends_are_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
