// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/convoy_score.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/hash.h"

enum {
    // In company.
    SEEN_PPM = 850000,    // it is read at the next camera, and within the window
    STEADY_PPM = 750000,  // its gap is as it was, but for the drift
    SWAPPED_PPM = 100000, // they swapped places; else the gap is anything
    AGAIN_PPM = 400000,   // it is met on another journey
    // By chance.
    WAY_PPM = 40000,          // is bound for the same place, before they shared a turning
    WAY_GOES_ON_PPM = 800000, // and is so read beside it at the next camera too
    LINE_PPM = 40000,         // is in one line with it, held up by the same vehicle
    LINE_STAYS_PPM = 450000,  // is so still at the next camera of the road
    LINE_TURNS_PPM = 200000,  // and after a turning
    ROAD_PPM = 550000,        // goes on along a road, at least, to its next camera
    HABIT_PPM = 120000,       // has the same habits: a neighbour, a colleague
    HABIT_AGAIN_PPM = 250000, // and is so met on another journey, where the vehicle goes anyway
    STRAY_AGAIN_PPM = 10000,  // and elsewhere, or at another time of day
    PACE_STAYS_PPM = 500000,  // who is faster or slower is so to the next camera
    PACE_PARTS = 4,           // its journey times then spread by so much less
    BESIDE_USUAL = 8000,      // thousandths of a vehicle, beside it where traffic is as everywhere
    FIRST_MAX = 3 * HS_BIT,   // what thin or thick traffic says at the first meeting
    CHANCE_AGAIN_PPM = 400,   // is met again without
    BELIEF_MAX_PPM = 950000,  // nothing is certain
    OTHERS_PRIOR = 6,      // vehicles that the table counts as, beside those that are seen to go on
    LINE_PRIOR = 3,        // and likewise of those that stay in line
    DEVIATION_PCT = 20,    // of a journey that the road table does not know
    HABIT_HOURS = 3,       // a part of the day
    PACE_LEAST_MS = 30000, // cameras nearer to each other say nothing of pace
    PACE_FORETELLS = 3,    // so many times the way by which it was seen
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
        bool corridor = (link && link->corridor) || is_one_road(here, there);
        share_ppm = corridor && share_ppm < ROAD_PPM ? ROAD_PPM : share_ppm;
        way.share_ppm = way.share_ppm * share_ppm / HS_PPM;
        way.corridor = way.corridor && corridor;
        deviation_ms = deviation_ms < 3600000 ? deviation_ms : 3600000;
        variance += (uint64_t)(deviation_ms * deviation_ms);
    }
    way.deviation_ms = max_i64((int64_t)hs_odds_root(variance), HS_CONVOY_DEVIATION_MIN_MS);
    return way;
}

// What is thought of a companion that is beside it by chance, parts per million.
struct belief {
    uint64_t habit_ppm; // it has the same habits
    uint64_t way_ppm;   // it is bound for the same place
    uint64_t line_ppm;  // it is in the same line
};

static struct belief belief_of(const struct hs_convoy_companion *companion)
{
    uint64_t habit_ppm = companion->carried_habit_ppm ? companion->carried_habit_ppm : HABIT_PPM;
    return (struct belief){habit_ppm,
                           companion->carried_way_ppm ? companion->carried_way_ppm : WAY_PPM,
                           companion->carried_line_ppm ? companion->carried_line_ppm : LINE_PPM};
}

// A normal density, thousandths of an event per million within a second.
static uint64_t density(int64_t distance_ms, int64_t deviation_ms)
{
    return hs_odds_exp2(hs_odds_normal(distance_ms, deviation_ms), 1000);
}

static int64_t drift_of(const struct hs_rules *rules, int64_t gap_ms)
{
    return rules->convoy_drift_ms + llabs(gap_ms) / 8;
}

// In company: density of this change of the gap.
static uint64_t together(const struct hs_rules *rules, int64_t before_ms, int64_t after_ms)
{
    int64_t window_ms = rules->companions_before_ms + rules->companions_after_ms;
    int64_t drift_ms = drift_of(rules, before_ms);
    uint64_t loose = UINT64_C(1000000000000) / (uint64_t)max_i64(window_ms, 1000);
    uint64_t sum = density(after_ms - before_ms, drift_ms) * STEADY_PPM +
                   density(after_ms + before_ms, drift_ms) * SWAPPED_PPM +
                   loose * (HS_PPM - STEADY_PPM - SWAPPED_PPM);
    return sum / HS_PPM;
}

