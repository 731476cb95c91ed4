// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/incident.h"

#include "base/error.h"
#include "correlate/hit_route.h"
#include "correlate/priority.h"
#include "correlate/rules/camera.h"
#include "correlate/rules/counts.h"
#include "correlate/rules/escalation.h"
#include "correlate/rules/feedback.h"
#include "correlate/rules/hold.h"
#include "correlate/rules/standdown.h"
#include "correlate/rules/step.h"

typedef Hitstream__V1__Hit pb_hit; // long name of the contract, short in this file

static int end_quietly(struct hs_rule_scope *scope, struct hs_vehicle *vehicle);

static bool within(const struct hs_step *step, const struct hs_incident *incident)
{
    int64_t quiet_ms = step->scope->rules->quiet_ms;
    int64_t until_ms =
        incident->closed_at_ms > 0 ? incident->closed_at_ms : incident->last_at_ms + quiet_ms;
    return step->at_ms >= incident->opened_at_ms - quiet_ms && step->at_ms <= until_ms;
}

void hs_incident_end(struct hs_rule_scope *scope, struct hs_vehicle *vehicle)
{
    struct hs_incident *open = vehicle->open;
    hs_escalation_stop(vehicle, open);
    vehicle->open = NULL;
    hs_vehicle_end(vehicle, scope->pool, open);
}

void hs_incident_close(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                       struct hs_incident *incident, int64_t at_ms)
{
    incident->closed_at_ms = at_ms > incident->last_at_ms ? at_ms : incident->last_at_ms;
    for (size_t i = 0; i < incident->told_count; i++) {
        incident->told[i].stood_down = true;
    }
    if (incident == vehicle->open) {
        hs_hold_forget(scope, vehicle);
        hs_incident_end(scope, vehicle);
    }
}

// An ended incident that the hit belongs to, the last ended first; -1: none.
static int find_ended(const struct hs_step *step)
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

// Places at which nobody answered before: of the newest incident, if this one follows it.
static uint32_t unattended_before(const struct hs_vehicle *vehicle, int64_t at_ms)
{
    const struct hs_incident *newest = NULL;
    for (size_t i = 0; i < vehicle->ended_count; i++) {
        const struct hs_incident *ended = vehicle->ended[i];
        newest = !newest || ended->last_at_ms >= newest->last_at_ms ? ended : newest;
    }
    return newest && newest->last_at_ms <= at_ms ? newest->unattended : 0;
}

static int begin(struct hs_step *step)
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
        incident->unattended = unattended_before(vehicle, step->at_ms);
        vehicle->open = incident;
    }
    step->incident = incident;
    return 0;
}

