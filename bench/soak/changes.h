// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BENCH_SOAK_CHANGES_H
#define HS_BENCH_SOAK_CHANGES_H
/*
 * Lists that change all the while, by hitctl as people do it: entries of vehicles that are on the road go and come back,
 * others come and go, and now and then a whole list is replaced.
 *
 * Threads: one of its own. Ownership: borrows the site until changes_stop().
 */

#include <pthread.h>
#include <stdatomic.h>

#include "stage/site.h"

enum {
    CHANGES_PAUSE_MS = 200,   // between two
    CHANGES_LOAD_EVERY = 150, // changes: each half minute
    CHANGES_LOADED = 20000,   // entries of the list that is replaced
};

struct changes {
    struct site *site;
    pthread_t thread;
    _Atomic bool stop;   // relaxed: only ends the loop
    _Atomic size_t made; // so far; relaxed
};

// Makes the list 'replaced' and begins.
void changes_start(struct changes *changes, struct site *site);
void changes_stop(struct changes *changes);

#endif
