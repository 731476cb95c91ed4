// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a camera register: what is taken is found again, what is refused says why.
#include <stdint.h>
#include <stdlib.h>

#include "geo/cameras.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_diags diags = {.limit = 100};
    struct hs_cameras *cameras = NULL;
    struct hs_buf out = {0};
    if (hs_cameras_parse(hs_str_n(data, size), "fuzz", &diags, &cameras) == 0) {
        for (size_t i = 0; i < hs_cameras_count(cameras); i++) {
            const struct hs_camera *camera = hs_cameras_at(cameras, i);
            if (hs_cameras_find(cameras, camera->camera_id) != camera) {
                abort();
            }
        }
        hs_cameras_canonical(cameras, &out);
        hs_cameras_free(cameras);
    } else if (diags.errors == 0) {
        abort();
    }
    for (size_t i = 0; i < diags.count; i++) {
        hs_diag_format(&diags.rows[i], &out);
    }
    hs_buf_fini(&out);
    hs_diags_fini(&diags);
    return 0;
}
