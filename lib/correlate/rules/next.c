// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/next.h"

#include <stdlib.h>

#include "base/civil.h"
#include "correlate/rules/next_past.h"

enum {
    CANDIDATES_MAX = 48,
    HUNDREDTHS = 50,          // in a half of a time
    DISCOUNT = 60,            // hundredths of each site's own times, for those not seen yet
    GOES_ON_PERMILLE = 850,   // of anybody's reads are not the last of a journey
    GOES_ON_TRUST = 1000,     // times that weigh as much, in hundredths
    ENDS_TRUST = 200,         // and times here, where journeys end in the same places
    OWN_SPREAD_PCT = 25,      // of a journey that the road table does not know
    DEVIATION_MIN_MS = 15000, // cameras' clocks, and where in the picture it was read
    TABLE_TIMES = 4,          // own journeys that say as much of the time as the table
    EARLY_PCT = 150,          // deviations before and behind the expected time
    LATE_PCT = 260,           // that hold nine in ten: journeys are stretched, seldom shortened
};

// Times of one kind, in halves.
struct tally {
    uint32_t all;
    uint32_t ends; // of them, after which it was read nowhere
};

struct candidate {
    uint32_t site;
    uint32_t share_ppm;         // of the road's traffic
    uint32_t own[2];            // halves from here, and from here when it came this way
    uint64_t took_s;            // sum of own journeys, by halves
    struct hs_next_place place; // what is told
};

// One forecast in the making.
struct forecast {
    const struct hs_next_view *view;
    struct hs_next_stop here;
    uint64_t came_by;
    struct tally own[HS_NEXT_ORDER_MAX + 1]; // anywhere, from here, from here when it came this way
    struct candidate rows[CANDIDATES_MAX];
    size_t count;
};

// ------------------------------------------------------------------ what may come

// The site's row, made when it is missing; NULL: there is no room.
static struct candidate *candidate_of(struct forecast *forecast, uint32_t site)
{
    for (size_t i = 0; i < forecast->count; i++) {
        if (forecast->rows[i].site == site) {
            return &forecast->rows[i];
        }
    }
    if (forecast->count == CANDIDATES_MAX) {
        return NULL;
    }
    struct candidate *row = &forecast->rows[forecast->count++];
    *row = (struct candidate){.site = site};
    return row;
}

static void add_way(void *ctx, const struct hs_next_way *way, uint32_t halves)
{
    struct forecast *forecast = ctx;
    bool here = way->way == forecast->here.way;
    bool came = here && forecast->came_by && way->before == forecast->came_by;
    const bool counts[HS_NEXT_ORDER_MAX + 1] = {true, here, came};
    for (size_t order = 0; order <= HS_NEXT_ORDER_MAX; order++) {
        forecast->own[order].all += counts[order] ? halves : 0;
        forecast->own[order].ends += counts[order] && way->to == 0 ? halves : 0;
    }
    struct candidate *row = here && way->to && halves ? candidate_of(forecast, way->to) : NULL;
    if (row) {
        row->own[0] += halves;
        row->own[1] += came ? halves : 0;
        row->took_s += (uint64_t)way->took_s * halves;
    }
}

// The ways on that the road table knows; of too many the ones that are used most.
static void add_exits(struct forecast *forecast, const Hitstream__V1__Hit *hit)
{
    size_t first;
    size_t count = hs_roads_exits(forecast->view->roads, hs_str(hit->place->site_id),
                                  hs_str(hit->place->direction), &first);
    for (size_t i = 0; i < count; i++) {
        const struct hs_road_link *link = hs_roads_at(forecast->view->roads, first + i);
        struct candidate *row = candidate_of(forecast, hs_site_hash(link->to));
        for (size_t r = 0; !row && r < forecast->count; r++) {
            bool weaker =
                forecast->rows[r].own[0] == 0 && forecast->rows[r].share_ppm < link->share_ppm;
            row = weaker ? &forecast->rows[r] : NULL;
        }
        if (row) {
            row->site = hs_site_hash(link->to);
            row->share_ppm = link->share_ppm;
        }
    }
}

// ------------------------------------------------------------------ how likely

// What is known of a longer past moves what is known of a shorter one, as far as it was seen; all in
// hundredths of a time.
static uint64_t back_off(uint64_t times, uint64_t all, uint64_t shorter, uint64_t unit,
                         uint64_t trust)
{
    return (times * unit + trust * shorter) / (all + trust);
}

// What is left of own times when each site gives some of them to what was not seen yet.
static uint64_t discounted(uint32_t halves)
{
    uint64_t times = (uint64_t)halves * HUNDREDTHS;
    return times > DISCOUNT ? times - DISCOUNT : 0;
}

static uint32_t goes_on(const struct forecast *forecast)
{
    uint64_t trust = GOES_ON_TRUST;
    uint64_t permille = GOES_ON_PERMILLE;
    for (size_t order = 0; order <= HS_NEXT_ORDER_MAX; order++) {
        const struct tally *own = &forecast->own[order];
        permille = back_off((uint64_t)(own->all - own->ends) * HUNDREDTHS,
                            (uint64_t)own->all * HUNDREDTHS, permille, 1000, trust);
        trust = ENDS_TRUST;
    }
    return (uint32_t)permille;
}

