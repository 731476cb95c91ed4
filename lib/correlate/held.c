// SPDX-License-Identifier: Apache-2.0
#include "correlate/held.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "correlate/hit_route.h"
#include "correlate/vehicle_state.h"

typedef Hitstream__V1__Hit pb_hit; // long names of the contract, short in this file
typedef Hitstream__V1__HeldHit pb_held;

static uint64_t what_of(const pb_hit *hit)
{
    uint64_t hash = hs_hash_bytes(hit->list->list_id, strlen(hit->list->list_id), 0);
    hash = hs_hash_bytes(hit->entry->entry_id, strlen(hit->entry->entry_id), hash);
    return hs_hash_bytes(hit->place->site_id, strlen(hit->place->site_id), hash);
}

// The hit, packed, without who passed beside it.
static int pack_hit(const pb_hit *hit, struct hs_held_row *row)
{
    pb_hit alone = *hit;
    alone.flow = NULL;
    alone.before = NULL;
    row->len = protobuf_c_message_get_packed_size(&alone.base);
    row->hit = malloc(row->len + 1);
    if (!row->hit) {
        return HS_ENOMEM;
    }
    protobuf_c_message_pack(&alone.base, (uint8_t *)row->hit);
    row->what = what_of(hit);
    row->harm = hit->entry->harm_score;
    row->at_ms = hs_hit_event_time_ms(hit);
    return 0;
}

int hs_held_add(struct hs_vehicle *vehicle, const pb_hit *hit, const struct hs_held_row *row)
{
    struct hs_held *held = vehicle->held;
    uint64_t what = what_of(hit);
    for (size_t i = 0; held && i < held->count; i++) {
        if (held->rows[i].what == what) {
            held->rows[i].hits++;
            held->rows[i].priority =
                row->priority > held->rows[i].priority ? row->priority : held->rows[i].priority;
            return 0;
        }
    }
    if (held && held->count == HS_HELD_MAX) {
        return HS_ELIMIT;
    }
    if (!held) {
        held = vehicle->held = calloc(1, sizeof(*held));
        if (!held) {
            return HS_ENOMEM;
        }
    }
    held->rows[held->count] = *row;
    int rc = pack_hit(hit, &held->rows[held->count]);
    held->count += rc == 0;
    return rc;
}

void hs_held_free(struct hs_held *held)
{
    for (size_t i = 0; held && i < held->count; i++) {
        free(held->rows[i].hit);
    }
    free(held);
}

// ---------------------------------------------------------------- state

static bool pack_row(const struct hs_held_row *row, struct hs_bump *bump, pb_held **ret_row)
{
    pb_held *out = hs_bump_alloc(bump, sizeof(*out));
    Hitstream__V1__Flood *flood = hs_bump_alloc(bump, sizeof(*flood));
    if (!out || !flood) {
        return false;
    }
    hitstream__v1__held_hit__init(out);
    hitstream__v1__flood__init(flood);
    flood->began_at_ms = row->flood.began_at_ms;
    flood->sightings = row->flood.sightings;
    flood->limit = row->flood.limit;
    flood->window_ms = row->flood.window_ms;
    out->hit = (ProtobufCBinaryData){row->len, (uint8_t *)row->hit};
    out->held_at_ms = row->held_at_ms;
    out->hits = row->hits;
    out->flood = flood;
    out->of_entry = row->flood.of_entry;
    out->priority = (Hitstream__V1__Priority)row->priority;
    out->new_place = row->new_place;
    out->newest = row->newest;
    *ret_row = out;
    return true;
}

bool hs_held_pack(const struct hs_held *held, struct hs_bump *bump,
                  Hitstream__V1__VehicleState *state)
{
    state->n_held = held ? held->count : 0;
    if (!held) {
        return true;
    }
    state->held = hs_bump_alloc(bump, held->count * sizeof(*state->held));
    for (size_t i = 0; state->held && i < held->count; i++) {
        if (!pack_row(&held->rows[i], bump, &state->held[i])) {
            return false;
        }
    }
    return state->held;
}

static bool is_whole(const pb_hit *hit)
{
    return hit && hit->hit_id.len == HS_ID_BYTES && hit->entry && hit->list && hit->place &&
           hit->audience;
}

static int unpack_row(const pb_held *from, struct hs_held *held)
{
    pb_hit *hit = hitstream__v1__hit__unpack(NULL, from->hit.len, from->hit.data);
    struct hs_held_row *row = &held->rows[held->count];
    int rc = is_whole(hit) && from->flood ? pack_hit(hit, row) : HS_EFORMAT;
    hitstream__v1__hit__free_unpacked(hit, NULL);
    if (rc != 0) {
        return rc;
    }
    row->held_at_ms = from->held_at_ms;
    row->hits = from->hits;
    row->priority = (uint8_t)from->priority;
    row->new_place = from->new_place;
    row->newest = from->newest;
    row->flood = (struct hs_flood){.floods = true,
                                   .of_entry = from->of_entry,
                                   .began_at_ms = from->flood->began_at_ms,
                                   .sightings = from->flood->sightings,
                                   .limit = from->flood->limit,
                                   .window_ms = from->flood->window_ms};
    held->count++;
    return 0;
}

int hs_held_unpack(const Hitstream__V1__VehicleState *state, struct hs_held **ret_held)
{
    struct hs_held *held = NULL;
    int rc = state->n_held > HS_HELD_MAX ? HS_EFORMAT : 0;
    if (rc == 0 && state->n_held > 0) {
        held = calloc(1, sizeof(*held));
        rc = held ? 0 : HS_ENOMEM;
    }
    for (size_t i = 0; rc == 0 && i < state->n_held; i++) {
        rc = unpack_row(state->held[i], held);
    }
    if (rc != 0) {
        hs_held_free(held);
        return rc;
    }
    *ret_held = held;
    return 0;
}
