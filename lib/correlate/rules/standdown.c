// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/standdown.h"

#include <stdio.h>

#include "base/civil.h"
#include "base/error.h"
#include "correlate/rules/incident.h"

typedef Hitstream__V1__StandDown pb_stand_down; // long name of the contract, short in this file

// ---------------------------------------------------------------- telling

// The entry that the alert shows: the one taken back, or the worst that the queue was told of.
static const struct hs_incident_entry *shown_entry(const struct hs_rule_scope *scope,
                                                   const struct hs_vehicle *vehicle,
                                                   const struct hs_incident *incident,
                                                   const struct hs_queue *queue, uint8_t number)
{
    if (number > 0) {
        const struct hs_incident_entry *entry = hs_incident_entry_at(incident, number);
        return entry && hs_desk_may_know_entry(queue, vehicle, incident, entry) ? entry : NULL;
    }
    return hs_desk_view(scope->rules, vehicle, incident, queue, 0).worst;
}

static bool is_taken(const struct hs_taking_back *taking, const struct hs_told *told,
                     const struct hs_told_alert *alert)
{
    return taking->camera ? hs_told_by_camera(told, alert, taking->camera, taking->since_ms)
                          : taking->number == 0 || alert->number == taking->number;
}

static int fill_alert_ids(struct hs_rule_scope *scope, const struct hs_told *told,
                          const struct hs_taking_back *taking, pb_stand_down *stand_down)
{
    stand_down->alert_ids =
        hs_bump_alloc(scope->bump, (told->recent_count + 1) * sizeof(*stand_down->alert_ids));
    for (size_t i = 0; stand_down->alert_ids && i < told->recent_count; i++) {
        if (is_taken(taking, told, &told->recent[i])) {
            void *id = hs_bump_copy(scope->bump, told->recent[i].id.bytes, HS_ID_BYTES);
            if (!id) {
                return HS_ENOMEM;
            }
            stand_down->alert_ids[stand_down->n_alert_ids++] =
                (ProtobufCBinaryData){HS_ID_BYTES, id};
        }
    }
    return stand_down->alert_ids ? 0 : HS_ENOMEM;
}

static int tell_desk(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                     struct hs_incident *incident, struct hs_told *told,
                     const struct hs_taking_back *taking)
{
    pb_stand_down stand_down = HITSTREAM__V1__STAND_DOWN__INIT;
    struct hs_alert_draft draft = {
        .kind = HITSTREAM__V1__ALERT_KIND__ALERT_KIND_STAND_DOWN,
        .priority = (Hitstream__V1__Priority)told->priority,
        .stand_down = &stand_down,
    };
    const struct hs_queue *queue = hs_routes_find(scope->routes, hs_str(told->queue));
    const struct hs_incident_entry *entry =
        queue ? shown_entry(scope, vehicle, incident, queue, taking->number) : NULL;
    struct hs_id alert;
    bool none;
    if (!entry) {
        return 0; // no route, no alert
    }
    Hitstream__V1__Hit *hit = hs_tell_last_hit(scope, entry, &none);
    int rc = fill_alert_ids(scope, told, taking, &stand_down);
    if (none || rc != 0 || !hit) {
        return none ? 0 : HS_ENOMEM;
    }
    stand_down.reason = taking->reason;
    if (taking->number > 0 && !taking->camera) {
        stand_down.list_id = hs_list_of(entry)->list_id;
        stand_down.entry_id = hs_entry_of(entry)->entry_id;
    }
    struct hs_telling telling = {
        .scope = scope,
        .vehicle = vehicle,
        .incident = incident,
        .hit = hit,
        .number = entry->number,
        .place = entry->place,
        .cause = taking->cause,
        .rule = HS_RULE_STANDDOWN,
        .at_ms = taking->at_ms,
    };
    scope->stats->stand_downs++;
    return hs_tell_apart(&telling, queue, &draft, &alert);
}

int hs_standdown_tell_one(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                          struct hs_incident *incident, struct hs_str queue,
                          const struct hs_taking_back *taking)
{
    struct hs_told *told = hs_incident_told(incident, queue);
    bool knows = told && (taking->number == 0 || told->known & (UINT64_C(1) << taking->number));
    if (!knows || told->stood_down) {
        return 0;
    }
    int rc = tell_desk(scope, vehicle, incident, told, taking);
    if (taking->number == 0) {
        told->stood_down = true;
        told->waiting_since_ms = 0;
        told->answer_due_ms = 0;
    }
    return rc;
}

