// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_DRIVERS_H
#define HITSIM_DRIVERS_H
/*
 * Who drives where and when: the listed vehicles with their habits, convoys, couriers and clones.
 *
 * Vehicles' numbers: first the listed ones (convoys' drivers, couriers, cloned ones, others), then
 * the ordinary ones, then convoys' companions, then clones. A clone has a number and looks of its
 * own and bears another's plate. Times are seconds of the world's own time from the stream's start.
 *
 * Threads: one. Ownership: until drivers_free().
 */

#include "hitsim/net.h"

struct drivers_plan {
    uint64_t seed;
    double span_s;  // the stream's length: what happens once happens in it
    double pause_s; // mean pause between two trips of a listed vehicle
    double hour;    // of the day at the stream's start
    uint32_t listed;
    uint32_t vehicles; // ordinary ones
    uint32_t convoys;
    uint32_t couriers;
    uint32_t clones;
    double coincidence_share; // of listed vehicles' trips that somebody follows for one road
};

enum { DRIVERS_WAY_MAX = 24, DRIVERS_POSTS_MAX = 64 };

// Two vehicles that travel together on purpose, the first of them listed.
struct convoy {
    uint32_t vehicle;
    uint32_t companion;
    unsigned planned; // journeys
    unsigned started;
    double from_s;              // not before
    double begin_s;             // of the first journey
    double last_begin_s;        // of the last one
    double last_end_s;          // of the last one; below last_begin_s while it is under way
    unsigned roads;             // different ones with cameras, on the last journey
    unsigned seen[2];           // posts of the last journey at which each was read rightly
    unsigned together;          // posts of it at which both were
    unsigned together_roads;    // different roads among those
    unsigned together_journeys; // journeys with two such posts
    uint16_t posts[2][DRIVERS_POSTS_MAX];       // those of `seen`
    uint16_t together_sites[DRIVERS_POSTS_MAX]; // those of `together`
};

// A listed vehicle between the hub city and one market town.
struct courier {
    uint32_t vehicle;
    unsigned hub; // nodes
    unsigned market;
    unsigned runs;  // there and back, completed
    double begin_s; // first departure
    double third_s; // end of the third run; 0: not yet
    double end_s;   // of the last run
    double usual_h; // hour of the day at which it leaves
};

// A listed plate that two vehicles bear.
struct clone {
    uint32_t vehicle;    // the rightful one
    uint32_t double_of;  // the other's number
    double from_s;       // the other drives from then on
    double begin_s;      // its first pass; 0: none
    double end_s;        // its last pass
    double impossible_s; // the first time no one vehicle could have been at both places; 0: never
    unsigned impossible; // how often
    double last_s[2];    // each one's last pass
    uint16_t last_post[2];
    bool seen[2];
};

struct drivers;

// What a driver does next.
struct journey {
    double leave_s;
    unsigned from; // nodes
    unsigned to;
    struct convoy *convoy; // the companion comes along; NULL: none
    bool followed;         // by chance, along one road
    bool usual;            // the way to work or home, the same every day
};

struct drivers *drivers_new(const struct net *net, const struct drivers_plan *plan);
void drivers_free(struct drivers *drivers);
// How many drive: the listed ones, and clones behind them.
uint32_t drivers_count(const struct drivers *drivers);
uint32_t drivers_vehicle(const struct drivers *drivers, uint32_t driver);
// The driver of a vehicle, or UINT32_MAX: an ordinary vehicle.
uint32_t drivers_find(const struct drivers *drivers, uint32_t vehicle);
// Whose plate a vehicle bears.
uint32_t drivers_mark(const struct drivers *drivers, uint32_t vehicle);

// The driver's next departure after `now_s`, when it arrived or the stream began; INFINITY: none.
double drivers_next(struct drivers *drivers, uint32_t driver, double now_s);
// It leaves now.
struct journey drivers_leave(struct drivers *drivers, uint32_t driver, double now_s);
// It arrived; ends what it was part of.
void drivers_arrive(struct drivers *drivers, uint32_t driver, double now_s);
// One of a convoy was read rightly at a post of their journey.
void drivers_convoy_seen(const struct net *net, struct convoy *convoy, unsigned post,
                         bool companion);
// Whether the pair shared what the convoy rule asks for at least: three sites of its last journey
// that are not all of one road, or two journeys.
bool drivers_convoy_shows(const struct convoy *convoy);
// A listed mark was seen at a post.
void drivers_passed(struct drivers *drivers, uint32_t vehicle, unsigned post, double at_s);

// What is true of the stream so far.
const struct convoy *drivers_convoy(const struct drivers *drivers, uint32_t index);
// Of its driver, or of its companion.
struct convoy *drivers_convoy_with(struct drivers *drivers, uint32_t vehicle, bool companion);
const struct courier *drivers_courier(const struct drivers *drivers, uint32_t index);
const struct clone *drivers_clone(const struct drivers *drivers, uint32_t index);

// Share of a day's trips that begin around this hour, 1 at the busiest.
double drivers_rhythm(double hour);
// A node by how many trips begin or end there.
unsigned drivers_pick_node(const struct net *net, struct random *random);

// Neighbours who go to work along the same road at about the same time.
struct estate {
    unsigned home; // nodes
    unsigned work;
    double out_h;  // hour of the day at which they leave home
    double back_h; // and work
};
struct estate drivers_estate(const struct net *net, uint64_t seed, uint32_t number);

#endif