// The part of `a` in a mixture of a and b by weight, parts per million.
static uint64_t part_of(uint64_t weight_ppm, uint64_t a, uint64_t b, uint64_t *ret_sum)
{
    uint64_t first = a * weight_ppm / HS_PPM;
    uint64_t sum = first + b * (HS_PPM - weight_ppm) / HS_PPM;
    *ret_sum = sum ? sum : 1;
    return (uint64_t)((unsigned __int128)first * HS_PPM / *ret_sum);
}

static uint64_t place_bit(const struct hs_convoy_stop *stop)
{
    return UINT64_C(1) << (hs_hash_bytes(stop->site, strlen(stop->site), 0) & 63);
}

uint64_t hs_convoy_places(const struct hs_convoy *convoy,
                          const struct hs_convoy_companion *companion)
{
    uint64_t places = 0;
    for (size_t stop = 0; stop < convoy->stop_count; stop++) {
        places |= companion->seen >> stop & 1 ? place_bit(&convoy->stops[stop]) : 0;
    }
    return places;
}

// A bit of the vehicle's own habits: this site in this part of the day.
static size_t usual_bit(const struct hs_convoy_stop *stop)
{
    unsigned part = hs_civil_london(stop->at_ms).hour / HABIT_HOURS;
    return hs_hash_bytes(stop->site, strlen(stop->site), part + 1) % HS_CONVOY_USUAL_BITS;
}

void hs_convoy_note_usual(struct hs_convoy *convoy, const struct hs_convoy_stop *stop)
{
    int64_t week = stop->at_ms / (7 * HS_MS_PER_DAY);
    if (week != convoy->usual_week) {
        bool next = week == convoy->usual_week + 1;
        for (size_t i = 0; i < HS_CONVOY_USUAL_BYTES; i++) {
            convoy->usual[1][i] = next ? convoy->usual[0][i] : 0;
            convoy->usual[0][i] = 0;
        }
        convoy->usual_week = week;
    }
    size_t bit = usual_bit(stop);
    convoy->usual[0][bit / 8] |= (uint8_t)(1U << bit % 8);
}

// The vehicle goes there at this time of day anyway.
static bool is_usual(const struct hs_convoy *convoy, const struct hs_convoy_stop *stop)
{
    size_t bit = usual_bit(stop);
    unsigned usual = convoy->usual[0][bit / 8] | convoy->usual[1][bit / 8];
    return usual >> bit % 8 & 1;
}

// Met again where they met before and where the vehicle goes at this time anyway: a habit, be it
// one that they share.
static bool is_known(const struct hs_convoy *convoy, const struct hs_convoy_companion *companion,
                     const struct hs_convoy_stop *stop)
{
    return companion->carried_journeys > 0 && is_usual(convoy, stop) &&
           (companion->places & place_bit(stop));
}

// Two meetings of a companion: as far from this vehicle as before?
static bool is_steady(const struct hs_rules *rules, const struct hs_convoy_companion *companion,
                      size_t from, size_t to)
{
    int64_t change_ms = (int64_t)companion->gaps_ms[to] - companion->gaps_ms[from];
    return llabs(change_ms) <= 2 * rules->convoy_drift_ms;
}

void hs_convoy_crowd_init(struct hs_convoy_crowd *crowd)
{
    memset(crowd, 0, sizeof(*crowd));
}

// All that were beside it at both stops are counted once, whoever asks.
static const struct hs_convoy_others *crowd_of(const struct hs_convoy *convoy,
                                               const struct hs_rules *rules,
                                               struct hs_convoy_crowd *crowd, size_t from,
                                               size_t to)
{
    struct hs_convoy_others *all = &crowd->all[from][to];
    for (size_t i = 0; !all->counted && i < convoy->companion_count; i++) {
        const struct hs_convoy_companion *companion = &convoy->companions[i];
        bool there = companion->seen >> from & 1;
        bool both = there && (companion->seen >> to & 1);
        all->there += there;
        all->both += both;
        all->steady += both && is_steady(rules, companion, from, to);
    }
    all->counted = true;
    return all;
}

