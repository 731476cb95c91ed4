// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_COMMAND_H
#define HITCTL_COMMAND_H
/*
 * hitctl's commands: one file a group, one table a file, all listed in tables.c.
 *
 * A command gets what stands behind its own words and answers with an exit code. Results go to
 * stdout, what a person must know besides to stderr; --json makes stdout one JSON value. Threads:
 * one.
 */

#include "config/settings.h"
#include "hitctl/say.h"

// What scripts can rely on.
enum hitctl_exit {
    HITCTL_OK = 0,
    HITCTL_FAILED = 1,      // anything else
    HITCTL_USAGE = 2,       // the words of the command
    HITCTL_REFUSED = 3,     // the data: bad lines, a rule that forbids it; all said on stderr
    HITCTL_CONFLICT = 4,    // changed since it was read
    HITCTL_UNREACHABLE = 5, // Redis, Kafka or a daemon
    HITCTL_CONFIG = 6,      // configuration files
    HITCTL_TIMEOUT = 7,     // waited as long as was asked
    HITCTL_DIFFERS = 8,     // diff: not the same
};

struct hitctl_rights;
struct hitctl_person;

struct hitctl {
    const struct hs_settings *settings; // loaded before any command runs
    const char *who;       // the person that acts; without rights --who, HITCTL_WHO or the login
    const char *who_given; // --who or HITCTL_WHO; NULL: neither
    const struct hitctl_rights *rights; // NULL: no rights file, everybody may do everything
    const struct hitctl_person *person; // who acts; NULL without rights
    const char *authority;              // --authority, else ""
    bool json;
};

// What a command's option takes, and the type of the member it fills.
enum hitctl_option_kind {
    HITCTL_FLAG,   // bool: set to true
    HITCTL_TEXT,   // const char *
    HITCTL_NUMBER, // int64_t, not negative
};

// One option of one command; rows end with a name that is NULL. Parsing and --help come from the
// row.
struct hitctl_option {
    const char *name; // without the dashes
    enum hitctl_option_kind kind;
    size_t offset;        // offsetof() the member in the command's own struct of options
    const char *argument; // "FILE"; NULL for a flag
    const char *help;     // one line
};

struct hitctl_command {
    const char *group;    // "list"; NULL for a command of one word
    const char *name;     // "load"
    const char *synopsis; // what stands behind the words: "LIST FILE [--replace|--merge]"
    const char *help;     // one line
    int (*run)(struct hitctl *ctl, int argc, char **argv); // argv[0] is the command's last word
    const struct hitctl_option *options; // for --help; NULL: none, or the command parses its own
};

// Tables end with a row whose name is NULL. tables.c lists the tables.
extern const struct hitctl_command hitctl_list_commands[];      // list.c
extern const struct hitctl_command hitctl_check_commands[];     // check.c
extern const struct hitctl_command hitctl_match_commands[];     // match.c
extern const struct hitctl_command hitctl_controls_commands[];  // controls.c
extern const struct hitctl_command hitctl_roads_commands[];     // roads.c
extern const struct hitctl_command hitctl_cameras_commands[];   // cameras.c
extern const struct hitctl_command hitctl_topics_commands[];    // topics.c
extern const struct hitctl_command hitctl_alerts_commands[];    // alerts.c
extern const struct hitctl_command hitctl_feedback_commands[];  // alerts_feedback.c
extern const struct hitctl_command hitctl_decode_commands[];    // decode.c
extern const struct hitctl_command hitctl_reads_commands[];     // reads.c
extern const struct hitctl_command hitctl_explain_commands[];   // explain.c
extern const struct hitctl_command hitctl_replay_commands[];    // replay.c
extern const struct hitctl_command hitctl_trail_commands[];     // trail.c
extern const struct hitctl_command hitctl_dispatch_commands[];  // dispatch.c
extern const struct hitctl_command hitctl_rights_commands[];    // rights_commands.c
extern const struct hitctl_command hitctl_audit_commands[];     // audit.c
extern const struct hitctl_command hitctl_daemon_commands[];    // status, reload
extern const struct hitctl_command hitctl_operation_commands[]; // operation.c
extern const struct hitctl_command hitctl_group_commands[];     // group.c
extern const struct hitctl_command hitctl_profile_commands[];   // profile.c
extern const struct hitctl_command hitctl_route_commands[];     // route.c

// Every group of commands in the order in which --help shows them; ends with NULL.
extern const struct hitctl_command *const hitctl_tables[];

// Fills `*values` (a struct of the command's own, defaults set) from the words behind argv[0] by
// the table, and moves what is no option to argv[1...]. Returns how many such words there are, or
// -1 after saying what is wrong (the command answers HITCTL_USAGE). Options may stand anywhere;
// '--name VALUE' and '--name=VALUE'; '--' ends them; a single '-' is a word. --config, --who,
// --authority, --json and --help never reach a command.
int hitctl_options_parse(const struct hitctl_option *options, void *values, int argc, char **argv);

#endif
