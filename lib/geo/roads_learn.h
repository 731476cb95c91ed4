// SPDX-License-Identifier: Apache-2.0
#ifndef HS_GEO_ROADS_LEARN_H
#define HS_GEO_ROADS_LEARN_H
/*
 * Making a road table from what was counted: journeys from camera to camera, by hour.
 *
 * Journeys come one by one (retained hits) or counted with their mean time (a movements file).
 * Shares are of all that was read again; the typical time is the mean of the hour, or of the day
 * where the hour has too few; free-flow is the quickest hour's mean; the fastest time is a fraction
 * of it, but never slower than the straight line at 45 m/s, so that haste is not called impossible.
 *
 * A journey that is quicker than anybody drives on the straight line is left out and counted: two
 * vehicles with one plate, a misread, or a camera with a wrong clock or place made it, and a table
 * that knew it would call such journeys possible ever after.
 *
 * The spread comes of the first single journeys of each pair; it is 20 percent where there are too
 * few of them.
 *
 * Threads: one. Ownership: the learner copies what it is given but the register, which it borrows.
 * Bounds: HS_ROADS_LINKS_MAX pairs. Same counts in any order, same table.
 */

#include "geo/cameras.h"
#include "geo/roads.h"

struct hs_roads_learner;

// NULL: out of memory.
struct hs_roads_learner *hs_roads_learner_new(const struct hs_cameras *cameras);
void hs_roads_learner_free(struct hs_roads_learner *learner);
const struct hs_cameras *hs_roads_learner_cameras(const struct hs_roads_learner *learner);
// Vehicles whose journeys were left out as impossible.
uint64_t hs_roads_learner_impossible(const struct hs_roads_learner *learner);

// `vehicles` went on from one camera to another in this hour of London's day, in so much time on
// average. HS_ENOTFOUND: a camera is not in the register; HS_EINVAL: hour or time; journeys within
// one site, and impossible ones, are counted as nothing.
int hs_roads_learner_add(struct hs_roads_learner *learner, struct hs_str from_camera,
                         struct hs_str to_camera, unsigned hour, uint64_t vehicles,
                         int64_t mean_ms);
// What a person knows of a link: overrides distance (0: as learnt) and makes it part of a corridor.
// HS_ENOTFOUND: a site without a camera.
int hs_roads_learner_link(struct hs_roads_learner *learner, struct hs_str from_site,
                          struct hs_str direction, struct hs_str to_site, uint32_t distance_m,
                          bool corridor);
// The table as roads.csv; links that fewer vehicles took than `min_vehicles` are left out, their
// share is not. HS_ENOMEM.
int hs_roads_learner_finish(struct hs_roads_learner *learner, uint64_t min_vehicles,
                            struct hs_buf *out);

#endif
