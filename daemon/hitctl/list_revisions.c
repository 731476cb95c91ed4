// SPDX-License-Identifier: Apache-2.0
// hitctl list diff, history, rollback: a list's earlier states.
#include <stdio.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "hitctl/consult.h"
#include "hitctl/list_commands.h"
#include "hitctl/list_file.h"
#include "hitctl/list_revision.h"

// ---- diff ----

const struct hitctl_option hitctl_list_diff_options[] = {{NULL, 0, 0, NULL, NULL}};

static int keep_entry(void *ctx, const struct hs_entry *entry)
{
    return hitctl_entries_add(ctx, entry->entry_id, entry->packed);
}

static int read_file(struct hitctl_list *list, const char *path, struct hitctl_entries *entries)
{
    struct hitctl_file_options options = {.path = path,
                                          .expired_ok = true,
                                          .quiet = true,
                                          .list_id = list->list.list_id,
                                          .entry = keep_entry,
                                          .ctx = entries};
    struct hitctl_file_result result;
    int rc;
    int code = hitctl_file_read(&options, &result, &rc);
    hitctl_print_diags(&result.diags);
    if (code == HITCTL_OK && result.bad > 0) {
        hitctl_error("%zu of %zu lines are refused and not compared", result.bad, result.rows);
    }
    hs_diags_fini(&result.diags);
    return code;
}

// A side of the comparison: "live", a revision, or a file.
static int read_side(struct hitctl_list *list, const char *word, struct hitctl_entries *entries)
{
    struct hitctl_revision revision = {.generation = list->list.generation};
    if (strcmp(word, "live") == 0 || hitctl_revision_parse(word, &revision) == 0) {
        return hitctl_revision_read(list, &revision, entries);
    }
    return read_file(list, word, entries);
}

int hitctl_list_diff(struct hitctl *ctl, int argc, char **argv)
{
    struct hitctl_list list = {0};
    struct hitctl_entries before = {0}, after = {0};
    struct hitctl_difference difference = {0};
    int words = hitctl_options_parse(hitctl_list_diff_options, NULL, argc, argv);
    if (words != 2 && words != 3) {
        if (words >= 0) {
            hitctl_error("needs a list and what to compare: a revision, 'live' or a "
                         "file; one alone is "
                         "compared with what is live");
        }
        return HITCTL_USAGE;
    }
    int code = hitctl_list_open(ctl, HITCTL_MAY_SEE, argv[1], &list);
    code = code ? code
                : hitctl_consulted(ctl, list.store, &(struct hitctl_subject){.list_id = argv[1]});
    struct hitctl_revision revision;
    // One file: from live to the file. One revision: from it to live.
    bool from_live = words == 2 && hitctl_revision_parse(argv[2], &revision) != 0;
    code = code ? code : read_side(&list, from_live ? "live" : argv[2], &before);
    code = code ? code
                : read_side(&list,
                            words == 3  ? argv[3]
                            : from_live ? argv[2]
                                        : "live",
                            &after);
    if (code == HITCTL_OK) {
        difference.json = ctl->json ? json_array() : NULL;
        hitctl_entries_compare(&before, &after, &difference);
        if (ctl->json) {
            hitctl_print_json(
                json_pack("{s:I, s:I, s:I, s:o}", "added", (json_int_t)difference.added, "removed",
                          (json_int_t)difference.removed, "changed", (json_int_t)difference.changed,
                          "differences", difference.json));
        } else {
            printf("%zu added, %zu removed, %zu changed\n", difference.added, difference.removed,
                   difference.changed);
        }
        code = difference.added || difference.removed || difference.changed ? HITCTL_DIFFERS
                                                                            : HITCTL_OK;
    }
    hitctl_entries_fini(&before);
    hitctl_entries_fini(&after);
    hitctl_list_close(&list);
    return code;
}

// ---- history ----

struct history_options {
    int64_t limit; // 0: all
};

