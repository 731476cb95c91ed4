// SPDX-License-Identifier: Apache-2.0
#ifndef HS_GEO_ROADS_H
#define HS_GEO_ROADS_H
/*
 * The road table: from which site traffic goes on to which, how far and how fast. Immutable once
 * built; part of the controls as roads.csv; made by `hitctl roads learn`, reviewed and activated by
 * a person.
 *
 * Read from CSV: from,direction,to,distance_m,fastest_s,free_s,typical_s,spread_pct,share_ppm,
 * corridor (header names as here, order free; from, to, fastest_s and typical_s must be there). A
 * row is a link: traffic that passes site `from` in this direction is read next at site `to`. Where
 * the direction is empty the row is for all directions. typical_s is one number, or 24 with ';'
 * between them, one for each hour of London's day.
 *
 * Integers throughout, so that what is decided by it is the same to the bit on every machine.
 * Threads: any may read. Ownership: the table owns its texts; a link borrows from it. Bounds:
 * HS_ROADS_LINKS_MAX links; lookups are binary searches without allocation.
 */

#include "base/diag.h"

enum { HS_ROADS_LINKS_MAX = 1000000, HS_ROADS_HOURS = 24, HS_PPM = 1000000 };

// Traffic that passes one site and is read next at another.
struct hs_road_link {
    struct hs_str from;                 // site
    struct hs_str direction;            // compass of the traffic at `from`; empty: all directions
    struct hs_str to;                   // site
    uint32_t distance_m;                // along the road; 0: not known
    int64_t fastest_ms;                 // a quicker journey is impossible
    int64_t free_ms;                    // on an empty road
    int64_t typical_ms[HS_ROADS_HOURS]; // mean journey by hour of London's day
    uint32_t spread_pct; // deviation of a journey's time, percent of its typical time
    uint32_t share_ppm;  // of the traffic at `from` in this direction, so many per
                         // million go on to `to`; all rows of one together: at most a
                         // million
    bool corridor;       // both ends on one unbroken stretch of one road
};

struct hs_roads;

// Parses the table; every fault goes to `diags` with file `name`. HS_EFORMAT when there was an
// error.
int hs_roads_parse(struct hs_str text, const char *name, struct hs_diags *diags,
                   struct hs_roads **ret_roads);
void hs_roads_free(struct hs_roads *roads); // NULL is legal
// Without links.
struct hs_roads *hs_roads_empty(void);

size_t hs_roads_count(const struct hs_roads *roads);
// In order of from, direction and to; NULL beyond the last.
const struct hs_road_link *hs_roads_at(const struct hs_roads *roads, size_t index);
// The link of this direction, else the one for all directions; NULL: nobody is known to go that
// way.
const struct hs_road_link *hs_roads_find(const struct hs_roads *roads, struct hs_str from,
                                         struct hs_str direction, struct hs_str to);
// All ways on from a site in this direction, else those for all directions: how many links, one
// behind the other from index *ret_first on.
size_t hs_roads_exits(const struct hs_roads *roads, struct hs_str from, struct hs_str direction,
                      size_t *ret_first);
// Whether both sites are on one unbroken stretch of one road, other sites between them or not.
bool hs_roads_same_corridor(const struct hs_roads *roads, struct hs_str a, struct hs_str b);
// Every site that is named must be known; faults to `diags` with the row's place.
void hs_roads_check_sites(const struct hs_roads *roads, const char *name,
                          bool (*is_known)(void *ctx, struct hs_str site), void *ctx,
                          struct hs_diags *diags);
// The canonical text, itself a roads.csv: equal texts mean the same table.
void hs_roads_canonical(const struct hs_roads *roads, struct hs_buf *out);
// Its times: "fastest_s,free_s,typical_s", as there.
void hs_roads_print_times(const struct hs_road_link *link, struct hs_buf *out);
// One link as a line of it, with its line feed; the header line.
void hs_roads_print_link(const struct hs_road_link *link, struct hs_buf *out);
void hs_roads_print_header(struct hs_buf *out);

#endif
