// SPDX-License-Identifier: Apache-2.0
//
// 'List floods': from the partition that sees it to the one where the list's owner is told.
#include "base/error.h"
#include "correlate/core.h"
#include "correlate/rules/flooding.h"
#include "hitstream/v1/event.pb-c.h"
#include "wire/message.h"

int hs_core_append_flood(struct hs_correlator *correlator, const Hitstream__V1__Hit *hit,
                         const struct hs_flood *flood)
{
    const struct hs_correlate_sink *sink = &correlator->config.sink;
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__ListFloods floods = HITSTREAM__V1__LIST_FLOODS__INIT;
    Hitstream__V1__Flood said;
    Hitstream__V1__Hit alone = *hit;
    size_t prefix = strlen(HS_FLOOD_VEHICLE), id = strlen(hit->list->list_id);
    event.vehicle = hs_bump_alloc(&correlator->bump, prefix + id + 1);
    if (!event.vehicle) {
        return hs_core_break(correlator, HS_ENOMEM);
    }
    memcpy(event.vehicle, HS_FLOOD_VEHICLE, prefix);
    memcpy(event.vehicle + prefix, hit->list->list_id, id);
    hs_flood_fill(flood, hit, &said);
    alone.flow = NULL;
    alone.before = NULL;
    floods.audience = hit->audience;
    floods.hit = &alone;
    floods.flood = &said;
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_LIST_FLOODS;
    event.list_floods = &floods;
    hs_buf_clear(&correlator->out);
    if (hs_message_pack(&event.base, &correlator->out) != 0) {
        return hs_core_break(correlator, HS_ENOMEM);
    }
    correlator->stats.floods++;
    (sink->append_by_key ? sink->append_by_key : sink->append)(sink->ctx, hs_str(event.vehicle),
                                                               hs_buf_str(&correlator->out));
    return 0;
}
