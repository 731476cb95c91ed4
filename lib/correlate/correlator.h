// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_CORRELATOR_H
#define HS_CORRELATE_CORRELATOR_H
/*
 * The correlator of one partition of anpr.hits: a pure function of its events.
 *
 *     (vehicles' state, event, controls) -> (vehicles' state, alerts, events to append)
 *
 * It reads no clock, file or network: time is the highest LogAppendTime among its events; controls are those
 * that the last 'controls activated' named. Feed it the same events in the same order and it emits the same
 * bytes, whatever the batches and wherever it was restored.
 *
 * Threads: one at a time for each object. Ownership: the object owns vehicles' states; what it passes to the
 * sink is borrowed for the call. Bounds: hs_correlator_limits; each has a metric and a defined behaviour.
 */

#include "base/str.h"
#include "controls/controls.h"
#include "wire/header.h"
#include "wire/ids.h"
#include "wire/token.h"

struct hs_correlator;

// One record of the log.
struct hs_log_record {
    uint64_t offset;
    int64_t append_time_ms;  // LogAppendTime
    struct hs_str value;     // packed VehicleEvent
    struct hs_str source;    // "anpr.hits/3@1201": for headers only
    struct hs_str traceparent; // may be empty
};

// One alert to one queue.
struct hs_alert {
    struct hs_id id;
    struct hs_id incident;
    const struct hs_queue *queue;  // NULL: no route permits it (dispatch.unrouted)
    int64_t event_at_ms;           // event time of its cause
    bool live;                     // for a live queue: the edge diverts it when it is late by the wall clock
    struct hs_str payload;         // packed Alert (protobuf): the edge makes JSON of it where the queue wants
    const struct hs_headers *headers; // without wall-clock ages
};

// Where results go. Called from within hs_correlator_apply() and hs_correlator_due(), in order.
struct hs_correlate_sink {
    void *ctx;
    void (*alert)(void *ctx, const struct hs_alert *alert);
    // A packed VehicleEvent to append to this partition; it counts when it is read back.
    void (*append)(void *ctx, struct hs_str key, struct hs_str event);
};

// Finds the controls object of a hash, or NULL while it is not known; keeps the reference.
typedef struct hs_controls *hs_controls_lookup(void *ctx, const char *hash);

struct hs_correlator_config {
    struct hs_id_key id_key;
    struct hs_token_key token_key;
    hs_controls_lookup *controls_lookup;
    void *controls_ctx;
    struct hs_correlate_sink sink;
};

int hs_correlator_new(const struct hs_correlator_config *config, struct hs_correlator **ret_correlator);
void hs_correlator_free(struct hs_correlator *correlator);

// Applies one event. Offsets rise. HS_EFORMAT: not a VehicleEvent, nothing changed but `now`; HS_EAGAIN: it names
// controls that are not known yet, nothing changed: fetch them and apply again.
int hs_correlator_apply(struct hs_correlator *correlator, const struct hs_log_record *record);

// Restoring: states in any order, a record of a newer epoch wins; then the partition's. An empty value is a
// tombstone. `key` is the record's key in anpr.vehicles.
int hs_correlator_restore(struct hs_correlator *correlator, struct hs_str key, struct hs_str value);
uint64_t hs_correlator_next_offset(const struct hs_correlator *correlator);
const char *hs_correlator_controls_hash(const struct hs_correlator *correlator);

// Checkpoint: packs every vehicle changed since the last call (an empty value: a tombstone), then the
// PartitionState, whose key is HS_PARTITION_STATE_KEY. The caller writes them in this order.
#define HS_PARTITION_STATE_KEY "partition"
typedef void hs_checkpoint_record(void *ctx, struct hs_str key, struct hs_str value);
int hs_correlator_checkpoint(struct hs_correlator *correlator, int64_t written_at_ms,
                             hs_checkpoint_record *record, void *ctx);

// Timers: when the next is due (INT64_MAX: none), and appending 'timer fired' for all due by `wall_ms` that
// were not appended already by this object.
int64_t hs_correlator_next_due_ms(const struct hs_correlator *correlator);
void hs_correlator_due(struct hs_correlator *correlator, int64_t wall_ms);

struct hs_correlator_stats {
    uint64_t vehicles;       // states held
    uint64_t open_incidents;
    uint64_t hits;           // applied
    uint64_t duplicate_hits; // known by id
    uint64_t alerts;         // emitted
    uint64_t trial_hits;     // counted, never told
    uint64_t unrouted;       // alerts without a route
    uint64_t trail_dropped;  // places that fell out of a full trail
    uint64_t timers;         // standing
};
void hs_correlator_stats(const struct hs_correlator *correlator, struct hs_correlator_stats *ret_stats);

#endif
