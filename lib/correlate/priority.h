// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_PRIORITY_H
#define HS_CORRELATE_PRIORITY_H
/*
 * How urgent a hit is. Pure; threads: any.
 */

#include "hitstream/v1/watchlist.pb-c.h"

// The least priority of an entry with that safeguarding level.
Hitstream__V1__Priority hs_safeguarding_floor(Hitstream__V1__Safeguarding level);
// The entry's own priority, never below its floor; LOW where none is given.
Hitstream__V1__Priority hs_entry_priority(const Hitstream__V1__WatchlistEntry *entry);

#endif
