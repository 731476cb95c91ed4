// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_CONTROLS_EDIT_H
#define HITCTL_CONTROLS_EDIT_H
/*
 * Changing one file of the active controls: read them, write the file anew, check all together,
 * activate only if nobody else changed them meanwhile. Threads: one. Ownership: an edit owns what
 * it holds until controls_edit_end(), which a zeroed one bears, too. All answer an exit code.
 */

#include "hitctl/controls_head.h"

struct controls_edit {
    struct hs_store *store;
    struct controls_head head;
    struct hs_buf text; // the file as it is to be
};

// Reads the head; refuses when it is not `against` (a hash; NULL: whatever it is).
int controls_edit_begin(const struct hitctl *ctl, const char *against, struct controls_edit *edit);
// Puts the text in place of `file`; `what` stands in the history.
int controls_edit_activate(const struct hitctl *ctl, struct controls_edit *edit, const char *file,
                           const char *what, bool dry_run);
void controls_edit_end(struct controls_edit *edit);

#endif
