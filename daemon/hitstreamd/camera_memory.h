// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_CAMERA_MEMORY_H
#define HITSTREAMD_CAMERA_MEMORY_H
/*
 * What the gatherer remembers, cut into records of anpr.cameras and put together again.
 *
 * Threads: the gatherer's. Ownership: plain values and buffers of the caller. Bounds:
 * HS_CAMERA_MEMORY_PARTS_MAX parts of HS_CAMERA_MEMORY_PART_BYTES.
 */

#include "base/str.h"
#include "hitstream/v1/camera.pb-c.h"

enum { HS_CAMERA_MEMORY_PART_BYTES = 512 * 1024, HS_CAMERA_MEMORY_PARTS_MAX = 256 };
#define HS_CAMERA_MEMORY_KEY "/memory"

// Gathers records until the manifest's parts can be joined. Zero-initialised is empty.
struct hs_camera_memory {
    struct hs_buf parts[2][HS_CAMERA_MEMORY_PARTS_MAX]; // by generation
    bool has_manifest;
    uint64_t generation;
    uint32_t part_count;
    uint64_t size_bytes;
    uint64_t hash;
    int64_t next_offset; // of anpr.observations
};

void hs_camera_memory_fini(struct hs_camera_memory *memory);
// One record of anpr.cameras; what is not of the memory is passed over.
void hs_camera_memory_take(struct hs_camera_memory *memory, struct hs_str key, struct hs_str value);
// Appends all of it. HS_ENOTFOUND: there is none that is whole; HS_ENOMEM.
int hs_camera_memory_join(const struct hs_camera_memory *memory, struct hs_buf *out);

// "/memory/1/12".
enum { HS_CAMERA_MEMORY_KEY_BYTES = 48 };
void hs_camera_memory_part_key(uint64_t generation, uint32_t number,
                               char ret_key[HS_CAMERA_MEMORY_KEY_BYTES]);
// Appends the packed manifest of so many bytes. HS_ENOMEM.
int hs_camera_memory_manifest(struct hs_str bytes, uint64_t generation, int64_t next_offset,
                              struct hs_buf *out);

#endif
