// SPDX-License-Identifier: Apache-2.0
#ifndef FINDINGS_SHARES_H
#define FINDINGS_SHARES_H
/*
 * Figures that are a share of something counted, with the bounds that so many leave. Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>

// Wilson's bounds of a share, 95 %.
void share_bounds(size_t good, size_t all, double *ret_low, double *ret_high);
// Prints a figure that must be at least `limit`; `base` says what it is of. Whether it holds.
bool share_print(const char *name, const char *unit, size_t good, size_t all, double limit,
                 double reference, const char *base);

#endif
