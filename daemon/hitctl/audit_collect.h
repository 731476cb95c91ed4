// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_AUDIT_COLLECT_H
#define HITCTL_AUDIT_COLLECT_H
/*
 * Gathers the rows of an audit: from hs:changes and from the dispatch topics. Threads: one.
 * Functions return exit codes, after saying what is wrong.
 */

#include "hitctl/audit_rows.h"
#include "hitctl/command.h"
#include "watchlist/store.h"

// What is asked for; a text that is NULL asks for everything.
struct hitctl_audit_query {
    int64_t from_ms, to_ms; // Unix; the end is not part of it
    const char *vehicle;    // normalised
    const char *person;
    const char *queue;
};

// Changes, consultations and refusals. With a vehicle also loads and consultations of whole lists
// on which it stands, or stood by a record of the trail.
int hitctl_audit_changes(const struct hitctl *ctl, struct hs_store *store,
                         const struct hitctl_audit_query *query, struct hitctl_audit_rows *rows);
// What the queues of all kept controls were told; nothing when a person is asked for.
int hitctl_audit_alerts(const struct hitctl *ctl, struct hs_store *store,
                        const struct hitctl_audit_query *query, struct hitctl_audit_rows *rows);

#endif
