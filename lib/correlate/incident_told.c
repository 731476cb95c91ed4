// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "correlate/incident_state.h"

void hs_told_fini(struct hs_told *told, struct hs_intern_pool *pool)
{
    for (size_t i = 0; i < told->place_count; i++) {
        hs_intern_put(pool, told->places[i].place);
    }
    for (size_t i = 0; i < told->recent_count; i++) {
        hs_intern_put(pool, told->recent[i].place);
    }
    hs_intern_put(pool, told->place);
    free(told->queue);
    free(told->token);
}

struct hs_told *hs_incident_told(const struct hs_incident *incident, struct hs_str queue)
{
    for (size_t i = 0; i < incident->told_count; i++) {
        if (hs_str_is(queue, incident->told[i].queue)) {
            return &incident->told[i];
        }
    }
    return NULL;
}

// Forgets the queue that was told longest ago; among equals the first.
static void forget_one(struct hs_incident *incident, struct hs_intern_pool *pool)
{
    size_t oldest = 0;
    for (size_t i = 1; i < incident->told_count; i++) {
        if (incident->told[i].event_at_ms < incident->told[oldest].event_at_ms) {
            oldest = i;
        }
    }
    hs_told_fini(&incident->told[oldest], pool);
    incident->told_count--;
    memmove(&incident->told[oldest], &incident->told[oldest + 1],
            (incident->told_count - oldest) * sizeof(*incident->told));
}

struct hs_told *hs_incident_told_add(struct hs_incident *incident, struct hs_intern_pool *pool,
                                     struct hs_str queue)
{
    struct hs_told *told = hs_incident_told(incident, queue);
    if (told) {
        return told;
    }
    if (incident->told_count == HS_INCIDENT_TOLD_MAX) {
        forget_one(incident, pool);
    }
    if (incident->told_count == incident->told_capacity) {
        size_t wanted = incident->told_capacity ? incident->told_capacity * 2 : 2;
        struct hs_told *grown = realloc(incident->told, wanted * sizeof(*grown));
        if (!grown) {
            return NULL;
        }
        incident->told = grown;
        incident->told_capacity = wanted;
    }
    char *name = hs_str_dup(queue);
    if (!name) {
        return NULL;
    }
    told = &incident->told[incident->told_count++];
    *told = (struct hs_told){.queue = name};
    return told;
}

bool hs_told_find(const struct hs_told *told, const struct hs_interned *place, uint8_t number,
                  int64_t at_ms, int64_t *ret_event_at_ms)
{
    int64_t nearest_ms = INT64_MAX;
    for (size_t i = 0; i < told->place_count; i++) {
        const struct hs_told_place *row = &told->places[i];
        int64_t apart_ms = llabs(row->event_at_ms - at_ms);
        if (row->number == number && apart_ms < nearest_ms &&
            hs_place_same_site(row->place, place)) {
            nearest_ms = apart_ms;
            *ret_event_at_ms = row->event_at_ms;
        }
    }
    return nearest_ms != INT64_MAX;
}

bool hs_told_site(const struct hs_told *told, const struct hs_interned *place)
{
    for (size_t i = told->place_count; i > 0; i--) {
        if (hs_place_same_site(told->places[i - 1].place, place)) {
            return true;
        }
    }
    return false;
}

static void forget_place(struct hs_told *told, struct hs_intern_pool *pool, size_t index)
{
    hs_intern_put(pool, told->places[index].place);
    told->place_count--;
    memmove(&told->places[index], &told->places[index + 1],
            (told->place_count - index) * sizeof(told->places[0]));
}

void hs_told_append(struct hs_told *told, struct hs_intern_pool *pool,
                    const struct hs_told_place *row)
{
    if (told->place_count == HS_TOLD_PLACES_MAX) {
        forget_place(told, pool, 0);
    }
    told->places[told->place_count++] = *row;
}

