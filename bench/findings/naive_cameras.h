// SPDX-License-Identifier: Apache-2.0
#ifndef FINDINGS_NAIVE_CAMERAS_H
#define FINDINGS_NAIVE_CAMERAS_H
/*
 * The rules about cameras that everybody thinks of first, to hold better ones against.
 *
 * Clock: its last 20 reads came into the log more than 10 s from their capture, on average. Place:
 * five listed marks went to it or from it faster than 200 km/h, as the register has it. Silent: no
 * read for a day. Collapse: a day's reads are less than half of the day's before. Each is said once.
 *
 * They see what cameras report, not what is true. Threads: one. Ownership: borrows the simulation and
 * the book. Bounds: a row a camera, one a listed mark.
 */

#include "findings/camera_score.h"

struct naive_cameras;

// NULL: out of memory.
struct naive_cameras *naive_cameras_new(const struct sim *sim, struct camera_book *book);
void naive_cameras_free(struct naive_cameras *naive); // NULL is legal
void naive_cameras_read(struct naive_cameras *naive, const struct sim_read *read);

#endif
