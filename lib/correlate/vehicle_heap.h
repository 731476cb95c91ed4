// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_VEHICLE_HEAP_H
#define HS_CORRELATE_VEHICLE_HEAP_H
/*
 * A heap of vehicles, each of which knows its place in it, so that one whose rank changed is found
 * without a search. The order is total (by key where all else is equal), so that who comes first is
 * the same wherever the states came from.
 *
 * Threads: one a heap. Ownership: borrows the vehicles. Bounds: the vehicles'.
 */

#include <stdbool.h>
#include <stddef.h>

struct hs_vehicle;

// By what a kind of heap is ordered.
struct hs_vehicle_order {
    bool (*before)(const struct hs_vehicle *a, const struct hs_vehicle *b); // a comes sooner
    size_t place; // offset of the member of struct hs_vehicle that keeps its index; SIZE_MAX there:
                  // it is in no heap
};

// Zeroed is empty and valid.
struct hs_vehicle_heap {
    struct hs_vehicle **rows; // heap order, the first of all first; owned
    size_t count;             // vehicles
    size_t capacity;          // rows
};

void hs_vehicle_heap_fini(struct hs_vehicle_heap *heap);
// Puts the vehicle in, or where it belongs now. HS_ENOMEM.
int hs_vehicle_heap_put(struct hs_vehicle_heap *heap, const struct hs_vehicle_order *order,
                        struct hs_vehicle *vehicle);
// Takes it out, if it is in.
void hs_vehicle_heap_remove(struct hs_vehicle_heap *heap, const struct hs_vehicle_order *order,
                            struct hs_vehicle *vehicle);

#endif
