// SPDX-License-Identifier: Apache-2.0
//
// What areas are to county lines: it is the area's, though it stands in rows of cameras.
#include <stdlib.h>

#include "geo/cameras_build.h"

// By force and area, rows as they stand.
static int by_area(const void *a, const void *b)
{
    const struct hs_area_row *x = a;
    const struct hs_area_row *y = b;
    int order = hs_str_cmp(x->camera->force, y->camera->force);
    order = order ? order : hs_str_cmp(x->camera->area, y->camera->area);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

static void fault(const struct hs_area_row *row, const struct hs_area_row *first, const char *name,
                  struct hs_diags *diags)
{
    struct hs_diag_place place = {
        .file = name, .line = row->line, .column = row->column, .key = "class"};
    hs_diags_add(diags, HS_DIAG_ERROR, &place,
                 "an area is of one class: line %u has another for area '%.*s'", first->line,
                 HS_STR_ARG(row->camera->area));
}

// The rows of one area. Whether it is a market.
static bool spread(const struct hs_area_row *rows, size_t count, const char *name,
                   struct hs_diags *diags)
{
    const struct hs_area_row *first = NULL; // that says something
    for (size_t i = 0; i < count; i++) {
        enum hs_area_class class = rows[i].camera->area_class;
        if (first && class != HS_AREA_OTHER && class != first->camera->area_class) {
            fault(&rows[i], first, name, diags);
        }
        first = first || class == HS_AREA_OTHER ? first : &rows[i];
    }
    for (size_t i = 0; first && i < count; i++) {
        rows[i].camera->area_class = first->camera->area_class;
    }
    return first && first->camera->area_class == HS_AREA_MARKET;
}

size_t hs_cameras_spread_classes(struct hs_area_row *rows, size_t count, const char *name,
                                 struct hs_diags *diags)
{
    size_t markets = 0;
    size_t end;
    if (count > 0) {
        qsort(rows, count, sizeof(rows[0]), by_area);
    }
    for (size_t first = 0; first < count; first = end) {
        const struct hs_camera *camera = rows[first].camera;
        end = first + 1;
        while (end < count && hs_str_eq(rows[end].camera->force, camera->force) &&
               hs_str_eq(rows[end].camera->area, camera->area)) {
            end++;
        }
        markets += camera->area.len > 0 && spread(&rows[first], end - first, name, diags);
    }
    return markets;
}
