// SPDX-License-Identifier: Apache-2.0
//
// What speaks for a courier, and what for others.
#include <stdlib.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "correlate/rules/pattern_stays.h"
#include "geo/roads.h"

enum explanation { COURIER, ERRANDS, HABIT, EXPLANATIONS };

enum {
    DAY_MIN = 1440,
    MARKETS_MIN = 4, // that somebody on errands chooses from, at least and at most
    MARKETS_MAX = 8,
};

// What each does: assumptions, in the order of enum explanation.
static const struct {
    uint32_t prior;       // of listed vehicles, relative
    uint32_t whole_ppm;   // it comes from a hub and goes back to one, parts per million of stays
    uint32_t short_ppm;   // it stays no longer than a courier
    uint32_t night_ppm;   // it arrives by night
    uint32_t habit_stays; // short and night are its own habit: as much as so many stays is thought
                          // of it beforehand; 0: they are anybody's, whatever it did before
    uint32_t again_ppm;   // it arrives at the hour of an earlier stay
    int64_t hour_ms;      // deviation of that hour
    uint32_t new_hundredths; // another market, as often as so many stays in one that it knows
} does[EXPLANATIONS] = {
    [COURIER] = {1, 850000, 900000, 500000, 2, 700000, 45 * HS_MS_PER_MINUTE, 20},
    [ERRANDS] = {40, 450000, 600000, 130000, 0, 0, HS_MS_PER_HOUR, 200},
    [HABIT] = {1, 800000, 500000, 100000, 2, 800000, 45 * HS_MS_PER_MINUTE, 10},
};

// One vehicle's stays on trial.
struct trial {
    const struct hs_pattern_view *view;
    struct hs_pattern_stay stays[HS_PATTERN_ALL_MAX];
    const struct hs_camera *markets[HS_PATTERN_ALL_MAX]; // of each
    int32_t minutes[HS_PATTERN_ALL_MAX];                 // of London's day at which each began
    size_t count;
};

static bool is_night(const struct hs_rules *rules, int32_t minute)
{
    uint32_t hour = (uint32_t)minute / 60;
    return rules->pattern_night_from <= rules->pattern_night_to
               ? hour >= rules->pattern_night_from && hour < rules->pattern_night_to
               : hour >= rules->pattern_night_from || hour < rules->pattern_night_to;
}

static int32_t london_minute(int64_t at_ms)
{
    struct hs_civil civil = hs_civil_london(at_ms);
    return (int32_t)(civil.hour * 60 + civil.minute);
}

bool hs_pattern_is_night(const struct hs_rules *rules, int64_t at_ms)
{
    return is_night(rules, london_minute(at_ms));
}

static int64_t night_hours(const struct hs_rules *rules)
{
    return ((int64_t)rules->pattern_night_to - rules->pattern_night_from + 24) % 24;
}

// Minutes between two times of day, the short way round.
static int32_t minutes_apart(int32_t a, int32_t b)
{
    int32_t apart = abs(a - b);
    return apart <= DAY_MIN / 2 ? apart : DAY_MIN - apart;
}

// ------------------------------------------------------------------ likelihoods

static int32_t either_bits(uint64_t ppm, bool holds)
{
    return hs_odds_ratio(holds ? ppm : HS_PPM - ppm, HS_PPM);
}

// Something that holds for some of its stays: how often it held so far moves what is expected.
static int32_t habit_bits(enum explanation who, uint64_t ppm, size_t stays, size_t held, bool holds)
{
    uint64_t before = does[who].habit_stays;
    if (before > 0) {
        ppm = (before * ppm + held * HS_PPM) / (before + stays);
    }
    return either_bits(ppm, holds);
}

// The hour within night or day: thousandths of an event per million within a second.
static int32_t hour_bits(const struct trial *trial, enum explanation who, size_t stay, bool night)
{
    int64_t night_h = night_hours(trial->view->rules);
    int64_t hours = night ? night_h : 24 - night_h;
    uint64_t usual = UINT64_C(1000) * HS_PPM / ((uint64_t)(hours ? hours : 24) * 3600);
    uint64_t sum = 0;
    for (size_t i = 0; i < stay; i++) {
        int64_t apart_ms =
            minutes_apart(trial->minutes[i], trial->minutes[stay]) * HS_MS_PER_MINUTE;
        sum += hs_odds_exp2(hs_odds_normal(apart_ms, does[who].hour_ms), 1000);
    }
    uint64_t again_ppm = stay > 0 ? does[who].again_ppm : 0;
    uint64_t again = stay > 0 ? sum / stay : 0;
    return hs_odds_log2((again * again_ppm + usual * (HS_PPM - again_ppm)) / HS_PPM + 1);
}

