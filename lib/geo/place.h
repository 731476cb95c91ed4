// SPDX-License-Identifier: Apache-2.0
#ifndef HS_GEO_PLACE_H
#define HS_GEO_PLACE_H
/*
 * Points on the ground: WGS84, British National Grid, distance. Pure; threads: any.
 */

struct hs_point {
    double latitude_deg;  // WGS84, -90 to 90
    double longitude_deg; // WGS84, -180 to 180
};

// British National Grid (OSGB36, Airy 1830) to WGS84 by Ordnance Survey's seven-parameter Helmert
// transformation: good to about 5 m. HS_EINVAL outside the grid (0..700 000, 0..1 300 000 m).
int hs_point_from_grid(double easting_m, double northing_m, struct hs_point *ret_point);
// Great-circle distance in metres.
double hs_point_distance_m(struct hs_point a, struct hs_point b);

#endif
