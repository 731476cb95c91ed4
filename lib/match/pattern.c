// SPDX-License-Identifier: Apache-2.0
#include "match/pattern.h"

#include "base/error.h"

hs_mask hs_pattern_mask(const struct hs_vrm *pattern)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < pattern->len; i++) {
        bits |= (unsigned)(pattern->text[i] == '?') << i;
    }
    return (hs_mask)((unsigned)pattern->len << 12 | bits);
}

int hs_pattern_check(const struct hs_vrm *pattern)
{
    return pattern->len - pattern->unreadable < HS_PATTERN_FIXED_MIN ? HS_EFORMAT : HS_OK;
}

bool hs_mask_set_has(const struct hs_mask_set *set, hs_mask mask)
{
    for (unsigned i = 0; i < set->count; i++) {
        if (set->masks[i] == mask) {
            return true;
        }
    }
    return false;
}

int hs_mask_set_add(struct hs_mask_set *set, hs_mask mask, unsigned max)
{
    if (hs_mask_set_has(set, mask)) {
        return HS_OK;
    }
    if (set->count >= max) {
        return HS_EREFUSED;
    }
    set->masks[set->count++] = mask;
    return HS_OK;
}
