// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/camera.h"

#include "base/civil.h"
#include "base/error.h"
#include "cameras/findings.h"
#include "correlate/rules/border.h"
#include "correlate/rules/findings.h"
#include "correlate/rules/findings_tell.h"
#include "correlate/rules/standdown.h"

#define PLACE HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_PLACE

enum { FAR_MS = 14400000 }; // a longer journey says nothing of its cameras

bool hs_camera_misleads(const Hitstream__V1__Hit *hit)
{
    for (size_t i = 0; i < hit->n_camera_faults; i++) {
        if (hs_camera_fault_misleads(hit->camera_faults[i]->kind)) {
            return true;
        }
    }
    return false;
}

bool hs_camera_is_misplaced(const Hitstream__V1__Hit *hit)
{
    for (size_t i = 0; i < hit->n_camera_faults; i++) {
        if (hit->camera_faults[i]->kind == PLACE) {
            return true;
        }
    }
    return false;
}

// ------------------------------------------------------------------ observing

static uint64_t vehicle_hash(const struct hs_rule_scope *scope, const struct hs_vehicle *vehicle)
{
    struct hs_id id = hs_id_make(&scope->desk->id_key, "observed vehicle", &vehicle->mark, 1);
    uint64_t hash;
    memcpy(&hash, id.bytes, sizeof(hash));
    return hash;
}

static int tell(struct hs_rule_scope *scope, const Hitstream__V1__CameraJourney *journey,
                const struct hs_id *id)
{
    Hitstream__V1__CameraObservation observation = HITSTREAM__V1__CAMERA_OBSERVATION__INIT;
    observation.observation_case = HITSTREAM__V1__CAMERA_OBSERVATION__OBSERVATION_JOURNEY;
    observation.journey = (Hitstream__V1__CameraJourney *)(uintptr_t)journey;
    size_t len = hitstream__v1__camera_observation__get_packed_size(&observation);
    uint8_t *packed = hs_bump_alloc(scope->bump, len);
    if (!packed) {
        return HS_ENOMEM;
    }
    hitstream__v1__camera_observation__pack(&observation, packed);
    scope->desk->sink.observe(scope->desk->sink.ctx, hs_str(journey->to_site), id,
                              hs_str_n((const char *)packed, len));
    return 0;
}

static int observe(struct hs_rule_scope *scope, const struct hs_vehicle *vehicle,
                   const struct hs_journey_view *view, const struct hs_journey_sighting *from,
                   const struct hs_journey_sighting *to, const struct hs_id *hit)
{
    Hitstream__V1__CameraJourney journey = HITSTREAM__V1__CAMERA_JOURNEY__INIT;
    const struct hs_str cause = hs_str_n((const char *)hit->bytes, HS_ID_BYTES);
    struct hs_id id = hs_id_make(&scope->desk->id_key, "camera journey", &cause, 1);
    const struct hs_road_link *link =
        hs_roads_find(view->roads, hs_str(from->site), hs_str(from->direction), hs_str(to->site));
    journey.observation_id = (ProtobufCBinaryData){HS_ID_BYTES, id.bytes};
    journey.vehicle = vehicle_hash(scope, vehicle);
    journey.from_camera = (char *)(uintptr_t)from->camera; // read only, like the rest
    journey.from_site = (char *)(uintptr_t)from->site;
    journey.to_camera = (char *)(uintptr_t)to->camera;
    journey.to_site = (char *)(uintptr_t)to->site;
    journey.elapsed_ms = to->at_ms - from->at_ms;
    journey.least_ms = hs_journey_least_ms(view, from, to);
    if (link) {
        journey.typical_ms = link->typical_ms[hs_civil_london(from->at_ms).hour];
        journey.spread_pct = link->spread_pct;
    }
    journey.at_ms = to->at_ms;
    journey.elsewhere = (uint32_t)hs_journey_cameras_elsewhere(&vehicle->findings->journey,
                                                               from->camera, to->camera);
    journey.from_late_ms = from->late_ms;
    journey.to_late_ms = to->late_ms;
    return tell(scope, &journey, &id);
}

