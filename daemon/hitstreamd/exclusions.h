// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_EXCLUSIONS_H
#define HITSTREAMD_EXCLUSIONS_H
/*
 * 'Not this vehicle' on its way to Redis: the core says that an exclusion is pending, a thread
 * writes it into the entry under the feedback's id until Redis has it, then the owner appends
 * 'exclusion stored'. What is pending after a takeover is asked of the state again.
 *
 * Threads: offer, look and step the correlate stage's; one of its own talks to Redis and waits for
 * it. Ownership: the stage owns it; settings are borrowed. Bounds: HS_EXCLUSIONS_MAX decisions
 * waiting; what finds no room stays pending in state and is offered again.
 */

#include "hitstreamd/correlate_parts.h"

enum { HS_EXCLUSIONS_MAX = 1024, HS_EXCLUSION_ROWS_MAX = 64 };

struct hs_exclusions;

// HS_ENOMEM.
int hs_exclusions_new(const struct hs_settings *settings, struct hs_exclusions **ret_exclusions);
// Ends the thread, which may take a command's timeout; NULL is legal.
void hs_exclusions_free(struct hs_exclusions *exclusions);
// A pending one, for the correlator's sink; `ctx` is the part. What is applied again before the part
// has caught up is left to the state.
void hs_exclusions_offer(void *ctx, const struct hs_pending_exclusion *exclusion);
// Once a round: hands over what was offered, appends what Redis has, and asks the state now and
// then.
void hs_exclusions_step(struct hs_correlate_stage *stage, int64_t boot_ms);

#endif
