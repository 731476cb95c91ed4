// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_READBACK_H
#define HS_HITSTREAMD_CORRELATE_READBACK_H
/*
 * Which alerts stand in topics already: their ids, read back, are not told again.
 *
 * Threads: the stage's. Ownership: the stage owns the set. Bounds: HS_STAGE_READ_BACK_MAX ids;
 * beyond it a takeover fails and is tried again, and nothing is told twice.
 */

#include "hitstreamd/correlate_parts.h"

void hs_id_set_fini(struct hs_id_set *set);
// HS_ELIMIT, HS_ENOMEM.
int hs_id_set_add(struct hs_id_set *set, const struct hs_id *id);
bool hs_id_set_has(const struct hs_id_set *set, const struct hs_id *id);

// Reads what was appended to these topics since a time by the wall clock (0: all) into
// stage->stood. A topic that does not exist holds nothing. HS_EAGAIN at once when a partition has no
// leader; HS_EUNREACHABLE, HS_ETIMEDOUT, HS_ELIMIT, HS_ECANCELED when stopping.
int hs_read_back_topics(struct hs_correlate_stage *stage, const char *const *topics,
                        size_t topic_count, int64_t from_ms, int64_t timeout_ms);
// Since when alerts may stand in queues whose events are going to be applied again: nobody told of
// a partition's replayed events before the time in its state. Partitions that are still replaying
// count too.
int64_t hs_read_back_since_ms(const struct hs_correlate_stage *stage);

#endif
