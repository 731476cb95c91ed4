// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_TEST_READ_H
#define HITSTREAMD_TEST_READ_H
/*
 * Test reads in the match stage: a read without a plate that names the queue whose way it tests. It
 * takes the same path as any read, asks no list, and becomes a hit of the queue's own audience.
 *
 * It is met where reads without a plate are put aside, so that no other read pays for it. Threads:
 * one a worker.
 */

#include "hitstreamd/match_worker.h"

// Vehicle of the hits, and key of the reads and hits, of a queue: "TEST-<queue>".
#define HS_TEST_VEHICLE_PREFIX "TEST-"
#define HS_TEST_CAMERA         "hitstream-test"

enum hs_test_read {
    HS_TEST_READ_NOT,     // a read that bears no plate, and no more
    HS_TEST_READ_TAKEN,   // its hit was produced
    HS_TEST_READ_UNKNOWN, // of a queue that the controls do not have
    HS_TEST_READ_FAILED,  // the worker has failed
};

// What the read is, without doing anything.
bool hs_test_read_is(const struct hs_read_view *view);
// A read that has no plate: produces its hit when it is a test of a queue of the controls.
enum hs_test_read hs_test_read_take(struct hs_match_worker *worker,
                                    const struct hs_match_message *message,
                                    const struct hs_read_view *view);

#endif
