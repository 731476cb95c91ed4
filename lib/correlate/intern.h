// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_INTERN_H
#define HS_CORRELATE_INTERN_H
/*
 * Small messages that thousands of states share (places, lists, what was told where), held once.
 *
 * Equal bytes of one type are one object, so that equality is a comparison of pointers. Threads:
 * one a pool. Ownership: the pool owns the objects; each hs_intern_get() is given back by one
 * hs_intern_put(). Bounds: what states refer to, which are bounded themselves.
 */

#include <protobuf-c/protobuf-c.h>

#include "base/str.h"

struct hs_interned {
    struct hs_interned *next;  // in its bucket
    uint64_t hash;             // of type and packed bytes
    size_t refs;               // gets less puts
    ProtobufCMessage *message; // unpacked, owned
    uint64_t round;            // of the state that was packed last with it
    uint32_t number;           // its number there; see hs_intern_number()
    size_t packed_len;         // bytes
    uint8_t packed[];          // as packed
};

struct hs_intern_pool {
    struct hs_interned **buckets; // chains; a power of two of them
    size_t bucket_count;          // 0 before the first
    size_t count;                 // objects held
    struct hs_buf scratch;        // for packing
    uint64_t round;               // states packed so far
};

void hs_intern_fini(struct hs_intern_pool *pool);
// The object equal to `message`, new or shared; NULL: out of memory.
const struct hs_interned *hs_intern_get(struct hs_intern_pool *pool,
                                        const ProtobufCMessage *message);
// One more reference to an object that is held.
const struct hs_interned *hs_intern_ref(const struct hs_interned *object);
// Numbers objects from 1 in order of asking, anew in each round: *ret_new tells whether it was not
// asked for yet. A round begins with `pool->round++` and a `*count` of 0.
uint32_t hs_intern_number(struct hs_intern_pool *pool, const struct hs_interned *object,
                          uint32_t *count, bool *ret_new);
// NULL is legal.
void hs_intern_put(struct hs_intern_pool *pool, const struct hs_interned *object);

#endif
