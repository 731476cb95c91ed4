// SPDX-License-Identifier: Apache-2.0
//
// A state from the wire, as this version writes it and as earlier ones did: without numbers for
// places, without entries.
#include <stdlib.h>

#include "base/error.h"
#include "correlate/rules/findings.h"
#include "correlate/vehicle_state.h"
#include "wire/varint.h"

typedef Hitstream__V1__VehicleState pb_state; // long names of the contract, short in this file
typedef Hitstream__V1__Incident pb_incident;
typedef Hitstream__V1__TrailPoint pb_point;
typedef Hitstream__V1__Told pb_told;
typedef Hitstream__V1__ToldPlace pb_told_place;
typedef Hitstream__V1__IncidentEntry pb_entry;
typedef Hitstream__V1__Given pb_given;
typedef Hitstream__V1__BorderState pb_border;
typedef Hitstream__V1__Timer pb_timer;

// What is being read.
struct reading {
    const pb_state *state;
    struct hs_intern_pool *pool;
    struct hs_incident *incident;
    const struct hs_interned **places; // by number less one, as far as they were asked for
};

static int read_id(ProtobufCBinaryData bytes, struct hs_id *ret_id)
{
    if (bytes.len != HS_ID_BYTES) {
        return HS_EFORMAT;
    }
    memcpy(ret_id->bytes, bytes.data, HS_ID_BYTES);
    return 0;
}

// A reference to the place of that number; none for 0.
static int read_place(const struct reading *reading, uint32_t number,
                      const struct hs_interned **ret_place)
{
    *ret_place = NULL;
    if (number == 0) {
        return 0;
    }
    if (number > reading->state->n_places) {
        return HS_EFORMAT;
    }
    const struct hs_interned **held = &reading->places[number - 1];
    if (!*held) { // a place is looked for once, and referred to some ten times
        *held = hs_intern_get(reading->pool, &reading->state->places[number - 1]->base);
    }
    if (!*held) {
        return HS_ENOMEM;
    }
    *ret_place = hs_intern_ref(*held);
    return 0;
}

// Likewise, but there must be one.
static int read_needed_place(const struct reading *reading, uint32_t number,
                             const struct hs_interned **ret_place)
{
    int rc = read_place(reading, number, ret_place);
    return rc == 0 && !*ret_place ? HS_EFORMAT : rc;
}

static int read_trail(const struct reading *reading, const pb_incident *from)
{
    for (size_t i = 0; i < from->n_trail; i++) {
        const pb_point *row = from->trail[i];
        struct hs_trail_point point = {
            .captured_at_ms = row->captured_at_ms,
            .last_at_ms = row->last_at_ms ? row->last_at_ms : row->captured_at_ms,
            .reads = row->reads ? row->reads : 1,
            .tier = (uint8_t)(row->tier ? row->tier : HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT),
            .lateness =
                (uint8_t)(row->lateness ? row->lateness : HITSTREAM__V1__LATENESS__LATENESS_LIVE),
            .misplaced = row->misplaced,
        };
        if (row->place) {
            point.place = hs_intern_get(reading->pool, &row->place->base);
        }
        int rc = row->place ? (point.place ? 0 : HS_ENOMEM)
                            : read_needed_place(reading, row->place_number, &point.place);
        rc = rc ? rc : hs_incident_append_point(reading->incident, &point);
        if (rc != 0) {
            hs_intern_put(reading->pool, point.place);
            return rc;
        }
    }
    return 0;
}

// An entry of a state that knew only its name; the next hit says the rest.
static int read_old_entry(const struct reading *reading, const pb_incident *from,
                          const pb_told_place *row, uint8_t *ret_number)
{
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    Hitstream__V1__ListInfo unknown = HITSTREAM__V1__LIST_INFO__INIT;
    const Hitstream__V1__ListInfo *list = &unknown;
    const struct hs_incident_entry *held =
        hs_incident_entry(reading->incident, row->list_id, row->entry_id);
    entry.list_id = row->list_id;
    entry.entry_id = row->entry_id;
    unknown.list_id = row->list_id;
    for (size_t i = 0; i < from->n_lists; i++) {
        list = strcmp(from->lists[i]->list_id, row->list_id) == 0 ? from->lists[i] : list;
    }
    held = held ? held : hs_incident_note_entry(reading->incident, reading->pool, &entry, list);
    *ret_number = held ? held->number : 0;
    return held ? 0 : HS_ENOMEM;
}

