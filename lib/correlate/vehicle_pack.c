// SPDX-License-Identifier: Apache-2.0
//
// A state on the wire: places and entries stand in it once and are referred to by number.
#include "base/error.h"
#include "correlate/rules/findings.h"
#include "correlate/vehicle_state.h"
#include "wire/message.h"
#include "wire/varint.h"

typedef Hitstream__V1__VehicleState pb_state; // long names of the contract, short in this file
typedef Hitstream__V1__Incident pb_incident;
typedef Hitstream__V1__TrailPoint pb_point;
typedef Hitstream__V1__Told pb_told;
typedef Hitstream__V1__IncidentEntry pb_entry;
typedef Hitstream__V1__EntryOnList pb_on_list;
typedef Hitstream__V1__Given pb_given;
typedef Hitstream__V1__BorderState pb_border;
typedef Hitstream__V1__ApproachTold pb_approach;
typedef Hitstream__V1__StateExclusion pb_exclusion;
typedef Hitstream__V1__Timer pb_timer;

// What is being packed: scratch, and the numbers given so far.
struct packing {
    struct hs_bump *bump;
    struct hs_intern_pool *pool;
    Hitstream__V1__Place **places; // by number less one
    uint32_t place_count;
    pb_on_list **entries; // likewise
    uint32_t entry_count;
};

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

// The place's number in this state; 0 for none.
static uint32_t place_number(struct packing *packing, const struct hs_interned *place)
{
    bool is_new;
    if (!place) {
        return 0;
    }
    uint32_t number = hs_intern_number(packing->pool, place, &packing->place_count, &is_new);
    if (is_new) {
        packing->places[number - 1] = (Hitstream__V1__Place *)place->message;
    }
    return number;
}

static bool fill_trail(pb_incident *out, const struct hs_incident *incident,
                       struct packing *packing)
{
    out->n_trail = incident->trail_count;
    out->trail = (pb_point **)make_rows(packing->bump, out->n_trail, sizeof(pb_point));
    for (size_t i = 0; out->trail && i < out->n_trail; i++) {
        const struct hs_trail_point *point = &incident->trail[i];
        pb_point *row = out->trail[i];
        hitstream__v1__trail_point__init(row);
        row->captured_at_ms = point->captured_at_ms;
        row->place_number = place_number(packing, point->place);
        if (point->last_at_ms != point->captured_at_ms) { // what most are is left out
            row->last_at_ms = point->last_at_ms;
        }
        if (point->reads != 1) {
            row->reads = point->reads;
        }
        if (point->tier != HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT) {
            row->tier = (Hitstream__V1__MatchTier)point->tier;
        }
        if (point->lateness != HITSTREAM__V1__LATENESS__LATENESS_LIVE) {
            row->lateness = (Hitstream__V1__Lateness)point->lateness;
        }
        row->misplaced = point->misplaced;
    }
    return out->trail || out->n_trail == 0;
}

// Alerts that a stand-down would take back: the number of the entry, and the id.
static bool fill_recent_rows(pb_told *out, const struct hs_told *told, struct hs_bump *bump)
{
    uint8_t *at = hs_bump_take(bump, told->recent_count * HS_RECENT_ROW_BYTES + 1);
    if (!at) {
        return false;
    }
    out->recent_rows = (ProtobufCBinaryData){told->recent_count * HS_RECENT_ROW_BYTES, at};
    for (size_t i = 0; i < told->recent_count; i++, at += HS_RECENT_ROW_BYTES) {
        at[0] = told->recent[i].number;
        memcpy(at + 1, told->recent[i].id.bytes, HS_ID_BYTES);
    }
    return true;
}

// On whose word they were told. Left out where none was told on one camera's.
static bool fill_recent_places(pb_told *out, const struct hs_told *told, struct packing *packing)
{
    uint8_t *at = hs_bump_take(packing->bump, told->recent_count * HS_VARINT_BYTES_MAX + 1);
    bool any = false;
    if (!at) {
        return false;
    }
    out->recent_places.data = at;
    for (size_t i = 0; i < told->recent_count; i++) {
        at = hs_varint_put(at, place_number(packing, told->recent[i].place));
        any = any || told->recent[i].place;
    }
    out->recent_places.len = any ? (size_t)(at - out->recent_places.data) : 0;
    return true;
}

