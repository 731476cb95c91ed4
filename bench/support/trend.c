// SPDX-License-Identifier: Apache-2.0
#include "support/trend.h"

#include <math.h>

static double mean_of(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return count ? sum / (double)count : NAN;
}

struct hs_trend hs_bench_trend(const double *places, const double *values, size_t count)
{
    double x_mean = mean_of(places, count), y_mean = mean_of(values, count);
    double xx = 0, xy = 0, squares = 0, neighbours = 0, before = 0;
    for (size_t i = 0; i < count; i++) {
        xx += (places[i] - x_mean) * (places[i] - x_mean);
        xy += (places[i] - x_mean) * (values[i] - y_mean);
    }
    struct hs_trend trend = {.mean = y_mean, .slope = xx > 0 ? xy / xx : 0};
    for (size_t i = 0; i < count; i++) {
        double rest = values[i] - y_mean - trend.slope * (places[i] - x_mean);
        squares += rest * rest;
        neighbours += i > 0 ? rest * before : 0;
        before = rest;
    }
    double r = squares > 0 ? neighbours / squares : 0;
    double worth = (double)count * (r > 0 ? (1 - r) / (1 + r) : 1); // independent values
    trend.slope_error = worth > 2 && xx > 0 ? sqrt(squares / (worth - 2) / xx) : INFINITY;
    return trend;
}

double hs_trend_sure_rise(const struct hs_trend *trend, double span)
{
    double sure = (trend->slope - 2 * trend->slope_error) * span;
    return sure > 0 ? sure : 0;
}
