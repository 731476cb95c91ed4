// SPDX-License-Identifier: Apache-2.0
/*
 * What the finding rules find of what is true, and what they say besides, over a world whose seed
 * nothing was tuned on; the naive rules on the same stream beside them.
 *
 *     findings_bench [--days N] [--rate N] [--seed N] [--listed N] [--faults N]
 *         [--odds N] [--vehicles-only] [--cameras-only] [--show]
 *
 * Cameras are judged in a longer world with more wrong ones: a fault is a camera and a kind, found
 * when it is said within the fault's time.
 *
 * A convoy is a pair of vehicles that was read together, on its last shared journey, at three sites
 * that are not all of one road, or on two journeys: less is no convoy to the rule by what it asks
 * for. A clone is a plate that was seen where one vehicle cannot have been. Found after its truth's
 * end is not found. Two listed vehicles are one pair, whichever of them is told.
 *
 * The world: a camera reads some 1,350 vehicles a day, where listed vehicles drive four times that;
 * a listed vehicle makes two or three trips a day; one in ten has a companion on one to four of
 * them. By chance a fifth of all trips is followed along one road, every third commuter has
 * neighbours who work at the same place and one who sets out within half a minute on most days.
 *
 * --show prints each finding, and the cause of each that is wrong and of each that is missing.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "findings/feed.h"
#include "findings/naive_cameras.h"
#include "findings/options.h"
#include "findings/score.h"
#include "findings/shares.h"
#include "findings/table.h"
#include "hitsim/naive.h"
#include "hitsim/option.h"
#include "hitstream/v1/alert.pb-c.h"
#include "support/figure.h"

enum { NAIVE_EVERY = 16 }; // of the listed marks the naive rules look at one
#define START_MS INT64_C(1768291200000)

// ------------------------------------------------------------------ what is said

static void note(struct run *run, const char *vehicle, const char *other, int64_t at_ms)
{
    for (size_t i = 0; i < run->count; i++) {
        if (strcmp(run->said[i].vehicle, vehicle) == 0 && strcmp(run->said[i].other, other) == 0) {
            return;
        }
    }
    if (run->count == run->capacity) {
        run->capacity = run->capacity ? 2 * run->capacity : 256;
        struct said *grown = realloc(run->said, run->capacity * sizeof(*grown));
        run->broken = run->broken || !grown;
        if (!grown) {
            return;
        }
        run->said = grown;
    }
    struct said *said = &run->said[run->count++];
    *said = (struct said){.at_ms = at_ms};
    snprintf(said->vehicle, sizeof(said->vehicle), "%s", vehicle);
    snprintf(said->other, sizeof(said->other), "%s", other);
}

static void on_alert(void *ctx, const struct hs_alert *told)
{
    struct run *run = ctx;
    Hitstream__V1__Alert *alert =
        hitstream__v1__alert__unpack(NULL, told->payload.len, (const uint8_t *)told->payload.ptr);
    if (alert && alert->finding && strcmp(alert->finding->rule, "pattern") != 0) {
        if (run->show) {
            printf("%lld %s %s\n", (long long)told->event_at_ms, alert->vehicle,
                   alert->finding->explanation);
        }
        note(run, alert->vehicle, alert->finding->other_vehicle, told->event_at_ms);
    }
    if (alert) {
        hitstream__v1__alert__free_unpacked(alert, NULL);
    }
}

static void on_append(void *ctx, struct hs_str key, struct hs_str event)
{
    (void)ctx; // timers are not driven: only findings are looked at
    (void)key;
    (void)event;
}

static struct hs_controls *lookup(void *ctx, const char *hash)
{
    struct run *run = ctx;
    (void)hash;
    return hs_controls_ref(run->controls);
}

static void on_observed(void *ctx, struct hs_str site, const struct hs_id *id,
                        struct hs_str observation)
{
    struct run *run = ctx;
    (void)site;
    (void)id;
    hs_gather_apply(run->gather, observation);
}

// ------------------------------------------------------------------ cameras

static void on_camera(void *ctx, const Hitstream__V1__CameraHealth *health,
                      const Hitstream__V1__CameraFault *fault)
{
    struct run *run = ctx;
    struct hs_buf packed = {0};
    if (run->show) {
        printf("%lld camera %s: %zu faults", (long long)health->at_ms, health->camera_id,
               health->n_faults);
        if (fault) {
            printf(", %s %lld ms since %lld: %s", hs_camera_fault_name(fault->kind),
                   (long long)fault->offset_ms, (long long)fault->since_ms, fault->because);
        }
        putchar('\n');
    }
    camera_book_health(&run->accused, health);
    if (fault) {
        camera_book_accuse(&run->accused, health->camera_id, fault->kind, fault->found_at_ms,
                           fault->offset_ms);
    }
    char *room = hs_buf_reserve(&packed, hitstream__v1__camera_health__get_packed_size(health) + 1);
    run->broken = run->broken || !room;
    if (room) {
        packed.len = hitstream__v1__camera_health__pack(health, (uint8_t *)room);
        hs_camera_findings_put(run->health, hs_str(health->camera_id), hs_buf_str(&packed));
    }
    hs_buf_fini(&packed);
}

// ------------------------------------------------------------------ figures

static double share(size_t good, size_t all)
{
    return all ? (double)good / (double)all : 0;
}

static bool print_all(struct run *ours, const struct naive *naive, const struct sim *sim,
                      uint64_t hits)
{
    char base[200];
    const struct sim_plan *plan = sim_plan_of(sim);
    double years = plan->listed * plan->seconds / 86400.0 / 365.25;
    struct score convoys = score_convoys(ours, sim);
    struct score naive_convoys, naive_clones;
    struct score clones = score_clones(ours, sim);
    score_naive(naive, sim, &naive_convoys, &naive_clones);
    size_t false_clones = clones.said - clones.right;
    score_show_wrong(ours);
    snprintf(
        base, sizeof(base),
        "%.0f vehicle-years, %llu hits, %zu convoys, %zu of them on one journey only: %zu found; "
        "%zu clones",
        years, (unsigned long long)hits, convoys.actual, convoys.once, convoys.once_found,
        clones.actual);
    bool holds = share_print("find-convoy", "precision", convoys.right, convoys.said, 0.95,
                             share(naive_convoys.right, naive_convoys.said), base);
    holds =
        share_print("find-convoy", "recall", convoys.found, convoys.actual, 0.95, 0, base) && holds;
    holds =
        share_print("find-clone", "recall", clones.found, clones.actual, 0.98, 0, base) && holds;
    const struct hs_figure wrong = {
        .name = "find-clone",
        .unit = "false a vehicle-year",
        .value = (double)false_clones / years,
        .reference = (double)(naive_clones.said - naive_clones.right) * NAIVE_EVERY / years,
        .bar = HS_BAR_VALUE_AT_MOST,
        .limit = 0.1,
        .runs = 1,
        .note = base,
    };
    return hs_figure_print(&wrong) && holds;
}

// Poisson's upper bound of a rate, 95 %, by Byar's approximation.
static double most_of(size_t count)
{
    double n = (double)count + 1;
    return n * pow(1 - 1 / (9 * n) + 1.96 / (3 * sqrt(n)), 3);
}

// `naive` what the naive rules said.
static bool print_cameras(struct run *run, struct camera_book *naive, const struct sim *sim)
{
    const struct sim_plan *plan = sim_plan_of(sim);
    struct camera_score score = camera_score(&run->accused, sim, run->show);
    struct camera_score simple = camera_score(naive, sim, false);
    double years = sim_net(sim)->camera_count * plan->seconds / 86400.0 / 365.25;
    char base[200], text[320];
    snprintf(base, sizeof(base),
             "%.0f camera-years, %zu faults, clocks off by 20 s to 2 h; worst offset %.1f s; %zu "
             "of %zu places",
             years, score.actual, (double)score.worst_ms / 1000.0, score.placed, score.places);
    bool holds = share_print("find-camera", "recall", score.found, score.actual, 0.98,
                             share(simple.found, simple.actual), base);
    holds = share_print("find-camera", "offsets within 10 s", score.exact, score.clocks, 1.0,
                        share(simple.exact, simple.clocks), base) &&
            holds;
    snprintf(text, sizeof(text), "%zu false of %zu said, 95 %% bound %.2f; %s", score.wrong,
             score.said, most_of(score.wrong) / years, base);
    const struct hs_figure wrong = {
        .name = "find-camera",
        .unit = "false a camera-year",
        .value = (double)score.wrong / years,
        .reference = (double)simple.wrong / years,
        .bar = HS_BAR_VALUE_AT_MOST,
        .limit = 1,
        .runs = 1,
        .note = text,
    };
    return hs_figure_print(&wrong) && holds;
}

// ------------------------------------------------------------------ the run

// What is asked for: each has a world of its own.
static bool vehicles_wanted = true, cameras_wanted = true;

static struct sim_plan make_plan(int argc, char **argv, struct run *run)
{
    static const struct option options[] = {FINDINGS_OPTIONS,
                                            {"odds", 1, NULL, 'o'},
                                            {"faults", 1, NULL, 'f'},
                                            {"vehicles-only", 0, NULL, 'V'},
                                            {"cameras-only", 0, NULL, 'C'},
                                            {NULL, 0, NULL, 0}};
    struct sim_plan plan = sim_plan_default();
    struct findings_options shared = {.plan = &plan, .days = hs_bench_smoke() ? 0.2 : 28};
    int option;
    plan.seed = 90210;
    plan.start_ms = START_MS;
    plan.rate = hs_bench_smoke() ? 3 : 25;
    plan.listed = hs_bench_smoke() ? 200 : 13100; // 1,004 vehicle-years
    plan.listed_pause_s = 21600;
    plan.vehicles = 300000;
    plan.clock_faults = plan.place_faults = plan.silent_faults = plan.collapse_faults = 4;
    plan.coincidence_share = 0.2;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'o':
            snprintf(run->rules, sizeof(run->rules), "convoy: {odds: %s}\n", optarg);
            break;
        case 'f':
            plan.clock_faults = plan.place_faults = plan.silent_faults = plan.collapse_faults =
                (uint32_t)sim_option_number("faults", 0, 500);
            break;
        case 'V':
            cameras_wanted = false;
            break;
        case 'C':
            vehicles_wanted = false;
            break;
        default:
            findings_option(option, &shared);
        }
    }
    run->show = shared.show;
    plan.seconds = shared.days * 86400.0;
    plan.convoys = plan.listed / 10;
    plan.couriers = plan.listed / 16;
    plan.clones = plan.listed / 20;
    return plan;
}

// What the naive rules look at: of vehicles, or of cameras; the other is NULL.
struct naive_rules {
    struct naive *vehicles;
    struct naive_cameras *cameras;
};

static bool look_naively(const struct naive_rules *naive, const struct sim_read *read)
{
    if (naive->cameras) {
        naive_cameras_read(naive->cameras, read);
    }
    return !naive->vehicles || naive_read(naive->vehicles, read);
}

static bool play(struct sim *sim, const struct naive_rules *naive, struct run *run,
                 uint64_t *ret_hits)
{
    struct hs_correlator *correlator = NULL;
    struct hs_correlator_config config = {
        .controls_lookup = lookup,
        .controls_ctx = run,
        .sink = {.ctx = run, .alert = on_alert, .append = on_append, .observe = on_observed}};
    struct sim_read read;
    memset(&config.id_key, 0x11, sizeof(config.id_key));
    memset(&config.token_key, 0x22, sizeof(config.token_key));
    bool good = hs_correlator_new(&config, &correlator) == 0;
    const struct hs_rules *rules = hs_controls_rules(run->controls);
    const struct hs_gather_terms terms = {rules->cameras_window_ms, rules->cameras_clock_ms,
                                          rules->cameras_vehicles};
    const struct hs_gather_sink sink = {run, on_camera};
    good = good && hs_gather_new(&sink, &run->gather) == 0 &&
           hs_camera_findings_new(NULL, &run->health) == 0;
    if (good) {
        hs_gather_set_terms(run->gather, &terms);
    }
    struct feed *feed = good ? feed_new(sim, rules, correlator, run->gather, &run->health) : NULL;
    good = feed && feed_controls(feed, hs_controls_hash(run->controls));
    while (good && sim_next(sim, &read)) {
        good = look_naively(naive, &read) && feed_read(feed, &read);
    }
    *ret_hits = feed ? feed_hits(feed) : 0;
    hs_gather_free(run->gather);
    hs_camera_findings_free(run->health);
    feed_free(feed);
    hs_correlator_free(correlator);
    return good && !sim_broken(sim) && !run->broken && !run->accused.broken;
}

// A longer world with fewer listed vehicles and more wrong cameras: what cameras are judged by.
static bool play_cameras(const struct sim_plan *plan, const struct run *like, bool *ret_holds)
{
    struct sim_plan longer = *plan;
    struct run run = {.controls = like->controls, .show = like->show};
    struct camera_book said = {0};
    uint64_t hits;
    if (!hs_bench_smoke()) {
        longer.seed = plan->seed + 7;
        longer.seconds = plan->seconds * 80 / 28;
        longer.rate = 3; // thinner: a camera's fault shows by listed vehicles
        longer.listed_pause_s = 7200;
        longer.listed = 200;
        longer.convoys = longer.couriers = longer.clones = 10;
        longer.clock_faults = longer.place_faults = 30;
        longer.silent_faults = longer.collapse_faults = 30;
    }
    struct sim *sim = sim_new(&longer, HITSIM_DATA, NULL);
    const struct naive_rules naive = {.cameras = sim ? naive_cameras_new(sim, &said) : NULL};
    bool good = naive.cameras && play(sim, &naive, &run, &hits) && !said.broken;
    *ret_holds = good && print_cameras(&run, &said, sim);
    naive_cameras_free(naive.cameras);
    camera_book_fini(&said);
    camera_book_fini(&run.accused);
    free(run.said);
    sim_free(sim);
    return good;
}

static bool play_vehicles(const struct sim_plan *plan, struct run *run, bool *ret_holds)
{
    struct sim *sim = sim_new(plan, HITSIM_DATA, NULL);
    struct naive *naive = sim ? naive_new(sim, NAIVE_EVERY) : NULL;
    uint64_t hits = 0;
    if (sim && run->show) {
        sim_observe_chance(sim, score_on_chance, run);
    }
    const struct naive_rules rules = {.vehicles = naive};
    bool good = naive && play(sim, &rules, run, &hits);
    *ret_holds = good && print_all(run, naive, sim, hits);
    naive_free(naive);
    sim_free(sim);
    return good;
}

int main(int argc, char **argv)
{
    struct run run = {0};
    struct sim_plan plan = make_plan(argc, argv, &run);
    bool vehicles_hold = true, cameras_hold = true;
    run.controls = table_learn(&plan, run.rules, plan.seed + 1000003, hs_bench_smoke() ? 0.2 : 2);
    bool good = run.controls;
    good = good && (!vehicles_wanted || play_vehicles(&plan, &run, &vehicles_hold));
    good = good && (!cameras_wanted || play_cameras(&plan, &run, &cameras_hold));
    if (!good) {
        fputs("findings_bench: out of memory\n", stderr);
    }
    free(run.said);
    camera_book_fini(&run.accused);
    free(run.chances);
    hs_controls_unref(run.controls);
    return !good ? 1 : vehicles_hold && cameras_hold ? 0 : 3;
}
