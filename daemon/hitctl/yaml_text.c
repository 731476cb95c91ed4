// SPDX-License-Identifier: Apache-2.0
#include "hitctl/yaml_text.h"

#include "base/civil.h"
#include "base/error.h"

void yaml_begin(struct hs_buf *out, const char *section)
{
    hs_buf_printf(out,
                  "# Kept by 'hitctl %.*s': written anew with each change, comments are not kept.\n"
                  "%s:\n",
                  (int)strlen(section) - 1, section, section); // without the plural's s
}

void yaml_row(struct hs_buf *out, struct hs_str id)
{
    hs_buf_printf(out, "  \"%.*s\":\n", HS_STR_ARG(id));
}

// In double quotes, so that nothing in it means anything to YAML.
static void add_quoted(struct hs_buf *out, struct hs_str value)
{
    hs_buf_add_char(out, '"');
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if (c == '"' || c == '\\') {
            hs_buf_add_char(out, '\\');
            hs_buf_add_char(out, (char)c);
        } else if (c < ' ' || c == 0x7f) {
            hs_buf_printf(out, "\\x%02x", c);
        } else {
            hs_buf_add_char(out, (char)c);
        }
    }
    hs_buf_add_char(out, '"');
}

void yaml_text(struct hs_buf *out, const char *key, struct hs_str value)
{
    if (value.len > 0) {
        hs_buf_printf(out, "    %s: ", key);
        add_quoted(out, value);
        hs_buf_add_char(out, '\n');
    }
}

void yaml_names(struct hs_buf *out, const char *key, const struct hs_str *names, size_t count)
{
    if (count == 0) {
        return;
    }
    hs_buf_printf(out, "    %s: [", key);
    for (size_t i = 0; i < count; i++) {
        hs_buf_add_text(out, i > 0 ? ", " : "");
        add_quoted(out, names[i]);
    }
    hs_buf_add_text(out, "]\n");
}

void yaml_instant(struct hs_buf *out, const char *key, int64_t at_ms)
{
    char text[HS_CIVIL_TEXT_BYTES];
    if (at_ms != INT64_MAX) {
        hs_civil_format(at_ms, text);
        hs_buf_printf(out, "    %s: \"%s\"\n", key, text);
    }
}

void yaml_number(struct hs_buf *out, const char *key, int64_t value, int64_t none)
{
    if (value != none) {
        hs_buf_printf(out, "    %s: %lld\n", key, (long long)value);
    }
}

int yaml_split_names(struct hs_bump *bump, const char *text, const struct hs_str **ret_names,
                     size_t *ret_count)
{
    struct hs_str rest = hs_str(text);
    struct hs_str field;
    size_t room = 1;
    size_t count = 0;
    for (size_t i = 0; i < rest.len; i++) {
        room += rest.ptr[i] == ',';
    }
    struct hs_str *names = hs_bump_alloc(bump, room * sizeof(*names));
    if (!names) {
        return HS_ENOMEM;
    }
    while (rest.len > 0 && hs_str_split(&rest, ',', &field)) {
        names[count++] = hs_str_trim(field);
    }
    *ret_names = names;
    *ret_count = count;
    return 0;
}
