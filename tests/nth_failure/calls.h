// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_NTH_CALLS_H
#define HS_TEST_NTH_CALLS_H
/*
 * One piece of work again and again, each time with another call failing, until none is left to fail.
 *
 * Threads: one.
 */

#include "base/error.h"
#include "support/nth_failure.h"

struct nth_work {
    const char *name;
    unsigned kinds;      // of calls that fail, enum hs_nth_kind
    unsigned long least; // calls that there are at least: it does go through the whole
    int (*act)(void);    // all of the work, freeing what it took; 0 or a negative code
    // What is wrong with what stands afterwards, or NULL; `rc` 0: it is the new, else the old.
    const char *(*check)(int rc);
};

// Every call fails once: the work says so, or has worked in spite of it; it never leaks, and its
// check holds after each. Without a failure it works. `step`: every so many calls only; 1: all.
void nth_each_call_fails(const struct nth_work *work, unsigned long step);

#endif
