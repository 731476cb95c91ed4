// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_INTAKE_RATE_H
#define HITSTREAMD_INTAKE_RATE_H
/*
 * How many messages of one partition of a feedback topic are taken in a minute: by the broker's
 * clock, so that what waited while the intake was down is judged as it would have been then. Begun
 * anew (after a rewind, by another instance) it is never stricter than before.
 *
 * Threads: the owner's. Ownership: a plain value; zeroed it has counted nothing. Bounds: the limit
 * comes in.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct hs_intake_rate {
    int64_t minute; // since 1970
    int64_t taken;  // in it
    int64_t beyond; // in it, and not taken
};

// Whether a message that the broker took at `at_ms` may be taken. Older than the minute that is
// counted (the brokers' clocks differ): it counts in that one.
static inline bool hs_intake_rate_take(struct hs_intake_rate *rate, int64_t at_ms,
                                       int64_t per_minute)
{
    int64_t minute = at_ms / HS_MS_PER_MINUTE;
    if (minute > rate->minute) {
        *rate = (struct hs_intake_rate){.minute = minute};
    }
    bool takes = rate->taken < per_minute;
    *(takes ? &rate->taken : &rate->beyond) += 1;
    return takes;
}

#endif
