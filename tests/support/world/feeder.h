// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_WORLD_FEEDER_H
#define HS_TEST_WORLD_FEEDER_H
/*
 * A thread that produces reads at a steady rate and remembers which of them must become hits.
 *
 * Threads: its own; start and join from one other, which reads the results after the join.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "support/world/world.h"

struct feeder {
    const struct world *world;
    pthread_t thread;
    size_t reads; // to be produced
    size_t per_second;
    unsigned listed_permille; // of the reads are of listed vehicles
    struct hs_id
        *hits; // but for doubtful vehicles': ids that must stand in the log; sorted after the join
    size_t hit_count;
    _Atomic bool done;
    int status; // 0, or what went wrong
};

enum {
    FEEDER_LISTED_PERMILLE = 160
}; // about every second read makes an alert, of one kind or another
void feeder_start(struct feeder *feeder, const struct world *world, size_t reads, size_t per_second,
                  unsigned listed_permille);
bool feeder_done(const struct feeder *feeder);
// Waits for its end; fails the test when a read was not acknowledged.
void feeder_join(struct feeder *feeder);
void feeder_fini(struct feeder *feeder);

#endif
