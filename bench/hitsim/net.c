// SPDX-License-Identifier: Apache-2.0
#include "hitsim/net.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ORIGIN_LATITUDE_DEG  51.70
#define ORIGIN_LONGITUDE_DEG (-1.80)
#define KM_PER_LATITUDE      111.2
#define KM_PER_LONGITUDE     68.99
#define TOWN_LATITUDE_DEG    51.3811
#define TOWN_LONGITUDE_DEG   (-2.3590)
#define DEG                  (3.14159265358979 / 180.0)

enum { RING = 8, JUNCTIONS = 4, SECTORS = 4, TOWNS_PER_SECTOR = 4, SURVEYED_TOWN = 12 };

const char *const net_forces[NET_FORCES] = {"northvale", "eastmoor", "southlea", "westbrook",
                                            "kingsmere"};
static const char *const town_names[SECTORS * TOWNS_PER_SECTOR] = {
    "aldermere", "brindlow",   "cawthorpe", "dunmarsh",  "eskholm",  "farthingham",
    "garrowby",  "hollinmoor", "ivelsham",  "jarrowden", "kelderby", "lindmere",
    "aquaford",  "marrowick",  "netherlea", "oxholt"};
static const double town_bearings_deg[TOWNS_PER_SECTOR] = {-34, -13, 12, 31};
static const double town_radii_km[TOWNS_PER_SECTOR] = {47, 29, 41, 56};
static const double junction_radii_km[JUNCTIONS] = {21, 37, 53, 74};

// The force at a place: the hub's disc, and sectors whose borders swing to and fro.
static unsigned force_at(double x_km, double y_km)
{
    double radius_km = hypot(x_km, y_km);
    if (radius_km < 15.0) {
        return NET_FORCES - 1;
    }
    double bearing_deg = atan2(x_km, y_km) / DEG + 5.0 * sin(radius_km / 4.0);
    return (unsigned)floor((bearing_deg + 360.0 + 45.0) / 90.0) % SECTORS;
}

static unsigned add_node(struct net *net, const char *name, double x_km, double y_km, double weight)
{
    struct net_node *node = &net->nodes[net->node_count];
    *node = (struct net_node){.x_km = x_km, .y_km = y_km, .weight = weight};
    snprintf(node->name, sizeof(node->name), "%s", name);
    return net->node_count++;
}

static unsigned add_node_at(struct net *net, const char *name, double bearing_deg, double radius_km,
                            double weight)
{
    return add_node(net, name, radius_km * sin(bearing_deg * DEG),
                    radius_km * cos(bearing_deg * DEG), weight);
}

static double node_km(const struct net *net, unsigned a, unsigned b)
{
    return hypot(net->nodes[a].x_km - net->nodes[b].x_km, net->nodes[a].y_km - net->nodes[b].y_km);
}

// "N" to "NW": where an arc leads.
static const char *compass(const struct net *net, const struct net_arc *arc)
{
    static const char *const names[] = {"N", "NE", "E", "SE", "S", "SW", "W", "NW"};
    const struct net_node *from = &net->nodes[arc->from];
    const struct net_node *to = &net->nodes[arc->to];
    double bearing_deg = atan2(to->x_km - from->x_km, to->y_km - from->y_km) / DEG;
    return names[(unsigned)floor((bearing_deg + 360.0 + 22.5) / 45.0) % 8];
}

static void name_area(const struct net *net, struct net_site *site, double x_km, double y_km)
{
    const char *name = "roads";
    for (unsigned i = 0; i < net->node_count; i++) {
        const struct net_node *node = &net->nodes[i];
        if (node->market && hypot(node->x_km - x_km, node->y_km - y_km) < 6.0) {
            memcpy(site->area, node->name, sizeof(site->area));
            return;
        }
    }
    if (hypot(x_km, y_km) < 10.0) {
        name = "city";
    }
    snprintf(site->area, sizeof(site->area), "%s-%s", net_forces[site->force], name);
}

static void add_camera(struct net *net, unsigned post, const char *direction, unsigned sensor)
{
    struct net_camera *camera = &net->cameras[net->camera_count++];
    char letters[3] = "";
    for (unsigned i = 0; direction[i] && i < 2; i++) {
        letters[i] = (char)tolower((unsigned char)direction[i]);
    }
    const struct net_site site = net->sites[net->posts[post].site]; // a copy: no overlap
    snprintf(camera->camera_id, sizeof(camera->camera_id), sensor ? "%.40s-%s%u" : "%.40s-%s",
             site.site_id, letters, sensor + 1);
    snprintf(camera->direction, sizeof(camera->direction), "%.2s", direction);
    camera->post = post;
    camera->listed_post = post;
    net->posts[post].camera_count++;
}

