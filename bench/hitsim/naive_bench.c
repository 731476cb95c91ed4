// SPDX-License-Identifier: Apache-2.0
/*
 * How hard hitsim's stream is: of what the naive rules say, how much is true. A stream on which the
 * naive convoy rule does well shows nothing about a better one.
 *
 *     naive_bench [--days N] [--rate N] [--seed N]
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "hitsim/naive.h"
#include "support/figure.h"

#define START_MS INT64_C(1768291200000)

struct score {
    size_t said;   // findings
    size_t right;  // of them
    size_t actual; // that could be found
};

static struct sim_plan make_plan(int argc, char **argv)
{
    static const struct option options[] = {
        {"days", 1, NULL, 'd'}, {"rate", 1, NULL, 'r'}, {"seed", 1, NULL, 's'}, {NULL, 0, NULL, 0}};
    struct sim_plan plan = sim_plan_default();
    double days = hs_bench_smoke() ? 0.5 : 7;
    int option;
    plan.start_ms = START_MS;
    plan.rate = 5;
    plan.listed = 1000;
    plan.convoys = 100;
    plan.couriers = 60;
    plan.clones = 50;
    plan.clock_faults = plan.place_faults = plan.silent_faults = plan.collapse_faults = 4;
    plan.coincidence_share = 0.2;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'd') {
            days = atof(optarg);
        } else if (option == 'r') {
            plan.rate = atof(optarg);
        } else if (option == 's') {
            plan.seed = strtoull(optarg, NULL, 10);
        } else {
            exit(2);
        }
    }
    plan.seconds = days * 86400.0;
    return plan;
}

// Convoys that were seen together at three posts of a journey.
static struct score score_convoys(const struct sim *sim, const struct naive_finding *findings,
                                  size_t count)
{
    struct score score = {0};
    uint32_t convoys = sim_plan_of(sim)->convoys;
    for (uint32_t i = 0; i < convoys; i++) {
        const struct convoy *convoy = drivers_convoy(sim_drivers(sim), i);
        score.actual += convoy->started > 0 && convoy->seen[0] >= 3 && convoy->seen[1] >= 3;
    }
    for (size_t f = 0; f < count; f++) {
        if (findings[f].companion == UINT32_MAX) {
            continue;
        }
        score.said++;
        for (uint32_t i = 0; i < convoys; i++) {
            const struct convoy *convoy = drivers_convoy(sim_drivers(sim), i);
            score.right += convoy->started > 0 && convoy->vehicle == findings[f].mark &&
                           convoy->companion == findings[f].companion;
        }
    }
    return score;
}

static struct score score_clones(const struct sim *sim, const struct naive_finding *findings,
                                 size_t count)
{
    struct score score = {0};
    uint32_t clones = sim_plan_of(sim)->clones;
    for (uint32_t i = 0; i < clones; i++) {
        score.actual += drivers_clone(sim_drivers(sim), i)->impossible > 0;
    }
    for (size_t f = 0; f < count; f++) {
        if (findings[f].companion != UINT32_MAX) {
            continue;
        }
        score.said++;
        for (uint32_t i = 0; i < clones; i++) {
            const struct clone *clone = drivers_clone(sim_drivers(sim), i);
            score.right += clone->vehicle == findings[f].mark && clone->impossible > 0;
        }
    }
    return score;
}

static bool print(const char *name, const struct score *score, enum hs_bar bar, double limit)
{
    char note[128];
    double precision = score->said > 0 ? (double)score->right / (double)score->said : 0;
    double recall = score->actual > 0 ? (double)score->right / (double)score->actual : 0;
    snprintf(note, sizeof(note), "%zu said, %zu of them true, %zu to be found, recall %.3f",
             score->said, score->right, score->actual, recall);
    const struct hs_figure figure = {.name = name,
                                     .unit = "precision",
                                     .value = precision,
                                     .bar = bar,
                                     .limit = limit,
                                     .runs = 1,
                                     .note = note};
    return hs_figure_print(&figure);
}

int main(int argc, char **argv)
{
    struct sim_plan plan = make_plan(argc, argv);
    struct sim *sim = sim_new(&plan, HITSIM_DATA, NULL);
    struct naive *naive = sim ? naive_new(sim, 1) : NULL;
    struct sim_read read;
    bool good = naive != NULL;
    while (good && sim_next(sim, &read)) {
        good = naive_read(naive, &read);
    }
    if (!good || sim_broken(sim)) {
        fputs("naive_bench: out of memory\n", stderr);
        return 1;
    }
    size_t count;
    const struct naive_finding *findings = naive_findings(naive, &count);
    struct score convoys = score_convoys(sim, findings, count);
    struct score clones = score_clones(sim, findings, count);
    bool holds = print("naive-convoy", &convoys, HS_BAR_VALUE_AT_MOST, 0.2);
    print("naive-clone", &clones, HS_BAR_NONE, 0);
    naive_free(naive);
    sim_free(sim);
    return holds ? 0 : 3;
}
