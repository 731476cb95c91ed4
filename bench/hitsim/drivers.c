// SPDX-License-Identifier: Apache-2.0
#include "hitsim/drivers.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define DAY_S          86400.0
#define IMPOSSIBLE_KMH 250.0
#define FAR_KM         35.0
#define TURN_SHARE     0.06 // of errands: a wrong way, or somebody who looks behind

enum habit { HABIT_ERRANDS, HABIT_COMMUTER, HABIT_COURIER, HABIT_COMPANION };

struct driver {
    uint32_t vehicle;
    enum habit habit;
    unsigned home; // nodes
    unsigned at;
    unsigned from; // where it was before
    unsigned to;   // while under way
    bool turns;    // goes straight back
    struct estate estate;
    struct convoy *under_way; // this journey's
};

struct drivers {
    const struct net *net;
    struct drivers_plan plan;
    struct random random;
    struct driver *rows; // owned
    struct convoy *convoys;
    struct courier *couriers;
    struct clone *clones;
};

double drivers_rhythm(double hour)
{
    static const double share[24] = {0.08, 0.05, 0.04, 0.05, 0.10, 0.25, 0.60, 0.95,
                                     1.00, 0.75, 0.65, 0.65, 0.70, 0.70, 0.75, 0.90,
                                     1.00, 1.00, 0.80, 0.55, 0.40, 0.30, 0.22, 0.14};
    return share[(unsigned)hour % 24];
}

unsigned drivers_pick_node(const struct net *net, struct random *random)
{
    double total = 0;
    for (unsigned i = 0; i < net->node_count; i++) {
        total += net->nodes[i].weight;
    }
    double draw = random_unit(random) * total;
    unsigned node = 0;
    for (; node + 1 < net->node_count; node++) {
        draw -= net->nodes[node].weight;
        if (draw < 0) {
            break;
        }
    }
    return node;
}

static double way_km(const struct net *net, unsigned a, unsigned b)
{
    return hypot(net->nodes[a].x_km - net->nodes[b].x_km, net->nodes[a].y_km - net->nodes[b].y_km);
}

// Another node, at least `min_km` away where that can be had.
static unsigned pick_other(const struct net *net, struct random *random, unsigned from,
                           double min_km)
{
    unsigned to = from;
    for (unsigned i = 0; i < 40 && (to == from || way_km(net, from, to) < min_km); i++) {
        to = drivers_pick_node(net, random);
    }
    return to == from ? (from + 1) % net->node_count : to;
}

struct estate drivers_estate(const struct net *net, uint64_t seed, uint32_t number)
{
    struct random random = {.state = hs_hash_u64(seed ^ number * UINT64_C(0x51ed2701))};
    struct estate estate = {.home = drivers_pick_node(net, &random)};
    estate.work = pick_other(net, &random, estate.home, 0);
    estate.out_h = 7.7 + 1.1 * random_normal(&random);
    estate.back_h = 16.7 + 1.2 * random_normal(&random);
    return estate;
}

static unsigned pick_kind(const struct net *net, struct random *random, bool market)
{
    unsigned node = 0;
    for (unsigned i = 0; i < 1000; i++) {
        node = random_below(random, net->node_count);
        if (market ? net->nodes[node].market : net->nodes[node].hub) {
            break;
        }
    }
    return node;
}

static void make_special(struct drivers *drivers)
{
    const struct drivers_plan *plan = &drivers->plan;
    struct random *random = &drivers->random;
    uint32_t vehicle = 0;
    uint32_t other = plan->listed + plan->vehicles;
    for (uint32_t i = 0; i < plan->convoys; i++) {
        drivers->convoys[i] = (struct convoy){.vehicle = vehicle++,
                                              .companion = other++,
                                              .planned = 1 + random_below(random, 4),
                                              .from_s = 0.7 * plan->span_s * random_unit(random)};
        if (i % 10 == 9) { // two listed ones: the companion drives nowhere without the other
            drivers->convoys[i].companion = drivers->convoys[i - 1].vehicle;
            drivers->convoys[i - 1].planned = 0;
            drivers->rows[i - 1].habit = HABIT_COMPANION;
        }
    }
    for (uint32_t i = 0; i < plan->couriers; i++) {
        drivers->couriers[i] = (struct courier){.vehicle = vehicle++,
                                                .hub = pick_kind(drivers->net, random, false),
                                                .market = pick_kind(drivers->net, random, true),
                                                .usual_h = fmod(18 + 9 * random_unit(random), 24)};
        drivers->rows[vehicle - 1].habit = HABIT_COURIER;
    }
    for (uint32_t i = 0; i < plan->clones; i++) {
        drivers->clones[i] = (struct clone){.vehicle = vehicle++,
                                            .double_of = other++,
                                            .from_s = 0.5 * plan->span_s * random_unit(random)};
    }
}

