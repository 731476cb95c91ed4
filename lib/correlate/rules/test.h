// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_TEST_H
#define HS_CORRELATE_RULES_TEST_H
/*
 * Test reads: each is told to the queue that it names and to no other, marked as test. There is no
 * incident; the vehicle's state holds no more than the ids that were seen.
 *
 * Threads: one at a time. Pure but for the sink.
 */

#include "correlate/rules/scope.h"

#define HS_RULE_TEST "test"

// A test hit that was not seen before. A queue that the controls in force do not have is told
// nothing. HS_ENOMEM.
int hs_test_on_hit(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                   const Hitstream__V1__Hit *hit);

// Event time of the newest test of a queue that the correlator has applied and not forgotten; 0:
// none.
int64_t hs_test_last_ms(const struct hs_correlator *correlator, const char *vehicle,
                        const char *queue);

#endif
