// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_STORE_OPEN_H
#define HITCTL_STORE_OPEN_H
/*
 * The connection to Redis as the settings say; what is wrong goes to stderr. Threads: one.
 */

#include "hitctl/command.h"
#include "watchlist/store.h"

// HITCTL_OK, or the exit code after saying why.
int hitctl_store_open(const struct hitctl *ctl, struct hs_store **ret_store);
// The exit code of a store function's error; says it with `what` in front.
int hitctl_store_failed(const struct hs_store *store, int rc, const char *what);

#endif
