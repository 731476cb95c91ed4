// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_TOWN_H
#define HITSIM_TOWN_H
/*
 * The camera network and how traffic moves through it: a first-order walk over counted movements.
 *
 * From (site, hour) a vehicle goes on to the next site with the survey's frequencies and mean time,
 * or leaves. Vehicles enter where more were counted to depart than to arrive, so that the walk's
 * flows are the survey's. Force areas and road numbers are made up. Immutable once read; threads:
 * any. Ownership: until town_free().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "hitsim/random.h"

enum { TOWN_SITES_MAX = 80, TOWN_HOURS = 24, TOWN_NAME_MAX = 48 };

// One directional camera.
struct town_camera {
    unsigned number;               // the survey's site
    char camera_id[TOWN_NAME_MAX]; // "lansdown-n"
    char site_id[TOWN_NAME_MAX];   // the place, all its directions: "lansdown"
    char road[8];                  // made up: "A901"
    char direction[3];             // of the traffic it sees
    char area[TOWN_NAME_MAX];      // "northvale-outer"
    unsigned force;                // index into town_forces
    double latitude_deg;
    double longitude_deg;
};

extern const char *const town_forces[3]; // made up

struct town;

// Reads sites.csv and movements.csv; says on stderr what is wrong and returns NULL.
struct town *town_read(const char *folder);
void town_free(struct town *town);
unsigned town_camera_count(const struct town *town);
const struct town_camera *town_camera(const struct town *town, unsigned index);

// Where a vehicle is first seen in this hour.
unsigned town_enter(const struct town *town, unsigned hour, struct random *random);
// Where and after how many milliseconds it is seen next; false: it leaves unseen.
bool town_next(const struct town *town, unsigned from, unsigned hour, struct random *random,
               unsigned *ret_to, double *ret_ms);
// Reads that a vehicle causes on average from entering to leaving.
double town_reads_per_trip(const struct town *town, unsigned hour);

// The camera register that belongs to it, as `hitctl controls` reads it.
void town_write_register(const struct town *town, FILE *file);

// What was counted, for `hitctl roads learn --movements`: from_camera,to_camera,hour,vehicles,
// mean_seconds.
void town_write_movements(const struct town *town, FILE *file);

#endif
