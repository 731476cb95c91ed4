// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BENCH_NAIVE_ROUTER_H
#define HS_BENCH_NAIVE_ROUTER_H
/*
 * The router that one would write first: every queue and every operation is looked at for each
 * question. Threads: any.
 */

#include "route/route.h"

// As hs_route_decide().
size_t naive_decide(const struct hs_routes *routes, const struct hs_route_query *query,
                    const struct hs_queue **ret_queues, size_t max);

#endif
