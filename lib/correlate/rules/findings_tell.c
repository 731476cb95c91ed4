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

static int last_hit(struct hs_rule_scope *scope, const struct hs_vehicle *vehicle,
                    const Hitstream__V1__Hit **ret_hit)
{
    const struct hs_incident_entry *entry = newest_entry(vehicle->open);
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

static int tell_queue(const struct hs_telling *telling, const struct hs_queue *queue,
                      const struct hs_finding_draft *finding)
{
    struct hs_id alert;
    struct hs_alert_draft draft = {
        .kind = HITSTREAM__V1__ALERT_KIND__ALERT_KIND_FINDING,
        .stale = telling->hit->lateness == HITSTREAM__V1__LATENESS__LATENESS_STALE,
        .finding = finding->finding,
        .evidence_count = finding->evidence_count,
    };
    memcpy(draft.evidence, finding->evidence, sizeof(draft.evidence));
    int rc = hs_tell_apart(telling, queue, &draft, &alert);
    struct hs_told *told =
        rc == 0 && queue ? hs_incident_told(telling->incident, queue->name) : NULL;
    if (told) {
        hs_told_note_alert(told, &alert, telling->number);
        told->alerts++;
    }
    return rc;
}

static int tell_all(struct hs_telling *telling, const struct hs_finding_draft *draft)
{
    const struct hs_queue *queues[HS_ROUTE_MAX];
    bool covert = telling->vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT;
    size_t count = hs_tell_route(telling->scope, telling->hit, telling->hit->place, queues);
    int rc = 0;
    if (count == 0 && covert) {
        telling->scope->stats->covert_unrouted++; // 'unrouted' is read by people who may not know
        return 0;
    }
    if (count == 0) {
        return tell_queue(telling, NULL, draft);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = tell_queue(telling, queues[i], draft);
    }
    return rc;
}

static struct hs_id cause_of(const struct hs_rule_scope *scope,
                             const struct hs_finding_draft *draft)
{
    const struct hs_str parts[] = {hs_str(draft->rule), hs_str_n(draft->event.bytes, HS_ID_BYTES),
                                   draft->subject};
    return hs_id_make(&scope->desk->id_key, "finding", parts, sizeof(parts) / sizeof(parts[0]));
}

int hs_finding_tell(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                    const Hitstream__V1__Hit *hit, const struct hs_finding_draft *draft)
{
    scope->stats->findings++;
    if (vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TRIAL) {
        return 0; // counted, never told
    }
    int rc = hit ? 0 : last_hit(scope, vehicle, &hit);
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
        .cause = cause_of(scope, draft),
        .rule = draft->rule,
        .at_ms = at_ms,
    };
    return tell_all(&telling, draft);
}
