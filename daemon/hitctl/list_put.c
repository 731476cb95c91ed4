// SPDX-License-Identifier: Apache-2.0
// hitctl list put, drop: one entry.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "hitctl/list_commands.h"
#include "hitctl/list_file.h"
#include "match/pattern.h"

enum { CONFLICT_TRIES = 50, VARIANT_POSITIONS_MAX = 5 };

struct put_options {
    bool edit, wait;
    int64_t timeout_s;
};

const struct hitctl_option hitctl_list_put_options[] = {
    {"edit", HITCTL_FLAG, offsetof(struct put_options, edit), NULL,
     "columns that are not named stay as they are on the list; without it they become empty"},
    {"wait", HITCTL_FLAG, offsetof(struct put_options, wait), NULL,
     "until every registered daemon has it live; say how long it took"},
    {"timeout", HITCTL_NUMBER, offsetof(struct put_options, timeout_s), "SECONDS",
     "wait no longer (default 30)"},
    {NULL, 0, 0, NULL, NULL},
};
const struct hitctl_option hitctl_list_drop_options[] = {
    {"wait", HITCTL_FLAG, offsetof(struct put_options, wait), NULL,
     "until every registered daemon has it live; say how long it took"},
    {"timeout", HITCTL_NUMBER, offsetof(struct put_options, timeout_s), "SECONDS",
     "wait no longer (default 30)"},
    {NULL, 0, 0, NULL, NULL},
};

// A change on its way, made again when the list changed under it.
struct put {
    struct hitctl *ctl;
    struct put_options options;
    int64_t began_ns;
    struct hitctl_list list;
    struct hs_entry_text texts[HS_COLUMN_COUNT];
    struct hs_buf packed;
    struct hs_buf printed; // columns taken over from the present entry
    struct hs_entry entry;
    struct hs_str entry_id; // drop
    struct hs_position position;
};

// ---- the entry ----

static int read_words(struct put *put, int count, char **words)
{
    int code = HITCTL_OK;
    const char *names[HS_COLUMN_COUNT + 1];
    hs_column_names(names);
    for (int i = 0; i < count; i++) {
        struct hs_str value = hs_str(words[i]), name;
        enum hs_column column;
        hs_str_split(&value, '=', &name);
        if (!value.ptr || hs_column_find(name, &column) != 0) {
            const char *nearest = hs_str_nearest(name, names);
            hitctl_error("'%s' is no COLUMN=VALUE%s%s%s", words[i],
                         nearest ? "; did you mean '" : "", nearest ? nearest : "",
                         nearest ? "'?" : "");
            code = HITCTL_USAGE;
            continue;
        }
        put->texts[column].text = value;
    }
    return code;
}

static int make_entry(struct put *put)
{
    struct hs_diags diags = {0};
    struct hs_entry_rules rules =
        hs_entry_rules_at("entry", put->list.list.list_id, hs_clock_realtime_ms());
    int rc = hs_entry_make(&rules, put->texts, &diags, &put->packed, &put->entry);
    hitctl_print_diags(&diags);
    hs_diags_fini(&diags);
    if (rc != 0 && rc != HS_EFORMAT) {
        hitctl_error("%s", hs_strerror(rc));
        return HITCTL_FAILED;
    }
    return rc == 0 ? HITCTL_OK : HITCTL_REFUSED;
}

// Columns that were not named come from the entry as it is. Without it nothing may be put: they would
// become empty.
static int take_over(struct put *put, struct hs_str before)
{
    size_t from[HS_COLUMN_COUNT + 1];
    struct Hitstream__V1__WatchlistEntry *entry = hs_entry_unpack(before);
    if (!entry) {
        hitctl_error("the entry as it is cannot be read: nothing is changed");
        return HITCTL_FAILED;
    }
    hs_buf_clear(&put->printed);
    for (int column = 0; column < HS_COLUMN_COUNT; column++) {
        from[column] = put->printed.len;
        if (!put->texts[column].text.ptr) {
            hs_entry_print(entry, (enum hs_column)column, &put->printed);
        }
    }
    from[HS_COLUMN_COUNT] = put->printed.len;
    for (int column = 0; column < HS_COLUMN_COUNT && put->printed.ptr; column++) {
        if (!put->texts[column].text.ptr) {
            put->texts[column].text =
                hs_str_n(put->printed.ptr + from[column], from[column + 1] - from[column]);
        }
    }
    hs_entry_free(entry);
    if (hs_buf_status(&put->printed) != 0) {
        hitctl_error("out of memory: nothing is changed");
        return HITCTL_FAILED;
    }
    return HITCTL_OK;
}

