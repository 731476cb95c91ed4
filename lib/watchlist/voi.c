// SPDX-License-Identifier: Apache-2.0
#include "watchlist/voi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/csv.h"
#include "base/error.h"

struct hs_voi {
    char *name;          // for messages
    struct hs_str text;  // the whole file
    void *mapped;        // what is to be unmapped, or NULL
    struct hs_buf input; // standard input
    bool json;
    // CSV
    struct hs_csv csv;
    enum hs_column columns[HS_CSV_FIELDS_MAX]; // of each field
    size_t column_count;
    struct hs_str header;
    // JSON lines
    struct hs_str rest;
    unsigned line;        // of rest's first byte
    struct hs_buf values; // texts of numbers and arrays of the present row
    json_t *object;       // the present row
};

// ---- opening ----

static int map_file(struct hs_voi *voi, const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return HS_EIO;
    }
    int rc = fstat(fd, &status) == 0 ? 0 : HS_EIO;
    if (rc == 0 && !S_ISREG(status.st_mode)) {
        rc = HS_EAGAIN; // a pipe: read it
    } else if (rc == 0 && status.st_size > 0) {
        void *ptr =
            mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
        rc = ptr == MAP_FAILED ? HS_EIO : 0;
        if (rc == 0) {
            voi->mapped = ptr;
            voi->text = hs_str_n(ptr, (size_t)status.st_size);
        }
    }
    close(fd);
    return rc;
}

static int read_whole(struct hs_voi *voi, int fd)
{
    enum { PIECE = 1 << 20 };
    for (;;) {
        char *at = hs_buf_reserve(&voi->input, PIECE);
        ssize_t n = at ? read(fd, at, PIECE) : -1;
        if (n < 0 && at && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            voi->text = hs_buf_str(&voi->input);
            return n == 0 ? 0 : at ? HS_EIO : HS_ENOMEM;
        }
        voi->input.len += (size_t)n;
    }
}

