// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CAMERAS_COUNTER_H
#define HS_CAMERAS_COUNTER_H
/*
 * How many reads each camera made in each window of event time, and how soon the quickest of them
 * came into the log: what matchers see and nobody else.
 *
 * For the hot path: one lookup a read, none where the read before was the same camera's; no lock,
 * no allocation, no clock; one cache line, where the id has at most 37 bytes. A window is finished when its camera begins the next one by its own
 * clock; the first one of a camera since the counting began is partial, for nobody knows what came
 * before it. A read of an earlier window counts in the running one; but
 * HS_CAMERA_COUNTER_BACK of them in a row that are more than a window behind mean that the clock was
 * set back: windows go on there.
 *
 * Threads: one. Ownership: plain; the table is made once. Bounds: `cameras_max`; reads of further
 * ones are not counted (hs_camera_counter_dropped).
 */

#include "base/str.h"

enum {
    HS_CAMERA_COUNTER_DEFAULT = 16384,
    HS_CAMERA_COUNTER_ID_BYTES = 64,
    HS_CAMERA_COUNTER_BACK = 8,
};

struct hs_camera_counter;

// A finished window. Borrowed for the call.
struct hs_camera_window {
    struct hs_str camera_id;
    int32_t partition;
    int64_t window_ms; // its begin
    uint32_t reads;
    int64_t floor_ms; // least LogAppendTime less captured-at
    bool partial;
};
typedef void hs_camera_finished(void *ctx, const struct hs_camera_window *window);

// HS_ENOMEM.
int hs_camera_counter_new(size_t cameras_max, hs_camera_finished *finished, void *ctx,
                          struct hs_camera_counter **ret_counter);
void hs_camera_counter_free(struct hs_camera_counter *counter); // NULL is legal
// From here on windows are so long, counted anew; 0: nothing is counted.
void hs_camera_counter_set_window(struct hs_camera_counter *counter, int64_t window_ms);
// Forgets all counts: partitions come, go, or are read again.
void hs_camera_counter_reset(struct hs_camera_counter *counter);
// A read of this camera will be added soon: what is counted of it is on the way.
void hs_camera_counter_expect(const struct hs_camera_counter *counter, struct hs_str camera_id);
void hs_camera_counter_add(struct hs_camera_counter *counter, int32_t partition,
                           struct hs_str camera_id, int64_t captured_at_ms, int64_t appended_at_ms);
size_t hs_camera_counter_count(const struct hs_camera_counter *counter);
uint64_t hs_camera_counter_dropped(const struct hs_camera_counter *counter);

#endif