static void make_driver(struct drivers *drivers, uint32_t index)
{
    const struct drivers_plan *plan = &drivers->plan;
    struct driver *driver = &drivers->rows[index];
    uint32_t special = plan->convoys + plan->couriers + plan->clones;
    driver->home = drivers_pick_node(drivers->net, &drivers->random);
    if (driver->habit == HABIT_COURIER) {
        driver->home = drivers->couriers[index - plan->convoys].hub;
    } else if (index >= special && index < plan->listed && index % 3 == 0) {
        driver->habit = HABIT_COMMUTER;
        driver->estate = drivers_estate(drivers->net, plan->seed, index);
        driver->home = driver->estate.home;
    }
    driver->at = driver->home;
    driver->from = driver->home;
    driver->vehicle = index < plan->listed
                          ? index
                          : plan->listed + plan->vehicles + plan->convoys + index - plan->listed;
}

struct drivers *drivers_new(const struct net *net, const struct drivers_plan *plan)
{
    struct drivers *drivers = calloc(1, sizeof(*drivers));
    if (!drivers) {
        return NULL;
    }
    drivers->net = net;
    drivers->plan = *plan;
    drivers->random.state = hs_hash_u64(plan->seed ^ UINT64_C(0xd21e));
    drivers->rows = calloc(drivers_count(drivers) + 1, sizeof(*drivers->rows));
    drivers->convoys = calloc(plan->convoys + 1, sizeof(*drivers->convoys));
    drivers->couriers = calloc(plan->couriers + 1, sizeof(*drivers->couriers));
    drivers->clones = calloc(plan->clones + 1, sizeof(*drivers->clones));
    if (!drivers->rows || !drivers->convoys || !drivers->couriers || !drivers->clones) {
        drivers_free(drivers);
        return NULL;
    }
    make_special(drivers);
    for (uint32_t i = 0; i < drivers_count(drivers); i++) {
        make_driver(drivers, i);
    }
    return drivers;
}

void drivers_free(struct drivers *drivers)
{
    if (drivers) {
        free(drivers->rows);
        free(drivers->convoys);
        free(drivers->couriers);
        free(drivers->clones);
        free(drivers);
    }
}

uint32_t drivers_count(const struct drivers *drivers)
{
    return drivers->plan.listed + drivers->plan.clones;
}

uint32_t drivers_vehicle(const struct drivers *drivers, uint32_t driver)
{
    return drivers->rows[driver].vehicle;
}

uint32_t drivers_find(const struct drivers *drivers, uint32_t vehicle)
{
    const struct drivers_plan *plan = &drivers->plan;
    uint32_t clones = plan->listed + plan->vehicles + plan->convoys;
    if (vehicle >= clones) {
        return plan->listed + vehicle - clones;
    }
    return vehicle < plan->listed ? vehicle : UINT32_MAX;
}

uint32_t drivers_mark(const struct drivers *drivers, uint32_t vehicle)
{
    uint32_t clones = drivers->plan.listed + drivers->plan.vehicles + drivers->plan.convoys;
    return vehicle >= clones ? drivers->clones[vehicle - clones].vehicle : vehicle;
}

static double hour_at(const struct drivers *drivers, double at_s)
{
    return fmod(at_s / 3600.0 + drivers->plan.hour + 48.0, 24.0);
}

// The first moment after `now_s` at this hour of the day.
static double next_at_hour(const struct drivers *drivers, double now_s, double hour)
{
    double wait_h = fmod(hour - hour_at(drivers, now_s) + 48.0, 24.0);
    return now_s + wait_h * 3600.0;
}