void hs_told_note(struct hs_told *told, struct hs_intern_pool *pool,
                  const struct hs_told_place *row)
{
    size_t last = told->place_count; // the last earlier telling of the same
    for (size_t i = 0; i < told->place_count; i++) {
        const struct hs_told_place *place = &told->places[i];
        if (place->number == row->number && place->event_at_ms <= row->event_at_ms &&
            hs_place_same_site(place->place, row->place) &&
            (last == told->place_count || place->event_at_ms > told->places[last].event_at_ms)) {
            last = i;
        }
    }
    if (last < told->place_count) {
        forget_place(told, pool, last);
    }
    hs_told_append(told, pool, row);
}

void hs_told_note_alert(struct hs_told *told, struct hs_intern_pool *pool,
                        const struct hs_told_alert *alert)
{
    if (told->recent_count == HS_TOLD_RECENT_MAX) {
        hs_intern_put(pool, told->recent[0].place);
        told->recent_count--;
        memmove(&told->recent[0], &told->recent[1], told->recent_count * sizeof(told->recent[0]));
    }
    told->recent[told->recent_count++] = *alert;
}

bool hs_told_by_camera(const struct hs_told *told, const struct hs_told_alert *alert,
                       const char *camera, int64_t since_ms)
{
    if (!alert->place || strcmp(hs_place_of(alert->place)->camera_id, camera) != 0) {
        return false;
    }
    int64_t told_ms = told->event_at_ms; // of the last, where the place is forgotten
    hs_told_find(told, alert->place, alert->number, INT64_MAX / 2, &told_ms);
    return told_ms >= since_ms;
}

bool hs_told_settle_camera(struct hs_told *told, struct hs_intern_pool *pool, const char *camera)
{
    bool any = false;
    for (size_t i = 0; i < told->recent_count; i++) {
        struct hs_told_alert *alert = &told->recent[i];
        if (alert->place && strcmp(hs_place_of(alert->place)->camera_id, camera) == 0) {
            hs_place_set(pool, &alert->place, NULL);
            any = true;
        }
    }
    return any;
}

// Where it was, by the newest telling that is left.
static void place_anew(struct hs_told *told, struct hs_intern_pool *pool)
{
    const struct hs_told_place *newest = NULL;
    for (size_t i = 0; i < told->place_count; i++) {
        const struct hs_told_place *row = &told->places[i];
        newest = !newest || row->event_at_ms >= newest->event_at_ms ? row : newest;
    }
    hs_place_set(pool, &told->place, newest ? hs_intern_ref(newest->place) : NULL);
}

size_t hs_told_forget_camera(struct hs_told *told, struct hs_intern_pool *pool, const char *camera,
                             int64_t since_ms)
{
    size_t kept = 0, count = told->recent_count;
    for (size_t i = 0; i < count; i++) {
        if (hs_told_by_camera(told, &told->recent[i], camera, since_ms)) {
            hs_intern_put(pool, told->recent[i].place);
        } else {
            told->recent[kept++] = told->recent[i];
        }
    }
    told->recent_count = kept;
    for (size_t i = told->place_count; i > 0; i--) {
        if (strcmp(hs_place_of(told->places[i - 1].place)->camera_id, camera) == 0 &&
            told->places[i - 1].event_at_ms >= since_ms) {
            forget_place(told, pool, i - 1);
        }
    }
    if (kept < count && told->place && strcmp(hs_place_of(told->place)->camera_id, camera) == 0) {
        place_anew(told, pool);
    }
    return count - kept;
}

static void forget_number(struct hs_told *told, struct hs_intern_pool *pool, uint8_t number)
{
    size_t kept = 0;
    told->known &= ~(UINT64_C(1) << number);
    for (size_t i = told->place_count; i > 0; i--) {
        if (told->places[i - 1].number == number) {
            forget_place(told, pool, i - 1);
        }
    }
    for (size_t i = 0; i < told->recent_count; i++) {
        if (told->recent[i].number != number) {
            told->recent[kept++] = told->recent[i];
        } else {
            hs_intern_put(pool, told->recent[i].place);
        }
    }
    told->recent_count = kept;
}

void hs_incident_forget_number(struct hs_incident *incident, struct hs_intern_pool *pool,
                               uint8_t number)
{
    for (size_t i = 0; i < incident->told_count; i++) {
        forget_number(&incident->told[i], pool, number);
    }
}
