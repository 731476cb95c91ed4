// SPDX-License-Identifier: Apache-2.0
/*
 * Any text as a VOI file, as it is and below a header that names all columns. What is taken must unpack, print, and read
 * back as the same entry; what is refused must say why.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hitstream/v1/watchlist.pb-c.h"
#include "watchlist/voi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_entry(const struct hs_entry_rules *rules, const struct hs_entry *entry)
{
    struct hs_entry_text texts[HS_COLUMN_COUNT] = {{{0}, 0, 0}};
    struct hs_buf printed[HS_COLUMN_COUNT] = {{0}}, packed = {0};
    struct hs_diags diags = {0};
    struct hs_entry again;
    struct hs_vrm vrm;
    struct Hitstream__V1__WatchlistEntry *unpacked = hs_entry_unpack(entry->packed);
    insist(unpacked != NULL && hs_entry_vrm(entry->packed, &vrm) == 0 &&
           hs_vrm_eq(&vrm, &entry->vrm));
    for (int i = 0; i < HS_COLUMN_COUNT; i++) {
        hs_entry_print(unpacked, (enum hs_column)i, &printed[i]);
        texts[i].text = hs_str(hs_buf_text(&printed[i]));
    }
    insist(hs_entry_make(rules, texts, &diags, &packed, &again) == 0);
    insist(hs_entry_same(entry->packed, again.packed));
    for (int i = 0; i < HS_COLUMN_COUNT; i++) {
        hs_buf_fini(&printed[i]);
    }
    hs_buf_fini(&packed);
    hs_diags_fini(&diags);
    hs_entry_free(unpacked);
}

static void read_as(struct hs_str text, enum hs_voi_format format)
{
    struct hs_entry_rules rules =
        hs_entry_rules_at("fuzz", hs_str("lines"), INT64_C(1795300000000));
    struct hs_diags diags = {0};
    struct hs_buf packed = {0};
    struct hs_voi *voi;
    struct hs_voi_row row;
    struct hs_entry entry;
    int rc;
    if (hs_voi_open_text(text, "fuzz", format, &diags, &voi) == 0) {
        while ((rc = hs_voi_next(voi, &diags, &row)) != 0) {
            size_t errors = diags.errors;
            insist(row.raw.ptr >= text.ptr && row.raw.ptr + row.raw.len <= text.ptr + text.len);
            if (rc == 1 && hs_entry_make(&rules, row.texts, &diags, &packed, &entry) == 0) {
                check_entry(&rules, &entry);
            } else if (rc == 1) {
                insist(diags.errors > errors);
            }
        }
        hs_voi_free(voi);
    } else {
        insist(diags.errors > 0);
    }
    hs_buf_fini(&packed);
    hs_diags_fini(&diags);
}

// A copy of its exact size, behind `before`: a read beyond it is caught.
static char *copy_behind(const char *before, const uint8_t *data, size_t size)
{
    size_t len = strlen(before);
    char *copy = malloc(len + size ? len + size : 1);
    if (copy) {
        memcpy(copy, before, len);
        if (size > 0) {
            memcpy(copy + len, data, size);
        }
    }
    return copy;
}

static void read_behind(const char *before, const uint8_t *data, size_t size,
                        enum hs_voi_format format)
{
    char *text = copy_behind(before, data, size);
    if (text) {
        read_as(hs_str_n(text, strlen(before) + size), format);
    }
    free(text);
}

static const char *header(void)
{
    static char text[1024];
    const char *names[HS_COLUMN_COUNT + 1];
    if (!text[0]) {
        hs_column_names(names);
        for (int i = 0; i < HS_COLUMN_COUNT; i++) {
            strcat(strcat(text, names[i]), i + 1 < HS_COLUMN_COUNT ? "," : "\n");
        }
    }
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_behind("", data, size, HS_VOI_CSV);
    read_behind("", data, size, HS_VOI_JSON);
    read_behind(header(), data, size, HS_VOI_CSV);
    return 0;
}