// The others that were beside it at one stop: how many, how many of them were so at a later one
// too, and how many of these as far from it as before. The companion itself was at both.
static struct hs_convoy_others others_of(const struct hs_convoy *convoy,
                                         const struct hs_rules *rules,
                                         struct hs_convoy_crowd *crowd,
                                         const struct hs_convoy_companion *companion, size_t from,
                                         size_t to)
{
    struct hs_convoy_others others = *crowd_of(convoy, rules, crowd, from, to);
    others.there--;
    others.both--;
    others.steady -= is_steady(rules, companion, from, to);
    return others;
}

// How many strangers of a million go on along this way beside it; belief follows. Where a whole
// crowd goes on together the table is wrong, or it is a jam.
static uint64_t chance_of_way(const struct way *way, const struct hs_convoy_others *others,
                              struct belief *belief)
{
    uint64_t ppm;
    belief->way_ppm = part_of(belief->way_ppm, WAY_GOES_ON_PPM, way->share_ppm, &ppm);
    belief->way_ppm = belief->way_ppm < BELIEF_MAX_PPM ? belief->way_ppm : BELIEF_MAX_PPM;
    if (others->both > 1) {
        uint64_t by_others =
            (others->both * (uint64_t)HS_PPM + OTHERS_PRIOR * ppm) / (others->there + OTHERS_PRIOR);
        ppm = by_others > ppm ? by_others : ppm;
    }
    return ppm;
}

// By how much the gap would change if both kept the pace that they had from the stop before; 0: none
// is known.
static int64_t change_by_pace(const struct hs_convoy *convoy, const struct hs_rules *rules,
                              const struct hs_convoy_companion *companion, size_t from, size_t to)
{
    uint32_t before = companion->seen & ((UINT32_C(1) << from) - 1);
    if (!before) {
        return 0;
    }
    size_t at = (size_t)(31 - __builtin_clz(before));
    int64_t change_ms = (int64_t)companion->gaps_ms[from] - companion->gaps_ms[at];
    int64_t took_ms = convoy->stops[from].at_ms - convoy->stops[at].at_ms;
    int64_t next_ms = convoy->stops[to].at_ms - convoy->stops[from].at_ms;
    bool shows = llabs(change_ms) >= rules->convoy_drift_ms / 2 && took_ms >= PACE_LEAST_MS;
    return shows && next_ms <= PACE_FORETELLS * took_ms ? change_ms * next_ms / took_ms : 0;
}

// The density of this change of the gap, of strangers who drive as they like.
static uint64_t chance_alone(const struct way *way, int64_t change_ms, int64_t by_pace_ms)
{
    uint64_t any = density(change_ms, way->deviation_ms);
    if (by_pace_ms == 0) {
        return any;
    }
    uint64_t by_pace = density(change_ms - by_pace_ms, way->deviation_ms / PACE_PARTS);
    return (any * (HS_PPM - PACE_STAYS_PPM) + by_pace * PACE_STAYS_PPM) / HS_PPM;
}

// The density of this change of the gap, of strangers who go on: in line, or each as it likes.
static uint64_t chance_of_gap(const struct hs_rules *rules, const struct way *way,
                              const struct hs_convoy_others *others, int64_t before_ms,
                              int64_t after_ms, int64_t by_pace_ms, struct belief *belief)
{
    uint64_t line_ppm =
        belief->line_ppm * (way->corridor ? LINE_STAYS_PPM : LINE_TURNS_PPM) / HS_PPM;
    line_ppm = line_ppm > LINE_PPM ? line_ppm : LINE_PPM;
    if (others->both > 0) {
        uint64_t by_others = (others->steady * (uint64_t)HS_PPM + LINE_PRIOR * line_ppm) /
                             (others->both + LINE_PRIOR);
        line_ppm = by_others > line_ppm ? by_others : line_ppm;
    }
    uint64_t by_chance;
    belief->line_ppm = part_of(line_ppm, density(after_ms - before_ms, drift_of(rules, before_ms)),
                               chance_alone(way, after_ms - before_ms, by_pace_ms), &by_chance);
    return by_chance;
}

