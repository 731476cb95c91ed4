// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_LIST_POLICY_H
#define HITCTL_LIST_POLICY_H
/*
 * A list's properties as options give them: what is allowed, and its match policy. Threads: one.
 */

#include "base/str.h"

enum {
    HITCTL_KEEP_DEFAULT = 5,
    HITCTL_KEEP_MAX = 20,
    HITCTL_SHRINK_DEFAULT = 20,
    HITCTL_REVIEW_DEFAULT = 28,
    HITCTL_REVIEW_MAX = 3660,
};

// Numbers that options gave; -1: not given.
struct hitctl_list_numbers {
    int64_t review_days, shrink_pct, keep, min_confidence;
};

// An exit code, after saying what is too large.
int hitctl_list_numbers_check(const struct hitctl_list_numbers *numbers);
// Whether a text says something.
bool hitctl_text_given(const char *text);
// Packs the policy: of `before` with what is given; `tiers` NULL and `min_confidence` -1 leave it
// as it was. An exit code, after saying what is wrong.
int hitctl_policy_pack(struct hs_str before, const char *tiers, int64_t min_confidence,
                       struct hs_buf *out);

#endif
