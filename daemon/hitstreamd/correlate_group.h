// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_GROUP_H
#define HS_HITSTREAMD_CORRELATE_GROUP_H
/*
 * The consumer group: which partitions are ours, commits, and the lease that acknowledged commits
 * prolong.
 *
 * Threads: the stage's. An assignment that ends in peace is settled within a bound; one that is
 * lost is purged.
 */

#include "hitstreamd/correlate_parts.h"

// Joins group 'hitstream-correlate'; `on_error` gets what the client has to say, with the stage as
// its ctx.
int hs_group_join(struct hs_correlate_stage *stage,
                  void (*on_error)(void *ctx, bool fatal, bool all_brokers_down, const char *text));
// Commits what stands each second, oftener when the lease is short; also when idle.
void hs_group_commit_step(struct hs_correlate_stage *stage, int64_t boot_ms);
// Drops what is on its way, and all partitions.
void hs_group_drop_parts(struct hs_correlate_stage *stage);

#endif