static int read_told_place(const struct reading *reading, const pb_incident *from,
                           const pb_told_place *row, struct hs_told *told)
{
    struct hs_told_place out = {.event_at_ms = row->event_at_ms, .number = (uint8_t)row->number};
    int rc = 0;
    if (row->place_number > 0) {
        rc = row->number > 0 && row->number <= HS_INCIDENT_ENTRIES_MAX ? 0 : HS_EFORMAT;
        rc = rc ? rc : read_place(reading, row->place_number, &out.place);
    } else {
        Hitstream__V1__Place place = HITSTREAM__V1__PLACE__INIT;
        place.site_id = row->site_id;
        rc = read_old_entry(reading, from, row, &out.number);
        out.place = rc == 0 ? hs_intern_get(reading->pool, &place.base) : NULL;
        rc = rc == 0 && !out.place ? HS_ENOMEM : rc;
    }
    if (rc == 0) {
        told->known |= UINT64_C(1) << out.number;
        hs_told_append(told, reading->pool, &out);
    }
    return rc;
}

static int read_place_rows(const struct reading *reading, ProtobufCBinaryData rows,
                           struct hs_told *told)
{
    const uint8_t *at = rows.data;
    const uint8_t *end = rows.len ? rows.data + rows.len : rows.data;
    int rc = 0;
    while (rc == 0 && at < end) {
        uint64_t place, number, apart;
        struct hs_told_place row = {0};
        if (!hs_varint_take(&at, end, &place) || !hs_varint_take(&at, end, &number) ||
            !hs_varint_take(&at, end, &apart) || place > UINT32_MAX || number == 0 ||
            number > HS_INCIDENT_ENTRIES_MAX) {
            return HS_EFORMAT;
        }
        row.number = (uint8_t)number;
        row.event_at_ms =
            (int64_t)((uint64_t)reading->incident->opened_at_ms + (uint64_t)hs_unzigzag(apart));
        rc = read_needed_place(reading, (uint32_t)place, &row.place);
        if (rc == 0) {
            hs_told_append(told, reading->pool, &row);
        }
    }
    return rc;
}

// Alerts that a stand-down would take back, as rows or, in older states, as messages.
static int read_recent(const struct reading *reading, const pb_told *row, struct hs_told *told)
{
    struct hs_told_alert alert = {.place = NULL};
    const uint8_t *at = row->recent_places.data;
    const uint8_t *end = row->recent_places.len ? at + row->recent_places.len : at;
    int rc = row->recent_rows.len % HS_RECENT_ROW_BYTES == 0 ? 0 : HS_EFORMAT;
    for (size_t i = 0; rc == 0 && i < row->recent_rows.len; i += HS_RECENT_ROW_BYTES) {
        uint64_t place = 0;
        bool good = at == end || (hs_varint_take(&at, end, &place) && place <= UINT32_MAX);
        alert.number = row->recent_rows.data[i];
        memcpy(alert.id.bytes, row->recent_rows.data + i + 1, HS_ID_BYTES);
        rc = good ? read_place(reading, (uint32_t)place, &alert.place) : HS_EFORMAT;
        if (rc == 0) {
            hs_told_note_alert(told, reading->pool, &alert);
        }
    }
    alert.place = NULL;
    for (size_t i = 0; rc == 0 && i < row->n_recent; i++) {
        alert.number = (uint8_t)row->recent[i]->number;
        rc = read_id(row->recent[i]->alert_id, &alert.id);
        if (rc == 0) {
            hs_told_note_alert(told, reading->pool, &alert);
        }
    }
    return rc;
}

static int read_last_alert(const pb_told *row, struct hs_told *told)
{
    if (row->alert_id.len > 0 || told->recent_count == 0) {
        return read_id(row->alert_id, &told->alert);
    }
    told->alert = told->recent[told->recent_count - 1].id;
    return 0;
}

static int read_told(const struct reading *reading, const pb_incident *from, const pb_told *row)
{
    struct hs_told *told =
        hs_incident_told_add(reading->incident, reading->pool, hs_str(row->queue));
    if (!told) {
        return HS_ENOMEM;
    }
    told->event_at_ms = row->event_at_ms;
    told->alerts = row->alerts;
    told->priority = (uint8_t)row->priority;
    told->safeguarding = (uint8_t)row->safeguarding;
    told->silenced_until_ms = row->silenced_until_ms;
    told->waiting_since_ms = row->waiting_since_ms;
    told->answer_due_ms = row->answer_due_ms;
    told->steps = row->steps;
    told->resourced = row->resourced;
    told->stood_down = row->stood_down;
    told->no_resource = row->no_resource;
    int rc = read_recent(reading, row, told);
    rc = rc ? rc : read_last_alert(row, told);
    rc = rc ? rc : read_place(reading, row->place_number, &told->place);
    rc = rc ? rc : read_place_rows(reading, row->place_rows, told);
    for (size_t i = 0; rc == 0 && i < row->n_places; i++) {
        rc = read_told_place(reading, from, row->places[i], told);
    }
    told->known |= row->known;
    return rc;
}

