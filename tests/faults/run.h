// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_FAULTS_RUN_H
#define HS_TEST_FAULTS_RUN_H
/*
 * One fault, or some one after the other, from a fresh ground to the verdict, which is always the same: every alert that the core
 * alone makes of the same log stands once on the right queue, as a plain consumer sees it.
 *
 * Threads: one. Call from a cmocka test; close whatever comes.
 */

#include "ground.h"

enum { RUN_FAULTS_MAX = 4 };

// What is to happen in one run, in this order.
struct run_plan {
    const struct fault *faults[RUN_FAULTS_MAX];
    size_t count;
};

struct run_result {
    size_t reads;
    size_t alerts; // expected
    size_t lost;   // alerts, and hits that never came into the log
    size_t duplicated;
    size_t misrouted; // on a queue that must not have them, or of nobody
    size_t altered;   // with other bytes than the core's
    int64_t recovery_ms;
    int64_t matching_ms; // the longest that a hit was recorded later than usual, while a fault
                         // befell that does not concern matching
};

// Fails only when it cannot be done; what came of it is for run_judge().
void run_carry_out(struct ground *ground, const struct run_plan *plan,
                   struct run_result *ret_result);
// Fails when the result is not as the faults' rows have it. How long it took is part of it when
// `timed`: on a machine that has nothing else to do.
void run_judge(struct ground *ground, const struct run_plan *plan, const struct run_result *result,
               bool timed);
// Whether it took longer than a fault's row allows.
bool run_is_late(const struct run_plan *plan, const struct run_result *result);
// Ends and removes all; legal on a zeroed ground.
void run_close(struct ground *ground);

#endif
