// SPDX-License-Identifier: Apache-2.0
#ifndef FINDINGS_FEED_H
#define FINDINGS_FEED_H
/*
 * hitsim's reads as the log of hits that matchers would make of them, into a correlator: no broker,
 * no clock. A listed plate that is read exactly is a hit; who passed its site before and after it
 * and the flow stand beside it, from the reads as they came, by the register's sites.
 *
 * Threads: one. Ownership: borrows simulation and correlator. Bounds: a ring of reads for each site.
 */

#include "cameras/findings.h"
#include "cameras/gather.h"
#include "correlate/correlator.h"
#include "hitsim/sim.h"

struct feed;

// NULL: out of memory. Reads are counted for `gather` (NULL: nobody does), and hits are stamped with what it knows, as
// `health` says; `health` may be NULL.
struct feed *feed_new(const struct sim *sim, const struct hs_rules *rules,
                      struct hs_correlator *correlator, struct hs_gather *gather,
                      struct hs_camera_findings *const *health);
void feed_free(struct feed *feed);
// Tells of each hit before the correlator has it.
void feed_observe(struct feed *feed,
                  void (*hit)(void *ctx, const struct sim_read *read, unsigned site), void *ctx);
// False: out of memory.
bool feed_controls(struct feed *feed, const char *hash);
bool feed_read(struct feed *feed, const struct sim_read *read);
uint64_t feed_hits(const struct feed *feed);

#endif
