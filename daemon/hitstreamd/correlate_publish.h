// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_PUBLISH_H
#define HS_HITSTREAMD_CORRELATE_PUBLISH_H
/*
 * An alert to its queue: topic, headers with its age, the payload as the queue wants it.
 *
 * Threads: the stage's. What stands in a queue already is not sent again; what is late by the wall
 * clock goes to intelligence under the same id.
 */

#include "hitstreamd/correlate_parts.h"

// The sink of a correlator; `ctx` is its part.
void hs_publish_alert(void *ctx, const struct hs_alert *alert);

#endif
