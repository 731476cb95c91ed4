// SPDX-License-Identifier: Apache-2.0
// hitctl list show, export, due: looking at lists.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "hitctl/consult.h"
#include "hitctl/list_commands.h"
#include "hitctl/list_common.h"
#include "hitstream/v1/watchlist.pb-c.h"

// ---- show ----

const struct hitctl_option hitctl_list_show_options[] = {{NULL, 0, 0, NULL, NULL}};

static json_t *list_json(const struct hs_store_list *list)
{
    char revision[HITCTL_REVISION_BYTES], changed[HS_CIVIL_TEXT_BYTES];
    hitctl_list_revision(list, revision);
    hs_civil_format(list->changed_at_ms, changed);
    return json_pack("{s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:I, s:s, s:i, s:i, s:i}", "list",
                     hitctl_json_text(list->list_id), "title", hitctl_json_text(list->title),
                     "owner_force", hitctl_json_text(list->owner_force), "purpose",
                     hitctl_json_text(list->purpose), "kind", list->covert ? "covert" : "open",
                     "status", hs_store_status_name(list->status), "revision", revision, "entries",
                     (json_int_t)list->size, "changed", changed, "review_days",
                     (int)list->review_days, "shrink_percent", (int)list->shrink_pct,
                     "keep_generations", (int)list->keep_generations);
}

static int show_lists(struct hitctl *ctl)
{
    struct hs_store *store;
    struct hs_bump bump = {0};
    struct hs_store_list *rows = NULL;
    size_t count = 0;
    int code = hitctl_store_open(ctl, &store);
    if (code != HITCTL_OK) {
        return code;
    }
    int rc = hs_store_lists(store, &bump, &rows, &count);
    if (rc != 0) {
        code = hitctl_store_failed(store, rc, "cannot read the lists");
    } else if (ctl->json) {
        json_t *all = json_array();
        for (size_t i = 0; i < count; i++) {
            if (hitctl_sees(ctl, rows[i].list_id, rows[i].covert)) {
                json_array_append_new(all, list_json(&rows[i]));
            }
        }
        hitctl_print_json(all);
    } else {
        for (size_t i = 0; i < count; i++) {
            char revision[HITCTL_REVISION_BYTES];
            if (!hitctl_sees(ctl, rows[i].list_id, rows[i].covert)) {
                continue;
            }
            hitctl_list_revision(&rows[i], revision);
            printf("%-24.*s %-6s %-9s %8s %10llu  %.*s: %.*s\n", HS_STR_ARG(rows[i].list_id),
                   rows[i].covert ? "covert" : "open", hs_store_status_name(rows[i].status),
                   revision, (unsigned long long)rows[i].size, HS_STR_ARG(rows[i].owner_force),
                   HS_STR_ARG(rows[i].title));
        }
    }
    hs_bump_fini(&bump);
    hs_store_free(store);
    return code;
}

static int show_list(const struct hitctl *ctl, struct hitctl_list *list)
{
    struct hs_store_generation *rows = NULL;
    size_t count = 0;
    char at[HS_CIVIL_TEXT_BYTES];
    int rc = hs_store_generations(list->store, list->list.list_id, &list->bump, &rows, &count);
    if (rc != 0) {
        return hitctl_store_failed(list->store, rc, "cannot read the list");
    }
    json_t *json = list_json(&list->list), *generations = json_array(), *value;
    for (size_t i = 0; i < count; i++) {
        hs_civil_format(rows[i].retired_at_ms, at);
        json_array_append_new(generations, json_pack("{s:I, s:I, s:I, s:s}", "generation",
                                                     (json_int_t)rows[i].generation, "sequence",
                                                     (json_int_t)rows[i].sequence, "entries",
                                                     (json_int_t)rows[i].size, "until", at));
    }
    if (ctl->json) {
        json_object_set_new(json, "earlier", generations);
        hitctl_print_json(json);
        return HITCTL_OK;
    }
    const char *key;
    json_object_foreach(json, key, value)
    {
        if (json_is_string(value)) {
            printf("%-18s %s\n", key, json_string_value(value));
        } else {
            printf("%-18s %lld\n", key, (long long)json_integer_value(value));
        }
    }
    for (size_t i = 0; i < count; i++) {
        hs_civil_format(rows[i].retired_at_ms, at);
        printf("%-18s generation %llu, live until %s, %llu entries\n", i == 0 ? "earlier" : "",
               (unsigned long long)rows[i].generation, at, (unsigned long long)rows[i].size);
    }
    json_decref(json);
    json_decref(generations);
    return HITCTL_OK;
}

