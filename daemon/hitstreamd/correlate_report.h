// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_REPORT_H
#define HS_HITSTREAMD_CORRELATE_REPORT_H
/*
 * Gauges and status, some times a second; what nobody could be told, as sums.
 *
 * Threads: the stage's.
 */

#include "hitstreamd/correlate_parts.h"

// What the part's correlator counted since last time goes to the metrics.
void hs_report_part(struct hs_part *part);
// Once a round.
void hs_report_step(struct hs_correlate_stage *stage, int64_t boot_ms);

#endif
