// SPDX-License-Identifier: Apache-2.0
//
// Reading the camera register: each fault with its line, column, value and what is allowed.
#include <stdlib.h>

#include "base/csv.h"
#include "base/error.h"
#include "geo/cameras_build.h"

enum { NAME_MAX_BYTES = 64, NOT_THERE = -1 };

const char *const hs_camera_columns[HS_CAMERA_COLUMNS + 1] = {
    "camera",  "site",     "road", "direction", "force", "area",  "latitude", "longitude",
    "easting", "northing", "kind", "model",     "next",  "class", NULL};

static const char *const direction_names[] = {"N", "NE", "E", "SE", "S", "SW", "W", "NW", NULL};

struct reader {
    struct hs_camera_rows file;
    struct hs_csv csv;
    int field_of[HS_CAMERA_COLUMNS]; // number of the field, or NOT_THERE
    size_t columns;                  // in the header
    struct hs_bump bump;             // texts
};

// ------------------------------------------------------------------ faults

static struct hs_diag_place place_of(const struct reader *reader, const struct hs_csv_field *field,
                                     const char *key)
{
    return (struct hs_diag_place){.file = reader->file.name,
                                  .line = field->line,
                                  .column = field->column,
                                  .key = key,
                                  .value = field->text};
}

static const struct hs_csv_field *field_of(const struct reader *reader,
                                           enum hs_camera_column column)
{
    static const struct hs_csv_field none = {.text = {NULL, 0}};
    int number = reader->field_of[column];
    return number == NOT_THERE || (size_t)number >= reader->csv.count ? &none
                                                                      : &reader->csv.fields[number];
}

static struct hs_str text_of(const struct reader *reader, enum hs_camera_column column)
{
    return hs_str_trim(field_of(reader, column)->text);
}

static void fault(struct reader *reader, enum hs_camera_column column, const char *message)
{
    const struct hs_csv_field *field = field_of(reader, column);
    struct hs_diag_place place = place_of(reader, field, hs_camera_columns[column]);
    if (place.line == 0) {
        place.line = reader->csv.row_line;
    }
    hs_diags_add(reader->file.diags, HS_DIAG_ERROR, &place, "%s", message);
}

// ------------------------------------------------------------------ the header

static void read_column_name(struct reader *reader, size_t number)
{
    const struct hs_csv_field *field = &reader->csv.fields[number];
    struct hs_str name = hs_str_trim(field->text);
    struct hs_diag_place place = place_of(reader, field, "");
    for (int column = 0; column < HS_CAMERA_COLUMNS; column++) {
        if (!hs_str_eq_nocase(name, hs_str(hs_camera_columns[column]))) {
            continue;
        }
        if (reader->field_of[column] != NOT_THERE) {
            hs_diags_add(reader->file.diags, HS_DIAG_ERROR, &place,
                         "this column stands here twice");
        }
        reader->field_of[column] = (int)number;
        return;
    }
    const char *nearest = hs_str_nearest(name, hs_camera_columns);
    if (nearest) {
        hs_diags_add(reader->file.diags, HS_DIAG_ERROR, &place,
                     "unknown column, did you mean '%s'?", nearest);
        return;
    }
    struct hs_buf allowed = {0};
    for (int column = 0; column < HS_CAMERA_COLUMNS; column++) {
        hs_buf_printf(&allowed, "%s%s", column > 0 ? ", " : "", hs_camera_columns[column]);
    }
    hs_diags_add(reader->file.diags, HS_DIAG_ERROR, &place, "unknown column, allowed: %s",
                 hs_buf_text(&allowed));
    hs_buf_fini(&allowed);
}

