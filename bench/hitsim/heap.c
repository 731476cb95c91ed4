// SPDX-License-Identifier: Apache-2.0
#include "hitsim/heap.h"

#include <stdlib.h>

void heap_fini(struct heap *heap)
{
    free(heap->rows);
    *heap = (struct heap){0};
}

bool heap_push(struct heap *heap, struct heap_event event)
{
    if (heap->count == heap->capacity) {
        size_t capacity = heap->capacity ? 2 * heap->capacity : 1024;
        struct heap_event *rows = realloc(heap->rows, capacity * sizeof(*rows));
        if (!rows) {
            return false;
        }
        heap->rows = rows;
        heap->capacity = capacity;
    }
    size_t at = heap->count++;
    while (at > 0 && heap->rows[(at - 1) / 2].at_s > event.at_s) {
        heap->rows[at] = heap->rows[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->rows[at] = event;
    return true;
}

struct heap_event heap_pop(struct heap *heap)
{
    struct heap_event first = heap->rows[0];
    struct heap_event last = heap->rows[--heap->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= heap->count) {
            break;
        }
        // no branch: nobody can foretell which of the two is the earlier
        size_t other = child + 1 < heap->count ? child + 1 : child;
        child += heap->rows[other].at_s < heap->rows[child].at_s;
        if (heap->rows[child].at_s >= last.at_s) {
            break;
        }
        heap->rows[at] = heap->rows[child];
        at = child;
    }
    heap->rows[at] = last;
    return first;
}
