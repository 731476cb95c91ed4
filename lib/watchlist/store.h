// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WATCHLIST_STORE_H
#define HS_WATCHLIST_STORE_H
/*
 * Lists and controls in Redis (design 3.2): every change is one script call that checks the revision it was
 * made against, writes, and appends to the stream hs:changes, or does nothing.
 *
 * Threads: a store belongs to one. Ownership: replies are copied out. Blocking, with the timeouts of its
 * connection. Trusts Redis to be ours but checks every reply's type and length (HS_EPROTO).
 */

#include "watchlist/redis.h"

struct hs_store; // opened by hs_store_open(const struct hs_redis_config *, struct hs_store **)

// Who makes a change, for the audit trail.
struct hs_actor {
    const char *who;
    const char *authority; // reference; may be ""
};

#endif
