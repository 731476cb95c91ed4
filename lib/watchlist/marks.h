// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WATCHLIST_MARKS_H
#define HS_WATCHLIST_MARKS_H
/*
 * The marks and entry ids of one list: which stands there already, which is a 0/O or 1/I variant of
 * one that does. Lists never hold variants: the matcher tries them itself, and entered twice they
 * stop innocent drivers.
 *
 * Threads: one. Ownership: keeps values only. Bounds: 24 bytes a mark and 16 an id, tables at most
 * half full.
 */

#include "base/diag.h"
#include "vrm/vrm.h"

struct hs_marks;

int hs_marks_new(struct hs_marks **ret_marks);
void hs_marks_free(struct hs_marks *marks);

enum hs_mark_found {
    HS_MARK_NEW,
    HS_MARK_SAME,    // the same mark
    HS_MARK_VARIANT, // a mark that differs in characters that are one glyph only
    HS_MARK_SAME_ID, // another mark under the same entry id
};
// Adds a mark unless it is found; `line` is where it stands, 0: on the live list. *ret_line and
// *ret_other (may be NULL) say what was found. Or HS_ENOMEM.
int hs_marks_add(struct hs_marks *marks, const struct hs_vrm *vrm, struct hs_str entry_id,
                 unsigned line, unsigned *ret_line, struct hs_vrm *ret_other);
// Only looks: HS_MARK_NEW, HS_MARK_SAME or HS_MARK_VARIANT, then *ret_other (may be NULL) is what
// was found.
enum hs_mark_found hs_marks_find(const struct hs_marks *marks, const struct hs_vrm *vrm,
                                 struct hs_vrm *ret_other);

#endif
