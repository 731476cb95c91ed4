// SPDX-License-Identifier: Apache-2.0
//
// A convoy as a message.
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "correlate/rules/convoy.h"
#include "correlate/rules/convoy_companions.h"
#include "correlate/rules/convoy_passers.h"

// What is the same as at the stop before is left out, and its time is counted from there.
static void pack_stop(const struct hs_convoy_stop *before, const struct hs_convoy_stop *stop,
                      Hitstream__V1__ConvoyStop *row)
{
    bool near = before && stop->at_ms > before->at_ms && stop->at_ms - before->at_ms <= UINT32_MAX;
    hitstream__v1__convoy_stop__init(row);
    row->hit_id.data = (uint8_t *)(uintptr_t)stop->hit; // read only
    row->hit_id.len = sizeof(stop->hit);
    row->site_id = (char *)(uintptr_t)stop->site;
    row->as_before = before && strcmp(before->direction, stop->direction) == 0 &&
                     strcmp(before->road, stop->road) == 0;
    if (!row->as_before) {
        row->direction = (char *)(uintptr_t)stop->direction;
        row->road = (char *)(uintptr_t)stop->road;
    }
    row->after_ms = near ? (uint32_t)(stop->at_ms - before->at_ms) : 0;
    row->at_ms = near ? 0 : stop->at_ms;
    row->beside = stop->beside;
}

static bool pack_stops(const struct hs_convoy *convoy, struct hs_bump *bump,
                       Hitstream__V1__ConvoyState *state)
{
    Hitstream__V1__ConvoyStop *rows = hs_bump_alloc(bump, (convoy->stop_count + 1) * sizeof(*rows));
    state->stops = hs_bump_alloc(bump, (convoy->stop_count + 1) * sizeof(*state->stops));
    state->n_stops = convoy->stop_count;
    for (size_t i = 0; rows && state->stops && i < convoy->stop_count; i++) {
        pack_stop(i > 0 ? &convoy->stops[i - 1] : NULL, &convoy->stops[i], &rows[i]);
        state->stops[i] = &rows[i];
    }
    return rows && state->stops;
}

static bool pack_companion(const struct hs_convoy_companion *companion, struct hs_bump *bump,
                           Hitstream__V1__ConvoyCompanion *row)
{
    hitstream__v1__convoy_companion__init(row);
    row->mark = companion->mark;
    row->seen = companion->seen;
    row->gaps_ms = hs_bump_alloc(bump, HS_CONVOY_STOPS_MAX * sizeof(*row->gaps_ms));
    for (size_t stop = 0; row->gaps_ms && stop < HS_CONVOY_STOPS_MAX; stop++) {
        if (companion->seen >> stop & 1) {
            row->gaps_ms[row->n_gaps_ms++] = companion->gaps_ms[stop];
        }
    }
    row->carried_bits = companion->carried_bits;
    row->carried_sites = companion->carried_sites;
    row->carried_journeys = companion->carried_journeys;
    row->places = companion->places;
    row->carried_way_ppm = companion->carried_way_ppm;
    row->carried_habit_ppm = companion->carried_habit_ppm;
    row->carried_line_ppm = companion->carried_line_ppm;
    row->last_at_ms = companion->last_at_ms;
    row->told_journey = companion->told_journey;
    row->listed = companion->listed;
    row->together_incident = companion->together_incident;
    row->together_told = companion->together_told;
    return row->gaps_ms;
}

static bool pack_usual(const struct hs_convoy *convoy, struct hs_bump *bump,
                       Hitstream__V1__ConvoyState *state)
{
    const uint8_t *bytes = (const uint8_t *)convoy->usual; // week after week
    size_t count = 0;
    for (size_t i = 0; i < sizeof(convoy->usual); i++) {
        count += (size_t)__builtin_popcount(bytes[i]);
    }
    state->usual = hs_bump_alloc(bump, (count + 1) * sizeof(*state->usual));
    uint32_t last = 0;
    for (uint32_t bit = 0; state->usual && bit < 8 * sizeof(convoy->usual); bit++) {
        if (bytes[bit / 8] >> bit % 8 & 1) {
            state->usual[state->n_usual++] = bit - last;
            last = bit;
        }
    }
    return state->usual;
}

Hitstream__V1__ConvoyState *hs_convoy_pack(const struct hs_convoy *convoy, struct hs_bump *bump)
{
    size_t count = convoy->companion_count;
    Hitstream__V1__ConvoyState *state = hs_bump_alloc(bump, sizeof(*state));
    Hitstream__V1__ConvoyCompanion *rows = hs_bump_alloc(bump, (count + 1) * sizeof(*rows));
    if (!state || !rows) {
        return NULL;
    }
    hitstream__v1__convoy_state__init(state);
    state->journey = convoy->journey;
    state->usual_week = convoy->usual_week;
    state->companions = hs_bump_alloc(bump, (count + 1) * sizeof(*state->companions));
    bool good = state->companions && pack_stops(convoy, bump, state) &&
                pack_usual(convoy, bump, state) &&
                hs_convoy_pack_passers(convoy, bump, &state->passers_by);
    for (size_t i = 0; good && i < count; i++) {
        if (!hs_convoy_is_passer(convoy, &convoy->companions[i])) {
            Hitstream__V1__ConvoyCompanion *row = &rows[state->n_companions];
            state->companions[state->n_companions++] = row;
            good = pack_companion(&convoy->companions[i], bump, row);
        }
    }
    return good ? state : NULL;
}

