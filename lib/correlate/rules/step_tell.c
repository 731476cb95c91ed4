// SPDX-License-Identifier: Apache-2.0
//
// Telling desks what a hit brings.
#include "base/error.h"
#include "correlate/priority.h"
#include "correlate/rules/escalation.h"
#include "correlate/rules/incident.h"
#include "correlate/rules/meaning.h"
#include "correlate/rules/next_tell.h"
#include "correlate/rules/step.h"

// Why the queue is told: what was counted, beside what it was held against.
static void explain(const struct hs_step *step, const struct hs_told *told,
                    const struct hs_changes *changes, int64_t repeat_window_ms,
                    struct hs_alert_draft *draft)
{
    const struct hs_incident *incident = step->incident;
    const struct hs_rules *rules = step->scope->rules;
    hs_draft_add_evidence(draft, "hits", incident->hits, 1, "reads");
    hs_draft_add_evidence(draft, "places", (int64_t)incident->trail_count + incident->trail_dropped,
                          1, "places");
    if (incident->unattended > 0) {
        hs_draft_add_evidence(draft, "unattended", incident->unattended, rules->unattended_step,
                              "places");
    }
    if (!told) {
        return;
    }
    if (changes->told_here_ms != INT64_MAX) {
        hs_draft_add_evidence(draft, "since_told_here", step->at_ms - changes->told_here_ms,
                              repeat_window_ms, "ms");
    } else {
        hs_draft_add_evidence(draft, "since_last_told", step->at_ms - told->event_at_ms, 0, "ms");
    }
}

static struct hs_telling make_telling(const struct hs_step *step)
{
    return (struct hs_telling){
        .scope = step->scope,
        .vehicle = step->vehicle,
        .incident = step->incident,
        .hit = step->hit,
        .number = step->number,
        .place = step->place,
        .cause = step->hit_id,
        .rule = HS_RULE_INCIDENT,
        .at_ms = step->at_ms,
    };
}

// What kind of alert it is for a queue; a border that was crossed says more than a new place.
static void choose_kind(const struct hs_step *step, const struct hs_told *told,
                        struct hs_alert_draft *draft)
{
    draft->kind = step->crossing.entered ? HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ENTERED
                  : told                 ? HITSTREAM__V1__ALERT_KIND__ALERT_KIND_UPDATED
                                         : HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED;
    draft->border = step->crossing.border;
}

// Where it goes from the newest hit; asked when the first queue is told.
static int ask_forecast(struct hs_step *step)
{
    if (step->is_forecast || !step->newest || step->incident != step->vehicle->open) {
        return 0;
    }
    step->is_forecast = true;
    return hs_next_message(step->scope, step->vehicle, step->hit, step->at_ms, &step->forecast);
}

// Tells one queue, unless nothing is new for it.
static int tell_queue(struct hs_step *step, const struct hs_queue *queue)
{
    struct hs_str name = queue ? queue->name : HS_STR(HS_QUEUE_UNROUTED);
    const struct hs_told *told = hs_incident_told(step->incident, name);
    struct hs_telling telling = make_telling(step);
    struct hs_terms terms = hs_tell_terms(&telling, queue);
    struct hs_view view = hs_tell_view(&telling, queue, &terms);
    struct hs_news news = {
        .repeat_window_ms = terms.repeat_window_ms,
        .incident = step->incident,
        .told = told,
        .view = &view,
        .place = step->place,
        .number = step->number,
        .at_ms = step->at_ms,
    };
    struct hs_changes changes = hs_meaning_changes(&news);
    if (!changes.speak && !step->crossing.entered) {
        step->scope->stats->repeats++;
        return 0;
    }
    struct hs_alert_draft draft = {
        .stale = step->hit->lateness == HITSTREAM__V1__LATENESS__LATENESS_STALE,
        .change_count = changes.count,
    };
    if (ask_forecast(step) != 0) {
        return HS_ENOMEM;
    }
    draft.forecast = step->forecast;
    memcpy(draft.changes, changes.rows, sizeof(draft.changes));
    choose_kind(step, told, &draft);
    explain(step, told, &changes, terms.repeat_window_ms, &draft);
    telling.rule = step->crossing.entered ? HS_RULE_BORDER : HS_RULE_INCIDENT;
    step->told_live = step->told_live || (queue && queue->kind == HS_QUEUE_LIVE);
    return hs_tell(&telling, queue, &draft);
}

