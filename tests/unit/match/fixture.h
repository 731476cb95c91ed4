// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_UNIT_MATCH_FIXTURE_H
#define TESTS_UNIT_MATCH_FIXTURE_H
/*
 * Lists and reads in one line each, hits as text: "wanted/e1 EXACT 1000".
 *
 * Threads: one. Ownership: texts that are returned stand until the next call of the same function.
 */

#include "hitstream/v1/read.pb-c.h"
#include "hitstream/v1/watchlist.pb-c.h"
#include "match/matcher.h"

#define FIXTURE_NOW_MS                                                                             \
    INT64_C(1790000000000) // 21 September 2026, 14:13:20 UTC: a Monday, summer time

// Packed entry `id` with mark `vrm`; `edit` (may be NULL) changes the message before it is packed.
typedef void fixture_edit_entry(Hitstream__V1__WatchlistEntry *entry);
struct hs_str fixture_entry(const char *id, const char *vrm, fixture_edit_entry *edit);

// A live open list; further members are changed by the caller.
struct hs_list_spec fixture_list(const char *list_id);
// A packed policy of these tiers, ended by 0.
struct hs_str fixture_policy(const Hitstream__V1__MatchTier *tiers,
                             Hitstream__V1__MatchPolicy policy);

// A snapshot of one open list "wanted" with entries "e0", "e1", ... of these marks, ended by NULL.
struct hs_snapshot *fixture_snapshot(const char *const *vrms);

// A packed batch of one read; `edit` (may be NULL) changes it before.
typedef void fixture_edit_read(Hitstream__V1__PlateRead *read);
struct hs_str fixture_batch(const char *vrm, fixture_edit_read *edit);

// The hits of one read as text, comma-separated; "fault N" for a read with a fault; "" for none.
const char *fixture_match(const struct hs_snapshot *snapshot, const char *vrm,
                          fixture_edit_read *edit);
const char *fixture_match_at(const struct hs_snapshot *snapshot, const struct hs_cameras *cameras,
                             const char *vrm, fixture_edit_read *edit);

#endif