static bool fill_told_rows(pb_told *out, const struct hs_told *told, int64_t opened_at_ms,
                           struct packing *packing)
{
    uint8_t *at = hs_bump_alloc(packing->bump, told->place_count * 3 * HS_VARINT_BYTES_MAX + 1);
    if (!at) {
        return false;
    }
    out->place_rows.data = at;
    for (size_t i = 0; i < told->place_count; i++) {
        const struct hs_told_place *place = &told->places[i];
        at = hs_varint_put(at, place_number(packing, place->place));
        at = hs_varint_put(at, place->number);
        at = hs_varint_put(at, hs_zigzag(place->event_at_ms - opened_at_ms));
    }
    out->place_rows.len = (size_t)(at - out->place_rows.data);
    return fill_recent_rows(out, told, packing->bump) && fill_recent_places(out, told, packing);
}

static bool fill_told_one(pb_told *row, const struct hs_told *told, int64_t opened_at_ms,
                          struct packing *packing)
{
    bool newest =
        told->recent_count > 0 && hs_id_eq(&told->recent[told->recent_count - 1].id, &told->alert);
    hitstream__v1__told__init(row);
    row->queue = told->queue;
    if (!newest) {
        row->alert_id = id_bytes(&told->alert);
    }
    row->event_at_ms = told->event_at_ms;
    row->alerts = told->alerts;
    row->place_number = place_number(packing, told->place);
    row->priority = (Hitstream__V1__Priority)told->priority;
    row->safeguarding = (Hitstream__V1__Safeguarding)told->safeguarding;
    row->known = told->known;
    row->silenced_until_ms = told->silenced_until_ms;
    row->waiting_since_ms = told->waiting_since_ms;
    row->answer_due_ms = told->answer_due_ms;
    row->steps = told->steps;
    row->resourced = told->resourced;
    row->stood_down = told->stood_down;
    row->no_resource = told->no_resource;
    return fill_told_rows(row, told, opened_at_ms, packing);
}

static bool fill_told(pb_incident *out, const struct hs_incident *incident, struct packing *packing)
{
    out->n_told = incident->told_count;
    out->told = (pb_told **)make_rows(packing->bump, out->n_told, sizeof(pb_told));
    for (size_t i = 0; out->told && i < out->n_told; i++) {
        if (!fill_told_one(out->told[i], &incident->told[i], incident->opened_at_ms, packing)) {
            return false;
        }
    }
    return out->told || out->n_told == 0;
}

// The entry's number in this state; 0: out of memory.
static uint32_t entry_number(struct packing *packing, const struct hs_incident_entry *entry)
{
    Hitstream__V1__ListInfo *list = (Hitstream__V1__ListInfo *)entry->list->message;
    Hitstream__V1__WatchlistEntry *held = (Hitstream__V1__WatchlistEntry *)entry->entry->message;
    for (uint32_t i = 0; i < packing->entry_count; i++) {
        if (packing->entries[i]->entry == held && packing->entries[i]->list == list) {
            return i + 1;
        }
    }
    pb_on_list *row = hs_bump_alloc(packing->bump, sizeof(*row));
    if (!row) {
        return 0;
    }
    hitstream__v1__entry_on_list__init(row);
    row->entry = held;
    row->list = list;
    packing->entries[packing->entry_count++] = row;
    return packing->entry_count;
}

static bool fill_entry(pb_entry *row, const struct hs_incident_entry *entry,
                       struct packing *packing)
{
    hitstream__v1__incident_entry__init(row);
    row->number = entry->number;
    row->entry_number = entry_number(packing, entry);
    row->shown = (ProtobufCBinaryData){entry->shown.len, (uint8_t *)(uintptr_t)entry->shown.ptr};
    row->place_number = place_number(packing, entry->place);
    row->last_at_ms = entry->last_at_ms;
    row->last_place_number = place_number(packing, entry->last_place);
    row->withdrawn = entry->withdrawn;
    row->excluded = entry->excluded;
    if (entry->withdrawn_generation > 0 || entry->withdrawn_sequence > 0) {
        row->withdrawn_revision = hs_bump_alloc(packing->bump, sizeof(*row->withdrawn_revision));
        if (!row->withdrawn_revision) {
            return false;
        }
        hitstream__v1__list_revision__init(row->withdrawn_revision);
        row->withdrawn_revision->generation = entry->withdrawn_generation;
        row->withdrawn_revision->sequence = entry->withdrawn_sequence;
    }
    return row->entry_number != 0;
}

static bool fill_entries(pb_incident *out, const struct hs_incident *incident,
                         struct packing *packing)
{
    out->n_entries = incident->entry_count;
    out->entries = (pb_entry **)make_rows(packing->bump, out->n_entries, sizeof(pb_entry));
    for (size_t i = 0; out->entries && i < out->n_entries; i++) {
        if (!fill_entry(out->entries[i], &incident->entries[i], packing)) {
            return false;
        }
    }
    return out->entries || out->n_entries == 0;
}

