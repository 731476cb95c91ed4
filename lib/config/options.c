// SPDX-License-Identifier: Apache-2.0
#include "config/options.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

enum { KEY_MAX_BYTES = 128, TEXT_MAX_BYTES = 4096, SIBLINGS_MAX = 128 };

static const char credential_prefix[] = "credential:";

// systemd puts credentials into a folder it names; outside of it the text stays as written.
static const char *resolve_credential(struct hs_str value, struct hs_bump *bump)
{
    size_t prefix_len = sizeof(credential_prefix) - 1;
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (!folder || value.len <= prefix_len ||
        memcmp(value.ptr, credential_prefix, prefix_len) != 0) {
        return hs_bump_copy(bump, value.ptr, value.len);
    }
    struct hs_buf path = {0};
    hs_buf_printf(&path, "%s/%.*s", folder, (int)(value.len - prefix_len), value.ptr + prefix_len);
    const char *copy = hs_bump_copy(bump, path.ptr, path.len);
    hs_buf_fini(&path);
    return copy;
}

static void *member(void *target, size_t offset)
{
    return (char *)target + offset;
}

static const void *const_member(const void *source, size_t offset)
{
    return (const char *)source + offset;
}

static size_t word_index(const char *const *allowed, struct hs_str word)
{
    size_t i = 0;
    while (allowed[i] && !hs_str_is(word, allowed[i])) {
        i++;
    }
    return i;
}

static void set_flags_default(const struct hs_option *row, void *target)
{
    bool *flags = member(target, row->offset);
    struct hs_str rest = hs_str(row->fallback);
    struct hs_str word;
    while (hs_str_split(&rest, ',', &word)) {
        flags[word_index(row->allowed, hs_str_trim(word))] = true;
    }
}

static int set_default(const struct hs_option *row, void *target, struct hs_bump *bump)
{
    int64_t number = row->type == HS_OPTION_U32 || row->type == HS_OPTION_I64
                         ? strtoll(row->fallback, NULL, 10)
                         : 0;
    switch (row->type) {
    case HS_OPTION_TEXT:
    case HS_OPTION_CHOICE:
        *(const char **)member(target, row->offset) = row->fallback;
        break;
    case HS_OPTION_FILE: {
        const char *path = resolve_credential(hs_str(row->fallback), bump);
        if (!path) {
            return HS_ENOMEM;
        }
        *(const char **)member(target, row->offset) = path;
        break;
    }
    case HS_OPTION_U32:
        *(uint32_t *)member(target, row->offset) = (uint32_t)number;
        break;
    case HS_OPTION_I64:
        *(int64_t *)member(target, row->offset) = number;
        break;
    case HS_OPTION_FLAGS:
        set_flags_default(row, target);
        break;
    case HS_OPTION_MAP:
        break;
    }
    return 0;
}

