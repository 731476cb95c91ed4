// SPDX-License-Identifier: Apache-2.0
//
// The pattern rule's memory as a message.
#include <stdlib.h>

#include "base/error.h"
#include "correlate/rules/pattern.h"

#define LATEST_MS INT64_C(253402300799999) // the end of the year 9999

static void pack_visit(const struct hs_pattern_visit *visit, Hitstream__V1__PatternVisit *row)
{
    hitstream__v1__pattern_visit__init(row);
    row->site = visit->site;
    row->first_ms = visit->first_ms;
    row->last_ms = (uint64_t)(visit->last_ms - visit->first_ms);
    row->companions = (uint64_t *)(uintptr_t)visit->companions; // read only, like the rest
    while (row->n_companions < HS_PATTERN_COMPANIONS_MAX && visit->companions[row->n_companions]) {
        row->n_companions++;
    }
}

static void pack_stay(const struct hs_pattern_stay *stay, Hitstream__V1__PatternStay *row)
{
    hitstream__v1__pattern_stay__init(row);
    row->market = stay->market;
    row->hub = stay->hub;
    row->arrived_ms = stay->arrived_ms;
    row->left_hub_ms = (uint64_t)(stay->arrived_ms - stay->left_hub_ms);
    row->left_ms = (uint64_t)(stay->left_ms - stay->arrived_ms);
    row->back_ms = stay->back_ms ? (uint64_t)(stay->back_ms - stay->left_ms) + 1 : 0;
    row->companions = (uint64_t *)(uintptr_t)stay->companions;
    while (row->n_companions < HS_PATTERN_COMPANIONS_MAX && stay->companions[row->n_companions]) {
        row->n_companions++;
    }
}

static bool pack_visits(const struct hs_pattern *pattern, struct hs_bump *bump,
                        Hitstream__V1__PatternState *state)
{
    size_t count = pattern->visit_count;
    Hitstream__V1__PatternVisit *rows = hs_bump_alloc(bump, (count + 2) * sizeof(*rows));
    state->visits = hs_bump_alloc(bump, (count + 1) * sizeof(*state->visits));
    if (!rows || !state->visits) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        pack_visit(&pattern->visits[i], &rows[i]);
        state->visits[i] = &rows[i];
    }
    state->n_visits = count;
    if (pattern->hub.site) {
        state->hub = &rows[count];
        pack_visit(&pattern->hub, state->hub);
    }
    if (pattern->market.site) {
        state->market = &rows[count + 1];
        pack_visit(&pattern->market, state->market);
    }
    return true;
}

Hitstream__V1__PatternState *hs_pattern_pack(const struct hs_pattern *pattern, struct hs_bump *bump)
{
    size_t count = pattern->stay_count;
    Hitstream__V1__PatternState *state = hs_bump_alloc(bump, sizeof(*state));
    Hitstream__V1__PatternStay *rows = hs_bump_alloc(bump, (count + 1) * sizeof(*rows));
    Hitstream__V1__PatternStay **pointers = hs_bump_alloc(bump, (count + 1) * sizeof(*pointers));
    if (!state || !rows || !pointers) {
        return NULL;
    }
    hitstream__v1__pattern_state__init(state);
    for (size_t i = 0; i < count; i++) {
        pack_stay(&pattern->stays[i], &rows[i]);
        pointers[i] = &rows[i];
    }
    state->stays = pointers;
    state->n_stays = count;
    state->told_runs = pattern->told_runs;
    state->told_markets = pattern->told_markets;
    state->told_companions = pattern->told_companions;
    state->times_told = pattern->times_told;
    state->told_ms = pattern->told_ms;
    return pack_visits(pattern, bump, state) ? state : NULL;
}

static bool unpack_companions(const uint64_t *marks, size_t count,
                              uint64_t ret_marks[HS_PATTERN_COMPANIONS_MAX])
{
    if (count > HS_PATTERN_COMPANIONS_MAX) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        ret_marks[i] = marks[i];
    }
    return true;
}

static bool unpack_visit(const Hitstream__V1__PatternVisit *row, struct hs_pattern_visit *visit)
{
    if (row->first_ms < 0 || row->first_ms > LATEST_MS || row->last_ms > (uint64_t)LATEST_MS) {
        return false;
    }
    *visit = (struct hs_pattern_visit){.site = row->site,
                                       .first_ms = row->first_ms,
                                       .last_ms = row->first_ms + (int64_t)row->last_ms};
    return unpack_companions(row->companions, row->n_companions, visit->companions);
}

static bool unpack_stay(const Hitstream__V1__PatternStay *row, struct hs_pattern_stay *stay)
{
    const uint64_t latest = (uint64_t)LATEST_MS;
    if (row->arrived_ms < 0 || row->arrived_ms > LATEST_MS || row->left_hub_ms > latest ||
        row->left_ms > latest || row->back_ms > latest) {
        return false;
    }
    *stay = (struct hs_pattern_stay){
        .market = row->market,
        .hub = row->hub,
        .arrived_ms = row->arrived_ms,
        .left_hub_ms = row->arrived_ms - (int64_t)row->left_hub_ms,
        .left_ms = row->arrived_ms + (int64_t)row->left_ms,
    };
    stay->back_ms = row->back_ms ? stay->left_ms + (int64_t)row->back_ms - 1 : 0;
    return unpack_companions(row->companions, row->n_companions, stay->companions);
}

int hs_pattern_unpack(struct hs_pattern *pattern, const Hitstream__V1__PatternState *state)
{
    bool good = state->n_visits <= HS_PATTERN_VISITS_MAX && state->n_stays <= HS_PATTERN_STAYS_MAX;
    for (size_t i = 0; good && i < state->n_visits; i++) {
        good = unpack_visit(state->visits[i], &pattern->visits[pattern->visit_count++]);
    }
    good = good && (!state->hub || unpack_visit(state->hub, &pattern->hub)) &&
           (!state->market || unpack_visit(state->market, &pattern->market));
    pattern->stays =
        good && state->n_stays ? malloc(state->n_stays * sizeof(*pattern->stays)) : NULL;
    if (good && state->n_stays && !pattern->stays) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; good && i < state->n_stays; i++) {
        pattern->stay_capacity = state->n_stays;
        good = unpack_stay(state->stays[i], &pattern->stays[pattern->stay_count++]);
    }
    pattern->told_runs = state->told_runs;
    pattern->told_markets = state->told_markets;
    pattern->told_companions = state->told_companions;
    pattern->times_told = state->times_told;
    pattern->told_ms = state->told_ms;
    return good ? 0 : HS_EFORMAT;
}
