// SPDX-License-Identifier: Apache-2.0
//
// Whose turn it is among what floods hold.
#include <stdlib.h>

#include "base/error.h"
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

static bool is_more_urgent(const struct hs_vehicle *a, const struct hs_vehicle *b)
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

static const struct hs_vehicle_order by_urgency = {is_more_urgent,
                                                   offsetof(struct hs_vehicle, release_place)};

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
        hs_vehicle_heap_fini(&release->heaps[i].vehicles);
    }
    free(release->heaps);
    *release = (struct hs_release){0};
}

void hs_release_remove(struct hs_release *release, struct hs_vehicle *vehicle)
{
    if (vehicle->release_place != SIZE_MAX) {
        struct hs_release_heap *heap = find_heap(release, vehicle->audience);
        hs_vehicle_heap_remove(&heap->vehicles, &by_urgency, vehicle);
    }
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
    if (heap->vehicles.count == 0 && heap->next_ms < now_ms + every_ms) {
        heap->next_ms = now_ms + every_ms;
    }
    return hs_vehicle_heap_put(&heap->vehicles, &by_urgency, vehicle);
}

struct hs_release_heap *hs_release_first(const struct hs_release *release)
{
    struct hs_release_heap *first = NULL;
    for (size_t i = 0; i < release->heap_count; i++) {
        struct hs_release_heap *heap = &release->heaps[i];
        bool sooner =
            !first || heap->next_ms < first->next_ms ||
            (heap->next_ms == first->next_ms && strcmp(heap->audience, first->audience) < 0);
        if (heap->vehicles.count > 0 && sooner) {
            first = heap;
        }
    }
    return first;
}

size_t hs_release_count(const struct hs_release *release)
{
    size_t count = 0;
    for (size_t i = 0; i < release->heap_count; i++) {
        count += release->heaps[i].vehicles.count;
    }
    return count;
}
