// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_LIST_H
#define HS_MATCH_LIST_H
/*
 * A list as matching sees it: its spec, and what its policy comes to.
 *
 * Threads: const once its snapshot is built. Ownership: texts stand in the snapshot's bump.
 */

#include "base/arena.h"
#include "match/matcher.h"
#include "match/pattern.h"
#include "match/terms.h"

enum {
    HS_POLICY_ENTRIES_DEFAULT =
        100000,           // longest list for CONFUSED and LOOKALIKE, unless it says otherwise
    HS_AUDIENCE_OPEN = 0, // all open live lists; other lists have 1 + their index
};

// What a list without a policy of its own uses; WILDCARD only for patterns and entries that permit
// it.
#define HS_TIERS_DEFAULT                                                                           \
    ((hs_tier_bits)(HS_TIER_BIT(HS_TIER_EXACT) | HS_TIER_BIT(HS_TIER_GLYPH) |                      \
                    HS_TIER_BIT(HS_TIER_GRAMMAR) | HS_TIER_BIT(HS_TIER_CONFUSED) |                 \
                    HS_TIER_BIT(HS_TIER_CANDIDATE) | HS_TIER_BIT(HS_TIER_WILDCARD)))

struct hs_list {
    struct hs_list_spec spec;
    uint64_t entries; // that stand on it now
    uint32_t max_entries_confused;
    uint32_t max_entries_lookalike;
    uint32_t min_confidence_pct; // 0: any
    hs_tier_bits policy_tiers;   // as the policy says
    hs_tier_bits tiers;          // as they hold for its length and status; 0: not matched
    uint16_t audience;           // HS_AUDIENCE_OPEN or 1 + its index
    bool removed;                // its entries in the base no longer count
    bool has_wild_marks;         // an entry with a whole mark permits WILDCARD
    struct hs_mask_set masks;    // of its patterns, also of some that are gone by now
};

// Copies the spec's texts into `texts` and reads its policy. HS_EFORMAT, HS_ENOMEM.
int hs_list_init(struct hs_list *list, const struct hs_list_spec *spec, uint16_t index,
                 struct hs_bump *texts);
// What an entry's pattern and permissions mean for its list. HS_EREFUSED: one mask too many for its
// audience, which `list_count` lists are looked at for (0: that is not asked).
struct hs_parsed_entry;
int hs_list_note(struct hs_list *lists, uint32_t list_count, uint16_t index,
                 const struct hs_parsed_entry *parsed);
// After its number of entries, or its spec, has changed.
void hs_list_settle(struct hs_list *list);

#endif
