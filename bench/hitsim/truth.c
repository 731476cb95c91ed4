// SPDX-License-Identifier: Apache-2.0
#include "hitsim/truth.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hitsim/desks.h"

#define NEVER_MS INT64_MIN

// When each desk was told of one site.
struct told {
    unsigned site;
    int64_t at_ms[DESKS_MAX];
};

// One listed vehicle as desks know it.
struct known {
    int64_t last_ms; // its last passage; NEVER_MS: none
    unsigned post;   // and where that was, by the register
    uint32_t told;   // bit: this desk was told in this incident
    uint32_t risk;   // bit: and that somebody is at risk
    unsigned next;   // place that is given up next
    struct told places[TRUTH_PLACES];
};

struct truth {
    FILE *file; // borrowed, NULL: none
    struct sim_plan plan;
    struct desk desks[DESKS_MAX];
    unsigned desk_count;
    struct known *known; // owned, one a listed vehicle
    struct truth_counts counts;
    void (*on_change)(void *ctx, const struct truth_change *change); // NULL: nobody else
    void *observer;
};

struct truth *truth_new(FILE *file, const struct sim_plan *plan)
{
    struct truth *truth = calloc(1, sizeof(*truth));
    struct known *known = calloc((size_t)plan->listed + 1, sizeof(*known));
    if (!truth || !known) {
        free(truth);
        free(known);
        return NULL;
    }
    truth->file = file;
    truth->plan = *plan;
    truth->desk_count = desks_make(truth->desks);
    truth->known = known;
    for (uint32_t i = 0; i < plan->listed; i++) {
        known[i].last_ms = NEVER_MS;
    }
    return truth;
}

void truth_observe(struct truth *truth,
                   void (*change)(void *ctx, const struct truth_change *change), void *ctx)
{
    truth->on_change = change;
    truth->observer = ctx;
}

void truth_free(struct truth *truth)
{
    if (truth) {
        free(truth->known);
        free(truth);
    }
}

static void forget_places(struct known *known)
{
    for (unsigned i = 0; i < TRUTH_PLACES; i++) {
        known->places[i].site = NET_NONE;
    }
    known->told = 0;
    known->risk = 0;
}

static struct told *place_of(struct known *known, unsigned site)
{
    for (unsigned i = 0; i < TRUTH_PLACES; i++) {
        if (known->places[i].site == site) {
            return &known->places[i];
        }
    }
    struct told *told = &known->places[known->next++ % TRUTH_PLACES];
    told->site = site;
    for (unsigned i = 0; i < DESKS_MAX; i++) {
        told->at_ms[i] = NEVER_MS;
    }
    return told;
}

static bool is_opposite(const char *a, const char *b)
{
    static const char *const names[] = {"N", "NE", "E", "SE", "S", "SW", "W", "NW"};
    for (unsigned i = 0; i < 8; i++) {
        if (strcmp(names[i], a) == 0) {
            return strcmp(names[(i + 4) % 8], b) == 0;
        }
    }
    return false;
}

// What is new since its last passage, apart from the site.
static unsigned list_kinds(const struct net *net, unsigned before, unsigned now,
                           const char *ret_kinds[4])
{
    const struct net_site *was = &net->sites[net->posts[before].site];
    const struct net_site *is = &net->sites[net->posts[now].site];
    const char *from = net->cameras[net->posts[before].camera_first].direction;
    const char *to = net->cameras[net->posts[now].camera_first].direction;
    unsigned count = 0;
    if (was->force != is->force) {
        ret_kinds[count++] = "force";
    }
    if (strcmp(was->road, is->road) == 0 && is_opposite(from, to)) {
        ret_kinds[count++] = "direction";
    }
    if (strcmp(was->area, is->area) != 0) {
        ret_kinds[count++] = "area";
    }
    return count;
}

static void print_change(const struct truth *truth, const struct truth_change *change)
{
    fprintf(truth->file,
            "{\"truth\":\"change\",\"passage\":%" PRIu64
            ",\"queue\":\"%s\",\"vrm\":\"%s\",\"site\":\"%s\",\"atMs\":%" PRId64 ",\"kinds\":[",
            change->passage, change->queue, change->vrm.text, change->site, change->at_ms);
    for (unsigned i = 0; i < change->kind_count; i++) {
        fprintf(truth->file, "%s\"%s\"", i ? "," : "", change->kinds[i]);
    }
    fputs("]}\n", truth->file);
}

