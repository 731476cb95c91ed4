// SPDX-License-Identifier: Apache-2.0
#include "hitctl/audit_rows.h"

#include <stdlib.h>

#include <jansson.h>

#include "base/civil.h"
#include "base/error.h"

static const char *const names[HITCTL_AUDIT_COLUMNS] = {
    [HITCTL_AUDIT_WHAT] = "what",           [HITCTL_AUDIT_WHO] = "who",
    [HITCTL_AUDIT_AUTHORITY] = "authority", [HITCTL_AUDIT_LIST] = "list",
    [HITCTL_AUDIT_ENTRY] = "entry",         [HITCTL_AUDIT_VEHICLE] = "vehicle",
    [HITCTL_AUDIT_RECIPIENT] = "recipient", [HITCTL_AUDIT_ROUTE] = "route",
    [HITCTL_AUDIT_DETAIL] = "detail",       [HITCTL_AUDIT_ID] = "id",
};

void hitctl_audit_rows_fini(struct hitctl_audit_rows *rows)
{
    free(rows->rows);
    hs_bump_fini(&rows->bump);
}

int hitctl_audit_rows_add(struct hitctl_audit_rows *rows, const struct hitctl_audit_row *row)
{
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity ? 2 * rows->capacity : 256;
        void *grown = reallocarray(rows->rows, capacity, sizeof(*rows->rows));
        if (!grown) {
            return HS_ENOMEM;
        }
        rows->rows = grown;
        rows->capacity = capacity;
    }
    struct hitctl_audit_row *to = &rows->rows[rows->count];
    to->at_ms = row->at_ms;
    for (int i = 0; i < HITCTL_AUDIT_COLUMNS; i++) {
        struct hs_str text = row->texts[i];
        const char *copy = text.len > 0 ? hs_bump_copy(&rows->bump, text.ptr, text.len) : "";
        if (!copy) {
            return HS_ENOMEM;
        }
        to->texts[i] = hs_str_n(copy, text.len);
    }
    rows->count++;
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const struct hitctl_audit_row *x = *(const struct hitctl_audit_row *const *)a,
                                  *y = *(const struct hitctl_audit_row *const *)b;
    return x->at_ms != y->at_ms ? (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms) : (x > y) - (x < y);
}

void hitctl_audit_rows_sort(struct hitctl_audit_rows *rows)
{
    struct hitctl_audit_row *sorted = malloc((rows->count + 1) * sizeof(*sorted));
    struct hitctl_audit_row **order = malloc((rows->count + 1) * sizeof(void *));
    if (sorted && order) {
        for (size_t i = 0; i < rows->count; i++) {
            order[i] = &rows->rows[i];
        }
        qsort(order, rows->count, sizeof(*order), by_time);
        for (size_t i = 0; i < rows->count; i++) {
            sorted[i] = *order[i];
        }
        free(rows->rows);
        rows->rows = sorted;
        rows->capacity = rows->count + 1;
        sorted = NULL;
    }
    free(sorted);
    free(order);
}

// Without what could steer a terminal.
static void print_safe(FILE *out, struct hs_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        fputc(c < 32 || c == 127 ? '?' : c, out);
    }
}

static void print_text(const struct hitctl_audit_row *row, const char *at, FILE *out)
{
    fputs(at, out);
    fputs("  ", out);
    print_safe(out, row->texts[HITCTL_AUDIT_WHAT]);
    for (int i = HITCTL_AUDIT_WHO; i < HITCTL_AUDIT_COLUMNS; i++) {
        if (row->texts[i].len > 0) {
            fprintf(out, "  %s ", names[i]);
            print_safe(out, row->texts[i]);
        }
    }
    fputc('\n', out);
}

static void print_json(const struct hitctl_audit_row *row, const char *at, FILE *out)
{
    json_t *json = json_pack("{s:s}", "at", at);
    for (int i = 0; i < HITCTL_AUDIT_COLUMNS; i++) {
        if (row->texts[i].len > 0) {
            json_t *value = json_stringn(row->texts[i].ptr, row->texts[i].len);
            json_object_set_new(json, names[i], value ? value : json_string("?"));
        }
    }
    json_dumpf(json, out, JSON_COMPACT | JSON_PRESERVE_ORDER);
    fputc('\n', out);
    json_decref(json);
}

// Quoted always: a table program shall take no text for a number or a formula's beginning.
static void print_csv(const struct hitctl_audit_row *row, const char *at, FILE *out)
{
    fputs(at, out);
    for (int i = 0; i < HITCTL_AUDIT_COLUMNS; i++) {
        fputs(",\"", out);
        for (size_t k = 0; k < row->texts[i].len; k++) {
            char c = row->texts[i].ptr[k];
            if (c == '"') {
                fputc('"', out);
            }
            fputc(c, out);
        }
        fputc('"', out);
    }
    fputc('\n', out);
}

void hitctl_audit_rows_print(const struct hitctl_audit_rows *rows, enum hitctl_audit_format format,
                             FILE *out)
{
    char at[HS_CIVIL_TEXT_BYTES];
    if (format == HITCTL_AUDIT_CSV) {
        fputs("at", out);
        for (int i = 0; i < HITCTL_AUDIT_COLUMNS; i++) {
            fprintf(out, ",%s", names[i]);
        }
        fputc('\n', out);
    }
    for (size_t i = 0; i < rows->count; i++) {
        hs_civil_format(rows->rows[i].at_ms, at);
        (format == HITCTL_AUDIT_TEXT    ? print_text
         : format == HITCTL_AUDIT_JSONL ? print_json
                                        : print_csv)(&rows->rows[i], at, out);
    }
}
