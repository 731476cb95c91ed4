// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_CAMERA_GATHER_H
#define HITSTREAMD_CAMERA_GATHER_H
/*
 * The gathering of observations: anpr.observations in, findings about cameras to anpr.cameras.
 *
 * One thread consumes in group 'hitstream-cameras'; the topic has one partition, so that one instance
 * gathers and all observations meet in one order. What it remembers stands in anpr.cameras as well,
 * under '/memory', in parts of two generations in turn and a manifest that names the next offset:
 * findings are acknowledged before the memory, its parts before the manifest, that before the commit.
 * Who takes over restores the memory and goes on at the manifest's offset, so that the same
 * observations give the same records again, to the byte.
 *
 * Threads: new, start, stop and free belong to main; progress and status may be called from any.
 * Ownership: borrows all of its configuration. Bounds: cameras/gather.h; a checkpoint each
 * HS_CAMERA_GATHER_CHECKPOINT_MS, so that no more than so much is gathered again.
 */

#include "base/rcu.h"
#include "config/settings.h"
#include "controls/controls.h"
#include "hitstreamd/correlate_notices.h"
#include "metrics/metrics.h"

enum { HS_CAMERA_GATHER_CHECKPOINT_MS = 60000, HS_CAMERA_GATHER_REASON_BYTES = 200 };

struct hs_camera_gather;

struct hs_camera_gather_config {
    const struct hs_settings *settings; // borrowed
    struct hs_metrics *metrics;         // borrowed
    struct hs_rcu_slot *controls;       // struct hs_controls: the rules to gather by
    struct hs_rcu_slot *health;         // struct hs_camera_findings: what is known already
    struct hs_notices *notices;         // ops is told of what is new; may be NULL
};

// HS_ENOMEM.
int hs_camera_gather_new(const struct hs_camera_gather_config *config,
                         struct hs_camera_gather **ret_gather);
int hs_camera_gather_start(struct hs_camera_gather *gather);
// Makes a last checkpoint and leaves the group. HS_ETIMEDOUT: it did not end; exit without freeing.
int hs_camera_gather_stop(struct hs_camera_gather *gather, int64_t timeout_ms);
void hs_camera_gather_free(struct hs_camera_gather *gather); // NULL is legal
uint64_t hs_camera_gather_progress(const struct hs_camera_gather *gather);

struct hs_camera_gather_status {
    bool gathers;                               // this instance does
    uint64_t cameras;                           // watched
    uint64_t observations;                      // since the start
    char reason[HS_CAMERA_GATHER_REASON_BYTES]; // what is wrong; "" when all is well
};
void hs_camera_gather_status(struct hs_camera_gather *gather,
                             struct hs_camera_gather_status *ret_status);

#endif
