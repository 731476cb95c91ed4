// SPDX-License-Identifier: Apache-2.0
#include "hitsim/way.h"

#include <string.h>

enum { SAMPLE_TRIPS = 300 };

unsigned way_find(const struct net *net, struct random *random, double doubt, unsigned from,
                  unsigned to, uint16_t ret_way[DRIVERS_WAY_MAX])
{
    double costs[NET_ARCS_MAX];
    for (unsigned i = 0; i < net->arc_count; i++) {
        costs[i] = net->arcs[i].km / net->arcs[i].kmh * (1.0 + doubt * random_unit(random)) + 0.01;
    }
    return net_route(net, costs, from, to, ret_way, DRIVERS_WAY_MAX);
}

static bool same_road(const struct net *net, unsigned arc_a, unsigned arc_b)
{
    return strcmp(net->arcs[arc_a].road, net->arcs[arc_b].road) == 0;
}

void way_longest_road(const struct net *net, const uint16_t *way, unsigned len, unsigned *ret_first,
                      unsigned *ret_len)
{
    unsigned best = 0, best_len = 0;
    for (unsigned i = 0; i < len;) {
        unsigned end = i + 1;
        while (end < len && same_road(net, way[i], way[end])) {
            end++;
        }
        if (end - i > best_len) {
            best = i;
            best_len = end - i;
        }
        i = end;
    }
    *ret_first = best;
    *ret_len = best_len;
}

unsigned way_count_roads(const struct net *net, const uint16_t *way, unsigned len)
{
    unsigned roads = 0;
    for (unsigned i = 0; i < len; i++) {
        bool seen = false;
        for (unsigned j = 0; j < i; j++) {
            seen = seen || same_road(net, way[i], way[j]);
        }
        roads += !seen;
    }
    return roads;
}

double way_sample_passes(const struct net *net)
{
    struct random random = {.state = 1};
    uint16_t way[DRIVERS_WAY_MAX];
    double passes = 0;
    for (unsigned i = 0; i < SAMPLE_TRIPS; i++) {
        unsigned from = drivers_pick_node(net, &random);
        unsigned len = way_find(net, &random, 0.35, from, drivers_pick_node(net, &random), way);
        for (unsigned step = 0; step < len; step++) {
            passes += net->arcs[way[step]].post_count;
        }
    }
    return passes / SAMPLE_TRIPS;
}
