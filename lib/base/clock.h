// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BASE_CLOCK_H
#define HS_BASE_CLOCK_H
/*
 * Clocks, for the daemon and tools only: the engine never reads one, its `now` comes in.
 *
 * Threads: any.
 */

#include <stdint.h>

#define HS_MS_PER_SECOND INT64_C(1000)
#define HS_MS_PER_MINUTE INT64_C(60000)
#define HS_MS_PER_HOUR   INT64_C(3600000)
#define HS_MS_PER_DAY    INT64_C(86400000)

// Unix milliseconds, UTC.
int64_t hs_clock_realtime_ms(void);
// Milliseconds since boot, suspension included (CLOCK_BOOTTIME): leases are measured by it.
int64_t hs_clock_boottime_ms(void);
// Nanoseconds, steady (CLOCK_MONOTONIC): durations within the process.
int64_t hs_clock_monotonic_ns(void);

#endif
