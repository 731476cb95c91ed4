// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_INTAKE_SAID_H
#define HITSTREAMD_INTAKE_SAID_H
/*
 * What partners say of groups on its way to Redis: a thread of its own writes it until Redis has it,
 * so that no other desk's answer waits for Redis. Until then its offset is not committed; read again
 * it is the same by its feedback id.
 *
 * Threads: all functions the intake's; the thread inside talks to Redis and waits for it. Ownership:
 * settings are borrowed. Bounds: HS_INTAKE_SAID_MAX sayings on their way.
 */

#include "base/str.h"
#include "config/settings.h"
#include "hitstreamd/match_acks.h"

enum { HS_INTAKE_SAID_MAX = 256 };

struct hs_intake_said;

// Where the saying came from.
struct hs_said_from {
    uint64_t assignment; // which of the intake's; a later one reads it again
    size_t slot;
    struct hs_ack_ticket ticket;
};

// HS_ENOMEM.
int hs_intake_said_new(const struct hs_settings *settings, struct hs_intake_said **ret_said);
// Ends the thread, which may take a command's timeout; NULL is legal.
void hs_intake_said_free(struct hs_intake_said *said);
// No more is taken until something was written.
bool hs_intake_said_full(struct hs_intake_said *said);
// Takes a copy of packed Feedback that hs_said_is_of_group(). HS_ENOMEM.
int hs_intake_said_offer(struct hs_intake_said *said, const struct hs_said_from *from,
                         struct hs_str queue, struct hs_str packed);
// The intake reads again from what is acknowledged: what waits is dropped, but for one that is
// being written.
void hs_intake_said_forget(struct hs_intake_said *said);
// Gets each that Redis has by now, once.
void hs_intake_said_each_done(struct hs_intake_said *said,
                              void (*done)(void *ctx, const struct hs_said_from *from), void *ctx);

#endif