// Of a million strangers, so many are read beside it again: who goes on and is in line, or within
// the windows as it happens.
static uint32_t chance_beside(const struct hs_rules *rules, const struct way *way,
                              const struct belief *belief, uint64_t way_ppm)
{
    uint64_t window_ms = (uint64_t)(rules->companions_before_ms + rules->companions_after_ms);
    uint64_t within_ppm = hs_odds_exp2(hs_odds_normal(0, way->deviation_ms), window_ms) / 1000;
    within_ppm = within_ppm < HS_PPM ? within_ppm : HS_PPM;
    uint64_t near_ppm = belief->line_ppm + (HS_PPM - belief->line_ppm) * within_ppm / HS_PPM;
    return (uint32_t)(way_ppm * near_ppm / HS_PPM);
}

// What a meeting is worth after an earlier one in the same journey.
static int32_t step_bits(const struct hs_convoy *convoy, const struct hs_convoy_view *view,
                         struct hs_convoy_crowd *crowd, const struct hs_convoy_companion *companion,
                         size_t from, size_t to, struct belief *belief, uint32_t *ret_chance_ppm)
{
    struct way way = way_between(convoy, view, from, to);
    struct hs_convoy_others others = others_of(convoy, view->rules, crowd, companion, from, to);
    int64_t before_ms = companion->gaps_ms[from], after_ms = companion->gaps_ms[to];
    uint64_t way_ppm = chance_of_way(&way, &others, belief);
    *ret_chance_ppm = chance_beside(view->rules, &way, belief, way_ppm);
    int64_t by_pace_ms = change_by_pace(convoy, view->rules, companion, from, to);
    uint64_t by_chance =
        chance_of_gap(view->rules, &way, &others, before_ms, after_ms, by_pace_ms, belief);
    bool habit = is_known(convoy, companion, &convoy->stops[from]) &&
                 is_known(convoy, companion, &convoy->stops[to]);
    int32_t most = habit ? 0 : HS_CONVOY_STEP_MAX;
    int32_t bits = hs_odds_ratio(SEEN_PPM, way_ppm) +
                   hs_odds_ratio(together(view->rules, before_ms, after_ms), by_chance);
    return (bits < most ? bits : most) - (int32_t)(to - from - 1) * HS_CONVOY_MISSED;
}

// The first meeting of a later journey: by the same habits, or else by chance.
static int32_t again_bits(const struct hs_convoy *convoy, const struct hs_convoy_stop *stop,
                          const struct hs_convoy_companion *companion, struct belief *belief,
                          uint32_t *ret_chance_ppm)
{
    uint64_t chance_ppm = (uint64_t)stop->beside * 1000 / HS_CONVOY_REGULARS;
    uint64_t ppm;
    chance_ppm = chance_ppm > CHANCE_AGAIN_PPM ? chance_ppm : CHANCE_AGAIN_PPM;
    chance_ppm = chance_ppm < AGAIN_PPM ? chance_ppm : AGAIN_PPM;
    uint64_t again_ppm = is_usual(convoy, stop) ? HABIT_AGAIN_PPM : STRAY_AGAIN_PPM;
    belief->habit_ppm = part_of(belief->habit_ppm, again_ppm, chance_ppm, &ppm);
    uint64_t way_ppm = belief->habit_ppm;
    belief->way_ppm = way_ppm > belief->way_ppm ? way_ppm : belief->way_ppm;
    *ret_chance_ppm = (uint32_t)ppm;
    return is_known(convoy, companion, stop) ? 0 : hs_odds_ratio(AGAIN_PPM, ppm);
}