static int32_t market_bits(const struct trial *trial, enum explanation who, size_t stay)
{
    uint64_t markets = hs_cameras_markets(trial->view->cameras);
    uint64_t known = 0;
    markets = markets < MARKETS_MIN ? MARKETS_MIN : markets > MARKETS_MAX ? MARKETS_MAX : markets;
    for (size_t i = 0; i < stay; i++) {
        known += hs_pattern_same_area(trial->markets[i], trial->markets[stay]);
    }
    uint64_t other = does[who].new_hundredths;
    return hs_odds_ratio(100 * known * markets + other, (100 * stay + other) * markets);
}

static int32_t bits_of(const struct trial *trial, enum explanation who)
{
    int32_t bits = hs_odds_log2(does[who].prior);
    size_t were_short = 0, were_night = 0;
    for (size_t i = 0; i < trial->count; i++) {
        const struct hs_pattern_stay *stay = &trial->stays[i];
        const struct hs_rules *rules = trial->view->rules;
        bool is_short = stay->left_ms - stay->arrived_ms <= rules->pattern_dwell_max_ms;
        bool night = is_night(rules, trial->minutes[i]);
        bits += market_bits(trial, who, i) + hour_bits(trial, who, i, night);
        bits += habit_bits(who, does[who].short_ppm, i, were_short, is_short);
        bits += habit_bits(who, does[who].night_ppm, i, were_night, night);
        bits += stay->under_way ? 0 : either_bits(does[who].whole_ppm, stay->hub && stay->back_ms);
        were_short += is_short;
        were_night += night;
    }
    return bits;
}

// ------------------------------------------------------------------ counts

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool is_new_market(const struct trial *trial, size_t stay)
{
    for (size_t i = 0; i < stay; i++) {
        if (hs_pattern_is_run(trial->view, &trial->stays[i]) &&
            hs_pattern_same_area(trial->markets[i], trial->markets[stay])) {
            return false;
        }
    }
    return true;
}

// From the nearest hour of another run; a day's half: there is none.
static int32_t nearest_hour(const struct trial *trial, size_t stay)
{
    int32_t nearest = DAY_MIN / 2;
    for (size_t i = 0; i < trial->count; i++) {
        int32_t apart = minutes_apart(trial->minutes[i], trial->minutes[stay]);
        nearest = i != stay && apart < nearest && hs_pattern_is_run(trial->view, &trial->stays[i])
                      ? apart
                      : nearest;
    }
    return nearest;
}

static void show(struct hs_pattern_verdict *verdict, const struct hs_pattern_stay *stay)
{
    if (verdict->shown_count == HS_PATTERN_SHOWN_MAX) {
        verdict->shown_count--;
        memmove(&verdict->shown[0], &verdict->shown[1],
                verdict->shown_count * sizeof(verdict->shown[0]));
    }
    verdict->shown[verdict->shown_count++] = *stay;
}

static void count_runs(const struct trial *trial, struct hs_pattern_verdict *verdict)
{
    int64_t dwells[HS_PATTERN_ALL_MAX];
    uint32_t spread = 0;
    for (size_t i = 0; i < trial->count; i++) {
        const struct hs_pattern_stay *stay = &trial->stays[i];
        int64_t dwell_ms = stay->left_ms - stay->arrived_ms;
        verdict->long_stays += dwell_ms > trial->view->rules->pattern_dwell_max_ms;
        if (hs_pattern_is_run(trial->view, stay)) {
            dwells[verdict->runs++] = dwell_ms;
            verdict->markets += is_new_market(trial, i);
            verdict->night += is_night(trial->view->rules, trial->minutes[i]);
            spread += (uint32_t)nearest_hour(trial, i);
            show(verdict, stay);
        }
    }
    if (verdict->runs > 0) {
        qsort(dwells, verdict->runs, sizeof(dwells[0]), by_time);
        verdict->dwell_ms = dwells[verdict->runs / 2];
        verdict->hour_spread_min = spread / verdict->runs;
    }
}

