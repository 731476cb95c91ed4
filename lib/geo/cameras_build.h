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

#endif
