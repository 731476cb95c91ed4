// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/next_past.h"

#include <stdlib.h>

#include "base/error.h"

enum {
    FULL = 2,
    HALF = 1,
    TIMES_MAX = 255,
    TOOK_MAX_S = 65535,
    NUMBERS_APART = 2,
    HEADING_BITS = 4
};

void hs_next_fini(struct hs_next *next)
{
    free(next->ways);
    *next = (struct hs_next){0};
}

bool hs_next_is_kept(const struct hs_next *next)
{
    return next->way_count > 0 || next->stop_count > 1;
}

static uint64_t heading_of(const char *direction)
{
    static const char *const points[] = {"N", "NE", "E", "SE", "S", "SW", "W", "NW"};
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        if (strcmp(points[i], direction) == 0) {
            return i + 1;
        }
    }
    return 0;
}

struct hs_next_stop hs_next_stop_of(const Hitstream__V1__Hit *hit, int64_t at_ms)
{
    uint32_t site = hs_site_hash(hs_str(hit->place->site_id));
    uint64_t way = (uint64_t)site << HEADING_BITS | heading_of(hit->place->direction);
    return (struct hs_next_stop){site, way, at_ms, at_ms};
}

// ------------------------------------------------------------------ what a way counts

static uint16_t half_of(const struct hs_next_view *view, int64_t at_ms)
{
    return (uint16_t)(at_ms / (view->rules->next_remember_ms / 2));
}

uint32_t hs_next_weight(const struct hs_next_view *view, const struct hs_next_way *way,
                        int64_t at_ms)
{
    int32_t age = (int32_t)half_of(view, at_ms) - way->half;
    return age < -NUMBERS_APART ? 0 // numbered by another next.remember_ms
           : age <= 0           ? (uint32_t)FULL * way->times + (uint32_t)HALF * way->times_before
           : age == 1           ? (uint32_t)HALF * way->times
                                : 0;
}

// Counts it once more in that half.
static void count_once(struct hs_next_way *way, uint16_t half)
{
    int32_t later = (int32_t)half - way->half;
    if (later > 0 || later < -NUMBERS_APART) {
        way->times_before = later == 1 ? way->times : 0;
        way->times = 0;
        way->half = half;
    }
    uint8_t *times = later >= 0 ? &way->times : later == -1 ? &way->times_before : NULL;
    if (times && *times < TIMES_MAX) {
        ++*times;
    }
}

// ------------------------------------------------------------------ the last stops

static bool is_one_journey(const struct hs_next_view *view, const struct hs_next_stop *first,
                           const struct hs_next_stop *second)
{
    return second->at_ms - first->last_ms <= view->rules->quiet_ms;
}

// The stop before that number; NULL: not known.
static const struct hs_next_stop *stop_before(const struct hs_next *next, size_t index)
{
    return index > 0 ? &next->stops[index - 1] : next->before.site ? &next->before : NULL;
}

static uint64_t came_by(const struct hs_next *next, const struct hs_next_view *view, size_t index,
                        const struct hs_next_stop *stop)
{
    const struct hs_next_stop *before = stop_before(next, index);
    return before && is_one_journey(view, before, stop) ? before->way : 0;
}

uint64_t hs_next_came_by(const struct hs_next *next, const struct hs_next_view *view,
                         const struct hs_next_stop *stop)
{
    size_t index = next->stop_count;
    while (index > 0 && next->stops[index - 1].at_ms > stop->at_ms) {
        index--;
    }
    const struct hs_next_stop *before = stop_before(next, index);
    bool again = before && before->way == stop->way && is_one_journey(view, before, stop);
    return again && index == 0 ? 0
           : again             ? came_by(next, view, index - 1, before)
                               : came_by(next, view, index, stop);
}

// How it went on from one stop to the one after it; false: it only turned at the site.
static bool make_way(const struct hs_next *next, const struct hs_next_view *view, size_t index,
                     struct hs_next_way *ret_way)
{
    const struct hs_next_stop *from = &next->stops[index];
    const struct hs_next_stop *to = &next->stops[index + 1];
    bool goes_on = is_one_journey(view, from, to);
    int64_t took_s = goes_on && to->at_ms > from->last_ms ? (to->at_ms - from->last_ms) / 1000 : 0;
    *ret_way = (struct hs_next_way){
        .before = came_by(next, view, index, from),
        .way = from->way,
        .to = goes_on ? to->site : 0,
        .half = half_of(view, from->at_ms),
        .times = 1,
        .took_s = (uint16_t)(took_s < TOOK_MAX_S ? took_s : TOOK_MAX_S),
    };
    return !goes_on || from->site != to->site;
}

