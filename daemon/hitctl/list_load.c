// SPDX-License-Identifier: Apache-2.0
// hitctl list load: a file becomes a list's next generation, whole or not at all.
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "hitctl/list_commands.h"
#include "hitctl/list_file.h"

struct load_options {
    bool replace, merge, dry_run, force, skip_bad, wait;
    const char *reject_file;
    const char *format;
    int64_t timeout_s;
};

#define AT(member) offsetof(struct load_options, member)
const struct hitctl_option hitctl_list_load_options[] = {
    {"replace", HITCTL_FLAG, AT(replace), NULL,
     "the file is the whole list: what it does not hold goes"},
    {"merge", HITCTL_FLAG, AT(merge), NULL,
     "the file's entries are added or replaced, the others stay"},
    {"dry-run", HITCTL_FLAG, AT(dry_run), NULL,
     "change nothing; print what would be (+ added, - removed, ~ changed)"},
    {"force", HITCTL_FLAG, AT(force), NULL,
     "also when the list would become empty or shrink by more than it may"},
    {"skip-bad", HITCTL_FLAG, AT(skip_bad), NULL,
     "load the good lines although there are bad ones"},
    {"reject-file", HITCTL_TEXT, AT(reject_file), "FILE", "write the bad lines there, as they are"},
    {"format", HITCTL_TEXT, AT(format), "csv|json",
     "default: by the file's name and first character"},
    {"wait", HITCTL_FLAG, AT(wait), NULL,
     "until every registered daemon has it live; say how long it took"},
    {"timeout", HITCTL_NUMBER, AT(timeout_s), "SECONDS", "wait no longer (default 30)"},
    {NULL, 0, 0, NULL, NULL},
};

struct load {
    const struct hitctl *ctl;
    struct load_options options;
    const char *path;
    int64_t began_ns;
    struct hitctl_list list;
    struct hitctl_entries live;       // with --merge and --dry-run
    struct hitctl_entries file;       // likewise
    struct hs_store_loading *loading; // NULL: nothing written
    struct hs_store_kept *kept;       // with --dry-run: exclusions that would stay
    struct hitctl_file_result result;
    struct hs_position position; // once live
    size_t size_before;
    json_t *json; // the answer to --json, or NULL
};

static int stream_entry(void *ctx, const struct hs_entry *entry)
{
    struct load *load = ctx;
    return hs_store_loading_add(load->loading, entry->entry_id, entry->packed);
}

static int keep_entry(void *ctx, const struct hs_entry *entry)
{
    struct load *load = ctx;
    struct hs_str packed = entry->packed;
    int rc = load->kept ? hs_store_kept_into(load->kept, entry->entry_id, packed, &packed) : 0;
    return rc ? rc : hitctl_entries_add(&load->file, entry->entry_id, packed);
}

// What the list will hold: with --merge what is live and not in the file comes to the file's.
static int add_live(struct load *load)
{
    int rc = 0;
    for (size_t i = 0; load->options.merge && i < load->live.count && rc == 0; i++) {
        const struct hitctl_entry_row *row = &load->live.rows[i];
        if (!hitctl_entries_find(&load->file, row->entry_id)) {
            rc = hitctl_entries_add(&load->file, row->entry_id, row->packed);
        }
    }
    return rc;
}

// ---- may it go live? ----

static int say_bad(struct load *load)
{
    const struct hitctl_file_result *result = &load->result;
    if (load->json) {
        json_object_set_new(load->json, "refused_lines", json_integer((json_int_t)result->bad));
        json_object_set_new(load->json, "refused", hitctl_diags_json(&result->diags));
    } else {
        hitctl_print_diags(&result->diags);
    }
    if (result->bad == 0 || load->options.skip_bad) {
        return HITCTL_OK;
    }
    hitctl_error("%zu of %zu lines are refused, nothing is loaded; correct them, or load the "
                 "others with --skip-bad",
                 result->bad, result->rows);
    return HITCTL_REFUSED;
}

