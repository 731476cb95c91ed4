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

// Holds what stands under one key, in base and overlay, against a reading.
void hs_search_key(struct hs_verdict *verdict, unsigned reading, uint64_t hash);
// The same if the filter has the key.
void hs_search_filtered(struct hs_verdict *verdict, unsigned reading, uint64_t hash);

// Marks one difference of the confusion table away from a read that is no legal mark.
// `keys` is scratch.
void hs_search_confused(struct hs_verdict *verdict, const struct hs_kernel *kernel,
                        struct hs_keys *keys);
// Patterns: one key a mask of the read's length.
void hs_search_patterns(struct hs_verdict *verdict);
// The same for a read whose text is at most HS_MASKED_LEN_MAX letters and digits and nothing else, before there is
// a verdict: leaves the keys of masks that the filter has in `keys` and returns their number. Most reads have none.
size_t hs_search_masks(const struct hs_snapshot *snapshot, const struct hs_kernel *kernel,
                       const struct hs_read_view *read, uint64_t hash, struct hs_keys *keys);
// Marks that a read with one unreadable or one missing character may mean.
void hs_search_unreadable(struct hs_verdict *verdict);

#endif
