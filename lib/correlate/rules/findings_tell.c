// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/findings_tell.h"

#include "base/error.h"
#include "correlate/hit_route.h"

// The incident that the hit was placed in: open, or lately ended; NULL: none.
static struct hs_incident *incident_of(const struct hs_vehicle *vehicle, int64_t at_ms)
{
    if (vehicle->open && at_ms >= vehicle->open->opened_at_ms) {
        return vehicle->open;
    }
    for (size_t i = vehicle->ended_count; i > 0; i--) {
        struct hs_incident *ended = vehicle->ended[i - 1];
        if (at_ms >= ended->opened_at_ms && at_ms <= ended->last_at_ms) {
            return ended;
        }
    }
    return NULL;
}

// The open incident's hit that was told last; NULL: none stands.
static const struct hs_incident_entry *newest_entry(const struct hs_incident *incident)
{
    const struct hs_incident_entry *newest = NULL;
    for (size_t i = 0; incident && i < incident->entry_count; i++) {
        const struct hs_incident_entry *entry = &incident->entries[i];
        if (entry->place && hs_incident_entry_stands(entry) &&
            (!newest || entry->last_at_ms > newest->last_at_ms)) {
            newest = entry;
        }
    }
    return newest;
}

int hs_finding_hit_of(struct hs_rule_scope *scope, const struct hs_vehicle *vehicle,
                      const struct hs_incident_entry *entry, const Hitstream__V1__Hit **ret_hit)
{
    bool none = true;
    Hitstream__V1__Hit *hit = entry ? hs_tell_last_hit(scope, entry, &none) : NULL;
    *ret_hit = NULL;
    if (none) {
        return 0;
    }
    Hitstream__V1__Audience *audience = hs_bump_alloc(scope->bump, sizeof(*audience));
    if (!hit || !audience) {
        return HS_ENOMEM;
    }
    hitstream__v1__audience__init(audience);
    audience->kind = vehicle->who.kind;
    hit->audience = audience;
    *ret_hit = hit;
    return 0;
}

static bool is_left_out(const struct hs_finding_draft *draft, const struct hs_queue *queue)
{
    for (size_t i = 0; i < draft->without_count; i++) {
        if (draft->without[i] == queue) {
            return true;
        }
    }
    return !queue && draft->without_unrouted;
}

static int tell_queue(const struct hs_telling *telling, const struct hs_queue *queue,
                      const struct hs_finding_draft *finding)
{
    if (is_left_out(finding, queue)) {
        return 0;
    }
    struct hs_id alert;
    struct hs_alert_draft draft = {
        .kind = HITSTREAM__V1__ALERT_KIND__ALERT_KIND_FINDING,
        .stale = telling->hit->lateness == HITSTREAM__V1__LATENESS__LATENESS_STALE,
        .finding = finding->finding,
        .evidence_count = finding->evidence_count,
    };
    memcpy(draft.evidence, finding->evidence, sizeof(draft.evidence));
    struct hs_told *told = queue ? hs_incident_told(telling->incident, queue->name) : NULL;
    if (queue && !told && telling->place) { // the first that it hears of the incident
        return hs_tell(telling, queue, &draft);
    }
    int rc = hs_tell_apart(telling, queue, &draft, &alert);
    told = rc == 0 ? told : NULL;
    if (told) {
        hs_told_note_alert(told, telling->scope->pool,
                           &(struct hs_told_alert){.id = alert, .number = telling->number});
        told->alerts++;
    }
    return rc;
}

static bool is_among(const struct hs_queue *const *queues, size_t count,
                     const struct hs_queue *queue)
{
    for (size_t i = 0; i < count; i++) {
        if (queues[i] == queue) {
            return true;
        }
    }
    return false;
}

// Desks that care for other places of the finding, each once; so many of `told` were.
static int tell_places(const struct hs_telling *telling, const struct hs_finding_draft *draft,
                       const struct hs_queue *told[HS_ROUTE_MAX], size_t *told_count)
{
    const struct hs_queue *queues[HS_ROUTE_MAX];
    int rc = 0;
    for (size_t place = 0; place < draft->place_count; place++) {
        size_t count = hs_tell_route(telling->scope, telling->hit, &draft->places[place], queues);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            if (*told_count < HS_ROUTE_MAX && !is_among(told, *told_count, queues[i])) {
                told[(*told_count)++] = queues[i];
                rc = tell_queue(telling, queues[i], draft);
            }
        }
    }
    return rc;
}

static int tell_all(struct hs_telling *telling, const struct hs_finding_draft *draft)
{
    const struct hs_queue *queues[HS_ROUTE_MAX];
    bool covert = telling->vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT;
    size_t count = hs_tell_route(telling->scope, telling->hit, telling->hit->place, queues);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = tell_queue(telling, queues[i], draft);
    }
    rc = rc ? rc : tell_places(telling, draft, queues, &count);
    if (rc != 0 || count > 0) {
        return rc;
    }
    if (covert) {
        telling->scope->stats->covert_unrouted++; // 'unrouted' is read by people who may not know
        return 0;
    }
    return tell_queue(telling, NULL, draft);
}

