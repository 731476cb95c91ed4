// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_CONTROLS_FOLDER_H
#define HITCTL_CONTROLS_FOLDER_H
/*
 * The controls as a folder of files that a person edits. Files whose names begin with '.' are no
 * part of it;
 * '.made-against' keeps the hash of the controls from which the folder was made.
 *
 * Threads: one. Bounds: HS_CONTROLS_FILE_MAX_BYTES a file.
 */

#include "controls/controls.h"

#define CONTROLS_MADE_AGAINST ".made-against"

enum { CONTROLS_FILE_MAX_BYTES = 64 << 20 };

// Reads and checks the folder; all faults, also of reading it, go to `diags`. An hs_error.
int controls_folder_read(const char *folder, struct hs_diags *diags,
                         struct hs_controls **ret_controls);
// The hash in '.made-against', or "".
void controls_folder_made_against(const char *folder, char ret_hash[HS_CONTROLS_HASH_BYTES]);
int controls_folder_mark(const char *folder, const char *hash);
// Writes the files of packed controls and the mark; the folder is made when it is not there. An
// hs_error.
int controls_folder_write(const char *folder, struct hs_str packed, const char *hash);

#endif