int hs_options_defaults(const struct hs_option *table, void *target, struct hs_bump *bump)
{
    for (const struct hs_option *row = table; row->key; row++) {
        int rc = set_default(row, target, bump);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

const struct hs_yaml_node *hs_options_node(const struct hs_yaml_node *root, const char *key)
{
    struct hs_str rest = hs_str(key);
    struct hs_str word;
    while (root && hs_str_split(&rest, '.', &word)) {
        char name[KEY_MAX_BYTES];
        snprintf(name, sizeof(name), "%.*s", HS_STR_ARG(word));
        root = hs_yaml_get(root, name);
    }
    return root;
}

static void read_text(const struct hs_option *row, const struct hs_yaml_node *node,
                      struct hs_diags *diags, struct hs_bump *bump, void *target)
{
    struct hs_str text;
    size_t max = row->max ? (size_t)row->max : TEXT_MAX_BYTES;
    if (!hs_yaml_to_text(node, row->key, diags, &text)) {
        return;
    }
    if (text.len < (size_t)row->min || text.len > max) {
        hs_yaml_fault(diags, node, row->key, "allowed: a text of %d to %zu bytes", (int)row->min,
                      max);
        return;
    }
    const char *copy = row->type == HS_OPTION_FILE ? resolve_credential(text, bump)
                                                   : hs_bump_copy(bump, text.ptr, text.len);
    if (copy) {
        *(const char **)member(target, row->offset) = copy;
    }
}

static void read_flags(const struct hs_option *row, const struct hs_yaml_node *node,
                       struct hs_diags *diags, struct hs_bump *bump, void *target)
{
    const struct hs_str *words;
    size_t count;
    bool *flags = member(target, row->offset);
    if (!hs_yaml_to_texts(node, row->key, diags, bump, &words, &count)) {
        return;
    }
    if (count == 0) {
        struct hs_buf allowed = {0};
        hs_yaml_say_allowed(row->allowed, &allowed);
        hs_yaml_fault(diags, node, row->key, "at least one is needed, allowed: %s",
                      hs_buf_text(&allowed));
        hs_buf_fini(&allowed);
        return;
    }
    for (size_t i = 0; row->allowed[i]; i++) {
        flags[i] = false;
    }
    for (size_t i = 0; i < count; i++) {
        size_t index;
        const struct hs_yaml_node *at = node->kind == HS_YAML_SCALAR ? node : node->items[i].value;
        if (hs_yaml_to_choice(at, row->key, row->allowed, diags, &index)) {
            flags[index] = true;
        }
    }
}

static void read_option(const struct hs_option *row, const struct hs_yaml_node *node,
                        struct hs_diags *diags, struct hs_bump *bump, void *target)
{
    int64_t number;
    size_t index;
    switch (row->type) {
    case HS_OPTION_TEXT:
    case HS_OPTION_FILE:
        read_text(row, node, diags, bump, target);
        break;
    case HS_OPTION_CHOICE:
        if (hs_yaml_to_choice(node, row->key, row->allowed, diags, &index)) {
            *(const char **)member(target, row->offset) = row->allowed[index];
        }
        break;
    case HS_OPTION_U32:
    case HS_OPTION_I64:
        if (!hs_yaml_to_number(node, row->key, row->min, row->max, row->unit ? row->unit : "",
                               diags, &number)) {
            break;
        }
        if (row->type == HS_OPTION_U32) {
            *(uint32_t *)member(target, row->offset) = (uint32_t)number;
        } else {
            *(int64_t *)member(target, row->offset) = number;
        }
        break;
    case HS_OPTION_FLAGS:
        read_flags(row, node, diags, bump, target);
        break;
    case HS_OPTION_MAP:
        break;
    }
}

// Is `key` an option (1), a group of options (2) or neither (0)?
static int known_as(const struct hs_option *table, const char *key,
                    const struct hs_option **ret_row)
{
    size_t len = strlen(key);
    for (const struct hs_option *row = table; row->key; row++) {
        if (strcmp(row->key, key) == 0) {
            *ret_row = row;
            return 1;
        }
        if (strncmp(row->key, key, len) == 0 && row->key[len] == '.') {
            return 2;
        }
    }
    return 0;
}

// The keys allowed under a group ("" at the top), without their group; then every whole path.
static void list_siblings(const struct hs_option *table, const char *group, struct hs_bump *bump,
                          const char *names[SIBLINGS_MAX + 1])
{
    size_t group_len = strlen(group);
    size_t count = 0;
    for (const struct hs_option *row = table; row->key; row++) {
        if (group_len > 0 &&
            (strncmp(row->key, group, group_len) != 0 || row->key[group_len] != '.')) {
            continue;
        }
        const char *name = row->key + (group_len > 0 ? group_len + 1 : 0);
        size_t len = strcspn(name, ".");
        if (count > 0 && strncmp(names[count - 1], name, len) == 0 &&
            names[count - 1][len] == '\0') {
            continue;
        }
        const char *copy = hs_bump_copy(bump, name, len);
        if (copy && count < SIBLINGS_MAX) {
            names[count++] = copy;
        }
    }
    names[count] = NULL;
}

// An option that has this name in another group: "did you mean" works across groups, too.
static const char *same_name_elsewhere(const struct hs_option *table, struct hs_str name)
{
    for (const struct hs_option *row = table; row->key; row++) {
        const char *last = strrchr(row->key, '.');
        if (hs_str_is(name, last ? last + 1 : row->key)) {
            return row->key;
        }
    }
    return NULL;
}

static void report_unknown(const struct hs_option *table, const struct hs_yaml_node *key,
                           const char *group, const char *path, struct hs_diags *diags,
                           struct hs_bump *bump)
{
    const char *names[SIBLINGS_MAX + 1];
    list_siblings(table, group, bump, names);
    const char *elsewhere = same_name_elsewhere(table, key->text);
    if (!hs_str_nearest(key->text, names) && elsewhere) {
        hs_yaml_fault(diags, key, path, "unknown key, did you mean '%s'?", elsewhere);
        return;
    }
    hs_yaml_unknown_key(diags, key, path, names);
}

// At most as many levels as the deepest key of the table has.
static void read_group(const struct hs_option *table, const struct hs_yaml_node *mapping,
                       const char *group, struct hs_diags *diags, struct hs_bump *bump,
                       void *target)
{
    for (size_t i = 0; i < mapping->count; i++) {
        const struct hs_yaml_node *key = mapping->items[i].key;
        const struct hs_yaml_node *value = mapping->items[i].value;
        const struct hs_option *row = NULL;
        char path[2 * KEY_MAX_BYTES];
        snprintf(path, sizeof(path), "%s%s%.*s", group, group[0] ? "." : "",
                 key->text.len < KEY_MAX_BYTES ? (int)key->text.len : KEY_MAX_BYTES, key->text.ptr);
        int known = known_as(table, path, &row);
        if (known == 1) {
            read_option(row, value, diags, bump, target);
        } else if (known == 0) {
            report_unknown(table, key, group, path, diags, bump);
        } else if (value->kind == HS_YAML_MAPPING) {
            read_group(table, value, path, diags, bump, target);
        } else if (!hs_yaml_is_null(value)) {
            hs_yaml_fault(diags, value, path, "keys are expected below it, not a value");
        }
    }
}

void hs_options_read(const struct hs_option *table, const struct hs_yaml_node *root,
                     struct hs_diags *diags, struct hs_bump *bump, void *target)
{
    if (root->kind != HS_YAML_MAPPING) {
        hs_yaml_fault(diags, root, "",
                      "keys with values are expected, for instance 'roles: [match]'");
        return;
    }
    read_group(table, root, "", diags, bump, target);
}

// ------------------------------------------------------------------ a row's value as text

void hs_options_quote(struct hs_str text, struct hs_buf *out)
{
    bool plain = text.len > 0 && !hs_str_is(text, "null") && !hs_str_is(text, "true") &&
                 !hs_str_is(text, "false");
    for (size_t i = 0; i < text.len && plain; i++) {
        char c = text.ptr[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/' || c == '_';
        plain = word || (i > 0 && ((c >= '0' && c <= '9') || c == '.' || c == '-'));
    }
    if (plain) {
        hs_buf_add_str(out, text);
        return;
    }
    hs_buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\') {
            hs_buf_printf(out, "\\%c", c);
        } else if (c < 0x20 || c == 0x7f) {
            hs_buf_printf(out, "\\x%02x", c);
        } else {
            hs_buf_add_char(out, (char)c);
        }
    }
    hs_buf_add_char(out, '"');
}

void hs_option_value(const struct hs_option *row, const void *source, struct hs_buf *out)
{
    const void *at = const_member(source, row->offset);
    switch (row->type) {
    case HS_OPTION_TEXT:
    case HS_OPTION_FILE:
    case HS_OPTION_CHOICE:
        hs_options_quote(hs_str(*(const char *const *)at), out);
        break;
    case HS_OPTION_U32:
        hs_buf_printf(out, "%u", *(const uint32_t *)at);
        break;
    case HS_OPTION_I64:
        hs_buf_printf(out, "%lld", (long long)*(const int64_t *)at);
        break;
    case HS_OPTION_FLAGS: {
        const char *before = "[";
        for (size_t i = 0; row->allowed[i]; i++) {
            if (((const bool *)at)[i]) {
                hs_buf_printf(out, "%s%s", before, row->allowed[i]);
                before = ", ";
            }
        }
        hs_buf_add_char(out, ']');
        break;
    }
    case HS_OPTION_MAP:
        hs_buf_add_text(out, "{}");
        break;
    }
}
