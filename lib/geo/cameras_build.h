// SPDX-License-Identifier: Apache-2.0
#ifndef HS_GEO_CAMERAS_BUILD_H
#define HS_GEO_CAMERAS_BUILD_H
/*
 * From rows to a register. Private to lib/geo. Threads: one.
 */

#include "base/arena.h"
#include "geo/cameras.h"

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