static int check_size(const struct load *load, size_t after)
{
    size_t before = load->size_before;
    uint32_t share = load->list.list.shrink_pct;
    if (load->options.force) {
        return HITCTL_OK;
    }
    if (after == 0) {
        hitctl_error("the list would be empty; --force if that is right");
        return HITCTL_REFUSED;
    }
    if (after < before && (before - after) * 100 > before * share) {
        hitctl_error("the list would shrink from %zu to %zu entries, by more than %u %%; --force "
                     "if that is right",
                     before, after, (unsigned)share);
        return HITCTL_REFUSED;
    }
    return HITCTL_OK;
}

// ---- steps ----

static int read_live(struct load *load)
{
    const struct hs_store_list *list = &load->list.list;
    if (!load->options.merge && !load->options.dry_run) {
        return HITCTL_OK;
    }
    int rc =
        hitctl_entries_read(&load->live, load->list.store, list, 0, list->size, list->checksum);
    if (rc == HS_ECHECKSUM) {
        hitctl_error("what is on the list does not hold with its size and checksum, or it changed "
                     "just now; load it "
                     "whole with --replace");
        return HITCTL_REFUSED;
    }
    return rc == 0 ? HITCTL_OK : hitctl_store_failed(load->list.store, rc, "cannot read the list");
}

static int read_file(struct load *load)
{
    const struct hs_store_list *list = &load->list.list;
    bool stream = load->options.replace && !load->options.dry_run;
    int rc = stream                  ? hs_store_loading_new(load->list.store, list, &load->loading)
             : load->options.dry_run ? hs_store_kept_new(load->list.store, list, &load->kept)
                                     : 0;
    if (rc != 0) {
        return hitctl_store_failed(load->list.store, rc, "cannot begin the load");
    }
    struct hitctl_file_options options = {
        .path = load->path,
        .format = load->options.format,
        .reject_path = load->options.reject_file,
        .quiet = load->json != NULL,
        .masks_max = hitctl_list_masks_max(list),
        .list_id = list->list_id,
        .live = load->options.merge ? &load->live : NULL,
        .entry = stream ? stream_entry : keep_entry,
        .ctx = load,
    };
    int code = hitctl_file_read(&options, &load->result, &rc);
    if (code == HITCTL_REFUSED) {
        hitctl_print_diags(&load->result.diags);
        hitctl_error("the file's header cannot be used, nothing is loaded");
    } else if (rc != 0) {
        code = hitctl_store_failed(load->list.store, rc, "cannot write the entries");
    }
    return code;
}

static int write_merged(struct load *load)
{
    int rc = hs_store_loading_new(load->list.store, &load->list.list, &load->loading);
    for (size_t i = 0; rc == 0 && i < load->file.count; i++) {
        rc = hs_store_loading_add(load->loading, load->file.rows[i].entry_id,
                                  load->file.rows[i].packed);
    }
    return rc == 0 ? HITCTL_OK
                   : hitctl_store_failed(load->list.store, rc, "cannot write the entries");
}

static int commit(struct load *load)
{
    char note[256];
    struct hs_actor actor = hitctl_list_actor(load->ctl);
    int code = load->options.merge ? write_merged(load) : HITCTL_OK;
    if (code != HITCTL_OK) {
        return code;
    }
    snprintf(note, sizeof(note), "%s '%.150s': %zu lines, %zu refused",
             load->options.merge ? "merge" : "replace", load->path, load->result.rows,
             load->result.bad);
    int rc = hs_store_loading_commit(load->loading, &actor, HS_OP_LOAD, hs_str(note),
                                     &load->list.list, &load->position);
    if (rc != 0) {
        return hitctl_store_failed(load->list.store, rc, "nothing is loaded");
    }
    load->loading = NULL;
    return HITCTL_OK;
}

