// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BASE_HASH_H
#define HS_BASE_HASH_H
/*
 * Hashes that are not secret, for tables in memory.
 * Keyed ids are wire/ids.h's. Threads: any.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// A good mix of one word (the finaliser of MurmurHash3, public domain).
static inline uint64_t hs_hash_u64(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    x ^= x >> 33;
    return x;
}

// 64-bit hash of bytes for tables in memory; the same on every machine and run.
uint64_t hs_hash_bytes(const void *bytes, size_t len_bytes, uint64_t seed);

// Another one, for short texts on a hot path: of 8 to 16 bytes it takes two words that overlap, and no loop.
static inline uint64_t hs_hash_text(const void *bytes, size_t len_bytes, uint64_t seed)
{
    const uint64_t mix = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t head, tail;
    if (len_bytes < sizeof(head) || len_bytes > 2 * sizeof(head)) {
        return hs_hash_bytes(bytes, len_bytes, seed);
    }
    memcpy(&head, bytes, sizeof(head));
    memcpy(&tail, (const char *)bytes + len_bytes - sizeof(tail), sizeof(tail));
    head = (head ^ seed) * mix;
    return hs_hash_u64(tail ^ head ^ head >> 32);
}

#endif
