// SPDX-License-Identifier: Apache-2.0
#include "match/tiers.h"

#include "base/civil.h"

enum { FULL_PERMILLE = 1000, FULL_PCT = 100 };

// What a tier is worth at full confidence. A candidate's comes on top of how it equals the mark.
static const uint16_t base_permille[] = {
    [HS_TIER_NONE] = 0,        [HS_TIER_EXACT] = 1000,   [HS_TIER_GLYPH] = 980,
    [HS_TIER_GRAMMAR] = 900,   [HS_TIER_CONFUSED] = 600, [HS_TIER_LOOKALIKE] = 500,
    [HS_TIER_CANDIDATE] = 800, [HS_TIER_WILDCARD] = 400,
};

uint32_t hs_reading_date(struct hs_reading *reading)
{
    if (reading->date == 0) {
        reading->date = hs_civil_date(reading->captured_at_ms);
    }
    return reading->date;
}

unsigned hs_reading_series(struct hs_reading *reading)
{
    if (!reading->series_known) {
        reading->series = hs_vrm_series(&reading->vrm, hs_reading_date(reading));
        reading->series_known = true;
    }
    return reading->series;
}

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
    return confidence_pct != 0 && confidence_pct < HS_LOOKALIKE_BELOW_PCT;
}

// How many differences are characters that can stand where they were read; where the last of them
// that is not one glyph stands, and how many of those there are.
struct remaining {
    unsigned legal;
    unsigned other_glyph;
    unsigned position;
};

static struct remaining count_remaining(struct hs_reading *reading, const struct hs_vrm *listed,
                                        uint16_t differing)
{
    struct remaining left = {0};
    for (unsigned i = 0; i < listed->len; i++) {
        char c = reading->vrm.text[i];
        if (!(differing >> i & 1) || hs_vrm_illegal_at(listed, hs_reading_date(reading), i, c)) {
            continue;
        }
        left.legal++;
        if (hs_vrm_glyph_of(c) != hs_vrm_glyph_of(listed->text[i])) {
            left.other_glyph++;
            left.position = i;
        }
    }
    return left;
}

bool hs_tiers_may_be_confused(struct hs_reading *reading)
{
    return !reading->candidate && reading->vrm.unreadable == 0 && hs_reading_series(reading) == 0;
}

static bool is_confused(struct hs_reading *reading, const struct hs_vrm *listed, uint16_t differing)
{
    if (!differing || (differing & (differing - 1)) || !hs_tiers_may_be_confused(reading)) {
        return false;
    }
    unsigned i = (unsigned)__builtin_ctz(differing);
    unsigned read = hs_vrm_value_of(reading->vrm.text[i]);
    unsigned meant = hs_vrm_value_of(listed->text[i]);
    return reading->confusion->partners[read] >> (meant - 1) & 1;
}

// Both marks are whole and of one length. `allowed` has tiers up to LOOKALIKE only.
static enum hs_tier compare_whole(struct hs_reading *reading, const struct hs_vrm *listed,
                                  uint16_t differing, hs_tier_bits allowed)
{
    if (differing == 0 && (allowed & HS_TIER_BIT(HS_TIER_EXACT))) {
        return HS_TIER_EXACT;
    }
    if ((allowed & HS_TIER_BIT(HS_TIER_GLYPH)) && hs_vrm_glyph_eq(&reading->vrm, listed)) {
        return HS_TIER_GLYPH;
    }
    bool classes = one_skeleton(&reading->vrm, listed);
    struct remaining left = {0};
    if (classes) {
        left = count_remaining(reading, listed, differing);
    }
    if ((allowed & HS_TIER_BIT(HS_TIER_GRAMMAR)) && classes && left.legal == 0) {
        return HS_TIER_GRAMMAR;
    }
    if ((allowed & HS_TIER_BIT(HS_TIER_CONFUSED)) && is_confused(reading, listed, differing)) {
        return HS_TIER_CONFUSED;
    }
    if ((allowed & HS_TIER_BIT(HS_TIER_LOOKALIKE)) && classes &&
        (left.other_glyph == 0 ||
         (left.other_glyph == 1 && is_low(reading->confidence_pct[left.position])))) {
        return HS_TIER_LOOKALIKE;
    }
    return HS_TIER_NONE;
}

