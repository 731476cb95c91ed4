// SPDX-License-Identifier: Apache-2.0
// Stale lists, told to ops: once when they are, once when it is over.
#include <stdio.h>

#include "base/clock.h"
#include "hitstreamd/lists_parts.h"

void hs_lists_alarm_stale(struct hs_lists *lists, const char *why, bool at_once)
{
    struct hs_lists_alarm *alarm = &lists->alarm;
    if (alarm->since_ms == 0) {
        alarm->since_ms = hs_clock_boottime_ms();
    }
    alarm->at_once |= at_once;
    snprintf(alarm->why, sizeof(alarm->why), "%s", why);
}

void hs_lists_alarm_fresh(struct hs_lists *lists)
{
    struct hs_lists_alarm *alarm = &lists->alarm;
    if (alarm->told) {
        hs_notices_leave(lists->notices, "lists", "'%s': lists are current again, after %lld s",
                         lists->settings->instance_id,
                         (long long)((hs_clock_boottime_ms() - alarm->since_ms) / 1000));
    }
    *alarm = (struct hs_lists_alarm){0};
}

void hs_lists_alarm_tend(struct hs_lists *lists)
{
    struct hs_lists_alarm *alarm = &lists->alarm;
    if (alarm->since_ms == 0 || alarm->told) {
        return;
    }
    int64_t age_ms = hs_clock_boottime_ms() - alarm->since_ms;
    if (!alarm->at_once && age_ms < lists->settings->redis_alarm_after_ms) {
        return;
    }
    alarm->told = true;
    hs_notices_leave(lists->notices, "lists", "'%s': lists are not current: %s; %s",
                     lists->settings->instance_id, alarm->why,
                     lists->current ? "the last good ones serve" : "none are live");
}
