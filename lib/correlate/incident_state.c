// SPDX-License-Identifier: Apache-2.0
#include "correlate/incident_state.h"

#include <stdlib.h>

#include "base/error.h"

struct hs_incident *hs_incident_new(const struct hs_id *id, int64_t opened_at_ms)
{
    struct hs_incident *incident = calloc(1, sizeof(*incident));
    if (incident) {
        incident->id = *id;
        incident->opened_at_ms = opened_at_ms;
        incident->last_at_ms = opened_at_ms;
    }
    return incident;
}

static void told_fini(struct hs_told *told, struct hs_intern_pool *pool)
{
    for (size_t i = 0; i < told->place_count; i++) {
        hs_intern_put(pool, told->places[i].what);
    }
    free(told->queue);
}

void hs_incident_free(struct hs_incident *incident, struct hs_intern_pool *pool)
{
    if (!incident) {
        return;
    }
    for (size_t i = 0; i < incident->trail_count; i++) {
        hs_intern_put(pool, incident->trail[i].place);
    }
    for (size_t i = 0; i < incident->told_count; i++) {
        told_fini(&incident->told[i], pool);
    }
    for (size_t i = 0; i < incident->list_count; i++) {
        hs_intern_put(pool, incident->lists[i]);
    }
    free(incident->trail);
    free(incident->told);
    free(incident);
}

static bool same_site(const struct hs_interned *a, const struct hs_interned *b)
{
    const Hitstream__V1__Place *left = (const Hitstream__V1__Place *)a->message;
    const Hitstream__V1__Place *right = (const Hitstream__V1__Place *)b->message;
    return a == b || strcmp(left->site_id, right->site_id) == 0;
}

static bool make_room(void **rows, size_t row_bytes, size_t count, size_t *capacity)
{
    if (count < *capacity) {
        return true;
    }
    size_t wanted = *capacity ? *capacity * 2 : 2;
    void *grown = realloc(*rows, wanted * row_bytes);
    if (!grown) {
        return false;
    }
    *rows = grown;
    *capacity = wanted;
    return true;
}

static void merge(struct hs_trail_point *into, const struct hs_trail_point *point)
{
    into->captured_at_ms =
        point->captured_at_ms < into->captured_at_ms ? point->captured_at_ms : into->captured_at_ms;
    into->last_at_ms = point->last_at_ms > into->last_at_ms ? point->last_at_ms : into->last_at_ms;
    into->reads += point->reads;
    into->tier = point->tier > into->tier ? point->tier : into->tier;
}

int hs_incident_append_point(struct hs_incident *incident, const struct hs_trail_point *point)
{
    if (!make_room((void **)&incident->trail, sizeof(*incident->trail), incident->trail_count,
                   &incident->trail_capacity)) {
        return HS_ENOMEM;
    }
    incident->trail[incident->trail_count++] = *point;
    return 0;
}

// How many places of the trail begin no later than `at_ms`.
static size_t places_until(const struct hs_incident *incident, int64_t at_ms)
{
    size_t i = incident->trail_count;
    while (i > 0 && incident->trail[i - 1].captured_at_ms > at_ms) {
        i--;
    }
    return i;
}

static void drop_oldest(struct hs_incident *incident, struct hs_intern_pool *pool)
{
    hs_intern_put(pool, incident->trail[0].place);
    incident->trail_count--;
    memmove(&incident->trail[0], &incident->trail[1],
            incident->trail_count * sizeof(*incident->trail));
    incident->trail_dropped++;
}

