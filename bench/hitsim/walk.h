// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_WALK_H
#define HITSIM_WALK_H
/*
 * Traffic: vehicles enter the town, pass cameras, leave; listed ones come again. Passes come in
 * order of time.
 *
 * Threads: one. Ownership: the walk borrows the town. Bounds: memory grows with the vehicles under
 * way.
 */

#include "hitsim/town.h"

struct walk_plan {
    uint64_t seed;
    int64_t start_ms;       // Unix ms of the first pass; the town is in motion by then
    double rate;            // passes a second on average, listed vehicles besides
    double speed;           // 1: as in life; 10: vehicles drive ten times as fast
    unsigned hour;          // of the survey at the start; goes on with the time driven
    uint32_t listed;        // vehicles 0 to listed - 1
    uint32_t vehicles;      // others: each comes again only when all have been
    double listed_pause_ms; // mean time between two trips of a listed vehicle, in the walk's time
};

// One vehicle passing one camera.
struct pass {
    double at_ms;
    uint32_t vehicle;
    unsigned camera; // index in the town
};

struct walk;

struct walk *walk_new(const struct town *town, const struct walk_plan *plan); // NULL: out of memory
void walk_free(struct walk *walk);
// The next pass; false: out of memory.
bool walk_step(struct walk *walk, struct pass *ret_pass);
// For what an observer of the walk draws besides.
struct random *walk_random(struct walk *walk);

#endif