// ---- variants of its mark on the list ----

struct variant_search {
    const struct hs_entry *entry;
    struct hs_vrm found; // len 0: none
};

static int look_at_entry(void *ctx, struct hs_str entry_id, struct hs_str packed)
{
    struct variant_search *search = ctx;
    struct hs_vrm vrm;
    if (hs_entry_vrm(packed, &vrm) == 0 && hs_vrm_glyph_eq(&vrm, &search->entry->vrm) &&
        !hs_str_eq(entry_id, search->entry->entry_id)) {
        search->found = vrm;
        return HS_EEXIST;
    }
    return 0;
}

static char other_glyph(char c)
{
    switch (c) {
    case '0':
        return 'O';
    case 'O':
        return '0';
    case '1':
        return 'I';
    case 'I':
        return '1';
    default:
        return '\0';
    }
}

// Entries that go by their marks: every variant is a key to be looked for.
static int look_for_keys(struct put *put, struct variant_search *search)
{
    unsigned at[VARIANT_POSITIONS_MAX], count = 0;
    for (unsigned i = 0; i < put->entry.vrm.len; i++) {
        if (other_glyph(put->entry.vrm.text[i])) {
            if (count == VARIANT_POSITIONS_MAX) {
                return hs_store_entries(put->list.store, &put->list.list, 0, look_at_entry, search);
            }
            at[count++] = i;
        }
    }
    for (unsigned bits = 0; bits < 1u << count; bits++) {
        struct hs_vrm variant = put->entry.vrm;
        struct hs_str packed;
        for (unsigned i = 0; i < count; i++) {
            variant.text[at[i]] =
                bits & 1u << i ? other_glyph(variant.text[at[i]]) : variant.text[at[i]];
        }
        if (hs_str_eq(hs_vrm_str(&variant), put->entry.entry_id)) {
            continue;
        }
        int rc = hs_store_entry_get(put->list.store, &put->list.list, hs_vrm_str(&variant),
                                    &put->list.bump, &packed);
        if (rc == 0) {
            return look_at_entry(search, hs_vrm_str(&variant), packed);
        }
        if (rc != HS_ENOTFOUND) {
            return rc;
        }
    }
    return 0;
}

static int check_variants(struct put *put)
{
    struct variant_search search = {.entry = &put->entry};
    int rc = put->list.list.own_ids
                 ? hs_store_entries(put->list.store, &put->list.list, 0, look_at_entry, &search)
                 : look_for_keys(put, &search);
    if (search.found.len > 0) {
        bool same = hs_vrm_eq(&search.found, &put->entry.vrm);
        hitctl_error(same ? "'%s' is on the list already under another entry id than '%s'"
                          : "'%s' is on the list already, '%s' is a 0/O or 1/I variant of it: "
                            "lists hold no variants, "
                            "they are matched anyway",
                     search.found.text, same ? put->entry.id_text : put->entry.vrm.text);
        return HITCTL_REFUSED;
    }
    return rc == 0 ? HITCTL_OK
                   : hitctl_store_failed(put->list.store, rc, "cannot look for variants");
}

// ---- masks ----

static int note_mask(void *ctx, struct hs_str entry_id, struct hs_str packed)
{
    struct hs_mask_set *masks = ctx;
    struct hs_vrm vrm;
    (void)entry_id;
    if (hs_entry_vrm(packed, &vrm) == 0 && hs_pattern_is(&vrm)) {
        hs_mask_set_add(masks, hs_pattern_mask(&vrm), HS_PATTERN_MASKS_OPEN_MAX);
    }
    return 0;
}

