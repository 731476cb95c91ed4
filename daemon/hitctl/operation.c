// SPDX-License-Identifier: Apache-2.0
//
// hitctl operation: create, close, list, show. An operation is a part of the controls: a change
// takes the active controls, changes operations.yaml, checks all together and activates the result
// only if nobody else changed them meanwhile.
#include <stdio.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "hitctl/consult.h"
#include "hitctl/controls_edit.h"
#include "hitctl/controls_text.h"
#include "hitctl/operation_report.h"
#include "hitctl/operation_text.h"
#include "hitctl/yaml_text.h"

// What stands on the command line.
struct options {
    const char *name;
    const char *lead;
    const char *forces;
    const char *from;
    const char *to;
    const char *lists;
    const char *queues;
    const char *covert_lists;
    const char *covert_queues;
    const char *roads;
    const char *sites;
    const char *areas;
    const char *priority;
    const char *repeat_window;
    const char *acknowledge_within;
    const char *at;
    const char *against;
    bool dry_run;
};

#define TEXT(name, member, argument, help)                                                         \
    {                                                                                              \
        name, HITCTL_TEXT, offsetof(struct options, member), argument, help                        \
    }
#define CHANGE_OPTIONS                                                                             \
    TEXT("against", against, "HASH", "controls that this was decided on; else those active now"),  \
    {                                                                                              \
        "dry-run", HITCTL_FLAG, offsetof(struct options, dry_run), NULL,                           \
            "print the difference, change nothing"                                                 \
    }

static const struct hitctl_option create_options[] = {
    TEXT("name", name, "TEXT", "as people call it"),
    TEXT("lead", lead, "FORCE", "the force that answers for it; needed"),
    TEXT("forces", forces, "A,B", "forces that take part, beside the lead"),
    TEXT("from", from, "TIME", "event time at which it begins (London, or with 'Z'); now"),
    TEXT("to", to, "TIME", "event time at which it ends; else open-ended"),
    TEXT("lists", lists, "A,B", "open lists"),
    TEXT("queues", queues, "A,B", "queues that are told of them"),
    TEXT("covert-lists", covert_lists, "A,B", "covert lists"),
    TEXT("covert-queues", covert_queues, "A,B", "queues of their owners that are told of them"),
    TEXT("roads", roads, "A,B", "only reads on these roads,"),
    TEXT("sites", sites, "A,B", "or at these sites,"),
    TEXT("areas", areas, "A,B", "or in these areas"),
    TEXT("priority", priority, "WORD",
         "no alert of it is less urgent: low, medium, high, immediate"),
    TEXT("repeat-window", repeat_window, "MS", "instead of the rule's, for its queues"),
    TEXT("acknowledge-within", acknowledge_within, "MS", "instead of its queues' own"),
    CHANGE_OPTIONS,
    {0},
};
static const struct hitctl_option close_options[] = {
    TEXT("at", at, "TIME", "event time at which it ends; now"),
    CHANGE_OPTIONS,
    {0},
};
static const struct hitctl_option list_options[] = {
    TEXT("at", at, "TIME", "coming, running or over at that time; now"),
    {0},
};

// ------------------------------------------------------------------ the words

static int take_words(const struct hitctl_option *table, struct options *options, int argc,
                      char **argv, int wanted)
{
    int words = hitctl_options_parse(table, options, argc, argv);
    if (words >= 0 && words != wanted) {
        hitctl_error(wanted == 1 ? "one operation's id is expected" : "no word is expected");
        return -1;
    }
    return words;
}

// Text of a time option; now when it is not said.
static int take_time(const char *option, const char *text, int64_t *ret_at_ms)
{
    if (!text) {
        *ret_at_ms = hs_clock_realtime_ms() / HS_MS_PER_SECOND * HS_MS_PER_SECOND;
        return HITCTL_OK;
    }
    if (hs_civil_parse(hs_str(text), ret_at_ms) != 0) {
        hitctl_error("--%s '%s' is no time; allowed: 2026-01-13T06:00:00, civil time in London, or "
                     "with 'Z' or an offset behind it",
                     option, text);
        return HITCTL_USAGE;
    }
    return HITCTL_OK;
}

// ------------------------------------------------------------------ changing the file

