// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_CONVOY_COMPANIONS_H
#define HS_CORRELATE_RULES_CONVOY_COMPANIONS_H
/*
 * A convoy's rows of companions, in order of mark. Private to the convoy rule. Threads: one at a
 * time. Ownership: the convoy owns them. Bounds: HS_CONVOY_COMPANIONS_MAX; who speaks least for
 * company falls out for a new one.
 */

#include "correlate/rules/convoy.h"

// The companion with this mark, made when it is missing. NULL: out of memory.
struct hs_convoy_companion *hs_convoy_find_or_add(struct hs_convoy *convoy, uint64_t mark);
void hs_convoy_remove_least(struct hs_convoy *convoy);

#endif