static int read_path(struct hs_voi *voi, const char *path)
{
    if (strcmp(path, "-") == 0) {
        return read_whole(voi, STDIN_FILENO);
    }
    int rc = map_file(voi, path);
    if (rc != HS_EAGAIN) {
        return rc;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    rc = fd >= 0 ? read_whole(voi, fd) : HS_EIO;
    if (fd >= 0) {
        close(fd);
    }
    return rc;
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

static bool is_json(const struct hs_voi *voi, enum hs_voi_format format)
{
    struct hs_str text = hs_str_trim(voi->text);
    return format == HS_VOI_JSON ||
           (format == HS_VOI_BY_NAME &&
            (ends_with(voi->name, ".json") || ends_with(voi->name, ".jsonl") ||
             ends_with(voi->name, ".ndjson") || (text.len > 0 && text.ptr[0] == '{')));
}

// ---- CSV: the header ----

static void unknown_name(const struct hs_voi *voi, struct hs_diags *diags, struct hs_str name,
                         const char *what, unsigned line, unsigned column)
{
    const char *names[HS_COLUMN_COUNT + 1];
    struct hs_diag_place place = {voi->name, line, column, what, name};
    hs_column_names(names);
    const char *nearest = hs_str_nearest(name, names);
    if (nearest) {
        hs_diags_add(diags, HS_DIAG_ERROR, &place, "is unknown; did you mean '%s'?", nearest);
    } else {
        hs_diags_add(diags, HS_DIAG_ERROR, &place,
                     "is unknown; 'hitctl list load --help' names all");
    }
}

static void read_header_field(struct hs_voi *voi, struct hs_diags *diags, size_t i,
                              bool seen[HS_COLUMN_COUNT])
{
    const struct hs_csv_field *field = &voi->csv.fields[i];
    enum hs_column column;
    struct hs_diag_place place = {voi->name, field->line, field->column, "header", field->text};
    voi->columns[i] = HS_COLUMN_COUNT;
    if (hs_column_find(field->text, &column) != 0) {
        unknown_name(voi, diags, hs_str_trim(field->text), "header", field->line, field->column);
    } else if (seen[column]) {
        hs_diags_add(diags, HS_DIAG_ERROR, &place, "column stands twice");
    } else {
        voi->columns[i] = column;
        seen[column] = true;
    }
}

static int read_header(struct hs_voi *voi, struct hs_diags *diags)
{
    static const enum hs_column needed[] = {HS_COLUMN_VRM, HS_COLUMN_ACTION, HS_COLUMN_WEED_DATE};
    bool seen[HS_COLUMN_COUNT] = {false};
    size_t errors = diags->errors;
    struct hs_diag_place place = {voi->name, 1, 0, "header", {0}};
    const char *from = voi->text.ptr;
    int rc = hs_csv_next(&voi->csv);
    if (rc <= 0) {
        hs_diags_add(diags, HS_DIAG_ERROR, &place,
                     rc == 0 ? "the file is empty: its first line names the columns"
                             : "cannot be read as CSV");
        return HS_EFORMAT;
    }
    voi->header = hs_str_trim(hs_str_n(from, voi->text.len - voi->csv.rest.len));
    for (size_t i = 0; i < voi->csv.count; i++) {
        read_header_field(voi, diags, i, seen);
    }
    voi->column_count = voi->csv.count;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (!seen[needed[i]]) {
            hs_diags_add(diags, HS_DIAG_ERROR, &place, "column '%s' is missing",
                         hs_column_name(needed[i]));
        }
    }
    return diags->errors == errors ? 0 : HS_EFORMAT;
}

static int begin(struct hs_voi *voi, enum hs_voi_format format, struct hs_diags *diags)
{
    voi->json = is_json(voi, format);
    voi->rest = voi->text;
    voi->line = 1;
    hs_csv_init(&voi->csv, voi->text);
    return voi->json ? 0 : read_header(voi, diags);
}

int hs_voi_open_text(struct hs_str text, const char *name, enum hs_voi_format format,
                     struct hs_diags *diags, struct hs_voi **ret_voi)
{
    struct hs_voi *voi = calloc(1, sizeof(*voi));
    if (!voi || !(voi->name = hs_str_dup(hs_str(name)))) {
        free(voi);
        return HS_ENOMEM;
    }
    voi->text = text;
    int rc = begin(voi, format, diags);
    if (rc != 0) {
        hs_voi_free(voi);
        return rc;
    }
    *ret_voi = voi;
    return 0;
}

int hs_voi_open(const char *path, enum hs_voi_format format, struct hs_diags *diags,
                struct hs_voi **ret_voi)
{
    struct hs_voi *voi = calloc(1, sizeof(*voi));
    if (!voi || !(voi->name = hs_str_dup(hs_str(path)))) {
        free(voi);
        return HS_ENOMEM;
    }
    int rc = read_path(voi, path);
    int error = errno;
    rc = rc ? rc : begin(voi, format, diags);
    if (rc != 0) {
        hs_voi_free(voi);
        errno = error;
        return rc;
    }
    *ret_voi = voi;
    return 0;
}

void hs_voi_free(struct hs_voi *voi)
{
    if (voi) {
        if (voi->mapped) {
            munmap(voi->mapped, voi->text.len);
        }
        json_decref(voi->object);
        hs_buf_fini(&voi->values);
        hs_buf_fini(&voi->input);
        hs_csv_fini(&voi->csv);
        free(voi->name);
        free(voi);
    }
}

struct hs_str hs_voi_header(const struct hs_voi *voi)
{
    return voi->header;
}

unsigned hs_voi_permille(const struct hs_voi *voi)
{
    size_t left = voi->json ? voi->rest.len : voi->csv.rest.len;
    return voi->text.len ? (unsigned)((voi->text.len - left) * 1000 / voi->text.len) : 1000;
}

// ---- rows ----

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

// Empty lines before a row belong to no row.
static struct hs_str without_line_ends(struct hs_str raw)
{
    while (raw.len > 0 && is_line_end(raw.ptr[0])) {
        raw.ptr++;
        raw.len--;
    }
    while (raw.len > 0 && is_line_end(raw.ptr[raw.len - 1])) {
        raw.len--;
    }
    return raw;
}

static int next_csv(struct hs_voi *voi, struct hs_diags *diags, struct hs_voi_row *row)
{
    struct hs_csv *csv = &voi->csv;
    const char *from = csv->rest.ptr;
    size_t before = csv->rest.len;
    int rc = hs_csv_next(csv);
    row->raw = without_line_ends(hs_str_n(from, before - csv->rest.len));
    row->line = csv->row_line;
    struct hs_diag_place place = {voi->name, row->line, 0, NULL, {0}};
    if (rc < 0) {
        place.line = csv->fields[csv->count].line;
        place.column = csv->fields[csv->count].column;
        hs_diags_add(
            diags, HS_DIAG_ERROR, &place,
            rc == HS_ELIMIT
                ? "too many fields"
                : "a quote is not closed, or something follows it; a quote within is doubled");
        return HS_EFORMAT;
    }
    if (rc == 0) {
        return 0;
    }
    if (csv->count != voi->column_count) {
        hs_diags_add(diags, HS_DIAG_ERROR, &place, "has %zu fields, the header has %zu", csv->count,
                     voi->column_count);
        return HS_EFORMAT;
    }
    for (size_t i = 0; i < csv->count; i++) {
        const struct hs_csv_field *field = &csv->fields[i];
        row->texts[voi->columns[i]] =
            (struct hs_entry_text){field->text, field->line, field->column};
    }
    return 1;
}

// ---- JSON lines ----

// Where a key stands in its line; 1 when it is written in another way.
static unsigned column_of_key(struct hs_str line, const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; i + len + 2 <= line.len; i++) {
        if (line.ptr[i] == '"' && memcmp(line.ptr + i + 1, key, len) == 0 &&
            line.ptr[i + len + 1] == '"') {
            return (unsigned)i + 1;
        }
    }
    return 1;
}

