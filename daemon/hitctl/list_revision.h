// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_LIST_REVISION_H
#define HITCTL_LIST_REVISION_H
/*
 * Earlier states of a list, as a person names them: "12" is the last of generation 12, "12.3" that
 * after its third change. Threads: one.
 */

#include "hitctl/list_common.h"

struct hitctl_revision {
    uint64_t generation;
    uint64_t sequence;
    bool exact; // a sequence was named
};

// HS_EFORMAT: no revision.
int hitctl_revision_parse(const char *word, struct hitctl_revision *ret_revision);
// All entries at that revision; an exit code, after saying why.
int hitctl_revision_read(struct hitctl_list *list, const struct hitctl_revision *revision,
                         struct hitctl_entries *entries);

#endif