// What the passage means to a desk that was told in this incident; nothing: it is no news.
static void find_kinds(const struct truth *truth, const struct net *net, const struct known *known,
                       int64_t told_ms, unsigned desk, bool risk, struct truth_change *change,
                       unsigned post)
{
    bool told_here = told_ms != NEVER_MS;
    bool lately = told_here && change->at_ms - told_ms <= truth->plan.repeat_window_ms;
    change->kind_count = list_kinds(net, known->post, post, change->kinds);
    bool turned = false;
    for (unsigned i = 0; i < change->kind_count; i++) {
        turned = turned || strcmp(change->kinds[i], "direction") == 0;
    }
    if (risk && !(known->risk >> desk & 1)) {
        change->kinds[change->kind_count++] = "priority";
        change->kinds[change->kind_count++] = "safeguarding";
    } else if (lately && !turned) {
        change->kind_count = 0;
    }
    if (!lately) {
        change->kinds[change->kind_count++] = told_here ? "repeat" : "site";
    }
}

static void tell_desk(struct truth *truth, const struct net *net, struct known *known,
                      struct told *told, unsigned desk, bool risk,
                      const struct truth_passage *passage)
{
    unsigned post = net->cameras[passage->camera].listed_post;
    struct truth_change change = {.passage = passage->number,
                                  .queue = truth->desks[desk].name,
                                  .vrm = plate_of_vehicle(passage->mark),
                                  .site = net->sites[net->posts[post].site].site_id,
                                  .at_ms = passage->at_ms};
    if (known->told >> desk & 1) {
        find_kinds(truth, net, known, told->at_ms[desk], desk, risk, &change, post);
    } else {
        change.kinds[change.kind_count++] = "opened";
    }
    if (change.kind_count == 0) {
        return;
    }
    truth->counts.changes++;
    if (truth->file) {
        print_change(truth, &change);
    }
    if (truth->on_change) {
        truth->on_change(truth->observer, &change);
    }
    told->at_ms[desk] = passage->at_ms;
    known->told |= 1U << desk;
    known->risk |= (risk ? 1U : 0U) << desk;
}

static void tell_all(struct truth *truth, const struct net *net,
                     const struct truth_passage *passage)
{
    const struct sim_list *list = list_of_vehicle(passage->mark);
    struct known *known = &truth->known[passage->mark];
    unsigned post = net->cameras[passage->camera].listed_post;
    unsigned site = net->posts[post].site;
    unsigned force = net->sites[site].force;
    int64_t from_ms;
    bool risk =
        second_entry(passage->mark, truth->plan.start_ms, sim_span_ms(&truth->plan), &from_ms) &&
        passage->at_ms >= from_ms;
    if (known->last_ms == NEVER_MS || passage->at_ms - known->last_ms > truth->plan.quiet_ms) {
        forget_places(known);
    }
    struct told *told = place_of(known, site);
    for (unsigned i = 0; i < truth->desk_count; i++) {
        const struct desk *desk = &truth->desks[i];
        bool risk_here = risk && desk_cares(desk, sim_list_at_risk, force);
        if ((desk_cares(desk, list, force) || risk_here) && !(desk->live && passage->stale)) {
            tell_desk(truth, net, known, told, i, risk_here, passage);
        }
    }
    known->last_ms = passage->at_ms;
    known->post = post;
}

void truth_passage(struct truth *truth, const struct sim *sim, const struct truth_passage *passage)
{
    const struct net *net = sim_net(sim);
    const struct net_camera *camera = &net->cameras[passage->camera];
    const struct net_site *site = &net->sites[net->posts[camera->post].site];
    truth->counts.passages++;
    if (truth->file) {
        fprintf(
            truth->file,
            "{\"truth\":\"passage\",\"passage\":%" PRIu64
            ",\"vrm\":\"%s\",\"list\":\"%s\",\"camera\":\"%s\",\"site\":\"%s\",\"force\":\"%s\","
            "\"atMs\":%" PRId64 ",\"exact\":%s,\"stale\":%s,\"reads\":[",
            passage->number, plate_of_vehicle(passage->mark).text,
            list_of_vehicle(passage->mark)->list_id, camera->camera_id, site->site_id,
            net_forces[site->force], passage->at_ms, passage->exact ? "true" : "false",
            passage->stale ? "true" : "false");
        for (unsigned i = 0; i < passage->read_count; i++) {
            fprintf(truth->file, "%s\"sim-%" PRIu64 "-%" PRIu64 "\"", i ? "," : "",
                    truth->plan.seed, passage->reads[i]);
        }
        fputs("]}\n", truth->file);
    }
    if (passage->exact) {
        tell_all(truth, net, passage);
    }
}

void truth_coincidence(struct truth *truth, const struct sim *sim,
                       const struct traffic_chance *chance)
{
    static const char *const kinds[] = {"road", "neighbour"};
    if (truth->file && chance->at_s >= 0) {
        fprintf(truth->file,
                "{\"truth\":\"coincidence\",\"vehicles\":[\"%s\",\"%s\"],\"kind\":\"%s\",\"atMs\":"
                "%" PRId64 "}\n",
                plate_of_vehicle(chance->vehicle).text, plate_of_vehicle(chance->other).text,
                kinds[chance->kind], sim_time_ms(sim, chance->at_s));
    }
}

