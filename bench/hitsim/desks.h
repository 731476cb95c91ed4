// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_DESKS_H
#define HITSIM_DESKS_H
/*
 * The world's desks, and the files that go with its camera register: queues.yaml and rules.yaml.
 *
 * Each force has a control room and an intelligence desk; a joint desk follows county lines
 * everywhere; a covert operation has a desk of its own. Pure but for the files; threads: any.
 */

#include "hitsim/sim.h"

enum { DESKS_MAX = 2 * NET_FORCES + 4 };

struct desk {
    char name[40];
    unsigned force;  // its owner
    bool everywhere; // cares for all forces, else for its owner's
    bool live;
    const char *list;        // the only open list it gets; NULL: all
    const char *covert_list; // gets this one as well; NULL: none
    bool covert_only;
};

unsigned desks_make(struct desk ret_desks[DESKS_MAX]);
// Whether it is told of a vehicle of this list in this force.
bool desk_cares(const struct desk *desk, const struct sim_list *list, unsigned force);

// Writes cameras.csv, queues.yaml and rules.yaml into the folder, which exists. Says what failed.
bool desks_write(const struct sim *sim, const char *folder);

#endif
