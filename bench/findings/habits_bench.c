// SPDX-License-Identifier: Apache-2.0
/*
 * What hangs on a vehicle's habits: where it is read next, and whether it is a courier.
 *
 * How often the site where a vehicle is read next is among the three that the alert before named,
 * and whether their probabilities are right, over a world whose seed nothing was tuned on; the
 * road's own flow beside it.
 *
 *     habits_bench [--days N] [--rate N] [--seed N] [--listed N] [--pause-s N] [--rules YAML]
 *         [--survey-days N] [--show]
 *
 * A case is a hit of a listed vehicle that was told, after which it was read at another site within
 * the quiet time. All count from the first day on: most vehicles have no past there. A courier is
 * found by its third journey when it is told before that one's end.
 */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "findings/feed.h"
#include "findings/next_score.h"
#include "findings/options.h"
#include "findings/pattern_tally.h"
#include "findings/shares.h"
#include "findings/table.h"
#include "hitsim/option.h"
#include "support/figure.h"

#define START_MS INT64_C(1768291200000)

struct run {
    struct hs_controls *controls;
    struct next_score *score;
    struct pattern_tally *tally;
    uint32_t mark; // whose hit is applied
    uint64_t hits;
    const char *rules;  // rules.yaml
    double survey_days; // from which the road table is learnt
    bool show;
};

static void on_hit(void *ctx, const struct sim_read *read, unsigned site)
{
    struct run *run = ctx;
    run->mark = read->mark;
    run->hits++;
    next_score_hit(run->score, read, site);
    pattern_tally_hit(run->tally, read, site);
}

static void on_alert(void *ctx, const struct hs_alert *told)
{
    struct run *run = ctx;
    Hitstream__V1__Alert *alert =
        hitstream__v1__alert__unpack(NULL, told->payload.len, (const uint8_t *)told->payload.ptr);
    if (alert) {
        next_score_alert(run->score, alert);
        pattern_tally_alert(run->tally, run->mark, alert, told->event_at_ms);
        if (run->show && alert->finding && strcmp(alert->finding->rule, "pattern") == 0) {
            printf("%u %s\n", run->mark, alert->finding->explanation);
        }
        hitstream__v1__alert__free_unpacked(alert, NULL);
    }
}

static void on_append(void *ctx, struct hs_str key, struct hs_str event)
{
    (void)ctx; // timers are not driven
    (void)key;
    (void)event;
}

static struct hs_controls *lookup(void *ctx, const char *hash)
{
    struct run *run = ctx;
    (void)hash;
    return hs_controls_ref(run->controls);
}

// ------------------------------------------------------------------ figures

static void show_bins(const char *name, const struct next_tally *tally)
{
    for (unsigned bin = 0; bin < NEXT_BINS; bin++) {
        if (tally->told[bin]) {
            printf("%s %.3f said, %.3f came, of %llu\n", name,
                   tally->said[bin] / (double)tally->told[bin],
                   (double)tally->came[bin] / (double)tally->told[bin],
                   (unsigned long long)tally->told[bin]);
        }
    }
}

static void show(const struct next_counts *counts)
{
    show_bins("next", &counts->ours);
    show_bins("goes on", &counts->goes_on);
    for (unsigned order = 0; order < NEXT_ORDERS; order++) {
        printf("order %u: %.3f of %llu\n", order,
               (double)counts->named_by_order[order] / (double)(counts->by_order[order] + 1),
               (unsigned long long)counts->by_order[order]);
    }
    printf("first: %.3f, flow %.3f; silent %.3f; ended %.3f\n",
           (double)counts->ours.first / (double)counts->cases,
           (double)counts->flow.first / (double)counts->cases,
           (double)counts->silent / (double)counts->cases,
           (double)counts->ended / (double)(counts->cases + counts->ended));
}

static bool print_error(const char *unit, const struct next_tally *tally, double reference,
                        const char *base)
{
    const struct hs_figure figure = {
        .name = "next-place",
        .unit = unit,
        .value = next_calibration_error(tally),
        .reference = reference,
        .bar = HS_BAR_VALUE_AT_MOST,
        .limit = 0.05,
        .runs = 1,
        .note = base,
    };
    return hs_figure_print(&figure);
}

static double share_of(uint64_t good, uint64_t all)
{
    return all ? (double)good / (double)all : 0;
}

