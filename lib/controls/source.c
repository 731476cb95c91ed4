// SPDX-License-Identifier: Apache-2.0
#include "controls/source.h"

#include <sodium.h>

#include "base/error.h"
#include "hitstream/v1/controls.pb-c.h"

// In order of name.
const char *const hs_controls_part_names[HS_CONTROLS_PARTS + 1] = {
    "cameras.csv", "groups.yaml", "operations.yaml", "queues.yaml", "roads.csv",
    "rules.yaml",  NULL};

// An absent file and an empty one mean the same.
static bool may_be_absent(size_t part)
{
    return part == HS_CONTROLS_GROUPS || part == HS_CONTROLS_OPERATIONS ||
           part == HS_CONTROLS_ROADS;
}

static void sort_file(const struct hs_controls_file *file, struct hs_diags *diags,
                      struct hs_str *ret_texts, bool *ret_given)
{
    char name[256];
    snprintf(name, sizeof(name), "%.*s", file->name.len < 255 ? (int)file->name.len : 255,
             file->name.ptr);
    struct hs_diag_place place = {.file = name};
    for (size_t part = 0; part < HS_CONTROLS_PARTS; part++) {
        if (!hs_str_is(file->name, hs_controls_part_names[part])) {
            continue;
        }
        if (ret_given[part]) {
            hs_diags_add(diags, HS_DIAG_ERROR, &place, "this file is given twice");
        }
        ret_given[part] = true;
        ret_texts[part] = file->text;
        return;
    }
    const char *nearest = hs_str_nearest(file->name, hs_controls_part_names);
    hs_diags_add(
        diags, HS_DIAG_ERROR, &place,
        "no file of the controls%s%s%s; allowed: cameras.csv, groups.yaml, operations.yaml, "
        "queues.yaml, roads.csv, rules.yaml",
        nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

void hs_controls_sort(const struct hs_controls_file *files, size_t file_count,
                      struct hs_diags *diags, struct hs_str ret_texts[HS_CONTROLS_PARTS],
                      bool ret_given[HS_CONTROLS_PARTS])
{
    for (size_t part = 0; part < HS_CONTROLS_PARTS; part++) {
        ret_given[part] = false;
        ret_texts[part] = HS_STR("");
    }
    for (size_t i = 0; i < file_count; i++) {
        sort_file(&files[i], diags, ret_texts, ret_given);
    }
    for (size_t part = 0; part < HS_CONTROLS_PARTS; part++) {
        if (!ret_given[part] && !may_be_absent(part)) {
            struct hs_diag_place place = {.file = hs_controls_part_names[part]};
            hs_diags_add(diags, HS_DIAG_ERROR, &place, "this file of the controls is missing");
        }
    }
}

int hs_controls_pack(const struct hs_str texts[HS_CONTROLS_PARTS], struct hs_buf *out)
{
    Hitstream__V1__ControlsFile files[HS_CONTROLS_PARTS];
    Hitstream__V1__ControlsFile *rows[HS_CONTROLS_PARTS];
    Hitstream__V1__ControlsSource source = HITSTREAM__V1__CONTROLS_SOURCE__INIT;
    char names[HS_CONTROLS_PARTS][24];
    for (size_t part = 0; part < HS_CONTROLS_PARTS; part++) {
        if (may_be_absent(part) && texts[part].len == 0) {
            continue;
        }
        hitstream__v1__controls_file__init(&files[part]);
        snprintf(names[part], sizeof(names[part]), "%s", hs_controls_part_names[part]);
        files[part].name = names[part];
        files[part].text.data = (uint8_t *)(uintptr_t)texts[part].ptr; // read only
        files[part].text.len = texts[part].len;
        rows[source.n_files++] = &files[part];
    }
    source.files = rows;
    size_t size = hitstream__v1__controls_source__get_packed_size(&source);
    char *at = hs_buf_reserve(out, size);
    if (!at) {
        return HS_ENOMEM;
    }
    out->len += hitstream__v1__controls_source__pack(&source, (uint8_t *)at);
    return 0;
}

static bool is_part(const char *name)
{
    size_t part = 0;
    while (part < HS_CONTROLS_PARTS && strcmp(name, hs_controls_part_names[part]) != 0) {
        part++;
    }
    return part < HS_CONTROLS_PARTS;
}

int hs_controls_each_file(struct hs_str packed,
                          int (*file)(void *ctx, struct hs_str name, struct hs_str text), void *ctx)
{
    Hitstream__V1__ControlsSource *source =
        hitstream__v1__controls_source__unpack(NULL, packed.len, (const uint8_t *)packed.ptr);
    int rc = source ? 0 : HS_EFORMAT;
    for (size_t i = 0; source && i < source->n_files && rc == 0; i++) {
        const Hitstream__V1__ControlsFile *row = source->files[i];
        if (is_part(row->name)) {
            rc = file(ctx, hs_str(row->name), hs_str_n(row->text.data, row->text.len));
        }
    }
    if (source) {
        hitstream__v1__controls_source__free_unpacked(source, NULL);
    }
    return rc;
}

void hs_controls_hash_text(struct hs_str bytes, char ret_hash[HS_CONTROLS_HASH_BYTES])
{
    unsigned char hash[(HS_CONTROLS_HASH_BYTES - 1) / 2];
    crypto_generichash(hash, sizeof(hash), (const unsigned char *)bytes.ptr, bytes.len, NULL, 0);
    hs_hex_encode(hash, sizeof(hash), ret_hash);
}
