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
#include "findings/score.h"
#include "findings/shares.h"
#include "findings/table.h"
#include "hitsim/naive.h"
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

static struct accused *find_accused(struct run *run, const char *camera,
                                    Hitstream__V1__CameraFaultKind kind)
{
    for (size_t i = 0; i < run->accused_count; i++) {
        struct accused *row = &run->accused[i];
        if (row->cleared_ms == 0 && row->kind == kind && strcmp(row->camera, camera) == 0) {
            return row;
        }
    }
    return NULL;
}

static void note_fault(struct run *run, const char *camera, const Hitstream__V1__CameraFault *fault)
{
    struct accused *row = find_accused(run, camera, fault->kind);
    if (!row && run->accused_count == run->accused_capacity) {
        size_t capacity = run->accused_capacity ? 2 * run->accused_capacity : 256;
        struct accused *grown = realloc(run->accused, capacity * sizeof(*grown));
        run->broken = run->broken || !grown;
        if (!grown) {
            return;
        }
        run->accused = grown;
        run->accused_capacity = capacity;
    }
    if (!row) {
        row = &run->accused[run->accused_count++];
        *row = (struct accused){.kind = fault->kind, .at_ms = fault->found_at_ms};
        snprintf(row->camera, sizeof(row->camera), "%s", camera);
    }
    row->offset_ms = fault->offset_ms;
}

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
    for (size_t i = 0; i < run->accused_count; i++) {
        struct accused *row = &run->accused[i];
        bool stands = false;
        for (size_t k = 0; k < health->n_faults; k++) {
            stands = stands || health->faults[k]->kind == row->kind;
        }
        if (!stands && row->cleared_ms == 0 && strcmp(row->camera, health->camera_id) == 0) {
            row->cleared_ms = health->at_ms;
        }
    }
    if (fault) {
        note_fault(run, health->camera_id, fault);
    }
    char *room = hs_buf_reserve(&packed, hitstream__v1__camera_health__get_packed_size(health) + 1);
    run->broken = run->broken || !room;
    if (room) {
        packed.len = hitstream__v1__camera_health__pack(health, (uint8_t *)room);
        hs_camera_findings_put(run->health, hs_str(health->camera_id), hs_buf_str(&packed));
    }
    hs_buf_fini(&packed);
}

// What the cameras' own truth says of what was said: `found` a camera fault in its time, an offset
// within ten seconds where it is a clock's.
struct camera_score {
    size_t actual, found;
    size_t said, wrong;   // wrong: of a camera with no such fault in that time
    size_t clocks, exact; // clocks found, within ten seconds
    int64_t worst_ms;
};

static Hitstream__V1__CameraFaultKind kind_of(enum sim_fault_kind kind)
{
    static const Hitstream__V1__CameraFaultKind kinds[] = {
        [SIM_FAULT_CLOCK] = HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_CLOCK,
        [SIM_FAULT_PLACE] = HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_PLACE,
        [SIM_FAULT_SILENT] = HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_SILENT,
        [SIM_FAULT_COLLAPSE] = HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_COLLAPSE,
    };
    return kinds[kind];
}

static void score_fault(struct run *run, const struct sim *sim, const struct sim_fault *fault,
                        struct camera_score *score)
{
    const char *camera = sim_net(sim)->cameras[fault->camera].camera_id;
    int64_t begin_ms = sim_time_ms(sim, fault->begin_s), end_ms = sim_time_ms(sim, fault->end_s);
    const struct accused *last = NULL;
    for (size_t i = 0; i < run->accused_count; i++) {
        struct accused *row = &run->accused[i];
        if (strcmp(row->camera, camera) == 0 && row->at_ms >= begin_ms && row->at_ms <= end_ms &&
            row->kind == kind_of(fault->kind)) {
            row->right = true;
            last = row;
        }
    }
    score->actual++;
    score->found += last != NULL;
    if (fault->kind == SIM_FAULT_CLOCK && last) {
        int64_t error_ms = llabs(last->offset_ms - sim_offset_ms(fault, fault->end_s));
        score->clocks++;
        score->exact += error_ms <= 10000;
        score->worst_ms = error_ms > score->worst_ms ? error_ms : score->worst_ms;
    }
    if (run->show && !last) {
        printf("missed: camera %s kind %d, %lld to %lld, offset %lld\n", camera, fault->kind,
               (long long)begin_ms, (long long)end_ms, (long long)fault->offset_ms);
    }
}