static void fill_given_one(pb_given *row, const struct hs_given *given)
{
    hitstream__v1__given__init(row);
    row->feedback_id = id_bytes(&given->feedback);
    row->kind = given->kind;
    row->result = given->result;
    row->queue = given->queue;
    row->person = given->person;
    row->to_queue = given->to_queue;
    row->at_ms = given->at_ms;
    row->until_ms = given->until_ms;
}

static bool fill_given(pb_incident *out, const struct hs_incident *incident,
                       struct packing *packing)
{
    if (incident->acknowledged.kind != 0) {
        out->acknowledged = hs_bump_alloc(packing->bump, sizeof(*out->acknowledged));
        if (!out->acknowledged) {
            return false;
        }
        fill_given_one(out->acknowledged, &incident->acknowledged);
    }
    out->n_given = incident->given_count;
    out->given = (pb_given **)make_rows(packing->bump, out->n_given, sizeof(pb_given));
    for (size_t i = 0; out->given && i < out->n_given; i++) {
        fill_given_one(out->given[i], &incident->given[i]);
    }
    return out->given || out->n_given == 0;
}

static bool fill_border(pb_incident *out, const struct hs_border_state *border,
                        struct packing *packing)
{
    if (!border->in && border->approached_count == 0) {
        return true;
    }
    pb_border *row = hs_bump_alloc(packing->bump, sizeof(*row));
    if (!row) {
        return false;
    }
    hitstream__v1__border_state__init(row);
    row->in_place = place_number(packing, border->in);
    row->from_place = place_number(packing, border->from);
    row->since_ms = border->since_ms;
    row->sites = border->sites;
    row->back_place = place_number(packing, border->back);
    row->back_since_ms = border->back_since_ms;
    row->back_sites = border->back_sites;
    row->n_approached = border->approached_count;
    row->approached =
        (pb_approach **)make_rows(packing->bump, row->n_approached, sizeof(pb_approach));
    for (size_t i = 0; row->approached && i < row->n_approached; i++) {
        hitstream__v1__approach_told__init(row->approached[i]);
        row->approached[i]->force = hs_place_of(border->approached[i].place)->force;
        row->approached[i]->at_ms = border->approached[i].at_ms;
    }
    out->border = row;
    return row->approached || row->n_approached == 0;
}

static bool fill_incident(pb_incident *out, const struct hs_incident *incident,
                          struct packing *packing)
{
    hitstream__v1__incident__init(out);
    out->incident_id = id_bytes(&incident->id);
    out->opened_at_ms = incident->opened_at_ms;
    out->last_at_ms = incident->last_at_ms;
    out->closed_at_ms = incident->closed_at_ms;
    out->hits = incident->hits;
    out->trail_dropped = incident->trail_dropped;
    out->priority = (Hitstream__V1__Priority)incident->priority;
    out->unattended = incident->unattended;
    out->place_number = place_number(packing, incident->place);
    return fill_entries(out, incident, packing) && fill_trail(out, incident, packing) &&
           fill_told(out, incident, packing) && fill_given(out, incident, packing) &&
           fill_border(out, &incident->border, packing);
}

static bool fill_incidents(pb_state *out, const struct hs_vehicle *vehicle, struct packing *packing)
{
    if (vehicle->open) {
        out->incident = hs_bump_alloc(packing->bump, sizeof(*out->incident));
        if (!out->incident || !fill_incident(out->incident, vehicle->open, packing)) {
            return false;
        }
    }
    out->n_ended = vehicle->ended_count;
    out->ended = (pb_incident **)make_rows(packing->bump, out->n_ended, sizeof(pb_incident));
    for (size_t i = 0; out->ended && i < out->n_ended; i++) {
        if (!fill_incident(out->ended[i], vehicle->ended[i], packing)) {
            return false;
        }
    }
    return out->ended || out->n_ended == 0;
}

static bool fill_seen(pb_state *out, const struct hs_vehicle *vehicle, struct hs_bump *bump)
{
    uint8_t *at = hs_bump_alloc(bump, vehicle->seen_count * HS_ID_BYTES + 1);
    if (!at) {
        return false;
    }
    out->seen_hits = (ProtobufCBinaryData){vehicle->seen_count * HS_ID_BYTES, at};
    for (size_t i = 0; i < vehicle->seen_count; i++, at += HS_ID_BYTES) {
        memcpy(at, vehicle->seen[i].bytes, HS_ID_BYTES);
    }
    out->feedback_ids = (ProtobufCBinaryData){vehicle->feedback_count * HS_ID_BYTES,
                                              (uint8_t *)(uintptr_t)vehicle->feedback[0].bytes};
    return true;
}

