// SPDX-License-Identifier: Apache-2.0
// What bench/soak says of a slope: a rise is found, and its error covers what is none.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/trend.h"

enum { COUNT = 150, SERIES = 400 };

// Uniform in -1 to 1.
static double noise(unsigned *seed)
{
    return (double)rand_r(seed) / RAND_MAX * 2 - 1;
}

// A line of `slope` with noise of which each value keeps `memory` of the one before.
static struct hs_trend trend_of(double slope, double memory, unsigned *seed)
{
    double places[COUNT], values[COUNT], error = 0;
    for (size_t i = 0; i < COUNT; i++) {
        error = memory * error + noise(seed);
        places[i] = 10.0 * (double)i;
        values[i] = 100 + slope * places[i] + error;
    }
    return hs_bench_trend(places, values, COUNT);
}

static void a_line_is_itself(void **state)
{
    (void)state;
    const double places[] = {1, 2, 4, 8, 9}, values[] = {5, 7, 11, 19, 21};
    const struct hs_trend trend = hs_bench_trend(places, values, 5);
    assert_float_equal(trend.slope, 2, 1e-9);
    assert_float_equal(trend.mean, 12.6, 1e-9);
    assert_float_equal(trend.slope_error, 0, 1e-9);
    assert_float_equal(hs_trend_sure_rise(&trend, 8), 16, 1e-9);
}

// Of series that do not rise, few are said to, also where values hang together: this is what the
// plain error of least squares gets wrong.
static void what_does_not_rise_is_not_said_to(void **state)
{
    (void)state;
    static const double memories[] = {0, 0.5, 0.8};
    for (size_t m = 0; m < 3; m++) {
        unsigned seed = 20261130, said = 0;
        for (size_t i = 0; i < SERIES; i++) {
            const struct hs_trend trend = trend_of(0, memories[m], &seed);
            said += hs_trend_sure_rise(&trend, 1490) > 0;
        }
        assert_true(said * 100 <= SERIES * 6); // two errors: 2.3 of a hundred
    }
}

static void what_rises_is_said_to(void **state)
{
    (void)state;
    unsigned seed = 7, said = 0;
    for (size_t i = 0; i < SERIES; i++) {
        const struct hs_trend trend = trend_of(0.002, 0.5, &seed); // 3 over the run, noise of 1
        said += hs_trend_sure_rise(&trend, 1490) > 0;
    }
    assert_true(said * 100 >= SERIES * 95);
}

static void too_few_values_tell_nothing(void **state)
{
    (void)state;
    const double places[] = {1, 2}, values[] = {1, 9};
    const struct hs_trend trend = hs_bench_trend(places, values, 2);
    assert_true(isinf(trend.slope_error));
    assert_float_equal(hs_trend_sure_rise(&trend, 1), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_itself),
        cmocka_unit_test(what_does_not_rise_is_not_said_to),
        cmocka_unit_test(what_rises_is_said_to),
        cmocka_unit_test(too_few_values_tell_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
