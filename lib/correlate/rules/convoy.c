// SPDX-License-Identifier: Apache-2.0
//
// What is remembered. What it is worth: convoy_score.c.
#include "correlate/rules/convoy.h"

#include <stdlib.h>

#include "base/error.h"
#include "correlate/rules/convoy_passers.h"
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

// ------------------------------------------------------------------ companions

// The first that does not stand before the mark.
static size_t place_of(const struct hs_convoy *convoy, uint64_t mark)
{
    size_t low = 0;
    size_t high = convoy->companion_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (convoy->companions[middle].mark < mark) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void remove_companion(struct hs_convoy *convoy, size_t at)
{
    convoy->companion_count--;
    memmove(&convoy->companions[at], &convoy->companions[at + 1],
            (convoy->companion_count - at) * sizeof(convoy->companions[0]));
}

struct hs_convoy_companion *hs_convoy_find(const struct hs_convoy *convoy, uint64_t mark)
{
    size_t at = place_of(convoy, mark);
    bool found = at < convoy->companion_count && convoy->companions[at].mark == mark;
    return found ? &convoy->companions[at] : NULL;
}

// Who is missed least: not listed, met least often, longest ago.
static bool is_less(const struct hs_convoy_companion *a, const struct hs_convoy_companion *b)
{
    if (a->listed != b->listed) {
        return b->listed;
    }
    int met_a = __builtin_popcount(a->seen) + 2 * (int)a->carried_journeys;
    int met_b = __builtin_popcount(b->seen) + 2 * (int)b->carried_journeys;
    return met_a != met_b                   ? met_a < met_b
           : a->last_at_ms != b->last_at_ms ? a->last_at_ms < b->last_at_ms
                                            : a->mark > b->mark;
}

static void remove_least(struct hs_convoy *convoy)
{
    size_t least = 0;
    for (size_t i = 1; i < convoy->companion_count; i++) {
        if (is_less(&convoy->companions[i], &convoy->companions[least])) {
            least = i;
        }
    }
    remove_companion(convoy, least);
}

// The companion with this mark, made when it is missing. NULL: out of memory.
static struct hs_convoy_companion *find_or_add(struct hs_convoy *convoy, uint64_t mark)
{
    size_t at = place_of(convoy, mark);
    if (at < convoy->companion_count && convoy->companions[at].mark == mark) {
        return &convoy->companions[at];
    }
    if (convoy->companion_count == HS_CONVOY_COMPANIONS_MAX) {
        remove_least(convoy);
        at = place_of(convoy, mark);
    } else if (convoy->companion_count == convoy->companion_capacity) {
        size_t wanted = convoy->companion_capacity ? 2 * convoy->companion_capacity : 8;
        struct hs_convoy_companion *grown = realloc(convoy->companions, wanted * sizeof(*grown));
        if (!grown) {
            return NULL;
        }
        convoy->companions = grown;
        convoy->companion_capacity = wanted;
    }
    memmove(&convoy->companions[at + 1], &convoy->companions[at],
            (convoy->companion_count - at) * sizeof(convoy->companions[0]));
    convoy->companions[at] = (struct hs_convoy_companion){.mark = mark};
    convoy->companion_count++;
    return &convoy->companions[at];
}

static int add_meeting(struct hs_convoy *convoy, size_t stop, const char *text, int64_t gap_ms,
                       bool listed)
{
    struct hs_vrm vrm;
    if (hs_vrm_normalise(hs_str(text), &vrm, NULL) != 0 || vrm.unreadable > 0) {
        return 0;
    }
    struct hs_convoy_companion *companion = find_or_add(convoy, hs_vrm_pack(&vrm));
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
        remove_least(convoy);
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
    if (is_off(view->rules) || strlen(hit->place->site_id) >= HS_CONVOY_SITE_BYTES ||
        !find_stop(convoy, view, hit, at_ms, &stop)) {
        return 0;
    }
    int rc = add_company(convoy, view->rules, stop, hit->before, -1);
    drop_passers_by(convoy);
    return rc;
}

int hs_convoy_on_companions(struct hs_convoy *convoy, const struct hs_convoy_view *view,
                            const Hitstream__V1__Companions *companions, bool *ret_changed)
{
    if (is_off(view->rules)) {
        return 0;
    }
    for (size_t i = 0; i < convoy->stop_count; i++) {
        if (memcmp(convoy->stops[i].hit, companions->hit_id.data, HS_CONVOY_HIT_BYTES) == 0) {
            *ret_changed = companions->after->n_companions > 0;
            return add_company(convoy, view->rules, i, companions->after, 1);
        }
    }
    return 0;
}

// ------------------------------------------------------------------ as a message

// What is the same as at the stop before is left out, and its time is counted from there.
static void pack_stop(const struct hs_convoy_stop *before, const struct hs_convoy_stop *stop,
                      Hitstream__V1__ConvoyStop *row)
{
    bool near = before && stop->at_ms > before->at_ms && stop->at_ms - before->at_ms <= UINT32_MAX;
    hitstream__v1__convoy_stop__init(row);
    row->hit_id.data = (uint8_t *)(uintptr_t)stop->hit; // read only
    row->hit_id.len = sizeof(stop->hit);
    row->site_id = (char *)(uintptr_t)stop->site;
    row->as_before = before && strcmp(before->direction, stop->direction) == 0 &&
                     strcmp(before->road, stop->road) == 0;
    if (!row->as_before) {
        row->direction = (char *)(uintptr_t)stop->direction;
        row->road = (char *)(uintptr_t)stop->road;
    }
    row->after_ms = near ? (uint32_t)(stop->at_ms - before->at_ms) : 0;
    row->at_ms = near ? 0 : stop->at_ms;
    row->beside = stop->beside;
}

static bool pack_stops(const struct hs_convoy *convoy, struct hs_bump *bump,
                       Hitstream__V1__ConvoyState *state)
{
    Hitstream__V1__ConvoyStop *rows = hs_bump_alloc(bump, (convoy->stop_count + 1) * sizeof(*rows));
    state->stops = hs_bump_alloc(bump, (convoy->stop_count + 1) * sizeof(*state->stops));
    state->n_stops = convoy->stop_count;
    for (size_t i = 0; rows && state->stops && i < convoy->stop_count; i++) {
        pack_stop(i > 0 ? &convoy->stops[i - 1] : NULL, &convoy->stops[i], &rows[i]);
        state->stops[i] = &rows[i];
    }
    return rows && state->stops;
}

static bool pack_companion(const struct hs_convoy_companion *companion, struct hs_bump *bump,
                           Hitstream__V1__ConvoyCompanion *row)
{
    hitstream__v1__convoy_companion__init(row);
    row->mark = companion->mark;
    row->seen = companion->seen;
    row->gaps_ms = hs_bump_alloc(bump, HS_CONVOY_STOPS_MAX * sizeof(*row->gaps_ms));
    for (size_t stop = 0; row->gaps_ms && stop < HS_CONVOY_STOPS_MAX; stop++) {
        if (companion->seen >> stop & 1) {
            row->gaps_ms[row->n_gaps_ms++] = companion->gaps_ms[stop];
        }
    }
    row->carried_bits = companion->carried_bits;
    row->carried_sites = companion->carried_sites;
    row->carried_journeys = companion->carried_journeys;
    row->places = companion->places;
    row->carried_way_ppm = companion->carried_way_ppm;
    row->carried_habit_ppm = companion->carried_habit_ppm;
    row->carried_line_ppm = companion->carried_line_ppm;
    row->last_at_ms = companion->last_at_ms;
    row->told_journey = companion->told_journey;
    row->listed = companion->listed;
    row->together_incident = companion->together_incident;
    row->together_told = companion->together_told;
    return row->gaps_ms;
}

static bool pack_usual(const struct hs_convoy *convoy, struct hs_bump *bump,
                       Hitstream__V1__ConvoyState *state)
{
    const uint8_t *bytes = (const uint8_t *)convoy->usual; // week after week
    size_t count = 0;
    for (size_t i = 0; i < sizeof(convoy->usual); i++) {
        count += (size_t)__builtin_popcount(bytes[i]);
    }
    state->usual = hs_bump_alloc(bump, (count + 1) * sizeof(*state->usual));
    uint32_t last = 0;
    for (uint32_t bit = 0; state->usual && bit < 8 * sizeof(convoy->usual); bit++) {
        if (bytes[bit / 8] >> bit % 8 & 1) {
            state->usual[state->n_usual++] = bit - last;
            last = bit;
        }
    }
    return state->usual;
}

Hitstream__V1__ConvoyState *hs_convoy_pack(const struct hs_convoy *convoy, struct hs_bump *bump)
{
    size_t count = convoy->companion_count;
    Hitstream__V1__ConvoyState *state = hs_bump_alloc(bump, sizeof(*state));
    Hitstream__V1__ConvoyCompanion *rows = hs_bump_alloc(bump, (count + 1) * sizeof(*rows));
    if (!state || !rows) {
        return NULL;
    }
    hitstream__v1__convoy_state__init(state);
    state->journey = convoy->journey;
    state->usual_week = convoy->usual_week;
    state->companions = hs_bump_alloc(bump, (count + 1) * sizeof(*state->companions));
    bool good = state->companions && pack_stops(convoy, bump, state) &&
                pack_usual(convoy, bump, state) &&
                hs_convoy_pack_passers(convoy, bump, &state->passers_by);
    for (size_t i = 0; good && i < count; i++) {
        if (!hs_convoy_is_passer(convoy, &convoy->companions[i])) {
            Hitstream__V1__ConvoyCompanion *row = &rows[state->n_companions];
            state->companions[state->n_companions++] = row;
            good = pack_companion(&convoy->companions[i], bump, row);
        }
    }
    return good ? state : NULL;
}

static int unpack_stop(const Hitstream__V1__ConvoyStop *row, const struct hs_convoy_stop *before,
                       struct hs_convoy_stop *stop)
{
    if (row->hit_id.len < sizeof(stop->hit) || strlen(row->site_id) >= sizeof(stop->site) ||
        strlen(row->direction) >= sizeof(stop->direction) ||
        strlen(row->road) >= sizeof(stop->road) || (!before && row->as_before)) {
        return HS_EFORMAT;
    }
    *stop = (struct hs_convoy_stop){.at_ms = row->at_ms, .beside = row->beside};
    if (before && row->at_ms == 0) {
        stop->at_ms = before->at_ms + row->after_ms;
    }
    memcpy(stop->hit, row->hit_id.data, sizeof(stop->hit));
    strcpy(stop->site, row->site_id);
    strcpy(stop->direction, row->as_before ? before->direction : row->direction);
    strcpy(stop->road, row->as_before ? before->road : row->road);
    return 0;
}

static int unpack_companion(struct hs_convoy *convoy, const Hitstream__V1__ConvoyCompanion *row)
{
    size_t gaps = (size_t)__builtin_popcount(row->seen);
    if (row->seen >> convoy->stop_count || row->n_gaps_ms != gaps ||
        row->carried_way_ppm > HS_PPM || row->carried_line_ppm > HS_PPM ||
        row->carried_habit_ppm > HS_PPM) {
        return HS_EFORMAT;
    }
    struct hs_convoy_companion *companion = find_or_add(convoy, row->mark);
    if (!companion) {
        return HS_ENOMEM;
    }
    companion->seen = row->seen;
    gaps = 0;
    for (size_t stop = 0; stop < convoy->stop_count; stop++) {
        companion->gaps_ms[stop] = row->seen >> stop & 1 ? row->gaps_ms[gaps++] : 0;
    }
    companion->carried_bits = row->carried_bits;
    companion->carried_sites = row->carried_sites;
    companion->carried_journeys = row->carried_journeys;
    companion->places = row->places;
    companion->carried_way_ppm = row->carried_way_ppm;
    companion->carried_habit_ppm = row->carried_habit_ppm;
    companion->carried_line_ppm = row->carried_line_ppm;
    companion->last_at_ms = row->last_at_ms;
    companion->told_journey = row->told_journey;
    companion->listed = row->listed;
    companion->together_incident = row->together_incident;
    companion->together_told = row->together_told;
    return 0;
}

static int unpack_passers(struct hs_convoy *convoy, ProtobufCBinaryData rows)
{
    struct hs_convoy_passers passers = {.at = rows.data,
                                        .end = rows.len ? rows.data + rows.len : rows.data};
    int rc = 0;
    while (rc == 0 && passers.at < passers.end) {
        struct hs_convoy_companion passer;
        rc = convoy->companion_count == HS_CONVOY_COMPANIONS_MAX
                 ? HS_EFORMAT
                 : hs_convoy_next_passer(&passers, convoy, &passer);
        struct hs_convoy_companion *companion = rc == 0 ? find_or_add(convoy, passer.mark) : NULL;
        if (companion) {
            *companion = passer;
        } else if (rc == 0) {
            rc = HS_ENOMEM;
        }
    }
    return rc;
}

static int unpack_usual(struct hs_convoy *convoy, const Hitstream__V1__ConvoyState *state)
{
    uint64_t bit = 0;
    for (size_t i = 0; i < state->n_usual; i++) {
        bit += state->usual[i];
        if (bit >= 8 * sizeof(convoy->usual)) {
            return HS_EFORMAT;
        }
        convoy->usual[bit / HS_CONVOY_USUAL_BITS][bit % HS_CONVOY_USUAL_BITS / 8] |=
            (uint8_t)(1U << bit % 8);
    }
    convoy->usual_week = state->usual_week;
    return 0;
}

int hs_convoy_unpack(struct hs_convoy *convoy, const Hitstream__V1__ConvoyState *state)
{
    int rc = state->n_stops > HS_CONVOY_STOPS_MAX || state->n_companions > HS_CONVOY_COMPANIONS_MAX
                 ? HS_EFORMAT
                 : 0;
    rc = rc ? rc : unpack_usual(convoy, state);
    convoy->journey = state->journey;
    for (size_t i = 0; rc == 0 && i < state->n_stops; i++) {
        rc = unpack_stop(state->stops[i], i > 0 ? &convoy->stops[i - 1] : NULL, &convoy->stops[i]);
        convoy->stop_count += rc == 0;
    }
    for (size_t i = 0; rc == 0 && i < state->n_companions; i++) {
        rc = unpack_companion(convoy, state->companions[i]);
    }
    return rc ? rc : unpack_passers(convoy, state->passers_by);
}
