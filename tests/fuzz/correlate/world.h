// SPDX-License-Identifier: Apache-2.0
#ifndef HS_FUZZ_CORRELATE_WORLD_H
#define HS_FUZZ_CORRELATE_WORLD_H
/*
 * A correlator that knows one set of controls, and has them in force. Threads: one. Ownership: the
 * caller frees the offline.
 */

#include "fuzz/fuzz.h"
#include "hitstream/v1/event.pb-c.h"
#include "support/offline.h"

#define WORLD_AT_MS INT64_C(1768262400000) // 13 January 2026

static inline struct hs_controls *world_controls(void)
{
    const struct hs_controls_file files[] = {
        {HS_STR("cameras.csv"), HS_STR("camera,site,road,force,area,latitude,longitude\n"
                                       "c1,s1,A4,avon,east,51.4,-2.4\n"
                                       "c2,s2,A36,wilts,border,51.3,-2.3\n")},
        {HS_STR("queues.yaml"),
         HS_STR("queues:\n"
                "  room: {owner: avon, kind: live, lists: ['*'], escalate_to: [desk]}\n"
                "  desk: {owner: avon, kind: live, lists: ['*']}\n"
                "  intel: {owner: avon, kind: intelligence, lists: ['*'], default: true}\n"
                "  covert: {owner: avon, kind: intelligence, covert_lists: [covert-a]}\n")},
        {HS_STR("rules.yaml"), HS_STR("")},
    };
    struct hs_diags diags = {0};
    struct hs_controls *controls = NULL;
    fuzz_must(hs_controls_parse(files, sizeof(files) / sizeof(files[0]), &diags, &controls) == 0);
    hs_diags_fini(&diags);
    return controls;
}

static inline void world_apply(struct hs_offline *offline, uint64_t offset,
                               const Hitstream__V1__VehicleEvent *event)
{
    uint8_t packed[256];
    fuzz_must(hitstream__v1__vehicle_event__get_packed_size(event) <= sizeof(packed));
    size_t len = hitstream__v1__vehicle_event__pack(event, packed);
    fuzz_must(hs_offline_apply(offline, offset, WORLD_AT_MS, hs_str_n(packed, len), HS_STR("")) ==
              0);
}

// Owned, its controls in force; its log goes on at offset 2.
static inline struct hs_offline *world_new(struct hs_controls *controls)
{
    struct hs_offline *offline = hs_offline_new();
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__TookOver took = HITSTREAM__V1__TOOK_OVER__INIT;
    Hitstream__V1__ControlsActivated activated = HITSTREAM__V1__CONTROLS_ACTIVATED__INIT;
    hs_offline_know(offline, hs_controls_ref(controls));
    took.at_ms = WORLD_AT_MS;
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_TOOK_OVER;
    event.took_over = &took;
    world_apply(offline, 0, &event);
    activated.hash = (char *)(uintptr_t)hs_controls_hash(controls);
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_CONTROLS_ACTIVATED;
    event.controls_activated = &activated;
    world_apply(offline, 1, &event);
    return offline;
}

#endif