// Finds the incident to which the hit belongs, or begins one.
static int settle(struct hs_step *step)
{
    struct hs_vehicle *vehicle = step->vehicle;
    if (vehicle->open && step->at_ms > vehicle->open->last_at_ms + step->scope->rules->quiet_ms) {
        int rc = end_quietly(step->scope, vehicle);
        if (rc != 0) {
            return rc;
        }
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
    if (!vehicle->open && step->incident->closed_at_ms == 0 &&
        step->at_ms > step->incident->last_at_ms) {
        reopen(vehicle, (size_t)ended); // it goes on after all
        step->new_text = true;          // its timers went when it ended
    }
    return 0;
}

// The place, shared; most hits are at the place of the one before, which is quick to see.
static const struct hs_interned *share_place(const struct hs_step *step)
{
    const struct hs_interned *last = step->incident->place;
    if (last && hs_place_same(hs_place_of(last), step->hit->place)) {
        return hs_intern_ref(last);
    }
    return hs_intern_get(step->scope->pool, &step->hit->place->base);
}

static int note_trail(struct hs_step *step)
{
    struct hs_incident *incident = step->incident;
    struct hs_trail_point point = {
        .captured_at_ms = step->at_ms,
        .last_at_ms = step->at_ms,
        .place = hs_intern_ref(step->place),
        .reads = 1,
        .tier = (uint8_t)step->hit->tier,
        .lateness = (uint8_t)step->hit->lateness,
        .misplaced = hs_camera_is_misplaced(step->hit),
    };
    bool dropped;
    size_t before = incident->trail_count;
    int rc = hs_incident_place(incident, step->scope->pool, &point, step->scope->rules->trail_max,
                               &dropped);
    step->new_place = dropped || incident->trail_count > before;
    step->scope->stats->trail_dropped += dropped;
    return rc;
}

// The entry as the incident has it; NULL: not yet.
static const struct hs_interned *held_text(const struct hs_step *step)
{
    const struct hs_incident_entry *held =
        hs_incident_entry(step->incident, step->hit->list->list_id, step->hit->entry->entry_id);
    return held ? held->entry : NULL;
}

static int note_entry(struct hs_step *step)
{
    struct hs_incident *incident = step->incident;
    bool full = incident->entry_count == HS_INCIDENT_ENTRIES_MAX;
    const struct hs_interned *before = held_text(step);
    struct hs_incident_entry *entry =
        hs_incident_note_entry(incident, step->scope->pool, step->hit->entry, step->hit->list);
    if (!entry) {
        return HS_ENOMEM;
    }
    step->new_text = step->new_text || entry->entry != before || !hs_incident_entry_stands(entry);
    step->scope->stats->entries_dropped += full && !entry->last_place;
    step->number = entry->number;
    entry->withdrawn = 0; // it is hit again by a newer revision, or as another plate
    entry->excluded = false;
    entry->last_at_ms = step->at_ms;
    hs_place_set(step->scope->pool, &entry->last_place, hs_intern_ref(step->place));
    return 0;
}

// Notes the hit in its incident.
static int record(struct hs_step *step)
{
    struct hs_incident *incident = step->incident;
    step->place = share_place(step);
    if (!step->place) {
        return HS_ENOMEM;
    }
    int rc = note_trail(step);
    rc = rc ? rc : note_entry(step);
    if (rc != 0) {
        return rc;
    }
    step->newest = incident->hits == 0 || step->at_ms >= incident->last_at_ms;
    incident->hits++;
    incident->opened_at_ms =
        step->at_ms < incident->opened_at_ms ? step->at_ms : incident->opened_at_ms;
    incident->last_at_ms = step->newest ? step->at_ms : incident->last_at_ms;
    if (step->newest) {
        hs_place_set(step->scope->pool, &incident->place, hs_intern_ref(step->place));
    }
    if (incident != step->vehicle->open) {
        return 0;
    }
    rc = hs_vehicle_set_timer(step->vehicle, HITSTREAM__V1__TIMER_KIND__TIMER_KIND_QUIET,
                              &incident->id, incident->last_at_ms + step->scope->rules->quiet_ms);
    return rc == 0 && step->new_text ? hs_standdown_arm(step->vehicle, incident) : rc;
}

// ---------------------------------------------------------------- floods

// Holds the hit back, if a flood brought it and it can wait. HS_ELIMIT: it is to be told now.
static int hold(struct hs_step *step)
{
    const struct hs_flood *flood = step->scope->flood;
    if (!flood || step->incident != step->vehicle->open) {
        return HS_ELIMIT;
    }
    Hitstream__V1__Priority priority = hs_step_urgency(step);
    if (priority >= HITSTREAM__V1__PRIORITY__PRIORITY_IMMEDIATE) {
        return HS_ELIMIT;
    }
    const struct hs_held_row row = {
        .held_at_ms = step->scope->now_ms,
        .hits = 1,
        .flood = *flood,
        .priority = (uint8_t)priority,
        .new_place = step->new_place,
        .newest = step->newest,
    };
    int rc = hs_held_add(step->vehicle, step->hit, &row);
    step->scope->stats->held += rc == 0;
    return rc;
}

// Finds the row's entry in the incident again. HS_ENOTFOUND: it is not meant any more.
static int find_held_entry(struct hs_step *step)
{
    struct hs_incident_entry *entry =
        hs_incident_entry(step->incident, step->hit->list->list_id, step->hit->entry->entry_id);
    if (!entry) { // it fell out of a full incident
        entry = hs_incident_note_entry(step->incident, step->scope->pool, step->hit->entry,
                                       step->hit->list);
    }
    if (!entry) {
        return HS_ENOMEM;
    }
    step->number = entry->number;
    return hs_incident_entry_stands(entry) ? 0 : HS_ENOTFOUND;
}

static int tell_held(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                     const struct hs_held_row *row)
{
    struct hs_step step = {
        .scope = scope,
        .vehicle = vehicle,
        .hit = hs_hold_hit(scope, row),
        .at_ms = row->at_ms,
        .incident = vehicle->open,
        .new_place = row->new_place,
        .newest = row->newest,
    };
    step.place = step.hit ? hs_intern_get(scope->pool, &step.hit->place->base) : NULL;
    if (!step.place) {
        return HS_ENOMEM;
    }
    memcpy(step.hit_id.bytes, step.hit->hit_id.data, HS_ID_BYTES);
    int rc = find_held_entry(&step);
    scope->desk->flood = (struct hs_alert_flood){
        .flood = &row->flood, .hits = row->hits, .held_ms = scope->now_ms - row->held_at_ms};
    rc = rc ? rc : hs_step_tell(&step);
    scope->desk->flood = (struct hs_alert_flood){0};
    scope->stats->held_moot += rc == HS_ENOTFOUND ? row->hits : 0;
    hs_intern_put(scope->pool, step.place);
    return rc == HS_ENOTFOUND ? 0 : rc;
}

// Tells all that is held of the open incident, in order of the log.
static int release(struct hs_rule_scope *scope, struct hs_vehicle *vehicle)
{
    struct hs_held *held = vehicle->held;
    int rc = 0;
    if (!held) {
        return 0;
    }
    vehicle->held = NULL;
    scope->stats->released++;
    for (size_t i = 0; rc == 0 && i < held->count; i++) {
        rc = tell_held(scope, vehicle, &held->rows[i]);
    }
    hs_held_free(held);
    return rc;
}

static int go_on(struct hs_step *step)
{
    int rc = settle(step);
    rc = rc ? rc : record(step);
    if (rc != 0) {
        return rc;
    }
    if (step->vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TRIAL) {
        step->scope->stats->trial_hits++; // recorded and counted, never told
        return 0;
    }
    rc = hold(step);
    if (rc != HS_ELIMIT) {
        return rc;
    }
    rc = release(step->scope, step->vehicle); // so that a vehicle's places are told in their order
    step->scope->desk->flood.flood = step->scope->flood;
    rc = rc ? rc : hs_step_tell(step);
    step->scope->desk->flood = (struct hs_alert_flood){0};
    return rc;
}

int hs_incident_on_hit(struct hs_rule_scope *scope, struct hs_vehicle *vehicle, const pb_hit *hit)
{
    struct hs_step step = {
        .scope = scope, .vehicle = vehicle, .hit = hit, .at_ms = hs_hit_event_time_ms(hit)};
    memcpy(step.hit_id.bytes, hit->hit_id.data, HS_ID_BYTES);
    if (hs_hit_counts_for_nothing(scope, vehicle, hit, step.at_ms)) {
        return 0;
    }
    int rc = go_on(&step);
    hs_intern_put(scope->pool, step.place);
    return rc;
}

struct hs_incident *hs_incident_find(const struct hs_vehicle *vehicle, const struct hs_id *id)
{
    if (vehicle->open && hs_id_eq(&vehicle->open->id, id)) {
        return vehicle->open;
    }
    for (size_t i = 0; i < vehicle->ended_count; i++) {
        if (hs_id_eq(&vehicle->ended[i]->id, id)) {
            return vehicle->ended[i];
        }
    }
    return NULL;
}

// Nobody ended it: what is held of it is told before.
static int end_quietly(struct hs_rule_scope *scope, struct hs_vehicle *vehicle)
{
    int rc = release(scope, vehicle);
    if (rc == 0) {
        hs_incident_end(scope, vehicle);
    }
    return rc;
}

int hs_incident_on_timer(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                         const Hitstream__V1__TimerFired *fired, bool *ret_applied)
{
    struct hs_id id;
    memcpy(id.bytes, fired->incident_id.data, HS_ID_BYTES);
    struct hs_incident *incident = hs_incident_find(vehicle, &id);
    if (fired->kind == HITSTREAM__V1__TIMER_KIND__TIMER_KIND_RELEASE) {
        *ret_applied = incident && incident == vehicle->open && vehicle->held;
        return *ret_applied ? release(scope, vehicle) : 0;
    }
    *ret_applied = hs_vehicle_take_timer(vehicle, fired->kind, &id, fired->due_at_ms);
    if (!*ret_applied || !incident) {
        return 0; // it was moved on, or fired already
    }
    switch (fired->kind) {
    case HITSTREAM__V1__TIMER_KIND__TIMER_KIND_QUIET:
        return incident == vehicle->open ? end_quietly(scope, vehicle) : 0;
    case HITSTREAM__V1__TIMER_KIND__TIMER_KIND_ESCALATE:
        return hs_escalation_on_timer(scope, vehicle, incident, fired->due_at_ms);
    case HITSTREAM__V1__TIMER_KIND__TIMER_KIND_ACKNOWLEDGEMENT:
        return hs_feedback_expired(scope, vehicle, incident);
    case HITSTREAM__V1__TIMER_KIND__TIMER_KIND_WEED:
        return hs_standdown_weed(scope, vehicle, incident, fired->due_at_ms);
    default:
        return 0;
    }
}
