// SPDX-License-Identifier: Apache-2.0
//
// All that the gatherer remembers, as one message: what is restored goes on as if nothing had been.
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "cameras/gather_parts.h"

typedef Hitstream__V1__CameraMemory pb_camera; // long names of the contract, short in this file
typedef Hitstream__V1__GatherMemory pb_memory;

static char *text_of(const char *text)
{
    return (char *)(uintptr_t)text; // packing reads only
}

// ------------------------------------------------------------------ packing

// `count` messages of `size` bytes behind as many pointers to them.
static void *rows_of(struct hs_bump *bump, size_t count, size_t size, void ***ret_pointers)
{
    char *rows = hs_bump_alloc(bump, count * size + 1);
    void **pointers = hs_bump_alloc(bump, (count + 1) * sizeof(*pointers));
    if (!rows || !pointers) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        pointers[i] = rows + i * size;
    }
    *ret_pointers = pointers;
    return rows;
}

static bool pack_faults(const struct hs_gather_camera *camera, struct hs_bump *bump, pb_camera *out)
{
    void **pointers;
    Hitstream__V1__CameraFault *rows = rows_of(bump, HS_GATHER_FAULTS, sizeof(*rows), &pointers);
    for (size_t i = 0; rows && i < HS_GATHER_FAULTS; i++) {
        const struct hs_gather_fault *fault = &camera->faults[i];
        if (!fault->stands) {
            continue;
        }
        Hitstream__V1__CameraFault *row = &rows[out->n_faults++];
        hitstream__v1__camera_fault__init(row);
        row->kind = (hs_fault_kind)i;
        row->since_ms = fault->since_ms;
        row->found_at_ms = fault->found_at_ms;
        row->offset_ms = fault->offset_ms;
        row->vehicles = fault->vehicles;
        row->cameras = fault->cameras;
        row->reads = fault->reads;
        row->expected = fault->expected;
        row->because = text_of(fault->because);
    }
    out->faults = rows ? (Hitstream__V1__CameraFault **)pointers : NULL;
    return rows;
}

static bool pack_recent(const struct hs_gather_camera *camera, struct hs_bump *bump, pb_camera *out)
{
    void **pointers;
    Hitstream__V1__CameraCount *rows = rows_of(bump, HS_GATHER_RECENT, sizeof(*rows), &pointers);
    for (size_t i = 0; rows && i < HS_GATHER_RECENT; i++) {
        const struct hs_gather_row *from = &camera->recent[i];
        if (from->used) {
            Hitstream__V1__CameraCount *row = &rows[out->n_recent++];
            hitstream__v1__camera_count__init(row);
            row->window_ms = from->window_ms;
            row->reads = from->reads;
            row->floor_ms = from->floor_ms;
            row->partial = from->partial;
        }
    }
    out->recent = rows ? (Hitstream__V1__CameraCount **)pointers : NULL;
    return rows;
}

static bool pack_samples(const struct hs_gather_camera *camera, struct hs_bump *bump,
                         pb_camera *out)
{
    void **pointers;
    Hitstream__V1__CameraSample *rows =
        rows_of(bump, camera->sample_count, sizeof(*rows), &pointers);
    for (size_t i = 0; rows && i < camera->sample_count; i++) {
        const struct hs_gather_sample *from = &camera->samples[i];
        hitstream__v1__camera_sample__init(&rows[i]);
        rows[i].vehicle = from->vehicle;
        rows[i].other = from->other;
        rows[i].at_ms = from->at_ms;
        rows[i].elapsed_ms = from->elapsed_ms;
        rows[i].typical_ms = from->typical_ms;
        rows[i].offset_ms = from->offset_ms;
        rows[i].deviation_ms = from->deviation_ms;
        rows[i].side = from->side;
        rows[i].impossible = from->impossible;
        rows[i].late = from->late;
        rows[i].fits = from->fits;
    }
    out->samples = rows ? (Hitstream__V1__CameraSample **)pointers : NULL;
    out->n_samples = camera->sample_count;
    return rows;
}

static bool pack_floors(const struct hs_gather_camera *camera, struct hs_bump *bump, pb_camera *out)
{
    out->floors_ms = hs_bump_alloc(bump, sizeof(int64_t) * (HS_GATHER_FLOORS));
    out->floor_windows_ms = hs_bump_alloc(bump, sizeof(int64_t) * (HS_GATHER_FLOORS));
    out->floor_reads = hs_bump_alloc(bump, sizeof(uint32_t) * (HS_GATHER_FLOORS));
    if (!out->floors_ms || !out->floor_windows_ms || !out->floor_reads) {
        return false;
    }
    for (size_t i = 0; i < camera->floor_count; i++) {
        out->floors_ms[i] = camera->floors[i].deviation_ms;
        out->floor_windows_ms[i] = camera->floors[i].window_ms;
        out->floor_reads[i] = camera->floors[i].reads;
    }
    out->n_floors_ms = out->n_floor_windows_ms = out->n_floor_reads = camera->floor_count;
    return true;
}

