// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/correlate_report.h"

#include <stdio.h>

#include "base/log.h"
#include "hitstreamd/correlate_alarm.h"
#include "hitstreamd/correlate_metrics.h"
#include "hitstreamd/correlate_notices.h"

HS_LOG_EVENT(event_covert_unrouted, "covert-unrouted", "f2a7d4c81e6b4b0fa5938c7d1e0b6f24");
HS_LOG_EVENT(event_unrouted, "alerts-unrouted", "83c5e0f7b2d94a6c8f1e7d3b9a0c4e56");

enum { REPORT_EVERY_MS = 250, ALARM_EVERY_MS = 60000 };

void hs_report_part(struct hs_part *part)
{
    struct hs_stage_metrics *m = part->stage->metrics;
    struct hs_correlator_stats now;
    const struct hs_correlator_stats *last = &part->reported;
    hs_correlator_stats(part->correlator, &now);
    hs_metric_add(m->hits, now.hits - last->hits);
    hs_metric_add(m->duplicates, now.duplicate_hits - last->duplicate_hits);
    hs_metric_add(m->companions, now.companions - last->companions);
    hs_metric_add(m->repeats, now.repeats - last->repeats);
    hs_metric_add(m->trial_hits, now.trial_hits - last->trial_hits);
    hs_metric_add(m->unrouted, now.unrouted - last->unrouted);
    hs_metric_add(m->covert_unrouted, now.covert_unrouted - last->covert_unrouted);
    hs_metric_add(m->routes_dropped, now.routes_dropped - last->routes_dropped);
    hs_metric_add(m->trail_dropped, now.trail_dropped - last->trail_dropped);
    hs_metric_add(m->second_sensor, now.second_sensor - last->second_sensor);
    hs_metric_add(m->excluded_hits, now.excluded_hits - last->excluded_hits);
    hs_metric_add(m->withdrawn_hits, now.withdrawn_hits - last->withdrawn_hits);
    hs_metric_add(m->vehicles_dropped, now.vehicles_dropped - last->vehicles_dropped);
    hs_metric_add(m->entries_dropped, now.entries_dropped - last->entries_dropped);
    hs_metric_add(m->exclusions_dropped, now.exclusions_dropped - last->exclusions_dropped);
    hs_metric_add(m->feedback, now.feedback - last->feedback);
    hs_metric_add(m->feedback_repeated, now.feedback_repeated - last->feedback_repeated);
    hs_metric_add(m->feedback_late, now.feedback_late - last->feedback_late);
    hs_metric_add(m->feedback_refused, now.feedback_refused - last->feedback_refused);
    hs_metric_add(m->feedback_unknown, now.feedback_unknown - last->feedback_unknown);
    hs_metric_add(m->escalations, now.escalations - last->escalations);
    hs_metric_add(m->stand_downs, now.stand_downs - last->stand_downs);
    hs_metric_add(m->withdrawn_entries, now.withdrawn - last->withdrawn);
    hs_metric_add(m->floods, now.floods - last->floods);
    hs_metric_add(m->held, now.held - last->held);
    hs_metric_add(m->released, now.released - last->released);
    hs_metric_add(m->held_moot, now.held_moot - last->held_moot);
    hs_metric_add(m->findings_withdrawn, now.findings_withdrawn - last->findings_withdrawn);
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
        hs_alarm(stage, "unrouted", HS_STR("unrouted"), hs_buf_text(&text));
        hs_buf_fini(&text);
    }
}

// What other threads want ops told; it waits here until ops' topic is known.
static void pass_notices(struct hs_correlate_stage *stage)
{
    struct hs_notice notice;
    while (stage->topics_known && hs_notices_take(stage->config.notices, &notice)) {
        hs_alarm(stage, notice.what, hs_str(notice.what), notice.text);
    }
}

static void collect(struct hs_correlate_stage *stage, struct hs_correlate_status *status,
                    struct hs_correlator_stats *ret_sums)
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
        ret_sums->waiting += part->reported.waiting;
        ret_sums->timers += part->reported.timers;
        ret_sums->holding += part->reported.holding;
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
    struct hs_correlator_stats sums = {0}; // of what has no place in the status
    size_t retrying = 0;
    if (boot_ms - stage->reported_at_ms < REPORT_EVERY_MS) {
        return;
    }
    stage->reported_at_ms = boot_ms;
    collect(stage, &status, &sums);
    for (const struct hs_channel *channel = stage->channels; channel; channel = channel->next) {
        retrying += channel->retry_count;
    }
    hs_metric_set(m->vehicles, (double)status.vehicles);
    hs_metric_set(m->open_incidents, (double)status.open_incidents);
    hs_metric_set(m->timers, (double)sums.timers);
    hs_metric_set(m->holding, (double)sums.holding);
    hs_metric_set(m->waiting, (double)sums.waiting);
    hs_metric_set(m->in_flight, (double)stage->in_flight);
    hs_metric_set(m->retrying, (double)retrying);
    hs_metric_set(m->assigned, status.assigned);
    hs_metric_set(m->running, status.running);
    hs_metric_set(m->lag, (double)status.lag);
    hs_metric_set(m->read_back_ids, (double)stage->stood.count);
    set_reason(stage, &status, sums.waiting);
    tell_unrouted(stage, boot_ms);
    pass_notices(stage);
    pthread_mutex_lock(&stage->shared.lock);
    stage->shared.status = status;
    pthread_mutex_unlock(&stage->shared.lock);
}
