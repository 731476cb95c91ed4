// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/error.h"
#include "correlate/vehicle_state.h"

typedef Hitstream__V1__VehicleState pb_state; // long names of the contract, short in this file
typedef Hitstream__V1__Incident pb_incident;
typedef Hitstream__V1__TrailPoint pb_point;
typedef Hitstream__V1__Told pb_told;
typedef Hitstream__V1__ToldPlace pb_told_place;
typedef Hitstream__V1__SeenHit pb_seen;
typedef Hitstream__V1__Timer pb_timer;

static ProtobufCBinaryData id_bytes(const struct hs_id *id)
{
    return (ProtobufCBinaryData){HS_ID_BYTES, (uint8_t *)(uintptr_t)id->bytes};
}

// `count` messages and the array of pointers to them, both from the bump; NULL: out of memory (or
// none).
static void **make_rows(struct hs_bump *bump, size_t count, size_t row_bytes)
{
    void **pointers = count ? hs_bump_alloc(bump, count * sizeof(*pointers)) : NULL;
    char *rows = pointers ? hs_bump_alloc(bump, count * row_bytes) : NULL;
    for (size_t i = 0; rows && i < count; i++) {
        pointers[i] = rows + i * row_bytes;
    }
    return rows ? pointers : NULL;
}

static bool fill_trail(pb_incident *out, const struct hs_incident *incident, struct hs_bump *bump)
{
    out->n_trail = incident->trail_count;
    out->trail = (pb_point **)make_rows(bump, out->n_trail, sizeof(pb_point));
    for (size_t i = 0; out->trail && i < out->n_trail; i++) {
        const struct hs_trail_point *point = &incident->trail[i];
        pb_point *row = out->trail[i];
        hitstream__v1__trail_point__init(row);
        row->captured_at_ms = point->captured_at_ms;
        row->last_at_ms = point->last_at_ms;
        row->place = (Hitstream__V1__Place *)point->place->message;
        row->reads = point->reads;
        row->tier = (Hitstream__V1__MatchTier)point->tier;
        row->lateness = (Hitstream__V1__Lateness)point->lateness;
    }
    return out->trail || out->n_trail == 0;
}

static bool fill_told_places(pb_told *out, const struct hs_told *told, struct hs_bump *bump)
{
    out->n_places = told->place_count;
    out->places = (pb_told_place **)make_rows(bump, out->n_places, sizeof(pb_told_place));
    for (size_t i = 0; out->places && i < out->n_places; i++) {
        *out->places[i] = *(const pb_told_place *)told->places[i].what->message;
        out->places[i]->event_at_ms = told->places[i].event_at_ms;
    }
    return out->places || out->n_places == 0;
}

static bool fill_told(pb_incident *out, const struct hs_incident *incident, struct hs_bump *bump)
{
    out->n_told = incident->told_count;
    out->told = (pb_told **)make_rows(bump, out->n_told, sizeof(pb_told));
    for (size_t i = 0; out->told && i < out->n_told; i++) {
        const struct hs_told *told = &incident->told[i];
        pb_told *row = out->told[i];
        hitstream__v1__told__init(row);
        row->queue = told->queue;
        row->alert_id = id_bytes(&told->alert);
        row->event_at_ms = told->event_at_ms;
        row->alerts = told->alerts;
        if (!fill_told_places(row, told, bump)) {
            return false;
        }
    }
    return out->told || out->n_told == 0;
}

static bool fill_incident(pb_incident *out, const struct hs_incident *incident,
                          struct hs_bump *bump)
{
    hitstream__v1__incident__init(out);
    out->incident_id = id_bytes(&incident->id);
    out->opened_at_ms = incident->opened_at_ms;
    out->last_at_ms = incident->last_at_ms;
    out->hits = incident->hits;
    out->trail_dropped = incident->trail_dropped;
    out->priority = incident->priority;
    out->n_lists = incident->list_count;
    out->lists = (Hitstream__V1__ListInfo **)hs_bump_alloc(bump, sizeof(*out->lists) *
                                                                     (incident->list_count + 1));
    for (size_t i = 0; out->lists && i < incident->list_count; i++) {
        out->lists[i] = (Hitstream__V1__ListInfo *)incident->lists[i]->message;
    }
    return out->lists && fill_trail(out, incident, bump) && fill_told(out, incident, bump);
}

