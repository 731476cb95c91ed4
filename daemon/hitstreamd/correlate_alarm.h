// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_ALARM_H
#define HS_HITSTREAMD_CORRELATE_ALARM_H
/*
 * What the system itself tells its administrators, on queue 'ops'.
 *
 * Threads: the stage's. Nothing waits for an alarm: the log has each too. Callers keep alarms rare.
 */

#include "hitstreamd/correlate_parts.h"

// `what` tells kinds of alarms apart; `queue` is the one it is about.
void hs_alarm(struct hs_correlate_stage *stage, const char *what, struct hs_str queue,
              const char *message);

#endif
