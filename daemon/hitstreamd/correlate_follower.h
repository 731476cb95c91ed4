// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_FOLLOWER_H
#define HS_HITSTREAMD_CORRELATE_FOLLOWER_H
/*
 * Goes on reading anpr.vehicles: what an earlier owner overwrote is written again.
 *
 * Threads: new, free, add, clear and step from the stage's; it has a thread of its own. Bounds:
 * HS_STAGE_FOREIGN_MAX keys noted; beyond it partitions are taken over anew.
 */

#include "hitstreamd/correlate_parts.h"

int hs_follower_new(struct hs_correlate_stage *stage, struct hs_follower **ret_follower);
void hs_follower_free(struct hs_follower *follower); // NULL is legal
// From here on this partition's records of older epochs are noted, from `offset` on.
void hs_follower_add(struct hs_follower *follower, int32_t partition, uint64_t epoch,
                     int64_t offset);
// Follows nothing more.
void hs_follower_clear(struct hs_follower *follower);
// Hands what was noted to the partitions: once a round.
void hs_follower_step(struct hs_correlate_stage *stage);

#endif