static bool fill_timers(pb_state *out, const struct hs_vehicle *vehicle, struct hs_bump *bump)
{
    out->n_timers = vehicle->timer_count;
    out->timers = (pb_timer **)make_rows(bump, out->n_timers, sizeof(pb_timer));
    for (size_t i = 0; out->timers && i < out->n_timers; i++) {
        hitstream__v1__timer__init(out->timers[i]);
        out->timers[i]->kind = vehicle->timers[i].kind;
        if (!vehicle->open || !hs_id_eq(&vehicle->timers[i].incident, &vehicle->open->id)) {
            out->timers[i]->incident_id = id_bytes(&vehicle->timers[i].incident);
        }
        out->timers[i]->due_at_ms = vehicle->timers[i].due_at_ms;
    }
    return out->timers || out->n_timers == 0;
}

static bool fill_exclusions(pb_state *out, const struct hs_vehicle *vehicle, struct hs_bump *bump)
{
    out->n_exclusions = vehicle->exclusion_count;
    out->exclusions = (pb_exclusion **)make_rows(bump, out->n_exclusions, sizeof(pb_exclusion));
    for (size_t i = 0; out->exclusions && i < out->n_exclusions; i++) {
        const struct hs_exclusion *exclusion = &vehicle->exclusions[i];
        pb_exclusion *row = out->exclusions[i];
        hitstream__v1__state_exclusion__init(row);
        row->feedback_id = id_bytes(&exclusion->feedback);
        row->list_id = exclusion->list_id;
        row->entry_id = exclusion->entry_id;
        row->plate = exclusion->plate;
        row->person = exclusion->person;
        row->queue = exclusion->queue;
        row->note = exclusion->note;
        row->expires_at_ms = exclusion->expires_at_ms;
        row->stored = exclusion->stored;
    }
    return out->exclusions || out->n_exclusions == 0;
}

// How many places an incident can refer to.
static size_t most_places(const struct hs_incident *incident)
{
    size_t most = incident->trail_count + 2 * incident->entry_count + 4;
    for (size_t i = 0; i < incident->told_count; i++) {
        most += incident->told[i].place_count + incident->told[i].recent_count + 1;
    }
    return most;
}

// Room for every place and entry that the state can refer to.
static bool begin(struct packing *packing, const struct hs_vehicle *vehicle)
{
    size_t places = vehicle->open ? most_places(vehicle->open) : 0;
    size_t entries = vehicle->open ? vehicle->open->entry_count : 0;
    for (size_t i = 0; i < vehicle->ended_count; i++) {
        places += most_places(vehicle->ended[i]);
        entries += vehicle->ended[i]->entry_count;
    }
    packing->pool->round++;
    packing->places = hs_bump_alloc(packing->bump, (places + 1) * sizeof(*packing->places));
    packing->entries = hs_bump_alloc(packing->bump, (entries + 1) * sizeof(*packing->entries));
    return packing->places && packing->entries;
}

int hs_vehicle_pack(const struct hs_vehicle *vehicle, struct hs_intern_pool *pool, uint64_t epoch,
                    struct hs_bump *bump, struct hs_buf *out)
{
    struct packing packing = {.bump = bump, .pool = pool};
    pb_state state = HITSTREAM__V1__VEHICLE_STATE__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    audience.kind = vehicle->who.kind;
    audience.list_id = hs_bump_copy(bump, vehicle->who.list_id.ptr, vehicle->who.list_id.len);
    state.vehicle = hs_bump_copy(bump, vehicle->mark.ptr, vehicle->mark.len);
    state.audience = &audience;
    state.epoch = epoch;
    state.applied_offset = vehicle->applied_offset;
    state.applied_at_ms = vehicle->applied_at_ms;
    if (!audience.list_id || !state.vehicle || !begin(&packing, vehicle) ||
        !fill_seen(&state, vehicle, bump) || !fill_timers(&state, vehicle, bump) ||
        !fill_exclusions(&state, vehicle, bump) || !fill_incidents(&state, vehicle, &packing) ||
        !hs_findings_pack(vehicle->findings, bump, &state) ||
        !hs_held_pack(vehicle->held, bump, &state)) {
        return HS_ENOMEM;
    }
    state.places = packing.places;
    state.n_places = packing.place_count;
    state.entries = packing.entries;
    state.n_entries = packing.entry_count;
    return hs_message_pack(&state.base, out);
}