const struct hitctl_option hitctl_list_history_options[] = {
    {"limit", HITCTL_NUMBER, offsetof(struct history_options, limit), "N", "only the first N"},
    {NULL, 0, 0, NULL, NULL},
};

struct history {
    json_t *json; // or NULL: lines
    int64_t left; // -1: no limit
};

static void say_change(const struct hs_change *change, const char *at)
{
    printf("%s  %llu.%llu  %-8s  %.*s", at, (unsigned long long)change->list.generation,
           (unsigned long long)change->list.sequence, hs_change_op_name(change->op),
           HS_STR_ARG(change->who));
    if (change->authority.len > 0) {
        printf(" (%.*s)", HS_STR_ARG(change->authority));
    }
    if (change->entry_id.len > 0) {
        printf("  '%.*s'%s", HS_STR_ARG(change->entry_id),
               change->op == HS_OP_PUT ? change->before.len ? " replaced" : " added" : "");
    }
    if (change->op == HS_OP_SET || change->op == HS_OP_CREATE) {
        printf("  %s", hs_store_status_name(change->list.status));
    }
    printf("  %llu entries%s%.*s\n", (unsigned long long)change->list.size,
           change->note.len ? "  " : "", HS_STR_ARG(change->note));
}

static int show_change(void *ctx, const struct hs_change *change)
{
    struct history *history = ctx;
    char at[HS_CIVIL_TEXT_BYTES];
    if (history->left == 0) {
        return HS_ECANCELED;
    }
    history->left -= history->left > 0;
    hs_civil_format(change->at_ms, at);
    if (!history->json) {
        say_change(change, at);
        return 0;
    }
    json_t *row = json_pack(
        "{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:o}", "change", change->at.id, "hash",
        change->at.hash, "at", at, "operation", hs_change_op_name(change->op), "generation",
        (json_int_t)change->list.generation, "sequence", (json_int_t)change->list.sequence,
        "entries", (json_int_t)change->list.size, "who", hitctl_json_text(change->who), "authority",
        hitctl_json_text(change->authority), "note", hitctl_json_text(change->note));
    if (change->entry_id.len > 0) {
        json_object_set_new(row, "entry id", hitctl_json_text(change->entry_id));
    }
    if (change->entry.len > 0) {
        json_object_set_new(row, "entry", hitctl_entry_json(change->entry));
    }
    if (change->before.len > 0) {
        json_object_set_new(row, "before", hitctl_entry_json(change->before));
    }
    json_array_append_new(history->json, row);
    return 0;
}

int hitctl_list_history(struct hitctl *ctl, int argc, char **argv)
{
    struct history_options options = {0};
    struct hitctl_list list;
    int words = hitctl_options_parse(hitctl_list_history_options, &options, argc, argv);
    if (words != 1) {
        if (words >= 0) {
            hitctl_error("needs a list");
        }
        return HITCTL_USAGE;
    }
    int code = hitctl_list_open(ctl, HITCTL_MAY_SEE, argv[1], &list);
    code = code ? code
                : hitctl_consulted(ctl, list.store, &(struct hitctl_subject){.list_id = argv[1]});
    if (code == HITCTL_OK) {
        struct history history = {ctl->json ? json_array() : NULL,
                                  options.limit ? options.limit : -1};
        int rc = hs_store_history(list.store, list.list.list_id, show_change, &history);
        if (history.json) {
            hitctl_print_json(history.json);
        }
        code = rc == 0 || rc == HS_ECANCELED
                   ? HITCTL_OK
                   : hitctl_store_failed(list.store, rc, "the audit trail does not hold");
    }
    hitctl_list_close(&list);
    return code;
}

// ---- rollback ----

struct rollback_options {
    bool wait;
    int64_t timeout_s;
};

const struct hitctl_option hitctl_list_rollback_options[] = {
    {"wait", HITCTL_FLAG, offsetof(struct rollback_options, wait), NULL,
     "until every registered daemon has it live; say how long it took"},
    {"timeout", HITCTL_NUMBER, offsetof(struct rollback_options, timeout_s), "SECONDS",
     "wait no longer (default 30)"},
    {NULL, 0, 0, NULL, NULL},
};