static unsigned add_post(struct net *net, unsigned site, unsigned arc, double share)
{
    struct net_post *post = &net->posts[net->post_count];
    *post = (struct net_post){
        .site = site, .arc = arc, .share = share, .lanes = 1, .camera_first = net->camera_count};
    return net->post_count++;
}

static unsigned add_site(struct net *net, const struct net_arc *arc, double share, unsigned number)
{
    const struct net_node *from = &net->nodes[arc->from];
    const struct net_node *to = &net->nodes[arc->to];
    double x_km = from->x_km + share * (to->x_km - from->x_km);
    double y_km = from->y_km + share * (to->y_km - from->y_km);
    struct net_site *site = &net->sites[net->site_count];
    site->force = force_at(x_km, y_km);
    site->latitude_deg = ORIGIN_LATITUDE_DEG + y_km / KM_PER_LATITUDE;
    site->longitude_deg = ORIGIN_LONGITUDE_DEG + x_km / KM_PER_LONGITUDE;
    memcpy(site->road, arc->road, sizeof(site->road));
    char road[sizeof(arc->road)]; // of its own: the compiler cannot tell arcs from sites
    memcpy(road, arc->road, sizeof(road));
    snprintf(site->site_id, sizeof(site->site_id), "%c%.6s-%02u", tolower((unsigned char)road[0]),
             road + 1, number);
    name_area(net, site, x_km, y_km);
    return net->site_count++;
}

// Sites along a pair of arcs; `ret_number` counts the road's sites.
static void add_sites(struct net *net, unsigned arc, double site_km, unsigned *number)
{
    struct net_arc *there = &net->arcs[arc];
    struct net_arc *back = &net->arcs[arc + 1];
    unsigned count = (unsigned)fmax(1.0, round(there->km / site_km));
    unsigned site_first = net->site_count;
    for (unsigned i = 0; i < count; i++) {
        add_site(net, there, (i + 0.5) / count, ++*number);
    }
    for (unsigned way = 0; way < 2; way++) {
        struct net_arc *along = way ? back : there;
        along->post_first = net->post_count;
        along->post_count = count;
        for (unsigned i = 0; i < count; i++) {
            unsigned site = site_first + (way ? count - 1 - i : i);
            unsigned post = add_post(net, site, arc + way, (i + 0.5) / count);
            net->posts[post].lanes = along->single ? 1 : 3;
            add_camera(net, post, compass(net, along), 0);
            if (site % 5 == 0) { // a second sensor for the outer lanes sees the same vehicles
                add_camera(net, post, compass(net, along), 1);
            }
        }
    }
}

enum road_kind { ROAD_MOTORWAY, ROAD_SINGLE, ROAD_CITY };

static void add_road(struct net *net, unsigned a, unsigned b, enum road_kind kind, const char *road)
{
    static const double kmh[] = {105, 76, 44};
    for (unsigned way = 0; way < 2; way++) {
        struct net_arc *arc = &net->arcs[net->arc_count++];
        *arc = (struct net_arc){.from = way ? b : a,
                                .to = way ? a : b,
                                .km = node_km(net, a, b) * (kind == ROAD_MOTORWAY ? 1.03 : 1.12),
                                .kmh = kmh[kind],
                                .single = kind != ROAD_MOTORWAY,
                                .city = kind == ROAD_CITY};
        snprintf(arc->road, sizeof(arc->road), "%s", road);
    }
}

static void make_nodes(struct net *net)
{
    add_node(net, "kingsmere-city", 0, 0, 10);
    for (unsigned i = 0; i < RING; i++) {
        add_node_at(net, "kingsmere-city", 45.0 * i, 8, 4);
    }
    for (unsigned i = 0; i <= RING; i++) {
        net->nodes[i].hub = true;
    }
    for (unsigned sector = 0; sector < SECTORS; sector++) {
        for (unsigned i = 0; i < JUNCTIONS; i++) {
            bool edge = i + 1 == JUNCTIONS;
            unsigned node = add_node_at(net, edge ? "edge" : "", 90.0 * sector + 3.0 * i,
                                        junction_radii_km[i], edge ? 8 : 0);
            net->nodes[node].edge = edge;
        }
    }
    for (unsigned i = 0; i < SECTORS * TOWNS_PER_SECTOR; i++) {
        unsigned rank = i % TOWNS_PER_SECTOR;
        double bearing_deg = 90.0 * (i / TOWNS_PER_SECTOR) + town_bearings_deg[rank];
        unsigned node = add_node_at(net, town_names[i], bearing_deg,
                                    town_radii_km[rank] + (i * 7) % 5, 1.0 + (i * 5) % 4);
        net->nodes[node].market = true;
    }
    net->town_node = 1 + RING + SECTORS * JUNCTIONS + SURVEYED_TOWN;
    struct net_node *surveyed = &net->nodes[net->town_node];
    surveyed->x_km = (TOWN_LONGITUDE_DEG - ORIGIN_LONGITUDE_DEG) * KM_PER_LONGITUDE;
    surveyed->y_km = (TOWN_LATITUDE_DEG - ORIGIN_LATITUDE_DEG) * KM_PER_LATITUDE;
}