static uint32_t runs_with(const struct trial *trial, uint64_t mark)
{
    uint32_t runs = 0;
    for (size_t i = 0; i < trial->count; i++) {
        for (size_t c = 0; c < HS_PATTERN_COMPANIONS_MAX; c++) {
            runs += trial->stays[i].companions[c] == mark;
        }
    }
    return runs;
}

static void count_companions(const struct trial *trial, struct hs_pattern_verdict *verdict)
{
    for (size_t i = 0; i < trial->count * HS_PATTERN_COMPANIONS_MAX; i++) {
        uint64_t mark =
            trial->stays[i / HS_PATTERN_COMPANIONS_MAX].companions[i % HS_PATTERN_COMPANIONS_MAX];
        uint32_t runs = mark ? runs_with(trial, mark) : 0;
        bool known = runs < 2 || verdict->companion_count == HS_PATTERN_SHOWN_MAX;
        for (size_t c = 0; c < verdict->companion_count; c++) {
            known = known || verdict->companions[c].mark == mark;
        }
        if (!known) {
            verdict->companions[verdict->companion_count].mark = mark;
            verdict->companions[verdict->companion_count++].runs = runs;
        }
    }
}

// ------------------------------------------------------------------ the verdict

static void weigh(const struct trial *trial, struct hs_pattern_verdict *verdict)
{
    int32_t bits[EXPLANATIONS];
    int32_t most = INT32_MIN;
    uint64_t shares[EXPLANATIONS];
    uint64_t sum = 0;
    for (size_t who = 0; who < EXPLANATIONS; who++) {
        bits[who] = bits_of(trial, (enum explanation)who);
        most = bits[who] > most ? bits[who] : most;
    }
    for (size_t who = 0; who < EXPLANATIONS; who++) {
        shares[who] = hs_odds_exp2(bits[who] - most, 1000000);
        sum += shares[who];
    }
    verdict->courier_permille = (uint32_t)(shares[COURIER] * 1000 / sum);
    verdict->errands_permille = (uint32_t)(shares[ERRANDS] * 1000 / sum);
    verdict->habit_permille = (uint32_t)(shares[HABIT] * 1000 / sum);
}

void hs_pattern_judge(const struct hs_pattern *pattern, const struct hs_pattern_view *view,
                      int64_t at_ms, struct hs_pattern_verdict *ret)
{
    struct trial trial;
    trial.view = view;
    trial.count = hs_pattern_stays(pattern, view, at_ms, trial.stays);
    size_t kept = 0;
    for (size_t i = 0; i < trial.count; i++) {
        trial.stays[kept] = trial.stays[i];
        trial.markets[kept] = hs_cameras_hashed_site(view->cameras, trial.stays[i].market);
        trial.minutes[kept] = london_minute(trial.stays[i].arrived_ms);
        kept += trial.markets[kept] != NULL;
    }
    trial.count = kept;
    *ret = (struct hs_pattern_verdict){.stays = (uint32_t)kept};
    count_runs(&trial, ret);
    count_companions(&trial, ret);
    weigh(&trial, ret);
}

bool hs_pattern_is_due(struct hs_pattern *pattern, const struct hs_pattern_view *view,
                       int64_t at_ms, struct hs_pattern_verdict *ret)
{
    hs_pattern_judge(pattern, view, at_ms, ret);
    if (at_ms - pattern->told_ms > view->rules->pattern_remember_ms) {
        pattern->told_runs = pattern->told_markets = pattern->told_companions = 0;
    }
    bool more = ret->runs >= 2 * pattern->told_runs || ret->markets > pattern->told_markets ||
                ret->companion_count > pattern->told_companions;
    if (ret->runs < view->rules->pattern_runs || !more ||
        ret->courier_permille < view->rules->pattern_sure_permille) {
        return false;
    }
    pattern->told_runs = ret->runs;
    pattern->told_markets = ret->markets;
    pattern->told_companions = (uint32_t)ret->companion_count;
    pattern->told_ms = at_ms;
    pattern->times_told++;
    return true;
}
