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
    while (table->classes) {
        struct hs_vehicle_class *next = table->classes->next;
        free(table->classes);
        table->classes = next;
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

// ---------------------------------------------------------------- each audience's own order

static struct hs_vehicle_class *class_of(struct hs_vehicle_table *table,
                                         const struct hs_vehicle *vehicle)
{
    struct hs_vehicle_class *found = table->classes;
    while (found && !hs_str_is(vehicle->audience, found->audience)) {
        found = found->next;
    }
    if (!found) {
        found = calloc(1, sizeof(*found) + vehicle->audience.len + 1);
        if (!found) {
            return NULL;
        }
        memcpy(found->audience, vehicle->audience.ptr, vehicle->audience.len);
        found->next = table->classes;
        table->classes = found;
    }
    return found;
}

static void leave_class(struct hs_vehicle *vehicle)
{
    struct hs_vehicle_class *vehicles = vehicle->vehicles;
    if (vehicles) {
        *(vehicle->class_older ? &vehicle->class_older->class_newer : &vehicles->oldest) =
            vehicle->class_newer;
        *(vehicle->class_newer ? &vehicle->class_newer->class_older : &vehicles->newest) =
            vehicle->class_older;
        vehicles->count--;
        vehicle->vehicles = NULL;
    }
}

static void join_class(struct hs_vehicle_class *vehicles, struct hs_vehicle *vehicle)
{
    leave_class(vehicle);
    vehicle->vehicles = vehicles;
    vehicle->class_older = vehicles->newest;
    vehicle->class_newer = NULL;
    *(vehicles->newest ? &vehicles->newest->class_newer : &vehicles->oldest) = vehicle;
    vehicles->newest = vehicle;
    vehicles->count++;
}

struct hs_vehicle *hs_vehicle_table_leaving(const struct hs_vehicle_class *vehicles, size_t max)
{
    if (vehicles->count <= max) {
        return NULL;
    }
    struct hs_vehicle *vehicle = vehicles->oldest;
    for (size_t i = 0; i < HS_LEAVING_LOOK && vehicle; i++) {
        if (!hs_vehicle_is_needed(vehicle)) {
            return vehicle;
        }
        vehicle = vehicle->class_newer;
    }
    return vehicles->oldest;
}

int hs_vehicle_table_touch(struct hs_vehicle_table *table, struct hs_vehicle *vehicle)
{
    struct hs_vehicle_class *vehicles = vehicle->vehicles;
    if (!vehicles) {
        vehicles = class_of(table, vehicle);
    }
    if (!vehicles) {
        return HS_ENOMEM;
    }
    if (vehicles->newest != vehicle) {
        join_class(vehicles, vehicle);
    }
    if (table->newest != vehicle) {
        unlink_order(table, vehicle);
        link_newest(table, vehicle);
    }
    return 0;
}

void hs_vehicle_table_retire(struct hs_vehicle_table *table, struct hs_vehicle *vehicle)
{
    leave_class(vehicle);
    unlink_order(table, vehicle);
    vehicle->older = NULL;
    vehicle->newer = table->oldest;
    *(table->oldest ? &table->oldest->older : &table->newest) = vehicle;
    table->oldest = vehicle;
}

void hs_vehicle_table_remove(struct hs_vehicle_table *table, struct hs_vehicle *vehicle)
{
    struct hs_vehicle **link = &table->buckets[vehicle->key_hash & (table->bucket_count - 1)];
    while (*link != vehicle) {
        link = &(*link)->next_in_bucket;
    }
    *link = vehicle->next_in_bucket;
    leave_class(vehicle);
    unlink_order(table, vehicle);
    table->count--;
}
