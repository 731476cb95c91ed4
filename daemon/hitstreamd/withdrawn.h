// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_WITHDRAWN_H
#define HITSTREAMD_WITHDRAWN_H
/*
 * An entry withdrawn is withdrawn: the owner of a partition compares the entries that stand in its
 * states with the lists, whenever these change and after taking over, and appends 'entry withdrawn'
 * for each that stands on its list no more. A list that is suspended, removed, or (for who was told
 * of it) put on trial has no entries.
 *
 * Judged only by a list at a revision not older than the hit's; a list that is missing, or begins
 * again at lower revisions, must be so for HS_WITHDRAWN_SURE_MS of current lists.
 *
 * Threads: the stage's, which is registered with RCU. Ownership: a part owns its walk. Bounds:
 * HS_WITHDRAWN_STEP vehicles a round, HS_WITHDRAWN_AT_ONCE events a round.
 */

#include "hitstreamd/correlate_parts.h"

enum {
    HS_WITHDRAWN_STEP = 2000,
    HS_WITHDRAWN_AT_ONCE = 200,
    HS_WITHDRAWN_UNSURE_MAX = 64, // lists that are waited for
};
#define HS_WITHDRAWN_SURE_MS INT64_C(15000)

struct hs_withdrawn;

// NULL: out of memory.
struct hs_withdrawn *hs_withdrawn_new(void);
void hs_withdrawn_free(struct hs_withdrawn *withdrawn);
// The part was taken over anew: everything is compared.
void hs_withdrawn_reset(struct hs_withdrawn *withdrawn);
// Once a round, for a part that runs and has caught up.
void hs_withdrawn_step(struct hs_part *part, int64_t boot_ms, int64_t wall_ms);

#endif
