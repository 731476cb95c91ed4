// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_STATE_FILE_H
#define HITSTREAMD_STATE_FILE_H
/*
 * Small files of the state folder: written beside, synced and renamed, so that a crash leaves the
 * old or the new one.
 *
 * Threads: any, one a file. Ownership: nothing is kept.
 */

#include "base/str.h"

// "<folder>/<name>" into `ret_path`, terminated. HS_ELIMIT.
int hs_state_path(const char *folder, const char *name, char *ret_path, size_t size);
// HS_EIO; errno says why.
int hs_state_write(const char *path, struct hs_str bytes);
// A rename to this path stands only once its folder is synced.
void hs_state_sync_folder(const char *path);

#endif