static void make_hub_roads(struct net *net)
{
    char road[8];
    for (unsigned i = 0; i < RING; i++) {
        snprintf(road, sizeof(road), "A9%02u", i + 1);
        add_road(net, 0, 1 + i, ROAD_CITY, road);
        add_road(net, 1 + i, 1 + (i + 1) % RING, ROAD_CITY, "A900");
    }
    for (unsigned sector = 0; sector < SECTORS; sector++) {
        unsigned last = 1 + 2 * sector;
        snprintf(road, sizeof(road), "M9%u", sector + 1);
        for (unsigned i = 0; i < JUNCTIONS; i++) {
            unsigned node = 1 + RING + sector * JUNCTIONS + i;
            add_road(net, last, node, ROAD_MOTORWAY, road);
            last = node;
        }
    }
}

// Among the nodes first to first + count - 1.
static unsigned nearest(const struct net *net, unsigned node, unsigned first, unsigned count)
{
    unsigned best = first;
    for (unsigned i = first; i < first + count; i++) {
        best = node_km(net, node, i) < node_km(net, node, best) ? i : best;
    }
    return best;
}

static void make_town_roads(struct net *net)
{
    char road[8];
    unsigned first = 1 + RING + SECTORS * JUNCTIONS;
    unsigned towns = SECTORS * TOWNS_PER_SECTOR;
    for (unsigned i = 0; i < towns; i++) {
        unsigned junctions = 1 + RING + i / TOWNS_PER_SECTOR * JUNCTIONS;
        snprintf(road, sizeof(road), "A9%02u", 11 + i);
        add_road(net, first + i, nearest(net, first + i, junctions, JUNCTIONS - 1), ROAD_SINGLE,
                 road);
        snprintf(road, sizeof(road), "A9%02u", 31 + i / 2); // two stretches, one road
        add_road(net, first + i, first + (i + 1) % towns, ROAD_SINGLE, road);
        if (i % TOWNS_PER_SECTOR == 1) {
            snprintf(road, sizeof(road), "A9%02u", 51 + i);
            add_road(net, first + i, nearest(net, first + i, 1, RING), ROAD_SINGLE, road);
        }
    }
}

static void survey_towns_posts(struct net *net)
{
    net->town_post_first = net->post_count;
    for (unsigned i = 0; i < town_camera_count(net->town); i++) {
        const struct town_camera *camera = town_camera(net->town, i);
        unsigned site = 0;
        while (site < net->site_count && strcmp(net->sites[site].site_id, camera->site_id) != 0) {
            site++;
        }
        if (site == net->site_count) {
            struct net_site *made = &net->sites[net->site_count++];
            snprintf(made->site_id, sizeof(made->site_id), "%.47s", camera->site_id);
            snprintf(made->road, sizeof(made->road), "%.7s", camera->road);
            memcpy(made->area, net->nodes[net->town_node].name, sizeof(made->area));
            made->force = 3;
            made->latitude_deg = camera->latitude_deg;
            made->longitude_deg = camera->longitude_deg;
        }
        unsigned post = add_post(net, site, NET_NONE, 0);
        struct net_camera *seen = &net->cameras[net->camera_count++];
        snprintf(seen->camera_id, sizeof(seen->camera_id), "%.47s", camera->camera_id);
        snprintf(seen->direction, sizeof(seen->direction), "%.2s", camera->direction);
        seen->post = seen->listed_post = post;
        net->posts[post].camera_count = 1;
    }
}

static void index_arcs(struct net *net)
{
    unsigned count = 0;
    for (unsigned node = 0; node < net->node_count; node++) {
        net->out_first[node] = count;
        for (unsigned arc = 0; arc < net->arc_count; arc++) {
            if (net->arcs[arc].from == node) {
                net->out[count++] = (uint16_t)arc;
            }
        }
    }
    net->out_first[net->node_count] = count;
}