static void weigh(const struct forecast *forecast, struct candidate *row)
{
    uint64_t ppm = row->share_ppm;
    for (size_t order = 0; order < HS_NEXT_ORDER_MAX; order++) {
        uint64_t kept = 0;
        for (size_t i = 0; i < forecast->count; i++) {
            kept += discounted(forecast->rows[i].own[order]);
        }
        const struct tally *own = &forecast->own[order + 1];
        uint64_t all = (uint64_t)(own->all - own->ends) * HUNDREDTHS;
        uint64_t trust = forecast->view->rules->next_trust_pct + all - kept;
        ppm = back_off(discounted(row->own[order]), kept, ppm, HS_PPM, trust);
    }
    row->place.ppm = (uint32_t)ppm;
    row->place.own_halves = row->own[0];
}

// ------------------------------------------------------------------ when

static void time_it(const struct forecast *forecast, const Hitstream__V1__Hit *hit,
                    struct candidate *row)
{
    struct hs_next_place *place = &row->place;
    const struct hs_road_link *link =
        hs_roads_find(forecast->view->roads, hs_str(hit->place->site_id),
                      hs_str(hit->place->direction), place->camera->site_id);
    int64_t at_ms = forecast->here.at_ms;
    int64_t own_ms = row->own[0] ? (int64_t)(row->took_s * 1000 / row->own[0]) : 0;
    int64_t times = row->own[0];
    int64_t table = link ? 2 * TABLE_TIMES : 0;
    int64_t typical_ms = link ? link->typical_ms[hs_civil_london(at_ms).hour] : 0;
    int64_t expected_ms = (typical_ms * table + own_ms * times) / (table + times);
    int64_t deviation_ms = expected_ms * (link ? link->spread_pct : OWN_SPREAD_PCT) / 100;
    deviation_ms = deviation_ms > DEVIATION_MIN_MS ? deviation_ms : DEVIATION_MIN_MS;
    int64_t earliest_ms = expected_ms - deviation_ms * EARLY_PCT / 100;
    int64_t fastest_ms = link && link->fastest_ms < expected_ms ? link->fastest_ms : 0;
    place->earliest_ms = at_ms + (earliest_ms > fastest_ms ? earliest_ms : fastest_ms);
    place->expected_ms = at_ms + expected_ms;
    place->latest_ms = at_ms + expected_ms + deviation_ms * LATE_PCT / 100;
    place->distance_m = link ? link->distance_m : 0;
}

// ------------------------------------------------------------------ the forecast

// Likeliest first; equals in order of site.
static int by_probability(const void *a, const void *b)
{
    const struct hs_next_place *x = &((const struct candidate *)a)->place;
    const struct hs_next_place *y = &((const struct candidate *)b)->place;
    if (x->ppm != y->ppm) {
        return x->ppm < y->ppm ? 1 : -1;
    }
    return hs_str_cmp(x->camera->site_id, y->camera->site_id);
}

// Leaves out what the register does not have, and the site itself.
static void judge(struct forecast *forecast)
{
    size_t kept = 0;
    for (size_t i = 0; i < forecast->count; i++) {
        struct candidate *row = &forecast->rows[i];
        row->place.camera = hs_cameras_hashed_site(forecast->view->cameras, row->site);
        if (row->place.camera && row->site != forecast->here.site) {
            weigh(forecast, row);
            forecast->rows[kept++] = *row;
        }
    }
    forecast->count = kept;
    if (kept > 0) {
        qsort(forecast->rows, kept, sizeof(forecast->rows[0]), by_probability);
    }
}

void hs_next_forecast(const struct hs_next *next, const struct hs_next_view *view,
                      const Hitstream__V1__Hit *hit, int64_t at_ms, struct hs_forecast *ret)
{
    struct forecast forecast;
    *ret = (struct hs_forecast){0};
    if (view->rules->next_places == 0 || hit->place->camera_unknown) {
        return;
    }
    forecast.view = view;
    forecast.here = hs_next_stop_of(hit, at_ms);
    forecast.came_by = next ? hs_next_came_by(next, view, &forecast.here) : 0;
    memset(forecast.own, 0, sizeof(forecast.own));
    forecast.count = 0;
    if (next) {
        hs_next_each(next, view, at_ms, add_way, &forecast);
    }
    add_exits(&forecast, hit);
    judge(&forecast);
    for (size_t i = 0; i < forecast.count && ret->count < view->rules->next_places; i++) {
        struct candidate *row = &forecast.rows[i];
        if (row->place.ppm >= view->rules->next_least_permille * (HS_PPM / 1000)) {
            time_it(&forecast, hit, row);
            ret->places[ret->count++] = row->place;
        }
    }
    ret->own_halves = forecast.own[1].all;
    ret->order = forecast.own[2].all ? 2 : forecast.own[1].all ? 1 : 0;
    ret->goes_on_permille = goes_on(&forecast);
}
