// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_NEXT_PAST_H
#define HS_CORRELATE_RULES_NEXT_PAST_H
/*
 * The vehicle's own past, as counts. Private to the next-place rule. Pure; threads: one.
 */

#include "correlate/rules/next.h"

// A place of a hit as the past knows it.
struct hs_next_stop hs_next_stop_of(const Hitstream__V1__Hit *hit, int64_t at_ms);
// The way on which a vehicle that is at `stop` came; 0: its journey began there, or nobody knows.
uint64_t hs_next_came_by(const struct hs_next *next, const struct hs_next_view *view,
                         const struct hs_next_stop *stop);
// What a way counts at a time, in halves of a time.
uint32_t hs_next_weight(const struct hs_next_view *view, const struct hs_next_way *way,
                        int64_t at_ms);
// Every way of the past before `at_ms`, those between the last stops too.
void hs_next_each(const struct hs_next *next, const struct hs_next_view *view, int64_t at_ms,
                  void (*fn)(void *ctx, const struct hs_next_way *way, uint32_t halves), void *ctx);

#endif
