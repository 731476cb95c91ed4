// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_PARTITION_H
#define HS_HITSTREAMD_CORRELATE_PARTITION_H
/*
 * One partition of anpr.hits: its correlator, fed with events, controls and timers.
 *
 * Threads: the stage's. Ownership: the stage owns its parts. Applying waits while too much is on
 * its way.
 */

#include "hitstreamd/correlate_parts.h"

// NULL: out of memory.
struct hs_part *hs_part_new(struct hs_correlate_stage *stage, int32_t number);
// Its outgoing messages must have ended.
void hs_part_free(struct hs_part *part);
// A new, empty correlator in place of what there was. HS_ENOMEM.
int hs_part_reset(struct hs_part *part);
// Applies one message, or holds the partition there.
void hs_part_apply(struct hs_part *part, const struct hs_kafka_message *message);
// Timers, controls, going on after being held, stopping when it failed: once a round.
void hs_part_step(struct hs_part *part, int64_t boot_ms, int64_t wall_ms);
// It is to be taken over: new, or failed and nothing of it is on its way any more.
bool hs_part_is_new(struct hs_part *part, int64_t boot_ms);
// Appends an event of our own to its log.
void hs_part_append(struct hs_part *part, enum hs_outgoing_kind kind, struct hs_str key,
                    struct hs_str event);

#endif