static double next_errand(struct drivers *drivers, double now_s)
{
    double at_s = now_s + 180.0 + random_exponential(&drivers->random, drivers->plan.pause_s);
    for (unsigned i = 0;
         i < 24 && random_unit(&drivers->random) > drivers_rhythm(hour_at(drivers, at_s)); i++) {
        at_s += fmin(3600.0, drivers->plan.pause_s);
    }
    return at_s;
}

static double next_run(struct drivers *drivers, const struct driver *driver, double now_s)
{
    const struct courier *courier = &drivers->couriers[driver->vehicle - drivers->plan.convoys];
    struct random *random = &drivers->random;
    if (driver->at != courier->hub) {
        return now_s + 3600.0 * (0.7 + 4.0 * random_unit(random)); // dwells, then goes home
    }
    double days = courier->begin_s == 0 ? 0 : random_below(random, 3);
    return next_at_hour(drivers, now_s + 1800.0, courier->usual_h) + DAY_S * days +
           1800.0 * random_unit(random);
}

double drivers_next(struct drivers *drivers, uint32_t driver, double now_s)
{
    struct driver *row = &drivers->rows[driver];
    if (driver >= drivers->plan.listed &&
        now_s < drivers->clones[driver - drivers->plan.listed].from_s) {
        now_s = drivers->clones[driver - drivers->plan.listed].from_s;
    }
    if (row->habit == HABIT_COMPANION) {
        return INFINITY;
    }
    if (row->habit == HABIT_COURIER) {
        return next_run(drivers, row, now_s);
    }
    if (row->habit == HABIT_COMMUTER) {
        double hour = row->at == row->home ? row->estate.out_h : row->estate.back_h;
        return next_at_hour(drivers, now_s + 900.0, hour) + 360.0 * random_unit(&drivers->random);
    }
    row->turns = row->from != row->at && random_unit(&drivers->random) < TURN_SHARE;
    return row->turns ? now_s + 10.0 + 40.0 * random_unit(&drivers->random)
                      : next_errand(drivers, now_s);
}

static unsigned pick_goal(struct drivers *drivers, struct driver *driver, double now_s)
{
    if (driver->habit == HABIT_COURIER) {
        struct courier *courier = &drivers->couriers[driver->vehicle - drivers->plan.convoys];
        if (courier->begin_s == 0) {
            courier->begin_s = now_s;
        }
        return driver->at == courier->hub ? courier->market : courier->hub;
    }
    if (driver->habit == HABIT_COMMUTER) {
        return driver->at == driver->home ? driver->estate.work : driver->home;
    }
    if (driver->turns) {
        driver->turns = false;
        return driver->from;
    }
    if (driver->at != driver->home && random_unit(&drivers->random) < 0.45) {
        return driver->home;
    }
    return pick_other(drivers->net, &drivers->random, driver->at, driver->under_way ? FAR_KM : 0);
}

static struct convoy *convoy_due(struct drivers *drivers, const struct driver *driver, double now_s)
{
    struct convoy *convoy =
        driver->vehicle < drivers->plan.convoys ? &drivers->convoys[driver->vehicle] : NULL;
    if (!convoy || now_s < convoy->from_s || convoy->started >= convoy->planned ||
        random_unit(&drivers->random) > 0.6) {
        return NULL;
    }
    return convoy;
}

struct journey drivers_leave(struct drivers *drivers, uint32_t driver, double now_s)
{
    struct driver *row = &drivers->rows[driver];
    row->under_way = convoy_due(drivers, row, now_s);
    unsigned to = pick_goal(drivers, row, now_s);
    if (row->under_way && way_km(drivers->net, row->at, to) < FAR_KM) {
        to = pick_other(drivers->net, &drivers->random, row->at, FAR_KM);
    }
    row->to = to;
    struct convoy *convoy = row->under_way;
    if (convoy) {
        convoy->begin_s = convoy->started++ ? convoy->begin_s : now_s;
        convoy->last_begin_s = now_s;
        convoy->last_end_s = now_s - 1;
        convoy->seen[0] = convoy->seen[1] = convoy->together = convoy->together_roads = 0;
    }
    return (struct journey){now_s,
                            row->at,
                            to,
                            convoy,
                            random_unit(&drivers->random) < drivers->plan.coincidence_share,
                            row->habit == HABIT_COMMUTER};
}

