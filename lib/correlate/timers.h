// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_TIMERS_H
#define HS_CORRELATE_TIMERS_H
/*
 * Which vehicle's timer is due next: a heap of vehicles by (time of the earliest timer that was not
 * appended, key).
 *
 * Threads: one a heap. Ownership: borrows the vehicles. Bounds: the vehicles'.
 */

#include "correlate/vehicle_state.h"

// After any change of the vehicle's timers: puts it where it belongs, or takes it out. HS_ENOMEM.
int hs_timers_update(struct hs_vehicle_heap *timers, struct hs_vehicle *vehicle);
void hs_timers_remove(struct hs_vehicle_heap *timers, struct hs_vehicle *vehicle);
// The vehicle that is due next, or NULL; *ret_due_at_ms says when.
struct hs_vehicle *hs_timers_first(const struct hs_vehicle_heap *timers, int64_t *ret_due_at_ms);

#endif