static bool fill_incidents(pb_state *out, const struct hs_vehicle *vehicle, struct hs_bump *bump)
{
    if (vehicle->open) {
        out->incident = hs_bump_alloc(bump, sizeof(*out->incident));
        if (!out->incident || !fill_incident(out->incident, vehicle->open, bump)) {
            return false;
        }
    }
    out->n_ended = vehicle->ended_count;
    out->ended = (pb_incident **)make_rows(bump, out->n_ended, sizeof(pb_incident));
    for (size_t i = 0; out->ended && i < out->n_ended; i++) {
        if (!fill_incident(out->ended[i], vehicle->ended[i], bump)) {
            return false;
        }
    }
    return out->ended || out->n_ended == 0;
}

static bool fill_small(pb_state *out, const struct hs_vehicle *vehicle, struct hs_bump *bump)
{
    out->n_seen = vehicle->seen_count;
    out->seen = (pb_seen **)make_rows(bump, out->n_seen, sizeof(pb_seen));
    for (size_t i = 0; out->seen && i < out->n_seen; i++) {
        hitstream__v1__seen_hit__init(out->seen[i]);
        out->seen[i]->hit_id = id_bytes(&vehicle->seen[i].id);
        out->seen[i]->captured_at_ms = vehicle->seen[i].captured_at_ms;
    }
    out->n_timers = vehicle->timer_count;
    out->timers = (pb_timer **)make_rows(bump, out->n_timers, sizeof(pb_timer));
    for (size_t i = 0; out->timers && i < out->n_timers; i++) {
        hitstream__v1__timer__init(out->timers[i]);
        out->timers[i]->kind = vehicle->timers[i].kind;
        out->timers[i]->incident_id = id_bytes(&vehicle->timers[i].incident);
        out->timers[i]->due_at_ms = vehicle->timers[i].due_at_ms;
    }
    return (out->seen || out->n_seen == 0) && (out->timers || out->n_timers == 0);
}

int hs_vehicle_pack(const struct hs_vehicle *vehicle, uint64_t epoch, struct hs_bump *bump,
                    struct hs_buf *out)
{
    pb_state state = HITSTREAM__V1__VEHICLE_STATE__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    audience.kind = vehicle->who.kind;
    audience.list_id = hs_bump_copy(bump, vehicle->who.list_id.ptr, vehicle->who.list_id.len);
    state.vehicle = hs_bump_copy(bump, vehicle->mark.ptr, vehicle->mark.len);
    state.audience = &audience;
    state.epoch = epoch;
    state.applied_offset = vehicle->applied_offset;
    state.applied_at_ms = vehicle->applied_at_ms;
    if (!audience.list_id || !state.vehicle || !fill_small(&state, vehicle, bump) ||
        !fill_incidents(&state, vehicle, bump)) {
        return HS_ENOMEM;
    }
    size_t len = protobuf_c_message_get_packed_size(&state.base);
    char *room = hs_buf_reserve(out, len);
    if (!room) {
        return HS_ENOMEM;
    }
    out->len += protobuf_c_message_pack(&state.base, (uint8_t *)room);
    return 0;
}

static int read_id(ProtobufCBinaryData bytes, struct hs_id *ret_id)
{
    if (bytes.len != HS_ID_BYTES) {
        return HS_EFORMAT;
    }
    memcpy(ret_id->bytes, bytes.data, HS_ID_BYTES);
    return 0;
}

static int read_trail(struct hs_incident *incident, const pb_incident *from,
                      struct hs_intern_pool *pool)
{
    for (size_t i = 0; i < from->n_trail; i++) {
        const pb_point *row = from->trail[i];
        if (!row->place) {
            return HS_EFORMAT;
        }
        struct hs_trail_point point = {
            .captured_at_ms = row->captured_at_ms,
            .last_at_ms = row->last_at_ms,
            .place = hs_intern_get(pool, &row->place->base),
            .reads = row->reads,
            .tier = (uint8_t)row->tier,
            .lateness = (uint8_t)row->lateness,
        };
        if (!point.place) {
            return HS_ENOMEM;
        }
        int rc = hs_incident_append_point(incident, &point);
        if (rc != 0) {
            hs_intern_put(pool, point.place);
            return rc;
        }
    }
    return 0;
}

