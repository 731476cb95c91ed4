// SPDX-License-Identifier: Apache-2.0
#include "hitsim/traffic.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "hitsim/heap.h"
#include "hitsim/way.h"

#define WARM_UP_S      3600.0
#define LONGEST_WAIT_S 90.0 // behind others; then it is overtaken
#define MEAN_RHYTHM    0.54 // of drivers_rhythm() over the day
// Who follows falls back so far at most.
#define ROAD_GAP_MAX_S   28.0
#define CONVOY_GAP_MAX_S 45.0

enum {
    FOLLOWERS_MAX = 5,
    COMMUTERS_PER_ESTATE = 6,
    NO_TRIP = 0xffffffff,
};
enum event_kind { EVENT_PASS, EVENT_ARC, EVENT_TOWN, EVENT_DRIVER, EVENT_COMMUTER };
enum trip_kind { TRIP_CAR, TRIP_LORRY };
enum detail { LANE = 0x0f, IN_CONVOY = 0x10, IS_COMPANION = 0x20 };

struct follower {
    uint32_t vehicle;
    double gap_s;     // behind the leader; below 0: it is in front
    uint8_t from, to; // steps of the way on which it is there
    uint8_t away;     // steps that it takes another way
    bool convoy;      // on purpose
    double most_s;    // gap; who falls back further catches up again
};

// A vehicle under way, with those that travel with it.
struct trip {
    uint32_t vehicle;
    double pace; // 1: as quick as the road; below: slower
    enum trip_kind kind;
    uint8_t len, at; // steps of the way, and the next one
    uint8_t follower_count;
    bool in_convoy;
    uint16_t town_camera; // where it is in the surveyed town
    uint16_t way[DRIVERS_WAY_MAX];
    struct follower followers[FOLLOWERS_MAX];
    uint32_t next_free;
};

struct traffic {
    const struct net *net;
    struct drivers *drivers;
    struct traffic_plan plan;
    struct random random;
    struct heap heap;
    struct trip *trips; // owned
    uint32_t trip_count;
    uint32_t first_free; // NO_TRIP: none
    double last_exit_s[NET_ARCS_MAX];
    uint32_t commuters;
    double car_rate;   // trips a second at the busiest hour
    double lorry_rate; // lines of lorries
    double town_rate;  // trips within the surveyed town
    double next_car_s, next_lorry_s, next_town_s;
    bool broken; // out of memory
};

static double hour_at(const struct traffic *traffic, double at_s)
{
    return fmod(at_s / 3600.0 + traffic->plan.hour + 48.0, 24.0);
}

static void push(struct traffic *traffic, struct heap_event event)
{
    traffic->broken = !heap_push(&traffic->heap, event) || traffic->broken;
}

// A trip's number, or NO_TRIP.
static uint32_t take_trip(struct traffic *traffic)
{
    if (traffic->first_free == NO_TRIP) {
        uint32_t count = traffic->trip_count ? 2 * traffic->trip_count : 256;
        struct trip *trips = realloc(traffic->trips, count * sizeof(*trips));
        if (!trips) {
            traffic->broken = true;
            return NO_TRIP;
        }
        traffic->trips = trips;
        for (uint32_t i = count; i > traffic->trip_count; i--) {
            trips[i - 1].next_free = traffic->first_free;
            traffic->first_free = i - 1;
        }
        traffic->trip_count = count;
    }
    uint32_t index = traffic->first_free;
    traffic->first_free = traffic->trips[index].next_free;
    return index;
}

// A trip ready to leave, or NO_TRIP when there is no way.
static uint32_t make_trip(struct traffic *traffic, uint32_t vehicle, unsigned from, unsigned to,
                          struct random *habits)
{
    uint16_t way[DRIVERS_WAY_MAX];
    unsigned len = way_find(traffic->net, habits, 0.35, from, to, way);
    uint32_t index = len > 0 ? take_trip(traffic) : NO_TRIP;
    if (index != NO_TRIP) {
        struct trip *trip = &traffic->trips[index];
        *trip = (struct trip){.vehicle = vehicle,
                              .len = (uint8_t)len,
                              .pace = exp(0.09 * random_normal(&traffic->random))};
        memcpy(trip->way, way, len * sizeof(way[0]));
    }
    return index;
}

