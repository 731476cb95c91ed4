// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_WORLD_AUDIT_H
#define HS_TEST_WORLD_AUDIT_H
/*
 * What stands on all queues against what the offline correlator makes of the same log of hits.
 *
 * Reading is a plain consumer's: read_uncommitted, no filtering. Threads: one.
 */

#include "support/world/feeder.h"

enum { AUDIT_QUEUE_BYTES = 40 };

// When a desk was told of a hit, by the broker's clock, and when its read was taken.
struct audit_telling {
    char queue[AUDIT_QUEUE_BYTES];
    int64_t captured_at_ms;
    int64_t told_at_ms;
};

// When a hit was recorded first, likewise.
struct audit_record {
    struct hs_id hit;
    int64_t captured_at_ms;
    int64_t recorded_at_ms;
};

struct audit {
    size_t hits_expected; // reads of listed vehicles
    size_t hits_missing;
    size_t hits_in_log; // with those recorded twice
    size_t own_events;  // took over, controls activated, timer fired, feedback ...
    size_t feedback;    // of these, what desks said
    size_t stand_downs; // alerts expected of these kinds
    size_t escalations;
    size_t handed_over;
    size_t pairs;    // of two listed vehicles together
    size_t expected; // alerts
    size_t found;    // on all queues
    size_t missing;
    size_t repeated;                // the same id on the same queue again
    size_t wrong_queue;             // expected, but not there
    size_t unexpected;              // nobody's
    size_t altered;                 // expected, but with other bytes
    struct audit_telling *tellings; // of openings and updates on queues of protobuf; owned
    size_t telling_count;
    struct audit_record *records; // one a hit in the log; owned
    size_t record_count;
};

// Counts, and prints them as one line under `name`.
void audit_run(const struct world *world, const struct feeder *feeder, const char *name,
               struct audit *ret_audit);
void audit_fini(struct audit *audit);

#endif