static void say_loaded(const struct load *load)
{
    char revision[HITCTL_REVISION_BYTES];
    const struct hs_store_list *list = &load->list.list;
    hitctl_list_revision(list, revision);
    if (load->json) {
        json_object_set_new(load->json, "revision", json_string(revision));
        json_object_set_new(load->json, "change", json_string(load->position.id));
        json_object_set_new(load->json, "entries", json_integer((json_int_t)list->size));
        json_object_set_new(load->json, "entries_before",
                            json_integer((json_int_t)load->size_before));
        return;
    }
    printf("list '%.*s': revision %s with %llu entries (before: %zu)%s\n",
           HS_STR_ARG(list->list_id), revision, (unsigned long long)list->size, load->size_before,
           list->status == HS_STORE_LIVE    ? ""
           : list->status == HS_STORE_TRIAL ? "; the list is on trial"
                                            : "; the list is suspended");
    fflush(stdout);
}

static int say_difference(struct load *load)
{
    struct hitctl_difference difference = {.json = load->json ? json_array() : NULL};
    hitctl_entries_compare(&load->live, &load->file, &difference);
    if (load->json) {
        json_object_set_new(load->json, "differences", difference.json);
        json_object_set_new(load->json, "added", json_integer((json_int_t)difference.added));
        json_object_set_new(load->json, "removed", json_integer((json_int_t)difference.removed));
        json_object_set_new(load->json, "changed", json_integer((json_int_t)difference.changed));
    } else {
        printf("%zu added, %zu removed, %zu changed; %zu lines refused; nothing is changed yet\n",
               difference.added, difference.removed, difference.changed, load->result.bad);
    }
    return HITCTL_OK;
}

static int run_load(struct load *load, const char *list_id)
{
    int code = hitctl_list_open(load->ctl, HITCTL_MAY_CHANGE_LIST, list_id, &load->list);
    code = code ? code : hitctl_list_check_covert(load->list.store, &load->list.list);
    load->size_before = load->list.list.size;
    code = code ? code : read_live(load);
    code = code ? code : read_file(load);
    if (code != HITCTL_OK) {
        return code;
    }
    if (add_live(load) != 0) {
        hitctl_error("out of memory");
        return HITCTL_FAILED;
    }
    size_t after = load->loading ? load->result.good : load->file.count;
    if (load->options.dry_run) {
        say_difference(load);
        code = say_bad(load);
        return code ? code : check_size(load, after);
    }
    code = say_bad(load);
    code = code ? code : check_size(load, after);
    code = code ? code : commit(load);
    if (code != HITCTL_OK) {
        return code;
    }
    say_loaded(load);
    return load->options.wait ? hitctl_wait_live(load->list.store, &load->position, load->began_ns,
                                                 load->options.timeout_s, load->json)
                              : HITCTL_OK;
}

int hitctl_list_load(struct hitctl *ctl, int argc, char **argv)
{
    struct load load = {.ctl = ctl,
                        .began_ns = hs_clock_monotonic_ns(),
                        .options = {.timeout_s = HITCTL_WAIT_DEFAULT_S}};
    int words = hitctl_options_parse(hitctl_list_load_options, &load.options, argc, argv);
    if (words < 0) {
        return HITCTL_USAGE;
    }
    if (words != 2) {
        hitctl_error("needs a list and a file");
        return HITCTL_USAGE;
    }
    if (load.options.replace == load.options.merge) {
        hitctl_error(
            "say --replace (the file is the whole list) or --merge (the other entries stay)");
        return HITCTL_USAGE;
    }
    load.path = argv[2];
    load.json = ctl->json ? json_object() : NULL;
    int code = run_load(&load, argv[1]);
    hs_store_loading_abort(load.loading);
    hs_store_kept_free(load.kept);
    if (load.json) {
        json_object_set_new(load.json, "exit", json_integer(code));
        hitctl_print_json(load.json);
    }
    hs_diags_fini(&load.result.diags);
    hitctl_entries_fini(&load.live);
    hitctl_entries_fini(&load.file);
    hitctl_list_close(&load.list);
    return code;
}
