// SPDX-License-Identifier: Apache-2.0
//
// The next-place rule's memory as a message: sites once, everything else by their number.
#include <stdlib.h>

#include "base/error.h"
#include "correlate/rules/next.h"

#define LATEST_MS INT64_C(253402300799999) // the end of the year 9999

enum {
    HEADING_BITS = 4,
    SITES_MAX = 3 * HS_NEXT_WAYS_MAX + HS_NEXT_STOPS_MAX + 1,
    VARINT_MAX = 10,
    STOP_MAX = 3 * VARINT_MAX,
    WAY_MAX = 7 * VARINT_MAX,
};

// ------------------------------------------------------------------ writing

struct writing {
    uint32_t *sites; // SITES_MAX
    size_t count;
    uint8_t *at;
};

// From 1 on; 0 of no site.
static uint64_t number_of(struct writing *writing, uint32_t site)
{
    size_t i = 0;
    while (i < writing->count && writing->sites[i] != site) {
        i++;
    }
    if (site != 0 && i == writing->count) {
        writing->sites[writing->count++] = site;
    }
    return site ? i + 1 : 0;
}

static uint64_t number_of_way(struct writing *writing, uint64_t way)
{
    return number_of(writing, (uint32_t)(way >> HEADING_BITS)) << HEADING_BITS |
           (way & ((1U << HEADING_BITS) - 1));
}

static void put(struct writing *writing, uint64_t value)
{
    while (value >= 0x80) {
        *writing->at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *writing->at++ = (uint8_t)value;
}

static bool put_stops(const struct hs_next *next, struct writing *writing, struct hs_bump *bump,
                      Hitstream__V1__NextState *state)
{
    const struct hs_next_stop *stop = next->before.site ? &next->before : &next->stops[0];
    int64_t before_ms = stop->at_ms;
    state->before = next->before.site != 0;
    state->first_ms = before_ms;
    state->stops.data = writing->at = hs_bump_alloc(bump, (HS_NEXT_STOPS_MAX + 1) * STOP_MAX);
    for (size_t i = 0; writing->at && i < next->stop_count + state->before; i++) {
        stop = state->before && i == 0 ? stop : &next->stops[i - state->before];
        put(writing, number_of_way(writing, stop->way));
        put(writing, (uint64_t)(stop->at_ms - before_ms));
        put(writing, (uint64_t)(stop->last_ms - stop->at_ms));
        before_ms = stop->at_ms;
    }
    state->stops.len = writing->at ? (size_t)(writing->at - state->stops.data) : 0;
    return writing->at;
}

static bool put_ways(const struct hs_next *next, struct writing *writing, struct hs_bump *bump,
                     Hitstream__V1__NextState *state)
{
    uint16_t least = UINT16_MAX;
    for (size_t i = 0; i < next->way_count; i++) {
        least = next->ways[i].half < least ? next->ways[i].half : least;
    }
    state->least_half = next->way_count ? least : 0;
    state->ways.data = writing->at = hs_bump_alloc(bump, next->way_count * WAY_MAX + 1);
    for (size_t i = 0; writing->at && i < next->way_count; i++) {
        const struct hs_next_way *way = &next->ways[i];
        put(writing, number_of_way(writing, way->before));
        put(writing, number_of_way(writing, way->way));
        put(writing, number_of(writing, way->to));
        put(writing, (uint64_t)(way->half - least));
        put(writing, way->times);
        put(writing, way->times_before);
        put(writing, way->took_s);
    }
    state->ways.len = writing->at ? (size_t)(writing->at - state->ways.data) : 0;
    return writing->at;
}

Hitstream__V1__NextState *hs_next_pack(const struct hs_next *next, struct hs_bump *bump)
{
    Hitstream__V1__NextState *state = hs_bump_alloc(bump, sizeof(*state));
    struct writing writing = {.sites = hs_bump_alloc(bump, SITES_MAX * sizeof(uint32_t))};
    if (!state || !writing.sites) {
        return NULL;
    }
    hitstream__v1__next_state__init(state);
    if (!put_stops(next, &writing, bump, state) || !put_ways(next, &writing, bump, state)) {
        return NULL;
    }
    state->sites = writing.sites;
    state->n_sites = writing.count;
    return state;
}

// ------------------------------------------------------------------ reading

struct reading {
    const Hitstream__V1__NextState *state;
    const uint8_t *at, *end;
    bool broken; // it ended too soon, or a number is none
};

static void begin(struct reading *reading, ProtobufCBinaryData bytes)
{
    reading->at = bytes.data;
    reading->end = bytes.len ? bytes.data + bytes.len : bytes.data;
}

static uint64_t take(struct reading *reading, uint64_t max)
{
    uint64_t value = 0;
    for (unsigned shift = 0; reading->at < reading->end && shift < 64; shift += 7) {
        uint8_t byte = *reading->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            reading->broken = reading->broken || value > max;
            return value <= max ? value : 0;
        }
    }
    reading->broken = true;
    return 0;
}

