// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_TIMERS_H
#define HS_CORRELATE_TIMERS_H
/*
 * Which vehicle's timer is due next: a heap of vehicles by (time of the earliest timer that was not
 * appended, key), so that the order is the same wherever the states came from.
 *
 * Threads: one a heap. Ownership: borrows the vehicles, which know their place in it. Bounds: the
 * vehicles'.
 */

#include "correlate/vehicle_state.h"

struct hs_timer_heap {
    struct hs_vehicle **rows; // heap order, the next due first
    size_t count;
    size_t capacity;
};

void hs_timer_heap_fini(struct hs_timer_heap *heap);
// After any change of the vehicle's timers: puts it where it belongs, or takes it out. HS_ENOMEM.
int hs_timer_heap_update(struct hs_timer_heap *heap, struct hs_vehicle *vehicle);
void hs_timer_heap_remove(struct hs_timer_heap *heap, struct hs_vehicle *vehicle);
// The vehicle that is due next, or NULL; *ret_due_at_ms says when.
struct hs_vehicle *hs_timer_heap_first(const struct hs_timer_heap *heap, int64_t *ret_due_at_ms);

#endif
