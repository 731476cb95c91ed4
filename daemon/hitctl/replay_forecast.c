// SPDX-License-Identifier: Apache-2.0
#include "hitctl/replay_forecast.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"

enum { BUCKETS = 2 * REPLAY_WAITING_MAX };

struct named {
    uint64_t site; // hash
    uint32_t permille;
    int64_t earliest_ms, latest_ms;
};

struct replay_waiting {
    uint64_t key;                // hash of mark and audience
    uint64_t site;               // where it was told
    int64_t at_ms;               // and when it was read there
    size_t counts[REPLAY_SIDES]; // sites named; 0: nothing is waited for
    struct named named[REPLAY_SIDES][REPLAY_NAMED_MAX];
};

static uint64_t hash_of(const char *text)
{
    return hs_hash_bytes(text, strlen(text), 0);
}

// A covert list's vehicle is another one than the open lists'.
static uint64_t key_of(const char *vehicle, bool covert, const Hitstream__V1__ListInfo *list)
{
    const char *name = covert && list ? list->list_id : "";
    return hs_hash_bytes(name, strlen(name), hash_of(vehicle));
}

static struct replay_waiting **slot_of(struct replay_forecasts *forecasts, uint64_t key)
{
    size_t at = key & (BUCKETS - 1);
    while (forecasts->buckets[at] && forecasts->buckets[at]->key != key) {
        at = (at + 1) & (BUCKETS - 1);
    }
    return &forecasts->buckets[at];
}

// NULL: no room, or no memory.
static struct replay_waiting *waiting_of(struct replay_forecasts *forecasts, uint64_t key)
{
    if (!forecasts->buckets) {
        forecasts->buckets = calloc(BUCKETS, sizeof(struct replay_waiting *));
        if (!forecasts->buckets) {
            forecasts->status = HS_ENOMEM;
            return NULL;
        }
    }
    struct replay_waiting **slot = slot_of(forecasts, key);
    if (!*slot && forecasts->waiting == REPLAY_WAITING_MAX) {
        forecasts->left_out++;
        return NULL;
    }
    if (!*slot) {
        *slot = calloc(1, sizeof(**slot));
        if (!*slot) {
            forecasts->status = HS_ENOMEM;
            return NULL;
        }
        (*slot)->key = key;
        forecasts->waiting++;
    }
    return *slot;
}

void replay_forecast_told(struct replay_forecasts *forecasts, enum replay_side side,
                          const Hitstream__V1__Alert *alert)
{
    if (!alert->forecast || alert->forecast->n_places == 0 || !alert->place) {
        return;
    }
    struct replay_waiting *waiting =
        waiting_of(forecasts, key_of(alert->vehicle, alert->covert, alert->list));
    if (!waiting) {
        return;
    }
    uint64_t site = hash_of(alert->place->site_id);
    if (waiting->site != site || waiting->at_ms != alert->captured_at_ms) {
        memset(waiting->counts, 0, sizeof(waiting->counts));
        waiting->site = site;
        waiting->at_ms = alert->captured_at_ms;
    }
    size_t count = alert->forecast->n_places;
    waiting->counts[side] = count < REPLAY_NAMED_MAX ? count : REPLAY_NAMED_MAX;
    for (size_t i = 0; i < waiting->counts[side]; i++) {
        const Hitstream__V1__NextPlace *place = alert->forecast->places[i];
        waiting->named[side][i] =
            (struct named){hash_of(place->site_id), place->probability_permille,
                           place->earliest_at_ms, place->latest_at_ms};
    }
}

static void judge(struct replay_forecast_counts *counts, const struct named *named, size_t count,
                  uint64_t site, int64_t at_ms)
{
    counts->cases += count > 0;
    for (size_t i = 0; i < count; i++) {
        bool came = named[i].site == site;
        size_t tenth = named[i].permille / 100;
        struct replay_band *band = &counts->bands[tenth < REPLAY_BANDS ? tenth : REPLAY_BANDS - 1];
        band->given++;
        band->said_permille += named[i].permille;
        band->came += came;
        counts->first += came && i == 0;
        counts->named += came;
        counts->in_time += came && at_ms >= named[i].earliest_ms && at_ms <= named[i].latest_ms;
    }
}

void replay_forecast_seen(struct replay_forecasts *forecasts, const char *vehicle,
                          const Hitstream__V1__Hit *hit, bool counts)
{
    if (!forecasts->buckets || !hit->place || !hit->audience) {
        return;
    }
    bool covert = hit->audience->kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT;
    struct replay_waiting *waiting = *slot_of(forecasts, key_of(vehicle, covert, hit->list));
    uint64_t site = hash_of(hit->place->site_id);
    if (!waiting || hit->captured_at_ms <= waiting->at_ms || site == waiting->site) {
        return;
    }
    bool same_journey = hit->captured_at_ms - waiting->at_ms <= forecasts->quiet_ms;
    for (size_t side = 0; side < REPLAY_SIDES; side++) {
        if (same_journey && counts) {
            judge(&forecasts->sides[side], waiting->named[side], waiting->counts[side], site,
                  hit->captured_at_ms);
        }
        waiting->counts[side] = 0;
    }
}

