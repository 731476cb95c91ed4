// SPDX-License-Identifier: Apache-2.0
//
// The register itself: sorted cameras and a hash index. Reading it from CSV is cameras_csv.c's.
#include "geo/cameras.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "geo/cameras_build.h"

struct hs_cameras {
    struct hs_bump bump;       // texts
    struct hs_camera *cameras; // in order of id
    size_t count;
    uint32_t *slots; // number of a camera plus one, or 0: open addressing by hash of id
    uint32_t *sites; // likewise by hash of site: the first camera of each
    size_t mask;     // slots less one; a power of two less one
    size_t markets;  // areas
};

static int by_id(const void *a, const void *b)
{
    const struct hs_camera *x = a;
    const struct hs_camera *y = b;
    return hs_str_cmp(x->camera_id, y->camera_id);
}

// The text of a camera that an index goes by.
static struct hs_str text_at(const struct hs_camera *camera, size_t member_offset)
{
    return *(const struct hs_str *)((const char *)camera + member_offset);
}

// The slot of the text, or the free one where it belongs.
static size_t find_slot(const struct hs_cameras *cameras, const uint32_t *slots,
                        size_t member_offset, struct hs_str text)
{
    size_t at = hs_hash_bytes(text.ptr, text.len, 0) & cameras->mask;
    while (slots[at] != 0 &&
           !hs_str_eq(text_at(&cameras->cameras[slots[at] - 1], member_offset), text)) {
        at = (at + 1) & cameras->mask;
    }
    return at;
}

static uint32_t *build_index(const struct hs_cameras *cameras, size_t member_offset)
{
    uint32_t *slots = calloc(cameras->mask + 1, sizeof(*slots));
    for (size_t i = 0; slots && i < cameras->count; i++) {
        struct hs_str text = text_at(&cameras->cameras[i], member_offset);
        size_t at = find_slot(cameras, slots, member_offset, text);
        slots[at] = slots[at] ? slots[at] : (uint32_t)i + 1;
    }
    return slots;
}

static int build_indexes(struct hs_cameras *cameras)
{
    size_t size = 2;
    while (size < 2 * cameras->count) {
        size *= 2;
    }
    cameras->mask = size - 1;
    cameras->slots = build_index(cameras, offsetof(struct hs_camera, camera_id));
    cameras->sites = build_index(cameras, offsetof(struct hs_camera, site_id));
    return cameras->slots && cameras->sites ? 0 : HS_ENOMEM;
}

int hs_cameras_build(struct hs_bump *bump, struct hs_camera *rows, size_t count, size_t markets,
                     struct hs_cameras **ret_cameras)
{
    struct hs_cameras *cameras = calloc(1, sizeof(*cameras));
    if (!cameras) {
        return HS_ENOMEM;
    }
    cameras->cameras = rows;
    cameras->count = count;
    cameras->markets = markets;
    if (count > 0) {
        qsort(rows, count, sizeof(*rows), by_id);
    }
    if (build_indexes(cameras) != 0) {
        free(cameras->slots);
        free(cameras->sites);
        free(cameras);
        return HS_ENOMEM;
    }
    cameras->bump = *bump;
    *bump = (struct hs_bump){0};
    *ret_cameras = cameras;
    return 0;
}

void hs_cameras_free(struct hs_cameras *cameras)
{
    if (cameras) {
        hs_bump_fini(&cameras->bump);
        free(cameras->cameras);
        free(cameras->slots);
        free(cameras->sites);
        free(cameras);
    }
}

size_t hs_cameras_count(const struct hs_cameras *cameras)
{
    return cameras->count;
}

const struct hs_camera *hs_cameras_at(const struct hs_cameras *cameras, size_t index)
{
    return index < cameras->count ? &cameras->cameras[index] : NULL;
}

const struct hs_camera *hs_cameras_find(const struct hs_cameras *cameras, struct hs_str camera_id)
{
    size_t at =
        find_slot(cameras, cameras->slots, offsetof(struct hs_camera, camera_id), camera_id);
    return cameras->slots[at] ? &cameras->cameras[cameras->slots[at] - 1] : NULL;
}

const struct hs_camera *hs_cameras_site(const struct hs_cameras *cameras, struct hs_str site_id)
{
    size_t at = find_slot(cameras, cameras->sites, offsetof(struct hs_camera, site_id), site_id);
    return cameras->sites[at] ? &cameras->cameras[cameras->sites[at] - 1] : NULL;
}

size_t hs_cameras_markets(const struct hs_cameras *cameras)
{
    return cameras->markets;
}

uint32_t hs_site_hash(struct hs_str site_id)
{
    uint32_t hash = (uint32_t)hs_hash_bytes(site_id.ptr, site_id.len, 0);
    return hash ? hash : 1;
}

const struct hs_camera *hs_cameras_hashed_site(const struct hs_cameras *cameras, uint32_t hash)
{
    for (size_t at = hash & cameras->mask; cameras->sites[at] != 0; at = (at + 1) & cameras->mask) {
        const struct hs_camera *camera = &cameras->cameras[cameras->sites[at] - 1];
        if (hs_site_hash(camera->site_id) == hash) {
            return camera;
        }
    }
    return NULL;
}

// A field and a separator that no field holds.
static void add_field(struct hs_buf *out, struct hs_str text)
{
    hs_buf_add_str(out, text);
    hs_buf_add_char(out, '\t');
}

void hs_cameras_canonical(const struct hs_cameras *cameras, struct hs_buf *out)
{
    for (size_t i = 0; i < cameras->count; i++) {
        const struct hs_camera *camera = &cameras->cameras[i];
        add_field(out, camera->camera_id);
        add_field(out, camera->site_id);
        add_field(out, camera->road);
        add_field(out, camera->direction);
        add_field(out, camera->force);
        add_field(out, camera->area);
        add_field(out, camera->model);
        if (camera->has_position) {
            hs_buf_printf(out, "%.6f,%.6f", camera->position.latitude_deg,
                          camera->position.longitude_deg);
        }
        hs_buf_add_text(out, camera->mobile ? "\tmobile" : "\tfixed");
        if (camera->area_class != HS_AREA_OTHER) {
            hs_buf_add_text(out, camera->area_class == HS_AREA_HUB ? "\thub" : "\tmarket");
        }
        for (size_t n = 0; n < camera->next_count; n++) { // a register without any is as ever
            hs_buf_printf(out, "\t%.*s", HS_STR_ARG(camera->next_sites[n]));
        }
        hs_buf_add_char(out, '\n');
    }
}
