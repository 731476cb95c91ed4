// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_STAGE_LOG_H
#define HS_TEST_STAGE_LOG_H
/*
 * The truth about a real log: what the core says of it offline, held against what stands in the
 * queues.
 */

#include "scenario/story.h"
#include "support/broker.h"
#include "support/kafka_util.h"

struct stage_verdict {
    size_t expected; // alerts by the core over the log
    size_t found;    // in all queues
    size_t missing;
    size_t repeated; // beyond the first of an id on its queue
    size_t wrong;    // unexpected, on a wrong queue, or other bytes
};

// Makes all topics of the story's queues.
void stage_topics(const char *bootstrap, int partitions);
// Reads anpr.hits and all queues whole and compares.
struct stage_verdict stage_judge(const char *bootstrap, struct hs_controls *controls);
// Waits until all of anpr.hits is applied and committed.
void stage_await_applied(const char *bootstrap, int partitions, int64_t timeout_ms);

#endif
