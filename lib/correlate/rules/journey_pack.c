// SPDX-License-Identifier: Apache-2.0
//
// What is remembered of a vehicle's journeys, as a message.
#include "base/error.h"
#include "correlate/rules/journey.h"

static void pack_sighting(const struct hs_journey_sighting *from,
                          Hitstream__V1__JourneySighting *row)
{
    hitstream__v1__journey_sighting__init(row);
    row->camera_id = (char *)(uintptr_t)from->camera; // read only, like the rest
    row->site_id = (char *)(uintptr_t)from->site;
    row->direction = (char *)(uintptr_t)from->direction;
    row->seen_colour = (char *)(uintptr_t)from->colour;
    row->seen_make = (char *)(uintptr_t)from->make;
    row->latitude_udeg = from->latitude_udeg;
    row->longitude_udeg = from->longitude_udeg;
    row->at_ms = from->at_ms;
    row->least_ms = from->least_ms;
    row->late_ms = from->late_ms;
    row->track = from->track;
    row->exact = from->exact;
}

static ProtobufCBinaryData id_bytes(const struct hs_id *id)
{
    return (ProtobufCBinaryData){HS_ID_BYTES, (uint8_t *)(uintptr_t)id->bytes};
}

static bool pack_clashes(const struct hs_journey *journey, struct hs_bump *bump,
                         Hitstream__V1__JourneyState *state)
{
    size_t count = journey->clash_count;
    Hitstream__V1__JourneyClash *rows = hs_bump_alloc(bump, (count + 1) * sizeof(*rows));
    state->clashes = hs_bump_alloc(bump, (count + 1) * sizeof(*state->clashes));
    state->n_clashes = count;
    for (size_t i = 0; rows && state->clashes && i < count; i++) {
        hitstream__v1__journey_clash__init(&rows[i]);
        rows[i].first_camera = (char *)(uintptr_t)journey->clashes[i].cameras[0];
        rows[i].second_camera = (char *)(uintptr_t)journey->clashes[i].cameras[1];
        rows[i].at_ms = journey->clashes[i].at_ms;
        state->clashes[i] = &rows[i];
    }
    return rows && state->clashes;
}

Hitstream__V1__JourneyState *hs_journey_pack(const struct hs_journey *journey, struct hs_bump *bump)
{
    size_t tracks = (size_t)(journey->last[0].track != 0) + (journey->last[1].track != 0);
    size_t count = tracks + journey->shown_count;
    size_t heard = *journey->heard.camera != '\0';
    Hitstream__V1__JourneyState *state = hs_bump_alloc(bump, sizeof(*state));
    Hitstream__V1__JourneySighting *rows = hs_bump_alloc(bump, (count + 2) * sizeof(*rows));
    Hitstream__V1__JourneySighting **pointers =
        hs_bump_alloc(bump, (count + 1) * sizeof(*pointers));
    if (!state || !rows || !pointers) {
        return NULL;
    }
    hitstream__v1__journey_state__init(state);
    for (size_t i = 0; i < count; i++) {
        pack_sighting(i < tracks ? &journey->last[i] : &journey->shown[i - tracks], &rows[i]);
        pointers[i] = &rows[i];
    }
    state->n_last = tracks;
    state->last = pointers;
    state->n_shown = journey->shown_count;
    state->shown = pointers + tracks;
    state->first_count = journey->counts[0];
    state->second_count = journey->counts[1];
    state->first_exact = journey->exact[0];
    state->second_exact = journey->exact[1];
    state->sites_on_second = journey->sites_on_second;
    state->looks_differ = journey->looks_differ;
    state->looks_agree = journey->looks_agree;
    state->told_at_ms = journey->told_at_ms;
    if (heard) {
        pack_sighting(&journey->heard, &rows[count]);
        state->heard = &rows[count];
    }
    if (hs_journey_is_told(journey)) {
        state->told_cause = id_bytes(&journey->told.cause);
        state->told_incident = id_bytes(&journey->told.incident);
    }
    return pack_clashes(journey, bump, state) ? state : NULL;
}

static void unpack_sighting(const Hitstream__V1__JourneySighting *row,
                            struct hs_journey_sighting *sighting)
{
    memset(sighting, 0, sizeof(*sighting));
    hs_str_to_field(hs_str(row->camera_id), sighting->camera, sizeof(sighting->camera));
    hs_str_to_field(hs_str(row->site_id), sighting->site, sizeof(sighting->site));
    hs_str_to_field(hs_str(row->direction), sighting->direction, sizeof(sighting->direction));
    hs_str_to_field(hs_str(row->seen_colour), sighting->colour, sizeof(sighting->colour));
    hs_str_to_field(hs_str(row->seen_make), sighting->make, sizeof(sighting->make));
    sighting->latitude_udeg = row->latitude_udeg;
    sighting->longitude_udeg = row->longitude_udeg;
    sighting->at_ms = row->at_ms;
    sighting->least_ms = row->least_ms;
    sighting->late_ms = row->late_ms;
    sighting->track = (uint8_t)row->track;
    sighting->exact = row->exact;
}

int hs_journey_unpack(struct hs_journey *journey, const Hitstream__V1__JourneyState *state)
{
    if (state->n_last > 2 || state->n_shown > HS_JOURNEY_SHOWN_MAX ||
        state->n_clashes > HS_JOURNEY_CLASHES_MAX) {
        return HS_EFORMAT;
    }
    for (size_t i = 0; i < state->n_last; i++) {
        unpack_sighting(state->last[i], &journey->last[i]);
    }
    for (size_t i = 0; i < state->n_shown; i++) {
        unpack_sighting(state->shown[i], &journey->shown[i]);
    }
    for (size_t i = 0; i < state->n_clashes; i++) {
        struct hs_journey_clash *clash = &journey->clashes[i];
        hs_str_to_field(hs_str(state->clashes[i]->first_camera), clash->cameras[0],
                        sizeof(clash->cameras[0]));
        hs_str_to_field(hs_str(state->clashes[i]->second_camera), clash->cameras[1],
                        sizeof(clash->cameras[1]));
        clash->at_ms = state->clashes[i]->at_ms;
    }
    journey->shown_count = state->n_shown;
    journey->clash_count = state->n_clashes;
    journey->counts[0] = state->first_count;
    journey->counts[1] = state->second_count;
    journey->exact[0] = state->first_exact;
    journey->exact[1] = state->second_exact;
    journey->sites_on_second = state->sites_on_second;
    journey->looks_differ = state->looks_differ;
    journey->looks_agree = state->looks_agree;
    journey->told_at_ms = state->told_at_ms;
    if (state->heard) {
        unpack_sighting(state->heard, &journey->heard);
    }
    if (state->told_cause.len == HS_ID_BYTES && state->told_incident.len == HS_ID_BYTES) {
        memcpy(journey->told.cause.bytes, state->told_cause.data, HS_ID_BYTES);
        memcpy(journey->told.incident.bytes, state->told_incident.data, HS_ID_BYTES);
    }
    return 0;
}
