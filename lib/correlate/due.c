// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "correlate/core.h"
#include "hitstream/v1/event.pb-c.h"
#include "wire/message.h"

int64_t hs_correlator_next_due_ms(const struct hs_correlator *correlator)
{
    int64_t due_at_ms = INT64_MAX;
    const struct hs_release_heap *held = hs_release_first(&correlator->release);
    hs_timers_first(&correlator->timers, &due_at_ms);
    return held && held->next_ms < due_at_ms ? held->next_ms : due_at_ms;
}

// Appends 'timer fired' for one timer.
static int append_fired(struct hs_correlator *correlator, const struct hs_vehicle *vehicle,
                        const struct hs_timer *timer)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__TimerFired fired = HITSTREAM__V1__TIMER_FIRED__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    hs_bump_reset(&correlator->bump);
    audience.kind = vehicle->who.kind;
    audience.list_id =
        hs_bump_copy(&correlator->bump, vehicle->who.list_id.ptr, vehicle->who.list_id.len);
    event.vehicle = hs_bump_copy(&correlator->bump, vehicle->mark.ptr, vehicle->mark.len);
    fired.audience = &audience;
    fired.kind = timer->kind;
    fired.due_at_ms = timer->due_at_ms;
    fired.incident_id =
        (ProtobufCBinaryData){HS_ID_BYTES, (uint8_t *)(uintptr_t)timer->incident.bytes};
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_TIMER_FIRED;
    event.timer_fired = &fired;
    hs_buf_clear(&correlator->out);
    if (!audience.list_id || !event.vehicle ||
        hs_message_pack(&event.base, &correlator->out) != 0) {
        return HS_ENOMEM;
    }
    correlator->config.sink.append(correlator->config.sink.ctx, vehicle->mark,
                                   hs_buf_str(&correlator->out));
    return 0;
}

// Appends the turns of what is held: of each audience one, and the next when its time has passed.
static size_t append_turns(struct hs_correlator *correlator, int64_t wall_ms, size_t max)
{
    int64_t every_ms = hs_controls_rules(correlator->controls)->flood_release_every_ms;
    size_t appended = 0;
    while (appended < max && !correlator->broken) {
        struct hs_release_heap *heap = hs_release_first(&correlator->release);
        if (!heap || heap->next_ms > wall_ms) {
            break;
        }
        struct hs_vehicle *vehicle = heap->vehicles.rows[0];
        const struct hs_timer turn = {.kind = HITSTREAM__V1__TIMER_KIND__TIMER_KIND_RELEASE,
                                      .incident = vehicle->open->id,
                                      .due_at_ms = heap->next_ms};
        hs_release_remove(&correlator->release, vehicle);
        vehicle->release_appended = true;
        heap->next_ms = wall_ms + every_ms;
        int rc = append_fired(correlator, vehicle, &turn);
        if (rc != 0) {
            hs_core_break(correlator, rc);
        }
        appended++;
    }
    return appended;
}

size_t hs_correlator_due(struct hs_correlator *correlator, int64_t wall_ms, size_t max)
{
    size_t appended = append_turns(correlator, wall_ms, max);
    int64_t due_at_ms;
    while (appended < max && !correlator->broken) {
        struct hs_vehicle *vehicle = hs_timers_first(&correlator->timers, &due_at_ms);
        if (!vehicle || due_at_ms > wall_ms) {
            break;
        }
        int rc = 0;
        for (size_t i = 0; rc == 0 && i < vehicle->timer_count; i++) {
            if (!vehicle->timers[i].appended && vehicle->timers[i].due_at_ms <= wall_ms) {
                rc = append_fired(correlator, vehicle, &vehicle->timers[i]);
                vehicle->timers[i].appended = true;
                appended++;
            }
        }
        rc = rc ? rc : hs_timers_update(&correlator->timers, vehicle);
        if (rc != 0) {
            hs_core_break(correlator, rc);
        }
    }
    return appended;
}
