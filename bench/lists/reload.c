// SPDX-License-Identifier: Apache-2.0
#include "lists/reload.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"

enum { LIVE_MS = 120000, ROWS_AT_FIRST = 1 << 16 };

struct reload_row {
    struct hs_str entry_id, entry; // in the set's bump
};

static struct hs_str kept(struct hs_bump *bump, struct hs_str text)
{
    const char *copy = hs_bump_copy(bump, text.ptr, text.len);
    if (!copy) {
        site_fail("out of memory");
    }
    return hs_str_n(copy, text.len);
}

static int keep_entry(void *ctx, struct hs_str entry_id, struct hs_str entry)
{
    struct reload_set *set = ctx;
    if (set->count == set->capacity) {
        size_t capacity = set->capacity ? 2 * set->capacity : ROWS_AT_FIRST;
        struct reload_row *grown = realloc(set->rows, capacity * sizeof(*grown));
        if (!grown) {
            return HS_ENOMEM;
        }
        set->rows = grown;
        set->capacity = capacity;
    }
    set->rows[set->count++] =
        (struct reload_row){kept(&set->bump, entry_id), kept(&set->bump, entry)};
    return 0;
}

static void must(struct site *site, int rc)
{
    if (rc != 0) {
        site_fail("%s: %s", hs_strerror(rc), hs_store_why(site->store));
    }
}

void reload_set_read(struct site *site, struct reload_set *ret_set)
{
    struct hs_bump bump = {0};
    struct hs_store_list list;
    *ret_set = (struct reload_set){0};
    must(site, hs_store_list_get(site->store, HS_STR("big"), &bump, &list));
    must(site, hs_store_entries(site->store, &list, 0, keep_entry, ret_set));
    hs_bump_fini(&bump);
}

void reload_set_fini(struct reload_set *set)
{
    hs_bump_fini(&set->bump);
    free(set->rows);
    *set = (struct reload_set){0};
}

static bool is_live(struct site *site, const struct hs_position *position)
{
    struct hs_bump bump = {0};
    struct hs_instance *rows;
    size_t count;
    char id[HS_CHANGE_ID_BYTES] = "";
    must(site, hs_store_instances(site->store, &bump, &rows, &count));
    bool live =
        count == 1 && hs_str_is(rows[0].state, "live") && rows[0].change_id.len < sizeof(id);
    if (live) {
        memcpy(id, rows[0].change_id.ptr, rows[0].change_id.len);
    }
    hs_bump_fini(&bump);
    return live && hs_change_id_cmp(id, position->id) >= 0;
}

void reload(struct site *site, const struct reload_set *set)
{
    const struct hs_actor actor = {.who = "bench", .authority = "bench"};
    struct hs_bump bump = {0};
    struct hs_store_list list, fresh;
    struct hs_store_loading *loading;
    struct hs_position position;
    must(site, hs_store_list_get(site->store, HS_STR("big"), &bump, &list));
    must(site, hs_store_loading_new(site->store, &list, &loading));
    for (size_t i = 0; i < set->count; i++) {
        must(site, hs_store_loading_add(loading, set->rows[i].entry_id, set->rows[i].entry));
    }
    must(site, hs_store_loading_commit(loading, &actor, HS_OP_LOAD, HS_STR(""), &fresh, &position));
    int64_t until_ns = hs_clock_monotonic_ns() + LIVE_MS * INT64_C(1000000);
    while (!is_live(site, &position)) {
        if (hs_clock_monotonic_ns() > until_ns) {
            site_fail("a reload does not come live");
        }
        hs_test_pause_ms(5);
    }
    hs_bump_fini(&bump);
}
