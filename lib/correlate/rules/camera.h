// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_CAMERA_H
#define HS_CORRELATE_RULES_CAMERA_H
/*
 * Camera: what a vehicle's journeys say of the cameras, and what a wrong camera means for the vehicle.
 *
 * Each open hit and the one heard before it are a journey between two cameras: how long it took by
 * their clocks, how long it takes at least and usually. That goes to anpr.observations, with a keyed
 * hash in place of the vehicle, and is weighed there with others' (cameras/gather.h). What is heard
 * comes in order of the log, so that a clock that is two hours off still shows: its hits are heard
 * between their neighbours', whatever they say. One vehicle accuses nobody here.
 *
 * Once a camera is found wrong, matchers stamp that on its hits, which are no evidence for journeys,
 * clones and convoys from then on; 'camera finding' reaches each vehicle that contradicts itself
 * there, or of which desks were told on its word: contradictions go, and a clone that was told on
 * their word is taken back from those who were told. So is every sighting that was told since the
 * fault began, among each desk's newest alerts of an incident, if 'it is there now' was not true: a
 * wrong place, or a clock that is off by more than a live read may be late (lateness.live_ms). A
 * desk that was told nothing else is waited for no more. What is told of a camera
 * that is known to be wrong says so, and is not taken back. Trails keep what was seen, and say of a
 * wrong place that it is one; whose area the vehicle is in follows from the other places (border.h).
 *
 * Threads: one at a time. Ownership: plain values. Open lists only.
 */

#include "correlate/rules/scope.h"

#define HS_RULE_CAMERA "camera"

// Whether the hit's camera is known to have a wrong clock or place.
bool hs_camera_misleads(const Hitstream__V1__Hit *hit);
// Whether it is known not to stand where the register has it.
bool hs_camera_is_misplaced(const Hitstream__V1__Hit *hit);
// Tells the sink of the journey from the hit heard before, and remembers this one. The vehicle has
// findings. HS_ENOMEM.
int hs_camera_on_hit(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                     const Hitstream__V1__Hit *hit);
// A camera was found wrong. *ret_applied: it concerned the vehicle. HS_ENOMEM.
int hs_camera_on_finding(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                         const Hitstream__V1__CameraFinding *found, bool *ret_applied);

#endif