static int read_entry_parts(const struct reading *reading, const pb_entry *row,
                            struct hs_incident_entry *entry)
{
    const Hitstream__V1__EntryOnList *held =
        row->entry_number > 0 && row->entry_number <= reading->state->n_entries
            ? reading->state->entries[row->entry_number - 1]
            : NULL;
    if (!held || !held->entry || !held->list) {
        return HS_EFORMAT;
    }
    entry->entry = hs_intern_get(reading->pool, &held->entry->base);
    entry->list = hs_intern_get(reading->pool, &held->list->base);
    char *shown = hs_str_dup(hs_str_n((const char *)row->shown.data, row->shown.len));
    entry->shown = hs_str_n(shown, row->shown.len);
    if (!entry->entry || !entry->list || !shown) {
        return HS_ENOMEM;
    }
    int rc = read_place(reading, row->place_number, &entry->place);
    return rc ? rc : read_place(reading, row->last_place_number, &entry->last_place);
}

static int read_entry(const struct reading *reading, const pb_entry *row)
{
    struct hs_incident_entry entry = {
        .number = (uint8_t)(row->number <= HS_INCIDENT_ENTRIES_MAX ? row->number : 0),
        .last_at_ms = row->last_at_ms,
        .withdrawn = row->withdrawn,
        .excluded = row->excluded,
    };
    if (row->withdrawn_revision) {
        entry.withdrawn_generation = row->withdrawn_revision->generation;
        entry.withdrawn_sequence = row->withdrawn_revision->sequence;
    }
    int rc = read_entry_parts(reading, row, &entry);
    rc = rc ? rc : hs_incident_append_entry(reading->incident, &entry);
    if (rc != 0) {
        hs_incident_entry_fini(&entry, reading->pool);
    }
    return rc;
}

static int read_given(const pb_given *row, struct hs_given *ret_given)
{
    *ret_given = (struct hs_given){
        .kind = row->kind,
        .result = row->result,
        .queue = row->queue,
        .person = row->person,
        .to_queue = row->to_queue,
        .at_ms = row->at_ms,
        .until_ms = row->until_ms,
    };
    return read_id(row->feedback_id, &ret_given->feedback);
}

static int read_all_given(const struct reading *reading, const pb_incident *from)
{
    struct hs_given given;
    int rc = 0;
    if (from->acknowledged) {
        rc = read_given(from->acknowledged, &given);
        rc = rc ? rc : hs_given_copy(&given, &reading->incident->acknowledged);
    }
    for (size_t i = 0; rc == 0 && i < from->n_given; i++) {
        rc = read_given(from->given[i], &given);
        rc = rc ? rc : hs_incident_give(reading->incident, &given);
    }
    return rc;
}

static int read_border(const struct reading *reading, const pb_border *from)
{
    struct hs_border_state *border = &reading->incident->border;
    Hitstream__V1__Place force = HITSTREAM__V1__PLACE__INIT;
    border->since_ms = from->since_ms;
    border->sites = from->sites;
    border->back_since_ms = from->back_since_ms;
    border->back_sites = from->back_sites;
    int rc = read_place(reading, from->in_place, &border->in);
    rc = rc ? rc : read_place(reading, from->from_place, &border->from);
    rc = rc ? rc : read_place(reading, from->back_place, &border->back);
    for (size_t i = 0; rc == 0 && i < from->n_approached && i < HS_APPROACHED_MAX; i++) {
        force.force = from->approached[i]->force;
        border->approached[i].place = hs_intern_get(reading->pool, &force.base);
        border->approached[i].at_ms = from->approached[i]->at_ms;
        rc = border->approached[i].place ? 0 : HS_ENOMEM;
        border->approached_count += rc == 0;
    }
    return rc;
}

static int read_incident_parts(const struct reading *reading, const pb_incident *from)
{
    struct hs_incident *incident = reading->incident;
    incident->last_at_ms = from->last_at_ms;
    incident->closed_at_ms = from->closed_at_ms;
    incident->hits = from->hits;
    incident->trail_dropped = from->trail_dropped;
    incident->priority = (uint8_t)from->priority;
    incident->unattended = from->unattended;
    int rc = read_place(reading, from->place_number, &incident->place);
    for (size_t i = 0; rc == 0 && i < from->n_entries; i++) {
        rc = read_entry(reading, from->entries[i]);
    }
    rc = rc ? rc : read_trail(reading, from);
    for (size_t i = 0; rc == 0 && i < from->n_told; i++) {
        rc = read_told(reading, from, from->told[i]);
    }
    rc = rc ? rc : read_all_given(reading, from);
    return rc == 0 && from->border ? read_border(reading, from->border) : rc;
}

