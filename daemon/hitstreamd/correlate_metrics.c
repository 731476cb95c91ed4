// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/correlate_metrics.h"

#include <stdlib.h>

static const double latency_bounds[] = {0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1,
                                        0.2,   0.5,   1,     2,     4,    10,   60};
static const double checkpoint_bounds[] = {0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5};
static const double takeover_bounds[] = {0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60};

// A counter or gauge of the stage; the table below says which is which.
struct row {
    size_t at; // in struct hs_stage_metrics
    bool gauge;
    const char *name;
    const char *help;
};

#define COUNTER(member, name, help)                                                                \
    {                                                                                              \
        offsetof(struct hs_stage_metrics, member), false, name, help                               \
    }
#define GAUGE(member, name, help)                                                                  \
    {                                                                                              \
        offsetof(struct hs_stage_metrics, member), true, name, help                                \
    }

static const struct row rows[] = {
    COUNTER(hits, "hitstream_correlate_hits_total", "Hits applied, all audiences."),
    COUNTER(duplicates, "hitstream_correlate_duplicate_hits_total",
            "Hits that came twice, known by id."),
    COUNTER(companions, "hitstream_correlate_companion_records_total",
            "Records of who passed after a hit, read."),
    COUNTER(repeats, "hitstream_correlate_repeats_total", "Times a queue was not told again."),
    COUNTER(trial_hits, "hitstream_trial_hits_total",
            "Hits of lists on trial: counted, never told."),
    COUNTER(unrouted, "hitstream_alerts_unrouted_total", "Open alerts that no route permits."),
    COUNTER(covert_unrouted, "hitstream_covert_unrouted_total",
            "Covert alerts without a route, all lists."),
    COUNTER(covert_alerts, "hitstream_covert_alerts_total",
            "Covert alerts told, all lists and queues."),
    COUNTER(routes_dropped, "hitstream_correlate_routes_dropped_total",
            "Queues beyond the most that one hit is told to."),
    COUNTER(trail_dropped, "hitstream_correlate_trail_dropped_total",
            "Places that fell out of a full trail."),
    COUNTER(withdrawn, "hitstream_entries_withdrawn_total",
            "Entries that were hit and found to stand on their list no more, appended."),
    COUNTER(camera_events, "hitstream_camera_finding_events_total",
            "Vehicles that a camera found wrong concerns, appended."),
    COUNTER(findings_withdrawn, "hitstream_findings_withdrawn_total",
            "Findings taken back from those who were told."),
    COUNTER(exclusions, "hitstream_exclusions_stored_total",
            "Decisions 'not this vehicle' written to Redis."),
    GAUGE(exclusions_waiting, "hitstream_exclusions_waiting",
          "Decisions 'not this vehicle' on their way to Redis."),
    COUNTER(second_sensor, "hitstream_correlate_second_sensor_hits_total",
            "Hits of a vehicle that another sensor of the site read in the same second."),
    COUNTER(excluded_hits, "hitstream_correlate_excluded_hits_total",
            "Hits not told: a desk found that it is not this vehicle."),
    COUNTER(withdrawn_hits, "hitstream_correlate_withdrawn_hits_total",
            "Hits not told: of an entry that was withdrawn after it matched."),
    COUNTER(vehicles_dropped, "hitstream_correlate_vehicles_dropped_total",
            "States that left a full table."),
    COUNTER(entries_dropped, "hitstream_correlate_entries_dropped_total",
            "Entries that fell out of an incident."),
    COUNTER(exclusions_dropped, "hitstream_correlate_exclusions_dropped_total",
            "Pending exclusions that fell out of a state."),
    COUNTER(feedback, "hitstream_correlate_feedback_total", "Feedback applied."),
    COUNTER(feedback_repeated, "hitstream_correlate_feedback_repeated_total",
            "Feedback that came twice, known by id."),
    COUNTER(feedback_late, "hitstream_correlate_feedback_late_total",
            "Feedback on incidents that were over: recorded only."),
    COUNTER(feedback_refused, "hitstream_correlate_feedback_refused_total",
            "Feedback that asks for what cannot be: recorded only."),
    COUNTER(feedback_unknown, "hitstream_correlate_feedback_unknown_total",
            "Feedback about incidents that are not known any more."),
    COUNTER(escalations, "hitstream_correlate_escalations_total",
            "Steps up a chain that were told."),
    COUNTER(stand_downs, "hitstream_correlate_stand_downs_total", "Stand-downs told."),
    COUNTER(withdrawn_entries, "hitstream_correlate_withdrawn_entries_total",
            "Entries taken out of incidents."),
    COUNTER(floods, "hitstream_floods_total",
            "Times an entry or a list went beyond its limit of sightings, in a partition."),
    COUNTER(held, "hitstream_flood_hits_held_total",
            "Hits that floods held back, to be told by urgency."),
    COUNTER(released, "hitstream_flood_incidents_released_total",
            "Incidents of which what was held was told."),
    COUNTER(held_moot, "hitstream_flood_hits_moot_total",
            "Held hits of incidents that were closed, or entries withdrawn, before their turn."),
    GAUGE(holding, "hitstream_flood_vehicles_holding", "Vehicles of which hits are held."),
    COUNTER(malformed, "hitstream_correlate_malformed_events_total", "Events passed over."),
    COUNTER(diverted, "hitstream_alerts_diverted_total",
            "Alerts late by the wall clock, sent to intelligence."),
    COUNTER(undelivered, "hitstream_alerts_undelivered_total",
            "Alerts that their queue did not take in time."),
    COUNTER(already_told, "hitstream_alerts_already_told_total",
            "Alerts found in their queue at a takeover and not sent again."),
    COUNTER(failures, "hitstream_correlate_restarts_total",
            "Times a partition began anew after a failed delivery."),
    GAUGE(vehicles, "hitstream_correlate_vehicles", "Vehicles' states held."),
    GAUGE(open_incidents, "hitstream_correlate_open_incidents", "Incidents open."),
    GAUGE(timers, "hitstream_correlate_timers", "Vehicles with a timer to come."),
    GAUGE(waiting, "hitstream_correlate_waiting_hits",
          "Hits and what follows them that wait for the first controls."),
    GAUGE(in_flight, "hitstream_correlate_in_flight_messages", "Messages not yet acknowledged."),
    GAUGE(in_flight_max, "hitstream_correlate_in_flight_messages_limit",
          "Messages not yet acknowledged at which applying waits."),
    GAUGE(retrying, "hitstream_correlate_retrying_alerts", "Alerts that wait to be sent again."),
    GAUGE(assigned, "hitstream_correlate_partitions_assigned", "Partitions of anpr.hits assigned."),
    GAUGE(running, "hitstream_correlate_partitions_running", "Of these, taken over and applied."),
    GAUGE(lag, "hitstream_correlate_lag_events", "Events of anpr.hits not applied yet."),
    GAUGE(read_back_ids, "hitstream_correlate_read_back_ids", "Alerts known to stand in queues."),
};

