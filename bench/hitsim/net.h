// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_NET_H
#define HITSIM_NET_H
/*
 * The world's roads and cameras: a hub city with its ring, four motorways to the edge of the map,
 * sixteen market towns, A-roads between them, and the areas of five made-up forces. One of the
 * towns is the surveyed one (town.h) with its real cameras and flows.
 *
 * A road is a pair of arcs, one a direction (arc ^ 1 is the way back). A post is where traffic of
 * one direction is seen: one camera, or two sensors side by side. Forces' borders zigzag, so that
 * some roads cross them more than once.
 *
 * Immutable once made; threads: any. Ownership: until net_free(). Bounds: the enum's.
 */

#include "hitsim/town.h"

enum {
    NET_NODES_MAX = 48,
    NET_ARCS_MAX = 224,
    NET_SITES_MAX = 700,
    NET_POSTS_MAX = 1400,
    NET_CAMERAS_MAX = 2000,
    NET_FORCES = 5,
    NET_NEXT_MAX = 8, // sites named by a camera as coming next
    NET_NAME_MAX = 48,
    NET_NONE = 0xffff,
};

extern const char *const net_forces[NET_FORCES]; // the last is the hub city's

// Where trips begin and end.
struct net_node {
    char name[NET_NAME_MAX]; // the area in the register; "" where nobody lives
    double x_km;             // east of the hub
    double y_km;             // north of it
    double weight;           // of its trips among all; 0: only passed through
    bool market;             // a market town
    bool hub;                // part of the hub city
    bool edge;               // the map ends here, traffic goes on
};

// One direction of a stretch of road.
struct net_arc {
    unsigned from; // nodes
    unsigned to;
    double km;
    double kmh;   // of a car in free flow
    char road[8]; // "M91", "A912"
    bool single;  // one carriageway: who is slower is followed
    bool city;
    unsigned post_first; // posts in order of travel
    unsigned post_count;
};

struct net_site {
    char site_id[NET_NAME_MAX];
    char road[8];
    char area[NET_NAME_MAX];
    unsigned force;
    double latitude_deg;
    double longitude_deg;
};

// Traffic of one direction at one site.
struct net_post {
    unsigned site;
    unsigned arc; // NET_NONE: in the surveyed town
    double share; // of its arc's length
    unsigned lanes;
    unsigned camera_first;
    unsigned camera_count; // 1, or 2 sensors side by side
};

struct net_camera {
    char camera_id[NET_NAME_MAX];
    char direction[3];
    unsigned post;        // where it stands
    unsigned listed_post; // where the register says that it stands
};

struct net {
    struct net_node nodes[NET_NODES_MAX];
    unsigned node_count;
    struct net_arc arcs[NET_ARCS_MAX];
    unsigned arc_count;
    unsigned out_first[NET_NODES_MAX + 1]; // where a node's begin in `out`
    uint16_t out[NET_ARCS_MAX];            // arcs by the node that they leave, then by number
    struct net_site sites[NET_SITES_MAX];
    unsigned site_count;
    struct net_post posts[NET_POSTS_MAX];
    unsigned post_count;
    struct net_camera cameras[NET_CAMERAS_MAX];
    unsigned camera_count;
    unsigned town_node;       // where the surveyed town lies
    unsigned town_post_first; // its posts, one for each of its cameras, in their order
    const struct town *town;  // borrowed
};

// With a site each `site_km` on average. NULL: out of memory.
struct net *net_new(const struct town *town, double site_km);
void net_free(struct net *net);

// Straight distance between two posts' sites as they really stand, in km.
double net_distance_km(const struct net *net, unsigned post_a, unsigned post_b);
// The sites that traffic past this post comes to next; returns how many, NET_NEXT_MAX at most.
unsigned net_next_sites(const struct net *net, unsigned post, unsigned ret_sites[NET_NEXT_MAX]);
// The quickest way by the given cost of each arc: arcs in order of travel; 0 when there is none or
// it is longer than `max`.
unsigned net_route(const struct net *net, const double *arc_costs, unsigned from, unsigned to,
                   uint16_t *ret_arcs, unsigned max);

// The camera register as `hitctl controls` reads it.
void net_write_register(const struct net *net, FILE *file);

#endif
