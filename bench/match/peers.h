// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BENCH_MATCH_PEERS_H
#define HS_BENCH_MATCH_PEERS_H
/*
 * Hash tables that others rightly call fast, doing the exact part of the work: normalise, look up.
 *
 * A key is a mark of at most eight characters as its bytes. Threads: one.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bench_peer {
    const char *name;
    // Builds a table of `count` keys; their values are their places. NULL: it cannot be had here.
    void *(*build)(const uint64_t *keys, size_t count);
    // How many of the keys are in it.
    size_t (*lookup)(const void *table, const uint64_t *keys, size_t count);
    void (*free)(void *table);
};

extern const struct bench_peer bench_peer_absl;
extern const struct bench_peer bench_peer_uthash;
extern const struct bench_peer bench_peer_rte_hash;

#ifdef __cplusplus
}
#endif

#endif
