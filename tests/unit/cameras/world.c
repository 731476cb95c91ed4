// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void on_changed(void *ctx, const Hitstream__V1__CameraHealth *health,
                       const Hitstream__V1__CameraFault *fault)
{
    struct world *world = ctx;
    struct hs_buf packed = {0};
    (void)fault;
    char *room = hs_buf_reserve(&packed, 4096);
    assert_non_null(room);
    packed.len = hitstream__v1__camera_health__pack(health, (uint8_t *)room);
    hs_buf_add_text(&world->log, health->camera_id);
    hs_buf_add_str(&world->log, hs_buf_str(&packed));
    assert_int_equal(
        hs_camera_findings_put(world->known, hs_str(health->camera_id), hs_buf_str(&packed)), 0);
    world->told++;
    hs_buf_fini(&packed);
}

void world_open(struct world *world)
{
    const struct hs_gather_sink sink = {world, on_changed};
    const struct hs_gather_terms terms = {.window_ms = WINDOW, .clock_ms = 10000, .vehicles = 5};
    *world = (struct world){.read_to_ms = MONDAY};
    assert_int_equal(hs_gather_new(&sink, &world->gather), 0);
    assert_int_equal(hs_camera_findings_new(NULL, &world->known), 0);
    hs_gather_set_terms(world->gather, &terms);
}

void world_close(struct world *world)
{
    hs_gather_free(world->gather);
    hs_camera_findings_free(world->known);
    hs_buf_fini(&world->log);
}

static void apply(struct world *world, Hitstream__V1__CameraObservation *observation)
{
    struct hs_buf packed = {0};
    char *room =
        hs_buf_reserve(&packed, hitstream__v1__camera_observation__get_packed_size(observation));
    assert_non_null(room);
    packed.len = hitstream__v1__camera_observation__pack(observation, (uint8_t *)room);
    assert_int_equal(hs_gather_apply(world->gather, hs_buf_str(&packed)), 0);
    hs_buf_fini(&packed);
}

void world_journey(struct world *world, const struct trip *trip)
{
    Hitstream__V1__CameraObservation observation = HITSTREAM__V1__CAMERA_OBSERVATION__INIT;
    Hitstream__V1__CameraJourney journey = HITSTREAM__V1__CAMERA_JOURNEY__INIT;
    journey.vehicle = trip->vehicle;
    journey.from_camera = journey.from_site = (char *)(uintptr_t)trip->from;
    journey.to_camera = journey.to_site = (char *)(uintptr_t)trip->to;
    journey.elapsed_ms = trip->elapsed_s * 1000;
    journey.least_ms = trip->least_s * 1000;
    journey.typical_ms = trip->typical_s * 1000;
    journey.spread_pct = 10;
    journey.at_ms = trip->at_ms;
    journey.elsewhere = trip->elsewhere;
    observation.observation_case = HITSTREAM__V1__CAMERA_OBSERVATION__OBSERVATION_JOURNEY;
    observation.journey = &journey;
    apply(world, &observation);
}

void world_counts(struct world *world, uint32_t partition, const struct reads *rows, size_t count)
{
    Hitstream__V1__CameraObservation observation = HITSTREAM__V1__CAMERA_OBSERVATION__INIT;
    Hitstream__V1__CameraCounts counts = HITSTREAM__V1__CAMERA_COUNTS__INIT;
    Hitstream__V1__CameraCount messages[64];
    Hitstream__V1__CameraCount *pointers[64];
    assert_true(count <= 64);
    for (size_t i = 0; i < count; i++) {
        hitstream__v1__camera_count__init(&messages[i]);
        messages[i].camera_id = messages[i].site_id = (char *)(uintptr_t)rows[i].camera;
        messages[i].force = (char *)(uintptr_t) "northvale";
        messages[i].window_ms = rows[i].window_ms;
        messages[i].reads = rows[i].reads;
        messages[i].floor_ms = rows[i].floor_ms;
        pointers[i] = &messages[i];
    }
    counts.partition = partition;
    counts.read_to_ms = world->read_to_ms;
    counts.window_ms = WINDOW;
    counts.rows = pointers;
    counts.n_rows = count;
    observation.observation_case = HITSTREAM__V1__CAMERA_OBSERVATION__OBSERVATION_COUNTS;
    observation.counts = &counts;
    apply(world, &observation);
}

void world_clear(struct world *world, const char *camera, Hitstream__V1__CameraFaultKind kind,
                 int64_t at_ms)
{
    Hitstream__V1__CameraObservation observation = HITSTREAM__V1__CAMERA_OBSERVATION__INIT;
    Hitstream__V1__CameraCleared cleared = HITSTREAM__V1__CAMERA_CLEARED__INIT;
    cleared.camera_id = (char *)(uintptr_t)camera;
    cleared.kind = kind;
    cleared.at_ms = at_ms;
    observation.observation_case = HITSTREAM__V1__CAMERA_OBSERVATION__OBSERVATION_CLEARED;
    observation.cleared = &cleared;
    apply(world, &observation);
}

const Hitstream__V1__CameraFault *world_fault(const struct world *world, const char *camera,
                                              Hitstream__V1__CameraFaultKind kind)
{
    const Hitstream__V1__CameraHealth *health =
        hs_camera_findings_get(world->known, hs_str(camera));
    for (size_t i = 0; health && i < health->n_faults; i++) {
        if (health->faults[i]->kind == kind) {
            return health->faults[i];
        }
    }
    return NULL;
}

size_t world_accused(const struct world *world)
{
    return hs_camera_findings_count(world->known);
}
