// SPDX-License-Identifier: Apache-2.0
#ifndef HS_GEO_CAMERAS_BUILD_H
#define HS_GEO_CAMERAS_BUILD_H
/*
 * From a file's rows to a register: cameras_csv.c reads them, cameras_check.c and cameras_class.c hold
 * them against each other, cameras.c builds. Private to lib/geo.
 *
 * Threads: one. Ownership: rows borrow their texts from the reader's bump. Bounds: geo/cameras.h.
 */

#include "base/arena.h"
#include "geo/cameras.h"

enum hs_camera_column {
    HS_COLUMN_CAMERA,
    HS_COLUMN_SITE,
    HS_COLUMN_ROAD,
    HS_COLUMN_DIRECTION,
    HS_COLUMN_FORCE,
    HS_COLUMN_AREA,
    HS_COLUMN_LATITUDE,
    HS_COLUMN_LONGITUDE,
    HS_COLUMN_EASTING,
    HS_COLUMN_NORTHING,
    HS_COLUMN_KIND,
    HS_COLUMN_MODEL,
    HS_COLUMN_NEXT,
    HS_COLUMN_CLASS,
    HS_CAMERA_COLUMNS,
};
// As the file's first line has them; ends with NULL.
extern const char *const hs_camera_columns[HS_CAMERA_COLUMNS + 1];

// A camera under construction, with where its row stood.
struct hs_camera_row {
    struct hs_camera camera;
    unsigned line;
    unsigned columns[HS_CAMERA_COLUMNS]; // where each value began; 0: not there
};

// What was read.
struct hs_camera_rows {
    const char *name;       // of the file
    struct hs_diags *diags; // where faults go
    struct hs_camera_row *rows;
    size_t count;
    size_t capacity;
};

// cameras_check.c: faults of rows beside each other. Gives areas their class; *ret_markets says how
// many are markets. HS_ENOMEM.
int hs_cameras_check(struct hs_camera_rows *file, size_t *ret_markets);

// cameras.c
// `markets` areas are markets. Takes `rows` (malloc'd, ids unique) and the bump with their texts when it succeeds.
int hs_cameras_build(struct hs_bump *bump, struct hs_camera *rows, size_t count, size_t markets,
                     struct hs_cameras **ret_cameras);

// A row of the register, and where what it says of its area's class stands.
struct hs_area_row {
    struct hs_camera *camera;
    unsigned line;
    unsigned column; // 0: not there
};

// cameras_class.c: gives all rows of an area the class that some of them name; faults to `diags`
// where they contradict each other. Sorts the rows. Returns how many areas are markets.
size_t hs_cameras_spread_classes(struct hs_area_row *rows, size_t count, const char *name,
                                 struct hs_diags *diags);

#endif