static void read_header(struct reader *reader)
{
    static const enum hs_camera_column needed[] = {HS_COLUMN_CAMERA, HS_COLUMN_SITE,
                                                   HS_COLUMN_FORCE};
    struct hs_diag_place place = {.file = reader->file.name, .line = 1};
    for (int column = 0; column < HS_CAMERA_COLUMNS; column++) {
        reader->field_of[column] = NOT_THERE;
    }
    if (hs_csv_next(&reader->csv) != 1) {
        hs_diags_add(reader->file.diags, HS_DIAG_ERROR, &place,
                     "a first line with the columns' names is missing: "
                     "camera,site,road,direction,force,area,latitude,longitude,kind");
        return;
    }
    place.line = reader->csv.row_line;
    reader->columns = reader->csv.count;
    for (size_t i = 0; i < reader->csv.count; i++) {
        read_column_name(reader, i);
    }
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (reader->field_of[needed[i]] == NOT_THERE) {
            hs_diags_add(reader->file.diags, HS_DIAG_ERROR, &place, "the column '%s' is missing",
                         hs_camera_columns[needed[i]]);
        }
    }
}

// ------------------------------------------------------------------ one row

static bool is_name(struct hs_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) {
            return false;
        }
    }
    return text.len <= NAME_MAX_BYTES && hs_str_is_utf8(text);
}

static struct hs_str read_name(struct reader *reader, enum hs_camera_column column, bool needed)
{
    struct hs_str text = text_of(reader, column);
    if (!is_name(text)) {
        fault(reader, column, "allowed: up to 64 bytes of UTF-8 without control characters");
    } else if (text.len == 0 && needed) {
        fault(reader, column, "the value is missing");
    }
    return hs_bump_str(&reader->bump, text);
}

static void read_direction(struct reader *reader, struct hs_camera *camera)
{
    struct hs_str text = text_of(reader, HS_COLUMN_DIRECTION);
    if (text.len == 0) {
        return;
    }
    for (size_t i = 0; direction_names[i]; i++) {
        if (hs_str_eq_nocase(text, hs_str(direction_names[i]))) {
            camera->direction = hs_str(direction_names[i]);
            return;
        }
    }
    fault(reader, HS_COLUMN_DIRECTION, "allowed: N, NE, E, SE, S, SW, W, NW or empty");
}

static void read_kind(struct reader *reader, struct hs_camera *camera)
{
    struct hs_str text = text_of(reader, HS_COLUMN_KIND);
    camera->mobile = hs_str_is(text, "mobile");
    if (text.len > 0 && !camera->mobile && !hs_str_is(text, "fixed")) {
        fault(reader, HS_COLUMN_KIND, "allowed: fixed or mobile; empty means fixed");
    }
}

static void read_class(struct reader *reader, struct hs_camera *camera)
{
    struct hs_str text = text_of(reader, HS_COLUMN_CLASS);
    if (hs_str_is(text, "hub")) {
        camera->area_class = HS_AREA_HUB;
    } else if (hs_str_is(text, "market")) {
        camera->area_class = HS_AREA_MARKET;
    } else if (text.len > 0) {
        fault(reader, HS_COLUMN_CLASS, "allowed: hub, market or empty");
    }
    if (camera->area_class != HS_AREA_OTHER && camera->area.len == 0) {
        fault(reader, HS_COLUMN_CLASS, "an area is a hub or a market, and this camera has no area");
    }
}

static bool read_number(struct reader *reader, enum hs_camera_column column, double min, double max,
                        const char *allowed, double *ret_value)
{
    if (hs_str_to_double(text_of(reader, column), ret_value) != 0 || *ret_value < min ||
        *ret_value > max) {
        fault(reader, column, allowed);
        return false;
    }
    return true;
}

static void read_wgs84(struct reader *reader, struct hs_camera *camera)
{
    struct hs_point point;
    bool good = read_number(reader, HS_COLUMN_LATITUDE, -90, 90, "allowed: degrees from -90 to 90",
                            &point.latitude_deg);
    good = read_number(reader, HS_COLUMN_LONGITUDE, -180, 180, "allowed: degrees from -180 to 180",
                       &point.longitude_deg) &&
           good;
    if (!good) {
        return;
    }
    camera->position = point;
    camera->has_position = true;
    if (point.latitude_deg < 49 || point.latitude_deg > 61.5 || point.longitude_deg < -9 ||
        point.longitude_deg > 2.5) {
        struct hs_diag_place place = place_of(reader, field_of(reader, HS_COLUMN_LATITUDE),
                                              hs_camera_columns[HS_COLUMN_LATITUDE]);
        hs_diags_add(reader->file.diags, HS_DIAG_WARNING, &place,
                     "this place is outside the United Kingdom, using it all the same");
    }
}

