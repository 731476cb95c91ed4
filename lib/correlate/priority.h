// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_PRIORITY_H
#define HS_CORRELATE_PRIORITY_H
/*
 * How urgent a hit is. Pure; threads: any.
 *
 * The highest of these counts: what the entry says; the floor of its safeguarding level; the floor
 * of its harm score (rules 'priority.harm_*'); and, for each 'priority.unattended_step' places in a
 * row at which nobody answered, a step above the first three, never beyond high: immediate is a
 * person's word, or the harm score's.
 */

#include "controls/rules.h"
#include "hitstream/v1/watchlist.pb-c.h"

// The least priority of an entry with that safeguarding level.
Hitstream__V1__Priority hs_safeguarding_floor(Hitstream__V1__Safeguarding level);
// The least priority of an entry with that harm score.
Hitstream__V1__Priority hs_harm_floor(const struct hs_rules *rules, uint32_t harm_score);
// The entry's own priority, never below its floors; LOW where none is given.
Hitstream__V1__Priority hs_entry_priority(const struct hs_rules *rules,
                                          const Hitstream__V1__WatchlistEntry *entry);
// The same after so many places without an answer.
Hitstream__V1__Priority hs_priority_raised(const struct hs_rules *rules,
                                           Hitstream__V1__Priority priority, uint32_t unattended);

#endif
