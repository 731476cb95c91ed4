// SPDX-License-Identifier: Apache-2.0
#include "findings/score.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void score_on_chance(void *ctx, const struct traffic_chance *chance)
{
    struct run *run = ctx;
    if (run->chance_count == run->chance_capacity) {
        size_t capacity = run->chance_capacity ? 2 * run->chance_capacity : 1024;
        struct chance *grown = realloc(run->chances, capacity * sizeof(*grown));
        run->broken = run->broken || !grown;
        if (!grown) {
            return;
        }
        run->chances = grown;
        run->chance_capacity = capacity;
    }
    run->chances[run->chance_count++] =
        (struct chance){chance->kind, chance->vehicle, chance->other};
}

static const char *cause_of(const struct run *run, const char *vehicle, const char *other)
{
    for (size_t i = 0; i < run->chance_count; i++) {
        const struct chance *chance = &run->chances[i];
        if (strcmp(plate_of_vehicle(chance->vehicle).text, vehicle) == 0 &&
            strcmp(plate_of_vehicle(chance->other).text, other) == 0) {
            return chance->kind == TRAFFIC_NEIGHBOUR ? "a neighbour who sets out at the same time"
                                                     : "in line along one road";
        }
    }
    return "other traffic: the same way by chance, or the same habits";
}

static const struct said *find_said(const struct run *run, uint32_t vehicle, const char *other)
{
    struct plate plate = plate_of_vehicle(vehicle);
    for (size_t i = 0; i < run->count; i++) {
        if (strcmp(run->said[i].vehicle, plate.text) == 0 &&
            strcmp(run->said[i].other, other) == 0) {
            return &run->said[i];
        }
    }
    return NULL;
}

// A pair as it was said, of whichever of the two.
static const struct said *find_pair(const struct run *run, const struct convoy *convoy,
                                    uint32_t listed)
{
    struct plate vehicle = plate_of_vehicle(convoy->vehicle);
    struct plate companion = plate_of_vehicle(convoy->companion);
    const struct said *said = find_said(run, convoy->vehicle, companion.text);
    const struct said *other =
        convoy->companion < listed ? find_said(run, convoy->companion, vehicle.text) : NULL;
    return said && (!other || said->at_ms <= other->at_ms) ? said : other;
}

static void mark_right(struct run *run, const struct convoy *convoy)
{
    struct plate vehicle = plate_of_vehicle(convoy->vehicle);
    struct plate companion = plate_of_vehicle(convoy->companion);
    for (size_t i = 0; i < run->count; i++) {
        struct said *said = &run->said[i];
        bool pair =
            strcmp(said->vehicle, vehicle.text) == 0 && strcmp(said->other, companion.text) == 0;
        bool turned =
            strcmp(said->vehicle, companion.text) == 0 && strcmp(said->other, vehicle.text) == 0;
        said->right = said->right || pair || turned;
    }
}

struct score score_convoys(struct run *run, const struct sim *sim)
{
    struct score score = {0};
    const struct sim_plan *plan = sim_plan_of(sim);
    for (uint32_t i = 0; i < plan->convoys; i++) {
        const struct convoy *convoy = drivers_convoy(sim_drivers(sim), i);
        if (convoy->started == 0) {
            continue;
        }
        const struct said *said = find_pair(run, convoy, plan->listed);
        bool over = convoy->last_end_s >= convoy->last_begin_s;
        int64_t end_ms = over ? sim_time_ms(sim, convoy->last_end_s) : INT64_MAX;
        bool actual = drivers_convoy_shows(convoy);
        bool found = actual && said && said->at_ms <= end_ms;
        bool once = convoy->together_journeys < 2;
        score.right += said != NULL;
        score.actual += actual;
        score.found += found;
        score.once += actual && once;
        score.once_found += found && once;
        mark_right(run, convoy);
        if (run->show && actual && !found) {
            printf("missing: %s with %s: %u sites on %u roads, %u journeys%s\n",
                   plate_of_vehicle(convoy->vehicle).text, plate_of_vehicle(convoy->companion).text,
                   convoy->together, convoy->together_roads, convoy->together_journeys,
                   said ? ", told too late" : "");
        }
    }
    for (size_t i = 0; i < run->count; i++) {
        score.wrong += run->said[i].other[0] != '\0' && !run->said[i].right;
    }
    score.said = score.right + score.wrong;
    return score;
}

// Why a pair that is none was told.
void score_show_wrong(const struct run *run)
{
    for (size_t i = 0; run->show && i < run->count; i++) {
        const struct said *said = &run->said[i];
        if (!said->right && said->other[0]) {
            printf("wrong: %s with %s: %s\n", said->vehicle, said->other,
                   cause_of(run, said->vehicle, said->other));
        }
    }
}

struct score score_clones(struct run *run, const struct sim *sim)
{
    struct score score = {0};
    for (size_t i = 0; i < run->count; i++) {
        score.said += run->said[i].other[0] == '\0';
    }
    for (uint32_t i = 0; i < sim_plan_of(sim)->clones; i++) {
        const struct clone *clone = drivers_clone(sim_drivers(sim), i);
        const struct said *said = find_said(run, clone->vehicle, "");
        bool actual = clone->impossible > 0;
        score.right += said && clone->begin_s > 0;
        score.actual += actual;
        score.found += actual && said && said->at_ms <= sim_time_ms(sim, clone->end_s);
    }
    return score;
}

// Of the convoy's two, is this the one that is looked at and the other?
static bool is_pair(const struct convoy *convoy, const struct naive_finding *finding)
{
    return (convoy->vehicle == finding->mark && convoy->companion == finding->companion) ||
           (convoy->vehicle == finding->companion && convoy->companion == finding->mark);
}

// What the naive rules say of the marks that they look at.
void score_naive(const struct naive *naive, const struct sim *sim, struct score *ret_convoys,
                 struct score *ret_clones)
{
    struct score convoys = {0}, clones = {0};
    const struct sim_plan *plan = sim_plan_of(sim);
    size_t count;
    const struct naive_finding *findings = naive_findings(naive, &count);
    uint32_t first = plan->convoys + plan->couriers; // of the clones
    for (size_t i = 0; i < count; i++) {
        const struct naive_finding *finding = &findings[i];
        bool clone = finding->companion == UINT32_MAX;
        struct score *score = clone ? &clones : &convoys;
        score->said++;
        if (clone) {
            score->right += finding->mark >= first && finding->mark < first + plan->clones;
            continue;
        }
        for (uint32_t c = finding->mark; c <= finding->mark + 1 && c < plan->convoys; c++) {
            const struct convoy *convoy = drivers_convoy(sim_drivers(sim), c);
            score->right += convoy->started > 0 && is_pair(convoy, finding);
        }
    }
    *ret_convoys = convoys;
    *ret_clones = clones;
}