static void read_grid(struct reader *reader, struct hs_camera *camera)
{
    double easting_m;
    double northing_m;
    bool good =
        read_number(reader, HS_COLUMN_EASTING, 0, 700000,
                    "allowed: metres of the British National Grid from 0 to 700000", &easting_m);
    good = read_number(reader, HS_COLUMN_NORTHING, 0, 1300000,
                       "allowed: metres of the British National Grid from 0 to 1300000",
                       &northing_m) &&
           good;
    camera->has_position =
        good && hs_point_from_grid(easting_m, northing_m, &camera->position) == 0;
}

static void read_position(struct reader *reader, struct hs_camera *camera)
{
    bool wgs84 =
        text_of(reader, HS_COLUMN_LATITUDE).len > 0 || text_of(reader, HS_COLUMN_LONGITUDE).len > 0;
    bool grid =
        text_of(reader, HS_COLUMN_EASTING).len > 0 || text_of(reader, HS_COLUMN_NORTHING).len > 0;
    if (wgs84 && grid) {
        fault(reader, HS_COLUMN_EASTING,
              "the place is given twice: either latitude and longitude or easting and northing");
    } else if (wgs84) {
        read_wgs84(reader, camera);
    } else if (grid) {
        read_grid(reader, camera);
    } else if (!camera->mobile) {
        fault(reader, HS_COLUMN_LATITUDE,
              "a fixed camera needs a place: latitude and longitude, or easting and northing");
    }
}

static int by_text(const void *a, const void *b)
{
    return hs_str_cmp(*(const struct hs_str *)a, *(const struct hs_str *)b);
}

// The sites that come next, sorted, each once. Whether they are known is asked when all rows are
// read.
static int read_next(struct reader *reader, struct hs_camera *camera)
{
    struct hs_str names[HS_CAMERA_NEXT_MAX];
    struct hs_str rest = text_of(reader, HS_COLUMN_NEXT);
    struct hs_str part;
    size_t count = 0;
    while (rest.len > 0 && hs_str_split(&rest, ';', &part)) {
        part = hs_str_trim(part);
        if (part.len == 0 || !is_name(part)) {
            fault(reader, HS_COLUMN_NEXT,
                  "allowed: site ids, separated by ';', each up to 64 bytes of UTF-8 without "
                  "control characters");
            return 0;
        }
        if (count == HS_CAMERA_NEXT_MAX) {
            fault(reader, HS_COLUMN_NEXT, "more than 16 next sites");
            return 0;
        }
        names[count++] = part;
    }
    qsort(names, count, sizeof(names[0]), by_text);
    struct hs_str *owned = hs_bump_alloc(&reader->bump, (count + 1) * sizeof(*owned));
    for (size_t i = 0; owned && i < count; i++) {
        if (i > 0 && hs_str_eq(names[i - 1], names[i])) {
            continue;
        }
        const char *copy = hs_bump_copy(&reader->bump, names[i].ptr, names[i].len);
        if (!copy) {
            return HS_ENOMEM;
        }
        owned[camera->next_count++] = hs_str_n(copy, names[i].len);
    }
    camera->next_sites = owned;
    return owned ? 0 : HS_ENOMEM;
}

static bool has_right_count(struct reader *reader)
{
    if (reader->csv.count == reader->columns) {
        return true;
    }
    struct hs_diag_place place = {.file = reader->file.name, .line = reader->csv.row_line};
    hs_diags_add(reader->file.diags, HS_DIAG_ERROR, &place, "%zu fields, the header has %zu",
                 reader->csv.count, reader->columns);
    return false;
}

