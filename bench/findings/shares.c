// SPDX-License-Identifier: Apache-2.0
#include "findings/shares.h"

#include <math.h>
#include <stdio.h>

#include "support/figure.h"

void share_bounds(size_t good, size_t all, double *ret_low, double *ret_high)
{
    double z = 1.96;
    double n = all ? (double)all : 1;
    double p = (double)good / n;
    double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
    double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    *ret_low = all ? fmax(middle - half, 0) : 0;
    *ret_high = all ? fmin(middle + half, 1) : 1;
}

bool share_print(const char *name, const char *unit, size_t good, size_t all, double limit,
                 double reference, const char *base)
{
    char text[320];
    double low, high;
    share_bounds(good, all, &low, &high);
    snprintf(text, sizeof(text), "%zu of %zu, 95 %% bounds %.3f to %.3f; %s", good, all, low, high,
             base);
    const struct hs_figure figure = {.name = name,
                                     .unit = unit,
                                     .value = all ? (double)good / (double)all : 0,
                                     .reference = reference,
                                     .bar = HS_BAR_VALUE_AT_LEAST,
                                     .limit = limit,
                                     .runs = 1,
                                     .note = text};
    return hs_figure_print(&figure);
}