struct net *net_new(const struct town *town, double site_km)
{
    struct net *net = calloc(1, sizeof(*net));
    unsigned numbers[100] = {0};
    if (!net) {
        return NULL;
    }
    net->town = town;
    make_nodes(net);
    make_hub_roads(net);
    make_town_roads(net);
    for (unsigned arc = 0; arc < net->arc_count; arc += 2) {
        const char *road = net->arcs[arc].road;
        unsigned at = (unsigned)atoi(road + 2) + (road[0] == 'M' ? 90 : 0);
        add_sites(net, arc, site_km, &numbers[at % 100]);
    }
    survey_towns_posts(net);
    index_arcs(net);
    return net;
}

void net_free(struct net *net)
{
    free(net);
}

double net_distance_km(const struct net *net, unsigned post_a, unsigned post_b)
{
    const struct net_site *a = &net->sites[net->posts[post_a].site];
    const struct net_site *b = &net->sites[net->posts[post_b].site];
    return hypot((a->latitude_deg - b->latitude_deg) * KM_PER_LATITUDE,
                 (a->longitude_deg - b->longitude_deg) * KM_PER_LONGITUDE);
}

unsigned net_next_sites(const struct net *net, unsigned post, unsigned ret_sites[NET_NEXT_MAX])
{
    unsigned arc = net->posts[post].arc;
    unsigned count = 0;
    if (arc == NET_NONE) {
        return 0;
    }
    const struct net_arc *along = &net->arcs[arc];
    if (post + 1 < along->post_first + along->post_count) {
        ret_sites[0] = net->posts[post + 1].site;
        return 1;
    }
    for (unsigned i = 0; i < net->arc_count && count < NET_NEXT_MAX; i++) {
        if (net->arcs[i].from == along->to && i != (arc ^ 1U)) {
            ret_sites[count++] = net->posts[net->arcs[i].post_first].site;
        }
    }
    return count;
}

unsigned net_route(const struct net *net, const double *arc_costs, unsigned from, unsigned to,
                   uint16_t *ret_arcs, unsigned max)
{
    double cost[NET_NODES_MAX];
    uint16_t by[NET_NODES_MAX];
    bool done[NET_NODES_MAX] = {false};
    for (unsigned i = 0; i < net->node_count; i++) {
        cost[i] = i == from ? 0 : INFINITY;
        by[i] = NET_NONE;
    }
    for (;;) { // few nodes: the nearest is looked for in all
        unsigned at = NET_NODES_MAX;
        for (unsigned i = 0; i < net->node_count; i++) {
            if (!done[i] && isfinite(cost[i]) && (at == NET_NODES_MAX || cost[i] < cost[at])) {
                at = i;
            }
        }
        if (at == NET_NODES_MAX || at == to) {
            break;
        }
        done[at] = true;
        for (unsigned i = net->out_first[at]; i < net->out_first[at + 1]; i++) {
            unsigned out = net->out[i], next = net->arcs[out].to;
            if (cost[at] + arc_costs[out] < cost[next]) {
                cost[next] = cost[at] + arc_costs[out];
                by[next] = (uint16_t)out;
            }
        }
    }
    unsigned len = 0;
    for (unsigned at = to; at != from && by[at] != NET_NONE; at = net->arcs[by[at]].from) {
        len++;
    }
    if (len > max || (len == 0 && from != to)) {
        return 0;
    }
    unsigned left = len;
    for (unsigned at = to; left > 0; at = net->arcs[by[at]].from) {
        ret_arcs[--left] = by[at];
    }
    return len;
}

// What the site's area is to county lines.
static const char *area_class(const struct net *net, const struct net_site *site)
{
    for (unsigned i = 0; i < net->node_count; i++) {
        if (net->nodes[i].market && strcmp(net->nodes[i].name, site->area) == 0) {
            return "market";
        }
    }
    size_t len = strlen(site->area);
    return len > 5 && strcmp(site->area + len - 5, "-city") == 0 ? "hub" : "";
}

void net_write_register(const struct net *net, FILE *file)
{
    fputs("camera,site,road,direction,force,area,latitude,longitude,kind,class,next\n", file);
    for (unsigned i = 0; i < net->camera_count; i++) {
        const struct net_camera *camera = &net->cameras[i];
        const struct net_site *site = &net->sites[net->posts[camera->listed_post].site];
        fprintf(file, "%s,%s,%s,%s,%s,%s,%.6f,%.6f,fixed,%s,", camera->camera_id, site->site_id,
                site->road, camera->direction, net_forces[site->force], site->area,
                site->latitude_deg, site->longitude_deg, area_class(net, site));
        unsigned next[NET_NEXT_MAX];
        unsigned count = net_next_sites(net, camera->listed_post, next);
        for (unsigned n = 0; n < count; n++) {
            fprintf(file, "%s%s", n ? ";" : "", net->sites[next[n]].site_id);
        }
        fputc('\n', file);
    }
}
