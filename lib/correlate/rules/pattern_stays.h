// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_PATTERN_STAYS_H
#define HS_CORRELATE_RULES_PATTERN_STAYS_H
/*
 * The vehicle's stays in markets. Private to the pattern rule. Pure; threads: one.
 */

#include "correlate/rules/pattern.h"

enum { HS_PATTERN_ALL_MAX = HS_PATTERN_STAYS_MAX + HS_PATTERN_VISITS_MAX };

// All that are over by now and not forgotten, in order of arrival; returns how many.
size_t hs_pattern_stays(const struct hs_pattern *pattern, const struct hs_pattern_view *view,
                        int64_t at_ms, struct hs_pattern_stay ret_stays[HS_PATTERN_ALL_MAX]);
// Whether it was a whole journey, from a hub and back, and no longer than a courier stays.
bool hs_pattern_is_run(const struct hs_pattern_view *view, const struct hs_pattern_stay *stay);

// Whether that is in the night of the rules, London time.
bool hs_pattern_is_night(const struct hs_rules *rules, int64_t at_ms);

#endif
