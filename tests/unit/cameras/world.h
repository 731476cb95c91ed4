// SPDX-License-Identifier: Apache-2.0
#ifndef CAMERAS_WORLD_H
#define CAMERAS_WORLD_H
/*
 * A small world that tells a gatherer what matchers and correlators would: for tests.
 * Threads: one. Ownership: world_open() to world_close().
 */

#include "cameras/findings.h"
#include "cameras/gather.h"

#define MINUTE INT64_C(60000)
#define WINDOW (10 * MINUTE)
#define DAY    INT64_C(86400000)
#define MONDAY INT64_C(1780272000000) // 2026-06-01, midnight UTC; a multiple of WINDOW

struct world {
    struct hs_gather *gather;
    struct hs_camera_findings *known; // what was told
    struct hs_buf log;                // every record told, in order: camera, then its packed health
    size_t told;                      // records
    int64_t read_to_ms;               // LogAppendTime that matchers say
};

void world_open(struct world *world);
void world_close(struct world *world);

// A journey by vehicle number `vehicle`; times in seconds, `typical_s` 0: not known.
struct trip {
    unsigned vehicle;
    const char *from, *to;
    int64_t elapsed_s, least_s, typical_s;
    int64_t at_ms;
    unsigned elsewhere;
};
void world_journey(struct world *world, const struct trip *trip);
// One row of one partition's counts.
struct reads {
    const char *camera;
    int64_t window_ms;
    uint32_t reads;
    int64_t floor_ms;
};
void world_counts(struct world *world, uint32_t partition, const struct reads *rows, size_t count);
void world_clear(struct world *world, const char *camera, Hitstream__V1__CameraFaultKind kind,
                 int64_t at_ms);

// The standing fault of that kind; NULL: none.
const Hitstream__V1__CameraFault *world_fault(const struct world *world, const char *camera,
                                              Hitstream__V1__CameraFaultKind kind);
size_t world_accused(const struct world *world); // cameras with a fault

#endif
