// SPDX-License-Identifier: Apache-2.0
#include "correlate/hit_route.h"

int64_t hs_hit_event_time_ms(const Hitstream__V1__Hit *hit)
{
    bool future = hit->lateness == HITSTREAM__V1__LATENESS__LATENESS_FUTURE;
    return future && hit->appended_at_ms > 0 ? hit->appended_at_ms : hit->captured_at_ms;
}

struct hs_route_query hs_hit_route_query(const Hitstream__V1__Hit *hit, bool covert)
{
    return (struct hs_route_query){
        .list_id = hs_str(hit->list->list_id),
        .list_owner = hs_str(hit->list->owner_force),
        .covert = covert,
        .handling = hit->entry->handling == HITSTREAM__V1__HANDLING__HANDLING_STOP
                        ? HS_ROUTE_HANDLING_STOP
                        : HS_ROUTE_HANDLING_MONITOR,
        .force = hs_str(hit->place->force),
        .area = hs_str(hit->place->area),
        .road = hs_str(hit->place->road),
        .site = hs_str(hit->place->site_id),
        .at_ms = hs_hit_event_time_ms(hit),
        .safeguarding = hit->entry->safeguarding > 0 ? 1U << (hit->entry->safeguarding - 1) : 0,
        .camera_unknown = hit->place->camera_unknown,
        .stale = hit->lateness == HITSTREAM__V1__LATENESS__LATENESS_STALE,
    };
}