static void leave(struct traffic *traffic, uint32_t trip, double at_s)
{
    if (trip != NO_TRIP) {
        push(traffic, (struct heap_event){.at_s = at_s, .id = trip, .kind = EVENT_ARC});
    }
}

static double congestion(const struct traffic *traffic, const struct net_arc *arc, double at_s)
{
    double busy = drivers_rhythm(hour_at(traffic, at_s));
    double most = arc->city ? 0.45 : arc->single ? 0.2 : 0.12;
    return 1.0 - (busy > 0.85 ? most : 0.3 * most * busy);
}

// When a vehicle that enters the arc now leaves it.
static double drive(struct traffic *traffic, const struct trip *trip, unsigned arc_index,
                    double in_s)
{
    const struct net_arc *arc = &traffic->net->arcs[arc_index];
    double kmh = arc->kmh * trip->pace * congestion(traffic, arc, in_s);
    double *last_s = &traffic->last_exit_s[arc_index];
    kmh = trip->kind == TRIP_LORRY ? fmin(kmh, 88.0) : fmin(kmh, 140.0);
    double out_s = in_s + arc->km / kmh * 3600.0 * exp(0.03 * random_normal(&traffic->random));
    double behind_s = *last_s + 1.2 + random_exponential(&traffic->random, 1.2);
    bool follows = arc->single || trip->kind == TRIP_LORRY;
    if (follows && out_s < behind_s && behind_s - out_s < LONGEST_WAIT_S &&
        random_unit(&traffic->random) < 0.85) {
        out_s = behind_s;
    }
    *last_s = fmax(*last_s, out_s);
    return out_s;
}

static unsigned pick_lane(struct traffic *traffic, const struct trip *trip, unsigned lanes)
{
    return trip->kind == TRIP_LORRY ? 1 : 1 + random_below(&traffic->random, lanes);
}

static void push_pass(struct traffic *traffic, double at_s, uint32_t vehicle, unsigned post,
                      unsigned detail)
{
    push(traffic, (struct heap_event){.at_s = at_s,
                                      .id = vehicle,
                                      .post = (uint16_t)post,
                                      .kind = EVENT_PASS,
                                      .detail = (uint8_t)detail});
}

// A follower's gap after another stretch: it grows and shrinks, order swaps, ways part and meet.
static void move_follower(struct traffic *traffic, struct follower *follower)
{
    struct random *random = &traffic->random;
    double gap_s = fabs(follower->gap_s) * exp(0.25 * random_normal(random));
    double sign = follower->gap_s < 0 ? -1.0 : 1.0;
    if (follower->away > 0) {
        follower->away--;
    } else if (follower->convoy && random_unit(random) < 0.06) {
        follower->away = (uint8_t)(1 + random_below(random, 2));
    }
    if (follower->convoy && random_unit(random) < 0.07) {
        sign = -sign;
    }
    follower->gap_s = sign * fmin(fmax(gap_s, 1.5), follower->most_s);
}

// Everybody of the trip passes this post.
static void pass_post(struct traffic *traffic, const struct trip *trip, unsigned post, double now_s,
                      double at_s)
{
    unsigned lanes = traffic->net->posts[post].lanes;
    unsigned own = trip->in_convoy ? IN_CONVOY : 0;
    push_pass(traffic, at_s, trip->vehicle, post, pick_lane(traffic, trip, lanes) | own);
    for (unsigned i = 0; i < trip->follower_count; i++) {
        const struct follower *follower = &trip->followers[i];
        if (follower->away == 0 && trip->at >= follower->from && trip->at < follower->to) {
            double gap_s = follower->gap_s + 0.4 * random_normal(&traffic->random);
            push_pass(traffic, fmax(now_s, at_s + gap_s), follower->vehicle, post,
                      pick_lane(traffic, trip, lanes) |
                          (follower->convoy ? IN_CONVOY | IS_COMPANION : 0));
        }
    }
}

