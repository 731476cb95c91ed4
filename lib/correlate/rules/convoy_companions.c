// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/convoy_companions.h"

#include <stdlib.h>
#include <string.h>

// The first that does not stand before the mark.
static size_t place_of(const struct hs_convoy *convoy, uint64_t mark)
{
    size_t low = 0;
    size_t high = convoy->companion_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (convoy->companions[middle].mark < mark) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void remove_companion(struct hs_convoy *convoy, size_t at)
{
    convoy->companion_count--;
    memmove(&convoy->companions[at], &convoy->companions[at + 1],
            (convoy->companion_count - at) * sizeof(convoy->companions[0]));
}

struct hs_convoy_companion *hs_convoy_find(const struct hs_convoy *convoy, uint64_t mark)
{
    size_t at = place_of(convoy, mark);
    bool found = at < convoy->companion_count && convoy->companions[at].mark == mark;
    return found ? &convoy->companions[at] : NULL;
}

// Of what is known of a companion, without weighing it: what is carried, and a bit for each meeting
// of this journey.
static int32_t worth_of(const struct hs_convoy_companion *companion)
{
    return companion->carried_bits + HS_BIT * __builtin_popcount(companion->seen);
}

// Who is missed least: not listed, speaks least for company, longest ago.
static bool is_less(const struct hs_convoy_companion *a, const struct hs_convoy_companion *b)
{
    if (a->listed != b->listed) {
        return b->listed;
    }
    int32_t worth_a = worth_of(a), worth_b = worth_of(b);
    return worth_a != worth_b               ? worth_a < worth_b
           : a->last_at_ms != b->last_at_ms ? a->last_at_ms < b->last_at_ms
                                            : a->mark > b->mark;
}

void hs_convoy_remove_least(struct hs_convoy *convoy)
{
    size_t least = 0;
    for (size_t i = 1; i < convoy->companion_count; i++) {
        if (is_less(&convoy->companions[i], &convoy->companions[least])) {
            least = i;
        }
    }
    remove_companion(convoy, least);
}

struct hs_convoy_companion *hs_convoy_find_or_add(struct hs_convoy *convoy, uint64_t mark)
{
    size_t at = place_of(convoy, mark);
    if (at < convoy->companion_count && convoy->companions[at].mark == mark) {
        return &convoy->companions[at];
    }
    if (convoy->companion_count == HS_CONVOY_COMPANIONS_MAX) {
        hs_convoy_remove_least(convoy);
        at = place_of(convoy, mark);
    } else if (convoy->companion_count == convoy->companion_capacity) {
        size_t wanted = convoy->companion_capacity ? 2 * convoy->companion_capacity : 8;
        struct hs_convoy_companion *grown = realloc(convoy->companions, wanted * sizeof(*grown));
        if (!grown) {
            return NULL;
        }
        convoy->companions = grown;
        convoy->companion_capacity = wanted;
    }
    memmove(&convoy->companions[at + 1], &convoy->companions[at],
            (convoy->companion_count - at) * sizeof(convoy->companions[0]));
    convoy->companions[at] = (struct hs_convoy_companion){.mark = mark};
    convoy->companion_count++;
    return &convoy->companions[at];
}
