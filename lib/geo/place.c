// SPDX-License-Identifier: Apache-2.0
//
// British National Grid by Ordnance Survey's 'A guide to coordinate systems in Great Britain',
// annexes B and C.
#include "geo/place.h"

#include <math.h>

#include "base/error.h"

#define PI               3.14159265358979323846
#define RADIANS(degrees) ((degrees)*PI / 180.0)
#define DEGREES(radians) ((radians)*180.0 / PI)
#define EARTH_RADIUS_M   6371008.8 // mean radius, IUGG

// An ellipsoid of revolution: semi-axes in metres.
struct ellipsoid {
    double a;
    double b;
};

static const struct ellipsoid airy_1830 = {6377563.396, 6356256.909};
static const struct ellipsoid wgs84 = {6378137.000, 6356752.314245};

// The national grid's transverse Mercator projection.
#define GRID_SCALE      0.9996012717
#define GRID_LATITUDE   RADIANS(49.0)
#define GRID_LONGITUDE  RADIANS(-2.0)
#define GRID_EASTING_M  400000.0
#define GRID_NORTHING_M (-100000.0)

// Developed arc of the meridian from the true origin (guide, C3).
static double meridian_arc_m(double latitude)
{
    double n = (airy_1830.a - airy_1830.b) / (airy_1830.a + airy_1830.b);
    double n2 = n * n;
    double n3 = n2 * n;
    double difference = latitude - GRID_LATITUDE;
    double sum = latitude + GRID_LATITUDE;
    return airy_1830.b * GRID_SCALE *
           ((1 + n + 1.25 * (n2 + n3)) * difference -
            (3 * n + 3 * n2 + 21.0 / 8 * n3) * sin(difference) * cos(sum) +
            (15.0 / 8) * (n2 + n3) * sin(2 * difference) * cos(2 * sum) -
            (35.0 / 24) * n3 * sin(3 * difference) * cos(3 * sum));
}

// Grid to latitude and longitude on Airy 1830, radians (guide, C4 to C8).
static void grid_to_airy(double easting_m, double northing_m, double *ret_latitude,
                         double *ret_longitude)
{
    double e2 = 1 - (airy_1830.b * airy_1830.b) / (airy_1830.a * airy_1830.a);
    double latitude = GRID_LATITUDE;
    double left_m = northing_m - GRID_NORTHING_M;
    for (int i = 0; i < 20 && fabs(left_m) >= 0.00001; i++) {
        latitude += left_m / (airy_1830.a * GRID_SCALE);
        left_m = northing_m - GRID_NORTHING_M - meridian_arc_m(latitude);
    }
    double sin2 = sin(latitude) * sin(latitude);
    double nu = airy_1830.a * GRID_SCALE / sqrt(1 - e2 * sin2);
    double rho = airy_1830.a * GRID_SCALE * (1 - e2) / pow(1 - e2 * sin2, 1.5);
    double eta2 = nu / rho - 1;
    double t = tan(latitude);
    double t2 = t * t;
    double t4 = t2 * t2;
    double secant = 1 / cos(latitude);
    double d = easting_m - GRID_EASTING_M;
    double vii = t / (2 * rho * nu);
    double viii = t / (24 * rho * pow(nu, 3)) * (5 + 3 * t2 + eta2 - 9 * t2 * eta2);
    double ix = t / (720 * rho * pow(nu, 5)) * (61 + 90 * t2 + 45 * t4);
    double x = secant / nu;
    double xi = secant / (6 * pow(nu, 3)) * (nu / rho + 2 * t2);
    double xii = secant / (120 * pow(nu, 5)) * (5 + 28 * t2 + 24 * t4);
    double xiia = secant / (5040 * pow(nu, 7)) * (61 + 662 * t2 + 1320 * t4 + 720 * t4 * t2);
    *ret_latitude = latitude - vii * d * d + viii * pow(d, 4) - ix * pow(d, 6);
    *ret_longitude = GRID_LONGITUDE + x * d - xi * pow(d, 3) + xii * pow(d, 5) - xiia * pow(d, 7);
}

// Cartesian coordinates in metres.
struct cartesian {
    double x, y, z;
};

static struct cartesian to_cartesian(const struct ellipsoid *on, double latitude, double longitude)
{
    double e2 = 1 - (on->b * on->b) / (on->a * on->a);
    double nu = on->a / sqrt(1 - e2 * sin(latitude) * sin(latitude));
    return (struct cartesian){nu * cos(latitude) * cos(longitude),
                              nu * cos(latitude) * sin(longitude), nu * (1 - e2) * sin(latitude)};
}

static void from_cartesian(const struct ellipsoid *on, struct cartesian p, double *ret_latitude,
                           double *ret_longitude)
{
    double e2 = 1 - (on->b * on->b) / (on->a * on->a);
    double across = hypot(p.x, p.y);
    double latitude = atan2(p.z, across * (1 - e2));
    for (int i = 0; i < 10; i++) {
        double nu = on->a / sqrt(1 - e2 * sin(latitude) * sin(latitude));
        latitude = atan2(p.z + e2 * nu * sin(latitude), across);
    }
    *ret_latitude = latitude;
    *ret_longitude = atan2(p.y, p.x);
}

// OSGB36 to WGS84: the guide's Helmert transformation (6.6) with its signs turned.
static struct cartesian osgb36_to_wgs84(struct cartesian p)
{
    const double tx = 446.448;
    const double ty = -125.157;
    const double tz = 542.060;
    const double scale = 1 - 20.4894e-6;
    const double rx = RADIANS(0.1502 / 3600);
    const double ry = RADIANS(0.2470 / 3600);
    const double rz = RADIANS(0.8421 / 3600);
    return (struct cartesian){
        tx + scale * p.x - rz * p.y + ry * p.z,
        ty + rz * p.x + scale * p.y - rx * p.z,
        tz - ry * p.x + rx * p.y + scale * p.z,
    };
}

int hs_point_from_grid(double easting_m, double northing_m, struct hs_point *ret_point)
{
    if (!(easting_m >= 0 && easting_m <= 700000 && northing_m >= 0 && northing_m <= 1300000)) {
        return HS_EINVAL;
    }
    double latitude;
    double longitude;
    grid_to_airy(easting_m, northing_m, &latitude, &longitude);
    struct cartesian p = osgb36_to_wgs84(to_cartesian(&airy_1830, latitude, longitude));
    from_cartesian(&wgs84, p, &latitude, &longitude);
    *ret_point = (struct hs_point){DEGREES(latitude), DEGREES(longitude)};
    return 0;
}

double hs_point_distance_m(struct hs_point a, struct hs_point b)
{
    double from = RADIANS(a.latitude_deg);
    double to = RADIANS(b.latitude_deg);
    double north = sin((to - from) / 2);
    double east = sin(RADIANS(b.longitude_deg - a.longitude_deg) / 2);
    double h = north * north + cos(from) * cos(to) * east * east;
    return 2 * EARTH_RADIUS_M * asin(sqrt(h < 1 ? h : 1));
}
