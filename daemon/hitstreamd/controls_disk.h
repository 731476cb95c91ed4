// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_CONTROLS_DISK_H
#define HITSTREAMD_CONTROLS_DISK_H
/*
 * The controls that decide, on disk for the next start: a thread of its own writes them, since a
 * disk takes its time and an operation that begins meanwhile does not wait for it.
 *
 * Threads: its own; all calls from the controls feed. Ownership: what is to be written is held by a
 * reference. Bounds: one object waits at most; a later one takes its place.
 */

#include "controls/controls.h"

struct hs_controls_disk;

// Starts the thread. HS_ENOMEM. `state_dir` is borrowed.
int hs_controls_disk_new(const char *state_dir, struct hs_controls_disk **ret_disk);
// Writes what still waits, and ends. NULL is legal.
void hs_controls_disk_free(struct hs_controls_disk *disk);

// Is written soon; what cannot be written is logged.
void hs_controls_disk_save(struct hs_controls_disk *disk, struct hs_controls *controls);

// What was written last: its hash and its packed text, which borrows from `text`. False: nothing
// that could be used.
bool hs_controls_disk_read(const char *state_dir, struct hs_buf *text,
                           char ret_hash[HS_CONTROLS_HASH_BYTES], struct hs_str *ret_packed);

#endif
