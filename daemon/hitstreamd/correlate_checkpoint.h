// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_CHECKPOINT_H
#define HS_HITSTREAMD_CORRELATE_CHECKPOINT_H
/*
 * States behind alerts, the state of the partition behind them: then its offset may be committed.
 *
 * Events go on being applied meanwhile: alerts never wait for a checkpoint. Threads: the stage's.
 * Bounds: HS_STAGE_DIRTY_MAX changed states begin one before its time.
 */

#include "hitstreamd/correlate_parts.h"

// Begins one when it is due (or `at_once`, when anything changed), and takes the one under way
// further.
void hs_checkpoint_step(struct hs_part *part, int64_t boot_ms, bool at_once);
// Everything applied so far stands in anpr.vehicles.
bool hs_checkpoint_complete(const struct hs_part *part);

#endif
