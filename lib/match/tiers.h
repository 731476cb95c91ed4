// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_TIERS_H
#define HS_MATCH_TIERS_H
/*
 * The tiers: how a reading and a listed mark are held equal (design 7), and what that is worth.
 *
 * This file is the definition; the matcher only finds pairs worth asking about. Threads: any; pure.
 */

#include "match/matcher.h"
#include "vrm/grammar.h"

enum {
    HS_LOOKALIKE_BELOW_PCT = 80, // a character is of low confidence below this
    HS_CONFIDENCE_NOT_GIVEN = 0,
};

// One reading of a plate: the camera's own, or a candidate it offered.
struct hs_reading {
    struct hs_vrm vrm;
    uint8_t confidence_pct[HS_VRM_MAX]; // of each character, 1 to 100; 0: not given
    uint8_t weakest_pct;                // of them all, or the candidate's own; 0: not given
    bool candidate;
    uint32_t date; // yyyymmdd in London of the read
};

// How a reading and a listed mark compare.
struct hs_comparison {
    enum hs_tier tier;  // HS_TIER_NONE: not at all
    uint16_t differing; // bit i: position i differs
    uint16_t score_permille;
};

// The strongest tier that holds, by the marks alone (list and entry may still not permit it).
struct hs_comparison hs_tiers_compare(const struct hs_reading *reading,
                                      const struct hs_vrm *listed);

#endif
