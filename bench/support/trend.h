// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BENCH_TREND_H
#define HS_BENCH_TREND_H
/*
 * Whether something rises or falls over time: the straight line of least squares, and how sure its slope is.
 *
 * Values taken one after the other hang together (memory stays where it is until something allocates), so that many of
 * them know little more than a few. The error is therefore that of n (1 - r) / (1 + r) values, r being the correlation
 * of each residual with the one before (Santer and others, 2000, J. Geophys. Res. 105 D6, 7337).
 *
 * Threads: any; pure.
 */

#include <stddef.h>

struct hs_trend {
    double mean;        // of the values
    double slope;       // per unit of the places
    double slope_error; // one standard error; INFINITY: there are too few values to tell
};

// Of `count` values at rising places.
struct hs_trend hs_bench_trend(const double *places, const double *values, size_t count);
// By how much it rises over `span` beyond two standard errors; 0: nothing that is sure.
double hs_trend_sure_rise(const struct hs_trend *trend, double span);

#endif