// A pattern may not be of one mask more than the list may have. Patterns are rare: the whole list
// is looked through.
static int check_masks(struct put *put)
{
    struct hs_mask_set masks = {0};
    if (!hs_pattern_is(&put->entry.vrm)) {
        return HITCTL_OK;
    }
    unsigned most = hitctl_list_masks_max(&put->list.list);
    int rc = hs_store_entries(put->list.store, &put->list.list, 0, note_mask, &masks);
    if (rc != 0) {
        return hitctl_store_failed(put->list.store, rc, "cannot look for patterns");
    }
    hs_mask mask = hs_pattern_mask(&put->entry.vrm);
    if (hs_mask_set_has(&masks, mask) || masks.count < most) {
        return HITCTL_OK;
    }
    hitctl_error("pattern would be the list's %u. mask (its length and the places of its '?'), at "
                 "most %u; each costs "
                 "every read of its length about %d ns",
                 masks.count + 1u, most, HS_PATTERN_MASK_COST_NS);
    return HITCTL_REFUSED;
}

// ---- the change ----

static int put_once(struct put *put, bool *ret_again)
{
    struct hs_actor actor = hitctl_list_actor(put->ctl);
    struct hs_store *store = put->list.store;
    struct hs_str before = {0};
    int code = check_variants(put);
    code = code ? code : check_masks(put);
    if (code != HITCTL_OK) {
        return code;
    }
    int rc =
        hs_store_entry_get(store, &put->list.list, put->entry.entry_id, &put->list.bump, &before);
    if (rc == 0 || rc == HS_ENOTFOUND) {
        rc = hs_store_put(store, &actor, &put->list.list, put->entry.entry_id, put->entry.packed,
                          before, &put->position);
    }
    *ret_again = rc == HS_ECONFLICT;
    return rc == 0 || *ret_again ? HITCTL_OK : hitctl_store_failed(store, rc, "nothing is changed");
}

static int drop_once(struct put *put, bool *ret_again)
{
    struct hs_actor actor = hitctl_list_actor(put->ctl);
    struct hs_store *store = put->list.store;
    struct hs_str before = {0};
    int rc = hs_store_entry_get(store, &put->list.list, put->entry_id, &put->list.bump, &before);
    rc = rc ? rc
            : hs_store_drop(store, &actor, &put->list.list, put->entry_id, before, &put->position);
    *ret_again = rc == HS_ECONFLICT;
    return rc == 0 || *ret_again ? HITCTL_OK : hitctl_store_failed(store, rc, "nothing is changed");
}

static int try_change(struct put *put, int (*once)(struct put *put, bool *ret_again))
{
    for (int i = 0; i < CONFLICT_TRIES; i++) {
        bool again = false;
        int code = once(put, &again);
        if (code != HITCTL_OK || !again) {
            return code;
        }
        nanosleep(&(struct timespec){.tv_nsec = (long)(rand() % 1000) * 1000 * (i + 1)}, NULL);
        int rc = hs_store_list_get(put->list.store, put->list.list.list_id, &put->list.bump,
                                   &put->list.list);
        if (rc != 0) {
            return hitctl_store_failed(put->list.store, rc, "cannot read the list");
        }
    }
    hitctl_error("others change the list all the time: nothing is changed");
    return HITCTL_CONFLICT;
}