static void end_trip(struct traffic *traffic, uint32_t index, double at_s)
{
    struct trip *trip = &traffic->trips[index];
    uint32_t driver = drivers_find(traffic->drivers, trip->vehicle);
    trip->next_free = traffic->first_free;
    traffic->first_free = index;
    if (driver != UINT32_MAX) {
        drivers_arrive(traffic->drivers, driver, at_s);
        double next_s = drivers_next(traffic->drivers, driver, at_s);
        push(traffic, (struct heap_event){.at_s = next_s, .id = driver, .kind = EVENT_DRIVER});
    }
}

static void enter_town(struct traffic *traffic, uint32_t index, double at_s)
{
    unsigned camera =
        town_enter(traffic->net->town, (unsigned)hour_at(traffic, at_s), &traffic->random);
    traffic->trips[index].town_camera = (uint16_t)camera;
    traffic->trips[index].follower_count = 0;
    push(traffic, (struct heap_event){.at_s = at_s, .id = index, .kind = EVENT_TOWN});
}

// It begins its next stretch, or has arrived.
static void on_arc(struct traffic *traffic, uint32_t index, double at_s)
{
    struct trip *trip = &traffic->trips[index];
    if (trip->at == trip->len) {
        const struct net_arc *last = &traffic->net->arcs[trip->way[trip->len - 1]];
        if (last->to == traffic->net->town_node) {
            enter_town(traffic, index, at_s + 480.0 + 420.0 * random_unit(&traffic->random));
        } else {
            end_trip(traffic, index, at_s);
        }
        return;
    }
    unsigned arc_index = trip->way[trip->at];
    const struct net_arc *arc = &traffic->net->arcs[arc_index];
    double out_s = drive(traffic, trip, arc_index, at_s);
    for (unsigned i = 0; i < trip->follower_count; i++) {
        move_follower(traffic, &trip->followers[i]);
    }
    for (unsigned i = 0; i < arc->post_count; i++) {
        unsigned post = arc->post_first + i;
        double share = traffic->net->posts[post].share;
        pass_post(traffic, trip, post, at_s, at_s + share * (out_s - at_s));
    }
    trip->at++;
    double wait_s = arc->single ? random_exponential(&traffic->random, 4.0) : 0;
    push(traffic, (struct heap_event){.at_s = out_s + wait_s, .id = index, .kind = EVENT_ARC});
}

static void on_town(struct traffic *traffic, uint32_t index, double at_s)
{
    struct trip *trip = &traffic->trips[index];
    unsigned to;
    double ms;
    unsigned post = traffic->net->town_post_first + trip->town_camera;
    push_pass(traffic, at_s, trip->vehicle, post, 1 + random_below(&traffic->random, 2));
    if (town_next(traffic->net->town, trip->town_camera, (unsigned)hour_at(traffic, at_s),
                  &traffic->random, &to, &ms)) {
        trip->town_camera = (uint16_t)to;
        push(traffic,
             (struct heap_event){.at_s = at_s + ms / 1000.0, .id = index, .kind = EVENT_TOWN});
    } else {
        end_trip(traffic, index, at_s);
    }
}

static void add_follower(struct trip *trip, uint32_t vehicle, double gap_s, double most_s,
                         bool convoy)
{
    if (trip->follower_count < FOLLOWERS_MAX) {
        trip->followers[trip->follower_count++] = (struct follower){.vehicle = vehicle,
                                                                    .gap_s = gap_s,
                                                                    .most_s = most_s,
                                                                    .to = trip->len,
                                                                    .convoy = convoy};
    }
}

static void tell_chance(const struct traffic *traffic, enum traffic_chance_kind kind,
                        uint32_t vehicle, uint32_t other, double at_s)
{
    const struct traffic_chance chance = {kind, vehicle, other, at_s};
    if (traffic->plan.chance) {
        traffic->plan.chance(traffic->plan.chance_ctx, &chance);
    }
}

