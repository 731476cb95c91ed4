// SPDX-License-Identifier: Apache-2.0
#include "base/diag.h"

#include <stdlib.h>

enum { VALUE_MAX_BYTES = 80 };

void hs_diags_fini(struct hs_diags *diags)
{
    for (size_t i = 0; i < diags->count; i++) {
        free(diags->rows[i].file);
        free(diags->rows[i].key);
        free(diags->rows[i].value);
        free(diags->rows[i].message);
    }
    free(diags->rows);
    *diags = (struct hs_diags){.limit = diags->limit};
}

static bool has_room(struct hs_diags *diags)
{
    size_t limit = diags->limit ? diags->limit : HS_DIAGS_DEFAULT_LIMIT;
    if (diags->count >= limit) {
        return false;
    }
    if (diags->count == diags->capacity) {
        size_t capacity = diags->capacity ? 2 * diags->capacity : 16;
        struct hs_diag *rows = realloc(diags->rows, capacity * sizeof(*rows));
        if (!rows) {
            return false;
        }
        diags->rows = rows;
        diags->capacity = capacity;
    }
    return true;
}

void hs_diags_add(struct hs_diags *diags, enum hs_diag_severity severity,
                  const struct hs_diag_place *place, const char *format, ...)
{
    if (severity == HS_DIAG_ERROR) {
        diags->errors++;
    } else {
        diags->warnings++;
    }
    if (!has_room(diags)) {
        return;
    }
    struct hs_buf message = {0};
    va_list args;
    va_start(args, format);
    hs_buf_vprintf(&message, format, args);
    va_end(args);
    struct hs_str value = place->value;
    if (value.len > VALUE_MAX_BYTES) {
        value.len = VALUE_MAX_BYTES;
    }
    struct hs_diag row = {
        .severity = severity,
        .file = hs_str_dup(hs_str(place->file)),
        .line = place->line,
        .column = place->column,
        .key = hs_str_dup(hs_str(place->key)),
        .value = hs_str_dup(value),
        .message = hs_str_dup(hs_buf_str(&message)),
    };
    hs_buf_fini(&message);
    if (!row.file || !row.key || !row.value || !row.message) {
        free(row.file);
        free(row.key);
        free(row.value);
        free(row.message);
        return;
    }
    diags->rows[diags->count++] = row;
}

// A value as a person may see it: control characters would break the line.
static void add_printable(struct hs_buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f) {
            hs_buf_printf(out, "\\x%02x", c);
        } else {
            hs_buf_add_char(out, (char)c);
        }
    }
}

void hs_diag_format(const struct hs_diag *diag, struct hs_buf *out)
{
    if (diag->file[0]) {
        hs_buf_add_text(out, diag->file);
        if (diag->line) {
            hs_buf_printf(out, ":%u", diag->line);
        }
        if (diag->column) {
            hs_buf_printf(out, ":%u", diag->column);
        }
        hs_buf_add_text(out, ": ");
    } else if (diag->line) {
        hs_buf_printf(out, "line %u: ", diag->line);
    }
    if (diag->severity == HS_DIAG_WARNING) {
        hs_buf_add_text(out, "warning: ");
    }
    if (diag->key[0]) {
        hs_buf_printf(out, "%s: ", diag->key);
    }
    if (diag->value[0]) {
        hs_buf_add_char(out, '\'');
        add_printable(out, diag->value);
        hs_buf_add_text(out, "': ");
    }
    hs_buf_add_text(out, diag->message);
}
