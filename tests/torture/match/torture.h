// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_TORTURE_MATCH_TORTURE_H
#define TESTS_TORTURE_MATCH_TORTURE_H
/*
 * One writer replaces snapshots as fast as it can, built anew, changed by an overlay, or folded;
 * readers match batches and verify that each saw one whole revision, no more and no less.
 *
 * Threads: it makes its own and joins them.
 */

#include <stdbool.h>
#include <stdint.h>

struct torture_result {
    uint64_t snapshots;
    uint64_t batches;
    uint64_t torn; // batches that saw anything but one whole revision
};

// `grace`: wait for readers before a snapshot is freed. Without it the process is expected to die.
struct torture_result torture_run(double seconds, bool grace);

#endif