static int read_incident(struct reading *reading, const pb_incident *from,
                         struct hs_incident **ret_incident)
{
    struct hs_id id;
    if (read_id(from->incident_id, &id) != 0) {
        return HS_EFORMAT;
    }
    reading->incident = hs_incident_new(&id, from->opened_at_ms);
    int rc = reading->incident ? read_incident_parts(reading, from) : HS_ENOMEM;
    if (rc != 0) {
        hs_incident_free(reading->incident, reading->pool);
        return rc;
    }
    *ret_incident = reading->incident;
    return 0;
}

static int read_incidents(struct hs_vehicle *vehicle, const pb_state *state,
                          struct hs_intern_pool *pool)
{
    struct reading reading = {.state = state, .pool = pool};
    reading.places = calloc(state->n_places + 1, sizeof(*reading.places));
    int rc = reading.places ? 0 : HS_ENOMEM;
    for (size_t i = 0; rc == 0 && i < state->n_ended; i++) {
        struct hs_incident *incident;
        rc = read_incident(&reading, state->ended[i], &incident);
        if (rc == 0) {
            hs_vehicle_end(vehicle, pool, incident);
        }
    }
    if (rc == 0 && state->incident) {
        rc = read_incident(&reading, state->incident, &vehicle->open);
    }
    for (size_t i = 0; reading.places && i < state->n_places; i++) {
        hs_intern_put(pool, reading.places[i]);
    }
    free(reading.places);
    return rc;
}

static int read_seen(struct hs_vehicle *vehicle, const pb_state *state)
{
    int rc = state->seen_hits.len % HS_ID_BYTES == 0 ? 0 : HS_EFORMAT;
    struct hs_id id;
    for (size_t i = 0; rc == 0 && i < state->n_seen; i++) {
        rc = read_id(state->seen[i]->hit_id, &id);
        rc = rc ? rc : hs_vehicle_note_seen(vehicle, &id);
    }
    for (size_t i = 0; rc == 0 && i < state->seen_hits.len; i += HS_ID_BYTES) {
        memcpy(id.bytes, state->seen_hits.data + i, HS_ID_BYTES);
        rc = hs_vehicle_note_seen(vehicle, &id);
    }
    return rc;
}

static int read_exclusions(struct hs_vehicle *vehicle, const pb_state *state)
{
    int rc = 0;
    bool dropped;
    for (size_t i = 0; rc == 0 && i < state->n_exclusions; i++) {
        const Hitstream__V1__StateExclusion *row = state->exclusions[i];
        struct hs_exclusion exclusion = {
            .list_id = row->list_id,
            .entry_id = row->entry_id,
            .plate = row->plate,
            .person = row->person,
            .queue = row->queue,
            .note = row->note,
            .expires_at_ms = row->expires_at_ms,
            .stored = row->stored,
        };
        rc = read_id(row->feedback_id, &exclusion.feedback);
        rc = rc ? rc : hs_vehicle_exclude(vehicle, &exclusion, &dropped);
    }
    return rc;
}

static int read_small(struct hs_vehicle *vehicle, const pb_state *state)
{
    struct hs_id id;
    int rc = read_seen(vehicle, state);
    for (size_t i = 0; rc == 0 && i < state->n_timers; i++) {
        const pb_timer *timer = state->timers[i];
        if (timer->incident_id.len == 0 && vehicle->open) {
            id = vehicle->open->id;
        } else {
            rc = read_id(timer->incident_id, &id);
        }
        rc = rc ? rc : hs_vehicle_set_timer(vehicle, timer->kind, &id, timer->due_at_ms);
    }
    rc = rc == 0 && state->feedback_ids.len % HS_ID_BYTES != 0 ? HS_EFORMAT : rc;
    for (size_t i = 0; rc == 0 && i < state->feedback_ids.len; i += HS_ID_BYTES) {
        memcpy(id.bytes, state->feedback_ids.data + i, HS_ID_BYTES);
        hs_vehicle_note_feedback(vehicle, &id);
    }
    return rc ? rc : read_exclusions(vehicle, state);
}

int hs_vehicle_unpack(struct hs_vehicle *vehicle, const Hitstream__V1__VehicleState *state,
                      struct hs_intern_pool *pool)
{
    int rc =
        read_incidents(vehicle, state, pool); // before the timers: ending drops an incident's own
    rc = rc ? rc : read_small(vehicle, state);
    rc = rc ? rc : hs_findings_unpack(state, &vehicle->findings);
    rc = rc == 0 && vehicle->open ? hs_held_unpack(state, &vehicle->held) : rc;
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
