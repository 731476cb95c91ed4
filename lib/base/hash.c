// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <string.h>

// Eight bytes a round through the mixer: enough for tables, at a few bytes a cycle.
uint64_t hs_hash_bytes(const void *bytes, size_t len_bytes, uint64_t seed)
{
    const unsigned char *p = bytes;
    uint64_t h = seed ^ (len_bytes * UINT64_C(0x9e3779b97f4a7c15));
    uint64_t word;
    for (; len_bytes >= 8; p += 8, len_bytes -= 8) {
        memcpy(&word, p, 8);
        h = hs_hash_u64(h ^ word) + UINT64_C(0x9e3779b97f4a7c15);
    }
    word = 0;
    if (len_bytes) {
        memcpy(&word, p, len_bytes);
    }
    return hs_hash_u64(h ^ word);
}
