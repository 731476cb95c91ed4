// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_COMMAND_H
#define HITCTL_COMMAND_H
/*
 * hitctl's commands: one file a group, one table a file, all listed in main.c.
 *
 * A command gets what stands behind its own words and answers with an exit code. Results go to stdout, what a
 * person must know besides to stderr; --json makes stdout one JSON value. Threads: one.
 */

#include "config/settings.h"

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

struct hitctl {
    const struct hs_settings *settings; // loaded before any command runs
    const char *who;                    // --who, else HITCTL_WHO, else the login name
    const char *authority;              // --authority, else ""
    bool json;
};

struct hitctl_command {
    const char *group; // "list"; NULL for a command of one word
    const char *name;  // "load"
    const char *synopsis;
    const char *help;  // one line
    int (*run)(struct hitctl *ctl, int argc, char **argv); // argv[0] is the command's last word
};

// Tables end with a row whose name is NULL.
extern const struct hitctl_command hitctl_list_commands[];     // list.c
extern const struct hitctl_command hitctl_controls_commands[]; // controls.c
extern const struct hitctl_command hitctl_stream_commands[];   // topics, alerts, decode, reads, dispatch
extern const struct hitctl_command hitctl_daemon_commands[];   // status, reload

// "hitctl list load: <text>" on stderr.
void hitctl_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
// All diagnostics to stderr, one a line.
void hitctl_print_diags(const struct hs_diags *diags);

#endif
