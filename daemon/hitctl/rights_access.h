// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_RIGHTS_ACCESS_H
#define HITCTL_RIGHTS_ACCESS_H
/*
 * The rights in Kafka and Redis of everybody: as commands that give them, and against what is given.
 * Threads: one.
 */

#include "hitctl/command.h"
#include "hitctl/rights_grants.h"

// The options of both commands.
struct hitctl_access_options {
    bool kafka; // of Kafka only
    bool redis; // of Redis only; neither or both: of both
    const char *command_config;
    struct hitctl_grant_names names;
};
#define HITCTL_ACCESS_OPTIONS                                                                      \
    {"kafka", HITCTL_FLAG, offsetof(struct hitctl_access_options, kafka), NULL, "of Kafka only"},  \
        {"redis", HITCTL_FLAG, offsetof(struct hitctl_access_options, redis), NULL,                \
         "of Redis only"},                                                                         \
        {"queues", HITCTL_TEXT, offsetof(struct hitctl_access_options, names.queues), "A,B",       \
         "queues (default: those of the controls in force)"},                                      \
        {"match", HITCTL_TEXT, offsetof(struct hitctl_access_options, names.match), "NAME",        \
         "login of daemons with the role match (hitstream)"},                                      \
        {"correlate", HITCTL_TEXT, offsetof(struct hitctl_access_options, names.correlate),        \
         "NAME", "login of daemons with the role correlate (hitstream)"},                          \
        {"gateway", HITCTL_TEXT, offsetof(struct hitctl_access_options, names.gateway), "NAME",    \
         "login of whoever produces reads (gateway)"},                                             \
        {"people", HITCTL_TEXT, offsetof(struct hitctl_access_options, names.people), "NAME",      \
         "login of hitctl where there is no rights file (hitctl)"},                                \
    {                                                                                              \
        "desk-prefix", HITCTL_TEXT, offsetof(struct hitctl_access_options, names.desk_prefix),     \
            "TEXT", "what stands before a queue's name in its control room's login"                \
    }

// Commands for these logins, or (none named) all. Exit codes.
int hitctl_access_print(struct hitctl *ctl, const struct hitctl_access_options *options,
                        size_t name_count, char **login_names);
// What is missing and what is too much; HITCTL_DIFFERS when there is any.
int hitctl_access_check(struct hitctl *ctl, const struct hitctl_access_options *options);

#endif