// operations.yaml of the head without one operation.
static void write_others(const struct hs_routes *routes, struct hs_str left_out, struct hs_buf *out)
{
    yaml_begin(out, "operations");
    for (size_t i = 0; i < hs_routes_operation_count(routes); i++) {
        const struct hs_operation *operation = hs_routes_operation(routes, i);
        if (!hs_str_eq(operation->id, left_out)) {
            operation_yaml(out, operation);
        }
    }
}

// ------------------------------------------------------------------ create

static void add_names(struct hs_buf *out, struct hs_bump *bump, const char *key, const char *text)
{
    const struct hs_str *names = NULL;
    size_t count = 0;
    if (text && yaml_split_names(bump, text, &names, &count) == 0) {
        yaml_names(out, key, names, count);
    }
}

// A number as it was written: the check of the file says what is wrong with it.
static void add_word(struct hs_buf *out, const char *key, const char *text)
{
    struct hs_str value = hs_str(text);
    int64_t number;
    if (text && hs_str_to_i64(value, &number) == 0) {
        hs_buf_printf(out, "    %s: %lld\n", key, (long long)number);
    } else {
        yaml_text(out, key, value);
    }
}

// The new row as the words say it; nothing is checked yet.
static void write_row(const struct hitctl *ctl, const char *id, const struct options *options,
                      int64_t from_ms, struct hs_buf *out)
{
    struct hs_bump bump = {0};
    yaml_row(out, hs_str(id));
    yaml_text(out, "name", hs_str(options->name));
    yaml_text(out, "authority", hs_str(ctl->authority));
    yaml_text(out, "lead", hs_str(options->lead));
    add_names(out, &bump, "forces", options->forces);
    yaml_instant(out, "from", from_ms);
    yaml_text(out, "to", hs_str(options->to));
    add_names(out, &bump, "lists", options->lists);
    add_names(out, &bump, "queues", options->queues);
    add_names(out, &bump, "covert_lists", options->covert_lists);
    add_names(out, &bump, "covert_queues", options->covert_queues);
    add_names(out, &bump, "roads", options->roads);
    add_names(out, &bump, "sites", options->sites);
    add_names(out, &bump, "areas", options->areas);
    yaml_text(out, "priority", hs_str(options->priority));
    add_word(out, "repeat_window_ms", options->repeat_window);
    add_word(out, "acknowledge_within_ms", options->acknowledge_within);
    hs_bump_fini(&bump);
}

static int run_create(struct hitctl *ctl, int argc, char **argv)
{
    struct options options = {0};
    struct controls_edit change = {0};
    int64_t from_ms;
    if (take_words(create_options, &options, argc, argv, 1) < 0 ||
        take_time("from", options.from, &from_ms) != HITCTL_OK) {
        return HITCTL_USAGE;
    }
    int code = controls_edit_begin(ctl, options.against, &change);
    if (code == HITCTL_OK) {
        const struct hs_routes *routes = hs_controls_routes(change.head.controls);
        if (hs_routes_find_operation(routes, hs_str(argv[1]))) {
            hitctl_error("there is an operation '%s' already", argv[1]);
            code = HITCTL_REFUSED;
        } else {
            write_others(routes, HS_STR(""), &change.text);
            write_row(ctl, argv[1], &options, from_ms, &change.text);
            code = controls_edit_activate(ctl, &change, OPERATIONS_FILE, "operation create",
                                          options.dry_run);
        }
    }
    controls_edit_end(&change);
    return code;
}

// ------------------------------------------------------------------ close

// The operation that a person named and may know of; says so when there is none.
static const struct hs_operation *find_operation(const struct hitctl *ctl,
                                                 const struct controls_head *head, const char *id)
{
    const struct hs_operation *operation =
        hs_routes_find_operation(hs_controls_routes(head->controls), hs_str(id));
    if (!operation || !operation_visible(ctl, operation)) {
        hitctl_error("there is no operation '%s'", id);
        return NULL;
    }
    return operation;
}

