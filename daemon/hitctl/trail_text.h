// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_TRAIL_TEXT_H
#define HITCTL_TRAIL_TEXT_H
/*
 * The state of a vehicle as a person reads it: its incidents, where it was, who was told.
 *
 * Threads: any. Ownership: appends to the caller's buffer.
 */

#include "base/str.h"
#include "hitstream/v1/state.pb-c.h"

// Lines that end with line feeds.
void hitctl_trail_text(const Hitstream__V1__VehicleState *state, struct hs_buf *out);

#endif
