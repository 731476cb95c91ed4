// SPDX-License-Identifier: Apache-2.0
#include "correlate/vehicle_heap.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"

enum { FIRST_CAPACITY = 64 };

void hs_vehicle_heap_fini(struct hs_vehicle_heap *heap)
{
    free(heap->rows);
    *heap = (struct hs_vehicle_heap){.count = 0};
}

static size_t *place_of(const struct hs_vehicle_order *order, struct hs_vehicle *vehicle)
{
    return (size_t *)(void *)((char *)vehicle + order->place);
}

static void set(struct hs_vehicle_heap *heap, const struct hs_vehicle_order *order, size_t index,
                struct hs_vehicle *vehicle)
{
    heap->rows[index] = vehicle;
    *place_of(order, vehicle) = index;
}

static void rise(struct hs_vehicle_heap *heap, const struct hs_vehicle_order *order, size_t index)
{
    struct hs_vehicle *vehicle = heap->rows[index];
    while (index > 0 && order->before(vehicle, heap->rows[(index - 1) / 2])) {
        set(heap, order, index, heap->rows[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    set(heap, order, index, vehicle);
}

static void sink(struct hs_vehicle_heap *heap, const struct hs_vehicle_order *order, size_t index)
{
    struct hs_vehicle *vehicle = heap->rows[index];
    for (size_t child = 2 * index + 1; child < heap->count; child = 2 * index + 1) {
        if (child + 1 < heap->count && order->before(heap->rows[child + 1], heap->rows[child])) {
            child++;
        }
        if (!order->before(heap->rows[child], vehicle)) {
            break;
        }
        set(heap, order, index, heap->rows[child]);
        index = child;
    }
    set(heap, order, index, vehicle);
}

static int append(struct hs_vehicle_heap *heap, const struct hs_vehicle_order *order,
                  struct hs_vehicle *vehicle)
{
    if (heap->count == heap->capacity) {
        size_t wanted = heap->capacity ? heap->capacity * 2 : FIRST_CAPACITY;
        struct hs_vehicle **grown = realloc(heap->rows, wanted * sizeof(*grown));
        if (!grown) {
            return HS_ENOMEM;
        }
        heap->rows = grown;
        heap->capacity = wanted;
    }
    set(heap, order, heap->count++, vehicle);
    return 0;
}

int hs_vehicle_heap_put(struct hs_vehicle_heap *heap, const struct hs_vehicle_order *order,
                        struct hs_vehicle *vehicle)
{
    const size_t *place = place_of(order, vehicle);
    if (*place == SIZE_MAX && append(heap, order, vehicle) != 0) {
        return HS_ENOMEM;
    }
    sink(heap, order, *place);
    rise(heap, order, *place);
    return 0;
}

void hs_vehicle_heap_remove(struct hs_vehicle_heap *heap, const struct hs_vehicle_order *order,
                            struct hs_vehicle *vehicle)
{
    size_t index = *place_of(order, vehicle);
    if (index == SIZE_MAX) {
        return;
    }
    *place_of(order, vehicle) = SIZE_MAX;
    struct hs_vehicle *last = heap->rows[--heap->count];
    if (last != vehicle) {
        set(heap, order, index, last);
        sink(heap, order, index);
        rise(heap, order, *place_of(order, last));
    }
}