struct hs_stage_metrics *hs_stage_metrics_new(struct hs_metrics *metrics)
{
    struct hs_stage_metrics *m = calloc(1, sizeof(*m));
    if (!m) {
        return NULL;
    }
    m->registry = metrics;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hs_metric **slot = (struct hs_metric **)((char *)m + rows[i].at);
        *slot = rows[i].gauge ? hs_metrics_gauge(metrics, rows[i].name, "", rows[i].help)
                              : hs_metrics_counter(metrics, rows[i].name, "", rows[i].help);
    }
    m->latency = hs_metrics_histogram(metrics, "hitstream_event_to_alert_seconds", "",
                                      "From a hit's append to its alert's acknowledgement.",
                                      latency_bounds, sizeof(latency_bounds) / sizeof(double));
    m->checkpoint =
        hs_metrics_histogram(metrics, "hitstream_checkpoint_seconds", "",
                             "From packing states to the partition's acknowledgement.",
                             checkpoint_bounds, sizeof(checkpoint_bounds) / sizeof(double));
    m->takeover = hs_metrics_histogram(metrics, "hitstream_takeover_seconds", "",
                                       "From 'took over' to the first event applied.",
                                       takeover_bounds, sizeof(takeover_bounds) / sizeof(double));
    hs_metric_set(m->in_flight_max, HS_STAGE_IN_FLIGHT_MAX);
    return m;
}

void hs_stage_metrics_free(struct hs_stage_metrics *metrics)
{
    free(metrics);
}

struct hs_metric *hs_stage_queue_metric(struct hs_stage_metrics *metrics, const char *queue)
{
    struct hs_buf labels = {0};
    hs_metrics_label(&labels, "queue", hs_str(queue));
    struct hs_metric *metric =
        hs_metrics_counter(metrics->registry, "hitstream_alerts_total", hs_buf_text(&labels),
                           "Open alerts acknowledged by their queue.");
    hs_buf_fini(&labels);
    return metric;
}
