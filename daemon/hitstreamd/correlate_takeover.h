// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_TAKEOVER_H
#define HS_HITSTREAMD_CORRELATE_TAKEOVER_H
/*
 * Taking over partitions: 'took over' appended, states restored, queues read back, membership
 * proven.
 *
 * Threads: the stage's, which it blocks with beats in between.
 */

#include "hitstreamd/correlate_parts.h"

// Takes over all partitions that are new; what fails is put off.
void hs_stage_take_over(struct hs_correlate_stage *stage);

#endif
