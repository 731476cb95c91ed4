// SPDX-License-Identifier: Apache-2.0
#include "match/tiers.h"

enum { FULL_PERMILLE = 1000, FULL_PCT = 100 };

// What a tier is worth at full confidence. A candidate's own tier and confidence come on top of its
// base.
static const uint16_t base_permille[] = {
    [HS_TIER_NONE] = 0,        [HS_TIER_EXACT] = 1000,   [HS_TIER_GLYPH] = 980,
    [HS_TIER_GRAMMAR] = 900,   [HS_TIER_CONFUSED] = 600, [HS_TIER_LOOKALIKE] = 500,
    [HS_TIER_CANDIDATE] = 800, [HS_TIER_WILDCARD] = 400,
};

static uint16_t differing_positions(const struct hs_vrm *a, const struct hs_vrm *b)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < a->len; i++) {
        bits |= (unsigned)(a->text[i] != b->text[i]) << i;
    }
    return (uint16_t)bits;
}

static bool one_skeleton(const struct hs_vrm *a, const struct hs_vrm *b)
{
    for (unsigned i = 0; i < a->len; i++) {
        if (hs_vrm_class_of(a->text[i]) != hs_vrm_class_of(b->text[i])) {
            return false;
        }
    }
    return true;
}

static bool is_low(uint8_t confidence_pct)
{
    return confidence_pct != HS_CONFIDENCE_NOT_GIVEN && confidence_pct < HS_LOOKALIKE_BELOW_PCT;
}

// GRAMMAR: every difference is a character that cannot stand where it was read. LOOKALIKE: all but
// one of them (or one glyph), and that one is of low confidence.
static enum hs_tier compare_in_classes(const struct hs_reading *reading,
                                       const struct hs_vrm *listed, uint16_t differing)
{
    unsigned legal = 0, remaining = 0;
    bool weak = true;
    for (unsigned i = 0; i < listed->len; i++) {
        char c = reading->vrm.text[i];
        if (!(differing >> i & 1) || hs_vrm_illegal_at(listed, reading->date, i, c)) {
            continue;
        }
        legal++;
        if (hs_vrm_glyph_of(c) != hs_vrm_glyph_of(listed->text[i])) {
            remaining++;
            weak = is_low(reading->confidence_pct[i]);
        }
    }
    if (legal == 0) {
        return HS_TIER_GRAMMAR;
    }
    return remaining <= 1 && weak ? HS_TIER_LOOKALIKE : HS_TIER_NONE;
}

static enum hs_tier compare_marks(const struct hs_reading *reading, const struct hs_vrm *listed,
                                  uint16_t differing)
{
    if (differing == 0) {
        return HS_TIER_EXACT;
    }
    if (hs_vrm_glyph_eq(&reading->vrm, listed)) {
        return HS_TIER_GLYPH;
    }
    return one_skeleton(&reading->vrm, listed) ? compare_in_classes(reading, listed, differing)
                                               : HS_TIER_NONE;
}

struct hs_comparison hs_tiers_compare(const struct hs_reading *reading, const struct hs_vrm *listed)
{
    struct hs_comparison result = {0};
    if (reading->vrm.len != listed->len || reading->vrm.unreadable || listed->unreadable) {
        return result;
    }
    result.differing = differing_positions(&reading->vrm, listed);
    result.tier = compare_marks(reading, listed, result.differing);
    unsigned worth = base_permille[result.tier];
    if (reading->candidate && result.tier != HS_TIER_NONE) {
        bool holds = result.tier <= HS_TIER_GRAMMAR;
        worth = holds ? worth * base_permille[HS_TIER_CANDIDATE] / FULL_PERMILLE : 0;
        result.tier = holds ? HS_TIER_CANDIDATE : HS_TIER_NONE;
    }
    unsigned weakest = reading->weakest_pct ? reading->weakest_pct : FULL_PCT;
    result.score_permille = (uint16_t)(worth * weakest / FULL_PCT);
    return result;
}