static int show_entry(const struct hitctl *ctl, struct hitctl_list *list, const char *word)
{
    struct hs_vrm vrm;
    struct hs_str packed;
    int rc = hs_store_entry_get(list->store, &list->list, hs_str(word), &list->bump, &packed);
    if (rc == HS_ENOTFOUND && hs_vrm_normalise(hs_str(word), &vrm, NULL) == 0) {
        rc = hs_store_entry_get(list->store, &list->list, hs_vrm_str(&vrm), &list->bump, &packed);
    }
    if (rc != 0) {
        return hitctl_store_failed(list->store, rc, "no entry");
    }
    json_t *json = hitctl_entry_json(packed), *value;
    if (ctl->json) {
        hitctl_print_json(json);
        return HITCTL_OK;
    }
    const char *key;
    json_object_foreach(json, key, value)
    {
        printf("%-26s %s\n", key, json_string_value(value));
    }
    json_decref(json);
    return HITCTL_OK;
}

int hitctl_list_show(struct hitctl *ctl, int argc, char **argv)
{
    struct hitctl_list list;
    int words = hitctl_options_parse(hitctl_list_show_options, NULL, argc, argv);
    if (words < 0 || words > 2) {
        if (words > 2) {
            hitctl_error("needs at most a list and an entry of it");
        }
        return HITCTL_USAGE;
    }
    if (words == 0) {
        return show_lists(ctl);
    }
    int code = hitctl_list_open(ctl, HITCTL_MAY_SEE, argv[1], &list);
    code = code ? code
                : hitctl_consulted(ctl, list.store,
                                   &(struct hitctl_subject){
                                       .list_id = argv[1], .vehicle = words == 2 ? argv[2] : NULL});
    code = code ? code : words == 2 ? show_entry(ctl, &list, argv[2]) : show_list(ctl, &list);
    hitctl_list_close(&list);
    return code;
}

// ---- export ----

struct export_options {
    const char *output;
    int64_t generation; // 0: live
};

const struct hitctl_option hitctl_list_export_options[] = {
    {"output", HITCTL_TEXT, offsetof(struct export_options, output), "FILE",
     "default: standard output"},
    {"generation", HITCTL_NUMBER, offsetof(struct export_options, generation), "N",
     "an earlier one that is kept"},
    {NULL, 0, 0, NULL, NULL},
};

static void add_quoted(struct hs_buf *line, struct hs_str text)
{
    bool plain = true;
    for (size_t i = 0; i < text.len; i++) {
        plain &= !strchr(",\"\n\r", text.ptr[i]);
    }
    if (plain) {
        hs_buf_add_str(line, text);
        return;
    }
    hs_buf_add_char(line, '"');
    for (size_t i = 0; i < text.len; i++) {
        hs_buf_add_text(line, text.ptr[i] == '"' ? "\"" : "");
        hs_buf_add_char(line, text.ptr[i]);
    }
    hs_buf_add_char(line, '"');
}

static void export_csv(struct hs_str packed, struct hs_buf *text, struct hs_buf *line)
{
    struct Hitstream__V1__WatchlistEntry *entry = hs_entry_unpack(packed);
    hs_buf_clear(line);
    for (int column = 0; entry && column < HS_COLUMN_COUNT; column++) {
        hs_buf_clear(text);
        hs_entry_print(entry, (enum hs_column)column, text);
        hs_buf_add_text(line, column ? "," : "");
        add_quoted(line, hs_buf_str(text));
    }
    hs_entry_free(entry);
}

