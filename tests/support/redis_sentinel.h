// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_REDIS_SENTINEL_H
#define HS_TEST_REDIS_SENTINEL_H
/*
 * A real Redis Sentinel for a test, watching a primary of the test's as 'mymaster'.
 *
 * Threads: one.
 */

#include "support/redis_server.h"

struct hs_redis_sentinel {
    struct hs_process process;
    char folder[HS_TEST_PATH_BYTES];
    char address[20];                 // "": 127.0.0.1
    char network[HS_TEST_PATH_BYTES]; // namespace's path; "": the test's own
    uint16_t port;                    // 0: a free one is taken
};

// Starts one where the caller has set port, address and network, and waits until it answers and
// knows a replica. The primary counts as down after `down_after_ms`, when `quorum` say so.
int hs_redis_sentinel_start(struct hs_redis_sentinel *sentinel,
                            const struct hs_redis_server *primary, unsigned quorum,
                            int down_after_ms);
// Where it says that the primary is, as "host:port".
int hs_redis_sentinel_primary(const struct hs_redis_sentinel *sentinel, char ret_place[64]);
// Makes it fail over, as an administrator does.
int hs_redis_sentinel_failover(const struct hs_redis_sentinel *sentinel);
// Waits until it calls another than `old` the primary.
int hs_redis_sentinel_await_other(const struct hs_redis_sentinel *sentinel, const char *old,
                                  int64_t timeout_ms);
// Kills it and removes its folder; legal on a zeroed struct.
void hs_redis_sentinel_fini(struct hs_redis_sentinel *sentinel);

#endif
