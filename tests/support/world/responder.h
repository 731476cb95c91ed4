// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_WORLD_RESPONDER_H
#define HS_TEST_WORLD_RESPONDER_H
/*
 * A thread that is every desk: it reads all live queues as a plain consumer, and answers one alert in
 * four in all the ways that there are, some twice, some with a token that nobody sealed. What it does
 * is decided by the alert's id.
 *
 * Threads: its own; start and stop from one other, which reads the results after the stop.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "hitstream/v1/feedback.pb-c.h"
#include "support/world/world.h"

enum { RESPONDER_KINDS = HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_SILENCED + 1 };

struct responder {
    const struct world *world;
    pthread_t thread;
    size_t answered[RESPONDER_KINDS]; // by kind, those that were sent twice counted once
    size_t forged;                    // whose token opens nothing
    _Atomic bool stopping;
    int status; // 0, or what went wrong
};

void responder_start(struct responder *responder, const struct world *world);
// Ends it; fails the test when something was not acknowledged.
void responder_stop(struct responder *responder);

#endif
