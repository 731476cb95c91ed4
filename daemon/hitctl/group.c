// SPDX-License-Identifier: Apache-2.0
//
// hitctl group: organised-crime groups, a part of the controls. A partner's nomination says nothing
// on alerts until an officer accepts it; both stand in the group and in the history.
#include <stdio.h>

#include "base/civil.h"
#include "base/error.h"
#include "hitctl/consult.h"
#include "hitctl/controls_edit.h"
#include "hitctl/controls_text.h"
#include "hitctl/group_decline.h"
#include "hitctl/group_said.h"
#include "hitctl/group_text.h"
#include "hitctl/group_trail.h"
#include "hitctl/yaml_text.h"

// What stands on the command line.
struct options {
    const char *name;
    const char *state;
    const char *lead;
    const char *owner;
    const char *district;
    const char *four_p;
    const char *plan;
    const char *review;
    const char *county_line;
    const char *hub;
    const char *markets;
    const char *covert_list;
    const char *by;
    const char *queue;
    const char *against;
    bool dry_run;
};

#define TEXT(name, member, argument, help)                                                         \
    {                                                                                              \
        name, HITCTL_TEXT, offsetof(struct options, member), argument, help                        \
    }
#define GROUP_OPTIONS                                                                              \
    TEXT("name", name, "TEXT", "as people call it"),                                               \
        TEXT("lead", lead, "WHO", "responsible officer or agency"),                                \
        TEXT("owner", owner, "FORCE", "whose group it is"),                                        \
        TEXT("district", district, "TEXT", "of that force"),                                       \
        TEXT("four-p", four_p, "WORD", "strand: pursue, prevent, protect, prepare"),               \
        TEXT("plan", plan, "REFERENCE", "of the 4P plan"),                                         \
        TEXT("review", review, "DATE", "when it is looked at again"),                              \
        TEXT("county-line", county_line, "NAME", "the line's brand"),                              \
        TEXT("hub", hub, "PLACE", "of the line"), TEXT("markets", markets, "A,B", "of the line"),  \
        TEXT("covert-list", covert_list, "LIST", "known with this list's hits alone"),             \
        TEXT("against", against, "HASH", "controls that this was decided on; else those active"),  \
    {                                                                                              \
        "dry-run", HITCTL_FLAG, offsetof(struct options, dry_run), NULL,                           \
            "print the difference, change nothing"                                                 \
    }

static const struct hitctl_option create_options[] = {GROUP_OPTIONS, {0}};
static const struct hitctl_option set_options[] = {
    TEXT("state", state, "WORD", "active, disrupted, dismantled"), GROUP_OPTIONS, {0}};
static const struct hitctl_option nominate_options[] = {
    TEXT("by", by, "PARTNER", "who nominates it; needed"), GROUP_OPTIONS, {0}};
static const struct hitctl_option accept_options[] = {
    TEXT("queue", queue, "QUEUE", "whose nomination, when several queues nominate it"),
    GROUP_OPTIONS,
    {0}};
static const struct hitctl_option no_options[] = {{0}};

// ------------------------------------------------------------------ the words

static int take_words(const struct hitctl_option *table, struct options *options, int argc,
                      char **argv, int wanted)
{
    int words = hitctl_options_parse(table, options, argc, argv);
    if (words >= 0 && words != wanted) {
        hitctl_error(wanted == 1 ? "one group's id is expected" : "no word is expected");
        return -1;
    }
    return words;
}

static void take_text(const char *said, struct hs_str *value)
{
    if (said) {
        *value = hs_str(said);
    }
}

static int choose(const char *option, const char *said, const char *(*word)(unsigned),
                  unsigned from, unsigned to, unsigned *ret_value)
{
    for (unsigned i = from; said && i <= to; i++) {
        if (strcmp(said, word(i)) == 0) {
            *ret_value = i;
            return HITCTL_OK;
        }
    }
    if (said) {
        hitctl_error("--%s '%s': allowed are %s to %s", option, said, word(from), word(to));
        return HITCTL_USAGE;
    }
    return HITCTL_OK;
}

static const char *state_word(unsigned state)
{
    return hs_group_state_text((enum hs_group_state)state);
}

