// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_OUTBOX_H
#define HS_HITSTREAMD_CORRELATE_OUTBOX_H
/*
 * Messages on their way: each is kept until its end is known, and counts for its partition until
 * then.
 *
 * Threads: the stage's. Ownership: a message belongs to the outbox from hs_outbox_produce() to its
 * end. Bounds: HS_STAGE_IN_FLIGHT_MAX is kept by who applies events; the producer's own queue by
 * waiting.
 */

#include "hitstreamd/correlate_parts.h"

// A message with copies of its texts; NULL: out of memory. It counts for its part from here on.
struct hs_outgoing *hs_outgoing_new(enum hs_outgoing_kind kind, struct hs_part *part,
                                    struct hs_str key, struct hs_str value,
                                    const struct hs_kafka_header *headers, size_t header_count);
// Takes it to the producer (after an error the caller has it back). Waits while the producer's
// queue is full.
int hs_outbox_produce(struct hs_correlate_stage *stage, struct hs_outgoing *outgoing, int topic,
                      int32_t partition);
// The producer's callback; `ctx` is the stage.
void hs_outbox_delivered(void *ctx, const struct hs_kafka_delivery *delivery);
// The message counts no longer for its part: what it stood for is done, or given up.
void hs_outbox_done(struct hs_outgoing *outgoing);
// Something of the partition was not delivered: it applies nothing more, and begins anew.
void hs_part_fail(struct hs_part *part, const char *what, const char *why);

#endif
