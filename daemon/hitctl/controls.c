// SPDX-License-Identifier: Apache-2.0
//
// hitctl controls: check, diff, activate, show, history, rollback over one folder of files.
#include <inttypes.h>
#include <stdio.h>

#include "base/civil.h"
#include "base/error.h"
#include "hitctl/controls_folder.h"
#include "hitctl/controls_head.h"
#include "hitctl/controls_text.h"
#include "hitctl/store_open.h"

enum { HISTORY_DEFAULT = 20 };

struct options {
    const char *against; // hash the folder was made from
    const char *folder;  // show: write the files there
    const char *file;    // show: print this file's text
    int64_t max;         // history: rows
    bool dry_run;        // activate: say what would change
};

static const struct hitctl_option activate_options[] = {
    {"against", HITCTL_TEXT, offsetof(struct options, against), "HASH",
     "controls that the folder was made from; else the folder's " CONTROLS_MADE_AGAINST},
    {"dry-run", HITCTL_FLAG, offsetof(struct options, dry_run), NULL,
     "print the difference, change nothing"},
    {0},
};
static const struct hitctl_option show_options[] = {
    {"to", HITCTL_TEXT, offsetof(struct options, folder), "FOLDER",
     "write the files there, to edit them"},
    {"file", HITCTL_TEXT, offsetof(struct options, file), "NAME", "print this file's text"},
    {0},
};
static const struct hitctl_option history_options[] = {
    {"max", HITCTL_NUMBER, offsetof(struct options, max), "COUNT", "newest activations (20)"},
    {0},
};
static const struct hitctl_option rollback_options[] = {
    {"dry-run", HITCTL_FLAG, offsetof(struct options, dry_run), NULL,
     "print the difference, change nothing"},
    {0},
};

// ------------------------------------------------------------------ reading

// Words behind the command; says what is wrong. -1 then.
static int take_words(const struct hitctl_option *table, struct options *options, int argc,
                      char **argv, int min, int max, const char *wanted)
{
    static const struct hitctl_option none[] = {{0}};
    int words = hitctl_options_parse(table ? table : none, options, argc, argv);
    if (words >= 0 && (words < min || words > max)) {
        hitctl_error("%s", wanted);
        return -1;
    }
    return words;
}

static int read_folder(const char *folder, struct hs_controls **ret_controls)
{
    struct hs_diags diags = {0};
    int rc = controls_folder_read(folder, &diags, ret_controls);
    hitctl_print_diags(&diags);
    if (rc != 0) {
        hitctl_error("'%s' is refused: %zu errors", folder, diags.errors);
    }
    hs_diags_fini(&diags);
    return rc == 0 ? HITCTL_OK : rc == HS_EFORMAT ? HITCTL_REFUSED : HITCTL_FAILED;
}

// ------------------------------------------------------------------ check and diff

static int run_check(struct hitctl *ctl, int argc, char **argv)
{
    struct options options = {0};
    struct hs_controls *controls = NULL;
    if (take_words(NULL, &options, argc, argv, 1, 1, "one folder is expected") < 0) {
        return HITCTL_USAGE;
    }
    int code = read_folder(argv[1], &controls);
    if (code != HITCTL_OK) {
        return code;
    }
    if (ctl->json) {
        json_t *whole = controls_json(controls);
        json_object_set_new(whole, "hash", json_string(hs_controls_hash(controls)));
        code = controls_print_json(whole);
    } else {
        printf("%s is good: ", argv[1]);
        controls_print_counts(controls, stdout);
        printf(", hash %s\n", hs_controls_hash(controls));
    }
    hs_controls_unref(controls);
    return code;
}

static int print_diff(const struct hitctl *ctl, const struct hs_controls *before,
                      const struct hs_controls *after)
{
    if (!ctl->json) {
        int64_t count = controls_print_diff(before, after, 0, stdout);
        return count < 0 ? HITCTL_FAILED : count > 0 ? HITCTL_DIFFERS : HITCTL_OK;
    }
    json_t *whole = json_object();
    json_t *rows = controls_json_diff(before, after);
    bool same = json_array_size(rows) == 0;
    json_object_set_new(whole, "before", json_string(hs_controls_hash(before)));
    json_object_set_new(whole, "after", json_string(hs_controls_hash(after)));
    json_object_set_new(whole, "changes", rows);
    int code = controls_print_json(whole);
    return code != HITCTL_OK ? code : same ? HITCTL_OK : HITCTL_DIFFERS;
}

