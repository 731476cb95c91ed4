// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/convoy_score.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/hash.h"

enum {
    SEEN_PPM = 700000,          // in company it is read at a camera, and within the window
    STEADY_PPM = 700000,        // its gap is as it was, but for the drift
    SWAPPED_PPM = 100000,       // they swapped places; else the gap is anything
    DEVIATION_PCT = 20,         // of a journey that the road table does not know
    AGAIN_UNKNOWN_PPM = 200000, // met again by chance where the flow is not known
    AGAIN_MIN_PPM = 100000,     // who has the same habits is met again, however empty the road is
    AGAIN_MAX_PPM = 500000,
};

// The way from one stop to a later one, as traffic takes it.
struct way {
    uint64_t share_ppm;   // of the traffic at the first takes all of it
    int64_t deviation_ms; // of the time it takes
    bool corridor;        // all of it on one unbroken stretch
};

static int64_t max_i64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

// Of a way that the table does not know: rare, or the table knows nothing of this site.
static uint64_t unknown_share(const struct hs_roads *roads, const struct hs_convoy_stop *here)
{
    size_t first;
    return hs_roads_exits(roads, hs_str(here->site), hs_str(here->direction), &first) > 0
               ? HS_CONVOY_ELSEWHERE_PPM
               : HS_CONVOY_NO_TABLE_PPM;
}

static bool is_one_road(const struct hs_convoy_stop *a, const struct hs_convoy_stop *b)
{
    return *a->road && strcmp(a->road, b->road) == 0;
}

static struct way way_between(const struct hs_convoy *convoy, const struct hs_convoy_view *view,
                              size_t from, size_t to)
{
    struct way way = {.share_ppm = HS_PPM, .corridor = true};
    uint64_t variance = 0;
    for (size_t i = from; i < to; i++) {
        const struct hs_convoy_stop *here = &convoy->stops[i];
        const struct hs_convoy_stop *there = here + 1;
        const struct hs_road_link *link = hs_roads_find(
            view->roads, hs_str(here->site), hs_str(here->direction), hs_str(there->site));
        uint64_t share_ppm = unknown_share(view->roads, here);
        int64_t deviation_ms = (there->at_ms - here->at_ms) * DEVIATION_PCT / 100;
        if (link) {
            share_ppm = (uint64_t)max_i64(link->share_ppm, HS_CONVOY_LEAST_PPM);
            deviation_ms = link->typical_ms[hs_civil_london(here->at_ms).hour] *
                           (int64_t)link->spread_pct / 100;
        }
        way.share_ppm = way.share_ppm * share_ppm / HS_PPM;
        way.corridor = way.corridor && ((link && link->corridor) || is_one_road(here, there));
        deviation_ms = deviation_ms < 3600000 ? deviation_ms : 3600000;
        variance += (uint64_t)(deviation_ms * deviation_ms);
    }
    way.deviation_ms = max_i64((int64_t)hs_odds_root(variance), HS_CONVOY_DEVIATION_MIN_MS);
    return way;
}

// A normal density, thousandths of an event per million within a second.
static uint64_t density(int64_t distance_ms, int64_t deviation_ms)
{
    return hs_odds_exp2(hs_odds_normal(distance_ms, deviation_ms), 1000);
}

// In company: log2 of events per million within a second of this change of the gap.
static int32_t together(const struct hs_rules *rules, int64_t before_ms, int64_t after_ms)
{
    int64_t window_ms = rules->companions_before_ms + rules->companions_after_ms;
    int64_t drift_ms = rules->convoy_drift_ms + llabs(before_ms) / 4;
    uint64_t loose = UINT64_C(1000000000000) / (uint64_t)max_i64(window_ms, 1000);
    uint64_t sum = density(after_ms - before_ms, drift_ms) * STEADY_PPM +
                   density(after_ms + before_ms, drift_ms) * SWAPPED_PPM +
                   loose * (HS_PPM - STEADY_PPM - SWAPPED_PPM);
    return hs_odds_ratio(sum / HS_PPM, 1000) + hs_odds_ratio(SEEN_PPM, HS_PPM);
}

static uint64_t way_bit(const struct hs_convoy_stop *from, const struct hs_convoy_stop *to)
{
    uint64_t hash = hs_hash_bytes(from->site, strlen(from->site), 0);
    return UINT64_C(1) << (hs_hash_bytes(to->site, strlen(to->site), hash) & 63);
}

