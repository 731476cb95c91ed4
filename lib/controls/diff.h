// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CONTROLS_DIFF_H
#define HS_CONTROLS_DIFF_H
/*
 * What differs between two controls objects, for a person: camera by camera, queue by queue, link
 * by link, rule by rule.
 *
 * Comments, order and layout of the files are no difference. Threads: any. Time and memory: linear.
 */

#include "controls/controls.h"

enum hs_controls_change {
    HS_CONTROLS_ADDED,
    HS_CONTROLS_REMOVED,
    HS_CONTROLS_CHANGED,
};

// One difference. Borrowed for the call.
struct hs_controls_difference {
    enum hs_controls_change change;
    const char *what;     // "camera", "queue", "link", "rule"
    struct hs_str name;   // id, name or key
    const char *field;    // what of it changed; "" when it was added or removed, and for a rule
    struct hs_str before; // its value, or a summary; empty when it was added
    struct hs_str after;  // likewise; empty when it was removed
};

// Calls `difference` for each, in order of what, name and field; returns how many there are, or
// HS_ENOMEM.
typedef void hs_controls_difference_fn(void *ctx, const struct hs_controls_difference *difference);
int64_t hs_controls_diff(const struct hs_controls *before, const struct hs_controls *after,
                         hs_controls_difference_fn *difference, void *ctx);

#endif
