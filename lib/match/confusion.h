// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_CONFUSION_H
#define HS_MATCH_CONFUSION_H
/*
 * Confusion tables: which characters a camera model's reader takes for one another.
 *
 * A table is text, pairs of characters apart by white space, '#' to the end of the line for
 * comments: "PB PR 8B". A pair counts both ways. A camera whose model has no table of its own gets
 * the default one, which surveys support (domain: PB PR CG A4 KX FE VW XY VY VU 7Z 1L TI 68 53 58
 * 08 39 49 WN MN). Threads: one adds, then any may read. Ownership: the set owns its tables until
 * hs_confusions_free(). Bounds: HS_CONFUSION_TABLES_MAX tables.
 */

#include "base/str.h"

enum { HS_CONFUSION_TABLES_MAX = 256, HS_CONFUSION_CHARS = 38 };

// Bit v - 1 of partners[u]: the characters of values u and v (vrm.h) are confused.
struct hs_confusion_table {
    uint64_t partners[HS_CONFUSION_CHARS];
};

struct hs_confusions;

int hs_confusions_new(struct hs_confusions **ret_confusions);
void hs_confusions_free(struct hs_confusions *confusions);
// The table of a camera model; "" replaces the default. HS_EFORMAT: not pairs of characters;
// HS_ELIMIT; HS_ENOMEM.
int hs_confusions_add(struct hs_confusions *confusions, struct hs_str model, struct hs_str pairs);
// The model's table, or the default; `confusions` may be NULL.
const struct hs_confusion_table *hs_confusions_find(const struct hs_confusions *confusions,
                                                    struct hs_str model);

#endif