static int unpack_stop(const Hitstream__V1__ConvoyStop *row, const struct hs_convoy_stop *before,
                       struct hs_convoy_stop *stop)
{
    if (row->hit_id.len < sizeof(stop->hit) || strlen(row->site_id) >= sizeof(stop->site) ||
        strlen(row->direction) >= sizeof(stop->direction) ||
        strlen(row->road) >= sizeof(stop->road) || (!before && row->as_before)) {
        return HS_EFORMAT;
    }
    *stop = (struct hs_convoy_stop){.at_ms = row->at_ms, .beside = row->beside};
    if (before && row->at_ms == 0) {
        stop->at_ms = before->at_ms + row->after_ms;
    }
    memcpy(stop->hit, row->hit_id.data, sizeof(stop->hit));
    strcpy(stop->site, row->site_id);
    strcpy(stop->direction, row->as_before ? before->direction : row->direction);
    strcpy(stop->road, row->as_before ? before->road : row->road);
    return 0;
}

static int unpack_companion(struct hs_convoy *convoy, const Hitstream__V1__ConvoyCompanion *row)
{
    size_t gaps = (size_t)__builtin_popcount(row->seen);
    if (row->seen >> convoy->stop_count || row->n_gaps_ms != gaps ||
        row->carried_way_ppm > HS_PPM || row->carried_line_ppm > HS_PPM ||
        row->carried_habit_ppm > HS_PPM) {
        return HS_EFORMAT;
    }
    struct hs_convoy_companion *companion = hs_convoy_find_or_add(convoy, row->mark);
    if (!companion) {
        return HS_ENOMEM;
    }
    companion->seen = row->seen;
    gaps = 0;
    for (size_t stop = 0; stop < convoy->stop_count; stop++) {
        companion->gaps_ms[stop] = row->seen >> stop & 1 ? row->gaps_ms[gaps++] : 0;
    }
    companion->carried_bits = row->carried_bits;
    companion->carried_sites = row->carried_sites;
    companion->carried_journeys = row->carried_journeys;
    companion->places = row->places;
    companion->carried_way_ppm = row->carried_way_ppm;
    companion->carried_habit_ppm = row->carried_habit_ppm;
    companion->carried_line_ppm = row->carried_line_ppm;
    companion->last_at_ms = row->last_at_ms;
    companion->told_journey = row->told_journey;
    companion->listed = row->listed;
    companion->together_incident = row->together_incident;
    companion->together_told = row->together_told;
    return 0;
}

static int unpack_passers(struct hs_convoy *convoy, ProtobufCBinaryData rows)
{
    struct hs_convoy_passers passers = {.at = rows.data,
                                        .end = rows.len ? rows.data + rows.len : rows.data};
    int rc = 0;
    while (rc == 0 && passers.at < passers.end) {
        struct hs_convoy_companion passer;
        rc = convoy->companion_count == HS_CONVOY_COMPANIONS_MAX
                 ? HS_EFORMAT
                 : hs_convoy_next_passer(&passers, convoy, &passer);
        struct hs_convoy_companion *companion =
            rc == 0 ? hs_convoy_find_or_add(convoy, passer.mark) : NULL;
        if (companion) {
            *companion = passer;
        } else if (rc == 0) {
            rc = HS_ENOMEM;
        }
    }
    return rc;
}

static int unpack_usual(struct hs_convoy *convoy, const Hitstream__V1__ConvoyState *state)
{
    uint64_t bit = 0;
    for (size_t i = 0; i < state->n_usual; i++) {
        bit += state->usual[i];
        if (bit >= 8 * sizeof(convoy->usual)) {
            return HS_EFORMAT;
        }
        convoy->usual[bit / HS_CONVOY_USUAL_BITS][bit % HS_CONVOY_USUAL_BITS / 8] |=
            (uint8_t)(1U << bit % 8);
    }
    convoy->usual_week = state->usual_week;
    return 0;
}

int hs_convoy_unpack(struct hs_convoy *convoy, const Hitstream__V1__ConvoyState *state)
{
    int rc = state->n_stops > HS_CONVOY_STOPS_MAX || state->n_companions > HS_CONVOY_COMPANIONS_MAX
                 ? HS_EFORMAT
                 : 0;
    rc = rc ? rc : unpack_usual(convoy, state);
    convoy->journey = state->journey;
    for (size_t i = 0; rc == 0 && i < state->n_stops; i++) {
        rc = unpack_stop(state->stops[i], i > 0 ? &convoy->stops[i - 1] : NULL, &convoy->stops[i]);
        convoy->stop_count += rc == 0;
    }
    for (size_t i = 0; rc == 0 && i < state->n_companions; i++) {
        rc = unpack_companion(convoy, state->companions[i]);
    }
    return rc ? rc : unpack_passers(convoy, state->passers_by);
}