static bool print_all(const struct next_counts *counts, const struct sim_plan *plan)
{
    char base[200];
    snprintf(base, sizeof(base), "%.0f vehicle-years, %llu cases, %llu journeys ended instead",
             plan->listed * plan->seconds / 86400.0 / 365.25, (unsigned long long)counts->cases,
             (unsigned long long)counts->ended);
    double cases = (double)counts->cases;
    bool holds =
        share_print("next-place", "true next site among the first three", counts->ours.named,
                    counts->cases, 0.85, (double)counts->flow.named / cases, base);
    holds = print_error("calibration error", &counts->ours, next_calibration_error(&counts->flow),
                        base) &&
            holds;
    holds = print_error("calibration error of goes on", &counts->goes_on, 0, base) && holds;
    holds = share_print("next-place", "of those, within the times told", counts->in_window,
                        counts->ours.named, 0.85, 0, base) &&
            holds;
    char forks[280];
    snprintf(forks, sizeof(forks), "where fewer than 7 in 10 take the main way; %s", base);
    holds = share_print("next-place", "likeliest site true where traffic divides",
                        counts->forks_first[0], counts->forks,
                        share_of(counts->forks_first[1], counts->forks),
                        share_of(counts->forks_first[1], counts->forks), forks) &&
            holds;
    const struct hs_figure loss = {
        .name = "next-place",
        .unit = "bits to tell the true next site",
        .value = counts->ours.loss / cases,
        .reference = counts->flow.loss / cases,
        .bar = HS_BAR_RATIO_AT_MOST,
        .limit = 1,
        .runs = 1,
        .note = base,
    };
    return hs_figure_print(&loss) && holds;
}

// ------------------------------------------------------------------ the run

static struct sim_plan make_plan(int argc, char **argv, struct run *run)
{
    static const struct option options[] = {FINDINGS_OPTIONS,
                                            {"rules", 1, NULL, 'y'},
                                            {"pause-s", 1, NULL, 'p'},
                                            {"survey-days", 1, NULL, 'v'},
                                            {NULL, 0, NULL, 0}};
    struct sim_plan plan = sim_plan_default();
    struct findings_options shared = {.plan = &plan, .days = hs_bench_smoke() ? 0.2 : 28};
    int option;
    plan.seed = 515151;
    plan.start_ms = START_MS;
    plan.rate = 1;
    plan.listed = hs_bench_smoke() ? 200 : 13100;
    plan.listed_pause_s = 6 * 3600;
    plan.clock_faults = plan.place_faults = plan.silent_faults = plan.collapse_faults = 4;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p':
            plan.listed_pause_s = sim_option_number("pause-s", 60, 1e7);
            break;
        case 'v':
            run->survey_days = sim_option_number("survey-days", 0.01, 365);
            break;
        case 'y':
            run->rules = optarg;
            break;
        default:
            findings_option(option, &shared);
        }
    }
    run->show = shared.show;
    plan.convoys = plan.listed / 20;
    plan.couriers = plan.listed / 50;
    plan.clones = plan.listed / 100;
    plan.seconds = shared.days * 86400.0;
    return plan;
}

static bool play(struct sim *sim, struct run *run)
{
    struct hs_correlator *correlator = NULL;
    struct hs_correlator_config config = {
        .controls_lookup = lookup,
        .controls_ctx = run,
        .sink = {.ctx = run, .alert = on_alert, .append = on_append}};
    struct sim_read read;
    memset(&config.id_key, 0x11, sizeof(config.id_key));
    memset(&config.token_key, 0x22, sizeof(config.token_key));
    bool good = hs_correlator_new(&config, &correlator) == 0;
    struct feed *feed =
        good ? feed_new(sim, hs_controls_rules(run->controls), correlator, NULL, NULL) : NULL;
    good = feed && feed_controls(feed, hs_controls_hash(run->controls));
    if (good) {
        feed_observe(feed, on_hit, run);
    }
    while (good && sim_next(sim, &read)) {
        good = feed_read(feed, &read);
    }
    feed_free(feed);
    hs_correlator_free(correlator);
    return good && !sim_broken(sim);
}

int main(int argc, char **argv)
{
    struct run run = {.rules = "", .survey_days = hs_bench_smoke() ? 0.2 : 6};
    struct sim_plan plan = make_plan(argc, argv, &run);
    struct sim_plan survey = plan;
    survey.rate = 3;
    survey.listed = survey.listed < 1000 ? survey.listed : 1000;
    survey.convoys = survey.couriers = survey.clones = 0;
    run.controls = table_learn(&survey, run.rules, plan.seed + 1000003, run.survey_days);
    struct sim *sim = run.controls ? sim_new(&plan, HITSIM_DATA, NULL) : NULL;
    run.score = sim ? next_score_new(sim, run.controls) : NULL;
    run.tally = sim ? pattern_tally_new(sim, run.controls) : NULL;
    if (!run.score || !run.tally || !play(sim, &run)) {
        fputs("habits_bench: out of memory\n", stderr);
        return 1;
    }
    const struct next_counts *counts = next_score_counts(run.score);
    if (run.show) {
        show(counts);
    }
    char base[200];
    snprintf(base, sizeof(base), "%.0f vehicle-years, %llu hits, 1 vehicle in %u a courier",
             plan.listed * plan.seconds / 86400.0 / 365.25, (unsigned long long)run.hits,
             plan.couriers ? plan.listed / plan.couriers : 0);
    bool holds = print_all(counts, &plan);
    holds = pattern_tally_print(run.tally, base) && holds;
    next_score_free(run.score);
    pattern_tally_free(run.tally);
    sim_free(sim);
    hs_controls_unref(run.controls);
    return holds ? 0 : 3;
}
