// SPDX-License-Identifier: Apache-2.0
#include "hitsim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "hitsim/heap.h"
#include "hitsim/traffic.h"
#include "hitsim/truth.h"

enum { FAULTS_MAX = 2000, NO_ROW = 0xffffffff };

struct row { // a read on its way
    struct sim_read read;
    uint32_t next_free;
};

struct sim {
    struct sim_plan plan;
    struct town *town;         // owned
    struct net *net;           // owned
    struct drivers *drivers;   // owned
    struct traffic *traffic;   // owned
    struct truth *truth;       // NULL: none
    traffic_on_chance *chance; // NULL: nobody asks
    void *chance_ctx;
    struct random random; // of what cameras do
    struct heap heap;     // reads on their way, by arrival
    struct row *rows;     // owned
    uint32_t row_count;
    uint32_t first_free;
    struct sim_fault faults[FAULTS_MAX];
    unsigned fault_count;
    uint16_t fault_of[NET_CAMERAS_MAX]; // 1 + index, 0: none
    uint64_t reads, passages;
    double now_s; // of the last pass
    double end_s;
    bool over;   // no more passes
    bool broken; // out of memory
};

struct sim_plan sim_plan_default(void)
{
    return (struct sim_plan){
        .seed = 1,
        .speed = 1,
        .rate = 200,
        .hour = 8,
        .site_km = 7,
        .seconds = 86400,
        .listed = 200,
        .vehicles = 400000,
        .listed_pause_s = 7200,
        .misread_share = 0.03,
        .partial_share = 0.005,
        .missed_share = 0.03,
        .late_share = 0.005,
        .late_s = 3600,
        .duplicate_share = 0.001,
        .quiet_ms = 1800000,
        .repeat_window_ms = 300000,
        .recent_ms = 600000,
    };
}

static struct drivers_plan drivers_plan_of(const struct sim_plan *plan)
{
    return (struct drivers_plan){.seed = plan->seed,
                                 .span_s = plan->seconds * plan->speed,
                                 .pause_s = plan->listed_pause_s,
                                 .hour = plan->hour,
                                 .listed = plan->listed,
                                 .vehicles = plan->vehicles,
                                 .convoys = plan->convoys,
                                 .couriers = plan->couriers,
                                 .clones = plan->clones,
                                 .coincidence_share = plan->coincidence_share};
}

// A wrong clock: 20 s to 2 h of the stream, before or after.
static int64_t pick_offset_ms(struct random *random)
{
    double ms = 20000.0 * pow(360.0, random_unit(random));
    return (int64_t)(random_below(random, 2) ? ms : -ms);
}

static unsigned pick_far_post(const struct net *net, unsigned post, struct random *random)
{
    unsigned other = post;
    while (net_distance_km(net, post, other) < 20.0) {
        other = random_below(random, net->town_post_first);
    }
    return other;
}

static void add_faults(struct sim *sim, enum sim_fault_kind kind, uint32_t count,
                       struct random *random)
{
    for (uint32_t i = 0; i < count && sim->fault_count < FAULTS_MAX &&
                         sim->fault_count < sim->net->camera_count / 2;
         i++) {
        unsigned camera = random_below(random, sim->net->camera_count);
        while (sim->fault_of[camera] ||
               sim->net->cameras[camera].post >= sim->net->town_post_first) {
            camera = random_below(random, sim->net->camera_count);
        }
        struct sim_fault *fault = &sim->faults[sim->fault_count++];
        double begin_s = sim->end_s * (0.1 + 0.6 * random_unit(random));
        double whole_s = sim->end_s - begin_s;
        *fault = (struct sim_fault){
            .kind = kind,
            .camera = camera,
            .begin_s = begin_s,
            .end_s = begin_s + whole_s * (0.3 + 0.7 * random_unit(random)),
        };
        sim->fault_of[camera] = (uint16_t)sim->fault_count;
        if (kind == SIM_FAULT_CLOCK) {
            fault->offset_ms = pick_offset_ms(random);
            // one in four runs wrong besides: up to 100 ppm, 8.6 s a day
            fault->drift_ppm = i % 4 == 3 ? 200.0 * random_unit(random) - 100.0 : 0;
        } else if (kind == SIM_FAULT_PLACE) { // the register is wrong from the first day
            fault->begin_s = 0;
            fault->end_s = sim->end_s;
            sim->net->cameras[camera].listed_post =
                pick_far_post(sim->net, sim->net->cameras[camera].post, random);
        }
    }
}