void replay_forecast_forget(struct replay_forecasts *forecasts)
{
    for (size_t i = 0; forecasts->buckets && i < BUCKETS; i++) {
        free(forecasts->buckets[i]);
        forecasts->buckets[i] = NULL;
    }
    forecasts->waiting = 0;
}

void replay_forecast_fini(struct replay_forecasts *forecasts)
{
    replay_forecast_forget(forecasts);
    free(forecasts->buckets);
}

// ------------------------------------------------------------------ the answer

uint64_t replay_forecast_error_permille(const struct replay_forecast_counts *counts)
{
    uint64_t apart = 0, given = 0;
    for (size_t i = 0; i < REPLAY_BANDS; i++) {
        const struct replay_band *band = &counts->bands[i];
        uint64_t came_permille = band->came * 1000;
        apart += band->said_permille > came_permille ? band->said_permille - came_permille
                                                     : came_permille - band->said_permille;
        given += band->given;
    }
    return given > 0 ? apart / given : 0;
}

static uint64_t share_permille(uint64_t part, uint64_t all)
{
    return all > 0 ? part * 1000 / all : 0;
}

static void add_share(struct hs_buf *out, const char *name, const uint64_t permille[REPLAY_SIDES])
{
    hs_buf_printf(out, "  %-41s", name);
    for (size_t side = 0; side < REPLAY_SIDES; side++) {
        hs_buf_printf(out, " %8" PRIu64 ".%" PRIu64 "%%", permille[side] / 10, permille[side] % 10);
    }
    hs_buf_add_char(out, '\n');
}

static void add_band(struct hs_buf *out, const struct replay_forecasts *forecasts, size_t tenth)
{
    const struct replay_band *now = &forecasts->sides[REPLAY_NOW].bands[tenth];
    const struct replay_band *then = &forecasts->sides[REPLAY_OTHER].bands[tenth];
    char text[64];
    if (now->given + then->given == 0) {
        return;
    }
    const uint64_t came[REPLAY_SIDES] = {share_permille(now->came, now->given),
                                         share_permille(then->came, then->given)};
    snprintf(text, sizeof(text), "given %zu to %zu %%, came", tenth * 10, tenth * 10 + 10);
    add_share(out, text, came);
}

void replay_forecast_print_text(const struct replay_forecasts *forecasts, struct hs_buf *out)
{
    const struct replay_forecast_counts *now = &forecasts->sides[REPLAY_NOW];
    const struct replay_forecast_counts *then = &forecasts->sides[REPLAY_OTHER];
    if (now->cases + then->cases == 0) {
        return;
    }
    hs_buf_printf(out, "%-43s %10" PRIu64 " %10" PRIu64 "\n", "forecasts that could be judged",
                  now->cases, then->cases);
    add_share(out, "the likeliest site was the next",
              (const uint64_t[]){share_permille(now->first, now->cases),
                                 share_permille(then->first, then->cases)});
    add_share(out, "one of those named was",
              (const uint64_t[]){share_permille(now->named, now->cases),
                                 share_permille(then->named, then->cases)});
    add_share(out, "of these, between the times told",
              (const uint64_t[]){share_permille(now->in_time, now->named),
                                 share_permille(then->in_time, then->named)});
    add_share(out, "calibration error",
              (const uint64_t[]){replay_forecast_error_permille(now),
                                 replay_forecast_error_permille(then)});
    for (size_t tenth = 0; tenth < REPLAY_BANDS; tenth++) {
        add_band(out, forecasts, tenth);
    }
    if (forecasts->left_out > 0) {
        hs_buf_printf(out, "%" PRIu64 " forecasts of further vehicles were left out\n",
                      forecasts->left_out);
    }
}

static void add_json(struct hs_buf *out, const char *name,
                     const struct replay_forecast_counts *counts)
{
    hs_buf_printf(out,
                  "\"%s\":{\"cases\":%" PRIu64 ",\"first\":%" PRIu64 ",\"named\":%" PRIu64
                  ",\"inTime\":%" PRIu64 ",\"calibrationErrorPermille\":%" PRIu64 ",\"bands\":[",
                  name, counts->cases, counts->first, counts->named, counts->in_time,
                  replay_forecast_error_permille(counts));
    for (size_t tenth = 0; tenth < REPLAY_BANDS; tenth++) {
        const struct replay_band *band = &counts->bands[tenth];
        hs_buf_printf(out,
                      "%s{\"fromPermille\":%zu,\"given\":%" PRIu64 ",\"saidPermille\":%" PRIu64
                      ",\"came\":%" PRIu64 "}",
                      tenth > 0 ? "," : "", tenth * 100, band->given,
                      band->given ? band->said_permille / band->given : 0, band->came);
    }
    hs_buf_add_text(out, "]}");
}

void replay_forecast_print_json(const struct replay_forecasts *forecasts, struct hs_buf *out)
{
    hs_buf_add_text(out, "\"forecasts\":{");
    add_json(out, "now", &forecasts->sides[REPLAY_NOW]);
    hs_buf_add_char(out, ',');
    add_json(out, "then", &forecasts->sides[REPLAY_OTHER]);
    hs_buf_printf(out, ",\"leftOut\":%" PRIu64 "}", forecasts->left_out);
}
