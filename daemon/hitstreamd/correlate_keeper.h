// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_KEEPER_H
#define HS_HITSTREAMD_CORRELATE_KEEPER_H
/*
 * Keeps local copies of all partitions of anpr.vehicles (correlate_kept.h), so that whichever of
 * them this daemon takes over, only the newest part must be read.
 *
 * A thread of its own with a client of its own: applying events never waits for it. Threads: new
 * and free belong to the stage; hs_keeper_open() to whoever takes over. Ownership: borrows the
 * settings. Bounds: HS_KEPT_NEWS_MAX_BYTES of memory.
 */

#include "config/settings.h"
#include "hitstreamd/correlate_kept.h"
#include "kafka/tail.h"

struct hs_keeper;

// Starts the thread. `settings->correlate_local_state_ms` 0: no thread, and *ret_keeper is NULL.
int hs_keeper_new(const struct hs_settings *settings, struct hs_keeper **ret_keeper);
// Ends the thread. NULL is legal.
void hs_keeper_free(struct hs_keeper *keeper);

// The copy of a partition, if there is one that holds and does not reach beyond the topic's end;
// else NULL (what is off is logged). `tail` is the caller's.
struct hs_kept *hs_keeper_open(const struct hs_settings *settings, struct hs_kafka_tail *tail,
                               int32_t partition);

#endif