static uint32_t take_site(struct reading *reading, uint64_t number)
{
    if (number > reading->state->n_sites) {
        reading->broken = true;
        return 0;
    }
    return number ? reading->state->sites[number - 1] : 0;
}

static uint64_t take_way(struct reading *reading)
{
    uint64_t number = take(reading, UINT32_MAX);
    return (uint64_t)take_site(reading, number >> HEADING_BITS) << HEADING_BITS |
           (number & ((1U << HEADING_BITS) - 1));
}

static void take_stops(struct reading *reading, struct hs_next *next)
{
    int64_t at_ms = reading->state->first_ms;
    bool before = reading->state->before;
    begin(reading, reading->state->stops);
    while (reading->at < reading->end && !reading->broken) {
        struct hs_next_stop stop = {.way = take_way(reading)};
        stop.site = (uint32_t)(stop.way >> HEADING_BITS);
        at_ms += (int64_t)take(reading, LATEST_MS);
        reading->broken = reading->broken || at_ms < 0 || at_ms > LATEST_MS;
        stop.at_ms = at_ms;
        stop.last_ms = at_ms + (int64_t)take(reading, LATEST_MS);
        if (before) {
            next->before = stop;
        } else if (next->stop_count < HS_NEXT_STOPS_MAX) {
            next->stops[next->stop_count++] = stop;
        } else {
            reading->broken = true;
        }
        before = false;
    }
}

static int take_ways(struct reading *reading, struct hs_next *next)
{
    next->ways = malloc(HS_NEXT_WAYS_MAX * sizeof(*next->ways));
    if (!next->ways) {
        return HS_ENOMEM;
    }
    next->way_capacity = HS_NEXT_WAYS_MAX;
    begin(reading, reading->state->ways);
    while (reading->at < reading->end && !reading->broken) {
        if (next->way_count == HS_NEXT_WAYS_MAX) {
            reading->broken = true;
            break;
        }
        struct hs_next_way *way = &next->ways[next->way_count++];
        way->before = take_way(reading);
        way->way = take_way(reading);
        way->to = take_site(reading, take(reading, UINT32_MAX));
        way->half = (uint16_t)(reading->state->least_half + take(reading, UINT16_MAX));
        way->times = (uint8_t)take(reading, UINT8_MAX);
        way->times_before = (uint8_t)take(reading, UINT8_MAX);
        way->took_s = (uint16_t)take(reading, UINT16_MAX);
    }
    struct hs_next_way *fitting = realloc(next->ways, (next->way_count + 1) * sizeof(*next->ways));
    if (fitting) {
        next->ways = fitting;
        next->way_capacity = next->way_count + 1;
    }
    return 0;
}

int hs_next_unpack(struct hs_next *next, const Hitstream__V1__NextState *state)
{
    struct reading reading = {.state = state};
    reading.broken = state->first_ms < 0 || state->first_ms > LATEST_MS;
    take_stops(&reading, next);
    int rc = state->ways.len > 0 ? take_ways(&reading, next) : 0;
    return rc ? rc : reading.broken ? HS_EFORMAT : 0;
}
