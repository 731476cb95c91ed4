// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_REDACT_H
#define HS_CORRELATE_REDACT_H
/*
 * A reduced alert: what a queue's field policy allows, and nothing else. Each field of the contract
 * has a decision in one table; a field without one is left out, and a test fails.
 *
 * Threads: any. Ownership: the alert may share sub-messages with others, which stay untouched; what
 * is made anew stands in the bump.
 */

#include "base/arena.h"
#include "hitstream/v1/alert.pb-c.h"
#include "route/route.h"

// Leaves in the alert what the queue may know; nothing happens for a queue that is told in full.
// HS_ENOMEM.
int hs_redact_alert(const struct hs_queue *queue, struct hs_bump *bump,
                    Hitstream__V1__Alert *alert);
// Whether a field has a decision, and whether it may ever be told. For the test that walks all.
bool hs_redact_decided(const ProtobufCMessageDescriptor *message, uint32_t field, bool *ret_told);

#endif