// What was said takes the place of what stood there.
static int take_group(const struct options *options, struct hs_bump *bump, struct hs_group *group)
{
    unsigned state = group->state;
    take_text(options->name, &group->name);
    take_text(options->lead, &group->lead);
    take_text(options->owner, &group->owner_force);
    take_text(options->district, &group->district);
    take_text(options->plan, &group->plan_reference);
    take_text(options->county_line, &group->county_line);
    take_text(options->hub, &group->hub);
    take_text(options->covert_list, &group->covert_list);
    take_text(options->by, &group->nominated_by);
    if (options->review && hs_civil_parse_date(hs_str(options->review), &group->review_date) != 0) {
        hitctl_error("--review '%s' is no date; allowed: 2026-12-31", options->review);
        return HITCTL_USAGE;
    }
    if (options->markets &&
        yaml_split_names(bump, options->markets, &group->markets, &group->market_count) != 0) {
        return HITCTL_FAILED;
    }
    int code = choose("four-p", options->four_p, hs_group_four_p_text, 1, 4, &group->four_p);
    if (code == HITCTL_OK) {
        code = choose("state", options->state, state_word, HS_GROUP_ACTIVE, HS_GROUP_DISMANTLED,
                      &state);
    }
    group->state = (enum hs_group_state)state;
    return code;
}

// ------------------------------------------------------------------ changing the file

static const struct hs_group *find_group(const struct hitctl *ctl, const struct controls_head *head,
                                         const char *id)
{
    const struct hs_group *group = hs_groups_find(hs_controls_groups(head->controls), hs_str(id));
    return group && group_visible(ctl, group) ? group : NULL;
}

// groups.yaml of the head with one group new, or in place of the old one.
static int write_group(const struct hitctl *ctl, struct controls_edit *edit,
                       const struct hs_group *changed, const char *what, bool dry_run)
{
    groups_yaml_without(&edit->text, hs_controls_groups(edit->head.controls), changed->id);
    group_yaml(&edit->text, changed);
    return controls_edit_activate(ctl, edit, GROUPS_FILE, what, dry_run);
}

// A command that changes one group. What it does to it, beside what the options say; an exit code.
typedef int change_fn(const struct hitctl *ctl, const struct options *options,
                      struct hs_group *group);

struct command {
    const struct hitctl_option *table;
    const char *what; // in the history
    bool is_new;      // else the group must be there
    bool of_partners; // or wait among what partners nominated on their feedback.<queue>
    change_fn *change;
};

// The group as it is to be changed.
static int begin_group(const struct hitctl *ctl, const struct command *command,
                       const struct options *options, const struct controls_edit *edit,
                       const char *id, struct hs_said_rows *said, struct hs_bump *bump,
                       struct hs_group *group)
{
    const struct hs_groups *groups = hs_controls_groups(edit->head.controls);
    const struct hs_group *old = find_group(ctl, &edit->head, id);
    if (command->is_new && hs_groups_find(groups, hs_str(id))) {
        hitctl_error("there is a group '%s' already", id);
        return HITCTL_REFUSED;
    }
    if (old) {
        *group = *old;
        return HITCTL_OK;
    }
    if (command->of_partners) {
        int code = group_said_read(edit->store, said);
        return code ? code : group_said_find(said, groups, id, options->queue, bump, group, NULL);
    }
    if (!command->is_new) {
        hitctl_error("there is no group '%s'", id);
        return HITCTL_REFUSED;
    }
    return HITCTL_OK;
}

static int change_one(const struct hitctl *ctl, const struct command *command,
                      const struct options *options, struct controls_edit *edit, const char *id)
{
    struct hs_bump bump = {0};
    struct hs_said_rows said = {0};
    struct hs_group group = {.id = hs_str(id), .name = hs_str(id), .state = HS_GROUP_ACTIVE};
    int code = begin_group(ctl, command, options, edit, id, &said, &bump, &group);
    code = code == HITCTL_OK ? take_group(options, &bump, &group) : code;
    code = code == HITCTL_OK ? command->change(ctl, options, &group) : code;
    if (code == HITCTL_OK) {
        code = write_group(ctl, edit, &group, command->what, options->dry_run);
    }
    hs_said_rows_fini(&said);
    hs_bump_fini(&bump);
    return code;
}

