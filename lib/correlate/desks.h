// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_DESKS_H
#define HS_CORRELATE_DESKS_H
/*
 * What one queue may know of an incident: only the entries whose list and handling it may receive.
 * So no list's priority or harm shows at a desk that may not know the list.
 *
 * Threads: any. Pure; borrows.
 */

#include "controls/controls.h"
#include "correlate/vehicle_state.h"

// An incident as one queue may see it.
struct hs_view {
    size_t entries;                           // that stand and it may receive
    Hitstream__V1__Priority priority;         // the highest of them, raised by places unattended
    Hitstream__V1__Safeguarding safeguarding; // the most serious
    uint32_t harm_score;                      // the worst
    const struct hs_incident_entry *worst; // of highest priority, the one told last among equals;
                                           // NULL: none
};

// Whether the queue may receive the entry, wherever the vehicle is, operations apart.
bool hs_desk_may_receive(const struct hs_queue *queue, const struct hs_vehicle *vehicle,
                         const struct hs_incident_entry *entry);
// The same, or it was told of it, by an operation for instance; of a covert list only a desk of its
// owner may know.
bool hs_desk_may_know_entry(const struct hs_queue *queue, const struct hs_vehicle *vehicle,
                            const struct hs_incident *incident,
                            const struct hs_incident_entry *entry);
// `queue` NULL: all entries, for the open alerts that no route permits. `also` is the number of an
// entry of which it is being told; 0: none.
struct hs_view hs_desk_view(const struct hs_rules *rules, const struct hs_vehicle *vehicle,
                            const struct hs_incident *incident, const struct hs_queue *queue,
                            uint8_t also);
// Whether one desk may know of another's part in the incident: some entry both may receive.
bool hs_desk_may_know(const struct hs_queue *queue, const struct hs_queue *other,
                      const struct hs_vehicle *vehicle, const struct hs_incident *incident);

#endif
