// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_CHANNEL_H
#define HS_HITSTREAMD_CORRELATE_CHANNEL_H
/*
 * One queue's way out: its topics, what waits to be sent again, what was put aside.
 *
 * A queue that refuses holds up no other: its alerts wait in order, are looked for in its topic
 * where their end was not known, and are sent again until its time limit; then they go to
 * undelivered.<queue>, and ops gets to know.
 *
 * Threads: the stage's. Ownership: the stage owns its channels. Bounds: HS_STAGE_QUEUES_MAX
 * channels, HS_STAGE_RETRY_MAX alerts waiting for one.
 */

#include "hitstreamd/correlate_parts.h"

// The queue's channel, made when it is missing. NULL: out of memory, or too many.
struct hs_channel *hs_channel_get(struct hs_correlate_stage *stage, const struct hs_queue *queue);
// Sends it, or keeps it behind those that wait; takes it.
void hs_channel_send(struct hs_correlate_stage *stage, struct hs_channel *channel,
                     struct hs_outgoing *outgoing);
// Its delivery failed; takes it. For stage->refused.
void hs_channel_refused(struct hs_correlate_stage *stage, struct hs_outgoing *outgoing,
                        const struct hs_kafka_delivery *delivery);
// It took an alert.
void hs_channel_took(struct hs_channel *channel);
// What was told to it before the takeover is not known: nothing is sent to it until that was read
// back, which each round tries again, while others go on.
void hs_channel_put_aside(struct hs_channel *channel, const char *why);
// Sends again what waits: once a round.
void hs_channel_step(struct hs_correlate_stage *stage, struct hs_channel *channel, int64_t boot_ms);
// Forgets what waits of this part (NULL: of all, and that it was put aside).
void hs_channel_forget(struct hs_channel *channel, const struct hs_part *part);

// Looks for the topics of all queues of these controls, waiting at most `timeout_ms` for each;
// false: some are not known yet, and `stage->trouble` says which.
bool hs_channels_know(struct hs_correlate_stage *stage, const struct hs_controls *controls,
                      int64_t timeout_ms);
void hs_channels_free(struct hs_correlate_stage *stage);

#endif
