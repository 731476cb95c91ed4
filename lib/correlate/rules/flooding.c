// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/flooding.h"

#include "base/error.h"
#include "correlate/desks.h"
#include "correlate/rules/counts.h"
#include "correlate/rules/incident.h"
#include "correlate/rules/standdown.h"

typedef Hitstream__V1__Hit pb_hit; // long name of the contract, short in this file

// The owner's desk for that entry; NULL: there is none.
static const struct hs_queue *owners_desk(const struct hs_rule_scope *scope,
                                          const struct hs_vehicle *vehicle,
                                          const struct hs_incident_entry *entry)
{
    const struct hs_queue *found = NULL;
    for (size_t i = 0; i < hs_routes_queue_count(scope->routes); i++) {
        const struct hs_queue *queue = hs_routes_queue(scope->routes, i);
        if (!hs_str_is(queue->owner_force, hs_list_of(entry)->owner_force) || queue->reduced ||
            !hs_desk_may_receive(queue, vehicle, entry)) {
            continue;
        }
        if (queue->kind == HS_QUEUE_LIVE) {
            return queue;
        }
        found = found ? found : queue;
    }
    return found;
}

// The open incident of this flood, begun when there is none. NULL: out of memory.
static struct hs_incident *settle(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                                  const struct hs_id *cause)
{
    if (vehicle->open && scope->now_ms > vehicle->open->last_at_ms + scope->rules->quiet_ms) {
        hs_incident_end(scope, vehicle);
    }
    if (!vehicle->open) {
        struct hs_id id =
            hs_id_incident(&scope->desk->id_key, vehicle->audience, vehicle->mark, cause);
        vehicle->open = hs_incident_new(&id, scope->now_ms);
    }
    return vehicle->open;
}

static int note_trail(struct hs_rule_scope *scope, struct hs_incident *incident, const pb_hit *hit,
                      const struct hs_interned *place)
{
    bool dropped;
    const struct hs_trail_point point = {
        .captured_at_ms = scope->now_ms,
        .last_at_ms = scope->now_ms,
        .place = hs_intern_ref(place),
        .reads = 1,
        .tier = (uint8_t)hit->tier,
        .lateness = (uint8_t)hit->lateness,
    };
    return hs_incident_place(incident, scope->pool, &point, scope->rules->trail_max, &dropped);
}

// Notes the flood in its incident; the entry is the one whose hit went beyond the limit.
static int note(struct hs_rule_scope *scope, struct hs_vehicle *vehicle, const pb_hit *hit,
                const struct hs_interned *place, struct hs_incident_entry **ret_entry)
{
    struct hs_incident *incident = vehicle->open;
    struct hs_incident_entry *entry =
        hs_incident_note_entry(incident, scope->pool, hit->entry, hit->list);
    if (!entry || note_trail(scope, incident, hit, place) != 0) {
        return HS_ENOMEM;
    }
    entry->withdrawn = 0;
    entry->last_at_ms = scope->now_ms;
    hs_place_set(scope->pool, &entry->last_place, hs_intern_ref(place));
    hs_place_set(scope->pool, &incident->place, hs_intern_ref(place));
    incident->hits++;
    incident->last_at_ms = scope->now_ms;
    *ret_entry = entry;
    int rc = hs_vehicle_set_timer(vehicle, HITSTREAM__V1__TIMER_KIND__TIMER_KIND_QUIET,
                                  &incident->id, incident->last_at_ms + scope->rules->quiet_ms);
    return rc ? rc : hs_standdown_arm(vehicle, incident);
}

// Tells the owner, unless it knows.
static int tell(struct hs_rule_scope *scope, struct hs_vehicle *vehicle, const pb_hit *hit,
                const struct hs_interned *place, const struct hs_incident_entry *entry)
{
    const struct hs_queue *queue = owners_desk(scope, vehicle, entry);
    struct hs_str name = queue ? queue->name : HS_STR(HS_QUEUE_UNROUTED);
    const struct hs_flood *flood = scope->flood;
    if (!queue && vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT) {
        scope->stats->covert_unrouted++; // 'unrouted' is read by people who may not know
        return 0;
    }
    if (hs_incident_told(vehicle->open, name)) {
        scope->stats->repeats++;
        return 0;
    }
    struct hs_telling telling = {
        .scope = scope,
        .vehicle = vehicle,
        .incident = vehicle->open,
        .hit = hit,
        .number = entry->number,
        .place = place,
        .rule = HS_RULE_FLOODING,
        .at_ms = scope->now_ms,
    };
    struct hs_alert_draft draft = {.kind = HITSTREAM__V1__ALERT_KIND__ALERT_KIND_FLOODING};
    memcpy(telling.cause.bytes, hit->hit_id.data, HS_ID_BYTES);
    hs_draft_add_evidence(&draft, "sightings", flood->sightings, flood->limit, "sightings");
    scope->desk->flood.flood = flood;
    int rc = hs_tell(&telling, queue, &draft);
    scope->desk->flood = (struct hs_alert_flood){0};
    return rc;
}

static bool is_usable(const pb_hit *hit)
{
    return hit && hit->hit_id.len == HS_ID_BYTES && hit->entry && hit->list && hit->place;
}

int hs_flooding_on(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                   const Hitstream__V1__ListFloods *floods)
{
    struct hs_id cause;
    struct hs_flood flood;
    struct hs_incident_entry *entry;
    if (!is_usable(floods->hit) || !floods->flood) {
        return HS_EFORMAT;
    }
    memcpy(cause.bytes, floods->hit->hit_id.data, HS_ID_BYTES);
    if (hs_vehicle_has_seen(vehicle, &cause)) {
        scope->stats->repeats++; // the same event once more, maybe long after
        return 0;
    }
    if (hs_hit_is_withdrawn(vehicle, floods->hit)) {
        scope->stats->withdrawn_hits++; // it flooded before it went, and is told of after
        return 0;
    }
    hs_flood_read(floods->flood, &flood);
    scope->flood = &flood;
    const struct hs_interned *place = hs_intern_get(scope->pool, &floods->hit->place->base);
    int rc =
        place && settle(scope, vehicle, &cause) ? hs_vehicle_note_seen(vehicle, &cause) : HS_ENOMEM;
    rc = rc ? rc : note(scope, vehicle, floods->hit, place, &entry);
    rc = rc ? rc : tell(scope, vehicle, floods->hit, place, entry);
    scope->flood = NULL;
    hs_intern_put(scope->pool, place);
    return rc;
}
