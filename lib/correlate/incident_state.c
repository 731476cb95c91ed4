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

void hs_incident_free(struct hs_incident *incident, struct hs_intern_pool *pool)
{
    if (!incident) {
        return;
    }
    for (size_t i = 0; i < incident->trail_count; i++) {
        hs_intern_put(pool, incident->trail[i].place);
    }
    for (size_t i = 0; i < incident->told_count; i++) {
        hs_told_fini(&incident->told[i], pool);
    }
    for (size_t i = 0; i < incident->entry_count; i++) {
        hs_incident_entry_fini(&incident->entries[i], pool);
    }
    for (size_t i = 0; i < incident->given_count; i++) {
        hs_given_fini(&incident->given[i]);
    }
    for (size_t i = 0; i < incident->border.approached_count; i++) {
        hs_intern_put(pool, incident->border.approached[i].place);
    }
    hs_intern_put(pool, incident->border.in);
    hs_intern_put(pool, incident->border.from);
    hs_intern_put(pool, incident->border.back);
    hs_intern_put(pool, incident->place);
    hs_given_fini(&incident->acknowledged);
    free(incident->given);
    free(incident->entries);
    free(incident->trail);
    free(incident->told);
    free(incident);
}

const Hitstream__V1__Place *hs_place_of(const struct hs_interned *place)
{
    return (const Hitstream__V1__Place *)place->message;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || strcmp(a, b) == 0;
}

static bool same_position(const Hitstream__V1__Position *a, const Hitstream__V1__Position *b)
{
    return (!a && !b) || (a && b && memcmp(&a->latitude_deg, &b->latitude_deg, 8) == 0 &&
                          memcmp(&a->longitude_deg, &b->longitude_deg, 8) == 0);
}

bool hs_place_same(const Hitstream__V1__Place *a, const Hitstream__V1__Place *b)
{
    return same_text(a->camera_id, b->camera_id) && same_text(a->site_id, b->site_id) &&
           same_text(a->direction, b->direction) && same_text(a->road, b->road) &&
           same_text(a->force, b->force) && same_text(a->area, b->area) && a->mobile == b->mobile &&
           a->camera_unknown == b->camera_unknown && same_position(a->position, b->position);
}

bool hs_place_same_site(const struct hs_interned *a, const struct hs_interned *b)
{
    return a == b || strcmp(hs_place_of(a)->site_id, hs_place_of(b)->site_id) == 0;
}

void hs_place_set(struct hs_intern_pool *pool, const struct hs_interned **slot,
                  const struct hs_interned *place)
{
    hs_intern_put(pool, *slot);
    *slot = place;
}

static void merge(struct hs_trail_point *into, const struct hs_trail_point *point)
{
    into->captured_at_ms =
        point->captured_at_ms < into->captured_at_ms ? point->captured_at_ms : into->captured_at_ms;
    into->last_at_ms = point->last_at_ms > into->last_at_ms ? point->last_at_ms : into->last_at_ms;
    into->reads += point->reads;
    into->tier = point->tier > into->tier ? point->tier : into->tier;
    into->misplaced = into->misplaced && point->misplaced; // a sound camera of the site confirms it
}

int hs_incident_append_point(struct hs_incident *incident, const struct hs_trail_point *point)
{
    if (incident->trail_count == incident->trail_capacity) {
        size_t wanted = incident->trail_capacity ? incident->trail_capacity * 2 : 2;
        struct hs_trail_point *grown = realloc(incident->trail, wanted * sizeof(*grown));
        if (!grown) {
            return HS_ENOMEM;
        }
        incident->trail = grown;
        incident->trail_capacity = wanted;
    }
    incident->trail[incident->trail_count++] = *point;
    return 0;
}

bool hs_incident_misplace(struct hs_incident *incident, const char *camera, int64_t since_ms)
{
    bool any = false;
    for (size_t i = 0; i < incident->trail_count; i++) {
        struct hs_trail_point *point = &incident->trail[i];
        if (!point->misplaced && point->last_at_ms >= since_ms &&
            strcmp(hs_place_of(point->place)->camera_id, camera) == 0) {
            point->misplaced = any = true;
        }
    }
    return any;
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

// What its hit does not say is what a state means by leaving it out, so that a trail is the same
// before and after it was restored.
static struct hs_trail_point as_restored(const struct hs_trail_point *point)
{
    struct hs_trail_point placed = *point;
    if (placed.tier == HITSTREAM__V1__MATCH_TIER__MATCH_TIER_UNSPECIFIED) {
        placed.tier = HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT;
    }
    if (placed.lateness == HITSTREAM__V1__LATENESS__LATENESS_UNSPECIFIED) {
        placed.lateness = HITSTREAM__V1__LATENESS__LATENESS_LIVE;
    }
    return placed;
}

int hs_incident_place(struct hs_incident *incident, struct hs_intern_pool *pool,
                      const struct hs_trail_point *point, size_t trail_max, bool *ret_dropped)
{
    struct hs_trail_point added = as_restored(point); // and `point` may not outlive the append
    size_t at = places_until(incident, added.captured_at_ms);
    struct hs_trail_point *before = at > 0 ? &incident->trail[at - 1] : NULL;
    struct hs_trail_point *after = at < incident->trail_count ? &incident->trail[at] : NULL;
    *ret_dropped = false;
    if (before && hs_place_same_site(before->place, added.place)) {
        merge(before, &added);
        hs_intern_put(pool, added.place);
        return 0;
    }
    if (after && hs_place_same_site(after->place, added.place)) {
        merge(after, &added);
        hs_intern_put(pool, added.place);
        return 0;
    }
    int rc = hs_incident_append_point(incident, &added);
    if (rc != 0) {
        hs_intern_put(pool, added.place);
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
