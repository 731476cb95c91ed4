// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_NEXT_TELL_H
#define HS_CORRELATE_RULES_NEXT_TELL_H
/*
 * The forecast that an incident's alert bears. Threads: one at a time. Pure.
 */

#include "correlate/rules/scope.h"

// From a hit on, in the scope's scratch; *ret NULL: nothing is known of what comes next, the read is
// too old for a unit to be ahead of it, or its camera is known to be wrong. HS_ENOMEM.
int hs_next_message(const struct hs_rule_scope *scope, const struct hs_vehicle *vehicle,
                    const Hitstream__V1__Hit *hit, int64_t at_ms,
                    const Hitstream__V1__Forecast **ret);

#endif