static int run_diff(struct hitctl *ctl, int argc, char **argv)
{
    struct options options = {0};
    struct hs_store *store = NULL;
    struct hs_controls *after = NULL;
    struct controls_head before = {0};
    int words = take_words(NULL, &options, argc, argv, 1, 2,
                           "a folder is expected, and may be a hash to compare it with");
    if (words < 0) {
        return HITCTL_USAGE;
    }
    int code = read_folder(argv[1], &after);
    if (code == HITCTL_OK) {
        code = hitctl_store_open(ctl, &store);
    }
    if (code == HITCTL_OK) {
        code = words == 2 ? controls_stored_read(store, argv[2], &before.controls)
                          : controls_head_read(store, &before);
    }
    if (code == HITCTL_OK) {
        code = print_diff(ctl, before.controls, after);
    }
    hs_controls_unref(before.controls);
    hs_controls_unref(after);
    hs_store_free(store);
    return code;
}

// ------------------------------------------------------------------ activate

static int activate_folder(const struct hitctl *ctl, const char *folder,
                           const struct options *options, struct hs_store *store,
                           const struct hs_controls *controls)
{
    struct controls_head head = {0};
    char made_against[HS_CONTROLS_HASH_BYTES] = "";
    int code = controls_head_read(store, &head);
    if (code != HITCTL_OK) {
        return code;
    }
    if (options->against) {
        snprintf(made_against, sizeof(made_against), "%s", options->against);
    } else {
        controls_folder_made_against(folder, made_against);
    }
    if (strcmp(made_against, head.hash) != 0) {
        code = controls_head_conflict(store, made_against, &head);
    } else {
        code = controls_head_change(ctl, store, &head, controls, "activate", options->dry_run);
        if (code == HITCTL_OK && !options->dry_run &&
            controls_folder_mark(folder, hs_controls_hash(controls)) != 0) {
            hitctl_error("'%s/" CONTROLS_MADE_AGAINST
                         "' could not be written; next time say --against %s",
                         folder, hs_controls_hash(controls));
        }
    }
    hs_controls_unref(head.controls);
    return code;
}

static int run_activate(struct hitctl *ctl, int argc, char **argv)
{
    struct options options = {0};
    struct hs_store *store = NULL;
    struct hs_controls *controls = NULL;
    if (take_words(activate_options, &options, argc, argv, 1, 1, "one folder is expected") < 0) {
        return HITCTL_USAGE;
    }
    int code = read_folder(argv[1], &controls);
    if (code == HITCTL_OK) {
        code = hitctl_store_open(ctl, &store);
    }
    if (code == HITCTL_OK) {
        code = activate_folder(ctl, argv[1], &options, store, controls);
    }
    hs_controls_unref(controls);
    hs_store_free(store);
    return code;
}

// ------------------------------------------------------------------ show

struct wanted_file {
    const char *name;
    bool found;
};

static int print_file(void *ctx, struct hs_str name, struct hs_str text)
{
    struct wanted_file *wanted = ctx;
    if (hs_str_is(name, wanted->name)) {
        wanted->found = true;
        fwrite(text.ptr, 1, text.len, stdout);
    }
    return 0;
}

static int show(const struct hitctl *ctl, const struct options *options,
                const struct controls_head *head)
{
    struct hs_str packed = hs_controls_packed(head->controls);
    if (options->folder) {
        int rc = controls_folder_write(options->folder, packed, head->hash);
        if (rc != 0) {
            hitctl_error("'%s': %s", options->folder, hs_strerror(rc));
            return HITCTL_FAILED;
        }
        printf("%s: the files of %s\n", options->folder,
               head->hash[0] ? head->hash : "empty controls");
        return HITCTL_OK;
    }
    if (options->file) {
        struct wanted_file wanted = {.name = options->file};
        hs_controls_each_file(packed, print_file, &wanted);
        if (!wanted.found) {
            hitctl_error("no file '%s' in these controls; there may be cameras.csv, groups.yaml, "
                         "operations.yaml, queues.yaml, roads.csv, rules.yaml",
                         options->file);
        }
        return wanted.found ? HITCTL_OK : HITCTL_USAGE;
    }
    if (ctl->json) {
        json_t *whole = controls_json(head->controls);
        json_object_set_new(whole, "hash", json_string(head->hash));
        return controls_print_json(whole);
    }
    printf("controls %s: ", head->hash[0] ? head->hash : "(none were activated)");
    controls_print_counts(head->controls, stdout);
    fputs("\n\n", stdout);
    controls_print(head->controls, stdout);
    return HITCTL_OK;
}

static int run_show(struct hitctl *ctl, int argc, char **argv)
{
    struct options options = {0};
    struct hs_store *store = NULL;
    struct controls_head head = {0};
    int words =
        take_words(show_options, &options, argc, argv, 0, 1, "at most one hash is expected");
    if (words < 0) {
        return HITCTL_USAGE;
    }
    int code = hitctl_store_open(ctl, &store);
    if (code == HITCTL_OK && words == 1) {
        snprintf(head.hash, sizeof(head.hash), "%s", argv[1]);
        code = controls_stored_read(store, argv[1], &head.controls);
    } else if (code == HITCTL_OK) {
        code = controls_head_read(store, &head);
    }
    if (code == HITCTL_OK) {
        code = show(ctl, &options, &head);
    }
    hs_controls_unref(head.controls);
    hs_store_free(store);
    return code;
}