static bool pack_camera(const struct hs_gather_camera *camera, struct hs_bump *bump, pb_camera *out)
{
    hitstream__v1__camera_memory__init(out);
    out->camera_id = text_of(camera->id);
    out->site_id = text_of(camera->site);
    out->group = camera->group;
    out->partition = camera->partition;
    out->usual_q8 = (uint32_t *)(uintptr_t)camera->usual_q8;
    out->learnt = (uint32_t *)(uintptr_t)camera->learnt;
    out->n_usual_q8 = out->n_learnt = HS_GATHER_HOURS + 1;
    out->fallen_q10 = camera->fallen_q10;
    out->risen_q10 = camera->risen_q10;
    out->fallen_since_ms = camera->fallen_since_ms;
    out->fallen_reads = camera->fallen_reads;
    out->fallen_expected_q8 = camera->fallen_expected_q8;
    out->quiet_since_ms = camera->quiet_since_ms;
    out->quiet_expected_q8 = camera->quiet_expected_q8;
    return pack_faults(camera, bump, out) && pack_recent(camera, bump, out) &&
           pack_samples(camera, bump, out) && pack_floors(camera, bump, out);
}

static bool pack_partitions(const struct hs_gather *gather, struct hs_bump *bump, pb_memory *out)
{
    void **pointers;
    Hitstream__V1__PartitionMemory *rows =
        rows_of(bump, gather->partition_count, sizeof(*rows), &pointers);
    for (size_t i = 0; rows && i < gather->partition_count; i++) {
        hitstream__v1__partition_memory__init(&rows[i]);
        rows[i].partition = gather->partitions[i].number;
        rows[i].read_to_ms = gather->partitions[i].read_to_ms;
        rows[i].newest_ms = gather->partitions[i].newest_ms;
    }
    out->partitions = rows ? (Hitstream__V1__PartitionMemory **)pointers : NULL;
    out->n_partitions = gather->partition_count;
    return rows;
}

static bool pack_time(const struct hs_gather *gather, struct hs_bump *bump, pb_memory *out)
{
    size_t kept = gather->newest_count < HS_GATHER_MIDDLE ? gather->newest_count : HS_GATHER_MIDDLE;
    out->newest_ms = hs_bump_alloc(bump, sizeof(int64_t) * (kept + 1));
    for (size_t i = 0; out->newest_ms && i < kept; i++) {
        size_t at = gather->newest_count - kept + i;
        out->newest_ms[out->n_newest_ms++] = gather->newest_ms[at % HS_GATHER_MIDDLE];
    }
    out->judged_ms = gather->judged_ms;
    out->window_ms = gather->terms.window_ms;
    out->live = gather->live;
    return out->newest_ms;
}

static bool pack_groups(const struct hs_gather *gather, struct hs_bump *bump, pb_memory *out)
{
    out->groups = hs_bump_alloc(bump, sizeof(char *) * (gather->group_count + 1));
    for (size_t i = 0; out->groups && i < gather->group_count; i++) {
        out->groups[out->n_groups++] = text_of(gather->groups[i].name);
    }
    return out->groups;
}

int hs_gather_pack(const struct hs_gather *gather, struct hs_buf *out)
{
    pb_memory memory = HITSTREAM__V1__GATHER_MEMORY__INIT;
    struct hs_bump bump = {0};
    void **pointers;
    pb_camera *rows = rows_of(&bump, gather->camera_count, sizeof(*rows), &pointers);
    bool good = rows && pack_groups(gather, &bump, &memory) &&
                pack_partitions(gather, &bump, &memory) && pack_time(gather, &bump, &memory);
    for (size_t i = 0; good && i < gather->camera_count; i++) {
        good = pack_camera(gather->cameras[i], &bump, &rows[i]);
    }
    if (good) {
        memory.cameras = (pb_camera **)pointers;
        memory.n_cameras = gather->camera_count;
        char *room =
            hs_buf_reserve(out, hitstream__v1__gather_memory__get_packed_size(&memory) + 1);
        good = room != NULL;
        out->len += good ? hitstream__v1__gather_memory__pack(&memory, (uint8_t *)room) : 0;
    }
    hs_bump_fini(&bump);
    return good ? 0 : HS_ENOMEM;
}

// ------------------------------------------------------------------ restoring

static void restore_faults(struct hs_gather *gather, struct hs_gather_camera *camera,
                           const pb_camera *from)
{
    for (size_t i = 0; i < from->n_faults; i++) {
        const Hitstream__V1__CameraFault *row = from->faults[i];
        if (row->kind <= 0 || (size_t)row->kind >= HS_GATHER_FAULTS) {
            continue;
        }
        struct hs_gather_fault *fault = &camera->faults[row->kind];
        *fault = (struct hs_gather_fault){
            .stands = true,
            .since_ms = row->since_ms,
            .found_at_ms = row->found_at_ms,
            .offset_ms = row->offset_ms,
            .vehicles = row->vehicles,
            .cameras = row->cameras,
            .reads = row->reads,
            .expected = row->expected,
        };
        snprintf(fault->because, sizeof(fault->because), "%s", row->because);
        gather->stats.faults[row->kind]++;
    }
}