// The first meeting of all: somebody has to be beside it, and of many it is hardly this one.
static int32_t first_bits(const struct hs_convoy_stop *stop)
{
    int32_t bits = stop->beside ? hs_odds_ratio(BESIDE_USUAL, stop->beside) : 0;
    return bits > FIRST_MAX ? FIRST_MAX : bits < -FIRST_MAX ? -FIRST_MAX : bits;
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
                     struct hs_convoy_crowd *crowd, const struct hs_convoy_companion *companion,
                     struct hs_convoy_score *ret_score)
{
    struct hs_convoy_score score = {
        .bits = companion->carried_bits, .sites = companion->carried_sites, .one_corridor = true};
    struct belief belief = belief_of(companion);
    int last = -1;
    uint32_t chance_ppm;
    for (size_t stop = 0; stop < convoy->stop_count; stop++) {
        if (!(companion->seen >> stop & 1)) {
            continue;
        }
        if (last >= 0) {
            score.bits +=
                step_bits(convoy, view, crowd, companion, (size_t)last, stop, &belief, &chance_ppm);
            score.missed += (uint32_t)(stop - (size_t)last - 1);
        } else if (companion->carried_sites == 0) {
            score.bits +=
                companion->carried_journeys == 0
                    ? first_bits(&convoy->stops[stop])
                    : again_bits(convoy, &convoy->stops[stop], companion, &belief, &chance_ppm);
        }
        note_site(convoy, view, companion->seen, stop, &score);
        last = (int)stop;
    }
    score.habit_ppm = (uint32_t)belief.habit_ppm;
    *ret_score = score;
}

void hs_convoy_carry(const struct hs_convoy *convoy, const struct hs_convoy_view *view,
                     struct hs_convoy_crowd *crowd, struct hs_convoy_companion *companion)
{
    struct belief belief = belief_of(companion);
    uint32_t chance_ppm;
    uint32_t rest = companion->seen & ~UINT32_C(1);
    if (companion->carried_sites == 0) {
        companion->carried_bits +=
            companion->carried_journeys == 0
                ? first_bits(&convoy->stops[0])
                : again_bits(convoy, &convoy->stops[0], companion, &belief, &chance_ppm);
    }
    if (rest) {
        companion->carried_bits += step_bits(convoy, view, crowd, companion, 0,
                                             (size_t)__builtin_ctz(rest), &belief, &chance_ppm);
    }
    companion->carried_habit_ppm = (uint32_t)belief.habit_ppm;
    companion->carried_way_ppm = (uint32_t)belief.way_ppm;
    companion->carried_line_ppm = (uint32_t)belief.line_ppm;
    companion->carried_sites++;
}

static void list_meetings(const struct hs_convoy *convoy, const struct hs_convoy_view *view,
                          struct hs_convoy_crowd *crowd,
                          const struct hs_convoy_companion *companion,
                          struct hs_convoy_found *found)
{
    struct belief belief = belief_of(companion);
    int last = -1;
    for (size_t stop = 0; stop < convoy->stop_count; stop++) {
        if (!(companion->seen >> stop & 1)) {
            continue;
        }
        struct hs_convoy_meeting *meeting = &found->meetings[found->meeting_count++];
        *meeting = (struct hs_convoy_meeting){
            .stop = &convoy->stops[stop], .gap_ms = companion->gaps_ms[stop], .chance_ppm = HS_PPM};
        if (last >= 0) {
            step_bits(convoy, view, crowd, companion, (size_t)last, stop, &belief,
                      &meeting->chance_ppm);
        } else if (companion->carried_journeys > 0) {
            again_bits(convoy, &convoy->stops[stop], companion, &belief, &meeting->chance_ppm);
        }
        last = (int)stop;
    }
}

bool hs_convoy_next(struct hs_convoy *convoy, const struct hs_convoy_view *view,
                    struct hs_convoy_found *ret_found)
{
    const struct hs_rules *rules = view->rules;
    int32_t enough = hs_odds_log2(rules->convoy_odds);
    struct hs_convoy_crowd crowd;
    hs_convoy_crowd_init(&crowd);
    for (size_t i = 0; i < convoy->companion_count && rules->convoy_odds > 0; i++) {
        struct hs_convoy_companion *companion = &convoy->companions[i];
        struct hs_convoy_score score;
        if (!(companion->seen & convoy->told_of) || companion->told_journey == convoy->journey ||
            companion->carried_journeys + (uint32_t)__builtin_popcount(companion->seen) < 2) {
            continue;
        }
        hs_convoy_weigh(convoy, view, &crowd, companion, &score);
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
        list_meetings(convoy, view, &crowd, companion, ret_found);
        return true;
    }
    return false;
}