static int run_change(const struct hitctl *ctl, const struct command *command, int argc,
                      char **argv)
{
    struct options options = {0};
    struct controls_edit edit = {0};
    if (take_words(command->table, &options, argc, argv, 1) < 0) {
        return HITCTL_USAGE;
    }
    int code = controls_edit_begin(ctl, options.against, &edit);
    if (code == HITCTL_OK) {
        code = change_one(ctl, command, &options, &edit, argv[1]);
    }
    controls_edit_end(&edit);
    return code;
}

// ------------------------------------------------------------------ create, set, close

static int create(const struct hitctl *ctl, const struct options *options, struct hs_group *group)
{
    (void)options;
    group->authority = hs_str(ctl->authority);
    return HITCTL_OK;
}

static int run_create(struct hitctl *ctl, int argc, char **argv)
{
    return run_change(ctl, &(struct command){create_options, "group create", true, false, create},
                      argc, argv);
}

static int set(const struct hitctl *ctl, const struct options *options, struct hs_group *group)
{
    if (options->state && group->nominated_by.len > 0 && group->accepted_by.len == 0) {
        hitctl_error("'%.*s' is a nomination: 'hitctl group accept' is an officer's yes to it",
                     HS_STR_ARG(group->id));
        return HITCTL_REFUSED;
    }
    if (ctl->authority[0] != '\0' && group->state != HS_GROUP_NOMINATED) {
        group->authority = hs_str(ctl->authority);
    }
    return HITCTL_OK;
}

static int run_set(struct hitctl *ctl, int argc, char **argv)
{
    return run_change(ctl, &(struct command){set_options, "group set", false, false, set}, argc,
                      argv);
}

static int close_it(const struct hitctl *ctl, const struct options *options, struct hs_group *group)
{
    if (group->state == HS_GROUP_NOMINATED || group->state == HS_GROUP_DISMANTLED) {
        hitctl_error("'%.*s' is %s", HS_STR_ARG(group->id), hs_group_state_text(group->state));
        return HITCTL_REFUSED;
    }
    group->state = HS_GROUP_DISMANTLED;
    return set(ctl, options, group);
}

static int run_close(struct hitctl *ctl, int argc, char **argv)
{
    return run_change(ctl, &(struct command){create_options, "group close", false, false, close_it},
                      argc, argv);
}

// ------------------------------------------------------------------ nominate and accept

static int nominate(const struct hitctl *ctl, const struct options *options, struct hs_group *group)
{
    (void)ctl;
    if (!options->by) {
        hitctl_error("--by PARTNER is needed: who nominates it");
        return HITCTL_USAGE;
    }
    group->state = HS_GROUP_NOMINATED;
    return HITCTL_OK;
}

static int run_nominate(struct hitctl *ctl, int argc, char **argv)
{
    return run_change(ctl,
                      &(struct command){nominate_options, "group nominate", true, false, nominate},
                      argc, argv);
}

static int accept(const struct hitctl *ctl, const struct options *options, struct hs_group *group)
{
    (void)options;
    if (group->state != HS_GROUP_NOMINATED) {
        hitctl_error("'%.*s' is no nomination, it is %s", HS_STR_ARG(group->id),
                     hs_group_state_text(group->state));
        return HITCTL_REFUSED;
    }
    group->state = HS_GROUP_ACTIVE;
    group->authority = hs_str(ctl->authority);
    group->accepted_by = hs_str(ctl->who);
    return HITCTL_OK;
}

static int run_accept(struct hitctl *ctl, int argc, char **argv)
{
    return run_change(ctl, &(struct command){accept_options, "group accept", false, true, accept},
                      argc, argv);
}

// ------------------------------------------------------------------ list and show

static void list_one(const struct hitctl *ctl, const struct hs_group *group, json_t *rows)
{
    if (!group_visible(ctl, group)) {
        return;
    }
    if (ctl->json) {
        json_array_append_new(rows, group_json(group));
    } else {
        group_print_line(group, stdout);
    }
}

