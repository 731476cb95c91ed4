// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_CAMERA_HEALTH_H
#define HITSTREAMD_CAMERA_HEALTH_H
/*
 * What is known to be wrong with cameras, in every daemon: reads anpr.cameras whole, follows it, and
 * publishes it as one immutable table (cameras/findings.h) in an RCU slot, for matchers and owners.
 *
 * A thread of its own; without the topic nothing is known to be wrong, and it is looked for again.
 *
 * Threads: new, start, stop and free belong to main; progress and status may be called from any.
 * Ownership: borrows settings and metrics; owns what stands in the slot until it is freed, after all
 * readers have ended. Bounds: cameras/findings.h.
 */

#include "base/rcu.h"
#include "config/settings.h"
#include "metrics/metrics.h"

struct hs_camera_health;

struct hs_camera_health_config {
    const struct hs_settings *settings; // borrowed
    struct hs_metrics *metrics;         // borrowed
    struct hs_rcu_slot *slot;           // struct hs_camera_findings; NULL until the first is known
};

// HS_ENOMEM.
int hs_camera_health_new(const struct hs_camera_health_config *config,
                         struct hs_camera_health **ret_health);
int hs_camera_health_start(struct hs_camera_health *health);
// HS_ETIMEDOUT: the thread did not end; exit without freeing.
int hs_camera_health_stop(struct hs_camera_health *health, int64_t timeout_ms);
void hs_camera_health_free(struct hs_camera_health *health); // NULL is legal
uint64_t hs_camera_health_progress(const struct hs_camera_health *health);

enum { HS_CAMERA_HEALTH_REASON_BYTES = 160 };
struct hs_camera_health_status {
    bool known;                                 // the topic was read whole
    uint64_t cameras;                           // with a fault
    char reason[HS_CAMERA_HEALTH_REASON_BYTES]; // what is wrong; "" when all is well
};
void hs_camera_health_status(struct hs_camera_health *health,
                             struct hs_camera_health_status *ret_status);

#endif
