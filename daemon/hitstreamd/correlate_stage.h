// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_STAGE_H
#define HS_HITSTREAMD_CORRELATE_STAGE_H
/*
 * The correlate stage: anpr.hits in, dispatch queues out, by the rules of delivery (design, section
 * 4).
 *
 * One thread of its own consumes anpr.hits in group 'hitstream-correlate', keeps a correlator for
 * each assigned partition, publishes what it says and writes state and offsets behind it.
 *
 * Threads: new, start, stop and free belong to main; progress and status may be called from any
 * thread. Ownership: borrows settings and metrics until hs_correlate_stage_free(). The callbacks
 * are called from the stage's thread and must not wait. Bounds: enum hs_correlate_stage_limits in
 * correlate_stage.c's neighbours; each has a metric hitstream_correlate_*.
 */

#include "base/rcu.h"
#include "config/settings.h"
#include "controls/controls.h"
#include "metrics/metrics.h"
#include "wire/ids.h"
#include "wire/token.h"

struct hs_correlate_stage;
struct hs_notices;

struct hs_correlate_stage_config {
    const struct hs_settings *settings; // borrowed
    struct hs_metrics *metrics;         // borrowed
    struct hs_id_key id_key;            // the installation's
    struct hs_token_key token_key;      // the installation's
    void *controls_ctx;                 // for the two below
    // A new reference to the head of the controls, once that object stands in anpr.controls; NULL:
    // not known yet.
    struct hs_controls *(*controls_head)(void *ctx);
    // False while that head is the last good one from disk and Redis has not said what it is: it
    // then decides only where nothing decides yet. Once true it stays true; ask it before
    // controls_head().
    bool (*controls_confirmed)(void *ctx);
    // A new reference to the object of this hash; NULL: not known yet (it is asked for again).
    struct hs_controls *(*controls_lookup)(void *ctx, const char *hash);
    // struct hs_snapshot: the lists, which entries that were hit are compared with; NULL: they are
    // not.
    struct hs_rcu_slot *snapshot;
    void *lists_ctx;                      // for the next
    int64_t (*lists_as_of_ms)(void *ctx); // when they were last known to be current; with snapshot
    bool exclusions;                      // 'not this vehicle' is written to the settings' Redis
    struct hs_rcu_slot *health; // struct hs_camera_findings; NULL: nobody asks about cameras
    struct hs_notices *notices; // what others want ops told; borrowed, may be NULL
};

// HS_ENOMEM, HS_EINVAL.
int hs_correlate_stage_new(const struct hs_correlate_stage_config *config,
                           struct hs_correlate_stage **ret_stage);
// Starts the thread, which connects by itself and waits for what is away.
int hs_correlate_stage_start(struct hs_correlate_stage *stage);
// Asks the thread to drain, commit and leave the group, and waits for it at most `timeout_ms`.
// HS_ETIMEDOUT: it did not end; the caller exits without freeing.
int hs_correlate_stage_stop(struct hs_correlate_stage *stage, int64_t timeout_ms);
// NULL is legal. The thread has ended.
void hs_correlate_stage_free(struct hs_correlate_stage *stage);

// Rises whenever the thread gets round its loop; also while idle or waiting for Kafka. Relaxed.
uint64_t hs_correlate_stage_progress(const struct hs_correlate_stage *stage);

enum { HS_CORRELATE_REASON_BYTES = 160, HS_CORRELATE_QUEUE_BYTES = 128 };

struct hs_correlate_status {
    bool ready; // Kafka reached, all output topics known; also as a standby without partitions
    uint32_t assigned; // partitions of anpr.hits
    uint32_t running;  // of these, taken over and applying events
    uint64_t lag;      // events between what was applied and the partitions' ends
    uint64_t vehicles; // states held
    uint64_t open_incidents;
    char reason[HS_CORRELATE_REASON_BYTES]; // why it is not ready, or what it waits for; "" when
                                            // all is well
};
// A queue whose way is tested from here; see test_alerts.h.
struct hs_test_row {
    char queue[HS_CORRELATE_QUEUE_BYTES];
    int64_t interval_ms;
    int64_t back_at_ms; // Unix: the newest test that came back was made then; 0: none did yet
    bool overdue;
};
// Copies at most `max`; returns how many.
size_t hs_correlate_stage_tests(struct hs_correlate_stage *stage, struct hs_test_row *ret_rows,
                                size_t max);

void hs_correlate_stage_status(struct hs_correlate_stage *stage,
                               struct hs_correlate_status *ret_status);

#endif
