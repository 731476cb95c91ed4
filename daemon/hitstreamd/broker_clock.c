// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/broker_clock.h"

enum { WINDOW_MS = 60000 };

void hs_broker_clock_see(struct hs_broker_clock *clock, int64_t stamped_at_ms, int64_t boot_ms)
{
    int64_t ahead_ms = stamped_at_ms - boot_ms;
    if (clock->now.any && boot_ms - clock->began_ms >= WINDOW_MS) {
        clock->before = clock->now;
        clock->now.any = false;
    }
    if (!clock->now.any) {
        clock->now = (struct hs_broker_stamps){true, ahead_ms};
        clock->began_ms = boot_ms;
    } else if (ahead_ms > clock->now.ahead_ms) {
        clock->now.ahead_ms = ahead_ms;
    }
}

int64_t hs_broker_clock_ms(const struct hs_broker_clock *clock, int64_t boot_ms, int64_t own_ms)
{
    if (!clock->now.any) {
        return own_ms;
    }
    int64_t ahead_ms = clock->now.ahead_ms;
    if (clock->before.any && clock->before.ahead_ms > ahead_ms) {
        ahead_ms = clock->before.ahead_ms;
    }
    return boot_ms + ahead_ms;
}