static void write_rows(FILE *out, bool json, const struct hitctl_entries *entries)
{
    struct hs_buf text = {0}, line = {0};
    for (int column = 0; !json && column < HS_COLUMN_COUNT; column++) {
        fprintf(out, "%s%s", column ? "," : "", hs_column_name((enum hs_column)column));
    }
    fputs(json ? "" : "\n", out);
    for (size_t i = 0; i < entries->count; i++) {
        if (json) {
            json_t *row = hitctl_entry_json(entries->rows[i].packed);
            json_dumpf(row, out, JSON_COMPACT | JSON_PRESERVE_ORDER);
            json_decref(row);
        } else {
            export_csv(entries->rows[i].packed, &text, &line);
            fwrite(line.ptr, 1, line.len, out);
        }
        fputc('\n', out);
    }
    hs_buf_fini(&text);
    hs_buf_fini(&line);
}

static int find_size(struct hitctl_list *list, uint64_t *generation, uint64_t *ret_size,
                     uint64_t *ret_checksum)
{
    struct hs_store_generation *rows = NULL;
    size_t count = 0;
    *ret_size = list->list.size;
    *ret_checksum = list->list.checksum;
    if (*generation == 0 || *generation == list->list.generation) {
        *generation = 0;
        return HITCTL_OK;
    }
    int rc = hs_store_generations(list->store, list->list.list_id, &list->bump, &rows, &count);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (rows[i].generation == *generation) {
            *ret_size = rows[i].size;
            *ret_checksum = rows[i].checksum;
            return HITCTL_OK;
        }
    }
    hitctl_error("generation %llu is not kept", (unsigned long long)*generation);
    return HITCTL_REFUSED;
}

int hitctl_list_export(struct hitctl *ctl, int argc, char **argv)
{
    struct export_options options = {0};
    struct hitctl_list list;
    struct hitctl_entries entries = {0};
    uint64_t size, checksum;
    int words = hitctl_options_parse(hitctl_list_export_options, &options, argc, argv);
    if (words != 1) {
        if (words >= 0) {
            hitctl_error("needs a list");
        }
        return HITCTL_USAGE;
    }
    uint64_t generation = (uint64_t)options.generation;
    int code = hitctl_list_open(ctl, HITCTL_MAY_SEE, argv[1], &list);
    code = code ? code
                : hitctl_consulted(ctl, list.store, &(struct hitctl_subject){.list_id = argv[1]});
    code = code ? code : find_size(&list, &generation, &size, &checksum);
    if (code == HITCTL_OK) {
        int rc = hitctl_entries_read(&entries, list.store, &list.list, generation, size, checksum);
        code = rc == 0 ? HITCTL_OK
                       : hitctl_store_failed(list.store, rc,
                                             "the list does not hold or changed just now");
    }
    FILE *out = stdout;
    if (code == HITCTL_OK && options.output && !(out = fopen(options.output, "we"))) {
        hitctl_error("cannot write '%s': %s", options.output, strerror(errno));
        code = HITCTL_FAILED;
    }
    if (code == HITCTL_OK) {
        hitctl_entries_sort(&entries);
        write_rows(out, ctl->json, &entries);
        if (fflush(out) != 0 || (out != stdout && fclose(out) != 0)) {
            hitctl_error("cannot write: %s", strerror(errno));
            code = HITCTL_FAILED;
        }
    }
    hitctl_entries_fini(&entries);
    hitctl_list_close(&list);
    return code;
}

// ---- due ----

struct due_options {
    int64_t days;
};

const struct hitctl_option hitctl_list_due_options[] = {
    {"days", HITCTL_NUMBER, offsetof(struct due_options, days), "N",
     "look so far ahead (default 14)"},
    {NULL, 0, 0, NULL, NULL},
};

struct due {
    const struct hitctl *ctl;
    const struct hs_store_list *list;
    int64_t now_ms, until_ms;
    json_t *rows; // or NULL: lines
};

