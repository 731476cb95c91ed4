// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_PIPELINE_H
#define BENCH_PIPELINE_H
/*
 * From hitsim's reads to alerts without a broker, by the daemon's own parts: matcher, hit events,
 * correlator. The log's time of a read is its arrival.
 *
 * Controls and lists are those that hitsim writes, taken as they are. Threads: one. Ownership: the
 * pipeline borrows the world for its life. What goes wrong inside ends the program with a message.
 * Bounds: an alert is forgotten when the sink has seen it.
 */

#include "hitsim/sim.h"
#include "support/offline.h"

struct pipeline;

// Called for each alert, in order of telling; borrowed for the call.
typedef void pipeline_alert(void *ctx, const struct hs_offline_alert *alert);

// `folder` exists and is written into. `rules`: a rules.yaml instead of hitsim's; NULL: hitsim's.
struct pipeline *pipeline_new(const struct sim *sim, const char *folder, const char *rules,
                              pipeline_alert *sink, void *sink_ctx);
void pipeline_free(struct pipeline *pipeline);
// One read, and whatever the owner's clock brings until then.
void pipeline_read(struct pipeline *pipeline, const struct sim_read *read);

struct pipeline_counts {
    uint64_t reads;
    uint64_t hits;
    uint64_t alerts;
};
struct pipeline_counts pipeline_counts(const struct pipeline *pipeline);

#endif