void hs_next_each(const struct hs_next *next, const struct hs_next_view *view, int64_t at_ms,
                  void (*fn)(void *ctx, const struct hs_next_way *way, uint32_t halves), void *ctx)
{
    struct hs_next_way way;
    for (size_t i = 0; i < next->way_count; i++) {
        fn(ctx, &next->ways[i], hs_next_weight(view, &next->ways[i], at_ms));
    }
    for (size_t i = 0; i + 1 < next->stop_count && next->stops[i + 1].at_ms <= at_ms; i++) {
        if (make_way(next, view, i, &way)) {
            fn(ctx, &way, hs_next_weight(view, &way, at_ms));
        }
    }
}

// ------------------------------------------------------------------ counting

static struct hs_next_way *find_way(struct hs_next *next, const struct hs_next_way *key)
{
    for (size_t i = 0; i < next->way_count; i++) {
        struct hs_next_way *way = &next->ways[i];
        if (way->before == key->before && way->way == key->way && way->to == key->to) {
            return way;
        }
    }
    return NULL;
}

// The one that counts least, of those the one that was first used first.
static size_t least_used(const struct hs_next *next, const struct hs_next_view *view, int64_t at_ms)
{
    size_t least = 0;
    for (size_t i = 1; i < next->way_count; i++) {
        if (hs_next_weight(view, &next->ways[i], at_ms) <
            hs_next_weight(view, &next->ways[least], at_ms)) {
            least = i;
        }
    }
    return least;
}

static int add_way(struct hs_next *next, const struct hs_next_view *view,
                   const struct hs_next_way *way, int64_t at_ms)
{
    if (next->way_count == HS_NEXT_WAYS_MAX) {
        size_t least = least_used(next, view, at_ms);
        next->way_count--;
        memmove(&next->ways[least], &next->ways[least + 1],
                (next->way_count - least) * sizeof(*next->ways));
    }
    if (next->way_count == next->way_capacity) {
        size_t capacity = next->way_capacity ? 2 * next->way_capacity : 6;
        struct hs_next_way *grown = realloc(next->ways, capacity * sizeof(*grown));
        if (!grown) {
            return HS_ENOMEM;
        }
        next->ways = grown;
        next->way_capacity = capacity;
    }
    next->ways[next->way_count++] = *way;
    return 0;
}

// The first of the last stops leaves: how it went on from there is counted.
static int count_first(struct hs_next *next, const struct hs_next_view *view)
{
    struct hs_next_way way;
    int rc = 0;
    if (make_way(next, view, 0, &way)) {
        struct hs_next_way *known = find_way(next, &way);
        if (known) {
            count_once(known, way.half);
            known->took_s = (uint16_t)(((uint32_t)known->took_s * 3 + way.took_s + 2) / 4);
        } else {
            rc = add_way(next, view, &way, next->stops[0].at_ms);
        }
    }
    next->before = next->stops[0];
    next->stop_count--;
    memmove(&next->stops[0], &next->stops[1], next->stop_count * sizeof(next->stops[0]));
    return rc;
}

// Whether the read is one more of a stop that is known.
static bool is_again(struct hs_next *next, const struct hs_next_view *view, size_t index,
                     const struct hs_next_stop *stop)
{
    struct hs_next_stop *first = index > 0 ? &next->stops[index - 1] : NULL;
    struct hs_next_stop *second = index < next->stop_count ? &next->stops[index] : NULL;
    if (first && first->way == stop->way && is_one_journey(view, first, stop)) {
        first->last_ms = stop->at_ms > first->last_ms ? stop->at_ms : first->last_ms;
        return true;
    }
    if (second && second->way == stop->way && is_one_journey(view, stop, second)) {
        second->at_ms = stop->at_ms;
        return true;
    }
    return false;
}

int hs_next_on_hit(struct hs_next *next, const struct hs_next_view *view,
                   const Hitstream__V1__Hit *hit, int64_t at_ms)
{
    struct hs_next_stop stop = hs_next_stop_of(hit, at_ms);
    size_t index = next->stop_count;
    if (view->rules->next_places == 0 || hit->place->camera_unknown ||
        (next->before.site && at_ms < next->before.last_ms)) {
        return 0; // off, or nobody knows where, or counted already
    }
    while (index > 0 && next->stops[index - 1].at_ms > at_ms) {
        index--;
    }
    if (is_again(next, view, index, &stop)) {
        return 0;
    }
    if (next->stop_count == HS_NEXT_STOPS_MAX) {
        if (index == 0) {
            return 0; // it would leave at once
        }
        int rc = count_first(next, view);
        if (rc != 0) {
            return rc;
        }
        index--;
    }
    memmove(&next->stops[index + 1], &next->stops[index],
            (next->stop_count - index) * sizeof(next->stops[0]));
    next->stops[index] = stop;
    next->stop_count++;
    return 0;
}