// ------------------------------------------------------------------ history and rollback

static void print_activation(void *ctx, const struct hs_controls_activation *row)
{
    char at[HS_CIVIL_TEXT_BYTES];
    (void)ctx;
    hs_civil_format(row->at_ms, at);
    printf("%s  %s  %-9s %s%s%s%s\n", at, row->hash, row->operation, row->who,
           row->authority[0] ? " (" : "", row->authority, row->authority[0] ? ")" : "");
}

static void add_activation(void *ctx, const struct hs_controls_activation *row)
{
    char at[HS_CIVIL_TEXT_BYTES];
    json_t *object = json_object();
    hs_civil_format(row->at_ms, at);
    json_object_set_new(object, "at", json_string(at));
    json_object_set_new(object, "hash", json_string(row->hash));
    json_object_set_new(object, "predecessor", json_string(row->predecessor));
    json_object_set_new(object, "operation", json_string(row->operation));
    json_object_set_new(object, "who", json_string(row->who));
    json_object_set_new(object, "authority", json_string(row->authority));
    json_object_set_new(object, "change", json_string(row->change_id));
    json_array_append_new(ctx, object);
}

static int run_history(struct hitctl *ctl, int argc, char **argv)
{
    struct options options = {.max = HISTORY_DEFAULT};
    struct hs_store *store = NULL;
    if (take_words(history_options, &options, argc, argv, 0, 0, "no word is expected") < 0) {
        return HITCTL_USAGE;
    }
    int code = hitctl_store_open(ctl, &store);
    if (code == HITCTL_OK) {
        json_t *rows = json_array();
        int rc = hs_store_controls_history(store, (size_t)options.max,
                                           ctl->json ? add_activation : print_activation, rows);
        code = rc != 0 ? hitctl_store_failed(store, rc, "history") : HITCTL_OK;
        if (ctl->json && code == HITCTL_OK) {
            code = controls_print_json(json_incref(rows));
        }
        json_decref(rows);
    }
    hs_store_free(store);
    return code;
}

// The hash that was active before the head.
static void keep_predecessor(void *ctx, const struct hs_controls_activation *row)
{
    snprintf(ctx, HS_CONTROLS_HASH_BYTES, "%s", row->predecessor);
}

static int rollback_to(const struct hitctl *ctl, struct hs_store *store, const char *hash,
                       const struct controls_head *head, bool dry_run)
{
    struct hs_controls *controls = NULL;
    int code = controls_stored_read(store, hash, &controls);
    if (code == HITCTL_OK) {
        code = controls_head_change(ctl, store, head, controls, "rollback", dry_run);
    }
    hs_controls_unref(controls);
    return code;
}

static int run_rollback(struct hitctl *ctl, int argc, char **argv)
{
    struct options options = {0};
    struct hs_store *store = NULL;
    struct controls_head head = {0};
    char hash[HS_CONTROLS_HASH_BYTES] = "";
    int words = take_words(rollback_options, &options, argc, argv, 0, 1,
                           "at most one hash is expected; without it the predecessor");
    if (words < 0) {
        return HITCTL_USAGE;
    }
    int code = hitctl_store_open(ctl, &store);
    if (code == HITCTL_OK) {
        code = controls_head_read(store, &head);
    }
    if (code == HITCTL_OK && words == 1) {
        snprintf(hash, sizeof(hash), "%s", argv[1]);
    } else if (code == HITCTL_OK) {
        int rc = hs_store_controls_history(store, 1, keep_predecessor, hash);
        code = rc != 0 ? hitctl_store_failed(store, rc, "history") : HITCTL_OK;
    }
    if (code == HITCTL_OK && hash[0] == '\0') {
        hitctl_error("there are no controls before these");
        code = HITCTL_REFUSED;
    }
    if (code == HITCTL_OK) {
        code = rollback_to(ctl, store, hash, &head, options.dry_run);
    }
    hs_controls_unref(head.controls);
    hs_store_free(store);
    return code;
}

const struct hitctl_command hitctl_controls_commands[] = {
    {"controls", "check", "FOLDER", "check a folder of controls, tell all faults", run_check, NULL},
    {"controls", "diff", "FOLDER [HASH]",
     "what differs from the active controls (or those of HASH)", run_diff, NULL},
    {"controls", "activate", "FOLDER [--against HASH] [--dry-run]",
     "make a folder the active controls", run_activate, activate_options},
    {"controls", "show", "[HASH] [--to FOLDER|--file NAME]",
     "the active controls (or those of HASH)", run_show, show_options},
    {"controls", "history", "[--max COUNT]", "who activated what, newest first", run_history,
     history_options},
    {"controls", "rollback", "[HASH] [--dry-run]", "make earlier controls active again",
     run_rollback, rollback_options},
    {0},
};