static int read_row(struct reader *reader)
{
    if (!has_right_count(reader)) {
        return 0;
    }
    if (reader->file.count == HS_CAMERAS_MAX) {
        return HS_ELIMIT;
    }
    if (reader->file.count == reader->file.capacity) {
        size_t capacity = reader->file.capacity ? 2 * reader->file.capacity : 256;
        struct hs_camera_row *rows = realloc(reader->file.rows, capacity * sizeof(*rows));
        if (!rows) {
            return HS_ENOMEM;
        }
        reader->file.rows = rows;
        reader->file.capacity = capacity;
    }
    struct hs_camera_row *row = &reader->file.rows[reader->file.count++];
    *row = (struct hs_camera_row){.line = reader->csv.row_line};
    for (int column = 0; column < HS_CAMERA_COLUMNS; column++) {
        row->columns[column] = field_of(reader, (enum hs_camera_column)column)->column;
    }
    row->camera.camera_id = read_name(reader, HS_COLUMN_CAMERA, true);
    row->camera.site_id = read_name(reader, HS_COLUMN_SITE, true);
    row->camera.road = read_name(reader, HS_COLUMN_ROAD, false);
    row->camera.force = read_name(reader, HS_COLUMN_FORCE, true);
    row->camera.area = read_name(reader, HS_COLUMN_AREA, false);
    row->camera.model = read_name(reader, HS_COLUMN_MODEL, false);
    read_direction(reader, &row->camera);
    read_kind(reader, &row->camera);
    read_class(reader, &row->camera);
    read_position(reader, &row->camera);
    int rc = read_next(reader, &row->camera);
    return row->camera.model.ptr ? rc : HS_ENOMEM;
}

static int read_rows(struct reader *reader)
{
    for (;;) {
        int rc = hs_csv_next(&reader->csv);
        if (rc == 0 || rc == HS_ENOMEM) {
            return rc;
        }
        if (rc == 1) {
            rc = read_row(reader);
            if (rc == 0) {
                continue;
            }
        }
        struct hs_diag_place place = {.file = reader->file.name, .line = reader->csv.row_line};
        if (rc == HS_EFORMAT) {
            place.line = reader->csv.fields[reader->csv.count].line;
            place.column = reader->csv.fields[reader->csv.count].column;
            hs_diags_add(
                reader->file.diags, HS_DIAG_ERROR, &place,
                "a quoted field is not closed by \" and followed by a comma or the line's end");
        } else if (reader->file.count == HS_CAMERAS_MAX) {
            hs_diags_add(reader->file.diags, HS_DIAG_ERROR, &place, "more than %d cameras",
                         HS_CAMERAS_MAX);
            return 0;
        } else if (rc == HS_ELIMIT) {
            hs_diags_add(reader->file.diags, HS_DIAG_ERROR, &place, "more than %d fields",
                         HS_CSV_FIELDS_MAX);
        } else {
            return rc;
        }
    }
}

// ------------------------------------------------------------------ the whole

static int finish(struct reader *reader, size_t markets, struct hs_cameras **ret_cameras)
{
    struct hs_camera *cameras = calloc(reader->file.count + 1, sizeof(*cameras));
    if (!cameras) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < reader->file.count; i++) {
        cameras[i] = reader->file.rows[i].camera;
    }
    int rc = hs_cameras_build(&reader->bump, cameras, reader->file.count, markets, ret_cameras);
    if (rc != 0) {
        free(cameras);
    }
    return rc;
}

int hs_cameras_parse(struct hs_str text, const char *name, struct hs_diags *diags,
                     struct hs_cameras **ret_cameras)
{
    struct reader reader = {.file = {.name = name, .diags = diags}};
    size_t markets = 0;
    size_t errors = diags->errors;
    hs_csv_init(&reader.csv, text);
    read_header(&reader);
    int rc = diags->errors == errors ? read_rows(&reader) : 0;
    rc = rc ? rc : hs_bump_status(&reader.bump);
    if (rc == 0) {
        rc = hs_cameras_check(&reader.file, &markets);
    }
    if (rc == 0) {
        rc = diags->errors == errors ? finish(&reader, markets, ret_cameras) : HS_EFORMAT;
    }
    hs_csv_fini(&reader.csv);
    hs_bump_fini(&reader.bump);
    free(reader.file.rows);
    return rc;
}