// An earlier revision's entries become a new generation: revisions only go up.
static int copy_entries(struct hitctl *ctl, struct hitctl_list *list, const char *revision,
                        const struct hitctl_entries *entries, struct hs_position *ret_position)
{
    struct hs_store_loading *loading = NULL;
    struct hs_actor actor = hitctl_list_actor(ctl);
    char note[64];
    snprintf(note, sizeof(note), "to revision %.40s", revision);
    int rc = hs_store_loading_new(list->store, &list->list, &loading);
    for (size_t i = 0; rc == 0 && i < entries->count; i++) {
        rc = hs_store_loading_add(loading, entries->rows[i].entry_id, entries->rows[i].packed);
    }
    rc = rc ? rc
            : hs_store_loading_commit(loading, &actor, HS_OP_ROLLBACK, hs_str(note), &list->list,
                                      ret_position);
    if (rc == 0) {
        return HITCTL_OK;
    }
    int code = hitctl_store_failed(list->store, rc, "nothing is changed");
    hs_store_loading_abort(loading);
    return code;
}

static int say_rolled_back(const struct hitctl *ctl, const struct hitctl_list *list, const char *to,
                           const struct rollback_options *options,
                           const struct hs_position *position, int64_t began_ns)
{
    char revision[HITCTL_REVISION_BYTES];
    json_t *json = NULL;
    hitctl_list_revision(&list->list, revision);
    if (ctl->json) {
        json = json_pack("{s:s, s:s, s:I}", "revision", revision, "change", position->id, "entries",
                         (json_int_t)list->list.size);
    } else {
        printf("list '%.*s': revision %s holds what %s held, %llu entries\n",
               HS_STR_ARG(list->list.list_id), revision, to, (unsigned long long)list->list.size);
        fflush(stdout);
    }
    int code = options->wait
                   ? hitctl_wait_live(list->store, position, began_ns, options->timeout_s, json)
                   : HITCTL_OK;
    if (json) {
        hitctl_print_json(json);
    }
    return code;
}

static bool is_live(const struct hs_store_list *list, const struct hitctl_revision *revision)
{
    return revision->generation == list->generation &&
           (!revision->exact || revision->sequence == list->sequence);
}

int hitctl_list_rollback(struct hitctl *ctl, int argc, char **argv)
{
    struct rollback_options options = {.timeout_s = HITCTL_WAIT_DEFAULT_S};
    struct hitctl_list list;
    struct hitctl_entries entries = {0};
    struct hs_position position;
    struct hitctl_revision revision;
    int64_t began_ns = hs_clock_monotonic_ns();
    int words = hitctl_options_parse(hitctl_list_rollback_options, &options, argc, argv);
    if (words != 2 || hitctl_revision_parse(argv[2], &revision) != 0) {
        if (words >= 0) {
            hitctl_error("needs a list and a revision, as in 12 or 12.3; 'hitctl list show' and "
                         "'hitctl list "
                         "history' name them");
        }
        return HITCTL_USAGE;
    }
    int code = hitctl_list_open(ctl, HITCTL_MAY_CHANGE_LIST, argv[1], &list);
    if (code == HITCTL_OK && is_live(&list.list, &revision)) {
        hitctl_error("revision %s is live", argv[2]);
        code = HITCTL_REFUSED;
    }
    code = code ? code : hitctl_list_check_covert(list.store, &list.list);
    code = code ? code : hitctl_revision_read(&list, &revision, &entries);
    code = code ? code : copy_entries(ctl, &list, argv[2], &entries, &position);
    code = code ? code : say_rolled_back(ctl, &list, argv[2], &options, &position, began_ns);
    hitctl_entries_fini(&entries);
    hitctl_list_close(&list);
    return code;
}