uint64_t hs_convoy_ways(const struct hs_convoy *convoy, const struct hs_convoy_companion *companion)
{
    uint64_t ways = 0;
    int last = -1;
    for (size_t stop = 0; stop < convoy->stop_count; stop++) {
        if (companion->seen >> stop & 1) {
            ways |= way_bit(&convoy->stops[stop], &convoy->stops[stop]); // it sets out here
            ways |= last >= 0 ? way_bit(&convoy->stops[last], &convoy->stops[stop]) : 0;
            last = (int)stop;
        }
    }
    return ways;
}

// How many of the others that were beside it at one stop were so at the other too: where a whole
// line of cars goes on together, the table is wrong or it is a jam. Parts per million; 0: too few.
static uint64_t others_went_on(const struct hs_convoy *convoy,
                               const struct hs_convoy_companion *companion, size_t from, size_t to)
{
    uint64_t there = 0;
    uint64_t both = 0;
    for (size_t i = 0; i < convoy->companion_count; i++) {
        const struct hs_convoy_companion *other = &convoy->companions[i];
        if (other != companion && (other->seen >> from & 1)) {
            there++;
            both += other->seen >> to & 1;
        }
    }
    return both > 1 ? both * HS_PPM / (there + 1) : 0;
}

// What a meeting is worth after an earlier one in the same journey.
static int32_t step_bits(const struct hs_convoy *convoy, const struct hs_convoy_view *view,
                         const struct hs_convoy_companion *companion, size_t from, size_t to,
                         uint32_t *ret_chance_ppm)
{
    struct way way = way_between(convoy, view, from, to);
    int64_t change_ms = (int64_t)companion->gaps_ms[to] - companion->gaps_ms[from];
    int64_t window_ms = view->rules->companions_before_ms + view->rules->companions_after_ms;
    int32_t chance = hs_odds_ratio(way.share_ppm ? way.share_ppm : 1, HS_PPM) +
                     hs_odds_normal(0, way.deviation_ms);
    // by chance within the window: its share, and at most the window's part of the spread
    uint64_t within_ppm =
        hs_odds_exp2(hs_odds_normal(0, way.deviation_ms), (uint64_t)window_ms) / 1000;
    within_ppm = within_ppm < HS_PPM ? within_ppm : HS_PPM;
    *ret_chance_ppm = (uint32_t)(way.share_ppm * within_ppm / HS_PPM);
    int32_t far = hs_odds_normal(change_ms, way.deviation_ms) - hs_odds_normal(0, way.deviation_ms);
    int32_t bits =
        together(view->rules, companion->gaps_ms[from], companion->gaps_ms[to]) - chance - far;
    bool known =
        way.corridor || (companion->ways & way_bit(&convoy->stops[from], &convoy->stops[to])) != 0;
    int32_t most = known ? HS_CONVOY_CORRIDOR_MAX : HS_CONVOY_STEP_MAX;
    uint64_t others_ppm = others_went_on(convoy, companion, from, to);
    if (others_ppm > 0) {
        int32_t by_others = hs_odds_ratio(SEEN_PPM, others_ppm);
        most = by_others < most ? by_others : most;
        *ret_chance_ppm = others_ppm > *ret_chance_ppm ? (uint32_t)others_ppm : *ret_chance_ppm;
    }
    return (bits < most ? bits : most) - (int32_t)(to - from - 1) * HS_CONVOY_MISSED;
}

// The first meeting of a later journey: how many are beside it, of those who pass here anyway.
static int32_t again_bits(const struct hs_convoy_stop *stop,
                          const struct hs_convoy_companion *companion, uint32_t *ret_chance_ppm)
{
    uint64_t ppm =
        stop->beside ? (uint64_t)stop->beside * 1000 / HS_CONVOY_REGULARS : AGAIN_UNKNOWN_PPM;
    ppm = ppm < AGAIN_MIN_PPM ? AGAIN_MIN_PPM : ppm > AGAIN_MAX_PPM ? AGAIN_MAX_PPM : ppm;
    *ret_chance_ppm = (uint32_t)ppm;
    bool known = (companion->ways & way_bit(stop, stop)) != 0;
    int32_t bits = hs_odds_ratio(SEEN_PPM, ppm);
    return known && bits > HS_CONVOY_CORRIDOR_MAX ? HS_CONVOY_CORRIDOR_MAX : bits;
}

static bool is_new_site(const struct hs_convoy *convoy, uint32_t seen, size_t stop)
{
    for (size_t i = 0; i < stop; i++) {
        if (seen >> i & 1 && strcmp(convoy->stops[i].site, convoy->stops[stop].site) == 0) {
            return false;
        }
    }
    return true;
}

