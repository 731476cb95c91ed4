// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BENCH_LISTS_SITE_H
#define HS_BENCH_LISTS_SITE_H
/*
 * A small installation for the figures about lists: settings, keys, controls and topics in the
 * bench's folder, the daemon, hitctl. Whatever fails ends the program and says so. Threads: one.
 */

#include "support/process.h"
#include "watchlist/store.h"

struct site {
    char folder[HS_TEST_PATH_BYTES];
    char config[HS_TEST_PATH_BYTES + 32];
    char hitctl[HS_TEST_PATH_BYTES + 32];
    char hitstreamd[HS_TEST_PATH_BYTES + 32];
    struct hs_process daemon;
    struct hs_store *store; // for looking
};

// Settings, keys, controls, topics, and one list 'big' on Kafka and Redis as bench/run.sh started
// them.
void site_open(struct site *site);
void site_close(struct site *site);

// Runs 'hitctl WORDS', NULL last; its output goes to the folder's log. Seconds it took.
double site_hitctl(struct site *site, const char *const *words);
#define SITE_HITCTL(site, ...) site_hitctl((site), (const char *const[]){__VA_ARGS__, NULL})
// Starts the daemon and waits until it has registered at least `entries`; seconds from its start to
// that.
double site_start(struct site *site, uint64_t entries);
// Stops it and takes its registration away.
void site_stop(struct site *site);

// A VOI file of `count` made-up plates with all sixteen columns; `seed` changes the details, not
// the plates.
void site_write_voi(const struct site *site, const char *name, unsigned long count, unsigned seed);
// The entries of 'big' as redis-cli --pipe takes them, into key 'ref'. Returns their packed bytes.
uint64_t site_write_pipe(struct site *site, const char *name);
// Runs 'redis-cli --pipe' with it; seconds. The key is empty before.
double site_pipe(struct site *site, const char *name);

void site_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
