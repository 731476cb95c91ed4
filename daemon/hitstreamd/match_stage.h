// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_MATCH_STAGE_H
#define HITSTREAMD_MATCH_STAGE_H
/*
 * The match stage: N workers, each with its own consumer of anpr.reads and its own producer; reads
 * in, hits out.
 *
 * An offset is committed only when every hit and every rejected read before it is acknowledged. A
 * failed delivery drops what is on its way, rewinds to the committed offset and goes on. When more
 * reads than a configured share are bad, a worker stops consuming, says so, and tries one message
 * now and then until it is good again.
 *
 * Threads: one a worker; new, start, stop and free from the main thread; progress, status and
 * resume from any. Ownership: the stage borrows everything of its configuration for its life.
 * Bounds: hits on their way and batches waiting for them a partition (hitstream_match_pending,
 * hitstream_match_pending_limit): at the limit a worker stops reading until some are acknowledged.
 */

#include "base/rcu.h"
#include "config/settings.h"
#include "metrics/metrics.h"
#include "wire/ids.h"

struct hs_match_stage;

struct hs_match_stage_config {
    const struct hs_settings *settings;
    struct hs_id_key id_key;
    struct hs_rcu_slot
        *snapshot;              // struct hs_snapshot; NULL until lists are live: workers then wait
    struct hs_rcu_slot *health; // struct hs_camera_findings; NULL: nobody asks about cameras
    struct hs_rcu_slot
        *controls; // struct hs_controls; never NULL once started (the empty one will do)
    // When the lists were last known to be current, Unix ms; NULL, or returning 0: the snapshot's
    // own.
    int64_t (*as_of_ms)(void *ctx);
    void *as_of_ctx;
    struct hs_metrics *metrics;
};

int hs_match_stage_new(const struct hs_match_stage_config *config,
                       struct hs_match_stage **ret_stage);
// Starts settings->match_workers threads; returns at once, brokers need not be there.
int hs_match_stage_start(struct hs_match_stage *stage);
// Leaves the group, waits for deliveries, commits, ends the threads, all within about `timeout_ms`.
// HS_ETIMEDOUT: a client did not close in time; the process can end all the same.
int hs_match_stage_stop(struct hs_match_stage *stage, int64_t timeout_ms);
void hs_match_stage_free(struct hs_match_stage *stage);

size_t hs_match_stage_workers(const struct hs_match_stage *stage);
// Rises whenever worker `index` has gone round its loop: for the watchdog.
uint64_t hs_match_stage_progress(const struct hs_match_stage *stage, size_t index);

enum hs_match_state {
    HS_MATCH_STARTING,          // Kafka not reached, or topics not known yet
    HS_MATCH_WAITING,           // for lists
    HS_MATCH_RUNNING,           // also as a standby without partitions
    HS_MATCH_PARTLY,            // a partition's log does not have what comes next: an operator
                                // decides; the others are read
    HS_MATCH_STOPPED_BAD_INPUT, // too many bad reads
    HS_MATCH_NO_OFFSET,         // no partition of anpr.reads has an offset to go on from: likewise
    HS_MATCH_ENDED,
};
struct hs_match_status {
    enum hs_match_state state;
    char why[256];       // for a person: what is wrong and what to do; "" when RUNNING
    uint32_t partitions; // assigned
    uint64_t reads;      // since start
    uint64_t hits;
    uint64_t rejected;
    uint64_t unknown_cameras;
    int64_t lag; // messages behind the end of the log; -1: not known
};
// Of all workers together: the worst state with its reason, the sums.
void hs_match_stage_status(struct hs_match_stage *stage, struct hs_match_status *ret_status);
// A person says that the input is good again: stopped workers go on.
void hs_match_stage_resume(struct hs_match_stage *stage);

#endif
