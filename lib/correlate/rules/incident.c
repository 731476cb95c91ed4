// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/incident.h"

#include <stdlib.h>

#include "base/error.h"
#include "correlate/hit_route.h"
#include "correlate/priority.h"

// One hit on its way through the rule.
struct step {
    struct hs_rule_scope *scope;
    struct hs_vehicle *vehicle;
    const Hitstream__V1__Hit *hit;
    struct hs_id hit_id;
    int64_t at_ms;                  // event time
    struct hs_incident *incident;   // where it belongs
    const struct hs_interned *what; // entry and site, for suppression
};

static bool within(const struct step *step, const struct hs_incident *incident)
{
    int64_t quiet_ms = step->scope->rules->quiet_ms;
    return step->at_ms >= incident->opened_at_ms - quiet_ms &&
           step->at_ms <= incident->last_at_ms + quiet_ms;
}

static void end_open(struct hs_rule_scope *scope, struct hs_vehicle *vehicle)
{
    struct hs_incident *open = vehicle->open;
    vehicle->open = NULL;
    hs_vehicle_end(vehicle, scope->pool, open);
}

// An ended incident that the hit belongs to, the last ended first; -1: none.
static int find_ended(const struct step *step)
{
    for (size_t i = step->vehicle->ended_count; i > 0; i--) {
        if (within(step, step->vehicle->ended[i - 1])) {
            return (int)i - 1;
        }
    }
    return -1;
}

static void reopen(struct hs_vehicle *vehicle, size_t index)
{
    vehicle->open = vehicle->ended[index];
    vehicle->ended_count--;
    memmove(&vehicle->ended[index], &vehicle->ended[index + 1],
            (vehicle->ended_count - index) * sizeof(vehicle->ended[0]));
}

static int begin(struct step *step)
{
    struct hs_vehicle *vehicle = step->vehicle;
    struct hs_id id =
        hs_id_incident(&step->scope->desk->id_key, vehicle->audience, vehicle->mark, &step->hit_id);
    struct hs_incident *incident = hs_incident_new(&id, step->at_ms);
    if (!incident) {
        return HS_ENOMEM;
    }
    if (vehicle->open) { // it lies before what is open: over already
        hs_vehicle_end(vehicle, step->scope->pool, incident);
    } else {
        vehicle->open = incident;
    }
    step->incident = incident;
    return 0;
}

// Finds the incident to which the hit belongs, or begins one.
static int settle(struct step *step)
{
    struct hs_vehicle *vehicle = step->vehicle;
    if (vehicle->open && step->at_ms > vehicle->open->last_at_ms + step->scope->rules->quiet_ms) {
        end_open(step->scope, vehicle);
    }
    if (vehicle->open && within(step, vehicle->open)) {
        step->incident = vehicle->open;
        return 0;
    }
    int ended = find_ended(step);
    if (ended < 0) {
        return begin(step);
    }
    step->incident = vehicle->ended[ended];
    if (!vehicle->open && step->at_ms > step->incident->last_at_ms) {
        reopen(vehicle, (size_t)ended); // it goes on after all
    }
    return 0;
}

// Notes the hit in its incident.
static int record(struct step *step)
{
    struct hs_incident *incident = step->incident;
    struct hs_trail_point point = {
        .captured_at_ms = step->at_ms,
        .last_at_ms = step->at_ms,
        .place = hs_intern_get(step->scope->pool, &step->hit->place->base),
        .reads = 1,
        .tier = (uint8_t)step->hit->tier,
        .lateness = (uint8_t)step->hit->lateness,
    };
    bool dropped;
    if (!point.place) {
        return HS_ENOMEM;
    }
    int rc = hs_incident_place(incident, step->scope->pool, &point, step->scope->rules->trail_max,
                               &dropped);
    rc = rc ? rc : hs_incident_note_list(incident, step->scope->pool, step->hit->list);
    if (rc != 0) {
        return rc;
    }
    step->scope->stats->trail_dropped += dropped;
    incident->hits++;
    incident->opened_at_ms =
        step->at_ms < incident->opened_at_ms ? step->at_ms : incident->opened_at_ms;
    incident->last_at_ms = step->at_ms > incident->last_at_ms ? step->at_ms : incident->last_at_ms;
    if (incident != step->vehicle->open) {
        return 0;
    }
    return hs_vehicle_set_timer(step->vehicle, HITSTREAM__V1__TIMER_KIND__TIMER_KIND_QUIET,
                                &incident->id, incident->last_at_ms + step->scope->rules->quiet_ms);
}

static void add_evidence(struct hs_alert_draft *draft, const char *name, int64_t value,
                         int64_t threshold, const char *unit)
{
    draft->evidence[draft->evidence_count++] = (struct hs_evidence){name, unit, value, threshold};
}

// Why the queue is told: what was counted, beside what it was held against.
static void explain(const struct step *step, const struct hs_told *told, int64_t told_here_ms,
                    int64_t repeat_window_ms, struct hs_alert_draft *draft)
{
    const struct hs_incident *incident = step->incident;
    add_evidence(draft, "hits", incident->hits, 1, "reads");
    add_evidence(draft, "places", (int64_t)incident->trail_count + incident->trail_dropped, 1,
                 "places");
    if (!told) {
        return;
    }
    if (told_here_ms != INT64_MAX) {
        add_evidence(draft, "since_told_here", step->at_ms - told_here_ms, repeat_window_ms, "ms");
    } else {
        add_evidence(draft, "since_last_told", step->at_ms - told->event_at_ms, 0, "ms");
    }
}

