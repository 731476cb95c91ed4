// SPDX-License-Identifier: Apache-2.0
//
// Whose turn it is among what floods hold.
#include <stdlib.h>

#include "base/error.h"
#include "correlate/held.h"
#include "correlate/vehicle_state.h"

// How urgent what a vehicle holds is.
struct rank {
    uint8_t priority;
    uint32_t harm;
    int64_t since_ms; // event time
};

static struct rank rank_of(const struct hs_held *held)
{
    struct rank rank = {.since_ms = INT64_MAX};
    for (size_t i = 0; i < held->count; i++) {
        const struct hs_held_row *row = &held->rows[i];
        rank.priority = row->priority > rank.priority ? row->priority : rank.priority;
        rank.harm = row->harm > rank.harm ? row->harm : rank.harm;
        rank.since_ms = row->at_ms < rank.since_ms ? row->at_ms : rank.since_ms;
    }
    return rank;
}

static bool before(const struct hs_vehicle *a, const struct hs_vehicle *b)
{
    struct rank left = rank_of(a->held);
    struct rank right = rank_of(b->held);
    if (left.priority != right.priority) {
        return left.priority > right.priority;
    }
    if (left.harm != right.harm) {
        return left.harm > right.harm;
    }
    return left.since_ms != right.since_ms ? left.since_ms < right.since_ms
                                           : strcmp(a->key, b->key) < 0;
}

static void put(struct hs_release_heap *heap, size_t index, struct hs_vehicle *vehicle)
{
    heap->rows[index] = vehicle;
    vehicle->release_index = index;
}

static void rise(struct hs_release_heap *heap, size_t index)
{
    struct hs_vehicle *vehicle = heap->rows[index];
    while (index > 0 && before(vehicle, heap->rows[(index - 1) / 2])) {
        put(heap, index, heap->rows[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    put(heap, index, vehicle);
}

static void sink(struct hs_release_heap *heap, size_t index)
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

static struct hs_release_heap *find_heap(const struct hs_release *release, struct hs_str audience)
{
    for (size_t i = 0; i < release->heap_count; i++) {
        if (hs_str_is(audience, release->heaps[i].audience)) {
            return &release->heaps[i];
        }
    }
    return NULL;
}

// The audience's heap; NULL: out of memory.
static struct hs_release_heap *heap_of(struct hs_release *release, struct hs_str audience)
{
    struct hs_release_heap *found = find_heap(release, audience);
    if (found) {
        return found;
    }
    struct hs_release_heap *grown =
        realloc(release->heaps, (release->heap_count + 1) * sizeof(*grown));
    char *copy = grown ? hs_str_dup(audience) : NULL;
    release->heaps = grown ? grown : release->heaps;
    if (!copy) {
        return NULL;
    }
    grown[release->heap_count] = (struct hs_release_heap){.audience = copy};
    return &grown[release->heap_count++];
}

void hs_release_fini(struct hs_release *release)
{
    for (size_t i = 0; i < release->heap_count; i++) {
        free(release->heaps[i].audience);
        free(release->heaps[i].rows);
    }
    free(release->heaps);
    *release = (struct hs_release){0};
}

void hs_release_remove(struct hs_release *release, struct hs_vehicle *vehicle)
{
    size_t index = vehicle->release_index;
    struct hs_release_heap *heap = index == SIZE_MAX ? NULL : find_heap(release, vehicle->audience);
    if (!heap) {
        return;
    }
    vehicle->release_index = SIZE_MAX;
    struct hs_vehicle *last = heap->rows[--heap->count];
    if (last != vehicle) {
        put(heap, index, last);
        sink(heap, index);
        rise(heap, last->release_index);
    }
}

static int add(struct hs_release_heap *heap, struct hs_vehicle *vehicle)
{
    if (heap->count == heap->capacity) {
        size_t wanted = heap->capacity ? heap->capacity * 2 : 64;
        struct hs_vehicle **grown = realloc(heap->rows, wanted * sizeof(*grown));
        if (!grown) {
            return HS_ENOMEM;
        }
        heap->rows = grown;
        heap->capacity = wanted;
    }
    put(heap, heap->count++, vehicle);
    return 0;
}

int hs_release_update(struct hs_release *release, struct hs_vehicle *vehicle, int64_t now_ms,
                      int64_t every_ms)
{
    if (!vehicle->held) {
        hs_release_remove(release, vehicle);
        vehicle->release_appended = false;
        return 0;
    }
    if (vehicle->release_appended) {
        return 0; // its turn is on its way
    }
    struct hs_release_heap *heap = heap_of(release, vehicle->audience);
    if (!heap) {
        return HS_ENOMEM;
    }
    if (vehicle->release_index == SIZE_MAX) {
        if (heap->count == 0 && heap->next_ms < now_ms + every_ms) {
            heap->next_ms = now_ms + every_ms;
        }
        if (add(heap, vehicle) != 0) {
            return HS_ENOMEM;
        }
    }
    sink(heap, vehicle->release_index);
    rise(heap, vehicle->release_index);
    return 0;
}

struct hs_release_heap *hs_release_first(const struct hs_release *release)
{
    struct hs_release_heap *first = NULL;
    for (size_t i = 0; i < release->heap_count; i++) {
        struct hs_release_heap *heap = &release->heaps[i];
        bool sooner =
            !first || heap->next_ms < first->next_ms ||
            (heap->next_ms == first->next_ms && strcmp(heap->audience, first->audience) < 0);
        if (heap->count > 0 && sooner) {
            first = heap;
        }
    }
    return first;
}

size_t hs_release_count(const struct hs_release *release)
{
    size_t count = 0;
    for (size_t i = 0; i < release->heap_count; i++) {
        count += release->heaps[i].count;
    }
    return count;
}
