// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_BROKER_CLOCK_H
#define HS_HITSTREAMD_BROKER_CLOCK_H
/*
 * What time it is where the logs are: the brokers' clock, as far as what they stamped tells.
 *
 * A host whose clock is an hour off, or is set while we run, must not let timers come due at once
 * or not at all, divert what is told to intelligence queues as late, refuse what desks say, or make
 * its successor read queues back from a time that has not come. So what is compared with stamps of
 * brokers goes by them. A stamp says that it was at least so late when it was seen; from there on
 * the time since boot tells, which nobody sets. The newest of what was seen in the last two minutes
 * counts, so that a broker whose clock was wrong is forgotten.
 *
 * Threads: one a clock. Ownership: plain; zero-initialised is a clock that knows nothing.
 */

#include <stdbool.h>
#include <stdint.h>

// What was seen in a minute.
struct hs_broker_stamps {
    bool any;
    int64_t ahead_ms; // stamps less time since boot when they were seen: the largest
};

struct hs_broker_clock {
    struct hs_broker_stamps now, before; // this minute, and the last one that saw any
    int64_t began_ms;                    // time since boot at which `now` began
};

// A broker stamped something with `stamped_at_ms` (LogAppendTime), seen `boot_ms` after boot.
void hs_broker_clock_see(struct hs_broker_clock *clock, int64_t stamped_at_ms, int64_t boot_ms);
// The brokers' time `boot_ms` after boot, not later than it is; `own_ms` where nothing was seen yet.
int64_t hs_broker_clock_ms(const struct hs_broker_clock *clock, int64_t boot_ms, int64_t own_ms);

#endif
