// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BENCH_MISREADS_PEERS_H
#define HS_BENCH_MISREADS_PEERS_H
/*
 * What misreads are also matched by, to compare: the same mark and nothing else, and edit distance
 * of at most one (Levenshtein: a character changed, lost or added).
 *
 * Both stand in one table of marks and of marks less one character. Threads: one. Ownership: the
 * marks are borrowed. Written to be plain, not fast.
 */

#include <stdlib.h>

#include "vrm/vrm.h"

struct peer;

struct peer *peer_new(const struct hs_vrm *marks, uint32_t count);
void peer_free(struct peer *peer);

// The mark's number, or UINT32_MAX.
uint32_t peer_exact(const struct peer *peer, const struct hs_vrm *read);
// How many marks lie within a distance of one; whether number `wanted` is one of them.
unsigned peer_levenshtein(const struct peer *peer, const struct hs_vrm *read, uint32_t wanted,
                          bool *ret_found);

#endif
