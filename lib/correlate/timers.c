// SPDX-License-Identifier: Apache-2.0
#include "correlate/timers.h"

// The earliest timer that was not appended; INT64_MAX: none.
static int64_t earliest(const struct hs_vehicle *vehicle)
{
    int64_t due_at_ms = INT64_MAX;
    for (size_t i = 0; i < vehicle->timer_count; i++) {
        const struct hs_timer *timer = &vehicle->timers[i];
        if (!timer->appended && timer->due_at_ms < due_at_ms) {
            due_at_ms = timer->due_at_ms;
        }
    }
    return due_at_ms;
}

static bool is_due_before(const struct hs_vehicle *a, const struct hs_vehicle *b)
{
    int64_t left = earliest(a);
    int64_t right = earliest(b);
    return left != right ? left < right : strcmp(a->key, b->key) < 0;
}

static const struct hs_vehicle_order by_due = {is_due_before,
                                               offsetof(struct hs_vehicle, timer_place)};

int hs_timers_update(struct hs_vehicle_heap *timers, struct hs_vehicle *vehicle)
{
    if (earliest(vehicle) != INT64_MAX) {
        return hs_vehicle_heap_put(timers, &by_due, vehicle);
    }
    hs_vehicle_heap_remove(timers, &by_due, vehicle);
    return 0;
}

void hs_timers_remove(struct hs_vehicle_heap *timers, struct hs_vehicle *vehicle)
{
    hs_vehicle_heap_remove(timers, &by_due, vehicle);
}

struct hs_vehicle *hs_timers_first(const struct hs_vehicle_heap *timers, int64_t *ret_due_at_ms)
{
    if (timers->count == 0) {
        return NULL;
    }
    *ret_due_at_ms = earliest(timers->rows[0]);
    return timers->rows[0];
}