static void restore_samples(struct hs_gather_camera *camera, const pb_camera *from)
{
    for (size_t i = 0; i < from->n_samples && i < HS_GATHER_SAMPLES; i++) {
        const Hitstream__V1__CameraSample *row = from->samples[i];
        camera->samples[camera->sample_count++] = (struct hs_gather_sample){
            .vehicle = row->vehicle,
            .other = row->other,
            .at_ms = row->at_ms,
            .elapsed_ms = row->elapsed_ms,
            .typical_ms = row->typical_ms,
            .offset_ms = row->offset_ms,
            .deviation_ms = row->deviation_ms,
            .side = row->side == HS_SIDE_OUT ? HS_SIDE_OUT : HS_SIDE_IN,
            .impossible = row->impossible,
            .late = row->late,
            .fits = row->fits,
        };
    }
}

static void restore_rows(struct hs_gather_camera *camera, const pb_camera *from)
{
    for (size_t i = 0; i < from->n_recent && i < HS_GATHER_RECENT; i++) {
        camera->recent[i] = (struct hs_gather_row){
            .window_ms = from->recent[i]->window_ms,
            .reads = from->recent[i]->reads,
            .floor_ms = from->recent[i]->floor_ms,
            .partial = from->recent[i]->partial,
            .used = true,
        };
    }
    for (size_t i = 0; i < from->n_floors_ms && i < from->n_floor_reads &&
                       i < from->n_floor_windows_ms && i < HS_GATHER_FLOORS;
         i++) {
        camera->floors[camera->floor_count++] = (struct hs_gather_floor){
            from->floor_windows_ms[i], from->floors_ms[i], from->floor_reads[i]};
    }
    for (size_t i = 0; i < from->n_usual_q8 && i < from->n_learnt && i <= HS_GATHER_HOURS; i++) {
        camera->usual_q8[i] = from->usual_q8[i];
        camera->learnt[i] = from->learnt[i];
    }
}

static int restore_camera(struct hs_gather *gather, const pb_camera *from)
{
    struct hs_gather_camera *camera = hs_gather_camera(gather, from->camera_id, from->site_id);
    if (!camera) {
        return HS_EFORMAT;
    }
    bool counted = from->group < gather->group_count && from->partition < gather->partition_count;
    camera->group = counted ? from->group : UINT32_MAX;
    camera->partition = counted ? from->partition : UINT32_MAX;
    camera->fallen_q10 = from->fallen_q10;
    camera->risen_q10 = from->risen_q10;
    camera->fallen_since_ms = from->fallen_since_ms;
    camera->fallen_reads = from->fallen_reads;
    camera->fallen_expected_q8 = from->fallen_expected_q8;
    camera->quiet_since_ms = from->quiet_since_ms;
    camera->quiet_expected_q8 = from->quiet_expected_q8;
    restore_faults(gather, camera, from);
    restore_rows(camera, from);
    restore_samples(camera, from);
    return 0;
}

static int restore_all(struct hs_gather *gather, const pb_memory *memory)
{
    if (memory->n_groups > HS_GATHER_GROUPS_MAX ||
        memory->n_partitions > HS_GATHER_PARTITIONS_MAX || memory->n_newest_ms > HS_GATHER_MIDDLE) {
        return HS_EFORMAT;
    }
    for (size_t i = 0; i < memory->n_groups; i++) {
        snprintf(gather->groups[gather->group_count++].name, sizeof(gather->groups[0].name), "%s",
                 memory->groups[i]);
    }
    for (size_t i = 0; i < memory->n_partitions; i++) {
        gather->partitions[gather->partition_count++] = (struct hs_gather_partition){
            memory->partitions[i]->partition, memory->partitions[i]->read_to_ms,
            memory->partitions[i]->newest_ms};
    }
    for (size_t i = 0; i < memory->n_newest_ms; i++) {
        gather->newest_ms[gather->newest_count++] = memory->newest_ms[i];
    }
    gather->judged_ms = memory->judged_ms;
    gather->live = memory->live;
    gather->terms.window_ms = memory->window_ms;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < memory->n_cameras; i++) {
        rc = restore_camera(gather, memory->cameras[i]);
    }
    return rc;
}

int hs_gather_restore(struct hs_gather *gather, struct hs_str memory)
{
    pb_memory *message =
        hitstream__v1__gather_memory__unpack(NULL, memory.len, (const uint8_t *)memory.ptr);
    int rc = message ? restore_all(gather, message) : HS_EFORMAT;
    hitstream__v1__gather_memory__free_unpacked(message, NULL);
    return rc;
}
