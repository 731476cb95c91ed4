// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/escalation.h"

#include <stdio.h>

#include "base/error.h"
#include "correlate/rules/tell.h"

bool hs_escalation_answered(const struct hs_incident *incident, int64_t now_ms)
{
    if (incident->acknowledged.kind != 0 && incident->acknowledged.until_ms > now_ms) {
        return true;
    }
    for (size_t i = 0; i < incident->told_count; i++) {
        if (incident->told[i].resourced) {
            return true;
        }
    }
    return false;
}

static void stop_waiting(struct hs_told *told)
{
    told->waiting_since_ms = 0;
    told->answer_due_ms = 0;
}

// Sets the incident's timer for the queue whose time is over first, or takes it away.
static int arm(struct hs_vehicle *vehicle, const struct hs_incident *incident)
{
    int64_t due_at_ms = INT64_MAX;
    for (size_t i = 0; i < incident->told_count; i++) {
        int64_t due = incident->told[i].answer_due_ms;
        due_at_ms = due > 0 && due < due_at_ms ? due : due_at_ms;
    }
    if (due_at_ms == INT64_MAX) {
        hs_vehicle_drop_timer(vehicle, HITSTREAM__V1__TIMER_KIND__TIMER_KIND_ESCALATE,
                              &incident->id);
        return 0;
    }
    return hs_vehicle_set_timer(vehicle, HITSTREAM__V1__TIMER_KIND__TIMER_KIND_ESCALATE,
                                &incident->id, due_at_ms);
}

static bool is_waited_for(const struct hs_queue *queue, int64_t within_ms)
{
    return queue && queue->kind == HS_QUEUE_LIVE && within_ms > 0 && queue->escalate_count > 0;
}

int hs_escalation_wait(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                       struct hs_incident *incident, struct hs_told *told,
                       const struct hs_queue *queue, int64_t within_ms)
{
    if (incident != vehicle->open || !is_waited_for(queue, within_ms) ||
        told->waiting_since_ms > 0 || told->steps > 0 || told->no_resource ||
        hs_escalation_answered(incident, scope->now_ms)) {
        return 0;
    }
    told->waiting_since_ms = scope->now_ms;
    told->answer_due_ms = scope->now_ms + within_ms;
    return arm(vehicle, incident);
}

void hs_escalation_stop(struct hs_vehicle *vehicle, struct hs_incident *incident)
{
    for (size_t i = 0; i < incident->told_count; i++) {
        stop_waiting(&incident->told[i]);
    }
    hs_vehicle_drop_timer(vehicle, HITSTREAM__V1__TIMER_KIND__TIMER_KIND_ESCALATE, &incident->id);
}

int hs_escalation_again(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                        struct hs_incident *incident)
{
    if (incident != vehicle->open || hs_escalation_answered(incident, scope->now_ms)) {
        return 0;
    }
    for (size_t i = 0; i < incident->told_count; i++) {
        struct hs_told *told = &incident->told[i];
        const struct hs_queue *queue = hs_routes_find(scope->routes, hs_str(told->queue));
        stop_waiting(told);
        if (queue && is_waited_for(queue, queue->acknowledge_within_ms) && !told->stood_down &&
            told->known && !told->no_resource) {
            told->steps = 0;
            told->waiting_since_ms = scope->now_ms;
            told->answer_due_ms = scope->now_ms + queue->acknowledge_within_ms;
        }
    }
    return arm(vehicle, incident);
}

// The next queue of the chain that exists and may receive what stands; NULL: the chain ends.
static const struct hs_queue *next_queue(const struct hs_rule_scope *scope,
                                         const struct hs_vehicle *vehicle,
                                         const struct hs_incident *incident,
                                         const struct hs_queue *queue, struct hs_told *told)
{
    while (told->steps < queue->escalate_count) {
        const struct hs_queue *to =
            hs_routes_find(scope->routes, queue->escalate_to[told->steps++]);
        if (to && hs_desk_view(scope->rules, vehicle, incident, to, 0).entries > 0) {
            return to;
        }
    }
    return NULL;
}

