// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "hitstreamd/correlate_parts.h"

HS_LOG_EVENT(event_covert_unrouted, "covert-unrouted", "f2a7d4c81e6b4b0fa5938c7d1e0b6f24");
HS_LOG_EVENT(event_unrouted, "alerts-unrouted", "83c5e0f7b2d94a6c8f1e7d3b9a0c4e56");

enum { REPORT_EVERY_MS = 250, ALARM_EVERY_MS = 60000 };

struct hs_stage_metrics {
    struct hs_metrics *registry;
    struct hs_metric *hits;
    struct hs_metric *duplicates;
    struct hs_metric *repeats;
    struct hs_metric *trial_hits;
    struct hs_metric *unrouted;
    struct hs_metric *covert_unrouted;
    struct hs_metric *covert_alerts;
    struct hs_metric *routes_dropped;
    struct hs_metric *trail_dropped;
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
    GAUGE(waiting, "hitstream_correlate_waiting_hits", "Hits that wait for the first controls."),
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

struct hs_metric *hs_stage_queue_metric(struct hs_correlate_stage *stage, const char *queue)
{
    struct hs_buf labels = {0};
    hs_metrics_label(&labels, "queue", hs_str(queue));
    struct hs_metric *metric =
        hs_metrics_counter(stage->metrics->registry, "hitstream_alerts_total", hs_buf_text(&labels),
                           "Open alerts acknowledged by their queue.");
    hs_buf_fini(&labels);
    return metric;
}

void hs_report_latency(struct hs_correlate_stage *stage, double seconds)
{
    hs_metric_observe(stage->metrics->latency, seconds);
}

void hs_report_covert(struct hs_correlate_stage *stage)
{
    hs_metric_add(stage->metrics->covert_alerts, 1);
}

void hs_report_diverted(struct hs_correlate_stage *stage)
{
    hs_metric_add(stage->metrics->diverted, 1);
}

void hs_report_undelivered(struct hs_correlate_stage *stage)
{
    hs_metric_add(stage->metrics->undelivered, 1);
}

void hs_report_already_told(struct hs_correlate_stage *stage)
{
    hs_metric_add(stage->metrics->already_told, 1);
}

void hs_report_checkpoint(struct hs_correlate_stage *stage, double seconds)
{
    hs_metric_observe(stage->metrics->checkpoint, seconds);
}

void hs_report_takeover(struct hs_correlate_stage *stage, double seconds)
{
    hs_metric_observe(stage->metrics->takeover, seconds);
}

void hs_report_failure(struct hs_correlate_stage *stage)
{
    hs_metric_add(stage->metrics->failures, 1);
}

void hs_report_part(struct hs_part *part)
{
    struct hs_stage_metrics *m = part->stage->metrics;
    struct hs_correlator_stats now;
    const struct hs_correlator_stats *last = &part->reported;
    hs_correlator_stats(part->correlator, &now);
    hs_metric_add(m->hits, now.hits - last->hits);
    hs_metric_add(m->duplicates, now.duplicate_hits - last->duplicate_hits);
    hs_metric_add(m->repeats, now.repeats - last->repeats);
    hs_metric_add(m->trial_hits, now.trial_hits - last->trial_hits);
    hs_metric_add(m->unrouted, now.unrouted - last->unrouted);
    hs_metric_add(m->covert_unrouted, now.covert_unrouted - last->covert_unrouted);
    hs_metric_add(m->routes_dropped, now.routes_dropped - last->routes_dropped);
    hs_metric_add(m->trail_dropped, now.trail_dropped - last->trail_dropped);
    hs_metric_add(m->malformed, now.malformed - last->malformed);
    part->stage->covert_unrouted_unlogged += now.covert_unrouted - last->covert_unrouted;
    part->reported = now;
}

// Alerts without a route: ops is told by sums; covert ones only stand in the log, by number.
static void tell_unrouted(struct hs_correlate_stage *stage, int64_t boot_ms)
{
    if (stage->unrouted_told_at_ms > 0 && boot_ms - stage->unrouted_told_at_ms < ALARM_EVERY_MS) {
        return;
    }
    if (stage->covert_unrouted_unlogged > 0) {
        stage->unrouted_told_at_ms = boot_ms;
        hs_log(HS_LOG_WARNING, &event_covert_unrouted, "%llu covert alerts had no route",
               (unsigned long long)stage->covert_unrouted_unlogged);
        stage->covert_unrouted_unlogged = 0;
    }
    if (stage->unrouted_since_told > 0) {
        struct hs_buf text = {0};
        hs_buf_printf(
            &text,
            "%lld alerts had no route and stand in 'dispatch.unrouted': the queues of the controls "
            "permit none for their list, handling or place",
            (long long)stage->unrouted_since_told);
        stage->unrouted_told_at_ms = boot_ms;
        stage->unrouted_since_told = 0;
        hs_log(HS_LOG_WARNING, &event_unrouted, "%s", hs_buf_text(&text));
        hs_publish_alarm(stage, "unrouted", HS_STR("unrouted"), hs_buf_text(&text));
        hs_buf_fini(&text);
    }
}

static void collect(struct hs_correlate_stage *stage, struct hs_correlate_status *status,
                    uint64_t *ret_waiting, uint64_t *ret_timers)
{
    status->assigned = (uint32_t)stage->part_count;
    for (size_t i = 0; i < stage->part_count; i++) {
        struct hs_part *part = stage->parts[i];
        int64_t low, high;
        if (!part->correlator) {
            continue;
        }
        hs_report_part(part);
        status->running += part->state == HS_PART_RUNNING;
        status->vehicles += part->reported.vehicles;
        status->open_incidents += part->reported.open_incidents;
        *ret_waiting += part->reported.waiting;
        *ret_timers += part->reported.timers;
        uint64_t next = hs_correlator_next_offset(part->correlator);
        if (hs_kafka_consumer_watermarks(stage->consumer, HS_KAFKA_HITS, part->number, &low,
                                         &high) &&
            high > (int64_t)next) {
            status->lag += (uint64_t)high - next;
        }
    }
}

static void set_reason(struct hs_correlate_stage *stage, struct hs_correlate_status *status,
                       uint64_t waiting)
{
    const char *reason = "";
    if (!stage->topics_known) {
        reason = *stage->trouble ? stage->trouble : "topics are not known yet";
    } else if (waiting > 0) {
        reason = "no controls are activated: hits wait for them";
    } else if (status->running < status->assigned) {
        reason = "partitions are being taken over, or wait for controls or Kafka";
    }
    status->ready = stage->topics_known;
    snprintf(status->reason, sizeof(status->reason), "%s", reason);
}

void hs_report_step(struct hs_correlate_stage *stage, int64_t boot_ms)
{
    struct hs_stage_metrics *m = stage->metrics;
    struct hs_correlate_status status = {0};
    uint64_t waiting = 0, timers = 0;
    size_t retrying = 0;
    if (boot_ms - stage->reported_at_ms < REPORT_EVERY_MS) {
        return;
    }
    stage->reported_at_ms = boot_ms;
    collect(stage, &status, &waiting, &timers);
    for (const struct hs_channel *channel = stage->channels; channel; channel = channel->next) {
        retrying += channel->retry_count;
    }
    hs_metric_set(m->vehicles, (double)status.vehicles);
    hs_metric_set(m->open_incidents, (double)status.open_incidents);
    hs_metric_set(m->timers, (double)timers);
    hs_metric_set(m->waiting, (double)waiting);
    hs_metric_set(m->in_flight, (double)stage->in_flight);
    hs_metric_set(m->retrying, (double)retrying);
    hs_metric_set(m->assigned, status.assigned);
    hs_metric_set(m->running, status.running);
    hs_metric_set(m->lag, (double)status.lag);
    hs_metric_set(m->read_back_ids, (double)stage->stood.count);
    set_reason(stage, &status, waiting);
    tell_unrouted(stage, boot_ms);
    pthread_mutex_lock(&stage->shared.lock);
    stage->shared.status = status;
    pthread_mutex_unlock(&stage->shared.lock);
}
