// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_QUEUES_H
#define HS_HITSTREAMD_CORRELATE_QUEUES_H
/*
 * What was told before, of all queues together: read back when partitions are taken over, so that
 * nothing is told twice.
 *
 * A queue whose topic nobody leads cannot be read, and takes nothing either: it is put aside (see
 * hs_channel_put_aside()) and holds up no other.
 *
 * Threads: the stage's. Bounds: HS_STAGE_READ_BACK_MAX ids.
 */

#include "hitstreamd/correlate_parts.h"

// Reads back what was told to the queues of these controls since a time; queues that were read
// since the assignment are left out, and so are those put aside. HS_EUNREACHABLE and the like.
int hs_queues_read_back(struct hs_correlate_stage *stage, const struct hs_controls *controls,
                        int64_t from_ms);
// Every queue is to be read again; ids that are known stay, some partition may still need them.
void hs_queues_read_again(struct hs_correlate_stage *stage);
// Nothing is replayed (any more): forgets the ids, too.
void hs_queues_forget_read(struct hs_correlate_stage *stage);

#endif
