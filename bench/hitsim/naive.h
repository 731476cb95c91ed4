// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_NAIVE_H
#define HITSIM_NAIVE_H
/*
 * The rules that everybody thinks of first, to hold better ones against.
 *
 * Convoy: a listed vehicle and another pass the same camera within 30 s, at three cameras.
 * Clone: a listed mark is read at two places so far apart that it went faster than 200 km/h.
 *
 * They see what cameras report, not what is true. Threads: one. Bounds: memory grows with pairs
 * seen together.
 */

#include "hitsim/sim.h"

struct naive;

// A pair that is said to be a convoy, or (with `companion` UINT32_MAX) a mark said to be cloned.
// Marks are vehicles' numbers.
struct naive_finding {
    uint32_t mark;
    uint32_t companion;
    int64_t at_ms; // by when it is said
};

// Only of every n-th listed mark: a table of all pairs is large.
struct naive *naive_new(const struct sim *sim, uint32_t every); // NULL: out of memory
void naive_free(struct naive *naive);
// False: out of memory.
bool naive_read(struct naive *naive, const struct sim_read *read);
// In order of being said; each once.
const struct naive_finding *naive_findings(const struct naive *naive, size_t *ret_count);

#endif