void drivers_arrive(struct drivers *drivers, uint32_t driver, double now_s)
{
    struct driver *row = &drivers->rows[driver];
    row->from = row->at;
    row->at = row->to;
    if (row->under_way) {
        row->under_way->last_end_s = now_s;
        row->under_way = NULL;
    }
    if (row->habit == HABIT_COURIER) {
        struct courier *courier = &drivers->couriers[row->vehicle - drivers->plan.convoys];
        if (row->at == courier->hub) {
            courier->end_s = now_s;
            courier->third_s = ++courier->runs == 3 ? now_s : courier->third_s;
        }
    }
}

// Both were read at this post.
static void note_together(const struct net *net, struct convoy *convoy, unsigned post)
{
    unsigned site = net->posts[post].site;
    bool new_road = true;
    for (unsigned i = 0; i < convoy->together; i++) {
        const struct net_site *other = &net->sites[convoy->together_sites[i]];
        new_road = new_road && strcmp(other->road, net->sites[site].road) != 0;
    }
    convoy->together_roads += new_road;
    convoy->together_sites[convoy->together++] = (uint16_t)site;
    convoy->together_journeys += convoy->together == 2;
}

void drivers_convoy_seen(const struct net *net, struct convoy *convoy, unsigned post,
                         bool companion)
{
    unsigned count = convoy->seen[companion];
    if (count == DRIVERS_POSTS_MAX) {
        return;
    }
    convoy->posts[companion][count] = (uint16_t)post;
    convoy->seen[companion]++;
    for (unsigned i = 0; i < convoy->seen[!companion]; i++) {
        if (convoy->posts[!companion][i] == post) {
            note_together(net, convoy, post);
            return;
        }
    }
}

bool drivers_convoy_shows(const struct convoy *convoy)
{
    return (convoy->together >= 3 && convoy->together_roads >= 2) ||
           (convoy->together >= 2 && convoy->together_journeys >= 2);
}

void drivers_passed(struct drivers *drivers, uint32_t vehicle, unsigned post, double at_s)
{
    const struct drivers_plan *plan = &drivers->plan;
    uint32_t first = plan->convoys + plan->couriers;
    uint32_t mark = drivers_mark(drivers, vehicle);
    if (mark < first || mark >= first + plan->clones) {
        return;
    }
    struct clone *clone = &drivers->clones[mark - first];
    unsigned who = vehicle != mark;
    if (who) {
        clone->begin_s = clone->seen[1] ? clone->begin_s : at_s;
        clone->end_s = at_s;
    }
    clone->seen[who] = true;
    clone->last_s[who] = at_s;
    clone->last_post[who] = (uint16_t)post;
    if (clone->seen[!who]) {
        double km = net_distance_km(drivers->net, clone->last_post[0], clone->last_post[1]);
        double hours = fabs(clone->last_s[0] - clone->last_s[1]) / 3600.0;
        if (km > 3.0 && km > IMPOSSIBLE_KMH * hours) {
            clone->impossible_s = clone->impossible++ ? clone->impossible_s : at_s;
        }
    }
}

const struct convoy *drivers_convoy(const struct drivers *drivers, uint32_t index)
{
    return &drivers->convoys[index];
}

struct convoy *drivers_convoy_with(struct drivers *drivers, uint32_t vehicle, bool companion)
{
    uint32_t first = drivers->plan.listed + drivers->plan.vehicles;
    if (companion && vehicle < drivers->plan.convoys) {
        return &drivers->convoys[vehicle + 1]; // two listed ones
    }
    return &drivers->convoys[companion ? vehicle - first : vehicle];
}

const struct courier *drivers_courier(const struct drivers *drivers, uint32_t index)
{
    return &drivers->couriers[index];
}

const struct clone *drivers_clone(const struct drivers *drivers, uint32_t index)
{
    return &drivers->clones[index];
}