// Somebody drives behind by chance, for the longest stretch of one road.
static void add_chance(struct traffic *traffic, struct trip *trip, double at_s)
{
    unsigned best, best_len;
    way_longest_road(traffic->net, trip->way, trip->len, &best, &best_len);
    uint32_t vehicle =
        traffic->plan.listed + random_below(&traffic->random, traffic->plan.vehicles);
    add_follower(trip, vehicle, 3.0 + 20.0 * random_unit(&traffic->random), ROAD_GAP_MAX_S, false);
    trip->followers[trip->follower_count - 1].from = (uint8_t)best;
    trip->followers[trip->follower_count - 1].to = (uint8_t)(best + best_len);
    tell_chance(traffic, TRAFFIC_ROAD, trip->vehicle, vehicle, at_s);
}

// Every third commuter has a neighbour who works at the same place, sets out within a minute or so,
// six times of ten, and drives as it likes on the same way.
static void add_neighbour(struct traffic *traffic, uint32_t leader, double at_s)
{
    uint32_t commuter = traffic->trips[leader].vehicle;
    uint64_t luck = hs_hash_u64(traffic->plan.seed ^ commuter * UINT64_C(0x9e1));
    uint32_t others = traffic->plan.vehicles - traffic->commuters;
    if (luck % 3 != 0 || random_unit(&traffic->random) > 0.6) {
        return;
    }
    uint32_t index = take_trip(traffic);
    if (index != NO_TRIP) {
        struct trip *trip = &traffic->trips[index];
        const struct trip *way = &traffic->trips[leader];
        *trip = (struct trip){.vehicle = traffic->plan.listed + traffic->commuters +
                                         (uint32_t)(luck >> 8) % others,
                              .len = way->len,
                              .pace = exp(0.09 * random_normal(&traffic->random))};
        memcpy(trip->way, way->way, sizeof(trip->way));
        tell_chance(traffic, TRAFFIC_NEIGHBOUR, commuter, trip->vehicle, at_s);
        leave(traffic, index, at_s + 30.0 * random_unit(&traffic->random));
    }
}

static void on_driver(struct traffic *traffic, uint32_t driver, double at_s)
{
    struct journey journey = drivers_leave(traffic->drivers, driver, at_s);
    uint32_t vehicle = drivers_vehicle(traffic->drivers, driver);
    struct random habits = {.state = hs_hash_u64(vehicle)};
    uint32_t index = make_trip(traffic, vehicle, journey.from, journey.to,
                               journey.usual ? &habits : &traffic->random);
    if (index == NO_TRIP) { // no way there: it stays where it is and counts as arrived
        drivers_arrive(traffic->drivers, driver, at_s);
        double next_s = drivers_next(traffic->drivers, driver, at_s);
        push(traffic, (struct heap_event){.at_s = next_s, .id = driver, .kind = EVENT_DRIVER});
        return;
    }
    struct trip *trip = &traffic->trips[index];
    if (journey.convoy) {
        trip->in_convoy = true;
        add_follower(trip, journey.convoy->companion, 4.0 + 12.0 * random_unit(&traffic->random),
                     CONVOY_GAP_MAX_S, true);
        journey.convoy->roads = way_count_roads(traffic->net, trip->way, trip->len);
    }
    if (journey.followed) {
        add_chance(traffic, trip, at_s);
    }
    leave(traffic, index, at_s);
    if (journey.usual) {
        add_neighbour(traffic, index, at_s); // may move the trips
    }
}

// When a commuter leaves on this day; `back`: from work.
static double commute_s(struct traffic *traffic, uint32_t commuter, bool back, double day)
{
    struct estate estate =
        drivers_estate(traffic->net, traffic->plan.seed, commuter / COMMUTERS_PER_ESTATE);
    double own_h = 0.15 * ((double)(hs_hash_u64(commuter) % 1000) / 500.0 - 1.0);
    double hour = (back ? estate.back_h : estate.out_h) + own_h;
    return (day * 24.0 + hour - traffic->plan.hour) * 3600.0 +
           300.0 * random_normal(&traffic->random);
}

static void plan_commute(struct traffic *traffic, uint32_t commuter, bool back, double day)
{
    push(traffic, (struct heap_event){.at_s = commute_s(traffic, commuter, back, day),
                                      .id = commuter,
                                      .post = (uint16_t)day,
                                      .kind = EVENT_COMMUTER,
                                      .detail = back});
}

