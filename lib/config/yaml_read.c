// SPDX-License-Identifier: Apache-2.0
//
// The typed readers of yaml.h: a value, or a fault that says what is allowed.
#include <inttypes.h>

#include "base/error.h"
#include "config/yaml.h"

struct hs_diag_place hs_yaml_place(const struct hs_yaml_node *at, const char *path)
{
    return (struct hs_diag_place){
        .file = at->file,
        .line = at->line,
        .column = at->column,
        .key = path,
        .value = at->kind == HS_YAML_SCALAR ? at->text : (struct hs_str){NULL, 0},
    };
}

void hs_yaml_fault(struct hs_diags *diags, const struct hs_yaml_node *at, const char *path,
                   const char *format, ...)
{
    struct hs_diag_place place = hs_yaml_place(at, path);
    struct hs_buf text = {0};
    va_list args;
    va_start(args, format);
    hs_buf_vprintf(&text, format, args);
    va_end(args);
    hs_diags_add(diags, HS_DIAG_ERROR, &place, "%s", hs_buf_text(&text));
    hs_buf_fini(&text);
}

void hs_yaml_say_allowed(const char *const *allowed, struct hs_buf *out)
{
    for (size_t i = 0; allowed[i]; i++) {
        if (i > 0) {
            hs_buf_add_text(out, allowed[i + 1] ? ", " : " or ");
        }
        hs_buf_printf(out, "'%s'", allowed[i]);
    }
}

void hs_yaml_unknown_key(struct hs_diags *diags, const struct hs_yaml_node *key, const char *path,
                         const char *const *known)
{
    const char *nearest = hs_str_nearest(key->text, known);
    if (nearest) {
        hs_yaml_fault(diags, key, path, "unknown key, did you mean '%s'?", nearest);
        return;
    }
    struct hs_buf allowed = {0};
    hs_yaml_say_allowed(known, &allowed);
    hs_yaml_fault(diags, key, path, "unknown key, allowed here: %s", hs_buf_text(&allowed));
    hs_buf_fini(&allowed);
}

bool hs_yaml_is_null(const struct hs_yaml_node *node)
{
    return node->kind == HS_YAML_SCALAR && !node->quoted &&
           (node->text.len == 0 || hs_str_is(node->text, "~") || hs_str_is(node->text, "null"));
}

bool hs_yaml_to_text(const struct hs_yaml_node *node, const char *path, struct hs_diags *diags,
                     struct hs_str *ret_value)
{
    if (node->kind != HS_YAML_SCALAR) {
        hs_yaml_fault(diags, node, path,
                      "a list or mapping stands here, a single value is expected");
        return false;
    }
    if (hs_yaml_is_null(node)) {
        hs_yaml_fault(diags, node, path, "the value is missing (\"\" is an empty text)");
        return false;
    }
    *ret_value = node->text;
    return true;
}

bool hs_yaml_to_bool(const struct hs_yaml_node *node, const char *path, struct hs_diags *diags,
                     bool *ret_value)
{
    bool is_true = node->kind == HS_YAML_SCALAR && hs_str_is(node->text, "true");
    bool is_false = node->kind == HS_YAML_SCALAR && hs_str_is(node->text, "false");
    if (!is_true && !is_false) {
        hs_yaml_fault(diags, node, path, "allowed: true or false");
        return false;
    }
    *ret_value = is_true;
    return true;
}

bool hs_yaml_to_number(const struct hs_yaml_node *node, const char *path, int64_t min, int64_t max,
                       const char *unit, struct hs_diags *diags, int64_t *ret_value)
{
    int64_t value;
    const char *space = unit[0] ? " " : "";
    if (node->kind != HS_YAML_SCALAR || hs_str_to_i64(node->text, &value) != 0 || node->quoted) {
        hs_yaml_fault(diags, node, path,
                      "not a whole number, allowed: %" PRId64 " to %" PRId64 "%s%s", min, max,
                      space, unit);
        return false;
    }
    if (value < min || value > max) {
        hs_yaml_fault(diags, node, path, "out of range, allowed: %" PRId64 " to %" PRId64 "%s%s",
                      min, max, space, unit);
        return false;
    }
    *ret_value = value;
    return true;
}

bool hs_yaml_to_choice(const struct hs_yaml_node *node, const char *path,
                       const char *const *allowed, struct hs_diags *diags, size_t *ret_index)
{
    for (size_t i = 0; node->kind == HS_YAML_SCALAR && allowed[i]; i++) {
        if (hs_str_is(node->text, allowed[i])) {
            *ret_index = i;
            return true;
        }
    }
    struct hs_buf text = {0};
    hs_yaml_say_allowed(allowed, &text);
    hs_yaml_fault(diags, node, path, "allowed: %s", hs_buf_text(&text));
    hs_buf_fini(&text);
    return false;
}

static bool add_text(const struct hs_yaml_node *node, const char *path, struct hs_diags *diags,
                     struct hs_str *texts, size_t *count)
{
    struct hs_str text;
    if (!hs_yaml_to_text(node, path, diags, &text)) {
        return false;
    }
    if (text.len == 0) {
        hs_yaml_fault(diags, node, path, "an empty text is not allowed in a list");
        return false;
    }
    for (size_t i = 0; i < *count; i++) {
        if (hs_str_eq(texts[i], text)) {
            hs_yaml_fault(diags, node, path, "stands in this list twice");
            return false;
        }
    }
    texts[(*count)++] = text;
    return true;
}

bool hs_yaml_to_texts(const struct hs_yaml_node *node, const char *path, struct hs_diags *diags,
                      struct hs_bump *bump, const struct hs_str **ret_texts, size_t *ret_count)
{
    if (node->kind == HS_YAML_MAPPING || hs_yaml_is_null(node)) {
        hs_yaml_fault(diags, node, path, "a list is expected, for instance [a, b]");
        return false;
    }
    if (node->count > HS_YAML_KEYS_MAX) {
        hs_yaml_fault(diags, node, path, "more than %d values", HS_YAML_KEYS_MAX);
        return false;
    }
    size_t room = node->kind == HS_YAML_SEQUENCE ? node->count : 1;
    struct hs_str *texts = hs_bump_alloc(bump, (room + 1) * sizeof(*texts));
    size_t count = 0;
    bool good = texts != NULL;
    if (good && node->kind == HS_YAML_SCALAR) {
        good = add_text(node, path, diags, texts, &count);
    }
    for (size_t i = 0; texts && node->kind == HS_YAML_SEQUENCE && i < node->count; i++) {
        good = add_text(node->items[i].value, path, diags, texts, &count) && good;
    }
    if (good) {
        *ret_texts = texts;
        *ret_count = count;
    }
    return good;
}
