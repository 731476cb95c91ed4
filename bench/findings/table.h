// SPDX-License-Identifier: Apache-2.0
#ifndef FINDINGS_TABLE_H
#define FINDINGS_TABLE_H
/*
 * The controls that the findings are decided by: the world's camera register, and a road table
 * learnt from another seed's traffic, as from a survey. Threads: one.
 */

#include "controls/controls.h"
#include "hitsim/sim.h"

// Learns from `days` of the world of another seed, without broken cameras. NULL: after a message.
struct hs_controls *table_learn(const struct sim_plan *plan, const char *rules, uint64_t seed,
                                double days);

#endif
