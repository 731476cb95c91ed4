// SPDX-License-Identifier: Apache-2.0
#include "correlate/intern.h"

#include <stdlib.h>

#include "base/hash.h"
#include "wire/message.h"

enum { FIRST_BUCKETS = 256 };

void hs_intern_fini(struct hs_intern_pool *pool)
{
    for (size_t i = 0; i < pool->bucket_count; i++) {
        struct hs_interned *object = pool->buckets[i];
        while (object) {
            struct hs_interned *next = object->next;
            protobuf_c_message_free_unpacked(object->message, NULL);
            free(object);
            object = next;
        }
    }
    free(pool->buckets);
    hs_buf_fini(&pool->scratch);
    *pool = (struct hs_intern_pool){0};
}

static bool grow(struct hs_intern_pool *pool)
{
    size_t wanted = pool->bucket_count ? pool->bucket_count * 2 : FIRST_BUCKETS;
    struct hs_interned **buckets = calloc(wanted, sizeof(*buckets));
    if (!buckets) {
        return false;
    }
    for (size_t i = 0; i < pool->bucket_count; i++) {
        struct hs_interned *object = pool->buckets[i];
        while (object) {
            struct hs_interned *next = object->next;
            struct hs_interned **bucket = &buckets[object->hash & (wanted - 1)];
            object->next = *bucket;
            *bucket = object;
            object = next;
        }
    }
    free(pool->buckets);
    pool->buckets = buckets;
    pool->bucket_count = wanted;
    return true;
}

static struct hs_interned *find(const struct hs_intern_pool *pool, uint64_t hash,
                                const ProtobufCMessageDescriptor *type, struct hs_str packed)
{
    struct hs_interned *object = pool->buckets[hash & (pool->bucket_count - 1)];
    for (; object; object = object->next) {
        if (object->hash == hash && object->message->descriptor == type &&
            hs_str_eq(hs_str_n(object->packed, object->packed_len), packed)) {
            return object;
        }
    }
    return NULL;
}

static struct hs_interned *make(uint64_t hash, const ProtobufCMessageDescriptor *type,
                                struct hs_str packed)
{
    struct hs_interned *object = malloc(sizeof(*object) + packed.len);
    if (!object) {
        return NULL;
    }
    *object = (struct hs_interned){.hash = hash, .packed_len = packed.len};
    memcpy(object->packed, packed.ptr, packed.len);
    object->message = protobuf_c_message_unpack(type, NULL, packed.len, object->packed);
    if (!object->message) {
        free(object);
        return NULL;
    }
    return object;
}

const struct hs_interned *hs_intern_get(struct hs_intern_pool *pool,
                                        const ProtobufCMessage *message)
{
    if (pool->count >= pool->bucket_count && !grow(pool)) {
        return NULL;
    }
    hs_buf_clear(&pool->scratch);
    if (hs_message_pack(message, &pool->scratch) != 0) {
        return NULL;
    }
    struct hs_str packed = hs_buf_str(&pool->scratch);
    uint64_t hash = hs_hash_bytes(packed.ptr, packed.len, (uintptr_t)message->descriptor);
    struct hs_interned *object = find(pool, hash, message->descriptor, packed);
    if (!object) {
        object = make(hash, message->descriptor, packed);
        if (!object) {
            return NULL;
        }
        struct hs_interned **bucket = &pool->buckets[hash & (pool->bucket_count - 1)];
        object->next = *bucket;
        *bucket = object;
        pool->count++;
    }
    object->refs++;
    return object;
}

const struct hs_interned *hs_intern_ref(const struct hs_interned *object)
{
    ((struct hs_interned *)(uintptr_t)object)
        ->refs++; // the pool's own object, const only for holders
    return object;
}

uint32_t hs_intern_number(struct hs_intern_pool *pool, const struct hs_interned *object,
                          uint32_t *count, bool *ret_new)
{
    struct hs_interned *held = (struct hs_interned *)(uintptr_t)object; // the pool's own, as above
    *ret_new = held->round != pool->round;
    if (*ret_new) {
        held->round = pool->round;
        held->number = ++*count;
    }
    return held->number;
}

void hs_intern_put(struct hs_intern_pool *pool, const struct hs_interned *object)
{
    if (!object) {
        return;
    }
    struct hs_interned **link = &pool->buckets[object->hash & (pool->bucket_count - 1)];
    while (*link != object) {
        link = &(*link)->next;
    }
    struct hs_interned *held = *link;
    if (--held->refs == 0) {
        *link = held->next;
        protobuf_c_message_free_unpacked(held->message, NULL);
        free(held);
        pool->count--;
    }
}
