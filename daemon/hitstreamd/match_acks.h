// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_MATCH_ACKS_H
#define HITSTREAMD_MATCH_ACKS_H
/*
 * What of one partition may be committed: every offset before the oldest message of which something
 * is still on its way.
 *
 * Messages are begun in order of offset; each output of a message takes a ticket, which comes back
 * when it is acknowledged, in any order. After a reset older tickets mean nothing. Threads: one.
 * Bounds: `capacity` messages with something on its way; at the limit no more may be begun
 * (hs_acks_full).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hs_acks;

// Names an output. Fits into the opaque of a produced record together with the partition's number.
struct hs_ack_ticket {
    uint16_t era;  // since which reset
    uint32_t turn; // of the message
};

// `capacity` is rounded up to a power of two.
int hs_acks_new(size_t capacity, struct hs_acks **ret_acks);
void hs_acks_free(struct hs_acks *acks);
// Begins anew: the next message is the one at `offset`.
void hs_acks_reset(struct hs_acks *acks, int64_t offset);

// The message at `offset` has been processed as far as its outputs that follow. Offsets rise.
void hs_acks_begin(struct hs_acks *acks, int64_t offset);
// Whether a message was begun since the reset: before that there is nothing to expect an output of.
bool hs_acks_begun(const struct hs_acks *acks);
// One more output of the message begun last. There is room for as many messages as hs_acks_full()
// said before.
struct hs_ack_ticket hs_acks_expect(struct hs_acks *acks);
// An output is acknowledged. True when it counted (false: from before a reset).
bool hs_acks_done(struct hs_acks *acks, struct hs_ack_ticket ticket);

// The next offset to be read again if all ended now: what may be committed. Asked between messages,
// when the one begun last has all its tickets.
int64_t hs_acks_safe(const struct hs_acks *acks);
// Beyond the last message begun.
int64_t hs_acks_next(const struct hs_acks *acks);
// Messages of which something is on its way.
size_t hs_acks_pending(const struct hs_acks *acks);
// No room for `messages` more.
bool hs_acks_full(const struct hs_acks *acks, size_t messages);

#endif
