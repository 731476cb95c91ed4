// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_TRUTH_H
#define HITSIM_TRUTH_H
/*
 * What is true, as JSON lines beside the stream. Times are Unix ms of the stream.
 *
 *   {"truth":"passage", passage, vrm, list, camera, site, force, atMs, exact, stale, reads:[...]}
 *        a listed vehicle passed a site and at least one sensor saw it; `exact`: one read it
 *        rightly; `stale`: not before it was too old for live desks
 *   {"truth":"change", passage, queue, vrm, site, atMs, kinds:[...]}
 *        that passage, rightly read, means something new to that desk: opened, force, direction,
 *        area, priority and safeguarding (it stands on a second list by now), site, repeat
 *        (of a site that it was told of before the repeat window)
 *   {"truth":"convoy", vehicles:[a,b], listed:[x,y], beginMs, lastMs, endMs, journeys, roads,
 *        seen:[n,m], together, togetherRoads, togetherJourneys}
 *        lastMs: its last shared journey began; seen: posts of that journey at which each was read
 *        rightly; together: at which both were, on so many roads; and journeys with two such posts
 *   {"truth":"coincidence", vehicles:[a,b], kind, atMs}
 *        b is beside a without a purpose on the trip that begins then: 'road', in line along one
 *        road; 'neighbour', who sets out for the same place day by day
 *   {"truth":"courier", vrm, list, hub, market, beginMs, thirdMs, endMs, runs}
 *   {"truth":"clone", vrm, list, beginMs, impossibleMs, endMs, impossible}
 *        from impossibleMs on no one vehicle could have been at both places, so often
 *   {"truth":"camera", camera, fault, beginMs, endMs, offsetMs, driftPpm}    clock, place, silent
 *        or collapse; a clock that gains is off by offsetMs at its begin
 *
 * Those of convoys, couriers, clones and cameras are written at the stream's end. A convoy's journeys that no camera saw do not
 * count. Threads: one. Ownership: borrows the file. Bounds: TRUTH_PLACES places a listed vehicle.
 */

#include <stdio.h>

#include "hitsim/sim.h"

enum { TRUTH_PLACES = 24, TRUTH_READS_MAX = 4 };

struct truth;

// A listed vehicle at a site.
struct truth_passage {
    uint64_t number;
    uint32_t mark;
    unsigned camera; // the first that saw it
    int64_t at_ms;
    bool exact;
    bool stale;
    uint64_t reads[TRUTH_READS_MAX];
    unsigned read_count;
};

// NULL: out of memory. `file` may be NULL: then it only counts.
struct truth *truth_new(FILE *file, const struct sim_plan *plan);
void truth_free(struct truth *truth);
void truth_passage(struct truth *truth, const struct sim *sim, const struct truth_passage *passage);
void truth_coincidence(struct truth *truth, const struct sim *sim,
                       const struct traffic_chance *chance);
// At the end of the stream, as far as it ran.
void truth_end(struct truth *truth, const struct sim *sim, double end_s);

// One line {"truth":"change"}. Borrowed for the call but for the plate.
struct truth_change {
    uint64_t passage;
    const char *queue; // borrowed for truth's life
    struct plate vrm;
    const char *site; // by the register; borrowed for the world's life
    int64_t at_ms;
    const char *kinds[8]; // constant texts
    unsigned kind_count;
};
// Tells another program of each change, besides the file.
void truth_observe(struct truth *truth,
                   void (*change)(void *ctx, const struct truth_change *change), void *ctx);

struct truth_counts {
    uint64_t passages;
    uint64_t changes;
};
struct truth_counts truth_counts(const struct truth *truth);

#endif
