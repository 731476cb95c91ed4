// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_METRICS_H
#define HS_HITSTREAMD_CORRELATE_METRICS_H
/*
 * The stage's counters, gauges and histograms, by one table.
 *
 * Threads: the stage's writes, any may print. Ownership: the registry owns the series. Covert lists
 * are one sum.
 */

#include "hitstreamd/correlate_parts.h"

struct hs_stage_metrics {
    struct hs_metrics *registry; // borrowed; the rest as the table in correlate_metrics.c says
    struct hs_metric *hits;
    struct hs_metric *duplicates;
    struct hs_metric *repeats;
    struct hs_metric *trial_hits;
    struct hs_metric *unrouted;
    struct hs_metric *companions;
    struct hs_metric *covert_unrouted;
    struct hs_metric *covert_alerts;
    struct hs_metric *routes_dropped;
    struct hs_metric *trail_dropped;
    struct hs_metric *withdrawn;
    struct hs_metric *exclusions;
    struct hs_metric *camera_events;
    struct hs_metric *findings_withdrawn;
    struct hs_metric *exclusions_waiting;
    struct hs_metric *second_sensor;
    struct hs_metric *excluded_hits;
    struct hs_metric *withdrawn_hits;
    struct hs_metric *vehicles_dropped;
    struct hs_metric *entries_dropped;
    struct hs_metric *exclusions_dropped;
    struct hs_metric *feedback;
    struct hs_metric *feedback_repeated;
    struct hs_metric *feedback_late;
    struct hs_metric *feedback_refused;
    struct hs_metric *feedback_unknown;
    struct hs_metric *escalations;
    struct hs_metric *stand_downs;
    struct hs_metric *withdrawn_entries;
    struct hs_metric *floods;
    struct hs_metric *held;
    struct hs_metric *released;
    struct hs_metric *held_moot;
    struct hs_metric *holding;
    struct hs_metric *malformed;
    struct hs_metric *diverted;
    struct hs_metric *undelivered;
    struct hs_metric *already_told;
    struct hs_metric *failures;
    struct hs_metric *vehicles;
    struct hs_metric *open_incidents;
    struct hs_metric *timers;
    struct hs_metric *waiting;
    struct hs_metric *in_flight;
    struct hs_metric *in_flight_max;
    struct hs_metric *retrying;
    struct hs_metric *assigned;
    struct hs_metric *running;
    struct hs_metric *lag;
    struct hs_metric *read_back_ids;
    struct hs_metric *latency;
    struct hs_metric *checkpoint;
    struct hs_metric *takeover;
};

// NULL: out of memory.
struct hs_stage_metrics *hs_stage_metrics_new(struct hs_metrics *metrics);
void hs_stage_metrics_free(struct hs_stage_metrics *metrics);
// Open alerts told to that queue.
struct hs_metric *hs_stage_queue_metric(struct hs_stage_metrics *metrics, const char *queue);

#endif
