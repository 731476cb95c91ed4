// SPDX-License-Identifier: Apache-2.0
#include "report/spread.h"

#include <stddef.h>

enum { STEPS = 1 << HS_SPREAD_STEPS_LOG2 };

// Durations below STEPS have a cell each; from there on each octave has STEPS cells.
static size_t cell_of(uint64_t ms)
{
    if (ms < STEPS) {
        return (size_t)ms;
    }
    unsigned octave = 63 - (unsigned)__builtin_clzll(ms) - HS_SPREAD_STEPS_LOG2;
    return ((size_t)octave << HS_SPREAD_STEPS_LOG2) + (size_t)(ms >> octave);
}

// The greatest duration of a cell.
static int64_t end_of(size_t cell)
{
    if (cell < 2 * STEPS) {
        return (int64_t)cell;
    }
    size_t octave = (cell >> HS_SPREAD_STEPS_LOG2) - 1;
    uint64_t step = (cell & (STEPS - 1)) + STEPS;
    return (int64_t)(((step + 1) << octave) - 1);
}

void hs_spread_add(struct hs_spread *spread, int64_t duration_ms, int64_t limit_ms)
{
    const int64_t most = (INT64_C(1) << HS_SPREAD_BITS) - 1;
    int64_t ms = duration_ms < 0 ? 0 : duration_ms > most ? most : duration_ms;
    spread->count++;
    spread->within += ms <= limit_ms;
    spread->max_ms = ms > spread->max_ms ? ms : spread->max_ms;
    spread->cells[cell_of((uint64_t)ms)]++;
}

int64_t hs_spread_percentile(const struct hs_spread *spread, unsigned percent)
{
    uint64_t wanted = (spread->count * percent + 99) / 100, seen = 0;
    for (size_t i = 0; wanted > 0 && i < HS_SPREAD_CELLS; i++) {
        seen += spread->cells[i];
        if (seen >= wanted) {
            int64_t end = end_of(i);
            return end < spread->max_ms ? end : spread->max_ms;
        }
    }
    return 0;
}
