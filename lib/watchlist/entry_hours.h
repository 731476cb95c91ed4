// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WATCHLIST_ENTRY_HOURS_H
#define HS_WATCHLIST_ENTRY_HOURS_H
/*
 * When in the week an entry applies, as people write it: "mon-fri 22:00-06:00", "sat,sun", "08:00-18:00".
 * Inside entries; not for other modules. Threads: any.
 */

#include "base/str.h"

// As Hours in the contract: bits of days (0: every day), minutes of the day. HS_EFORMAT.
int hs_entry_hours_parse(struct hs_str text, uint32_t *ret_days, uint32_t *ret_from,
                         uint32_t *ret_to);

#endif
