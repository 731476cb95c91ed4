// SPDX-License-Identifier: Apache-2.0
//
// What is remembered. What it is worth: convoy_score.c.
#include "correlate/rules/convoy.h"

#include <stdlib.h>

#include "base/error.h"
#include "correlate/rules/convoy_companions.h"
#include "correlate/rules/convoy_score.h"
#include "vrm/vrm.h"

enum { SAME_STOP_MS = 60000 }; // reads of one site within it are one stop

void hs_convoy_fini(struct hs_convoy *convoy)
{
    free(convoy->companions);
    *convoy = (struct hs_convoy){0};
}

bool hs_convoy_is_kept(const struct hs_convoy *convoy)
{
    for (size_t i = 0; i < convoy->companion_count; i++) {
        const struct hs_convoy_companion *companion = &convoy->companions[i];
        if (companion->carried_journeys > 0 || __builtin_popcount(companion->seen) > 1) {
            return true;
        }
    }
    return false;
}

static int add_meeting(struct hs_convoy *convoy, size_t stop, const char *text, int64_t gap_ms,
                       bool listed)
{
    struct hs_vrm vrm;
    if (hs_vrm_normalise(hs_str(text), &vrm, NULL) != 0 || vrm.unreadable > 0) {
        return 0;
    }
    struct hs_convoy_companion *companion = hs_convoy_find_or_add(convoy, hs_vrm_pack(&vrm));
    if (!companion) {
        return HS_ENOMEM;
    }
    uint32_t bit = UINT32_C(1) << stop;
    if (!(companion->seen & bit) || llabs(gap_ms) < llabs(companion->gaps_ms[stop])) {
        companion->gaps_ms[stop] = (int32_t)gap_ms;
    }
    companion->seen |= bit;
    companion->listed = companion->listed || listed;
    int64_t at_ms = convoy->stops[stop].at_ms;
    companion->last_at_ms = at_ms > companion->last_at_ms ? at_ms : companion->last_at_ms;
    return 0;
}

static int add_company(struct hs_convoy *convoy, const struct hs_rules *rules, size_t stop,
                       const Hitstream__V1__Company *company, int side)
{
    int rc = 0;
    for (size_t i = 0; company && rc == 0 && i < company->n_companions; i++) {
        const Hitstream__V1__Companion *row = company->companions[i];
        bool listed = rules->together_sites > 0 && row->n_listed_on > 0;
        if (row->gap_ms <= 3600000 && (listed || rules->convoy_odds > 0)) {
            rc = add_meeting(convoy, stop, row->vrm, side * (int64_t)row->gap_ms, listed);
        }
    }
    return rc;
}

// ------------------------------------------------------------------ journeys and stops

// What a companion of the journey that is over is remembered by; false: it is forgotten.
static bool carry_on(const struct hs_convoy *convoy, const struct hs_convoy_score *score,
                     struct hs_convoy_companion *companion)
{
    bool was_there = companion->seen != 0 || companion->carried_sites > 0;
    bool worth = companion->carried_journeys > 0 || score->sites > 1;
    companion->carried_bits = was_there ? score->bits : companion->carried_bits - HS_CONVOY_ABSENT;
    companion->carried_habit_ppm = was_there ? score->habit_ppm : companion->carried_habit_ppm;
    companion->carried_way_ppm = companion->carried_line_ppm = 0;
    companion->places |= hs_convoy_places(convoy, companion);
    companion->carried_journeys += was_there;
    companion->carried_sites = 0;
    companion->seen = 0;
    companion->listed = false;
    return worth && companion->carried_bits > 0;
}