int hs_standdown_tell(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                      struct hs_incident *incident, const struct hs_taking_back *taking)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < incident->told_count; i++) {
        const char *queue = incident->told[i].queue;
        if (!taking->but_for || strcmp(queue, taking->but_for) != 0) {
            rc = hs_standdown_tell_one(scope, vehicle, incident, hs_str(queue), taking);
        }
    }
    return rc;
}

// ---------------------------------------------------------------- cameras that were wrong

// The newest alert that the desk was told on the camera's word; NULL: none.
static const struct hs_told_alert *newest_by(const struct hs_told *told,
                                             const struct hs_taking_back *taking)
{
    const struct hs_told_alert *newest = NULL;
    for (size_t i = 0; i < told->recent_count; i++) {
        newest = is_taken(taking, told, &told->recent[i]) ? &told->recent[i] : newest;
    }
    return newest;
}

static int take_back_one(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                         struct hs_incident *incident, struct hs_told *told,
                         struct hs_taking_back *taking)
{
    const struct hs_told_alert *newest = newest_by(told, taking);
    if (!newest) {
        return 0;
    }
    const struct hs_str parts[] = {hs_str_n((const char *)newest->id.bytes, HS_ID_BYTES),
                                   hs_str(taking->camera)};
    taking->cause = hs_id_make(&scope->desk->id_key, "told by a wrong camera", parts, 2);
    taking->number = newest->number;
    int rc = told->stood_down ? 0 : tell_desk(scope, vehicle, incident, told, taking);
    hs_told_forget_camera(told, scope->pool, taking->camera, taking->since_ms);
    if (told->place_count == 0) { // it knows of nothing else: what comes is new to it
        told->known = 0;
        hs_place_set(scope->pool, &told->place, NULL);
        told->waiting_since_ms = 0;
        told->answer_due_ms = 0;
    }
    return rc;
}

int hs_standdown_camera(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                        struct hs_incident *incident, const char *camera, int64_t since_ms,
                        bool *ret_told)
{
    struct hs_taking_back taking = {
        .reason = HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_CAMERA_WRONG,
        .at_ms = scope->now_ms,
        .camera = camera,
        .since_ms = since_ms,
    };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < incident->told_count; i++) {
        struct hs_told *told = &incident->told[i];
        *ret_told = *ret_told || newest_by(told, &taking);
        rc = take_back_one(scope, vehicle, incident, told, &taking);
        *ret_told = hs_told_settle_camera(told, scope->pool, camera) || *ret_told;
    }
    return rc;
}

// ---------------------------------------------------------------- entries that go

void hs_standdown_take_out(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                           struct hs_incident *incident, uint8_t number, int64_t at_ms)
{
    hs_incident_forget_number(incident, scope->pool, number);
    for (size_t i = 0; i < incident->entry_count; i++) {
        if (hs_incident_entry_stands(&incident->entries[i])) {
            return;
        }
    }
    if (incident->closed_at_ms == 0) {
        hs_incident_close(scope, vehicle, incident, at_ms);
    }
}

static struct hs_id cause_of(const struct hs_rule_scope *scope, const struct hs_incident *incident,
                             const struct hs_incident_entry *entry,
                             Hitstream__V1__WithdrawnReason reason)
{
    char text[64];
    snprintf(text, sizeof(text), "%d %llu.%llu", (int)reason,
             (unsigned long long)entry->withdrawn_generation,
             (unsigned long long)entry->withdrawn_sequence);
    struct hs_str parts[] = {hs_str_n((const char *)incident->id.bytes, HS_ID_BYTES),
                             hs_str(hs_list_of(entry)->list_id),
                             hs_str(hs_entry_of(entry)->entry_id), hs_str(text)};
    return hs_id_make(&scope->desk->id_key, "withdrawn", parts, 4);
}

// The entry goes; `revision` is the list's that no longer has it, or NULL: the one it was hit by.
static int withdraw(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                    struct hs_incident *incident, struct hs_incident_entry *entry,
                    Hitstream__V1__WithdrawnReason reason,
                    const Hitstream__V1__ListRevision *revision, int64_t at_ms)
{
    const Hitstream__V1__ListRevision *gone = revision ? revision : hs_list_of(entry)->revision;
    uint8_t number = entry->number;
    bool weeded = reason == HITSTREAM__V1__WITHDRAWN_REASON__WITHDRAWN_REASON_WEEDED;
    entry->withdrawn_generation = gone ? gone->generation : 0;
    entry->withdrawn_sequence = gone ? gone->sequence : 0;
    struct hs_taking_back taking = {
        .reason = weeded ? HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_WEEDED
                         : HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_WITHDRAWN,
        .number = number,
        .cause = cause_of(scope, incident, entry, reason),
        .at_ms = at_ms,
    };
    int rc = hs_standdown_tell(scope, vehicle, incident, &taking);
    entry->withdrawn = reason;
    scope->stats->withdrawn++;
    hs_standdown_take_out(scope, vehicle, incident, number, at_ms);
    return rc;
}

