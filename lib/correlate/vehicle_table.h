// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_VEHICLE_TABLE_H
#define HS_CORRELATE_VEHICLE_TABLE_H
/*
 * The vehicles of one partition: found by key, and kept in order of their last event, all together
 * and those of each audience, so that one audience's number makes no other's state leave.
 *
 * Threads: one a table. Ownership: the table owns its vehicles. Bounds: by time, see
 * vehicle_state.h; by number as the caller asks.
 */

#include "correlate/vehicle_state.h"

// Those of one audience that had an event.
struct hs_vehicle_class {
    struct hs_vehicle_class *next; // in no order
    size_t count;
    struct hs_vehicle *oldest; // order of last event
    struct hs_vehicle *newest;
    char audience[]; // text, terminated
};

struct hs_vehicle_table {
    struct hs_vehicle **buckets; // chains; a power of two of them
    size_t bucket_count;         // 0 before the first
    size_t count;                // vehicles held
    struct hs_vehicle *oldest;   // order of last event
    struct hs_vehicle *newest;
    struct hs_vehicle_class *classes; // of all audiences
};

void hs_vehicle_table_fini(struct hs_vehicle_table *table, struct hs_intern_pool *pool);
struct hs_vehicle *hs_vehicle_table_find(const struct hs_vehicle_table *table, struct hs_str key);
// The same, made when it is missing. HS_EFORMAT, HS_ENOMEM.
int hs_vehicle_table_add(struct hs_vehicle_table *table, struct hs_str key,
                         struct hs_vehicle **ret_vehicle);
// It had an event: it is the newest now. HS_ENOMEM.
int hs_vehicle_table_touch(struct hs_vehicle_table *table, struct hs_vehicle *vehicle);
// Which of an audience that has more than `max` leaves: the oldest that is not needed, among the
// first HS_LEAVING_LOOK of them, or else the oldest; NULL: it has not more.
enum { HS_LEAVING_LOOK = 64 };
struct hs_vehicle *hs_vehicle_table_leaving(const struct hs_vehicle_class *vehicles, size_t max);
// It counts no longer, and stands before all others until it is removed.
void hs_vehicle_table_retire(struct hs_vehicle_table *table, struct hs_vehicle *vehicle);
// Takes it out; the caller owns it then.
void hs_vehicle_table_remove(struct hs_vehicle_table *table, struct hs_vehicle *vehicle);

#endif
