// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_HIT_ROUTE_H
#define HS_CORRELATE_HIT_ROUTE_H
/*
 * A hit as a question to the routing table. Pure; threads: any. The question borrows from the hit.
 */

#include "hitstream/v1/event.pb-c.h"
#include "route/route.h"

// The read's own time; where the camera's clock is ahead of the log, the log's.
int64_t hs_hit_event_time_ms(const Hitstream__V1__Hit *hit);
// `covert`: the vehicle's audience is a covert list.
struct hs_route_query hs_hit_route_query(const Hitstream__V1__Hit *hit, bool covert);

#endif
