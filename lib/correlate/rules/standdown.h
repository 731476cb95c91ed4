// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_STANDDOWN_H
#define HS_CORRELATE_RULES_STANDDOWN_H
/*
 * Taking back what desks were told: an entry is withdrawn or weeded, a desk found that it is not
 * this vehicle, another desk sent a unit or stopped it, or has it now, or the camera that saw it was
 * wrong.
 *
 * Every desk that was told, of that entry or of the incident, gets one alert that names the newest
 * alerts it takes back; one that stood down already, or that may no longer receive the entry, gets
 * none. An incident of which no entry is left ends. An entry that comes back on its list in a newer
 * revision is told as another entry.
 *
 * Threads: one at a time. Pure but for the sink.
 */

#include "correlate/rules/scope.h"

#define HS_RULE_STANDDOWN "stand-down"

// What is taken back.
struct hs_taking_back {
    Hitstream__V1__StandDownReason reason;
    uint8_t number;      // of the entry; 0: all that the queue was told of the incident
    struct hs_id cause;  // what led to it
    int64_t at_ms;       // when, by the event
    const char *but_for; // a queue that needs no telling; NULL: none
    const char *camera;  // only what was told on its word; NULL: whatever camera's
    int64_t since_ms;    // and since then
};

// Tells every desk that was told. HS_ENOMEM.
int hs_standdown_tell(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                      struct hs_incident *incident, const struct hs_taking_back *taking);
// One desk alone.
int hs_standdown_tell_one(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                          struct hs_incident *incident, struct hs_str queue,
                          const struct hs_taking_back *taking);
// A camera has been wrong since then (INT64_MAX: not so that it matters): every desk that was told
// on its word is told; one that was told nothing else knows nothing, and is not waited for. Nothing
// rests on the camera any more; *ret_told: something did. HS_ENOMEM.
int hs_standdown_camera(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                        struct hs_incident *incident, const char *camera, int64_t since_ms,
                        bool *ret_told);
// Takes the entry out of the incident, when desks know; ends an incident that has none left.
void hs_standdown_take_out(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                           struct hs_incident *incident, uint8_t number, int64_t at_ms);
// The owner found that the entry stands on its list no more; *ret_applied is false when no incident
// has it. HS_ENOMEM.
int hs_standdown_withdrawn(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                           const Hitstream__V1__EntryWithdrawn *event, bool *ret_applied);
// The end of some entry's weed date. HS_ENOMEM.
int hs_standdown_weed(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                      struct hs_incident *incident, int64_t due_at_ms);
// Sets the timer for the entry that is weeded first.
int hs_standdown_arm(struct hs_vehicle *vehicle, const struct hs_incident *incident);
// Whether a hit's list is not newer than the revision that no longer had the entry.
bool hs_standdown_is_older(const Hitstream__V1__ListInfo *list,
                           const struct hs_incident_entry *entry);

#endif
