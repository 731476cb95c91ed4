// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_TIERS_H
#define HS_MATCH_TIERS_H
/*
 * The tiers: how a reading and a listed mark are held equal (design 7), and what that is worth.
 *
 * This file is the definition; the rest of the module only finds pairs worth asking about. Threads:
 * any; pure.
 */

#include "match/confusion.h"
#include "match/matcher.h"
#include "vrm/grammar.h"

enum {
    HS_LOOKALIKE_BELOW_PCT = 80, // a character is of low confidence below this
    HS_FULL_LENGTH = 7,          // characters of a full-length UK plate
};

// Bit `1 << tier` of enum hs_tier.
typedef uint16_t hs_tier_bits;
#define HS_TIER_BIT(tier) ((hs_tier_bits)(1U << (tier)))

// One reading of a plate: the camera's own, or a candidate it offered.
struct hs_reading {
    struct hs_vrm vrm;
    uint8_t confidence_pct[HS_VRM_MAX]; // of each character, 1 to 100; 0: not given
    uint8_t weakest_pct;                // of them all, or the candidate's own; 0: not given
    bool candidate;
    bool series_known; // series stands
    int64_t captured_at_ms;
    uint32_t date;   // yyyymmdd in London; 0: hs_reading_date() has not been asked
    unsigned series; // that the reading fits at that date; 0: no legal mark
    const struct hs_confusion_table *confusion; // of the camera's model
};

// Made when they are first asked for: most readings that are found are settled without.
uint32_t hs_reading_date(struct hs_reading *reading);
unsigned hs_reading_series(struct hs_reading *reading);

// How a reading and a listed mark compare. The score is what the tier is worth (EXACT 1000, GLYPH
// 980, GRAMMAR 900, CONFUSED 600, LOOKALIKE 500, WILDCARD 400; CANDIDATE 0.8 of how it equals the
// mark) times the weakest confidence.
struct hs_comparison {
    enum hs_tier tier;  // HS_TIER_NONE: not at all
    uint16_t differing; // bit i: position i differs
    uint16_t score_permille;
    bool by_unreadable; // WILDCARD because a character of the read is unreadable or missing
};

// The strongest of the allowed tiers that holds.
struct hs_comparison hs_tiers_compare(struct hs_reading *reading, const struct hs_vrm *listed,
                                      hs_tier_bits allowed);

// Whether a reading is one that CONFUSED is tried for, and one that may lack a character.
bool hs_tiers_may_be_confused(struct hs_reading *reading);
bool hs_tiers_may_lack_one(struct hs_reading *reading);

#endif