static void end_convoys(const struct truth *truth, const struct sim *sim, double end_s)
{
    for (uint32_t i = 0; i < truth->plan.convoys; i++) {
        const struct convoy *convoy = drivers_convoy(sim_drivers(sim), i);
        if (convoy->started == 0) {
            continue;
        }
        double last_s = convoy->last_end_s < convoy->last_begin_s ? end_s : convoy->last_end_s;
        fprintf(
            truth->file,
            "{\"truth\":\"convoy\",\"vehicles\":[\"%s\",\"%s\"],\"listed\":[true,%s],"
            "\"list\":\"%s\",\"beginMs\":%" PRId64 ",\"lastMs\":%" PRId64 ",\"endMs\":%" PRId64
            ",\"journeys\":%u,\"roads\":%u,\"seen\":[%u,%u],\"together\":%u,\"togetherRoads\":%u,"
            "\"togetherJourneys\":%u}\n",
            plate_of_vehicle(convoy->vehicle).text, plate_of_vehicle(convoy->companion).text,
            convoy->companion < truth->plan.listed ? "true" : "false",
            list_of_vehicle(convoy->vehicle)->list_id, sim_time_ms(sim, convoy->begin_s),
            sim_time_ms(sim, convoy->last_begin_s), sim_time_ms(sim, last_s), convoy->started,
            convoy->roads, convoy->seen[0], convoy->seen[1], convoy->together,
            convoy->together_roads, convoy->together_journeys);
    }
}

static void end_couriers(const struct truth *truth, const struct sim *sim)
{
    const struct net *net = sim_net(sim);
    for (uint32_t i = 0; i < truth->plan.couriers; i++) {
        const struct courier *courier = drivers_courier(sim_drivers(sim), i);
        if (courier->runs > 0) {
            fprintf(truth->file,
                    "{\"truth\":\"courier\",\"vrm\":\"%s\",\"list\":\"%s\",\"hub\":\"%s\","
                    "\"market\":\"%s\",\"beginMs\":%" PRId64 ",\"thirdMs\":%" PRId64
                    ",\"endMs\":%" PRId64 ",\"runs\":%u}\n",
                    plate_of_vehicle(courier->vehicle).text,
                    list_of_vehicle(courier->vehicle)->list_id, net->nodes[courier->hub].name,
                    net->nodes[courier->market].name, sim_time_ms(sim, courier->begin_s),
                    courier->runs >= 3 ? sim_time_ms(sim, courier->third_s) : 0,
                    sim_time_ms(sim, courier->end_s), courier->runs);
        }
    }
}

static void end_clones(const struct truth *truth, const struct sim *sim)
{
    for (uint32_t i = 0; i < truth->plan.clones; i++) {
        const struct clone *clone = drivers_clone(sim_drivers(sim), i);
        if (clone->seen[1]) {
            fprintf(truth->file,
                    "{\"truth\":\"clone\",\"vrm\":\"%s\",\"list\":\"%s\",\"beginMs\":%" PRId64
                    ",\"impossibleMs\":%" PRId64 ",\"endMs\":%" PRId64 ",\"impossible\":%u}\n",
                    plate_of_vehicle(clone->vehicle).text, list_of_vehicle(clone->vehicle)->list_id,
                    sim_time_ms(sim, clone->begin_s),
                    clone->impossible > 0 ? sim_time_ms(sim, clone->impossible_s) : 0,
                    sim_time_ms(sim, clone->end_s), clone->impossible);
        }
    }
}

static void end_cameras(const struct truth *truth, const struct sim *sim, double end_s)
{
    static const char *const names[] = {"clock", "place", "silent", "collapse"};
    unsigned count;
    const struct sim_fault *faults = sim_faults(sim, &count);
    for (unsigned i = 0; i < count; i++) {
        if (faults[i].begin_s < end_s) {
            fprintf(truth->file,
                    "{\"truth\":\"camera\",\"camera\":\"%s\",\"fault\":\"%s\",\"beginMs\":%" PRId64
                    ",\"endMs\":%" PRId64 ",\"offsetMs\":%" PRId64 ",\"driftPpm\":%.1f}\n",
                    sim_net(sim)->cameras[faults[i].camera].camera_id, names[faults[i].kind],
                    sim_time_ms(sim, faults[i].begin_s),
                    sim_time_ms(sim, fmin(faults[i].end_s, end_s)), faults[i].offset_ms,
                    faults[i].drift_ppm);
        }
    }
}

void truth_end(struct truth *truth, const struct sim *sim, double end_s)
{
    if (truth->file) {
        end_convoys(truth, sim, end_s);
        end_couriers(truth, sim);
        end_clones(truth, sim);
        end_cameras(truth, sim, end_s);
    }
}

struct truth_counts truth_counts(const struct truth *truth)
{
    return truth->counts;
}
