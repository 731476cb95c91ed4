// SPDX-License-Identifier: Apache-2.0
#ifndef HS_GEO_CAMERAS_H
#define HS_GEO_CAMERAS_H
/*
 * The camera register: which camera stands where, on which road, in whose area. Immutable once
 * built.
 *
 * Read from CSV:
 * camera,site,road,direction,force,area,latitude,longitude,easting,northing,kind,model,next,class
 * (header names as here, order free; camera, site and force must be there; either WGS84 or British National
 * Grid, which a fixed camera must have; kind is 'fixed', the default, or 'mobile'; next names the
 * sites that traffic in the camera's direction reaches next, separated by ';'; class is 'hub' or
 * 'market', what the camera's area is to county lines, and need stand in one row of the area only).
 * Threads: any may read. Ownership: the register owns its texts; a struct hs_camera borrows from
 * it. Bounds: HS_CAMERAS_MAX cameras, HS_CAMERA_NEXT_MAX next sites of each.
 */

#include "base/diag.h"
#include "geo/place.h"

enum { HS_CAMERAS_MAX = 200000, HS_CAMERA_NEXT_MAX = 16 };

// What an area is to county lines.
enum hs_area_class {
    HS_AREA_OTHER,
    HS_AREA_HUB,    // the city that drugs come from
    HS_AREA_MARKET, // a town that they are brought to
};

struct hs_camera {
    struct hs_str camera_id;
    struct hs_str site_id;
    struct hs_str road;      // "A4", "M4"; may be empty
    struct hs_str direction; // compass of the traffic it sees: N NE E SE S SW W NW; may be empty
    struct hs_str force;     // whose area it stands in
    struct hs_str area;      // part of that force's area; may be empty
    struct hs_str model;     // confusion table's name; may be empty
    struct hs_point position;
    bool has_position;
    bool mobile;
    const struct hs_str *next_sites; // what its traffic reaches next, in bytewise order
    size_t next_count;
    enum hs_area_class area_class; // of its force's area
};

struct hs_cameras;

// Parses the register; every fault goes to `diags` with file `name`. HS_EFORMAT when there was an
// error.
int hs_cameras_parse(struct hs_str text, const char *name, struct hs_diags *diags,
                     struct hs_cameras **ret_cameras);
void hs_cameras_free(struct hs_cameras *cameras);
size_t hs_cameras_count(const struct hs_cameras *cameras);
// In order of camera id; NULL beyond the last.
const struct hs_camera *hs_cameras_at(const struct hs_cameras *cameras, size_t index);
// NULL when it is not in the register. A hash lookup: no allocation, a few cache misses.
const struct hs_camera *hs_cameras_find(const struct hs_cameras *cameras, struct hs_str camera_id);
// Any camera of a site, the first by id; NULL when the register has none. As quick.
const struct hs_camera *hs_cameras_site(const struct hs_cameras *cameras, struct hs_str site_id);
// The same by the hash that hs_site_hash() makes of the site's id: for tables that keep many sites.
const struct hs_camera *hs_cameras_hashed_site(const struct hs_cameras *cameras, uint32_t hash);
// How many areas are markets.
size_t hs_cameras_markets(const struct hs_cameras *cameras);
uint32_t hs_site_hash(struct hs_str site_id); // never 0
// The canonical text: equal texts mean the same register, whatever the file's order, quotes or
// columns.
void hs_cameras_canonical(const struct hs_cameras *cameras, struct hs_buf *out);

#endif