static void on_chance(void *ctx, const struct traffic_chance *chance);

static bool make_world(struct sim *sim, const char *data_folder)
{
    struct drivers_plan drivers = drivers_plan_of(&sim->plan);
    struct traffic_plan traffic = {.seed = sim->plan.seed,
                                   .rate = sim->plan.rate / sim->plan.speed,
                                   .hour = sim->plan.hour,
                                   .listed = sim->plan.listed,
                                   .vehicles = sim->plan.vehicles,
                                   .chance = on_chance,
                                   .chance_ctx = sim};
    struct random random = {.state = hs_hash_u64(sim->plan.seed ^ UINT64_C(0xfa017))};
    sim->town = town_read(data_folder);
    sim->net = sim->town ? net_new(sim->town, sim->plan.site_km) : NULL;
    if (!sim->net) {
        return false;
    }
    add_faults(sim, SIM_FAULT_CLOCK, sim->plan.clock_faults, &random);
    add_faults(sim, SIM_FAULT_PLACE, sim->plan.place_faults, &random);
    add_faults(sim, SIM_FAULT_SILENT, sim->plan.silent_faults, &random);
    add_faults(sim, SIM_FAULT_COLLAPSE, sim->plan.collapse_faults, &random);
    sim->drivers = drivers_new(sim->net, &drivers);
    sim->traffic = sim->drivers ? traffic_new(sim->net, sim->drivers, &traffic) : NULL;
    return sim->traffic != NULL;
}

struct sim *sim_new(const struct sim_plan *plan, const char *data_folder, struct truth *truth)
{
    struct sim *sim = calloc(1, sizeof(*sim));
    if (!sim) {
        return NULL;
    }
    sim->plan = *plan;
    sim->truth = truth;
    sim->end_s = plan->seconds * plan->speed;
    sim->random.state = hs_hash_u64(~plan->seed);
    sim->first_free = NO_ROW;
    if (!make_world(sim, data_folder)) {
        fprintf(stderr, "hitsim: the world could not be made\n");
        sim_free(sim);
        return NULL;
    }
    return sim;
}

void sim_free(struct sim *sim)
{
    if (sim) {
        traffic_free(sim->traffic);
        drivers_free(sim->drivers);
        net_free(sim->net);
        town_free(sim->town);
        heap_fini(&sim->heap);
        free(sim->rows);
        free(sim);
    }
}

int64_t sim_time_ms(const struct sim *sim, double at_s)
{
    return sim->plan.start_ms + (int64_t)floor(at_s * 1000.0 / sim->plan.speed);
}

static uint32_t take_row(struct sim *sim)
{
    if (sim->first_free == NO_ROW) {
        uint32_t count = sim->row_count ? 2 * sim->row_count : 1024;
        struct row *rows = realloc(sim->rows, count * sizeof(*rows));
        if (!rows) {
            sim->broken = true;
            return NO_ROW;
        }
        sim->rows = rows;
        for (uint32_t i = count; i > sim->row_count; i--) {
            rows[i - 1].next_free = sim->first_free;
            sim->first_free = i - 1;
        }
        sim->row_count = count;
    }
    uint32_t index = sim->first_free;
    sim->first_free = sim->rows[index].next_free;
    return index;
}

