// SPDX-License-Identifier: Apache-2.0
//
// Reading the road table: each fault with its line, column, value and what is allowed.
#include <stdlib.h>

#include "base/csv.h"
#include "base/error.h"
#include "geo/roads_build.h"

enum column {
    COLUMN_FROM,
    COLUMN_DIRECTION,
    COLUMN_TO,
    COLUMN_DISTANCE,
    COLUMN_FASTEST,
    COLUMN_FREE,
    COLUMN_TYPICAL,
    COLUMN_SPREAD,
    COLUMN_SHARE,
    COLUMN_CORRIDOR,
    COLUMNS,
};

enum { NAME_MAX_BYTES = 64, NOT_THERE = -1, SPREAD_DEFAULT_PCT = 20, LONGEST_S = 86400 };

static const char *const column_names[COLUMNS + 1] = {
    "from",      "direction",  "to",        "distance_m", "fastest_s", "free_s",
    "typical_s", "spread_pct", "share_ppm", "corridor",   NULL};

static const char *const directions[] = {"N", "NE", "E", "SE", "S", "SW", "W", "NW", NULL};

struct reader {
    const char *name; // of the file
    struct hs_diags *diags;
    struct hs_csv csv;
    int field_of[COLUMNS]; // number of the field, or NOT_THERE
    size_t columns;        // in the header
    struct hs_bump bump;   // texts
    struct hs_road_row *rows;
    size_t count;
    size_t capacity;
};

// ------------------------------------------------------------------ faults

static struct hs_str text_of(const struct reader *reader, enum column column)
{
    int number = reader->field_of[column];
    return number == NOT_THERE ? HS_STR("") : hs_str_trim(reader->csv.fields[number].text);
}

static void fault(struct reader *reader, enum column column, const char *message)
{
    int number = reader->field_of[column];
    struct hs_diag_place place = {.file = reader->name,
                                  .line = reader->csv.row_line,
                                  .key = column_names[column],
                                  .value = text_of(reader, column)};
    if (number != NOT_THERE) {
        place.line = reader->csv.fields[number].line;
        place.column = reader->csv.fields[number].column;
    }
    hs_diags_add(reader->diags, HS_DIAG_ERROR, &place, "%s", message);
}

static void fault_in_row(struct reader *reader, unsigned line, const char *message)
{
    struct hs_diag_place place = {.file = reader->name, .line = line};
    hs_diags_add(reader->diags, HS_DIAG_ERROR, &place, "%s", message);
}

// ------------------------------------------------------------------ the header

static void read_column_name(struct reader *reader, size_t number)
{
    const struct hs_csv_field *field = &reader->csv.fields[number];
    struct hs_str name = hs_str_trim(field->text);
    struct hs_diag_place place = {
        .file = reader->name, .line = field->line, .column = field->column, .value = name};
    for (int column = 0; column < COLUMNS; column++) {
        if (hs_str_eq_nocase(name, hs_str(column_names[column]))) {
            if (reader->field_of[column] != NOT_THERE) {
                hs_diags_add(reader->diags, HS_DIAG_ERROR, &place, "this column stands here twice");
            }
            reader->field_of[column] = (int)number;
            return;
        }
    }
    const char *nearest = hs_str_nearest(name, column_names);
    hs_diags_add(reader->diags, HS_DIAG_ERROR, &place,
                 nearest ? "unknown column, did you mean '%s'?"
                         : "unknown column, allowed: from, direction, to, distance_m, fastest_s, "
                           "free_s, typical_s, spread_pct, share_ppm, corridor%s",
                 nearest ? nearest : "");
}

