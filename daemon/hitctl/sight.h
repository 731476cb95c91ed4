// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_SIGHT_H
#define HITCTL_SIGHT_H
/*
 * What a person may see of vehicles, as far as the rights go: the open audience; a covert or trial
 * list when it is named, with an authority. What is not seen is not there: nothing tells that there
 * is more.
 *
 * Threads: one. Ownership: borrows the texts of the command line.
 */

#include "hitctl/command.h"
#include "wire/audience.h"

struct hitctl_sight {
    const struct hitctl *ctl;
    const char *lists; // "a,b": covert and trial lists that may be seen; NULL: none
};

// The row of the option that names lists, for a member `const char *covert`.
#define HITCTL_SIGHT_OPTION(options)                                                               \
    {                                                                                              \
        "covert", HITCTL_TEXT, offsetof(options, covert), "LIST,...",                              \
            "also what is known for these covert or trial lists; needs --authority"                \
    }

// HITCTL_OK, or the exit code after saying what is missing.
int hitctl_sight_open(const struct hitctl *ctl, const char *lists, struct hitctl_sight *ret_sight);
// Puts on record that this is looked at, before anything is shown: one record for each list that is
// named, or one. What does not apply is NULL. HITCTL_OK, or the exit code after saying why: then
// nothing may be shown.
int hitctl_sight_log(const struct hitctl_sight *sight, const char *vehicle, const char *queue);
// The same of what is no vehicle: an operation, a group, a district.
int hitctl_sight_log_about(const struct hitctl_sight *sight, const char *about);
// Whether this audience may be shown; says and records nothing.
bool hitctl_sight_allows(const struct hitctl_sight *sight, const struct hs_audience *audience);

#endif
