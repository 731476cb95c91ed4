// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_CONTROLS_HEAD_H
#define HITCTL_CONTROLS_HEAD_H
/*
 * The controls that are active in Redis, and putting others in their place: what `hitctl controls`
 * and `hitctl roads` share. What is wrong goes to stderr. Threads: one. Ownership: a head that was
 * read holds a reference to its controls.
 */

#include "controls/controls.h"
#include "hitctl/command.h"
#include "watchlist/store.h"

// What stands in Redis now.
struct controls_head {
    char hash[HS_CONTROLS_HASH_BYTES]; // "" before the first activation
    struct hs_controls *controls;      // never NULL once read
};

// Answers an exit code.
int controls_head_read(struct hs_store *store, struct controls_head *ret_head);
// Shows the difference and makes the controls active, a compare-and-set on what was read; says what
// is active then. Answers an exit code.
int controls_head_change(const struct hitctl *ctl, struct hs_store *store,
                         const struct controls_head *head, const struct hs_controls *controls,
                         const char *operation, bool dry_run);

#endif