static void read_header(struct reader *reader)
{
    static const enum column needed[] = {COLUMN_FROM, COLUMN_TO, COLUMN_FASTEST, COLUMN_TYPICAL};
    for (int column = 0; column < COLUMNS; column++) {
        reader->field_of[column] = NOT_THERE;
    }
    if (hs_csv_next(&reader->csv) != 1) {
        fault_in_row(reader, 1,
                     "a first line with the columns' names is missing: from,direction,to,"
                     "distance_m,fastest_s,free_s,typical_s,spread_pct,share_ppm,corridor");
        return;
    }
    reader->columns = reader->csv.count;
    for (size_t i = 0; i < reader->csv.count; i++) {
        read_column_name(reader, i);
    }
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (reader->field_of[needed[i]] == NOT_THERE) {
            struct hs_diag_place place = {.file = reader->name, .line = reader->csv.row_line};
            hs_diags_add(reader->diags, HS_DIAG_ERROR, &place, "the column '%s' is missing",
                         column_names[needed[i]]);
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

static struct hs_str read_site(struct reader *reader, enum column column)
{
    struct hs_str text = text_of(reader, column);
    if (text.len == 0) {
        fault(reader, column, "the value is missing");
    } else if (!is_name(text)) {
        fault(reader, column,
              "allowed: a site's name, up to 64 bytes of UTF-8 without control characters");
    }
    return hs_bump_str(&reader->bump, text);
}

static struct hs_str read_direction(struct reader *reader)
{
    struct hs_str text = text_of(reader, COLUMN_DIRECTION);
    for (size_t i = 0; text.len > 0 && directions[i]; i++) {
        if (hs_str_eq_nocase(text, hs_str(directions[i]))) {
            return hs_str(directions[i]);
        }
    }
    if (text.len > 0) {
        fault(reader, COLUMN_DIRECTION, "allowed: N, NE, E, SE, S, SW, W, NW or empty");
    }
    return HS_STR("");
}

static uint32_t read_count(struct reader *reader, enum column column, uint32_t fallback,
                           uint32_t max, const char *allowed)
{
    uint64_t value = fallback;
    struct hs_str text = text_of(reader, column);
    if (text.len > 0 && (hs_str_to_u64(text, &value) != 0 || value > max)) {
        fault(reader, column, allowed);
        return fallback;
    }
    return (uint32_t)value;
}

// "12.5" as milliseconds, without floating point; false: no such number.
static bool parse_seconds(struct hs_str text, int64_t *ret_ms)
{
    uint64_t whole;
    struct hs_str seconds;
    struct hs_str rest = text;
    int64_t ms = 0;
    hs_str_split(&rest, '.', &seconds);
    if (hs_str_to_u64(seconds, &whole) != 0 || whole > LONGEST_S || rest.len > 3) {
        return false;
    }
    for (size_t i = 0; i < 3; i++) {
        char digit = i < rest.len ? rest.ptr[i] : '0';
        if (digit < '0' || digit > '9') {
            return false;
        }
        ms = ms * 10 + (digit - '0');
    }
    *ret_ms = (int64_t)whole * 1000 + ms;
    return true;
}

static int64_t read_seconds(struct reader *reader, enum column column, int64_t fallback_ms)
{
    int64_t value_ms = fallback_ms;
    struct hs_str text = text_of(reader, column);
    if ((text.len > 0 || fallback_ms < 0) && !parse_seconds(text, &value_ms)) {
        fault(reader, column, "allowed: seconds from 0 to 86400, with up to 3 decimals");
        return 0;
    }
    return value_ms;
}

static void read_typical(struct reader *reader, struct hs_road_link *link)
{
    struct hs_str rest = text_of(reader, COLUMN_TYPICAL);
    struct hs_str field;
    size_t hours = 0;
    bool good = true;
    while (good && hs_str_split(&rest, ';', &field)) {
        int64_t value_ms = 0;
        good = hours < HS_ROADS_HOURS && parse_seconds(hs_str_trim(field), &value_ms);
        if (good) {
            link->typical_ms[hours++] = value_ms;
        }
    }
    if (!good || (hours != 1 && hours != HS_ROADS_HOURS)) {
        fault(reader, COLUMN_TYPICAL,
              "allowed: seconds, or 24 of them with ';' between them, one for each hour");
        return;
    }
    for (; hours < HS_ROADS_HOURS; hours++) {
        link->typical_ms[hours] = link->typical_ms[0];
    }
    for (size_t hour = 0; hour < HS_ROADS_HOURS; hour++) {
        if (link->typical_ms[hour] < link->fastest_ms) {
            fault(reader, COLUMN_TYPICAL, "must not be quicker than fastest_s");
            return;
        }
    }
}

static bool read_corridor(struct reader *reader)
{
    struct hs_str text = text_of(reader, COLUMN_CORRIDOR);
    if (text.len > 0 && !hs_str_is(text, "yes") && !hs_str_is(text, "no")) {
        fault(reader, COLUMN_CORRIDOR, "allowed: yes, no or empty, which means no");
    }
    return hs_str_is(text, "yes");
}

static void read_fields(struct reader *reader, struct hs_road_link *link)
{
    link->from = read_site(reader, COLUMN_FROM);
    link->direction = read_direction(reader);
    link->to = read_site(reader, COLUMN_TO);
    link->distance_m = read_count(reader, COLUMN_DISTANCE, 0, 10000000,
                                  "allowed: metres from 0 (not known) to 10000000");
    link->fastest_ms = read_seconds(reader, COLUMN_FASTEST, -1);
    link->free_ms = read_seconds(reader, COLUMN_FREE, link->fastest_ms);
    if (link->free_ms < link->fastest_ms) {
        fault(reader, COLUMN_FREE, "must not be quicker than fastest_s");
    }
    read_typical(reader, link);
    link->spread_pct = read_count(reader, COLUMN_SPREAD, SPREAD_DEFAULT_PCT, 200,
                                  "allowed: percent from 0 to 200");
    link->share_ppm =
        read_count(reader, COLUMN_SHARE, 0, HS_PPM, "allowed: so many a million, 0 to 1000000");
    link->corridor = read_corridor(reader);
    if (hs_str_eq(link->from, link->to) && link->from.len > 0) {
        fault(reader, COLUMN_TO, "a link leads to another site");
    }
}

static int add_row(struct reader *reader, struct hs_road_row **ret_row)
{
    if (reader->count == reader->capacity) {
        size_t capacity = reader->capacity ? 2 * reader->capacity : 256;
        struct hs_road_row *rows = realloc(reader->rows, capacity * sizeof(*rows));
        if (!rows) {
            return HS_ENOMEM;
        }
        reader->rows = rows;
        reader->capacity = capacity;
    }
    *ret_row = &reader->rows[reader->count++];
    **ret_row = (struct hs_road_row){.line = reader->csv.row_line};
    return 0;
}

static int read_row(struct reader *reader)
{
    struct hs_road_row *row;
    if (reader->csv.count != reader->columns) {
        struct hs_diag_place place = {.file = reader->name, .line = reader->csv.row_line};
        hs_diags_add(reader->diags, HS_DIAG_ERROR, &place, "%zu fields, the header has %zu",
                     reader->csv.count, reader->columns);
        return 0;
    }
    if (reader->count == HS_ROADS_LINKS_MAX) {
        fault_in_row(reader, reader->csv.row_line, "more than 1000000 links");
        return HS_ELIMIT;
    }
    int rc = add_row(reader, &row);
    if (rc == 0) {
        read_fields(reader, &row->link);
        rc = row->link.from.ptr && row->link.to.ptr ? 0 : HS_ENOMEM;
    }
    return rc;
}

static int read_rows(struct reader *reader)
{
    for (;;) {
        int rc = hs_csv_next(&reader->csv);
        if (rc == 1) {
            rc = read_row(reader);
            if (rc == HS_ELIMIT) {
                return 0;
            }
        } else if (rc == HS_EFORMAT) {
            fault_in_row(reader, reader->csv.fields[reader->csv.count].line,
                         "a quoted field is not closed by \" and followed by a comma or the "
                         "line's end");
            rc = 1;
        } else if (rc == HS_ELIMIT) {
            fault_in_row(reader, reader->csv.row_line, "more than 64 fields");
            rc = 1;
        } else {
            return rc;
        }
        if (rc < 0) {
            return rc;
        }
    }
}

// ------------------------------------------------------------------ the whole

// Rows in order: none twice, and no more goes on than comes.
static void check_rows(struct reader *reader)
{
    uint64_t sum_ppm = 0;
    for (size_t i = 0; i < reader->count; i++) {
        const struct hs_road_row *row = &reader->rows[i];
        const struct hs_road_row *last = i ? row - 1 : NULL;
        bool goes_on = last && hs_str_eq(last->link.from, row->link.from) &&
                       hs_str_eq(last->link.direction, row->link.direction);
        if (last && hs_roads_by_key(last, row) == 0) {
            fault_in_row(reader, row->line > last->line ? row->line : last->line,
                         "this link stands in the table twice");
        }
        uint64_t before_ppm = goes_on ? sum_ppm : 0;
        sum_ppm = before_ppm + row->link.share_ppm;
        if (before_ppm <= HS_PPM && sum_ppm > HS_PPM) {
            fault_in_row(reader, row->line,
                         "the shares of the traffic from this site in this direction are more "
                         "than 1000000 together");
        }
    }
}

int hs_roads_parse(struct hs_str text, const char *name, struct hs_diags *diags,
                   struct hs_roads **ret_roads)
{
    struct reader reader = {.name = name, .diags = diags};
    size_t errors = diags->errors;
    hs_csv_init(&reader.csv, text);
    read_header(&reader);
    int rc = diags->errors == errors ? read_rows(&reader) : 0;
    rc = rc ? rc : hs_bump_status(&reader.bump);
    if (rc == 0) {
        if (reader.count > 0) {
            qsort(reader.rows, reader.count, sizeof(*reader.rows), hs_roads_by_key);
        }
        check_rows(&reader);
        rc = diags->errors != errors
                 ? HS_EFORMAT
                 : hs_roads_build(&reader.bump, reader.rows, reader.count, ret_roads);
        reader.rows = rc == 0 ? NULL : reader.rows;
    }
    hs_csv_fini(&reader.csv);
    hs_bump_fini(&reader.bump);
    free(reader.rows);
    return rc;
}