static struct hs_id cause_of(const struct hs_rule_scope *scope,
                             const struct hs_finding_draft *draft)
{
    const struct hs_str parts[] = {hs_str(draft->rule), hs_str_n(draft->event.bytes, HS_ID_BYTES),
                                   draft->subject};
    return hs_id_make(&scope->desk->id_key, "finding", parts, sizeof(parts) / sizeof(parts[0]));
}

static bool is_newest(const struct hs_incident *incident, const Hitstream__V1__Hit *hit)
{
    return incident->place &&
           strcmp(hs_place_of(incident->place)->site_id, hit->place->site_id) == 0;
}

int hs_finding_tell(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                    const Hitstream__V1__Hit *hit, const struct hs_finding_draft *draft)
{
    scope->stats->findings++;
    if (vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TRIAL) {
        return 0; // counted, never told
    }
    int rc = hit ? 0 : hs_finding_hit_of(scope, vehicle, newest_entry(vehicle->open), &hit);
    if (rc != 0 || !hit) {
        return rc;
    }
    int64_t at_ms = hs_hit_event_time_ms(hit);
    struct hs_incident *incident = incident_of(vehicle, at_ms);
    const struct hs_incident_entry *entry =
        incident ? hs_incident_entry(incident, hit->list->list_id, hit->entry->entry_id) : NULL;
    if (!entry || !hs_incident_entry_stands(entry)) {
        return 0; // withdrawn, or not this vehicle
    }
    struct hs_telling telling = {
        .scope = scope,
        .vehicle = vehicle,
        .incident = incident,
        .hit = hit,
        .number = entry->number,
        .place = is_newest(incident, hit) ? incident->place : NULL,
        .cause = cause_of(scope, draft),
        .rule = draft->rule,
        .at_ms = at_ms,
    };
    return tell_all(&telling, draft);
}

// ------------------------------------------------------------------ taking back

bool hs_finding_told(const struct hs_rule_scope *scope, const struct hs_vehicle *vehicle,
                     const Hitstream__V1__Hit *hit, const struct hs_finding_draft *draft,
                     struct hs_id *ret_cause, struct hs_id *ret_incident)
{
    const struct hs_incident *incident = incident_of(vehicle, hs_hit_event_time_ms(hit));
    if (!incident || vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TRIAL) {
        return false;
    }
    *ret_cause = cause_of(scope, draft);
    *ret_incident = incident->id;
    return true;
}

static struct hs_incident *find_incident(const struct hs_vehicle *vehicle, const struct hs_id *id)
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

// The entry of which the queue was told by that alert; NULL: it was not, or may not know it any more.
static const struct hs_incident_entry *
entry_told(const struct hs_vehicle *vehicle, const struct hs_incident *incident,
           const struct hs_queue *queue, const struct hs_told *told, const struct hs_id *alert)
{
    for (size_t i = 0; i < told->recent_count; i++) {
        if (hs_id_eq(&told->recent[i].id, alert)) {
            const struct hs_incident_entry *entry =
                hs_incident_entry_at(incident, told->recent[i].number);
            return entry && hs_desk_may_know_entry(queue, vehicle, incident, entry) ? entry : NULL;
        }
    }
    return NULL;
}

static int take_back_from(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                          struct hs_incident *incident, const struct hs_told *told,
                          const struct hs_finding_gone *gone)
{
    struct hs_id alert = hs_id_alert(&scope->desk->id_key, &incident->id, &gone->told,
                                     hs_str(gone->rule), hs_str(told->queue));
    const struct hs_queue *queue = hs_routes_find(scope->routes, hs_str(told->queue));
    const struct hs_incident_entry *entry =
        queue ? entry_told(vehicle, incident, queue, told, &alert) : NULL;
    bool none = true;
    Hitstream__V1__Hit *hit = entry ? hs_tell_last_hit(scope, entry, &none) : NULL;
    if (none || !hit) {
        return none ? 0 : HS_ENOMEM;
    }
    Hitstream__V1__StandDown stand_down = HITSTREAM__V1__STAND_DOWN__INIT;
    ProtobufCBinaryData taken = {HS_ID_BYTES, alert.bytes};
    stand_down.reason = HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_FINDING_WITHDRAWN;
    stand_down.alert_ids = &taken;
    stand_down.n_alert_ids = 1;
    struct hs_alert_draft draft = {
        .kind = HITSTREAM__V1__ALERT_KIND__ALERT_KIND_STAND_DOWN,
        .priority = (Hitstream__V1__Priority)told->priority,
        .stand_down = &stand_down,
    };
    const struct hs_telling telling = {
        .scope = scope,
        .vehicle = vehicle,
        .incident = incident,
        .hit = hit,
        .number = entry->number,
        .place = entry->place,
        .cause = gone->cause,
        .rule = gone->by,
        .at_ms = scope->now_ms,
    };
    struct hs_id id;
    scope->stats->stand_downs++;
    return hs_tell_apart(&telling, queue, &draft, &id);
}

int hs_finding_take_back(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                         const struct hs_finding_gone *gone)
{
    struct hs_incident *incident = find_incident(vehicle, &gone->incident);
    int rc = 0;
    scope->stats->findings_withdrawn++;
    for (size_t i = 0; rc == 0 && incident && i < incident->told_count; i++) {
        rc = take_back_from(scope, vehicle, incident, &incident->told[i], gone);
    }
    return rc;
}
