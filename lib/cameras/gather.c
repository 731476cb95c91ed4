// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "cameras/gather_parts.h"

enum { CAMERAS_FIRST = 64 };

int hs_gather_new(const struct hs_gather_sink *sink, struct hs_gather **ret_gather)
{
    struct hs_gather *gather = calloc(1, sizeof(*gather));
    if (!gather) {
        return HS_ENOMEM;
    }
    gather->sink = *sink;
    *ret_gather = gather;
    return 0;
}

void hs_gather_free(struct hs_gather *gather)
{
    if (gather) {
        for (size_t i = 0; i < gather->camera_count; i++) {
            free(gather->cameras[i]);
        }
        free(gather->cameras);
        free(gather->buckets);
        free(gather);
    }
}

void hs_gather_set_terms(struct hs_gather *gather, const struct hs_gather_terms *terms)
{
    if (terms->window_ms != gather->terms.window_ms && gather->terms.window_ms != 0) {
        hs_gather_counts_reset(gather);
    }
    gather->terms = *terms;
}

// ------------------------------------------------------------------ cameras

uint64_t hs_gather_hash(const char *id)
{
    return hs_hash_bytes(id, strlen(id), 0);
}

static size_t bucket_of(const struct hs_gather *gather, uint64_t hash)
{
    size_t at = hash & (gather->bucket_count - 1);
    while (gather->buckets[at] && gather->cameras[gather->buckets[at] - 1]->hash != hash) {
        at = (at + 1) & (gather->bucket_count - 1);
    }
    return at;
}

struct hs_gather_camera *hs_gather_find(const struct hs_gather *gather, uint64_t hash)
{
    uint32_t index = gather->bucket_count > 0 ? gather->buckets[bucket_of(gather, hash)] : 0;
    return index ? gather->cameras[index - 1] : NULL;
}

// Room for one more. False: no memory.
static bool grow(struct hs_gather *gather)
{
    if (gather->camera_count < gather->camera_capacity) {
        return true;
    }
    size_t capacity = gather->camera_capacity ? 2 * gather->camera_capacity : CAMERAS_FIRST;
    struct hs_gather_camera **cameras = realloc(gather->cameras, capacity * sizeof(*cameras));
    uint32_t *buckets = calloc(2 * capacity, sizeof(*buckets));
    gather->cameras = cameras ? cameras : gather->cameras;
    if (!cameras || !buckets) {
        free(buckets);
        return false;
    }
    free(gather->buckets);
    gather->buckets = buckets;
    gather->bucket_count = 2 * capacity;
    gather->camera_capacity = capacity;
    for (size_t i = 0; i < gather->camera_count; i++) {
        gather->buckets[bucket_of(gather, cameras[i]->hash)] = (uint32_t)i + 1;
    }
    return true;
}

struct hs_gather_camera *hs_gather_camera(struct hs_gather *gather, const char *id,
                                          const char *site)
{
    uint64_t hash = hs_gather_hash(id);
    struct hs_gather_camera *camera = hs_gather_find(gather, hash);
    if (!camera) {
        camera = *id && strlen(id) <= HS_GATHER_ID_BYTES && strlen(site) <= HS_GATHER_ID_BYTES &&
                         gather->camera_count < HS_GATHER_CAMERAS_MAX && grow(gather)
                     ? calloc(1, sizeof(*camera))
                     : NULL;
        if (!camera) {
            gather->stats.dropped++;
            return NULL;
        }
        camera->hash = hash;
        camera->group = camera->partition = UINT32_MAX;
        snprintf(camera->id, sizeof(camera->id), "%s", id);
        gather->cameras[gather->camera_count++] = camera;
        gather->buckets[bucket_of(gather, hash)] = (uint32_t)gather->camera_count;
    }
    if (*site && strlen(site) <= HS_GATHER_ID_BYTES && strcmp(site, camera->site) != 0) {
        snprintf(camera->site, sizeof(camera->site), "%s", site);
    }
    return camera;
}

// ------------------------------------------------------------------ faults

bool hs_gather_misleads(const struct hs_gather_camera *camera)
{
    return camera->faults[HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_CLOCK].stands ||
           camera->faults[HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_PLACE].stands;
}

static void fill(Hitstream__V1__CameraFault *row, hs_fault_kind kind, struct hs_gather_fault *from)
{
    hitstream__v1__camera_fault__init(row);
    row->kind = kind;
    row->since_ms = from->since_ms;
    row->found_at_ms = from->found_at_ms;
    row->offset_ms = from->offset_ms;
    row->vehicles = from->vehicles;
    row->cameras = from->cameras;
    row->reads = from->reads;
    row->expected = from->expected;
    row->because = from->because;
}

