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
    size_t mask;     // slots less one; a power of two less one
};

static int by_id(const void *a, const void *b)
{
    const struct hs_camera *x = a;
    const struct hs_camera *y = b;
    return hs_str_cmp(x->camera_id, y->camera_id);
}

static int build_index(struct hs_cameras *cameras)
{
    size_t size = 2;
    while (size < 2 * cameras->count) {
        size *= 2;
    }
    cameras->slots = calloc(size, sizeof(*cameras->slots));
    if (!cameras->slots) {
        return HS_ENOMEM;
    }
    cameras->mask = size - 1;
    for (size_t i = 0; i < cameras->count; i++) {
        struct hs_str id = cameras->cameras[i].camera_id;
        size_t at = hs_hash_bytes(id.ptr, id.len, 0) & cameras->mask;
        while (cameras->slots[at] != 0) {
            at = (at + 1) & cameras->mask;
        }
        cameras->slots[at] = (uint32_t)i + 1;
    }
    return 0;
}

int hs_cameras_build(struct hs_bump *bump, struct hs_camera *rows, size_t count,
                     struct hs_cameras **ret_cameras)
{
    struct hs_cameras *cameras = calloc(1, sizeof(*cameras));
    if (!cameras) {
        return HS_ENOMEM;
    }
    cameras->cameras = rows;
    cameras->count = count;
    if (count > 0) {
        qsort(rows, count, sizeof(*rows), by_id);
    }
    if (build_index(cameras) != 0) {
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
    size_t at = hs_hash_bytes(camera_id.ptr, camera_id.len, 0) & cameras->mask;
    while (cameras->slots[at] != 0) {
        const struct hs_camera *camera = &cameras->cameras[cameras->slots[at] - 1];
        if (hs_str_eq(camera->camera_id, camera_id)) {
            return camera;
        }
        at = (at + 1) & cameras->mask;
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
        hs_buf_add_text(out, camera->mobile ? "\tmobile\n" : "\tfixed\n");
    }
}