static void end_journey(struct hs_convoy *convoy, const struct hs_convoy_view *view, int64_t at_ms)
{
    struct hs_convoy_score scores[HS_CONVOY_COMPANIONS_MAX]; // all, before any of them changes
    struct hs_convoy_crowd crowd;
    size_t kept = 0;
    hs_convoy_crowd_init(&crowd);
    for (size_t i = 0; i < convoy->companion_count; i++) {
        hs_convoy_weigh(convoy, view, &crowd, &convoy->companions[i], &scores[i]);
    }
    for (size_t i = 0; i < convoy->companion_count; i++) {
        struct hs_convoy_companion *companion = &convoy->companions[i];
        if (carry_on(convoy, &scores[i], companion) &&
            at_ms - companion->last_at_ms <= view->rules->convoy_remember_ms) {
            convoy->companions[kept++] = *companion;
        }
    }
    convoy->companion_count = kept;
    while (convoy->companion_count > HS_CONVOY_KEPT_MAX) {
        hs_convoy_remove_least(convoy);
    }
    for (size_t stop = 0; stop < convoy->stop_count; stop++) {
        hs_convoy_note_usual(convoy, &convoy->stops[stop]);
    }
    convoy->stop_count = 0;
}

// Whom it met once, two stops ago or more, it will hardly meet again; listed ones are waited for.
// Half of all leave so: in one pass.
static void drop_passers_by(struct hs_convoy *convoy)
{
    size_t kept = 0;
    for (size_t i = 0; i < convoy->companion_count; i++) {
        const struct hs_convoy_companion *companion = &convoy->companions[i];
        bool once = !companion->listed && companion->carried_journeys == 0 &&
                    companion->carried_sites == 0 && companion->seen != 0 &&
                    (companion->seen & (companion->seen - 1)) == 0;
        if (once && (size_t)__builtin_ctz(companion->seen) + 3 < convoy->stop_count) {
            continue;
        }
        if (kept != i) {
            convoy->companions[kept] = *companion;
        }
        kept++;
    }
    convoy->companion_count = kept;
}

// The oldest stop goes; what it was worth together with the next meeting stays.
static void fold_stop(struct hs_convoy *convoy, const struct hs_convoy_view *view)
{
    struct hs_convoy_crowd crowd;
    hs_convoy_crowd_init(&crowd);
    for (size_t i = 0; i < convoy->companion_count; i++) {
        if (convoy->companions[i].seen & 1) {
            hs_convoy_carry(convoy, view, &crowd, &convoy->companions[i]);
        }
    }
    for (size_t i = 0; i < convoy->companion_count; i++) {
        struct hs_convoy_companion *companion = &convoy->companions[i];
        companion->seen >>= 1;
        memmove(&companion->gaps_ms[0], &companion->gaps_ms[1],
                (HS_CONVOY_STOPS_MAX - 1) * sizeof(companion->gaps_ms[0]));
    }
    hs_convoy_note_usual(convoy, &convoy->stops[0]);
    convoy->stop_count--;
    memmove(&convoy->stops[0], &convoy->stops[1], convoy->stop_count * sizeof(convoy->stops[0]));
}

static void make_room(struct hs_convoy *convoy, size_t at)
{
    uint32_t below = (UINT32_C(1) << at) - 1;
    for (size_t i = 0; i < convoy->companion_count; i++) {
        struct hs_convoy_companion *companion = &convoy->companions[i];
        companion->seen = (companion->seen & below) | (companion->seen & ~below) << 1;
        memmove(&companion->gaps_ms[at + 1], &companion->gaps_ms[at],
                (HS_CONVOY_STOPS_MAX - 1 - at) * sizeof(companion->gaps_ms[0]));
    }
    memmove(&convoy->stops[at + 1], &convoy->stops[at],
            (convoy->stop_count - at) * sizeof(convoy->stops[0]));
    convoy->stop_count++;
}

// Vehicles to be expected within both windows, in thousandths.
static uint32_t expect_beside(const struct hs_rules *rules, const Hitstream__V1__Flow *flow)
{
    if (!flow || flow->window_ms == 0) {
        return 0;
    }
    uint64_t beside = (uint64_t)flow->vehicles * 1000 *
                      (uint64_t)(rules->companions_before_ms + rules->companions_after_ms) /
                      flow->window_ms;
    return beside < 1000000 ? (uint32_t)beside + 1 : 1000000;
}

