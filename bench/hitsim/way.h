// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_WAY_H
#define HITSIM_WAY_H
/*
 * Ways through the network: arcs in order of travel. Pure; threads: any; nothing is owned.
 */

#include "hitsim/drivers.h"

// The quickest way as a driver guesses it, who is wrong by up to `doubt` about each arc. Returns
// its length; 0: there is none.
unsigned way_find(const struct net *net, struct random *random, double doubt, unsigned from,
                  unsigned to, uint16_t ret_way[DRIVERS_WAY_MAX]);
// The longest part of a way that keeps to one road.
void way_longest_road(const struct net *net, const uint16_t *way, unsigned len, unsigned *ret_first,
                      unsigned *ret_len);
// Different roads of a way.
unsigned way_count_roads(const struct net *net, const uint16_t *way, unsigned len);
// Posts that an average trip passes.
double way_sample_passes(const struct net *net);

#endif
