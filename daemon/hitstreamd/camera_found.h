// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_CAMERA_FOUND_H
#define HITSTREAMD_CAMERA_FOUND_H
/*
 * Once a camera is found wrong, what was told on its word is taken back: the owner of a partition
 * looks, whenever what is known of cameras changed and after taking over, at the vehicles that
 * contradict themselves at one, and appends 'camera finding' for each that a camera with a wrong
 * clock or place concerns.
 *
 * What was appended and not yet read back may be appended again: the core applies it once. Threads:
 * the stage's, which is registered with RCU. Ownership: a part owns its walk. Bounds:
 * HS_CAMERA_FOUND_STEP vehicles a round, HS_CAMERA_FOUND_AT_ONCE events a round.
 */

#include "hitstreamd/correlate_parts.h"

enum { HS_CAMERA_FOUND_STEP = 2000, HS_CAMERA_FOUND_AT_ONCE = 200 };

struct hs_camera_found;

// NULL: out of memory.
struct hs_camera_found *hs_camera_found_new(void);
void hs_camera_found_free(struct hs_camera_found *found);
// The part was taken over anew: every vehicle is looked at.
void hs_camera_found_reset(struct hs_camera_found *found);
// Once a round, for a part that runs and has caught up.
void hs_camera_found_step(struct hs_part *part, int64_t boot_ms, int64_t wall_ms);

#endif