static void fill_stop(struct hs_convoy_stop *stop, const struct hs_rules *rules,
                      const Hitstream__V1__Hit *hit, int64_t at_ms)
{
    *stop = (struct hs_convoy_stop){.at_ms = at_ms, .beside = expect_beside(rules, hit->flow)};
    memcpy(stop->hit, hit->hit_id.data, sizeof(stop->hit));
    strncpy(stop->site, hit->place->site_id, sizeof(stop->site) - 1);
    strncpy(stop->direction, hit->place->direction, sizeof(stop->direction) - 1);
    strncpy(stop->road, hit->place->road, sizeof(stop->road) - 1);
}

static bool is_same_stop(const struct hs_convoy_stop *stop, const Hitstream__V1__Hit *hit,
                         int64_t at_ms)
{
    return strcmp(stop->site, hit->place->site_id) == 0 &&
           llabs(stop->at_ms - at_ms) <= SAME_STOP_MS;
}

// The stop of this hit, made when it is missing; false: it lies before the journey.
static bool find_stop(struct hs_convoy *convoy, const struct hs_convoy_view *view,
                      const Hitstream__V1__Hit *hit, int64_t at_ms, size_t *ret_stop)
{
    size_t count = convoy->stop_count;
    int64_t quiet_ms = view->rules->quiet_ms;
    for (size_t i = 0; i < count; i++) {
        if (is_same_stop(&convoy->stops[i], hit, at_ms)) {
            *ret_stop = i;
            return true;
        }
    }
    if (count > 0 && at_ms < convoy->stops[0].at_ms &&
        (at_ms < convoy->stops[0].at_ms - quiet_ms || count == HS_CONVOY_STOPS_MAX)) {
        return false;
    }
    if (count > 0 && at_ms > convoy->stops[count - 1].at_ms + quiet_ms) {
        end_journey(convoy, view, at_ms);
    }
    convoy->journey += convoy->stop_count == 0;
    if (convoy->stop_count == HS_CONVOY_STOPS_MAX) {
        fold_stop(convoy, view);
    }
    size_t at = convoy->stop_count;
    while (at > 0 && convoy->stops[at - 1].at_ms > at_ms) {
        at--;
    }
    make_room(convoy, at);
    fill_stop(&convoy->stops[at], view->rules, hit, at_ms);
    *ret_stop = at;
    return true;
}

// ------------------------------------------------------------------ events

static bool is_off(const struct hs_rules *rules)
{
    return rules->convoy_odds == 0 && rules->together_sites == 0;
}

int hs_convoy_on_hit(struct hs_convoy *convoy, const struct hs_convoy_view *view,
                     const Hitstream__V1__Hit *hit, int64_t at_ms)
{
    size_t stop;
    convoy->told_of = 0;
    if (is_off(view->rules) || strlen(hit->place->site_id) >= HS_CONVOY_SITE_BYTES ||
        !find_stop(convoy, view, hit, at_ms, &stop)) {
        return 0;
    }
    convoy->told_of = UINT32_C(1) << stop;
    int rc = add_company(convoy, view->rules, stop, hit->before, -1);
    drop_passers_by(convoy);
    return rc;
}

int hs_convoy_on_companions(struct hs_convoy *convoy, const struct hs_convoy_view *view,
                            const Hitstream__V1__Companions *companions, bool *ret_changed)
{
    convoy->told_of = 0;
    if (is_off(view->rules)) {
        return 0;
    }
    for (size_t i = 0; i < convoy->stop_count; i++) {
        if (memcmp(convoy->stops[i].hit, companions->hit_id.data, HS_CONVOY_HIT_BYTES) == 0) {
            *ret_changed = companions->after->n_companions > 0;
            convoy->told_of = UINT32_C(1) << i;
            return add_company(convoy, view->rules, i, companions->after, 1);
        }
    }
    return 0;
}
