// SPDX-License-Identifier: Apache-2.0
#include "correlate/vehicle_table.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"

enum { FIRST_BUCKETS = 256 };

void hs_vehicle_table_fini(struct hs_vehicle_table *table, struct hs_intern_pool *pool)
{
    struct hs_vehicle *vehicle = table->oldest;
    while (vehicle) {
        struct hs_vehicle *newer = vehicle->newer;
        hs_vehicle_free(vehicle, pool);
        vehicle = newer;
    }
    free(table->buckets);
    *table = (struct hs_vehicle_table){0};
}

static bool grow(struct hs_vehicle_table *table)
{
    size_t wanted = table->bucket_count ? table->bucket_count * 2 : FIRST_BUCKETS;
    struct hs_vehicle **buckets = calloc(wanted, sizeof(*buckets));
    if (!buckets) {
        return false;
    }
    for (struct hs_vehicle *vehicle = table->oldest; vehicle; vehicle = vehicle->newer) {
        struct hs_vehicle **bucket = &buckets[vehicle->key_hash & (wanted - 1)];
        vehicle->next_in_bucket = *bucket;
        *bucket = vehicle;
    }
    free(table->buckets);
    table->buckets = buckets;
    table->bucket_count = wanted;
    return true;
}

struct hs_vehicle *hs_vehicle_table_find(const struct hs_vehicle_table *table, struct hs_str key)
{
    if (table->bucket_count == 0) {
        return NULL;
    }
    uint64_t hash = hs_hash_bytes(key.ptr, key.len, 0);
    struct hs_vehicle *vehicle = table->buckets[hash & (table->bucket_count - 1)];
    while (vehicle && (vehicle->key_hash != hash ||
                       !hs_str_eq(hs_str_n(vehicle->key, vehicle->key_len), key))) {
        vehicle = vehicle->next_in_bucket;
    }
    return vehicle;
}

static void unlink_order(struct hs_vehicle_table *table, struct hs_vehicle *vehicle)
{
    *(vehicle->older ? &vehicle->older->newer : &table->oldest) = vehicle->newer;
    *(vehicle->newer ? &vehicle->newer->older : &table->newest) = vehicle->older;
}

static void link_newest(struct hs_vehicle_table *table, struct hs_vehicle *vehicle)
{
    vehicle->older = table->newest;
    vehicle->newer = NULL;
    *(table->newest ? &table->newest->newer : &table->oldest) = vehicle;
    table->newest = vehicle;
}

int hs_vehicle_table_add(struct hs_vehicle_table *table, struct hs_str key,
                         struct hs_vehicle **ret_vehicle)
{
    struct hs_vehicle *vehicle = hs_vehicle_table_find(table, key);
    if (!vehicle) {
        if (table->count >= table->bucket_count && !grow(table)) {
            return HS_ENOMEM;
        }
        int rc = hs_vehicle_new(key, &vehicle);
        if (rc != 0) {
            return rc;
        }
        struct hs_vehicle **bucket = &table->buckets[vehicle->key_hash & (table->bucket_count - 1)];
        vehicle->next_in_bucket = *bucket;
        *bucket = vehicle;
        link_newest(table, vehicle);
        table->count++;
    }
    *ret_vehicle = vehicle;
    return 0;
}

void hs_vehicle_table_touch(struct hs_vehicle_table *table, struct hs_vehicle *vehicle)
{
    if (table->newest != vehicle) {
        unlink_order(table, vehicle);
        link_newest(table, vehicle);
    }
}

void hs_vehicle_table_remove(struct hs_vehicle_table *table, struct hs_vehicle *vehicle)
{
    struct hs_vehicle **link = &table->buckets[vehicle->key_hash & (table->bucket_count - 1)];
    while (*link != vehicle) {
        link = &(*link)->next_in_bucket;
    }
    *link = vehicle->next_in_bucket;
    unlink_order(table, vehicle);
    table->count--;
}
