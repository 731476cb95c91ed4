// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_INTAKE_H
#define HITSTREAMD_INTAKE_H
/*
 * The intake: what desks say back, from feedback.<queue> of all queues of the controls' head, to
 * anpr.hits.
 *
 * One thread of its own consumes in group 'hitstream-intake': a changed set of queues rebalances
 * nobody else. Each message is checked in form, its reply token opened; then it is appended as
 * 'feedback given' under the vehicle's key, or goes untouched to feedback.rejected with the reason
 * in its headers. An offset is committed when all before it is acknowledged: nothing is lost, and
 * what is appended twice has the same feedback id. A failed delivery rewinds.
 *
 * Threads: new, start, stop and free belong to main; progress and status may be called from any.
 * Ownership: borrows settings and metrics until hs_intake_free(); the callback is called from the
 * intake's thread. Bounds: intake_form.h for a message, HS_INTAKE_PENDING_MAX messages of a
 * partition on their way (then reading waits), HS_INTAKE_DESKS_MAX queues.
 */

#include "config/settings.h"
#include "controls/controls.h"
#include "metrics/metrics.h"
#include "wire/ids.h"
#include "wire/token.h"

enum { HS_INTAKE_PENDING_MAX = 1024, HS_INTAKE_DESKS_MAX = 1024, HS_INTAKE_REASON_BYTES = 200 };

struct hs_intake;

struct hs_intake_config {
    const struct hs_settings *settings; // borrowed
    struct hs_metrics *metrics;         // borrowed
    struct hs_token_key token_key;      // the installation's
    void *controls_ctx;
    // A new reference to the head of the controls, NULL: not known yet.
    struct hs_controls *(*controls_head)(void *ctx);
};

// HS_ENOMEM, HS_EINVAL.
int hs_intake_new(const struct hs_intake_config *config, struct hs_intake **ret_intake);
// Starts the thread, which connects by itself and waits for what is away.
int hs_intake_start(struct hs_intake *intake);
// Waits for deliveries, commits and leaves the group. HS_ETIMEDOUT: it did not end; exit without
// freeing.
int hs_intake_stop(struct hs_intake *intake, int64_t timeout_ms);
// NULL is legal. The thread has ended.
void hs_intake_free(struct hs_intake *intake);

// Rises whenever the thread gets round its loop. Relaxed.
uint64_t hs_intake_progress(const struct hs_intake *intake);

struct hs_intake_status {
    bool ready;          // Kafka reached, all topics of the controls' head subscribed
    uint32_t topics;     // subscribed
    uint32_t missing;    // of the controls' queues, that have no topic
    uint32_t partitions; // assigned
    uint64_t taken;      // appended since the start
    uint64_t rejected;   // since the start
    uint64_t lag;        // messages not yet taken
    char reason[HS_INTAKE_REASON_BYTES]; // what is wrong; "" when all is well
};
void hs_intake_status(struct hs_intake *intake, struct hs_intake_status *ret_status);

#endif
