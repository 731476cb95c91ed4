// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/camera_found.h"

#include <stdio.h>
#include <stdlib.h>

#include "cameras/findings.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstreamd/correlate_metrics.h"
#include "hitstreamd/correlate_partition.h"
#include "wire/audience.h"

enum {
    GAP_MS = 200,       // between two walks
    AGAIN_MS = 60000,   // also when nothing changed: hits that matched before come later
    VEHICLE_BYTES = 64, // of a mark; a longer one has no journeys
    CAMERA_BYTES = 80,  // as the core keeps them
};

// A vehicle that a wrong camera concerns, found in the read section.
struct concerned {
    char vehicle[VEHICLE_BYTES];
    char camera[CAMERA_BYTES];
    Hitstream__V1__CameraFaultKind kind;
    int64_t since_ms;
    int64_t offset_ms;
};

struct hs_camera_found {
    uint64_t version; // of the table that the last walk, or the running one, began with; 0: none
    bool walking;
    size_t cursor;
    int64_t begun_at_ms;   // boot time
    int64_t hold_until_ms; // boot time: a stretch had more than fits into a round
    struct concerned rows[HS_CAMERA_FOUND_AT_ONCE]; // of this round
    size_t count;
};

struct hs_camera_found *hs_camera_found_new(void)
{
    return calloc(1, sizeof(struct hs_camera_found));
}

void hs_camera_found_free(struct hs_camera_found *found)
{
    free(found);
}

void hs_camera_found_reset(struct hs_camera_found *found)
{
    *found = (struct hs_camera_found){.version = 0};
}

// ---- looking ----

struct look {
    struct hs_camera_found *found;
    const struct hs_camera_findings *table;
};

static const Hitstream__V1__CameraFault *misleading(const Hitstream__V1__CameraHealth *health)
{
    for (size_t i = 0; health && i < health->n_faults; i++) {
        if (hs_camera_fault_misleads(health->faults[i]->kind)) {
            return health->faults[i];
        }
    }
    return NULL;
}

static bool is_listed(const struct hs_camera_found *found, const struct hs_standing_clash *clash)
{
    for (size_t i = found->count; i > 0; i--) { // of one vehicle they come together
        const struct concerned *row = &found->rows[i - 1];
        if (!hs_str_is(clash->vehicle, row->vehicle)) {
            return false;
        }
        if (hs_str_is(clash->camera, row->camera)) {
            return true;
        }
    }
    return false;
}

static int on_clash(void *ctx, const struct hs_standing_clash *clash)
{
    const struct look *look = ctx;
    struct hs_camera_found *found = look->found;
    const Hitstream__V1__CameraFault *fault =
        misleading(hs_camera_findings_get(look->table, clash->camera));
    if (!fault || clash->vehicle.len >= VEHICLE_BYTES || clash->camera.len >= CAMERA_BYTES ||
        is_listed(found, clash)) {
        return 0;
    }
    if (found->count == HS_CAMERA_FOUND_AT_ONCE) {
        return 1; // the same stretch again in the next round
    }
    struct concerned *row = &found->rows[found->count++];
    snprintf(row->vehicle, sizeof(row->vehicle), "%.*s", (int)clash->vehicle.len,
             clash->vehicle.ptr);
    snprintf(row->camera, sizeof(row->camera), "%.*s", (int)clash->camera.len, clash->camera.ptr);
    row->kind = fault->kind;
    row->since_ms = fault->since_ms;
    row->offset_ms = fault->offset_ms;
    return 0;
}

// ---- telling ----

static void append(struct hs_part *part, struct concerned *row, int64_t wall_ms)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__CameraFinding finding = HITSTREAM__V1__CAMERA_FINDING__INIT;
    Hitstream__V1__CameraFault fault = HITSTREAM__V1__CAMERA_FAULT__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    struct hs_buf packed = {0};
    audience.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
    fault.kind = row->kind;
    fault.since_ms = row->since_ms;
    fault.offset_ms = row->offset_ms;
    finding.audience = &audience;
    finding.camera_id = row->camera;
    finding.fault = &fault;
    finding.at_ms = wall_ms;
    event.vehicle = row->vehicle;
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_CAMERA_FINDING;
    event.camera_finding = &finding;
    char *room = hs_buf_reserve(&packed, hitstream__v1__vehicle_event__get_packed_size(&event));
    if (room) {
        packed.len = hitstream__v1__vehicle_event__pack(&event, (uint8_t *)room);
        hs_part_append(part, HS_OUT_EVENT, hs_str(row->vehicle), hs_buf_str(&packed));
    }
    hs_buf_fini(&packed);
}

// ---- the walk ----

static void walk(struct hs_part *part, const struct look *look, int64_t boot_ms)
{
    struct hs_camera_found *found = look->found;
    size_t cursor = found->cursor;
    int rc = hs_correlator_clashes_from(part->correlator, &cursor, HS_CAMERA_FOUND_STEP, on_clash,
                                        (void *)(uintptr_t)look);
    if (rc == 0) {
        found->cursor = cursor;
        found->walking = cursor != 0;
    } else { // the same stretch again, when what was found has been read back
        found->hold_until_ms = boot_ms + GAP_MS;
    }
}

void hs_camera_found_step(struct hs_part *part, int64_t boot_ms, int64_t wall_ms)
{
    struct hs_rcu_slot *slot = part->stage->config.health;
    struct hs_camera_found *found = part->camera_found;
    if (!slot || boot_ms < found->hold_until_ms ||
        (!found->walking && boot_ms - found->begun_at_ms < GAP_MS)) {
        return;
    }
    struct look look = {.found = found};
    found->count = 0;
    hs_rcu_read_lock();
    look.table = hs_rcu_dereference(slot);
    uint64_t version = hs_camera_findings_version(look.table);
    bool changed = version != found->version || boot_ms - found->begun_at_ms >= AGAIN_MS;
    if (!found->walking && changed && hs_camera_findings_count(look.table) > 0) {
        found->version = version;
        found->walking = true;
        found->cursor = 0;
        found->begun_at_ms = boot_ms;
    }
    if (found->walking) {
        walk(part, &look, boot_ms);
    }
    hs_rcu_read_unlock();
    for (size_t i = 0; i < found->count && part->state == HS_PART_RUNNING; i++) {
        append(part, &found->rows[i], wall_ms);
    }
    hs_metric_add(part->stage->metrics->camera_events, found->count);
}
