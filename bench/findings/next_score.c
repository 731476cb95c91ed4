// SPDX-License-Identifier: Apache-2.0
#include "findings/next_score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define FORK 0.7 // traffic divides where fewer take the main way on

enum { NOBODY = UINT32_MAX };

// A site and what it was given.
struct guess {
    char site[NET_NAME_MAX];
    double probability;
    int64_t earliest_ms, latest_ms; // 0: not told
};

struct guesses {
    struct guess rows[NEXT_NAMED]; // likeliest first
    unsigned count;
};

// What was told of a vehicle last.
struct pending {
    bool waits;
    unsigned site;
    int64_t at_ms;
    double goes_on;
    unsigned order;
    struct guesses ours, flow;
};

struct next_score {
    const struct sim *sim;
    const struct hs_roads *roads;
    int64_t quiet_ms;
    struct pending *rows;
    uint32_t mark; // whose hit is applied; NOBODY
    struct next_counts counts;
};

struct next_score *next_score_new(const struct sim *sim, const struct hs_controls *controls)
{
    struct next_score *score = calloc(1, sizeof(*score));
    const struct sim_plan *plan = sim_plan_of(sim);
    if (score) {
        score->sim = sim;
        score->roads = hs_controls_roads(controls);
        score->quiet_ms = hs_controls_rules(controls)->quiet_ms;
        score->mark = NOBODY;
        score->rows = calloc(plan->listed + 1, sizeof(*score->rows));
    }
    if (score && !score->rows) {
        free(score);
        return NULL;
    }
    return score;
}

void next_score_free(struct next_score *score)
{
    if (score) {
        free(score->rows);
        free(score);
    }
}

const struct next_counts *next_score_counts(const struct next_score *score)
{
    return &score->counts;
}

static void tell(struct next_tally *tally, double probability, bool came)
{
    unsigned bin = (unsigned)(probability * NEXT_BINS);
    bin = bin < NEXT_BINS ? bin : NEXT_BINS - 1;
    tally->said[bin] += probability;
    tally->told[bin]++;
    tally->came[bin] += came;
}

// The number of the true site among the guesses; -1: none.
static int judge(struct next_tally *tally, const struct guesses *guesses, const char *site)
{
    int hit = -1;
    double given = 0.001;
    for (unsigned i = 0; i < guesses->count; i++) {
        bool came = strcmp(guesses->rows[i].site, site) == 0;
        tell(tally, guesses->rows[i].probability, came);
        hit = came ? (int)i : hit;
        given = came ? fmax(given, guesses->rows[i].probability) : given;
    }
    tally->first += hit == 0;
    tally->named += hit >= 0;
    tally->loss -= log2(given);
    return hit;
}

static void settle(struct next_score *score, struct pending *pending, const char *site,
                   int64_t at_ms)
{
    struct next_counts *counts = &score->counts;
    counts->cases++;
    counts->silent += pending->ours.count == 0;
    tell(&counts->goes_on, pending->goes_on, true);
    int by_flow = judge(&counts->flow, &pending->flow, site);
    int hit = judge(&counts->ours, &pending->ours, site);
    if (pending->flow.count > 0 && pending->flow.rows[0].probability < FORK) {
        counts->forks++;
        counts->forks_first[0] += hit == 0;
        counts->forks_first[1] += by_flow == 0;
    }
    counts->by_order[pending->order]++;
    if (hit >= 0) {
        const struct guess *guess = &pending->ours.rows[hit];
        counts->named_by_order[pending->order]++;
        counts->in_window += at_ms >= guess->earliest_ms && at_ms <= guess->latest_ms;
    }
}

void next_score_hit(struct next_score *score, const struct sim_read *read, unsigned site)
{
    struct pending *pending = &score->rows[read->mark];
    score->mark = read->mark;
    if (!pending->waits || read->captured_at_ms <= pending->at_ms) {
        return;
    }
    if (read->captured_at_ms - pending->at_ms > score->quiet_ms) {
        score->counts.ended++;
        tell(&score->counts.goes_on, pending->goes_on, false);
        pending->waits = false;
    } else if (site != pending->site) {
        settle(score, pending, sim_net(score->sim)->sites[site].site_id, read->captured_at_ms);
        pending->waits = false;
    }
}

// The road's own flow: the three ways on that most traffic takes.
static void guess_by_flow(const struct next_score *score, const Hitstream__V1__Place *place,
                          struct guesses *guesses)
{
    size_t first;
    size_t count =
        hs_roads_exits(score->roads, hs_str(place->site_id), hs_str(place->direction), &first);
    for (size_t i = 0; i < count; i++) {
        const struct hs_road_link *link = hs_roads_at(score->roads, first + i);
        struct guess guess = {.probability = link->share_ppm / 1e6};
        unsigned at = guesses->count;
        memcpy(guess.site, link->to.ptr, link->to.len < NET_NAME_MAX ? link->to.len : 0);
        while (at > 0 && guesses->rows[at - 1].probability < guess.probability) {
            at--;
        }
        if (at < NEXT_NAMED) {
            guesses->count += guesses->count < NEXT_NAMED;
            memmove(&guesses->rows[at + 1], &guesses->rows[at],
                    (guesses->count - at - 1) * sizeof(guess));
            guesses->rows[at] = guess;
        }
    }
}

static void guess_by_alert(const Hitstream__V1__Forecast *forecast, struct guesses *guesses)
{
    for (size_t i = 0; i < forecast->n_places && i < NEXT_NAMED; i++) {
        const Hitstream__V1__NextPlace *place = forecast->places[i];
        struct guess *guess = &guesses->rows[guesses->count++];
        memcpy(guess->site, place->site_id, strlen(place->site_id) + 1);
        guess->probability = place->probability_permille / 1000.0;
        guess->earliest_ms = place->earliest_at_ms;
        guess->latest_ms = place->latest_at_ms;
    }
}

void next_score_alert(struct next_score *score, const Hitstream__V1__Alert *alert)
{
    if (score->mark == NOBODY || alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_FINDING) {
        return;
    }
    struct pending *pending = &score->rows[score->mark];
    if (pending->waits && alert->captured_at_ms <= pending->at_ms) {
        return; // a late read
    }
    *pending = (struct pending){.at_ms = alert->captured_at_ms, .site = UINT32_MAX};
    const struct net *net = sim_net(score->sim);
    for (unsigned i = 0; i < net->site_count; i++) {
        if (strcmp(net->sites[i].site_id, alert->place->site_id) == 0) {
            pending->site = i;
        }
    }
    guess_by_flow(score, alert->place, &pending->flow);
    pending->waits = alert->forecast || pending->flow.count > 0;
    if (alert->forecast) {
        guess_by_alert(alert->forecast, &pending->ours);
        pending->goes_on = alert->forecast->goes_on_permille / 1000.0;
        pending->order = alert->forecast->order;
    }
}

double next_calibration_error(const struct next_tally *tally)
{
    double error = 0;
    uint64_t all = 0;
    for (unsigned bin = 0; bin < NEXT_BINS; bin++) {
        error += fabs(tally->said[bin] - (double)tally->came[bin]);
        all += tally->told[bin];
    }
    return all ? error / (double)all : 0;
}