static bool pattern_holds(const struct hs_vrm *read, const struct hs_vrm *pattern)
{
    for (unsigned i = 0; i < pattern->len; i++) {
        if (pattern->text[i] != '?' && pattern->text[i] != read->text[i]) {
            return false;
        }
    }
    return read->len == pattern->len;
}

bool hs_tiers_may_lack_one(struct hs_reading *reading)
{
    // 'AA99AA' is military, and so many a current mark less one character: that series does not
    // count here
    return !reading->candidate && reading->vrm.unreadable == 0 &&
           reading->vrm.len == HS_FULL_LENGTH - 1 &&
           (hs_reading_series(reading) & ~(unsigned)HS_SERIES_MILITARY) == 0;
}

// Whether the listed mark, a full-length one that can exist, becomes the read when it loses a
// character.
static bool lacks_one(struct hs_reading *reading, const struct hs_vrm *listed)
{
    if (listed->len != HS_FULL_LENGTH || !hs_tiers_may_lack_one(reading) ||
        hs_vrm_series(listed, hs_reading_date(reading)) == 0) {
        return false;
    }
    unsigned i = 0;
    while (i < reading->vrm.len && reading->vrm.text[i] == listed->text[i]) {
        i++;
    }
    return memcmp(reading->vrm.text + i, listed->text + i + 1, reading->vrm.len - i) == 0;
}

// One '?' in the read, and all else equal.
static bool hides_one(const struct hs_reading *reading, const struct hs_vrm *listed)
{
    return reading->vrm.unreadable == 1 && pattern_holds(listed, &reading->vrm);
}

static struct hs_comparison compare_wildcard(struct hs_reading *reading,
                                             const struct hs_vrm *listed)
{
    struct hs_comparison result = {0};
    if (reading->candidate) {
        return result;
    }
    if (listed->unreadable) {
        if (pattern_holds(&reading->vrm, listed)) {
            result.tier = HS_TIER_WILDCARD;
        }
    } else if (hides_one(reading, listed) || lacks_one(reading, listed)) {
        result.tier = HS_TIER_WILDCARD;
        result.by_unreadable = true;
    }
    return result;
}

static uint16_t score(const struct hs_reading *reading, enum hs_tier tier, bool by_candidate)
{
    unsigned worth = base_permille[tier];
    if (by_candidate) {
        worth = worth * base_permille[HS_TIER_CANDIDATE] / FULL_PERMILLE;
    }
    return (uint16_t)(worth * (reading->weakest_pct ? reading->weakest_pct : FULL_PCT) / FULL_PCT);
}

struct hs_comparison hs_tiers_compare(struct hs_reading *reading, const struct hs_vrm *listed,
                                      hs_tier_bits allowed)
{
    struct hs_comparison result = {0};
    enum hs_tier equal = HS_TIER_NONE;
    if (reading->vrm.len == listed->len) {
        result.differing = differing_positions(&reading->vrm, listed);
    }
    if (reading->vrm.len == listed->len && !reading->vrm.unreadable && !listed->unreadable) {
        hs_tier_bits whole = reading->candidate
                                 ? HS_TIER_BIT(HS_TIER_EXACT) | HS_TIER_BIT(HS_TIER_GLYPH) |
                                       HS_TIER_BIT(HS_TIER_GRAMMAR)
                                 : allowed;
        equal = compare_whole(reading, listed, result.differing, whole);
    }
    if (equal != HS_TIER_NONE && reading->candidate) {
        result.tier = allowed & HS_TIER_BIT(HS_TIER_CANDIDATE) ? HS_TIER_CANDIDATE : HS_TIER_NONE;
        result.score_permille = score(reading, equal, true);
    } else if (equal != HS_TIER_NONE) {
        result.tier = equal;
        result.score_permille = score(reading, equal, false);
    } else if (allowed & HS_TIER_BIT(HS_TIER_WILDCARD)) {
        uint16_t differing = listed->unreadable ? 0 : result.differing;
        result = compare_wildcard(reading, listed);
        result.differing = differing;
        result.score_permille = score(reading, result.tier, false);
    }
    if (result.tier == HS_TIER_NONE) {
        return (struct hs_comparison){0};
    }
    return result;
}
