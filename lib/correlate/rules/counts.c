// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/counts.h"

#include <stdlib.h>

#include "correlate/rules/standdown.h"

typedef Hitstream__V1__Hit pb_hit; // long name of the contract, short in this file

// The entry as it was last hit or withdrawn, whichever incident has it.
static const struct hs_incident_entry *known_entry(const struct hs_vehicle *vehicle,
                                                   const pb_hit *hit)
{
    const struct hs_incident_entry *entry =
        vehicle->open ? hs_incident_entry(vehicle->open, hit->list->list_id, hit->entry->entry_id)
                      : NULL;
    for (size_t i = vehicle->ended_count; !entry && i > 0; i--) {
        entry = hs_incident_entry(vehicle->ended[i - 1], hit->list->list_id, hit->entry->entry_id);
    }
    return entry;
}

static bool is_second_sensor(const struct hs_rules *rules, const struct hs_incident_entry *entry,
                             const pb_hit *hit, int64_t at_ms)
{
    return entry->last_place && llabs(at_ms - entry->last_at_ms) < rules->same_read_ms &&
           strcmp(hs_place_of(entry->last_place)->site_id, hit->place->site_id) == 0;
}

static bool withdrew(const struct hs_incident *incident, const pb_hit *hit)
{
    const struct hs_incident_entry *entry =
        hs_incident_entry(incident, hit->list->list_id, hit->entry->entry_id);
    return entry && entry->withdrawn != 0 && hs_standdown_is_older(hit->list, entry);
}

bool hs_hit_is_withdrawn(const struct hs_vehicle *vehicle, const pb_hit *hit)
{
    bool withdrawn = vehicle->open && withdrew(vehicle->open, hit);
    for (size_t i = 0; !withdrawn && i < vehicle->ended_count; i++) {
        withdrawn =
            withdrew(vehicle->ended[i], hit); // put back on its list, it stands in a later one
    }
    return withdrawn;
}

bool hs_hit_counts_for_nothing(struct hs_rule_scope *scope, const struct hs_vehicle *vehicle,
                               const pb_hit *hit, int64_t at_ms)
{
    struct hs_correlator_stats *stats = scope->stats;
    const struct hs_incident_entry *entry = known_entry(vehicle, hit);
    if (hs_vehicle_excludes(vehicle, hit->list->list_id, hit->entry->entry_id, hit->read_vrm,
                            at_ms)) {
        stats->excluded_hits++;
        return true;
    }
    if (hs_hit_is_withdrawn(vehicle, hit)) {
        stats->withdrawn_hits++;
        return true;
    }
    if (entry && is_second_sensor(scope->rules, entry, hit, at_ms)) {
        stats->second_sensor++;
        return true;
    }
    return false;
}