static void send(struct sim *sim, const struct sim_read *read)
{
    uint32_t index = take_row(sim);
    if (index == NO_ROW) {
        return;
    }
    sim->rows[index].read = *read;
    struct heap_event event = {.at_s = (double)read->delivered_at_ms, .id = index};
    sim->broken = !heap_push(&sim->heap, event) || sim->broken;
}

// When what was seen at `at_ms` arrives: at once, or when the camera's line is back.
static int64_t arrival_ms(struct sim *sim, unsigned camera, int64_t at_ms)
{
    uint64_t late_ms = (uint64_t)(sim->plan.late_s * 1000.0) + 1;
    uint64_t spell = (uint64_t)(at_ms - sim->plan.start_ms) / late_ms;
    uint64_t luck = hs_hash_u64(sim->plan.seed ^ (spell * NET_CAMERAS_MAX + camera) << 8);
    if ((double)(luck >> 11) * 0x1p-53 < sim->plan.late_share) {
        at_ms = sim->plan.start_ms + (int64_t)((spell + 1) * late_ms);
        return at_ms + random_below(&sim->random, 10000);
    }
    return at_ms + 40 + random_below(&sim->random, 160);
}

static const struct sim_fault *fault_at(const struct sim *sim, unsigned camera, double at_s)
{
    const struct sim_fault *fault =
        sim->fault_of[camera] ? &sim->faults[sim->fault_of[camera] - 1] : NULL;
    return fault && at_s >= fault->begin_s && at_s < fault->end_s ? fault : NULL;
}

int64_t sim_offset_ms(const struct sim_fault *fault, double at_s)
{
    return fault->offset_ms + (int64_t)((at_s - fault->begin_s) * fault->drift_ppm / 1000.0);
}

static bool misses(struct sim *sim, unsigned camera, const struct sim_fault *fault)
{
    double share =
        sim->plan.missed_share * (0.4 + 1.2 * (double)(hs_hash_u64(camera) % 1000) / 1000);
    if (fault && fault->kind == SIM_FAULT_SILENT) {
        return true;
    }
    if (fault && fault->kind == SIM_FAULT_COLLAPSE) {
        share = 0.92;
    }
    return random_unit(&sim->random) < share;
}

static void make_partial(struct sim *sim, struct reading *reading)
{
    unsigned len = (unsigned)strlen(reading->text);
    for (unsigned left = 2 + random_below(&sim->random, 2); left > 0; left--) {
        unsigned at = random_below(&sim->random, len);
        reading->text[at] = '?';
        reading->confidence[at] = 0;
    }
    reading->candidate_count = 0;
    reading->misread = true;
}

// One sensor's read of a pass; false: it saw nothing.
static bool see(struct sim *sim, const struct traffic_pass *pass, unsigned camera,
                struct sim_read *ret_read)
{
    const struct sim_fault *fault = fault_at(sim, camera, pass->at_s);
    int64_t at_ms = sim_time_ms(sim, pass->at_s);
    if (misses(sim, camera, fault)) {
        return false;
    }
    if (camera != sim->net->posts[pass->post].camera_first) {
        at_ms += random_below(&sim->random, 400); // the second sensor
    }
    *ret_read = (struct sim_read){
        .number = sim->reads++,
        .passage = sim->passages,
        .captured_at_ms = at_ms + (fault ? sim_offset_ms(fault, pass->at_s) : 0),
        .delivered_at_ms = arrival_ms(sim, camera, at_ms),
        .vehicle = pass->vehicle,
        .mark = drivers_mark(sim->drivers, pass->vehicle),
        .camera = camera,
        .lane = pass->lane,
    };
    ret_read->reading =
        plate_read(plate_of_vehicle(ret_read->mark), sim->plan.misread_share, &sim->random);
    if (random_unit(&sim->random) < sim->plan.partial_share) {
        make_partial(sim, &ret_read->reading);
    }
    return true;
}

