// SPDX-License-Identifier: Apache-2.0
#include "report/trail.h"

#include <stdlib.h>

#include "base/error.h"
#include "report/table.h"

// One read; texts by number.
struct read {
    int64_t at_ms;
    uint32_t vehicle, list, site, road, force, area;
};

struct hs_trail {
    char *group_id;
    int64_t from_ms, to_ms;
    struct hs_names names;
    struct read *reads;
    size_t count, capacity;
    uint64_t beyond;
    struct hs_trail_place *places;
    size_t place_count;
    uint64_t vehicles;
};

int hs_trail_new(struct hs_str group_id, int64_t from_ms, int64_t to_ms,
                 struct hs_trail **ret_trail)
{
    struct hs_trail *trail = calloc(1, sizeof(*trail));
    char *copy = hs_str_dup(group_id);
    if (!trail || !copy) {
        free(trail);
        free(copy);
        return HS_ENOMEM;
    }
    trail->group_id = copy;
    trail->from_ms = from_ms;
    trail->to_ms = to_ms;
    trail->names.rows =
        (struct hs_row_table){.row_bytes = sizeof(struct hs_str), .max = HS_TRAIL_NAMES_MAX};
    *ret_trail = trail;
    return 0;
}

void hs_trail_free(struct hs_trail *trail)
{
    if (trail) {
        hs_names_fini(&trail->names);
        free(trail->reads);
        free(trail->places);
        free(trail->group_id);
        free(trail);
    }
}

static int make_room(struct hs_trail *trail)
{
    size_t capacity = trail->capacity ? 2 * trail->capacity : 1024;
    if (trail->count < trail->capacity) {
        return 0;
    }
    void *grown = reallocarray(trail->reads, capacity, sizeof(*trail->reads));
    if (!grown) {
        return HS_ENOMEM;
    }
    trail->reads = grown;
    trail->capacity = capacity;
    return 0;
}

int hs_trail_add(struct hs_trail *trail, const struct hs_hit_view *hit)
{
    if (!hs_str_is(hit->entry.group_id, trail->group_id) || hit->test ||
        hit->captured_at_ms < trail->from_ms || hit->captured_at_ms >= trail->to_ms) {
        return 0;
    }
    if (trail->count >= HS_TRAIL_READS_MAX) {
        trail->beyond++;
        return 0;
    }
    if (make_room(trail) != 0) {
        return HS_ENOMEM;
    }
    struct hs_names *names = &trail->names;
    trail->reads[trail->count++] = (struct read){
        .at_ms = hit->captured_at_ms,
        .vehicle = hs_names_number(names, hit->vehicle),
        .list = hs_names_number(names, hit->list_id),
        .site = hs_names_number(names, hit->place.site_id),
        .road = hs_names_number(names, hit->place.road),
        .force = hs_names_number(names, hit->place.force),
        .area = hs_names_number(names, hit->place.area),
    };
    return 0;
}

// ------------------------------------------------------------------ in order

// By time, vehicle and site; texts decide, as numbers depend on the order of coming.
static int by_time(const void *a, const void *b, void *ctx)
{
    const struct hs_names *names = ctx;
    const struct read *x = a, *y = b;
    if (x->at_ms != y->at_ms) {
        return x->at_ms < y->at_ms ? -1 : 1;
    }
    int order = hs_str_cmp(hs_names_text(names, x->vehicle), hs_names_text(names, y->vehicle));
    order =
        order ? order : hs_str_cmp(hs_names_text(names, x->site), hs_names_text(names, y->site));
    return order ? order : hs_str_cmp(hs_names_text(names, x->list), hs_names_text(names, y->list));
}

static void begin_place(struct hs_trail *trail, const struct read *read)
{
    const struct hs_names *names = &trail->names;
    trail->places[trail->place_count++] = (struct hs_trail_place){
        .at_ms = read->at_ms,
        .until_ms = read->at_ms,
        .vehicle = hs_names_text(names, read->vehicle),
        .list_id = hs_names_text(names, read->list),
        .site_id = hs_names_text(names, read->site),
        .road = hs_names_text(names, read->road),
        .force = hs_names_text(names, read->force),
        .area = hs_names_text(names, read->area),
        .reads = 1,
    };
}

// Where each vehicle was last.
struct last {
    size_t place; // number
    int64_t at_ms;
};

static void take(struct hs_trail *trail, struct hs_row_table *lasts, const struct read *read)
{
    bool is_new;
    struct last *last = hs_row_table_at(lasts, hs_key_of(1, read->vehicle, 0), &is_new);
    struct hs_trail_place *place = last && !is_new ? &trail->places[last->place] : NULL;
    bool same = place && hs_str_eq(place->site_id, hs_names_text(&trail->names, read->site));
    trail->vehicles += is_new;
    if (same && last->at_ms == read->at_ms) {
        return; // the same read: on another list, or a copy
    }
    if (same) {
        place->until_ms = read->at_ms;
        place->reads++;
    } else {
        begin_place(trail, read);
    }
    if (last) {
        last->place = same ? last->place : trail->place_count - 1;
        last->at_ms = read->at_ms;
    }
}

void hs_trail_finish(struct hs_trail *trail)
{
    struct hs_row_table lasts = {.row_bytes = sizeof(struct last), .max = HS_TRAIL_NAMES_MAX};
    trail->places = calloc(trail->count + 1, sizeof(*trail->places));
    if (!trail->places) {
        trail->beyond += trail->count;
        return;
    }
    if (trail->count > 0) {
        qsort_r(trail->reads, trail->count, sizeof(*trail->reads), by_time, &trail->names);
    }
    for (size_t i = 0; i < trail->count; i++) {
        take(trail, &lasts, &trail->reads[i]);
    }
    hs_row_table_fini(&lasts);
}

const struct hs_trail_place *hs_trail_places(const struct hs_trail *trail, size_t *ret_count)
{
    *ret_count = trail->place_count;
    return trail->places;
}

uint64_t hs_trail_vehicles(const struct hs_trail *trail)
{
    return trail->vehicles;
}

uint64_t hs_trail_beyond_bounds(const struct hs_trail *trail)
{
    return trail->beyond + trail->names.rows.refused;
}