static void note_site(const struct hs_convoy *convoy, const struct hs_convoy_view *view,
                      uint32_t seen, size_t stop, struct hs_convoy_score *score)
{
    size_t first = (size_t)__builtin_ctz(seen);
    score->sites += is_new_site(convoy, seen, stop);
    score->one_corridor = score->one_corridor &&
                          hs_roads_same_corridor(view->roads, hs_str(convoy->stops[first].site),
                                                 hs_str(convoy->stops[stop].site));
}

void hs_convoy_weigh(const struct hs_convoy *convoy, const struct hs_convoy_view *view,
                     const struct hs_convoy_companion *companion, struct hs_convoy_score *ret_score)
{
    struct hs_convoy_score score = {
        .bits = companion->carried_bits, .sites = companion->carried_sites, .one_corridor = true};
    int last = -1;
    uint32_t chance_ppm;
    for (size_t stop = 0; stop < convoy->stop_count; stop++) {
        if (!(companion->seen >> stop & 1)) {
            continue;
        }
        if (last >= 0) {
            score.bits += step_bits(convoy, view, companion, (size_t)last, stop, &chance_ppm);
            score.missed += (uint32_t)(stop - (size_t)last - 1);
        } else if (companion->carried_journeys > 0 && companion->carried_sites == 0) {
            score.bits += again_bits(&convoy->stops[stop], companion, &chance_ppm);
        }
        note_site(convoy, view, companion->seen, stop, &score);
        last = (int)stop;
    }
    *ret_score = score;
}

int32_t hs_convoy_first_two(const struct hs_convoy *convoy, const struct hs_convoy_view *view,
                            const struct hs_convoy_companion *companion)
{
    uint32_t chance_ppm;
    uint32_t rest = companion->seen & ~UINT32_C(1);
    int32_t bits = companion->carried_journeys > 0 && companion->carried_sites == 0
                       ? again_bits(&convoy->stops[0], companion, &chance_ppm)
                       : 0;
    if (rest) {
        bits += step_bits(convoy, view, companion, 0, (size_t)__builtin_ctz(rest), &chance_ppm);
    }
    return bits;
}

static void list_meetings(const struct hs_convoy *convoy, const struct hs_convoy_view *view,
                          const struct hs_convoy_companion *companion,
                          struct hs_convoy_found *found)
{
    int last = -1;
    for (size_t stop = 0; stop < convoy->stop_count; stop++) {
        if (!(companion->seen >> stop & 1)) {
            continue;
        }
        struct hs_convoy_meeting *meeting = &found->meetings[found->meeting_count++];
        *meeting = (struct hs_convoy_meeting){
            .stop = &convoy->stops[stop], .gap_ms = companion->gaps_ms[stop], .chance_ppm = HS_PPM};
        if (last >= 0) {
            step_bits(convoy, view, companion, (size_t)last, stop, &meeting->chance_ppm);
        } else if (companion->carried_journeys > 0) {
            again_bits(&convoy->stops[stop], companion, &meeting->chance_ppm);
        }
        last = (int)stop;
    }
}

bool hs_convoy_next(struct hs_convoy *convoy, const struct hs_convoy_view *view,
                    struct hs_convoy_found *ret_found)
{
    const struct hs_rules *rules = view->rules;
    int32_t enough = hs_odds_log2(rules->convoy_odds);
    for (size_t i = 0; i < convoy->companion_count && rules->convoy_odds > 0; i++) {
        struct hs_convoy_companion *companion = &convoy->companions[i];
        struct hs_convoy_score score;
        if (companion->seen == 0 || companion->told_journey == convoy->journey ||
            companion->carried_journeys + (uint32_t)__builtin_popcount(companion->seen) < 2) {
            continue;
        }
        hs_convoy_weigh(convoy, view, companion, &score);
        uint32_t journeys = companion->carried_journeys + 1;
        bool places = score.sites >= rules->convoy_sites && !score.one_corridor;
        if (score.bits < enough ||
            (!places && (journeys < rules->convoy_journeys || score.sites < 2))) {
            continue;
        }
        companion->told_journey = convoy->journey;
        *ret_found = (struct hs_convoy_found){.mark = companion->mark,
                                              .bits = score.bits,
                                              .sites = score.sites,
                                              .journeys = journeys,
                                              .missed = score.missed};
        list_meetings(convoy, view, companion, ret_found);
        return true;
    }
    return false;
}
