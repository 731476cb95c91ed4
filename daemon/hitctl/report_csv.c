// SPDX-License-Identifier: Apache-2.0
//
// The numbers of a report, one a line: a table program makes any table of them.
#include <inttypes.h>

#include "hitctl/report_json.h"

enum { PATH_BYTES = 256 };

// Quoted always: a table program shall take no text for a formula's beginning.
static void put_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"') {
            fputc('"', out);
        }
        fputc((unsigned char)*text < 32 ? ' ' : *text, out);
    }
    fputc('"', out);
}

static void put_line(FILE *out, const char *section, const char *row, const char *measure,
                     const json_t *value)
{
    put_text(out, section);
    fputc(',', out);
    put_text(out, row);
    fputc(',', out);
    put_text(out, measure);
    fputc(',', out);
    if (json_is_string(value)) {
        put_text(out, json_string_value(value));
    } else {
        fprintf(out, "%" PRIdMAX, (intmax_t)json_integer_value(value));
    }
    fputc('\n', out);
}

// Numbers and texts of an object, those of its objects as "outer.inner".
static void put_object(FILE *out, const char *section, const char *row, const char *prefix,
                       const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        char measure[PATH_BYTES];
        snprintf(measure, sizeof(measure), "%s%s%s", prefix, *prefix ? "." : "", key);
        if (json_is_object(value)) {
            put_object(out, section, row, measure, value);
        } else if (json_is_string(value) || json_is_integer(value)) {
            put_line(out, section, row, measure, value);
        }
    }
}

// What a row is called: its own name, or of a place all that tells it from another.
static void name_row(const json_t *row, char ret_name[PATH_BYTES])
{
    static const char *const places[] = {"site", "road", "force"};
    const json_t *hour = json_object_get(row, "hour");
    size_t len = 0;
    ret_name[0] = '\0';
    if (!json_object_get(row, "site")) { // the first member is the name
        const char *name =
            json_string_value(json_object_iter_value(json_object_iter((json_t *)(uintptr_t)row)));
        snprintf(ret_name, PATH_BYTES, "%s", name ? name : "");
        return;
    }
    for (size_t i = 0; i < 3 && len < PATH_BYTES; i++) {
        const char *part = json_string_value(json_object_get(row, places[i]));
        len += (size_t)snprintf(ret_name + len, PATH_BYTES - len, "%s%s", i > 0 ? "|" : "",
                                part ? part : "");
    }
    if (hour && len < PATH_BYTES) {
        snprintf(ret_name + len, PATH_BYTES - len, "|%02d", (int)json_integer_value(hour));
    }
}

static void put_rows(FILE *out, const char *section, const json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        char name[PATH_BYTES];
        if (json_is_object(row)) {
            name_row(row, name);
            put_object(out, section, name, "", row);
        } else if (json_is_string(row)) {
            put_line(out, section, "", "", row);
        }
    }
}

void report_csv_print(const json_t *report, FILE *out)
{
    const char *key;
    json_t *value;
    fputs("section,row,measure,value\n", out);
    json_object_foreach((json_t *)(uintptr_t)report, key, value)
    {
        if (json_is_object(value)) {
            put_object(out, key, "", "", value);
        } else if (json_is_array(value)) {
            put_rows(out, key, value);
        } else {
            put_line(out, "report", "", key, value);
        }
    }
}
