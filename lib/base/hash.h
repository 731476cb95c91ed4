// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BASE_HASH_H
#define HS_BASE_HASH_H
/*
 * Hashes that are not secret, for tables in memory.
 * Keyed ids are wire/ids.h's. Threads: any.
 */

#include <stddef.h>
#include <stdint.h>

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

#endif
