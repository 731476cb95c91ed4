// SPDX-License-Identifier: Apache-2.0
#include "correlate/timers.h"

#include <stdlib.h>

#include "base/error.h"

void hs_timer_heap_fini(struct hs_timer_heap *heap)
{
    free(heap->rows);
    *heap = (struct hs_timer_heap){0};
}

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

static bool before(const struct hs_vehicle *a, const struct hs_vehicle *b)
{
    int64_t left = earliest(a);
    int64_t right = earliest(b);
    return left != right ? left < right : strcmp(a->key, b->key) < 0;
}

static void put(struct hs_timer_heap *heap, size_t index, struct hs_vehicle *vehicle)
{
    heap->rows[index] = vehicle;
    vehicle->heap_index = index;
}

static void rise(struct hs_timer_heap *heap, size_t index)
{
    struct hs_vehicle *vehicle = heap->rows[index];
    while (index > 0 && before(vehicle, heap->rows[(index - 1) / 2])) {
        put(heap, index, heap->rows[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    put(heap, index, vehicle);
}

static void sink(struct hs_timer_heap *heap, size_t index)
{
    struct hs_vehicle *vehicle = heap->rows[index];
    for (size_t child = 2 * index + 1; child < heap->count; child = 2 * index + 1) {
        if (child + 1 < heap->count && before(heap->rows[child + 1], heap->rows[child])) {
            child++;
        }
        if (!before(heap->rows[child], vehicle)) {
            break;
        }
        put(heap, index, heap->rows[child]);
        index = child;
    }
    put(heap, index, vehicle);
}

void hs_timer_heap_remove(struct hs_timer_heap *heap, struct hs_vehicle *vehicle)
{
    size_t index = vehicle->heap_index;
    if (index == SIZE_MAX) {
        return;
    }
    vehicle->heap_index = SIZE_MAX;
    struct hs_vehicle *last = heap->rows[--heap->count];
    if (last != vehicle) {
        put(heap, index, last);
        sink(heap, index);
        rise(heap, last->heap_index);
    }
}

int hs_timer_heap_update(struct hs_timer_heap *heap, struct hs_vehicle *vehicle)
{
    if (earliest(vehicle) == INT64_MAX) {
        hs_timer_heap_remove(heap, vehicle);
        return 0;
    }
    if (vehicle->heap_index == SIZE_MAX) {
        if (heap->count == heap->capacity) {
            size_t wanted = heap->capacity ? heap->capacity * 2 : 256;
            struct hs_vehicle **grown = realloc(heap->rows, wanted * sizeof(*grown));
            if (!grown) {
                return HS_ENOMEM;
            }
            heap->rows = grown;
            heap->capacity = wanted;
        }
        put(heap, heap->count++, vehicle);
    }
    sink(heap, vehicle->heap_index);
    rise(heap, vehicle->heap_index);
    return 0;
}

struct hs_vehicle *hs_timer_heap_first(const struct hs_timer_heap *heap, int64_t *ret_due_at_ms)
{
    if (heap->count == 0) {
        return NULL;
    }
    *ret_due_at_ms = earliest(heap->rows[0]);
    return heap->rows[0];
}
