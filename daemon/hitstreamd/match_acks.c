// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/match_acks.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"

// A message with outputs.
struct turn {
    int64_t offset;
    uint32_t waiting; // outputs on their way
};

struct hs_acks {
    struct turn *ring;
    size_t mask;
    uint32_t head; // the oldest with something on its way
    uint32_t tail; // beyond the newest
    uint16_t era;
    bool begun;     // a message was begun since the reset
    bool has_turn;  // and has a place in the ring
    int64_t offset; // of the message begun last, or the next when none was
};

int hs_acks_new(size_t capacity, struct hs_acks **ret_acks)
{
    size_t size = 1;
    while (size < capacity) {
        size *= 2;
    }
    struct hs_acks *acks = calloc(1, sizeof(*acks));
    struct turn *ring = calloc(size, sizeof(*ring));
    if (!acks || !ring) {
        free(acks);
        free(ring);
        return HS_ENOMEM;
    }
    acks->ring = ring;
    acks->mask = size - 1;
    *ret_acks = acks;
    return 0;
}

void hs_acks_free(struct hs_acks *acks)
{
    if (acks) {
        free(acks->ring);
        free(acks);
    }
}

void hs_acks_reset(struct hs_acks *acks, int64_t offset)
{
    acks->era++;
    acks->head = acks->tail = 0;
    acks->begun = acks->has_turn = false;
    acks->offset = offset;
}

void hs_acks_begin(struct hs_acks *acks, int64_t offset)
{
    assert(acks->begun ? offset > acks->offset : offset >= acks->offset);
    acks->offset = offset;
    acks->begun = true;
    acks->has_turn = false;
}

bool hs_acks_begun(const struct hs_acks *acks)
{
    return acks->begun;
}

struct hs_ack_ticket hs_acks_expect(struct hs_acks *acks)
{
    assert(acks->begun);
    if (!acks->has_turn) {
        assert(!hs_acks_full(acks, 1));
        acks->ring[acks->tail++ & acks->mask] = (struct turn){.offset = acks->offset};
        acks->has_turn = true;
    }
    acks->ring[(acks->tail - 1) & acks->mask].waiting++;
    return (struct hs_ack_ticket){.era = acks->era, .turn = acks->tail - 1};
}

bool hs_acks_done(struct hs_acks *acks, struct hs_ack_ticket ticket)
{
    if (ticket.era != acks->era || ticket.turn - acks->head >= acks->tail - acks->head) {
        return false;
    }
    struct turn *turn = &acks->ring[ticket.turn & acks->mask];
    assert(turn->waiting > 0);
    turn->waiting--;
    while (acks->head != acks->tail && acks->ring[acks->head & acks->mask].waiting == 0) {
        acks->head++;
    }
    if (acks->head == acks->tail) {
        acks->has_turn = false; // a further output of the message begun last takes a new turn
    }
    return true;
}

int64_t hs_acks_next(const struct hs_acks *acks)
{
    return acks->begun ? acks->offset + 1 : acks->offset;
}

int64_t hs_acks_safe(const struct hs_acks *acks)
{
    return acks->head == acks->tail ? hs_acks_next(acks)
                                    : acks->ring[acks->head & acks->mask].offset;
}

size_t hs_acks_pending(const struct hs_acks *acks)
{
    return acks->tail - acks->head;
}

bool hs_acks_full(const struct hs_acks *acks, size_t messages)
{
    return hs_acks_pending(acks) + messages > acks->mask + 1;
}
