// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_TRAFFIC_H
#define HITSIM_TRAFFIC_H
/*
 * All vehicles on the roads: trips along the quickest way as each driver guesses it, with rush
 * hours, queues behind slow vehicles on single carriageways, lorries in line, and the surveyed
 * town's own flows.
 *
 * Passes come in order of the world's own time, in seconds from the stream's start. Threads: one.
 * Ownership: borrows network and drivers. Bounds: memory grows with vehicles under way and with
 * commuters, of which there are at most half the ordinary vehicles.
 */

#include "hitsim/drivers.h"

// Who is beside a listed vehicle without a purpose.
enum traffic_chance_kind {
    TRAFFIC_ROAD,      // in line behind it, for the longest stretch of one road
    TRAFFIC_NEIGHBOUR, // sets out for the same work, or home, at about the same time day by day
};
struct traffic_chance {
    enum traffic_chance_kind kind;
    uint32_t vehicle;
    uint32_t other;
    double at_s; // the trip begins
};
typedef void traffic_on_chance(void *ctx, const struct traffic_chance *chance);

struct traffic_plan {
    uint64_t seed;
    double rate;     // passes a second on average over a day, listed vehicles besides
    double hour;     // of the day at the stream's start
    uint32_t listed; // as in drivers_plan
    uint32_t vehicles;
    traffic_on_chance *chance; // told of each; NULL: nobody asks
    void *chance_ctx;
};

// One vehicle passing one post.
struct traffic_pass {
    double at_s;
    uint32_t vehicle;
    unsigned post;
    unsigned lane;       // from 1
    struct convoy *with; // on a journey in convoy; NULL: not
    bool companion;      // of that convoy, not its driver
};

struct traffic;

// NULL: out of memory.
struct traffic *traffic_new(const struct net *net, struct drivers *drivers,
                            const struct traffic_plan *plan);
void traffic_free(struct traffic *traffic);
// The next pass; false: out of memory.
bool traffic_next(struct traffic *traffic, struct traffic_pass *ret_pass);

#endif
