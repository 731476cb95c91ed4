// SPDX-License-Identifier: Apache-2.0
//
// What a person reads of an option table: dump, annotated sample, reference page.
#include <stdio.h>

#include "config/options.h"

enum { COMMENT_COLUMNS = 96 };

// Length of the group's name: "kafka.lease_ms" -> 5; 0 at the top.
static size_t group_len(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot ? (size_t)(dot - key) : 0;
}

// Writes the group's own line when the row is the first of it. One level of groups.
static void begin_group(const struct hs_option *table, const struct hs_option *row,
                        struct hs_buf *out)
{
    size_t len = group_len(row->key);
    bool same =
        row > table && group_len(row[-1].key) == len && strncmp(row[-1].key, row->key, len) == 0;
    if (len > 0 && !same) {
        hs_buf_printf(out, "%.*s:\n", (int)len, row->key);
    }
}

static const char *last_name(const struct hs_option *row)
{
    size_t len = group_len(row->key);
    return row->key + (len > 0 ? len + 1 : 0);
}

void hs_options_dump(const struct hs_option *table, const void *source, hs_option_map_writer *map,
                     struct hs_buf *out)
{
    for (const struct hs_option *row = table; row->key; row++) {
        begin_group(table, row, out);
        hs_buf_printf(out, "%s%s:", group_len(row->key) > 0 ? "  " : "", last_name(row));
        if (row->type == HS_OPTION_MAP && map) {
            map(row, source, out);
            continue;
        }
        hs_buf_add_char(out, ' ');
        hs_option_value(row, source, out);
        hs_buf_add_char(out, '\n');
    }
}

static void say_range(const struct hs_option *row, struct hs_buf *out)
{
    bool number = row->type == HS_OPTION_U32 || row->type == HS_OPTION_I64;
    if (number) {
        hs_buf_printf(out, "%lld to %lld%s%s", (long long)row->min, (long long)row->max,
                      row->unit ? " " : "", row->unit ? row->unit : "");
    } else if (row->type == HS_OPTION_FLAGS || row->type == HS_OPTION_CHOICE) {
        hs_buf_add_text(out, row->type == HS_OPTION_FLAGS ? "a list of " : "one of ");
        for (size_t i = 0; row->allowed[i]; i++) {
            hs_buf_printf(out, "%s%s", i > 0 ? ", " : "", row->allowed[i]);
        }
    } else if (row->type == HS_OPTION_FILE) {
        hs_buf_add_text(out, "a path, or credential:NAME");
    } else if (row->type == HS_OPTION_MAP) {
        hs_buf_add_text(out, "names and values");
    } else {
        hs_buf_add_text(out, "a text");
    }
}

// `text` as comment lines of at most COMMENT_COLUMNS bytes.
static void add_comment(const char *indent, const char *text, struct hs_buf *out)
{
    size_t room = COMMENT_COLUMNS - strlen(indent) - 2;
    while (*text) {
        size_t len = strlen(text);
        if (len > room) {
            len = room;
            while (len > 0 && text[len] != ' ') {
                len--;
            }
        }
        hs_buf_printf(out, "%s# %.*s\n", indent, (int)len, text);
        text += len;
        text += *text == ' ';
    }
}

static void add_default(const struct hs_option *row, struct hs_buf *out)
{
    if (row->type == HS_OPTION_FLAGS) {
        hs_buf_printf(out, "[%s]", row->fallback);
    } else if (row->type == HS_OPTION_MAP) {
        hs_buf_add_text(out, "{}");
    } else if (row->type == HS_OPTION_U32 || row->type == HS_OPTION_I64) {
        hs_buf_add_text(out, row->fallback);
    } else {
        hs_options_quote(hs_str(row->fallback), out);
    }
}

void hs_options_sample(const struct hs_option *table, struct hs_buf *out)
{
    for (const struct hs_option *row = table; row->key; row++) {
        const char *indent = group_len(row->key) > 0 ? "  " : "";
        struct hs_buf text = {0};
        hs_buf_add_char(out, '\n');
        begin_group(table, row, out);
        hs_buf_printf(&text, "%s Allowed: ", row->help);
        say_range(row, &text);
        hs_buf_printf(&text, ".%s", row->reloadable ? " Taken over by a reload." : "");
        add_comment(indent, hs_buf_text(&text), out);
        hs_buf_printf(out, "%s#%s: ", indent, last_name(row));
        add_default(row, out);
        hs_buf_add_char(out, '\n');
        hs_buf_fini(&text);
    }
}

// roff takes '-' for a hyphen, a dot or quote at the start of a line for a request.
static void add_roff(const char *text, struct hs_buf *out)
{
    for (; *text; text++) {
        if (*text == '\\') {
            hs_buf_add_text(out, "\\e");
        } else if (*text == '-') {
            hs_buf_add_text(out, "\\-");
        } else {
            hs_buf_add_char(out, *text);
        }
    }
}

void hs_options_reference(const struct hs_option *table, struct hs_buf *out)
{
    for (const struct hs_option *row = table; row->key; row++) {
        struct hs_buf line = {0};
        hs_buf_add_text(out, ".TP\n.B ");
        add_roff(row->key, out);
        hs_buf_add_char(out, '\n');
        add_roff(row->help, out);
        hs_buf_add_text(&line, "Allowed: ");
        say_range(row, &line);
        hs_buf_add_text(&line, ". Default: ");
        add_default(row, &line);
        hs_buf_printf(&line, ". %s",
                      row->reloadable ? "Taken over by a reload." : "Needs a restart.");
        hs_buf_add_text(out, "\n.br\n");
        add_roff(hs_buf_text(&line), out);
        hs_buf_add_char(out, '\n');
        hs_buf_fini(&line);
    }
}
