// SPDX-License-Identifier: Apache-2.0
#include "geo/roads_learn.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"

enum {
    SAMPLES = 32, // journeys that the spread is taken from
    SAMPLES_MIN = 12,
    SPREAD_DEFAULT_PCT = 20,
    SPREAD_MIN_PCT = 5,
    FASTEST_PCT = 40,      // of free-flow: nobody is quicker than that
    FASTEST_M_PER_S = 45,  // 162 km/h on the straight line is not impossible
    NOBODY_M_PER_S = 50,   // 180 km/h is, but for
    SEEN_M = 1000,         // how far both cameras see, and how well their places are known
    HOUR_MIN_VEHICLES = 5, // fewer say nothing about their hour
    LONGEST_MS = 86400000,
};

// What was counted from one site and direction to another site.
struct pair {
    struct hs_str from, direction, to; // borrowed from the register
    struct hs_point ends[2];           // where their cameras stand
    bool placed;                       // both have a place
    int32_t *samples_ms;               // of single journeys, the first SAMPLES; owned; NULL: none
    uint32_t sample_count;
    bool corridor;       // one unbroken stretch, a person says or the register shows
    uint32_t distance_m; // a person's; 0: not given
    uint64_t vehicles[HS_ROADS_HOURS];
    uint64_t sum_ms[HS_ROADS_HOURS]; // of their journeys
};

struct hs_roads_learner {
    const struct hs_cameras *cameras;
    struct pair *pairs;
    size_t count;
    size_t capacity;
    uint32_t *slots; // number of a pair plus one, or 0
    size_t mask;
    uint64_t impossible; // journeys that were left out
};

struct hs_roads_learner *hs_roads_learner_new(const struct hs_cameras *cameras)
{
    struct hs_roads_learner *learner = calloc(1, sizeof(*learner));
    if (learner) {
        learner->cameras = cameras;
    }
    return learner;
}

void hs_roads_learner_free(struct hs_roads_learner *learner)
{
    if (learner) {
        for (size_t i = 0; i < learner->count; i++) {
            free(learner->pairs[i].samples_ms);
        }
        free(learner->pairs);
        free(learner->slots);
        free(learner);
    }
}

uint64_t hs_roads_learner_impossible(const struct hs_roads_learner *learner)
{
    return learner->impossible;
}

const struct hs_cameras *hs_roads_learner_cameras(const struct hs_roads_learner *learner)
{
    return learner->cameras;
}

static size_t slot_of(const struct hs_roads_learner *learner, struct hs_str from,
                      struct hs_str direction, struct hs_str to)
{
    uint64_t hash = hs_hash_bytes(from.ptr, from.len, 0);
    hash = hs_hash_bytes(direction.ptr, direction.len, hash);
    hash = hs_hash_bytes(to.ptr, to.len, hash);
    size_t at = hash & learner->mask;
    for (; learner->slots[at] != 0; at = (at + 1) & learner->mask) {
        const struct pair *pair = &learner->pairs[learner->slots[at] - 1];
        if (hs_str_eq(pair->from, from) && hs_str_eq(pair->direction, direction) &&
            hs_str_eq(pair->to, to)) {
            break;
        }
    }
    return at;
}

static int grow(struct hs_roads_learner *learner)
{
    size_t capacity = learner->capacity ? 2 * learner->capacity : 1024;
    struct pair *pairs = realloc(learner->pairs, capacity * sizeof(*pairs));
    uint32_t *slots = calloc(2 * capacity, sizeof(*slots));
    learner->pairs = pairs ? pairs : learner->pairs;
    if (!pairs || !slots) {
        free(slots);
        return HS_ENOMEM;
    }
    free(learner->slots);
    learner->slots = slots;
    learner->capacity = capacity;
    learner->mask = 2 * capacity - 1;
    for (size_t i = 0; i < learner->count; i++) {
        const struct pair *pair = &learner->pairs[i];
        learner->slots[slot_of(learner, pair->from, pair->direction, pair->to)] = (uint32_t)i + 1;
    }
    return 0;
}