static void on_commuter(struct traffic *traffic, const struct heap_event *event)
{
    struct estate estate =
        drivers_estate(traffic->net, traffic->plan.seed, event->id / COMMUTERS_PER_ESTATE);
    struct random habits = {.state = hs_hash_u64(event->id)}; // the same way every day
    bool back = event->detail;
    if (event->post % 7 < 5) {
        uint32_t trip =
            make_trip(traffic, traffic->plan.listed + event->id, back ? estate.work : estate.home,
                      back ? estate.home : estate.work, &habits);
        leave(traffic, trip, event->at_s);
    }
    plan_commute(traffic, event->id, !back, event->post + (back ? 1.0 : 0.0));
}

static uint32_t pick_vehicle(struct traffic *traffic)
{
    uint32_t others = traffic->plan.vehicles - traffic->commuters;
    return traffic->plan.listed + traffic->commuters + random_below(&traffic->random, others);
}

static void start_car(struct traffic *traffic, double at_s)
{
    unsigned from = drivers_pick_node(traffic->net, &traffic->random);
    unsigned to = drivers_pick_node(traffic->net, &traffic->random);
    leave(traffic, make_trip(traffic, pick_vehicle(traffic), from, to, &traffic->random), at_s);
}

// One to five lorries in line, mostly from one edge of the map to another.
static void start_lorries(struct traffic *traffic, double at_s)
{
    struct random *random = &traffic->random;
    unsigned from = drivers_pick_node(traffic->net, random);
    unsigned to = drivers_pick_node(traffic->net, random);
    for (unsigned i = 0; i < 6 && !traffic->net->nodes[to].edge; i++) {
        to = drivers_pick_node(traffic->net, random);
    }
    uint32_t index = make_trip(traffic, pick_vehicle(traffic), from, to, random);
    if (index == NO_TRIP) {
        return;
    }
    struct trip *trip = &traffic->trips[index];
    trip->kind = TRIP_LORRY;
    trip->pace = 0.8 + 0.1 * random_unit(random);
    double gap_s = 0;
    for (unsigned left = random_below(random, FOLLOWERS_MAX); left > 0; left--) {
        gap_s += 2.0 + 4.0 * random_unit(random);
        add_follower(trip, pick_vehicle(traffic), gap_s, ROAD_GAP_MAX_S, false);
    }
    leave(traffic, index, at_s);
}

static void start_town(struct traffic *traffic, double at_s)
{
    uint32_t index = take_trip(traffic);
    if (index != NO_TRIP) {
        traffic->trips[index] = (struct trip){.vehicle = pick_vehicle(traffic)};
        enter_town(traffic, index, at_s);
    }
}

// The next of a kind of trip that comes at `rate` in the busiest hour.
static double plan_next(struct traffic *traffic, double now_s, double rate)
{
    do {
        now_s += random_exponential(&traffic->random, 1.0 / rate);
    } while (random_unit(&traffic->random) > drivers_rhythm(hour_at(traffic, now_s)));
    return now_s;
}

static bool start_others(struct traffic *traffic)
{
    double first_s = traffic->heap.count > 0 ? traffic->heap.rows[0].at_s : INFINITY;
    if (traffic->next_car_s < first_s) {
        start_car(traffic, traffic->next_car_s);
        traffic->next_car_s = plan_next(traffic, traffic->next_car_s, traffic->car_rate);
    } else if (traffic->next_lorry_s < first_s) {
        start_lorries(traffic, traffic->next_lorry_s);
        traffic->next_lorry_s = plan_next(traffic, traffic->next_lorry_s, traffic->lorry_rate);
    } else if (traffic->next_town_s < first_s) {
        start_town(traffic, traffic->next_town_s);
        traffic->next_town_s = plan_next(traffic, traffic->next_town_s, traffic->town_rate);
    } else {
        return false;
    }
    return true;
}