static struct camera_score score_cameras(struct run *run, const struct sim *sim)
{
    struct camera_score score = {0};
    unsigned count;
    const struct sim_fault *faults = sim_faults(sim, &count);
    for (unsigned i = 0; i < count; i++) {
        score_fault(run, sim, &faults[i], &score);
    }
    for (size_t i = 0; i < run->accused_count; i++) {
        score.said++;
        score.wrong += !run->accused[i].right;
        if (run->show && !run->accused[i].right) {
            printf("false: %s %s at %lld, to %lld\n", run->accused[i].camera,
                   hs_camera_fault_name(run->accused[i].kind), (long long)run->accused[i].at_ms,
                   (long long)run->accused[i].cleared_ms);
        }
    }
    return score;
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

static bool print_cameras(struct run *run, const struct sim *sim)
{
    const struct sim_plan *plan = sim_plan_of(sim);
    struct camera_score score = score_cameras(run, sim);
    double years = sim_net(sim)->camera_count * plan->seconds / 86400.0 / 365.25;
    char base[200], text[320];
    snprintf(base, sizeof(base),
             "%.0f camera-years, %zu faults, clocks off by 20 s to 2 h; worst offset %.1f s", years,
             score.actual, (double)score.worst_ms / 1000.0);
    bool holds = share_print("find-camera", "recall", score.found, score.actual, 0.98, 0, base);
    holds = share_print("find-camera", "offsets within 10 s", score.exact, score.clocks, 1.0, 0,
                        base) &&
            holds;
    snprintf(text, sizeof(text), "%zu false of %zu said, 95 %% bound %.2f; %s", score.wrong,
             score.said, most_of(score.wrong) / years, base);
    const struct hs_figure wrong = {
        .name = "find-camera",
        .unit = "false a camera-year",
        .value = (double)score.wrong / years,
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
    static const struct option options[] = {
        {"days", 1, NULL, 'd'},   {"rate", 1, NULL, 'r'},          {"seed", 1, NULL, 's'},
        {"listed", 1, NULL, 'l'}, {"show", 0, NULL, 'w'},          {"odds", 1, NULL, 'o'},
        {"faults", 1, NULL, 'f'}, {"vehicles-only", 0, NULL, 'V'}, {"cameras-only", 0, NULL, 'C'},
        {NULL, 0, NULL, 0}};
    struct sim_plan plan = sim_plan_default();
    double days = hs_bench_smoke() ? 0.2 : 28;
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
        case 'd':
            days = atof(optarg);
            break;
        case 'r':
            plan.rate = atof(optarg);
            break;
        case 's':
            plan.seed = strtoull(optarg, NULL, 10);
            break;
        case 'l':
            plan.listed = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'o':
            snprintf(run->rules, sizeof(run->rules), "convoy: {odds: %s}\n", optarg);
            break;
        case 'f':
            plan.clock_faults = plan.place_faults = plan.silent_faults = plan.collapse_faults =
                (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'V':
            cameras_wanted = false;
            break;
        case 'C':
            vehicles_wanted = false;
            break;
        case 'w':
            run->show = true;
            break;
        default:
            exit(2);
        }
    }
    plan.seconds = days * 86400.0;
    plan.convoys = plan.listed / 10;
    plan.couriers = plan.listed / 16;
    plan.clones = plan.listed / 20;
    return plan;
}

// `naive` NULL: the naive rules have no say about cameras.
static bool play(struct sim *sim, struct naive *naive, struct run *run, uint64_t *ret_hits)
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
        good = (!naive || naive_read(naive, &read)) && feed_read(feed, &read);
    }
    *ret_hits = feed ? feed_hits(feed) : 0;
    hs_gather_free(run->gather);
    hs_camera_findings_free(run->health);
    feed_free(feed);
    hs_correlator_free(correlator);
    return good && !sim_broken(sim) && !run->broken;
}

// A longer world with fewer listed vehicles and more wrong cameras: what cameras are judged by.
static bool play_cameras(const struct sim_plan *plan, const struct run *like, bool *ret_holds)
{
    struct sim_plan longer = *plan;
    struct run run = {.controls = like->controls, .show = like->show};
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
    bool good = sim && play(sim, NULL, &run, &hits);
    *ret_holds = good && print_cameras(&run, sim);
    free(run.said);
    free(run.accused);
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
    bool good = naive && play(sim, naive, run, &hits);
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
    free(run.accused);
    free(run.chances);
    hs_controls_unref(run.controls);
    return !good ? 1 : vehicles_hold && cameras_hold ? 0 : 3;
}
