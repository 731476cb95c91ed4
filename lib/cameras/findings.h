// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CAMERAS_FINDINGS_H
#define HS_CAMERAS_FINDINGS_H
/*
 * What is known to be wrong with which camera, for those who look it up: anpr.cameras as one
 * immutable table.
 *
 * Life: a table is begun from another (or from nothing), put into, and then only read. Threads: one
 * while it is made; then any, published by pointer swap. Ownership: the table owns its rows; a row is
 * valid as long as the table. Bounds: HS_CAMERA_FINDINGS_MAX cameras with faults.
 */

#include "base/str.h"
#include "hitstream/v1/camera.pb-c.h"

enum { HS_CAMERA_FINDINGS_MAX = 65536, HS_CAMERA_FAULTS_MAX = 4 };

struct hs_camera_findings;

// A copy of `from` (NULL: empty). HS_ENOMEM.
int hs_camera_findings_new(const struct hs_camera_findings *from,
                           struct hs_camera_findings **ret_findings);
void hs_camera_findings_free(struct hs_camera_findings *findings); // NULL is legal
// Takes in one record of anpr.cameras: a packed CameraHealth, or nothing for a sound camera. Keys
// that are no cameras (they begin with '/') are passed over. HS_EFORMAT, HS_ELIMIT, HS_ENOMEM:
// nothing changed.
int hs_camera_findings_put(struct hs_camera_findings *findings, struct hs_str camera_id,
                           struct hs_str health);

// NULL: nothing is known to be wrong with it. `findings` may be NULL.
const Hitstream__V1__CameraHealth *hs_camera_findings_get(const struct hs_camera_findings *findings,
                                                          struct hs_str camera_id);
// In no particular order; NULL beyond the last.
const Hitstream__V1__CameraHealth *hs_camera_findings_at(const struct hs_camera_findings *findings,
                                                         size_t index);
size_t hs_camera_findings_count(const struct hs_camera_findings *findings);
// One more than that of the table it was begun from; 0: `findings` is NULL.
uint64_t hs_camera_findings_version(const struct hs_camera_findings *findings);

// "clock", "place", "silent", "collapse".
const char *hs_camera_fault_name(Hitstream__V1__CameraFaultKind kind);
// Its times or its place cannot be relied on: the journeys to and from it are no evidence.
static inline bool hs_camera_fault_misleads(Hitstream__V1__CameraFaultKind kind)
{
    return kind == HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_CLOCK ||
           kind == HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_PLACE;
}
// "its clock is 2 min 5 s ahead", for a person.
void hs_camera_fault_print(const Hitstream__V1__CameraFault *fault, struct hs_buf *out);

#endif
