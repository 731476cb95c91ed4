// SPDX-License-Identifier: Apache-2.0
//
// Rows of the camera register against each other: what stands twice, what contradicts, what leads
// nowhere.
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "geo/cameras_build.h"

// By what a row was seen first: camera id or site id.
struct seen {
    uint32_t *slots; // number of a row plus one, or 0
    size_t mask;     // slots less one, a power of two
};

static struct hs_diag_place place_of(const struct hs_camera_rows *file,
                                     const struct hs_camera_row *row, enum hs_camera_column column,
                                     struct hs_str value)
{
    return (struct hs_diag_place){.file = file->name,
                                  .line = row->line,
                                  .column = row->columns[column],
                                  .key = hs_camera_columns[column],
                                  .value = value};
}

// The slot of the first row with that text, or the free one where it belongs.
static size_t slot_of(const struct seen *seen, const struct hs_camera_rows *file,
                      struct hs_str text, size_t member_offset)
{
    size_t at = hs_hash_bytes(text.ptr, text.len, 0) & seen->mask;
    for (; seen->slots[at] != 0; at = (at + 1) & seen->mask) {
        const struct hs_camera_row *other = &file->rows[seen->slots[at] - 1];
        if (hs_str_eq(*(const struct hs_str *)((const char *)&other->camera + member_offset),
                      text)) {
            break;
        }
    }
    return at;
}

// The first row with the same text as `row`, or itself.
static const struct hs_camera_row *first_of(struct seen *seen, const struct hs_camera_rows *file,
                                            const struct hs_camera_row *row, size_t member_offset)
{
    struct hs_str text = *(const struct hs_str *)((const char *)&row->camera + member_offset);
    size_t at = slot_of(seen, file, text, member_offset);
    if (seen->slots[at] != 0) {
        return &file->rows[seen->slots[at] - 1];
    }
    seen->slots[at] = (uint32_t)(row - file->rows) + 1;
    return row;
}

// Every next site is one of the register's, and another than the camera's own.
static void check_next(struct hs_camera_rows *file, const struct hs_camera_row *row,
                       const struct seen *sites)
{
    for (size_t i = 0; i < row->camera.next_count; i++) {
        struct hs_str site = row->camera.next_sites[i];
        struct hs_diag_place place = place_of(file, row, HS_COLUMN_NEXT, site);
        if (sites->slots[slot_of(sites, file, site, offsetof(struct hs_camera, site_id))] == 0) {
            hs_diags_add(file->diags, HS_DIAG_ERROR, &place, "no camera stands at this site");
        } else if (hs_str_eq(site, row->camera.site_id)) {
            hs_diags_add(file->diags, HS_DIAG_ERROR, &place, "a site does not follow itself");
        }
    }
}

static void check_site(struct hs_camera_rows *file, const struct hs_camera_row *row,
                       const struct hs_camera_row *first)
{
    const struct {
        enum hs_camera_column column;
        struct hs_str here, there;
    } pairs[] = {
        {HS_COLUMN_ROAD, row->camera.road, first->camera.road},
        {HS_COLUMN_FORCE, row->camera.force, first->camera.force},
        {HS_COLUMN_AREA, row->camera.area, first->camera.area},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct hs_diag_place place = place_of(file, row, pairs[i].column, pairs[i].here);
        if (!hs_str_eq(pairs[i].here, pairs[i].there)) {
            hs_diags_add(file->diags, HS_DIAG_ERROR, &place,
                         "a site is one place on one road: site '%.*s' has '%.*s' in line %u",
                         HS_STR_ARG(row->camera.site_id), HS_STR_ARG(pairs[i].there), first->line);
        }
    }
}

static int check_classes(struct hs_camera_rows *file, size_t *ret_markets)
{
    struct hs_area_row *rows = calloc(file->count + 1, sizeof(*rows));
    if (!rows) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < file->count; i++) {
        struct hs_camera_row *row = &file->rows[i];
        rows[i] = (struct hs_area_row){&row->camera, row->line, row->columns[HS_COLUMN_CLASS]};
    }
    *ret_markets = hs_cameras_spread_classes(rows, file->count, file->name, file->diags);
    free(rows);
    return 0;
}

int hs_cameras_check(struct hs_camera_rows *file, size_t *ret_markets)
{
    size_t size = 2;
    while (size < 2 * file->count) {
        size *= 2;
    }
    struct seen ids = {calloc(size, sizeof(uint32_t)), size - 1};
    struct seen sites = {calloc(size, sizeof(uint32_t)), size - 1};
    int rc = ids.slots && sites.slots ? 0 : HS_ENOMEM;
    for (size_t i = 0; rc == 0 && i < file->count; i++) {
        const struct hs_camera_row *row = &file->rows[i];
        const struct hs_camera_row *same_id =
            first_of(&ids, file, row, offsetof(struct hs_camera, camera_id));
        const struct hs_camera_row *same_site =
            first_of(&sites, file, row, offsetof(struct hs_camera, site_id));
        if (same_id != row && row->camera.camera_id.len > 0) {
            struct hs_diag_place place =
                place_of(file, row, HS_COLUMN_CAMERA, row->camera.camera_id);
            hs_diags_add(file->diags, HS_DIAG_ERROR, &place,
                         "this camera stands in line %u already", same_id->line);
        }
        if (same_site != row && row->camera.site_id.len > 0) {
            check_site(file, row, same_site);
        }
    }
    for (size_t i = 0; rc == 0 && i < file->count; i++) {
        check_next(file, &file->rows[i], &sites);
    }
    free(ids.slots);
    free(sites.slots);
    return rc ? rc : check_classes(file, ret_markets);
}