static void note(struct sim *sim, const struct sim_read *read, struct truth_passage *passage)
{
    bool exact = !read->reading.misread && !fault_at(sim, read->camera, sim->now_s);
    if (passage->read_count == 0 || (exact && !passage->exact)) {
        passage->camera = read->camera;
    }
    passage->exact = passage->exact || exact;
    if (exact && read->delivered_at_ms - read->captured_at_ms <= sim->plan.recent_ms) {
        passage->stale = false;
    }
    passage->reads[passage->read_count++] = read->number;
}

static void count_convoy(const struct sim *sim, const struct traffic_pass *pass, bool exact)
{
    if (pass->with && exact) {
        drivers_convoy_seen(sim->net, pass->with, pass->post, pass->companion);
    }
}

static void on_chance(void *ctx, const struct traffic_chance *chance)
{
    struct sim *sim = ctx;
    if (sim->truth) {
        truth_coincidence(sim->truth, sim, chance);
    }
    if (sim->chance) {
        sim->chance(sim->chance_ctx, chance);
    }
}

static void watch(struct sim *sim, const struct traffic_pass *pass)
{
    const struct net_post *post = &sim->net->posts[pass->post];
    struct sim_read read;
    struct truth_passage passage = {.number = sim->passages,
                                    .mark = drivers_mark(sim->drivers, pass->vehicle),
                                    .at_ms = sim_time_ms(sim, pass->at_s),
                                    .stale = true};
    for (unsigned i = 0; i < post->camera_count; i++) {
        if (!see(sim, pass, post->camera_first + i, &read)) {
            continue;
        }
        send(sim, &read);
        note(sim, &read, &passage);
        if (random_unit(&sim->random) < sim->plan.duplicate_share) {
            read.delivered_at_ms += 200 + random_below(&sim->random, 3000);
            send(sim, &read);
        }
    }
    count_convoy(sim, pass, passage.exact);
    if (passage.mark < sim->plan.listed && passage.read_count > 0) {
        drivers_passed(sim->drivers, pass->vehicle, pass->post, pass->at_s);
        if (sim->truth) {
            truth_passage(sim->truth, sim, &passage);
        }
    }
    sim->passages++;
}

bool sim_next(struct sim *sim, struct sim_read *ret_read)
{
    while (
        !sim->over && !sim->broken &&
        (sim->heap.count == 0 || sim->heap.rows[0].at_s > (double)sim_time_ms(sim, sim->now_s))) {
        struct traffic_pass pass;
        if (!traffic_next(sim->traffic, &pass)) {
            sim->broken = true;
        } else if (pass.at_s >= sim->end_s) {
            sim->over = true;
        } else {
            sim->now_s = pass.at_s;
            watch(sim, &pass);
        }
    }
    if (sim->broken || sim->heap.count == 0) {
        return false;
    }
    uint32_t index = heap_pop(&sim->heap).id;
    *ret_read = sim->rows[index].read;
    sim->rows[index].next_free = sim->first_free;
    sim->first_free = index;
    return true;
}

bool sim_broken(const struct sim *sim)
{
    return sim->broken;
}

void sim_end(struct sim *sim)
{
    if (sim->truth) {
        truth_end(sim->truth, sim, sim->over ? sim->end_s : sim->now_s);
    }
}

void sim_observe_chance(struct sim *sim, traffic_on_chance *chance, void *ctx)
{
    sim->chance = chance;
    sim->chance_ctx = ctx;
}

const struct net *sim_net(const struct sim *sim)
{
    return sim->net;
}

const struct drivers *sim_drivers(const struct sim *sim)
{
    return sim->drivers;
}

const struct sim_plan *sim_plan_of(const struct sim *sim)
{
    return &sim->plan;
}

const struct sim_fault *sim_faults(const struct sim *sim, unsigned *ret_count)
{
    *ret_count = sim->fault_count;
    return sim->faults;
}