static int find_or_add(struct hs_roads_learner *learner, struct hs_str from,
                       struct hs_str direction, struct hs_str to, struct pair **ret_pair)
{
    if (learner->count == learner->capacity) {
        if (learner->count >= HS_ROADS_LINKS_MAX) {
            return HS_ELIMIT;
        }
        if (grow(learner) != 0) {
            return HS_ENOMEM;
        }
    }
    size_t at = slot_of(learner, from, direction, to);
    if (learner->slots[at] == 0) {
        learner->pairs[learner->count] =
            (struct pair){.from = from, .direction = direction, .to = to};
        learner->slots[at] = (uint32_t)++learner->count;
    }
    *ret_pair = &learner->pairs[learner->slots[at] - 1];
    return 0;
}

// Keeps a single journey's time. HS_ENOMEM.
static int keep_sample(struct pair *pair, int64_t took_ms)
{
    if (!pair->samples_ms) {
        pair->samples_ms = calloc(SAMPLES, sizeof(*pair->samples_ms));
        if (!pair->samples_ms) {
            return HS_ENOMEM;
        }
    }
    if (pair->sample_count < SAMPLES) {
        pair->samples_ms[pair->sample_count++] = (int32_t)took_ms;
    }
    return 0;
}

// Quicker than anybody drives: a clone, a misread, or a camera that shows a wrong time or stands
// elsewhere.
static bool is_impossible(const struct hs_camera *from, const struct hs_camera *to, int64_t mean_ms)
{
    if (!from->has_position || !to->has_position) {
        return false;
    }
    double far_m = hs_point_distance_m(from->position, to->position) - SEEN_M;
    return far_m * 1000 > (double)mean_ms * NOBODY_M_PER_S;
}

int hs_roads_learner_add(struct hs_roads_learner *learner, struct hs_str from_camera,
                         struct hs_str to_camera, unsigned hour, uint64_t vehicles, int64_t mean_ms)
{
    const struct hs_camera *from = hs_cameras_find(learner->cameras, from_camera);
    const struct hs_camera *to = hs_cameras_find(learner->cameras, to_camera);
    struct pair *pair;
    if (!from || !to) {
        return HS_ENOTFOUND;
    }
    if (hour >= HS_ROADS_HOURS || mean_ms <= 0 || mean_ms > LONGEST_MS) {
        return HS_EINVAL;
    }
    if (hs_str_eq(from->site_id, to->site_id) || from->mobile || to->mobile || vehicles == 0) {
        return 0;
    }
    if (is_impossible(from, to, mean_ms)) {
        learner->impossible += vehicles;
        return 0;
    }
    int rc = find_or_add(learner, from->site_id, from->direction, to->site_id, &pair);
    if (rc == 0) {
        pair->vehicles[hour] += vehicles;
        pair->sum_ms[hour] += vehicles * (uint64_t)mean_ms;
        pair->ends[0] = from->position;
        pair->ends[1] = to->position;
        pair->placed = from->has_position && to->has_position;
        rc = vehicles == 1 ? keep_sample(pair, mean_ms) : 0;
        pair->corridor = pair->corridor || (from->road.len > 0 && hs_str_eq(from->road, to->road));
    }
    return rc;
}

static const struct hs_camera *site_of(const struct hs_roads_learner *learner, struct hs_str site)
{
    for (size_t i = 0; i < hs_cameras_count(learner->cameras); i++) {
        const struct hs_camera *camera = hs_cameras_at(learner->cameras, i);
        if (hs_str_eq(camera->site_id, site)) {
            return camera;
        }
    }
    return NULL;
}

int hs_roads_learner_link(struct hs_roads_learner *learner, struct hs_str from_site,
                          struct hs_str direction, struct hs_str to_site, uint32_t distance_m,
                          bool corridor)
{
    const struct hs_camera *from = site_of(learner, from_site);
    const struct hs_camera *to = site_of(learner, to_site);
    bool found = false;
    if (!from || !to) {
        return HS_ENOTFOUND;
    }
    for (size_t i = 0; i < learner->count; i++) {
        struct pair *pair = &learner->pairs[i];
        if (hs_str_eq(pair->from, from_site) && hs_str_eq(pair->to, to_site) &&
            (direction.len == 0 || hs_str_eq(pair->direction, direction))) {
            pair->distance_m = distance_m;
            pair->corridor = corridor;
            found = true;
        }
    }
    return found ? 0 : HS_EINVAL;
}

// ------------------------------------------------------------------ the table

static int by_key(const void *a, const void *b)
{
    const struct pair *x = a;
    const struct pair *y = b;
    int order = hs_str_cmp(x->from, y->from);
    order = order ? order : hs_str_cmp(x->direction, y->direction);
    return order ? order : hs_str_cmp(x->to, y->to);
}