bool hs_standdown_is_older(const Hitstream__V1__ListInfo *list,
                           const struct hs_incident_entry *entry)
{
    uint64_t generation = list->revision ? list->revision->generation : 0;
    uint64_t sequence = list->revision ? list->revision->sequence : 0;
    return generation < entry->withdrawn_generation ||
           (generation == entry->withdrawn_generation && sequence <= entry->withdrawn_sequence);
}

// Whether the entry was hit by a revision before the one that no longer has it.
static bool is_gone(const struct hs_incident_entry *entry,
                    const Hitstream__V1__EntryWithdrawn *event)
{
    const Hitstream__V1__ListRevision *hit = hs_list_of(entry)->revision;
    const Hitstream__V1__ListRevision *now = event->revision;
    if (entry->withdrawn != 0) {
        return false;
    }
    return !hit || !now || hit->generation < now->generation ||
           (hit->generation == now->generation && hit->sequence <= now->sequence);
}

static int withdraw_from(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                         struct hs_incident *incident, const Hitstream__V1__EntryWithdrawn *event,
                         bool *ret_applied)
{
    struct hs_incident_entry *entry = hs_incident_entry(incident, event->list_id, event->entry_id);
    if (!entry || !is_gone(entry, event)) {
        return 0;
    }
    *ret_applied = true;
    return withdraw(scope, vehicle, incident, entry, event->reason, event->revision, scope->now_ms);
}

int hs_standdown_withdrawn(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                           const Hitstream__V1__EntryWithdrawn *event, bool *ret_applied)
{
    struct hs_incident *incidents[HS_ENDED_MAX + 1]; // ending one moves the others
    size_t count = 0;
    int rc = 0;
    *ret_applied = false;
    for (size_t i = 0; i < vehicle->ended_count; i++) {
        incidents[count++] = vehicle->ended[i];
    }
    if (vehicle->open) { // its end may push the oldest out, so that one comes last
        incidents[count++] = vehicle->open;
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = withdraw_from(scope, vehicle, incidents[i], event, ret_applied);
    }
    return rc;
}

// ---------------------------------------------------------------- weed dates

// When the entry's last day is over; INT64_MAX: never, for no such date.
static int64_t weeded_at(const struct hs_incident_entry *entry)
{
    int64_t at_ms;
    uint32_t date = hs_entry_of(entry)->weed_date;
    return date > 0 && hs_civil_day_end_ms(date, &at_ms) == 0 ? at_ms : INT64_MAX;
}

int hs_standdown_arm(struct hs_vehicle *vehicle, const struct hs_incident *incident)
{
    int64_t first_ms = INT64_MAX;
    for (size_t i = 0; i < incident->entry_count; i++) {
        const struct hs_incident_entry *entry = &incident->entries[i];
        int64_t at_ms = hs_incident_entry_stands(entry) ? weeded_at(entry) : INT64_MAX;
        first_ms = at_ms < first_ms ? at_ms : first_ms;
    }
    if (first_ms == INT64_MAX) {
        hs_vehicle_drop_timer(vehicle, HITSTREAM__V1__TIMER_KIND__TIMER_KIND_WEED, &incident->id);
        return 0;
    }
    return hs_vehicle_set_timer(vehicle, HITSTREAM__V1__TIMER_KIND__TIMER_KIND_WEED, &incident->id,
                                first_ms);
}

int hs_standdown_weed(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                      struct hs_incident *incident, int64_t due_at_ms)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < incident->entry_count; i++) {
        struct hs_incident_entry *entry = &incident->entries[i];
        if (hs_incident_entry_stands(entry) && weeded_at(entry) <= due_at_ms) {
            rc =
                withdraw(scope, vehicle, incident, entry,
                         HITSTREAM__V1__WITHDRAWN_REASON__WITHDRAWN_REASON_WEEDED, NULL, due_at_ms);
        }
    }
    return rc != 0 || incident != vehicle->open ? rc : hs_standdown_arm(vehicle, incident);
}
