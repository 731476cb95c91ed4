// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_COUNTS_H
#define HS_CORRELATE_RULES_COUNTS_H
/*
 * Hits that count for nothing: of what a desk excluded, of an entry that was withdrawn later than
 * it matched, and by a second sensor of the site. Threads: one at a time. Pure.
 */

#include "correlate/rules/scope.h"

// Whether its entry was withdrawn at the revision that it matched, or at a later one.
bool hs_hit_is_withdrawn(const struct hs_vehicle *vehicle, const Hitstream__V1__Hit *hit);
// Counts it in the statistics when it does.
bool hs_hit_counts_for_nothing(struct hs_rule_scope *scope, const struct hs_vehicle *vehicle,
                               const Hitstream__V1__Hit *hit, int64_t at_ms);

#endif
