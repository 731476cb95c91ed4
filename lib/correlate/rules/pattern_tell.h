// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_PATTERN_TELL_H
#define HS_CORRELATE_RULES_PATTERN_TELL_H
/*
 * Telling of a courier: to the desks that are told of the vehicle where it is, and to those that
 * care for the markets and hubs that it goes between. Private to the rules. Threads: one.
 */

#include "correlate/rules/findings.h"

// A hit that is part of an incident already. HS_ENOMEM.
int hs_pattern_tell(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                    const Hitstream__V1__Hit *hit, const struct hs_id *event);

#endif
