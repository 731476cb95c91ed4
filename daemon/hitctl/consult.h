// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_CONSULT_H
#define HITCTL_CONSULT_H
/*
 * Consultation is logged like a change: who looks at personal data stands in hs:changes with what
 * they looked at and why (--authority), before anything is shown. No record, nothing to see.
 * Threads: one.
 */

#include "hitctl/command.h"
#include "watchlist/store.h"

// What is looked at; what does not apply is NULL. The vehicle is normalised when it is a plate.
struct hitctl_subject {
    const char *list_id;
    const char *vehicle;
    const char *queue;
    const char *about; // an operation, a group, a district: stands behind the command's words
};

// As a record has it; texts live in `bump`.
struct hs_consultation hitctl_consultation(const struct hitctl_subject *subject,
                                           struct hs_bump *bump);
// Appends the record. An exit code, after saying why nothing is shown.
int hitctl_consulted(const struct hitctl *ctl, struct hs_store *store,
                     const struct hitctl_subject *subject);
// The same for a command that needs the store for nothing else: opens it for the records of
// `count` subjects.
int hitctl_consulted_alone(const struct hitctl *ctl, const struct hitctl_subject *subjects,
                           size_t count);

#endif