// Queues that the hit was looked at for: each once.
struct asked {
    const struct hs_queue *queues[(2 + HS_AHEAD_MAX) * HS_ROUTE_MAX];
    size_t count;
};

// False: it was asked already.
static bool ask(struct asked *asked, const struct hs_queue *queue)
{
    for (size_t i = 0; i < asked->count; i++) {
        if (asked->queues[i] == queue) {
            return false;
        }
    }
    asked->queues[asked->count++] = queue;
    return true;
}

// Desks that care for that place.
static int tell_place(struct hs_step *step, const Hitstream__V1__Place *place, struct asked *asked)
{
    const struct hs_queue *queues[HS_ROUTE_MAX];
    size_t count = hs_tell_route(step->scope, step->hit, place, queues);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = ask(asked, queues[i]) ? tell_queue(step, queues[i]) : 0;
    }
    return rc;
}

// Desks of an area that comes next, but for those that are told of this one too.
static int tell_ahead(struct hs_step *step, const struct hs_ahead *next, struct asked *asked)
{
    const struct hs_queue *queues[HS_ROUTE_MAX];
    struct hs_telling telling = make_telling(step);
    size_t count = hs_tell_route(step->scope, step->hit, &next->place, queues);
    int rc = 0;
    telling.rule = HS_RULE_BORDER;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (!ask(asked, queues[i])) {
            continue;
        }
        rc = ask_forecast(step);
        struct hs_alert_draft draft = {
            .kind = HITSTREAM__V1__ALERT_KIND__ALERT_KIND_APPROACHING,
            .border = &next->border,
            .forecast = step->forecast,
        };
        step->told_live = step->told_live || queues[i]->kind == HS_QUEUE_LIVE;
        hs_draft_add_evidence(&draft, "distance", next->distance_m, 0, "m");
        rc = rc ? rc : hs_tell(&telling, queues[i], &draft);
    }
    return rc;
}

static int tell(struct hs_step *step)
{
    struct asked asked;
    asked.count = 0;
    int rc = tell_place(step, step->hit->place, &asked);
    bool routed = asked.count > 0;
    if (rc == 0 && step->crossing.entered) { // desks of the area that it left care as well
        rc = tell_place(step, hs_place_of(step->crossing.from), &asked);
    }
    for (size_t i = 0; rc == 0 && i < step->crossing.ahead_count; i++) {
        rc = tell_ahead(step, &step->crossing.ahead[i], &asked);
    }
    if (rc != 0 || routed) {
        return rc;
    }
    if (step->vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT) {
        step->scope->stats->covert_unrouted++; // 'unrouted' is read by people who may not know
        return 0;
    }
    return tell_queue(step, NULL);
}

// A place at which people were told live, and nobody has answered so far.
static void count_unattended(struct hs_step *step)
{
    struct hs_incident *incident = step->incident;
    if (step->told_live && step->new_place && step->newest && incident == step->vehicle->open &&
        !hs_escalation_answered(incident, step->scope->now_ms)) {
        incident->unattended++;
    }
}

int hs_step_tell(struct hs_step *step)
{
    int rc = 0;
    if (step->newest && step->incident == step->vehicle->open) {
        rc = hs_border_on_hit(step->scope, step->incident, step->hit, step->place, step->at_ms,
                              &step->crossing);
    }
    rc = rc ? rc : tell(step);
    count_unattended(step);
    return rc;
}

Hitstream__V1__Priority hs_step_urgency(const struct hs_step *step)
{
    const struct hs_queue *queues[HS_ROUTE_MAX];
    struct hs_telling telling = make_telling(step);
    size_t count = hs_tell_route(step->scope, step->hit, step->hit->place, queues);
    Hitstream__V1__Priority highest = hs_entry_priority(step->scope->rules, step->hit->entry);
    for (size_t i = 0; i < count; i++) {
        struct hs_terms terms = hs_tell_terms(&telling, queues[i]);
        struct hs_view view = hs_tell_view(&telling, queues[i], &terms);
        highest = view.priority > highest ? view.priority : highest;
    }
    return highest;
}
