// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_CONTROLS_HEAD_H
#define HITCTL_CONTROLS_HEAD_H
/*
 * The controls that are active in Redis, and putting others in their place: what `hitctl controls`,
 * `operation`, `group` and `roads` share. What is wrong goes to stderr. Threads: one. Ownership: a head that was
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

enum { CONTROLS_FILES_MAX = 16 };

// All answer an exit code.
int controls_head_read(struct hs_store *store, struct controls_head *ret_head);
// Controls by their hash, as they are kept.
int controls_stored_read(struct hs_store *store, const char *hash,
                         struct hs_controls **ret_controls);
// The head with one of its files exchanged, or added; all faults are told.
int controls_head_exchange(const struct controls_head *head, const char *name, struct hs_str text,
                           struct hs_controls **ret_controls);
// The change was made against other controls than stand there now: shows what changed since.
int controls_head_conflict(struct hs_store *store, const char *made_against,
                           const struct controls_head *head);
// Shows the difference and makes the controls active, a compare-and-set on what was read; says what
// is active then.
int controls_head_change(const struct hitctl *ctl, struct hs_store *store,
                         const struct controls_head *head, const struct hs_controls *controls,
                         const char *operation, bool dry_run);

#endif
