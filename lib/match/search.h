// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_SEARCH_H
#define HS_MATCH_SEARCH_H
/*
 * Where entries that may match a read are looked for: the buckets of keys that the filter has, and
 * the searches that take more than one key a reading (CONFUSED, patterns, unreadable and missing
 * characters).
 *
 * A search only proposes: hs_verdict_hold() decides. Threads: as verdict.h. No allocation.
 */

#include "match/verdict.h"

// Whether anything may stand under a key: a filter's error seldom gets further than this.
bool hs_search_has(const struct hs_snapshot *snapshot, uint64_t hash);
// Holds what stands under one key, in base and overlay, against a reading.
void hs_search_key(struct hs_verdict *verdict, unsigned reading, uint64_t hash);
// The same if the filter has the key.
void hs_search_filtered(struct hs_verdict *verdict, unsigned reading, uint64_t hash);

// Marks one difference of the confusion table away from a read that is no legal mark.
void hs_search_confused(struct hs_verdict *verdict);
// Patterns: one key a mask of the read's length.
void hs_search_patterns(struct hs_verdict *verdict);
// Marks that a read with one unreadable or one missing character may mean.
void hs_search_unreadable(struct hs_verdict *verdict);

#endif