static void tell(struct hs_gather *gather, struct hs_gather_camera *camera, hs_fault_kind kind,
                 int64_t at_ms)
{
    Hitstream__V1__CameraHealth health = HITSTREAM__V1__CAMERA_HEALTH__INIT;
    Hitstream__V1__CameraFault rows[HS_GATHER_FAULTS];
    Hitstream__V1__CameraFault *pointers[HS_GATHER_FAULTS];
    const Hitstream__V1__CameraFault *changed = NULL;
    for (size_t i = 0; i < HS_GATHER_FAULTS; i++) {
        if (camera->faults[i].stands) {
            Hitstream__V1__CameraFault *row = &rows[health.n_faults];
            fill(row, (hs_fault_kind)i, &camera->faults[i]);
            changed = (hs_fault_kind)i == kind ? row : changed;
            pointers[health.n_faults++] = row;
        }
    }
    health.camera_id = camera->id;
    health.site_id = camera->site;
    health.faults = pointers;
    health.at_ms = at_ms;
    gather->sink.changed(gather->sink.ctx, &health, changed);
}

void hs_gather_found(struct hs_gather *gather, struct hs_gather_camera *camera, hs_fault_kind kind,
                     const struct hs_gather_fault *fault, bool much)
{
    struct hs_gather_fault *stands = &camera->faults[kind];
    bool is_new = !stands->stands;
    if (!is_new && !much) {
        return;
    }
    struct hs_gather_fault now = *fault;
    now.stands = true;
    now.since_ms = is_new ? fault->since_ms : stands->since_ms;
    *stands = now;
    gather->stats.faults[kind] += is_new;
    tell(gather, camera, kind, fault->found_at_ms);
}

void hs_gather_withdraw(struct hs_gather *gather, struct hs_gather_camera *camera,
                        hs_fault_kind kind, int64_t at_ms)
{
    if (camera->faults[kind].stands) {
        memset(&camera->faults[kind], 0, sizeof(camera->faults[kind]));
        gather->stats.faults[kind]--;
        tell(gather, camera, HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_UNSPECIFIED,
             at_ms);
    }
}

// A person found it sound: all that spoke against it is forgotten.
static int clear(struct hs_gather *gather, const Hitstream__V1__CameraCleared *cleared)
{
    struct hs_gather_camera *camera = hs_gather_find(gather, hs_gather_hash(cleared->camera_id));
    if (!camera || cleared->kind <= 0 || (size_t)cleared->kind >= HS_GATHER_FAULTS) {
        return HS_EFORMAT;
    }
    if (cleared->kind == HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_CLOCK ||
        cleared->kind == HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_PLACE) {
        camera->floor_count = camera->sample_count = 0;
    } else {
        hs_gather_rate_reset(camera);
    }
    hs_gather_withdraw(gather, camera, cleared->kind, cleared->at_ms);
    return 0;
}

// ------------------------------------------------------------------ observations

int64_t hs_gather_median(int64_t *values, size_t count)
{
    for (size_t i = 1; i < count; i++) { // few
        int64_t value = values[i];
        size_t at = i;
        for (; at > 0 && values[at - 1] > value; at--) {
            values[at] = values[at - 1];
        }
        values[at] = value;
    }
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

int hs_gather_apply(struct hs_gather *gather, struct hs_str observation)
{
    Hitstream__V1__CameraObservation *message = hitstream__v1__camera_observation__unpack(
        NULL, observation.len, (const uint8_t *)observation.ptr);
    int rc = HS_EFORMAT;
    if (message && gather->terms.window_ms == 0) {
        rc = 0; // switched off
    } else if (message) {
        switch (message->observation_case) {
        case HITSTREAM__V1__CAMERA_OBSERVATION__OBSERVATION_JOURNEY:
            rc = hs_gather_journey(gather, message->journey);
            break;
        case HITSTREAM__V1__CAMERA_OBSERVATION__OBSERVATION_COUNTS:
            rc = hs_gather_counts(gather, message->counts);
            break;
        case HITSTREAM__V1__CAMERA_OBSERVATION__OBSERVATION_CLEARED:
            rc = clear(gather, message->cleared);
            break;
        default:
            break; // of a later version
        }
    }
    hitstream__v1__camera_observation__free_unpacked(message, NULL);
    gather->stats.malformed += rc == HS_EFORMAT;
    return rc;
}

void hs_gather_stats(const struct hs_gather *gather, struct hs_gather_stats *ret_stats)
{
    *ret_stats = gather->stats;
    ret_stats->cameras = gather->camera_count;
    ret_stats->judged_ms = (uint64_t)gather->judged_ms;
}