static struct hs_alert_draft make_draft(const struct step *step, const struct hs_queue *queue,
                                        const struct hs_told *told)
{
    return (struct hs_alert_draft){
        .vehicle = step->vehicle,
        .incident = step->incident,
        .hit = step->hit,
        .queue = queue,
        .rule = HS_RULE_INCIDENT,
        .cause = step->hit_id,
        .kind = told ? HITSTREAM__V1__ALERT_KIND__ALERT_KIND_UPDATED
                     : HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED,
        .priority = hs_entry_priority(step->hit->entry),
        .event_at_ms = step->at_ms,
        .stale = step->hit->lateness == HITSTREAM__V1__LATENESS__LATENESS_STALE,
    };
}

// What holds for one queue: the rules, or what operations that tell it say instead.
struct terms {
    int64_t repeat_window_ms;
    Hitstream__V1__Priority floor;
};

static struct terms terms_of(const struct step *step, const struct hs_queue *queue)
{
    struct terms terms = {.repeat_window_ms = step->scope->rules->repeat_window_ms};
    if (queue && hs_routes_operation_count(step->scope->routes) > 0) {
        struct hs_route_query query = hs_hit_route_query(step->hit);
        struct hs_route_terms said;
        hs_route_terms(step->scope->routes, &query, queue, &said);
        terms.floor = (Hitstream__V1__Priority)said.priority_floor;
        if (said.repeat_window_ms >= 0) {
            terms.repeat_window_ms = said.repeat_window_ms;
        }
    }
    return terms;
}

// Tells one queue, unless it is a repeat for that queue.
static int tell_queue(struct step *step, const struct hs_queue *queue)
{
    struct hs_str name = queue ? queue->name : HS_STR(HS_QUEUE_UNROUTED);
    struct hs_told *told = hs_incident_told(step->incident, name);
    int64_t told_here_ms = INT64_MAX;
    struct terms terms = terms_of(step, queue);
    if (told && hs_told_find(told, step->what, step->at_ms, &told_here_ms) &&
        llabs(step->at_ms - told_here_ms) <= terms.repeat_window_ms) {
        step->scope->stats->repeats++;
        return 0;
    }
    struct hs_alert_draft draft = make_draft(step, queue, told);
    draft.priority = draft.priority > terms.floor ? draft.priority : terms.floor;
    explain(step, told, told_here_ms, terms.repeat_window_ms, &draft);
    struct hs_id alert;
    int rc = hs_alert_tell(step->scope->desk, &draft, &alert);
    told = rc == 0 ? hs_incident_told_add(step->incident, step->scope->pool, name) : NULL;
    if (!told) {
        return HS_ENOMEM;
    }
    told->alert = alert;
    told->event_at_ms = step->at_ms;
    told->alerts++;
    hs_told_note(told, step->scope->pool, hs_intern_ref(step->what), step->at_ms);
    step->incident->priority = draft.priority;
    step->scope->stats->alerts++;
    step->scope->stats->unrouted += queue == NULL;
    return 0;
}

static size_t route(const struct step *step, const struct hs_queue **ret_queues)
{
    struct hs_route_query query = hs_hit_route_query(step->hit);
    size_t count = hs_route_decide(step->scope->routes, &query, ret_queues, HS_ROUTE_MAX);
    if (count > HS_ROUTE_MAX) {
        step->scope->stats->routes_dropped += count - HS_ROUTE_MAX;
        count = HS_ROUTE_MAX;
    }
    return count;
}

static int tell(struct step *step)
{
    const struct hs_queue *queues[HS_ROUTE_MAX];
    size_t count = route(step, queues);
    if (count == 0) {
        if (step->vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT) {
            step->scope->stats->covert_unrouted++; // 'unrouted' is read by people who may not know
            return 0;
        }
        return tell_queue(step, NULL);
    }
    for (size_t i = 0; i < count; i++) {
        int rc = tell_queue(step, queues[i]);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static const struct hs_interned *make_what(const struct step *step)
{
    Hitstream__V1__ToldPlace what = HITSTREAM__V1__TOLD_PLACE__INIT;
    what.site_id = step->hit->place->site_id;
    what.list_id = step->hit->list->list_id;
    what.entry_id = step->hit->entry->entry_id;
    return hs_intern_get(step->scope->pool, &what.base);
}

int hs_incident_on_hit(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                       const Hitstream__V1__Hit *hit)
{
    struct step step = {
        .scope = scope, .vehicle = vehicle, .hit = hit, .at_ms = hs_hit_event_time_ms(hit)};
    memcpy(step.hit_id.bytes, hit->hit_id.data, HS_ID_BYTES);
    int rc = settle(&step);
    rc = rc ? rc : record(&step);
    if (rc != 0) {
        return rc;
    }
    if (vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TRIAL) {
        scope->stats->trial_hits++; // recorded and counted, never told
        return 0;
    }
    step.what = make_what(&step);
    if (!step.what) {
        return HS_ENOMEM;
    }
    rc = tell(&step);
    hs_intern_put(scope->pool, step.what);
    return rc;
}

bool hs_incident_on_timer(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                          const Hitstream__V1__TimerFired *fired)
{
    struct hs_id id;
    memcpy(id.bytes, fired->incident_id.data, HS_ID_BYTES);
    if (!hs_vehicle_take_timer(vehicle, fired->kind, &id, fired->due_at_ms)) {
        return false; // it was moved on, or fired already
    }
    if (fired->kind == HITSTREAM__V1__TIMER_KIND__TIMER_KIND_QUIET && vehicle->open &&
        hs_id_eq(&vehicle->open->id, &id)) {
        end_open(scope, vehicle);
    }
    return true;
}
