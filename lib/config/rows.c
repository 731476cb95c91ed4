// SPDX-License-Identifier: Apache-2.0
#include "config/rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"

static void path_of(const struct hs_row *row, const char *key, char ret_path[HS_ROW_PATH_BYTES])
{
    size_t len = row->name.len < HS_ROW_NAME_MAX_BYTES ? row->name.len : HS_ROW_NAME_MAX_BYTES;
    snprintf(ret_path, HS_ROW_PATH_BYTES, "%s.%.*s%s%s", row->section, (int)len, row->name.ptr,
             key[0] ? "." : "", key);
}

const struct hs_yaml_node *hs_row_take(const struct hs_row_reader *reader, const char *key,
                                       char ret_path[HS_ROW_PATH_BYTES])
{
    path_of(&reader->row, key, ret_path);
    return hs_yaml_get(reader->row.node, key);
}

void hs_row_fault(const struct hs_row *row, const char *key, enum hs_diag_severity severity,
                  struct hs_diags *diags, const char *format, ...)
{
    char path[HS_ROW_PATH_BYTES];
    const struct hs_yaml_node *at = hs_yaml_get(row->node, key);
    struct hs_buf text = {0};
    va_list args;
    va_start(args, format);
    hs_buf_vprintf(&text, format, args);
    va_end(args);
    path_of(row, at ? key : "", path);
    struct hs_diag_place place = hs_yaml_place(at ? at : row->key, path);
    hs_diags_add(diags, severity, &place, "%s", hs_buf_text(&text));
    hs_buf_fini(&text);
}

const struct hs_yaml_node *hs_rows_section(const struct hs_yaml_node *root, const char *section,
                                           size_t max, struct hs_diags *diags)
{
    const char *const known[] = {section, NULL};
    for (size_t i = 0; root->kind == HS_YAML_MAPPING && i < root->count; i++) {
        if (!hs_str_is(root->items[i].key->text, section)) {
            hs_yaml_unknown_key(diags, root->items[i].key, "", known);
        }
    }
    const struct hs_yaml_node *node = hs_yaml_get(root, section);
    if (!node || hs_yaml_is_null(node)) {
        return NULL;
    }
    if (node->kind != HS_YAML_MAPPING) {
        hs_yaml_fault(diags, node, section, "an id is expected, and its keys below it");
        return NULL;
    }
    if (node->count > max) {
        hs_yaml_fault(diags, node, section, "more than %zu %s", max, section);
        return NULL;
    }
    return node;
}

bool hs_row_is_id(struct hs_str text)
{
    bool good = text.len > 0 && text.len <= HS_ROW_NAME_MAX_BYTES && !strchr("-_.", text.ptr[0]);
    for (size_t i = 0; i < text.len && good; i++) {
        char c = text.ptr[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-_.", c));
    }
    return good;
}

void hs_row_check_keys(const struct hs_row_reader *reader, const char *const *known)
{
    for (size_t i = 0; i < reader->row.node->count; i++) {
        char path[HS_ROW_PATH_BYTES];
        char key[HS_ROW_NAME_MAX_BYTES + 1];
        const struct hs_yaml_node *node = reader->row.node->items[i].key;
        size_t k = 0;
        while (known[k] && !hs_str_is(node->text, known[k])) {
            k++;
        }
        if (!known[k]) {
            snprintf(key, sizeof(key), "%.*s", HS_STR_ARG(node->text));
            path_of(&reader->row, key, path);
            hs_yaml_unknown_key(reader->diags, node, path, known);
        }
    }
}

bool hs_row_text(const struct hs_row_reader *reader, const char *key, struct hs_str *ret_value)
{
    char path[HS_ROW_PATH_BYTES];
    const struct hs_yaml_node *node = hs_row_take(reader, key, path);
    return node && hs_yaml_to_text(node, path, reader->diags, ret_value);
}

bool hs_row_bool(const struct hs_row_reader *reader, const char *key, bool *ret_value)
{
    char path[HS_ROW_PATH_BYTES];
    const struct hs_yaml_node *node = hs_row_take(reader, key, path);
    return node && hs_yaml_to_bool(node, path, reader->diags, ret_value);
}

bool hs_row_choice(const struct hs_row_reader *reader, const char *key, const char *const *words,
                   size_t *ret_index)
{
    char path[HS_ROW_PATH_BYTES];
    const struct hs_yaml_node *node = hs_row_take(reader, key, path);
    return node && hs_yaml_to_choice(node, path, words, reader->diags, ret_index);
}

bool hs_row_number(const struct hs_row_reader *reader, const char *key, int64_t min, int64_t max,
                   const char *unit, int64_t *ret_value)
{
    char path[HS_ROW_PATH_BYTES];
    const struct hs_yaml_node *node = hs_row_take(reader, key, path);
    return node && hs_yaml_to_number(node, path, min, max, unit, reader->diags, ret_value);
}

bool hs_row_time(const struct hs_row_reader *reader, const char *key, int64_t *ret_at_ms)
{
    char path[HS_ROW_PATH_BYTES];
    struct hs_str text;
    const struct hs_yaml_node *node = hs_row_take(reader, key, path);
    if (!node || !hs_yaml_to_text(node, path, reader->diags, &text)) {
        return false;
    }
    if (hs_civil_parse(text, ret_at_ms) == 0) {
        return true;
    }
    hs_yaml_fault(reader->diags, node, path,
                  "not a time, allowed: 2026-01-13T06:00:00, civil time in London, or with 'Z' or "
                  "an offset behind it");
    return false;
}

static int by_text(const void *a, const void *b)
{
    return hs_str_cmp(*(const struct hs_str *)a, *(const struct hs_str *)b);
}

bool hs_row_names(const struct hs_row_reader *reader, const char *key,
                  const struct hs_str **ret_names, size_t *ret_count)
{
    char path[HS_ROW_PATH_BYTES];
    const struct hs_yaml_node *node = hs_row_take(reader, key, path);
    const struct hs_str *texts;
    size_t count;
    if (!node || !hs_yaml_to_texts(node, path, reader->diags, reader->bump, &texts, &count)) {
        return false;
    }
    struct hs_str *sorted = hs_bump_alloc(reader->bump, (count + 1) * sizeof(*sorted));
    if (!sorted) {
        return false;
    }
    if (count > 0) {
        memcpy(sorted, texts, count * sizeof(*sorted));
        qsort(sorted, count, sizeof(*sorted), by_text);
    }
    *ret_names = sorted;
    *ret_count = count;
    return true;
}

void hs_row_needs(const struct hs_row_reader *reader, const char *key, struct hs_str value,
                  const char *what)
{
    const struct hs_yaml_node *node = hs_yaml_get(reader->row.node, key);
    bool told = node && (node->kind != HS_YAML_SCALAR || hs_yaml_is_null(node));
    if (value.len == 0 && !told) {
        hs_row_fault(&reader->row, key, HS_DIAG_ERROR, reader->diags, "%s", what);
    }
}
