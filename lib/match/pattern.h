// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_PATTERN_H
#define HS_MATCH_PATTERN_H
/*
 * Patterns: marks with '?', and what they cost. Every read of a mask's length is asked once for
 * each mask (a length and the places of its '?'), whatever the number of patterns; so masks are
 * capped for each audience. How they are asked for together stands in mask_lines.h.
 *
 * Threads: any; pure. Ownership: plain values.
 */

#include "vrm/vrm.h"

enum {
    HS_PATTERN_FIXED_MIN = 3,       // characters of a pattern that are not '?'
    HS_PATTERN_MASKS_OPEN_MAX = 64, // of all open lists together
    HS_PATTERN_MASKS_LIST_MAX = 16, // of one covert or trial list
    HS_PATTERN_MASK_COST_NS = 1,    // about what one mask adds to every read of its length
};

// Length << 12 | bit i for a '?' at position i.
typedef uint16_t hs_mask;

// A set of masks; zero-initialised is empty.
struct hs_mask_set {
    hs_mask masks[HS_PATTERN_MASKS_OPEN_MAX];
    uint8_t count;
};

static inline bool hs_pattern_is(const struct hs_vrm *vrm)
{
    return vrm->unreadable > 0;
}
hs_mask hs_pattern_mask(const struct hs_vrm *pattern);
static inline unsigned hs_mask_len(hs_mask mask)
{
    return mask >> 12;
}
// HS_EFORMAT: fewer than HS_PATTERN_FIXED_MIN fixed characters.
int hs_pattern_check(const struct hs_vrm *pattern);

bool hs_mask_set_has(const struct hs_mask_set *set, hs_mask mask);
// Adds a mask unless the set would then have more than `max`: HS_EREFUSED.
int hs_mask_set_add(struct hs_mask_set *set, hs_mask mask, unsigned max);

#endif
