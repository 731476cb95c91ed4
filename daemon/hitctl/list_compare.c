// SPDX-License-Identifier: Apache-2.0
// What differs between two states of a list, entry by entry.
#include <stdio.h>

#include "hitctl/list_common.h"
#include "hitstream/v1/watchlist.pb-c.h"

static struct hs_str vrm_text(struct hs_str packed, struct hs_vrm *storage)
{
    return hs_entry_vrm(packed, storage) == 0 ? hs_vrm_str(storage) : hs_str("?");
}

// One entry that is on one side only.
static void say_whole(const struct hitctl_entry_row *row, char sign,
                      struct hitctl_difference *difference)
{
    struct hs_vrm vrm;
    struct hs_str text = vrm_text(row->packed, &vrm);
    if (difference->json) {
        char signs[2] = {sign, '\0'};
        json_array_append_new(difference->json,
                              json_pack("{s:s, s:o, s:o}", "sign", signs, "entry id",
                                        hitctl_json_text(row->entry_id), "entry",
                                        hitctl_entry_json(row->packed)));
        return;
    }
    printf("%c %.*s", sign, HS_STR_ARG(row->entry_id));
    if (!hs_str_eq(text, row->entry_id)) {
        printf("  VRM '%.*s'", HS_STR_ARG(text));
    }
    putchar('\n');
}

static void say_column(enum hs_column column, struct hs_buf *before, struct hs_buf *after,
                       json_t *changes, const char **between)
{
    const char *name = hs_column_name(column);
    if (changes) {
        json_object_set_new(changes, name,
                            json_pack("[o, o]", hitctl_json_text(hs_buf_str(before)),
                                      hitctl_json_text(hs_buf_str(after))));
        return;
    }
    printf("%s%s '%.*s' -> '%.*s'", *between, name, HS_STR_ARG(hs_buf_str(before)),
           HS_STR_ARG(hs_buf_str(after)));
    *between = ", ";
}

static void say_columns(struct hs_str before, struct hs_str after, json_t *changes)
{
    struct hs_buf a = {0}, b = {0};
    const char *between = "  ";
    struct Hitstream__V1__WatchlistEntry *x = hs_entry_unpack(before), *y = hs_entry_unpack(after);
    for (int column = 0; x && y && column < HS_COLUMN_COUNT; column++) {
        hs_buf_clear(&a);
        hs_buf_clear(&b);
        hs_entry_print(x, (enum hs_column)column, &a);
        hs_entry_print(y, (enum hs_column)column, &b);
        if (!hs_str_eq(hs_buf_str(&a), hs_buf_str(&b))) {
            say_column((enum hs_column)column, &a, &b, changes, &between);
        }
    }
    hs_entry_free(x);
    hs_entry_free(y);
    hs_buf_fini(&a);
    hs_buf_fini(&b);
}

static void say_changed(const struct hitctl_entry_row *before, const struct hitctl_entry_row *after,
                        struct hitctl_difference *difference)
{
    if (difference->json) {
        json_t *changes = json_object();
        say_columns(before->packed, after->packed, changes);
        json_array_append_new(difference->json,
                              json_pack("{s:s, s:o, s:o}", "sign", "~", "entry id",
                                        hitctl_json_text(after->entry_id), "changes", changes));
        return;
    }
    printf("~ %.*s", HS_STR_ARG(after->entry_id));
    say_columns(before->packed, after->packed, NULL);
    putchar('\n');
}

void hitctl_entries_compare(struct hitctl_entries *before, struct hitctl_entries *after,
                            struct hitctl_difference *difference)
{
    size_t b = 0, a = 0;
    hitctl_entries_sort(before);
    hitctl_entries_sort(after);
    while (b < before->count || a < after->count) {
        int order = b == before->count ? 1
                    : a == after->count
                        ? -1
                        : hs_str_cmp(before->rows[b].entry_id, after->rows[a].entry_id);
        if (order < 0) {
            say_whole(&before->rows[b++], '-', difference);
            difference->removed++;
        } else if (order > 0) {
            say_whole(&after->rows[a++], '+', difference);
            difference->added++;
        } else {
            if (!hs_entry_same(before->rows[b].packed, after->rows[a].packed)) {
                say_changed(&before->rows[b], &after->rows[a], difference);
                difference->changed++;
            }
            b++;
            a++;
        }
    }
}