// Those of the controls, then what partners nominated and waits.
static void list_all(const struct hitctl *ctl, const struct hs_groups *groups,
                     const struct hs_said_rows *said, json_t *rows)
{
    struct hs_bump bump = {0};
    struct hs_group waiting;
    if (!ctl->json) {
        group_print_head(stdout);
    }
    for (size_t i = 0; i < hs_groups_count(groups); i++) {
        list_one(ctl, hs_groups_at(groups, i), rows);
    }
    for (size_t i = 0; i < said->count; i++) {
        if (group_said_waits(said, i, groups, &bump, &waiting)) {
            list_one(ctl, &waiting, rows);
        }
    }
    hs_bump_fini(&bump);
}

static int run_list(struct hitctl *ctl, int argc, char **argv)
{
    struct options options = {0};
    struct controls_edit edit = {0};
    struct hs_said_rows said = {0};
    if (take_words(no_options, &options, argc, argv, 0) < 0) {
        return HITCTL_USAGE;
    }
    json_t *rows = json_array();
    int code = controls_edit_begin(ctl, NULL, &edit);
    code = code == HITCTL_OK ? group_said_read(edit.store, &said) : code;
    if (code == HITCTL_OK) {
        list_all(ctl, hs_controls_groups(edit.head.controls), &said, rows);
    }
    if (code == HITCTL_OK && ctl->json) {
        code = controls_print_json(json_incref(rows));
    }
    json_decref(rows);
    hs_said_rows_fini(&said);
    controls_edit_end(&edit);
    return code;
}

static int show_one(const struct hitctl *ctl, const struct controls_edit *edit, const char *id)
{
    struct hs_said_rows said = {0};
    struct hs_bump bump = {0};
    struct hs_group waiting;
    const struct hs_group *group = find_group(ctl, &edit->head, id);
    int code = HITCTL_OK;
    if (!group) { // a partner may have nominated it
        code = group_said_read(edit->store, &said);
        code = code ? code
                    : group_said_find(&said, hs_controls_groups(edit->head.controls), id, NULL,
                                      &bump, &waiting, NULL);
        group = &waiting;
    }
    code = code ? code : hitctl_consulted(ctl, edit->store, &(struct hitctl_subject){.about = id});
    if (code == HITCTL_OK && ctl->json) {
        code = controls_print_json(group_json(group));
    } else if (code == HITCTL_OK) {
        group_print(group, stdout);
    }
    hs_bump_fini(&bump);
    hs_said_rows_fini(&said);
    return code;
}

static int run_show(struct hitctl *ctl, int argc, char **argv)
{
    struct options options = {0};
    struct controls_edit edit = {0};
    if (take_words(no_options, &options, argc, argv, 1) < 0) {
        return HITCTL_USAGE;
    }
    int code = controls_edit_begin(ctl, NULL, &edit);
    code = code == HITCTL_OK ? show_one(ctl, &edit, argv[1]) : code;
    controls_edit_end(&edit);
    return code;
}

const struct hitctl_command hitctl_group_commands[] = {
    {"group", "create", "ID --lead WHO --owner FORCE --review DATE [OPTIONS]",
     "an organised-crime group that entries can name; --authority is needed", run_create,
     create_options},
    {"group", "set", "ID [--state WORD] [OPTIONS]", "change what is said of a group", run_set,
     set_options},
    {"group", "close", "ID", "it is dismantled", run_close, create_options},
    {"group", "nominate", "ID --by PARTNER [OPTIONS]",
     "a partner's proposal: says nothing until it is accepted", run_nominate, nominate_options},
    {"group", "accept", "ID --lead WHO --owner FORCE --review DATE",
     "an officer's yes to a nomination; --authority is needed", run_accept, accept_options},
    {"group", "decline", "ID [--queue QUEUE]",
     "an officer's no to a nomination; both stay on record", group_decline_run,
     group_decline_options},
    {"group", "list", "", "all groups", run_list, no_options},
    {"group", "show", "ID", "one group; it is recorded who looked", run_show, no_options},
    {"group", "said", "[ID]",
     "what partners said of groups on their feedback topics; it is recorded who looked",
     group_said_run, no_options},
    {"group", "trail", "ID [--from TIME] [--to TIME] [--covert LIST,...]",
     "where all its vehicles were, in one view; it is recorded who looked", group_trail_run,
     group_trail_options},
    {0},
};
