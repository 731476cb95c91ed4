// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/camera_memory.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/hash.h"

void hs_camera_memory_fini(struct hs_camera_memory *memory)
{
    for (size_t generation = 0; generation < 2; generation++) {
        for (size_t i = 0; i < HS_CAMERA_MEMORY_PARTS_MAX; i++) {
            hs_buf_fini(&memory->parts[generation][i]);
        }
    }
    *memory = (struct hs_camera_memory){.has_manifest = false};
}

static void take_manifest(struct hs_camera_memory *memory, struct hs_str value)
{
    Hitstream__V1__GatherManifest *manifest =
        hitstream__v1__gather_manifest__unpack(NULL, value.len, (const uint8_t *)value.ptr);
    memory->has_manifest =
        manifest && manifest->generation < 2 && manifest->parts <= HS_CAMERA_MEMORY_PARTS_MAX;
    if (memory->has_manifest) {
        memory->generation = manifest->generation;
        memory->part_count = manifest->parts;
        memory->size_bytes = manifest->size_bytes;
        memory->hash = manifest->hash;
        memory->next_offset = manifest->next_offset;
    }
    hitstream__v1__gather_manifest__free_unpacked(manifest, NULL);
}

void hs_camera_memory_take(struct hs_camera_memory *memory, struct hs_str key, struct hs_str value)
{
    const struct hs_str prefix = HS_STR(HS_CAMERA_MEMORY_KEY "/");
    uint64_t generation, number;
    struct hs_str field;
    if (hs_str_is(key, HS_CAMERA_MEMORY_KEY)) {
        take_manifest(memory, value);
    } else if (key.len > prefix.len && memcmp(key.ptr, prefix.ptr, prefix.len) == 0) {
        struct hs_str rest = hs_str_n(key.ptr + prefix.len, key.len - prefix.len);
        if (hs_str_split(&rest, '/', &field) && hs_str_to_u64(field, &generation) == 0 &&
            hs_str_to_u64(rest, &number) == 0 && generation < 2 &&
            number < HS_CAMERA_MEMORY_PARTS_MAX) {
            struct hs_buf *part = &memory->parts[generation][number];
            hs_buf_clear(part);
            hs_buf_add_str(part, value);
        }
    }
}

int hs_camera_memory_join(const struct hs_camera_memory *memory, struct hs_buf *out)
{
    uint64_t size = 0;
    if (!memory->has_manifest) {
        return HS_ENOTFOUND;
    }
    const struct hs_buf *parts = memory->parts[memory->generation];
    for (uint32_t i = 0; i < memory->part_count; i++) {
        if (hs_buf_status(&parts[i]) != 0) {
            return HS_ENOMEM;
        }
        size += parts[i].len;
    }
    if (size != memory->size_bytes) {
        return HS_ENOTFOUND;
    }
    for (uint32_t i = 0; i < memory->part_count; i++) {
        hs_buf_add_str(out, hs_buf_str(&parts[i]));
    }
    if (hs_buf_status(out) != 0) {
        return HS_ENOMEM;
    }
    return hs_hash_bytes(out->ptr, out->len, 0) == memory->hash ? 0 : HS_ENOTFOUND;
}

void hs_camera_memory_part_key(uint64_t generation, uint32_t number,
                               char ret_key[HS_CAMERA_MEMORY_KEY_BYTES])
{
    snprintf(ret_key, HS_CAMERA_MEMORY_KEY_BYTES, HS_CAMERA_MEMORY_KEY "/%" PRIu64 "/%" PRIu32,
             generation, number);
}

int hs_camera_memory_manifest(struct hs_str bytes, uint64_t generation, int64_t next_offset,
                              struct hs_buf *out)
{
    Hitstream__V1__GatherManifest manifest = HITSTREAM__V1__GATHER_MANIFEST__INIT;
    manifest.generation = generation;
    manifest.parts =
        (uint32_t)((bytes.len + HS_CAMERA_MEMORY_PART_BYTES - 1) / HS_CAMERA_MEMORY_PART_BYTES);
    manifest.size_bytes = bytes.len;
    manifest.hash = hs_hash_bytes(bytes.ptr, bytes.len, 0);
    manifest.next_offset = next_offset;
    char *room = hs_buf_reserve(out, hitstream__v1__gather_manifest__get_packed_size(&manifest));
    if (!room) {
        return HS_ENOMEM;
    }
    out->len += hitstream__v1__gather_manifest__pack(&manifest, (uint8_t *)room);
    return 0;
}
