// SPDX-License-Identifier: Apache-2.0
#include "base/csv.h"

#include "base/error.h"

void hs_csv_init(struct hs_csv *csv, struct hs_str text)
{
    *csv = (struct hs_csv){.rest = text, .line = 1};
    if (text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0) {
        csv->rest = hs_str_n(text.ptr + 3, text.len - 3);
    }
}

void hs_csv_fini(struct hs_csv *csv)
{
    hs_buf_fini(&csv->unquoted);
}

static void advance(struct hs_csv *csv, size_t len_bytes)
{
    csv->rest.ptr += len_bytes;
    csv->rest.len -= len_bytes;
}

// Past the end of the present line.
static void skip_line(struct hs_csv *csv)
{
    const char *end = csv->rest.len ? memchr(csv->rest.ptr, '\n', csv->rest.len) : NULL;
    advance(csv, end ? (size_t)(end - csv->rest.ptr) + 1 : csv->rest.len);
    csv->line++;
}

static size_t line_end_bytes(struct hs_str s)
{
    if (s.len > 0 && s.ptr[0] == '\n') {
        return 1;
    }
    return s.len > 1 && s.ptr[0] == '\r' && s.ptr[1] == '\n' ? 2 : 0;
}

static bool field_is_over(struct hs_str s)
{
    return s.len == 0 || s.ptr[0] == ',' || line_end_bytes(s) > 0;
}

// The text between quotes; rest stands behind the opening one. Only its length is known yet: see
// place_quoted().
static int read_quoted(struct hs_csv *csv, struct hs_csv_field *field)
{
    size_t from = csv->unquoted.len;
    while (csv->rest.len > 0) {
        char c = csv->rest.ptr[0];
        if (c == '"' && (csv->rest.len == 1 || csv->rest.ptr[1] != '"')) {
            advance(csv, 1);
            field->text.len = csv->unquoted.len - from;
            return field_is_over(csv->rest) ? 0 : HS_EFORMAT;
        }
        hs_buf_add_char(&csv->unquoted, c);
        csv->line += c == '\n';
        advance(csv, c == '"' ? 2 : 1);
    }
    return HS_EFORMAT;
}

static void read_plain(struct hs_csv *csv, struct hs_csv_field *field)
{
    const char *text = csv->rest.ptr;
    size_t len = 0, left = csv->rest.len;
    while (len < left && text[len] != ',' && text[len] != '\n' &&
           !(text[len] == '\r' && len + 1 < left && text[len + 1] == '\n')) {
        len++;
    }
    field->text = hs_str_n(text, len);
    advance(csv, len);
}

// The line's fields up to its end; line_start is where the line of the present field begins.
static int read_row(struct hs_csv *csv)
{
    const char *line_start = csv->rest.ptr;
    for (;;) {
        struct hs_csv_field *field = &csv->fields[csv->count];
        *field = (struct hs_csv_field){.line = csv->line,
                                       .column = (unsigned)(csv->rest.ptr - line_start) + 1,
                                       .quoted = csv->rest.len > 0 && csv->rest.ptr[0] == '"'};
        if (field->quoted) {
            advance(csv, 1);
            int rc = read_quoted(csv, field);
            if (rc != 0) {
                return rc;
            }
            if (field->line != csv->line) { // it held line ends: columns count from the last
                line_start = csv->rest.ptr;
                while (line_start[-1] != '\n') {
                    line_start--;
                }
            }
        } else {
            read_plain(csv, field);
        }
        csv->count++;
        if (csv->rest.len == 0 || csv->rest.ptr[0] != ',') {
            return 1;
        }
        advance(csv, 1);
        if (csv->count == HS_CSV_FIELDS_MAX) {
            csv->count--;
            return HS_ELIMIT;
        }
    }
}

// Quoted fields stand in `unquoted` one behind the other; it does not move any more.
static void place_quoted(struct hs_csv *csv)
{
    size_t at = 0;
    for (size_t i = 0; i < csv->count; i++) {
        if (csv->fields[i].quoted) {
            csv->fields[i].text.ptr = csv->unquoted.ptr ? csv->unquoted.ptr + at : "";
            at += csv->fields[i].text.len;
        }
    }
}

int hs_csv_next(struct hs_csv *csv)
{
    size_t end;
    while ((end = line_end_bytes(csv->rest)) > 0) {
        advance(csv, end);
        csv->line++;
    }
    csv->count = 0;
    csv->row_line = csv->line;
    hs_buf_clear(&csv->unquoted);
    if (csv->rest.len == 0) {
        return 0;
    }
    struct hs_csv start = {.rest = csv->rest, .line = csv->line};
    int rc = read_row(csv);
    if (rc <
        0) { // a quote left open would swallow the file: go on with the line behind the row's first
        csv->rest = start.rest;
        csv->line = start.line;
        skip_line(csv);
        return rc;
    }
    end = line_end_bytes(csv->rest);
    advance(csv, end);
    csv->line += end > 0;
    place_quoted(csv);
    return hs_buf_status(&csv->unquoted) == 0 ? 1 : HS_ENOMEM;
}