// A third of what is on the roads are commuters, a fifth lorries, and a seventh of all is the town's.
static void set_rates(struct traffic *traffic)
{
    const struct net *net = traffic->net;
    double passes = way_sample_passes(net) * net->camera_count / net->post_count; // reads
    double trips = 0.86 * traffic->plan.rate / passes; // a second on average
    double commuters = fmin(0.33 * trips * 86400.0 / 2.0 * 7.0 / 5.0, 0.5 * traffic->plan.vehicles);
    traffic->commuters = (uint32_t)commuters;
    trips -= commuters * 2.0 * 5.0 / 7.0 / 86400.0;
    traffic->car_rate = 0.67 * trips / MEAN_RHYTHM;
    traffic->lorry_rate = 0.33 * trips / 3.0 / 1.3 / MEAN_RHYTHM;
    double per_trip = town_reads_per_trip(traffic->net->town, 8);
    traffic->town_rate = 0.14 * traffic->plan.rate / per_trip / MEAN_RHYTHM;
}

static void start_all(struct traffic *traffic)
{
    for (uint32_t i = 0; i < drivers_count(traffic->drivers); i++) {
        double next_s = drivers_next(traffic->drivers, i, -WARM_UP_S);
        push(traffic, (struct heap_event){.at_s = next_s, .id = i, .kind = EVENT_DRIVER});
    }
    for (uint32_t i = 0; i < traffic->commuters; i++) {
        plan_commute(traffic, i, traffic->plan.hour > 12, 0);
    }
    traffic->next_car_s = plan_next(traffic, -WARM_UP_S, traffic->car_rate);
    traffic->next_lorry_s = plan_next(traffic, -WARM_UP_S, traffic->lorry_rate);
    traffic->next_town_s = plan_next(traffic, -WARM_UP_S, traffic->town_rate);
}

struct traffic *traffic_new(const struct net *net, struct drivers *drivers,
                            const struct traffic_plan *plan)
{
    struct traffic *traffic = calloc(1, sizeof(*traffic));
    if (!traffic) {
        return NULL;
    }
    traffic->net = net;
    traffic->drivers = drivers;
    traffic->plan = *plan;
    traffic->random.state = hs_hash_u64(plan->seed ^ UINT64_C(0x7aff1c));
    traffic->first_free = NO_TRIP;
    for (unsigned i = 0; i < NET_ARCS_MAX; i++) {
        traffic->last_exit_s[i] = -INFINITY;
    }
    set_rates(traffic);
    start_all(traffic);
    if (traffic->broken) {
        traffic_free(traffic);
        return NULL;
    }
    return traffic;
}

void traffic_free(struct traffic *traffic)
{
    if (traffic) {
        heap_fini(&traffic->heap);
        free(traffic->trips);
        free(traffic);
    }
}

static struct traffic_pass make_pass(struct traffic *traffic, const struct heap_event *event)
{
    struct traffic_pass pass = {.at_s = event->at_s,
                                .vehicle = event->id,
                                .post = event->post,
                                .lane = event->detail & LANE,
                                .companion = event->detail & IS_COMPANION};
    if (event->detail & IN_CONVOY) {
        pass.with = drivers_convoy_with(traffic->drivers, event->id, pass.companion);
    }
    return pass;
}

static void happen(struct traffic *traffic, const struct heap_event *event)
{
    switch (event->kind) {
    case EVENT_ARC:
        on_arc(traffic, event->id, event->at_s);
        break;
    case EVENT_TOWN:
        on_town(traffic, event->id, event->at_s);
        break;
    case EVENT_DRIVER:
        on_driver(traffic, event->id, event->at_s);
        break;
    default:
        on_commuter(traffic, event);
    }
}

bool traffic_next(struct traffic *traffic, struct traffic_pass *ret_pass)
{
    while (!traffic->broken) {
        if (start_others(traffic)) {
            continue;
        }
        struct heap_event event = heap_pop(&traffic->heap);
        if (event.kind != EVENT_PASS) {
            happen(traffic, &event);
        } else if (event.at_s >= 0) {
            *ret_pass = make_pass(traffic, &event);
            return true;
        }
    }
    return false;
}