static void say_due(struct due *due, struct hs_str entry_id, const char *what, int64_t at_ms)
{
    uint32_t date = hs_civil_date(at_ms);
    char day[16];
    snprintf(day, sizeof(day), "%04u-%02u-%02u", date / 10000, date / 100 % 100, date % 100);
    if (due->rows) {
        json_array_append_new(due->rows,
                              json_pack("{s:o, s:o, s:s, s:s}", "list",
                                        hitctl_json_text(due->list->list_id), "entry id",
                                        hitctl_json_text(entry_id), "due", what, "date", day));
    } else {
        printf("%s  %-7s %.*s  '%.*s'%s\n", day, what, HS_STR_ARG(due->list->list_id),
               HS_STR_ARG(entry_id),
               at_ms < due->now_ms ? strcmp(what, "weeds") == 0 ? "  over" : "  overdue" : "");
    }
}

static int look_at_entry(void *ctx, struct hs_str entry_id, struct hs_str packed)
{
    struct due *due = ctx;
    int64_t weeds_ms;
    struct Hitstream__V1__WatchlistEntry *entry = hs_entry_unpack(packed);
    if (!entry) {
        return HS_EFORMAT;
    }
    if (hs_civil_day_start_ms(entry->weed_date, &weeds_ms) == 0 && weeds_ms <= due->until_ms) {
        say_due(due, entry_id, "weeds", weeds_ms);
    }
    if (due->list->review_days > 0) {
        int64_t reviewed_ms = entry->reviewed_at_ms ? entry->reviewed_at_ms : entry->added_at_ms;
        int64_t review_ms = reviewed_ms + due->list->review_days * HS_MS_PER_DAY;
        if (review_ms <= due->until_ms) {
            say_due(due, entry_id, "review", review_ms);
        }
    }
    hs_entry_free(entry);
    return 0;
}

static int due_of_lists(struct hs_store *store, const char *only, struct due *due)
{
    struct hs_bump bump = {0};
    struct hs_store_list *rows = NULL;
    size_t count = 0;
    bool found = only == NULL;
    int rc = hs_store_lists(store, &bump, &rows, &count);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        bool sees = hitctl_sees(due->ctl, rows[i].list_id, rows[i].covert);
        if (sees && (!only || hs_str_is(rows[i].list_id, only))) {
            found = true;
            due->list = &rows[i];
            rc = hs_store_entries(store, &rows[i], 0, look_at_entry, due);
        }
    }
    hs_bump_fini(&bump);
    if (rc == 0 && !found) {
        hitctl_error("there is no list '%s'", only);
        return HITCTL_FAILED;
    }
    return rc == 0 ? HITCTL_OK : hitctl_store_failed(store, rc, "cannot read the lists");
}

int hitctl_list_due(struct hitctl *ctl, int argc, char **argv)
{
    struct due_options options = {.days = 14};
    struct hs_store *store;
    int words = hitctl_options_parse(hitctl_list_due_options, &options, argc, argv);
    if (words < 0 || words > 1) {
        if (words > 1) {
            hitctl_error("needs at most a list");
        }
        return HITCTL_USAGE;
    }
    int code = hitctl_store_open(ctl, &store);
    if (code != HITCTL_OK) {
        return code;
    }
    code = hitctl_consulted(ctl, store,
                            &(struct hitctl_subject){.list_id = words == 1 ? argv[1] : NULL});
    if (code != HITCTL_OK) {
        hs_store_free(store);
        return code;
    }
    struct due due = {
        .ctl = ctl, .now_ms = hs_clock_realtime_ms(), .rows = ctl->json ? json_array() : NULL};
    due.until_ms = due.now_ms + options.days * HS_MS_PER_DAY;
    code = due_of_lists(store, words == 1 ? argv[1] : NULL, &due);
    if (due.rows) {
        hitctl_print_json(due.rows);
    }
    hs_store_free(store);
    return code;
}