static uint64_t vehicles_of(const struct pair *pair)
{
    uint64_t sum = 0;
    for (size_t hour = 0; hour < HS_ROADS_HOURS; hour++) {
        sum += pair->vehicles[hour];
    }
    return sum;
}

static void fill_times(const struct pair *pair, struct hs_road_link *link)
{
    uint64_t sum_ms = 0;
    int64_t all_ms;
    for (size_t hour = 0; hour < HS_ROADS_HOURS; hour++) {
        sum_ms += pair->sum_ms[hour];
    }
    all_ms = (int64_t)(sum_ms / vehicles_of(pair));
    link->free_ms = all_ms;
    for (size_t hour = 0; hour < HS_ROADS_HOURS; hour++) {
        bool enough = pair->vehicles[hour] >= HOUR_MIN_VEHICLES;
        int64_t mean_ms = enough ? (int64_t)(pair->sum_ms[hour] / pair->vehicles[hour]) : all_ms;
        link->typical_ms[hour] = mean_ms / 1000 * 1000; // a thousandth says nothing
        link->free_ms =
            link->typical_ms[hour] < link->free_ms ? link->typical_ms[hour] : link->free_ms;
    }
    link->free_ms = link->free_ms / 1000 * 1000;
    link->fastest_ms = link->free_ms * FASTEST_PCT / 100;
    if (link->distance_m > 0) {
        int64_t haste_ms = (int64_t)link->distance_m * 1000 / FASTEST_M_PER_S;
        link->fastest_ms = haste_ms < link->fastest_ms ? haste_ms : link->fastest_ms;
    }
}

static int by_time(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a;
    int32_t y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

// From the middle half of single journeys, which in a normal distribution is 1.35 deviations wide:
// those who stopped on the way do not count.
static uint32_t spread_of(const struct pair *pair)
{
    if (pair->sample_count < SAMPLES_MIN) {
        return SPREAD_DEFAULT_PCT;
    }
    qsort(pair->samples_ms, pair->sample_count, sizeof(*pair->samples_ms), by_time);
    int64_t low_ms = pair->samples_ms[pair->sample_count / 4];
    int64_t middle_ms = pair->samples_ms[pair->sample_count / 2];
    int64_t high_ms = pair->samples_ms[pair->sample_count * 3 / 4];
    int64_t pct = (high_ms - low_ms) * 10000 / 135 / middle_ms;
    return pct < SPREAD_MIN_PCT ? SPREAD_MIN_PCT : pct > 200 ? 200 : (uint32_t)pct;
}

static struct hs_road_link make_link(const struct pair *pair, uint64_t leaving)
{
    struct hs_road_link link = {
        .from = pair->from,
        .direction = pair->direction,
        .to = pair->to,
        .distance_m = pair->distance_m,
        .spread_pct = spread_of(pair),
        .share_ppm = (uint32_t)(vehicles_of(pair) * HS_PPM / leaving),
        .corridor = pair->corridor,
    };
    if (link.distance_m == 0 && pair->placed) {
        link.distance_m = (uint32_t)hs_point_distance_m(pair->ends[0], pair->ends[1]);
    }
    fill_times(pair, &link);
    return link;
}

int hs_roads_learner_finish(struct hs_roads_learner *learner, uint64_t min_vehicles,
                            struct hs_buf *out)
{
    if (learner->count > 0) {
        qsort(learner->pairs, learner->count, sizeof(*learner->pairs), by_key);
    }
    free(learner->slots); // numbers of pairs hold no longer
    learner->slots = NULL;
    learner->capacity = 0;
    hs_roads_print_header(out);
    size_t end;
    for (size_t first = 0; first < learner->count; first = end) {
        const struct pair *pair = &learner->pairs[first];
        uint64_t leaving = 0;
        for (end = first; end < learner->count && hs_str_eq(learner->pairs[end].from, pair->from) &&
                          hs_str_eq(learner->pairs[end].direction, pair->direction);
             end++) {
            leaving += vehicles_of(&learner->pairs[end]);
        }
        for (size_t i = first; i < end; i++) {
            if (vehicles_of(&learner->pairs[i]) >= min_vehicles) {
                struct hs_road_link link = make_link(&learner->pairs[i], leaving);
                hs_roads_print_link(&link, out);
            }
        }
    }
    return hs_buf_status(out);
}
