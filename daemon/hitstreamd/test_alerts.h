// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_TEST_ALERTS_H
#define HITSTREAMD_TEST_ALERTS_H
/*
 * Test alerts: every queue of the controls' head that asks for it gets one at its interval, by a
 * test read that takes the whole way through anpr.reads, matcher, correlator and queue.
 *
 * The owner of the partition of anpr.hits to which a queue's tests belong sends them, so that one
 * instance does, and the same one sees them come back: a test is back when its queue's topic has
 * acknowledged the alert. After a takeover the last one's time comes from the restored state.
 *
 * Threads: step and back the correlate stage's; rows any. Ownership: the stage owns it. Bounds: the
 * queues of the controls; a table grows to the most that were known.
 */

#include "hitstreamd/correlate_parts.h"

struct hs_test_alerts;

// NULL: out of memory.
struct hs_test_alerts *hs_test_alerts_new(struct hs_correlate_stage *stage);
void hs_test_alerts_free(struct hs_test_alerts *tests);
// Sends what is due: once a round.
void hs_test_alerts_step(struct hs_correlate_stage *stage, int64_t boot_ms);
// The queue's topic has acknowledged the alert of the test read made at `event_at_ms`.
void hs_test_alerts_back(struct hs_correlate_stage *stage, const char *queue, int64_t event_at_ms);
// Copies at most `max` queues that are tested from here; returns how many.
size_t hs_test_alerts_rows(struct hs_test_alerts *tests, struct hs_test_row *ret_rows, size_t max);

#endif
