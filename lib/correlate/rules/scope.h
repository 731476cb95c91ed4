// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_SCOPE_H
#define HS_CORRELATE_RULES_SCOPE_H
/*
 * What every rule works with while one event is applied. Threads: one at a time. Ownership: all is
 * borrowed for the event.
 */

#include "correlate/alert.h"

// Times that people's waiting goes by are those of the vehicle's own events, never of others': what
// another audience or vehicle does moves nothing here.
struct hs_rule_scope {
    const struct hs_rules *rules;
    const struct hs_routes *routes;
    const struct hs_cameras *cameras;
    struct hs_intern_pool *pool;
    struct hs_alert_desk *desk;
    struct hs_bump *bump; // scratch of the event
    struct hs_correlator_stats *stats;
    const struct hs_flood *flood; // that the hit is part of; NULL: none
    int64_t now_ms;       // the highest LogAppendTime among the vehicle's events, this one included
    int64_t took_over_ms; // LogAppendTime of the last 'took over'; 0: none
};

#endif
