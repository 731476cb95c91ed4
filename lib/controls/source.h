// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CONTROLS_SOURCE_H
#define HS_CONTROLS_SOURCE_H
/*
 * The source of the controls: files by name, packed to the bytes that are hashed, and back. Private
 * to lib/controls. Threads: one. Bounds: HS_CONTROLS_SOURCE_MAX_BYTES packed.
 */

#include "controls/controls.h"

enum hs_controls_part { // in order of name
    HS_CONTROLS_CAMERAS,
    HS_CONTROLS_GROUPS,     // may be absent: then it is no part of the packed source
    HS_CONTROLS_OPERATIONS, // may be absent
    HS_CONTROLS_QUEUES,
    HS_CONTROLS_ROADS, // may be absent
    HS_CONTROLS_RULES,
    HS_CONTROLS_PARTS,
};

extern const char
    *const hs_controls_part_names[HS_CONTROLS_PARTS + 1]; // file names, in order; ends with NULL

// Sorts the files to their parts; missing, unknown and double ones go to `diags`.
void hs_controls_sort(const struct hs_controls_file *files, size_t file_count,
                      struct hs_diags *diags, struct hs_str ret_texts[HS_CONTROLS_PARTS],
                      bool ret_given[HS_CONTROLS_PARTS]);
// Packs a ControlsSource, files in order of name.
int hs_controls_pack(const struct hs_str texts[HS_CONTROLS_PARTS], struct hs_buf *out);
// BLAKE2b-256 as 64 hex digits.
void hs_controls_hash_text(struct hs_str bytes, char ret_hash[HS_CONTROLS_HASH_BYTES]);

#endif
