// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_READ_JSON_H
#define HITSIM_READ_JSON_H
/*
 * A read of the world as a line of JSON: proto3 JSON of PlateRead, and the site. Pure; threads: any.
 */

#include "base/str.h"
#include "hitsim/sim.h"

// `seed` tells the read's id from another stream's.
void read_json(const struct net *net, uint64_t seed, const struct sim_read *read,
               struct hs_buf *out);

#endif
