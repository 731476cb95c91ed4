// SPDX-License-Identifier: Apache-2.0
#ifndef HS_GEO_ROADS_BUILD_H
#define HS_GEO_ROADS_BUILD_H
/*
 * From rows to a road table. Private to lib/geo. Threads: one.
 */

#include "base/arena.h"
#include "geo/roads.h"

// A link and the line that it stood in.
struct hs_road_row {
    struct hs_road_link link;
    unsigned line;
};

// Takes `rows` (malloc'd, in order, keys unique) and the bump with their texts when it succeeds.
int hs_roads_build(struct hs_bump *bump, struct hs_road_row *rows, size_t count,
                   struct hs_roads **ret_roads);
// < 0, 0, > 0: by from, direction, to; for qsort().
int hs_roads_by_key(const void *a, const void *b);

#endif