static int read_told(struct hs_incident *incident, const pb_told *row, struct hs_intern_pool *pool)
{
    struct hs_told *told = hs_incident_told_add(incident, pool, hs_str(row->queue));
    if (!told) {
        return HS_ENOMEM;
    }
    told->event_at_ms = row->event_at_ms;
    told->alerts = row->alerts;
    for (size_t i = 0; i < row->n_places; i++) {
        pb_told_place what = *row->places[i];
        what.event_at_ms = 0;
        const struct hs_interned *object = hs_intern_get(pool, &what.base);
        if (!object) {
            return HS_ENOMEM;
        }
        hs_told_append(told, pool, object, row->places[i]->event_at_ms);
    }
    return read_id(row->alert_id, &told->alert);
}

static int read_incident_parts(struct hs_incident *incident, const pb_incident *from,
                               struct hs_intern_pool *pool)
{
    incident->last_at_ms = from->last_at_ms;
    incident->hits = from->hits;
    incident->trail_dropped = from->trail_dropped;
    incident->priority = from->priority;
    int rc = read_trail(incident, from, pool);
    for (size_t i = 0; rc == 0 && i < from->n_told; i++) {
        rc = read_told(incident, from->told[i], pool);
    }
    for (size_t i = 0; rc == 0 && i < from->n_lists; i++) {
        rc = hs_incident_note_list(incident, pool, from->lists[i]);
    }
    return rc;
}

static int read_incident(const pb_incident *from, struct hs_intern_pool *pool,
                         struct hs_incident **ret_incident)
{
    struct hs_id id;
    if (read_id(from->incident_id, &id) != 0) {
        return HS_EFORMAT;
    }
    struct hs_incident *incident = hs_incident_new(&id, from->opened_at_ms);
    int rc = incident ? read_incident_parts(incident, from, pool) : HS_ENOMEM;
    if (rc != 0) {
        hs_incident_free(incident, pool);
        return rc;
    }
    *ret_incident = incident;
    return 0;
}

static int read_incidents(struct hs_vehicle *vehicle, const pb_state *state,
                          struct hs_intern_pool *pool)
{
    for (size_t i = 0; i < state->n_ended; i++) {
        struct hs_incident *incident;
        int rc = read_incident(state->ended[i], pool, &incident);
        if (rc != 0) {
            return rc;
        }
        hs_vehicle_end(vehicle, pool, incident);
    }
    return state->incident ? read_incident(state->incident, pool, &vehicle->open) : 0;
}

static int read_small(struct hs_vehicle *vehicle, const pb_state *state)
{
    int rc = 0;
    struct hs_id id;
    for (size_t i = 0; rc == 0 && i < state->n_seen; i++) {
        rc = read_id(state->seen[i]->hit_id, &id);
        rc = rc ? rc : hs_vehicle_note_seen(vehicle, &id, state->seen[i]->captured_at_ms);
    }
    for (size_t i = 0; rc == 0 && i < state->n_timers; i++) {
        const pb_timer *timer = state->timers[i];
        rc = read_id(timer->incident_id, &id);
        rc = rc ? rc : hs_vehicle_set_timer(vehicle, timer->kind, &id, timer->due_at_ms);
    }
    return rc;
}

int hs_vehicle_unpack(struct hs_vehicle *vehicle, const Hitstream__V1__VehicleState *state,
                      struct hs_intern_pool *pool)
{
    int rc =
        read_incidents(vehicle, state, pool); // before the timers: ending drops an incident's own
    rc = rc ? rc : read_small(vehicle, state);
    if (rc != 0) {
        hs_vehicle_clear(vehicle, pool);
        return rc;
    }
    vehicle->epoch = state->epoch;
    vehicle->applied_offset = state->applied_offset;
    vehicle->applied_at_ms = state->applied_at_ms;
    vehicle->touched = true;
    return 0;
}