// Tells the chain's next queue; `told` is looked up anew afterwards, for telling may move it.
static int tell_next(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                     struct hs_incident *incident, const struct hs_queue *to,
                     const struct hs_told *told, int64_t within_ms, const struct hs_id *cause,
                     int64_t at_ms)
{
    Hitstream__V1__Escalation escalation = HITSTREAM__V1__ESCALATION__INIT;
    struct hs_view view = hs_desk_view(scope->rules, vehicle, incident, to, 0);
    bool none;
    Hitstream__V1__Hit *hit = hs_tell_last_hit(scope, view.worst, &none);
    char *from = hs_bump_copy(scope->bump, told->queue, strlen(told->queue));
    if (none) {
        return 0;
    }
    if (!hit || !from) {
        return HS_ENOMEM;
    }
    escalation.from_queue = from;
    escalation.step = told->steps;
    escalation.told_at_ms = told->waiting_since_ms;
    escalation.within_ms = within_ms;
    struct hs_telling telling = {
        .scope = scope,
        .vehicle = vehicle,
        .incident = incident,
        .hit = hit,
        .number = view.worst->number,
        .place = view.worst->place,
        .cause = *cause,
        .rule = HS_RULE_ESCALATION,
        .at_ms = at_ms,
    };
    struct hs_alert_draft draft = {
        .kind = HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ESCALATED,
        .escalation = &escalation,
    };
    hs_draft_add_evidence(&draft, "unanswered", at_ms - told->waiting_since_ms, within_ms, "ms");
    hs_draft_add_evidence(&draft, "unattended", incident->unattended, scope->rules->unattended_step,
                          "places");
    scope->stats->escalations++;
    return hs_tell(&telling, to, &draft);
}

int hs_escalation_step(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                       struct hs_incident *incident, struct hs_str name, const struct hs_id *cause,
                       int64_t at_ms)
{
    struct hs_told *told = hs_incident_told(incident, name);
    const struct hs_queue *queue = hs_routes_find(scope->routes, name);
    const struct hs_queue *to =
        told && queue ? next_queue(scope, vehicle, incident, queue, told) : NULL;
    if (!to) {
        if (told) {
            stop_waiting(told);
        }
        return arm(vehicle, incident);
    }
    told->waiting_since_ms = told->waiting_since_ms ? told->waiting_since_ms : scope->now_ms;
    int rc =
        tell_next(scope, vehicle, incident, to, told, queue->acknowledge_within_ms, cause, at_ms);
    told = hs_incident_told(incident, name);
    if (rc != 0 || !told) {
        return rc;
    }
    int64_t within_ms =
        to->acknowledge_within_ms > 0 ? to->acknowledge_within_ms : queue->acknowledge_within_ms;
    bool goes_on = told->steps < queue->escalate_count && within_ms > 0;
    told->answer_due_ms = goes_on ? scope->now_ms + within_ms : 0;
    return arm(vehicle, incident);
}

// Its time began before the last 'took over': it begins anew, or it is too old to be waited for.
static bool begins_anew(const struct hs_rule_scope *scope, const struct hs_queue *queue,
                        struct hs_told *told)
{
    if (scope->took_over_ms <= told->waiting_since_ms) {
        return false;
    }
    bool too_old = scope->took_over_ms - told->event_at_ms > scope->rules->publish_live_ms;
    if (too_old || !queue || queue->acknowledge_within_ms == 0) {
        stop_waiting(told);
        return true;
    }
    told->waiting_since_ms = scope->took_over_ms;
    told->answer_due_ms = scope->took_over_ms + queue->acknowledge_within_ms;
    return true;
}

static struct hs_id cause_of(const struct hs_rule_scope *scope, const struct hs_incident *incident,
                             const char *queue, int64_t due_at_ms)
{
    char due[32];
    snprintf(due, sizeof(due), "%lld", (long long)due_at_ms);
    struct hs_str parts[] = {hs_str_n((const char *)incident->id.bytes, HS_ID_BYTES), hs_str(queue),
                             hs_str(due)};
    return hs_id_make(&scope->desk->id_key, "escalate", parts, 3);
}

int hs_escalation_on_timer(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                           struct hs_incident *incident, int64_t due_at_ms)
{
    const char *names[HS_INCIDENT_TOLD_MAX]; // telling may move the rows
    size_t count = 0;
    for (size_t i = 0; i < incident->told_count; i++) {
        struct hs_told *told = &incident->told[i];
        const struct hs_queue *queue = hs_routes_find(scope->routes, hs_str(told->queue));
        if (told->answer_due_ms > 0 && told->answer_due_ms <= due_at_ms &&
            !begins_anew(scope, queue, told)) {
            names[count++] = hs_bump_copy(scope->bump, told->queue, strlen(told->queue));
        }
    }
    int rc = arm(vehicle, incident);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (!names[i]) {
            return HS_ENOMEM;
        }
        struct hs_id cause = cause_of(scope, incident, names[i], due_at_ms);
        rc = hs_escalation_step(scope, vehicle, incident, hs_str(names[i]), &cause, due_at_ms);
    }
    return rc;
}