int hs_incident_place(struct hs_incident *incident, struct hs_intern_pool *pool,
                      const struct hs_trail_point *point, size_t trail_max, bool *ret_dropped)
{
    size_t at = places_until(incident, point->captured_at_ms);
    struct hs_trail_point *before = at > 0 ? &incident->trail[at - 1] : NULL;
    struct hs_trail_point *after = at < incident->trail_count ? &incident->trail[at] : NULL;
    *ret_dropped = false;
    if (before && same_site(before->place, point->place)) {
        merge(before, point);
        hs_intern_put(pool, point->place);
        return 0;
    }
    if (after && same_site(after->place, point->place)) {
        merge(after, point);
        hs_intern_put(pool, point->place);
        return 0;
    }
    struct hs_trail_point added = *point; // `point` may not outlive the append
    int rc = hs_incident_append_point(incident, &added);
    if (rc != 0) {
        hs_intern_put(pool, point->place);
        return rc;
    }
    memmove(&incident->trail[at + 1], &incident->trail[at],
            (incident->trail_count - 1 - at) * sizeof(*incident->trail));
    incident->trail[at] = added;
    while (incident->trail_count > trail_max) {
        drop_oldest(incident, pool);
        *ret_dropped = true;
    }
    return 0;
}

int hs_incident_note_list(struct hs_incident *incident, struct hs_intern_pool *pool,
                          const Hitstream__V1__ListInfo *list)
{
    const struct hs_interned *object = hs_intern_get(pool, &list->base);
    if (!object) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < incident->list_count; i++) {
        const Hitstream__V1__ListInfo *held =
            (const Hitstream__V1__ListInfo *)incident->lists[i]->message;
        if (strcmp(held->list_id, list->list_id) == 0) {
            hs_intern_put(pool, incident->lists[i]);
            incident->lists[i] = object;
            return 0;
        }
    }
    if (incident->list_count == HS_INCIDENT_LISTS_MAX) {
        hs_intern_put(pool, incident->lists[0]);
        incident->list_count--;
        memmove(&incident->lists[0], &incident->lists[1],
                incident->list_count * sizeof(incident->lists[0]));
    }
    incident->lists[incident->list_count++] = object;
    return 0;
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
    told_fini(&incident->told[oldest], pool);
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
    char *name = hs_str_dup(queue);
    if (!name || !make_room((void **)&incident->told, sizeof(*incident->told), incident->told_count,
                            &incident->told_capacity)) {
        free(name);
        return NULL;
    }
    told = &incident->told[incident->told_count++];
    *told = (struct hs_told){.queue = name};
    return told;
}

bool hs_told_find(const struct hs_told *told, const struct hs_interned *what, int64_t at_ms,
                  int64_t *ret_event_at_ms)
{
    int64_t nearest_ms = INT64_MAX;
    for (size_t i = 0; i < told->place_count; i++) {
        int64_t apart_ms = llabs(told->places[i].event_at_ms - at_ms);
        if (told->places[i].what == what && apart_ms < nearest_ms) {
            nearest_ms = apart_ms;
            *ret_event_at_ms = told->places[i].event_at_ms;
        }
    }
    return nearest_ms != INT64_MAX;
}

static void forget_place(struct hs_told *told, struct hs_intern_pool *pool, size_t index)
{
    hs_intern_put(pool, told->places[index].what);
    told->place_count--;
    memmove(&told->places[index], &told->places[index + 1],
            (told->place_count - index) * sizeof(told->places[0]));
}

void hs_told_append(struct hs_told *told, struct hs_intern_pool *pool,
                    const struct hs_interned *what, int64_t event_at_ms)
{
    if (told->place_count == HS_TOLD_PLACES_MAX) {
        forget_place(told, pool, 0);
    }
    told->places[told->place_count++] = (struct hs_told_place){what, event_at_ms};
}

void hs_told_note(struct hs_told *told, struct hs_intern_pool *pool, const struct hs_interned *what,
                  int64_t event_at_ms)
{
    size_t last = told->place_count; // the last earlier telling of the same
    for (size_t i = 0; i < told->place_count; i++) {
        const struct hs_told_place *place = &told->places[i];
        if (place->what == what && place->event_at_ms <= event_at_ms &&
            (last == told->place_count || place->event_at_ms > told->places[last].event_at_ms)) {
            last = i;
        }
    }
    if (last < told->place_count) {
        forget_place(told, pool, last);
    }
    hs_told_append(told, pool, what, event_at_ms);
}
