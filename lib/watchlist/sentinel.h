// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WATCHLIST_SENTINEL_H
#define HS_WATCHLIST_SENTINEL_H
/*
 * Where the primary is, as Redis Sentinels say: asked at each connection, so that a failover is
 * followed by connecting again.
 *
 * Threads: no shared state. Bounds: each Sentinel is given the connect timeout, and as long again
 * for its answer; a new Sentinel does not begin before the last was given up. Trust: a Sentinel is
 * believed about the address alone; that a primary answers there is asked of Redis itself (ROLE),
 * for a Sentinel may be behind. Sentinels are asked without a password.
 */

#include "watchlist/redis.h"

// Connects to the primary that `config` names, asking its Sentinels in order. Errors are those of
// hs_redis_open(), of the last that was tried; `ret_why` says of each why not.
int hs_sentinel_open(const struct hs_redis_config *config, struct hs_redis **ret_redis,
                     struct hs_buf *ret_why);

#endif