// A scalar's text, appended; false for what no column takes.
static bool add_scalar(const json_t *value, struct hs_buf *out)
{
    if (json_is_string(value)) {
        hs_buf_add(out, json_string_value(value), json_string_length(value));
    } else if (json_is_integer(value)) {
        hs_buf_printf(out, "%lld", (long long)json_integer_value(value));
    } else if (!json_is_null(value)) {
        return false;
    }
    return true;
}

static bool add_value(const json_t *value, struct hs_buf *out)
{
    if (!json_is_array(value)) {
        return add_scalar(value, out);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        hs_buf_add_text(out, i ? ";" : "");
        if (!add_scalar(json_array_get(value, i), out)) {
            return false;
        }
    }
    return true;
}

static int read_object(struct hs_voi *voi, struct hs_diags *diags, struct hs_voi_row *row)
{
    const char *key;
    json_t *value;
    size_t errors = diags->errors, at[HS_COLUMN_COUNT] = {0};
    hs_buf_clear(&voi->values);
    json_object_foreach(voi->object, key, value)
    {
        enum hs_column column;
        unsigned from = column_of_key(row->raw, key);
        struct hs_diag_place place = {voi->name, row->line, from, key, {0}};
        if (hs_column_find(hs_str(key), &column) != 0) {
            unknown_name(voi, diags, hs_str(key), "key", row->line, from);
            continue;
        }
        if (row->texts[column].line) {
            hs_diags_add(diags, HS_DIAG_ERROR, &place, "stands twice");
            continue;
        }
        at[column] = voi->values.len;
        if (!add_value(value, &voi->values)) {
            hs_diags_add(diags, HS_DIAG_ERROR, &place, "is no text, number or array of them");
        }
        row->texts[column] =
            (struct hs_entry_text){hs_str_n(NULL, voi->values.len - at[column]), row->line, from};
    }
    for (int column = 0; column < HS_COLUMN_COUNT; column++) { // the buffer does not move any more
        row->texts[column].text.ptr = voi->values.ptr ? voi->values.ptr + at[column] : "";
    }
    return diags->errors == errors ? hs_buf_status(&voi->values) ? HS_ENOMEM : 1 : HS_EFORMAT;
}

static int next_json(struct hs_voi *voi, struct hs_diags *diags, struct hs_voi_row *row)
{
    struct hs_str line = {0};
    do {
        if (!hs_str_split(&voi->rest, '\n', &line)) {
            return 0;
        }
        row->line = voi->line++;
    } while (hs_str_trim(line).len == 0);
    row->raw = without_line_ends(line);
    json_error_t error;
    json_decref(voi->object);
    voi->object = json_loadb(row->raw.ptr, row->raw.len, JSON_REJECT_DUPLICATES, &error);
    struct hs_diag_place place = {voi->name, row->line, 0, NULL, {0}};
    if (!voi->object) {
        place.column = error.column > 0 ? (unsigned)error.column : 1;
        hs_diags_add(diags, HS_DIAG_ERROR, &place, "is no JSON: %s", error.text);
        return HS_EFORMAT;
    }
    if (!json_is_object(voi->object)) {
        hs_diags_add(diags, HS_DIAG_ERROR, &place,
                     "is no JSON object: a line is {\"VRM\": ..., \"action\": ...}");
        return HS_EFORMAT;
    }
    return read_object(voi, diags, row);
}

int hs_voi_next(struct hs_voi *voi, struct hs_diags *diags, struct hs_voi_row *ret_row)
{
    memset(ret_row->texts, 0, sizeof(ret_row->texts));
    return voi->json ? next_json(voi, diags, ret_row) : next_csv(voi, diags, ret_row);
}
