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
    for (size_t i = 0; i < rows->run_count; i++) {
        fclose(rows->runs[i]);
    }
    rows->run_count = 0;
    free(rows->rows);
    hs_bump_fini(&rows->bump);
}

static int keep(struct hs_bump *bump, const struct hitctl_audit_row *row,
                struct hitctl_audit_row *ret_copy)
{
    ret_copy->at_ms = row->at_ms;
    for (int i = 0; i < HITCTL_AUDIT_COLUMNS; i++) {
        struct hs_str text = row->texts[i];
        const char *copy = text.len > 0 ? hs_bump_copy(bump, text.ptr, text.len) : "";
        if (!copy) {
            return HS_ENOMEM;
        }
        ret_copy->texts[i] = hs_str_n(copy, text.len);
    }
    return 0;
}

// ---- runs ----

static int by_time(const void *a, const void *b)
{
    const struct hitctl_audit_row *x = *(const struct hitctl_audit_row *const *)a,
                                  *y = *(const struct hitctl_audit_row *const *)b;
    return x->at_ms != y->at_ms ? (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms) : (x > y) - (x < y);
}

// The rows in memory in order; NULL: out of memory.
static struct hitctl_audit_row **order_of(const struct hitctl_audit_rows *rows)
{
    struct hitctl_audit_row **order = malloc((rows->count + 1) * sizeof(void *));
    for (size_t i = 0; order && i < rows->count; i++) {
        order[i] = &rows->rows[i];
    }
    if (order) {
        qsort(order, rows->count, sizeof(*order), by_time);
    }
    return order;
}

static void write_row(FILE *run, const struct hitctl_audit_row *row)
{
    fwrite(&row->at_ms, sizeof(row->at_ms), 1, run);
    for (int i = 0; i < HITCTL_AUDIT_COLUMNS; i++) {
        fwrite(&row->texts[i].len, sizeof(row->texts[i].len), 1, run);
        fwrite(row->texts[i].ptr ? row->texts[i].ptr : "", 1, row->texts[i].len, run);
    }
}

// The rows in memory leave it.
static int spill(struct hitctl_audit_rows *rows)
{
    if (rows->run_count == HITCTL_AUDIT_RUNS_MAX) {
        return HS_ELIMIT;
    }
    struct hitctl_audit_row **order = order_of(rows);
    FILE *run = order ? tmpfile() : NULL; // readable by nobody else, gone when closed
    if (!run) {
        int rc = order ? HS_EIO : HS_ENOMEM;
        free(order);
        return rc;
    }
    for (size_t i = 0; i < rows->count; i++) {
        write_row(run, order[i]);
    }
    free(order);
    rows->runs[rows->run_count++] = run;
    rows->count = 0;
    hs_bump_fini(&rows->bump);
    return fflush(run) == 0 && !ferror(run) ? 0 : HS_EIO;
}

int hitctl_audit_rows_add(struct hitctl_audit_rows *rows, const struct hitctl_audit_row *row)
{
    size_t most = rows->memory_max ? rows->memory_max : HITCTL_AUDIT_MEMORY_BYTES;
    if (rows->count > 0 && rows->bump.used_bytes + rows->count * sizeof(*row) >= most) {
        int rc = spill(rows);
        if (rc != 0) {
            return rc;
        }
    }
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity ? 2 * rows->capacity : 256;
        void *grown = reallocarray(rows->rows, capacity, sizeof(*rows->rows));
        if (!grown) {
            return HS_ENOMEM;
        }
        rows->rows = grown;
        rows->capacity = capacity;
    }
    int rc = keep(&rows->bump, row, &rows->rows[rows->count]);
    rows->count += rc == 0;
    return rc;
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

static void print_head(enum hitctl_audit_format format, FILE *out)
{
    if (format == HITCTL_AUDIT_CSV) {
        fputs("at", out);
        for (int i = 0; i < HITCTL_AUDIT_COLUMNS; i++) {
            fprintf(out, ",%s", names[i]);
        }
        fputc('\n', out);
    }
}

static void print_row(const struct hitctl_audit_row *row, enum hitctl_audit_format format,
                      FILE *out)
{
    char at[HS_CIVIL_TEXT_BYTES];
    hs_civil_format(row->at_ms, at);
    (format == HITCTL_AUDIT_TEXT    ? print_text
     : format == HITCTL_AUDIT_JSONL ? print_json
                                    : print_csv)(row, at, out);
}

// ---- merging ----

// The next row of a run, or of the rows in memory.
struct head {
    FILE *run; // NULL: in memory
    bool over;
    struct hitctl_audit_row row;
    struct hs_bump bump; // its texts, of a run
};

// The next row; at the end it is over. HS_EIO, HS_ENOMEM.
static int next_of_run(struct head *head)
{
    hs_bump_reset(&head->bump);
    if (fread(&head->row.at_ms, sizeof(head->row.at_ms), 1, head->run) != 1) {
        head->over = true;
        return ferror(head->run) ? HS_EIO : 0;
    }
    for (int i = 0; i < HITCTL_AUDIT_COLUMNS; i++) {
        size_t len;
        if (fread(&len, sizeof(len), 1, head->run) != 1) {
            return HS_EIO;
        }
        char *text = hs_bump_alloc(&head->bump, len + 1);
        if (!text) {
            return HS_ENOMEM;
        }
        if (fread(text, 1, len, head->run) != len) {
            return HS_EIO;
        }
        head->row.texts[i] = hs_str_n(text, len);
    }
    return 0;
}

// Of equal times the run that was written first.
static size_t earliest(const struct head *heads, size_t count)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++) {
        if (!heads[i].over && (best == count || heads[i].row.at_ms < heads[best].row.at_ms)) {
            best = i;
        }
    }
    return best;
}

// Runs and, behind them, the rows in memory.
static int merge(const struct hitctl_audit_rows *rows, struct hitctl_audit_row **order,
                 struct head *heads, enum hitctl_audit_format format, FILE *out)
{
    struct head *memory = &heads[rows->run_count];
    size_t at = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < rows->run_count; i++) {
        heads[i].run = rows->runs[i];
        rewind(heads[i].run);
        rc = next_of_run(&heads[i]);
    }
    while (rc == 0) {
        memory->over = at == rows->count;
        memory->row = memory->over ? memory->row : *order[at];
        struct head *head = &heads[earliest(heads, rows->run_count + 1)];
        if (head->over || head == &heads[rows->run_count + 1]) {
            break;
        }
        print_row(&head->row, format, out);
        at += head == memory;
        rc = head == memory ? 0 : next_of_run(head);
    }
    return rc;
}

int hitctl_audit_rows_print(struct hitctl_audit_rows *rows, enum hitctl_audit_format format,
                            FILE *out)
{
    struct hitctl_audit_row **order = order_of(rows);
    struct head *heads = calloc(rows->run_count + 2, sizeof(*heads));
    int rc = order && heads ? 0 : HS_ENOMEM;
    print_head(format, out);
    if (rc == 0) {
        heads[rows->run_count + 1].over = true; // what is found when nothing is left
        rc = merge(rows, order, heads, format, out);
    }
    for (size_t i = 0; heads && i < rows->run_count; i++) {
        hs_bump_fini(&heads[i].bump);
    }
    free(heads);
    free(order);
    return rc;
}