int hs_camera_on_hit(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                     const Hitstream__V1__Hit *hit)
{
    const struct hs_journey_view view = {.rules = scope->rules,
                                         .roads = hs_controls_roads(scope->desk->controls)};
    struct hs_journey_sighting *heard = &vehicle->findings->journey.heard;
    struct hs_journey_sighting sighting;
    if (!scope->desk->sink.observe || scope->rules->cameras_window_ms == 0 ||
        !hs_journey_sight(&view, hit, &sighting)) {
        return 0;
    }
    int64_t elapsed_ms = sighting.at_ms - heard->at_ms;
    int rc = 0;
    if (*heard->camera && strcmp(heard->site, sighting.site) == 0) {
        return 0; // it is still there: how it came and how it goes on count from its first read
    }
    if (*heard->camera && elapsed_ms >= -FAR_MS && elapsed_ms <= FAR_MS) {
        struct hs_id id;
        memcpy(id.bytes, hit->hit_id.data, HS_ID_BYTES);
        rc = observe(scope, vehicle, &view, heard, &sighting, &id);
    }
    *heard = sighting;
    return rc;
}

// ------------------------------------------------------------------ a camera is wrong

// Contradictions that rest on the camera go, and a clone that rests on nothing else is taken back.
static int take_back_clone(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                           const char *camera, bool *ret_applied)
{
    struct hs_journey *journey = vehicle->findings ? &vehicle->findings->journey : NULL;
    if (!journey || !hs_journey_drop_camera(journey, camera)) {
        return 0;
    }
    *ret_applied = true;
    if (!hs_journey_is_told(journey) || hs_journey_holds(journey)) {
        return 0;
    }
    const struct hs_str parts[] = {hs_str_n((const char *)journey->told.cause.bytes, HS_ID_BYTES),
                                   hs_str(camera)};
    const struct hs_finding_gone gone = {
        .rule = HS_RULE_JOURNEY,
        .by = HS_RULE_CAMERA,
        .told = journey->told.cause,
        .incident = journey->told.incident,
        .cause = hs_id_make(&scope->desk->id_key, "camera finding", parts, 2),
    };
    memset(&journey->told, 0, sizeof(journey->told));
    journey->told_at_ms = 0;
    return hs_finding_take_back(scope, vehicle, &gone);
}

// 'It is there now' was not true. A clock that is off by less than a live read may be late leaves
// it true.
static bool was_told_wrongly(const struct hs_rules *rules, const Hitstream__V1__CameraFault *fault)
{
    return fault->kind == PLACE || fault->offset_ms > rules->live_ms ||
           fault->offset_ms < -rules->live_ms;
}

// The trail says so from now on, and so does whose area it is in.
static void misplace(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                     const Hitstream__V1__CameraFinding *found, bool *ret_applied)
{
    int64_t since_ms = found->fault->since_ms;
    for (size_t i = 0; i < vehicle->ended_count; i++) {
        *ret_applied =
            hs_incident_misplace(vehicle->ended[i], found->camera_id, since_ms) || *ret_applied;
    }
    if (vehicle->open && hs_incident_misplace(vehicle->open, found->camera_id, since_ms)) {
        hs_border_retrace(scope, vehicle->open);
        *ret_applied = true;
    }
}

static int take_back_told(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                          const Hitstream__V1__CameraFinding *found, bool *ret_applied)
{
    int64_t since_ms =
        was_told_wrongly(scope->rules, found->fault) ? found->fault->since_ms : INT64_MAX;
    int rc = vehicle->open ? hs_standdown_camera(scope, vehicle, vehicle->open, found->camera_id,
                                                 since_ms, ret_applied)
                           : 0;
    for (size_t i = vehicle->ended_count; rc == 0 && i > 0; i--) {
        rc = hs_standdown_camera(scope, vehicle, vehicle->ended[i - 1], found->camera_id, since_ms,
                                 ret_applied);
    }
    return rc;
}

int hs_camera_on_finding(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                         const Hitstream__V1__CameraFinding *found, bool *ret_applied)
{
    *ret_applied = false;
    if (!hs_camera_fault_misleads(found->fault->kind)) {
        return 0;
    }
    if (found->fault->kind == PLACE) {
        misplace(scope, vehicle, found, ret_applied);
    }
    int rc = take_back_clone(scope, vehicle, found->camera_id, ret_applied);
    return rc ? rc : take_back_told(scope, vehicle, found, ret_applied);
}