static int say_done(struct put *put, const char *what, struct hs_str entry_id)
{
    char revision[HITCTL_REVISION_BYTES];
    json_t *json = NULL;
    hitctl_list_revision(&put->list.list, revision);
    if (put->ctl->json) {
        json = json_pack("{s:s, s:s, s:o, s:I}", "revision", revision, "change", put->position.id,
                         "entry id", hitctl_json_text(entry_id), "entries",
                         (json_int_t)put->list.list.size);
    } else {
        printf("%s '%.*s': list '%.*s' is at revision %s with %llu entries\n", what,
               HS_STR_ARG(entry_id), HS_STR_ARG(put->list.list.list_id), revision,
               (unsigned long long)put->list.list.size);
        fflush(stdout);
    }
    int code = put->options.wait ? hitctl_wait_live(put->list.store, &put->position, put->began_ns,
                                                    put->options.timeout_s, json)
                                 : HITCTL_OK;
    if (json) {
        hitctl_print_json(json);
    }
    return code;
}

static void fini(struct put *put)
{
    hs_buf_fini(&put->packed);
    hs_buf_fini(&put->printed);
    hitctl_list_close(&put->list);
}

static int prepare_edit(struct put *put)
{
    struct hs_vrm vrm;
    struct hs_str before, id = put->texts[HS_COLUMN_ENTRY_ID].text;
    if (!put->options.edit) {
        return HITCTL_OK;
    }
    if (id.len == 0 && hs_vrm_normalise(put->texts[HS_COLUMN_VRM].text, &vrm, NULL) == 0) {
        id = hs_vrm_str(&vrm);
    }
    int rc = hs_store_entry_get(put->list.store, &put->list.list, id, &put->list.bump, &before);
    if (rc != 0) {
        return hitctl_store_failed(put->list.store, rc, "nothing to edit");
    }
    return take_over(put, before);
}

int hitctl_list_put(struct hitctl *ctl, int argc, char **argv)
{
    struct put put = {.ctl = ctl,
                      .began_ns = hs_clock_monotonic_ns(),
                      .options = {.timeout_s = HITCTL_WAIT_DEFAULT_S}};
    int words = hitctl_options_parse(hitctl_list_put_options, &put.options, argc, argv);
    if (words < 0) {
        return HITCTL_USAGE;
    }
    if (words < 2) {
        hitctl_error("needs a list and the entry's columns, as in VRM=AB12CDE action=STOP 'weed "
                     "date=2026-12-31'");
        return HITCTL_USAGE;
    }
    int code = read_words(&put, words - 1, argv + 2);
    code = code ? code : hitctl_list_open(ctl, HITCTL_MAY_CHANGE_LIST, argv[1], &put.list);
    code = code ? code : hitctl_list_check_covert(put.list.store, &put.list.list);
    code = code ? code : prepare_edit(&put);
    code = code ? code : make_entry(&put);
    code = code ? code : try_change(&put, put_once);
    code = code ? code : say_done(&put, "put", put.entry.entry_id);
    fini(&put);
    return code;
}

int hitctl_list_drop(struct hitctl *ctl, int argc, char **argv)
{
    struct put put = {.ctl = ctl,
                      .began_ns = hs_clock_monotonic_ns(),
                      .options = {.timeout_s = HITCTL_WAIT_DEFAULT_S}};
    struct hs_vrm vrm;
    struct hs_str ignored;
    int words = hitctl_options_parse(hitctl_list_drop_options, &put.options, argc, argv);
    if (words < 0) {
        return HITCTL_USAGE;
    }
    if (words != 2) {
        hitctl_error("needs a list and an entry: its id or its VRM");
        return HITCTL_USAGE;
    }
    int code = hitctl_list_open(ctl, HITCTL_MAY_CHANGE_LIST, argv[1], &put.list);
    if (code == HITCTL_OK) {
        put.entry_id = hs_str(argv[2]);
        // As it stands, else as a plate: 'ab12 cde' is AB12CDE.
        if (hs_store_entry_get(put.list.store, &put.list.list, put.entry_id, &put.list.bump,
                               &ignored) == HS_ENOTFOUND &&
            hs_vrm_normalise(put.entry_id, &vrm, NULL) == 0) {
            put.entry_id = hs_vrm_str(&vrm);
        }
        code = try_change(&put, drop_once);
    }
    code = code ? code : say_done(&put, "dropped", put.entry_id);
    fini(&put);
    return code;
}
