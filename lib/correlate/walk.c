// SPDX-License-Identifier: Apache-2.0
//
// What stands in the states, for the edges that compare it with Redis.
#include "correlate/core.h"
#include "correlate/rules/findings.h"

static void take_revision(const Hitstream__V1__ListInfo *list, struct hs_standing_entry *ret)
{
    ret->generation = list->revision ? list->revision->generation : 0;
    ret->sequence = list->revision ? list->revision->sequence : 0;
}

// The incident at a place of the walk: the open one first, then the last ended ones.
static const struct hs_incident *incident_at(const struct hs_vehicle *vehicle, size_t index)
{
    size_t open = vehicle->open ? 1 : 0;
    return index < open ? vehicle->open : vehicle->ended[vehicle->ended_count - 1 - (index - open)];
}

// Whether an earlier incident in the order of the walk has the entry.
static bool was_seen(const struct hs_vehicle *vehicle, size_t incidents,
                     const struct hs_incident_entry *entry)
{
    for (size_t i = 0; i < incidents; i++) {
        const struct hs_incident_entry *held = hs_incident_entry(
            incident_at(vehicle, i), hs_list_of(entry)->list_id, hs_entry_of(entry)->entry_id);
        if (held && hs_incident_entry_stands(held)) {
            return true;
        }
    }
    return false;
}

static int walk_entries(const struct hs_vehicle *vehicle,
                        int (*fn)(void *ctx, const struct hs_standing_entry *entry), void *ctx)
{
    size_t count = vehicle->ended_count + (vehicle->open ? 1 : 0);
    for (size_t i = 0; i < count; i++) {
        const struct hs_incident *incident = incident_at(vehicle, i);
        for (size_t e = 0; e < incident->entry_count; e++) {
            const struct hs_incident_entry *entry = &incident->entries[e];
            if (!hs_incident_entry_stands(entry) || was_seen(vehicle, i, entry)) {
                continue;
            }
            struct hs_standing_entry standing = {
                .vehicle = vehicle->mark,
                .audience = vehicle->audience,
                .list_id = hs_str(hs_list_of(entry)->list_id),
                .entry_id = hs_str(hs_entry_of(entry)->entry_id),
                .weed_date = hs_entry_of(entry)->weed_date,
            };
            take_revision(hs_list_of(entry), &standing);
            int rc = fn(ctx, &standing);
            if (rc != 0) {
                return rc;
            }
        }
    }
    return 0;
}

// What the caller gets of each vehicle; one of the two.
struct walk {
    int (*entry)(void *ctx, const struct hs_standing_entry *entry);
    int (*clash)(void *ctx, const struct hs_standing_clash *clash);
    void *ctx;
};

// Cameras on whose word a desk was told, of the newest alerts of an incident.
static int walk_told(const struct hs_vehicle *vehicle, const struct hs_incident *incident,
                     int (*fn)(void *ctx, const struct hs_standing_clash *clash), void *ctx)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < incident->told_count; i++) {
        const struct hs_told *told = &incident->told[i];
        for (size_t k = 0; rc == 0 && k < told->recent_count; k++) {
            if (told->recent[k].place) {
                const struct hs_standing_clash standing = {
                    .vehicle = vehicle->mark,
                    .audience = vehicle->audience,
                    .camera = hs_str(hs_place_of(told->recent[k].place)->camera_id),
                };
                rc = fn(ctx, &standing);
            }
        }
    }
    return rc;
}

static int walk_clashes(const struct hs_vehicle *vehicle,
                        int (*fn)(void *ctx, const struct hs_standing_clash *clash), void *ctx)
{
    const struct hs_journey *journey = vehicle->findings ? &vehicle->findings->journey : NULL;
    int rc = 0;
    for (size_t i = 0; rc == 0 && journey && i < 2 * journey->clash_count; i++) {
        const struct hs_standing_clash standing = {
            .vehicle = vehicle->mark,
            .audience = vehicle->audience,
            .camera = hs_str(journey->clashes[i / 2].cameras[i % 2]),
        };
        rc = fn(ctx, &standing);
    }
    rc = rc == 0 && vehicle->open ? walk_told(vehicle, vehicle->open, fn, ctx) : rc;
    for (size_t i = 0; rc == 0 && i < vehicle->ended_count; i++) {
        rc = walk_told(vehicle, vehicle->ended[i], fn, ctx);
    }
    return rc;
}

// Bucket by bucket: where the table has doubled in between, what moved lies ahead.
static int walk_from(const struct hs_vehicle_table *table, size_t *cursor, size_t max,
                     const struct walk *walk)
{
    size_t walked = 0, bucket = *cursor;
    int rc = 0;
    for (; rc == 0 && bucket < table->bucket_count && walked < max; bucket++) {
        const struct hs_vehicle *vehicle = table->buckets[bucket];
        for (; rc == 0 && vehicle; vehicle = vehicle->next_in_bucket, walked++) {
            rc = walk->entry ? walk_entries(vehicle, walk->entry, walk->ctx)
                             : walk_clashes(vehicle, walk->clash, walk->ctx);
        }
        walked += walked == 0; // empty places are looked at, too
    }
    *cursor = bucket < table->bucket_count ? bucket : 0;
    return rc;
}

int hs_correlator_entries_from(const struct hs_correlator *correlator, size_t *cursor, size_t max,
                               int (*fn)(void *ctx, const struct hs_standing_entry *entry),
                               void *ctx)
{
    const struct walk walk = {.entry = fn, .ctx = ctx};
    return walk_from(&correlator->vehicles, cursor, max, &walk);
}

int hs_correlator_clashes_from(const struct hs_correlator *correlator, size_t *cursor, size_t max,
                               int (*fn)(void *ctx, const struct hs_standing_clash *clash),
                               void *ctx)
{
    const struct walk walk = {.clash = fn, .ctx = ctx};
    return walk_from(&correlator->vehicles, cursor, max, &walk);
}

struct hs_pending_exclusion hs_exclusion_view(const struct hs_vehicle *vehicle,
                                              const struct hs_exclusion *exclusion)
{
    return (struct hs_pending_exclusion){
        .feedback = exclusion->feedback,
        .vehicle = vehicle->mark,
        .audience = vehicle->audience,
        .list_id = hs_str(exclusion->list_id),
        .entry_id = hs_str(exclusion->entry_id),
        .plate = hs_str(exclusion->plate),
        .person = hs_str(exclusion->person),
        .queue = hs_str(exclusion->queue),
        .note = hs_str(exclusion->note),
        .expires_at_ms = exclusion->expires_at_ms,
    };
}

int hs_correlator_each_exclusion(const struct hs_correlator *correlator,
                                 int (*fn)(void *ctx, const struct hs_pending_exclusion *exclusion),
                                 void *ctx)
{
    int rc = 0;
    const struct hs_vehicle *vehicle = correlator->vehicles.oldest;
    for (; rc == 0 && vehicle; vehicle = vehicle->newer) {
        for (size_t i = 0; rc == 0 && i < vehicle->exclusion_count; i++) {
            if (!vehicle->exclusions[i].stored) {
                struct hs_pending_exclusion view =
                    hs_exclusion_view(vehicle, &vehicle->exclusions[i]);
                rc = fn(ctx, &view);
            }
        }
    }
    return rc;
}