static int close_it(const struct hitctl *ctl, const struct options *options, int64_t at_ms,
                    const struct hs_operation *operation, struct controls_edit *change)
{
    struct hs_operation closed = *operation;
    char text[HS_CIVIL_TEXT_BYTES];
    if (operation->to_ms <= at_ms) {
        hs_civil_format(operation->to_ms, text);
        hitctl_error("'%.*s' ends at %s already", HS_STR_ARG(operation->id), text);
        return HITCTL_REFUSED;
    }
    closed.to_ms = at_ms;
    write_others(hs_controls_routes(change->head.controls), operation->id, &change->text);
    operation_yaml(&change->text, &closed);
    return controls_edit_activate(ctl, change, OPERATIONS_FILE, "operation close",
                                  options->dry_run);
}

static int run_close(struct hitctl *ctl, int argc, char **argv)
{
    struct options options = {0};
    struct controls_edit change = {0};
    int64_t at_ms;
    if (take_words(close_options, &options, argc, argv, 1) < 0 ||
        take_time("at", options.at, &at_ms) != HITCTL_OK) {
        return HITCTL_USAGE;
    }
    int code = controls_edit_begin(ctl, options.against, &change);
    if (code == HITCTL_OK) {
        const struct hs_operation *operation = find_operation(ctl, &change.head, argv[1]);
        code = operation ? close_it(ctl, &options, at_ms, operation, &change) : HITCTL_REFUSED;
    }
    controls_edit_end(&change);
    return code;
}

// ------------------------------------------------------------------ list and show

static int list_all(const struct hitctl *ctl, const struct hs_routes *routes, int64_t at_ms)
{
    json_t *rows = json_array();
    if (!ctl->json) {
        operation_print_head(stdout);
    }
    for (size_t i = 0; i < hs_routes_operation_count(routes); i++) {
        const struct hs_operation *operation = hs_routes_operation(routes, i);
        if (!operation_visible(ctl, operation)) {
            continue;
        }
        if (ctl->json) {
            json_array_append_new(rows, operation_json(ctl, operation, at_ms));
        } else {
            operation_print_line(operation, at_ms, stdout);
        }
    }
    int code = ctl->json ? controls_print_json(json_incref(rows)) : HITCTL_OK;
    json_decref(rows);
    return code;
}

static int show_one(const struct hitctl *ctl, const struct controls_edit *edit, const char *id,
                    int64_t at_ms)
{
    const struct hs_operation *operation = find_operation(ctl, &edit->head, id);
    if (!operation) {
        return HITCTL_REFUSED;
    }
    int code = hitctl_consulted(ctl, edit->store, &(struct hitctl_subject){.about = id});
    if (code != HITCTL_OK) {
        return code;
    }
    if (ctl->json) {
        return controls_print_json(operation_json(ctl, operation, at_ms));
    }
    operation_print(ctl, operation, at_ms, stdout);
    return HITCTL_OK;
}

static int read_only(struct hitctl *ctl, int argc, char **argv, int words)
{
    struct options options = {0};
    struct controls_edit head = {0};
    int64_t at_ms;
    if (take_words(list_options, &options, argc, argv, words) < 0 ||
        take_time("at", options.at, &at_ms) != HITCTL_OK) {
        return HITCTL_USAGE;
    }
    int code = controls_edit_begin(ctl, NULL, &head);
    if (code == HITCTL_OK) {
        code = words == 0 ? list_all(ctl, hs_controls_routes(head.head.controls), at_ms)
                          : show_one(ctl, &head, argv[1], at_ms);
    }
    controls_edit_end(&head);
    return code;
}

static int run_list(struct hitctl *ctl, int argc, char **argv)
{
    return read_only(ctl, argc, argv, 0);
}

static int run_show(struct hitctl *ctl, int argc, char **argv)
{
    return read_only(ctl, argc, argv, 1);
}

const struct hitctl_command hitctl_operation_commands[] = {
    {"operation", "create", "ID --lead FORCE --lists A,B --queues A,B [OPTIONS]",
     "an operation adds routes while it runs; --authority is needed", run_create, create_options},
    {"operation", "close", "ID [--at TIME] [--against HASH] [--dry-run]",
     "its routes end; it stays for late reads of its time", run_close, close_options},
    {"operation", "list", "[--at TIME]", "all operations", run_list, list_options},
    {"operation", "show", "ID [--at TIME]", "one operation; it is recorded who looked", run_show,
     list_options},
    {"operation", "report", "ID [--format text|json|csv] [--as-of TIME]",
     "what came of it: hits, answers, outcomes, hot spots; it is recorded who looked",
     operation_report_run, operation_report_options},
    {0},
};
