// SPDX-License-Identifier: Apache-2.0
#ifndef FINDINGS_CAMERA_SCORE_H
#define FINDINGS_CAMERA_SCORE_H
/*
 * Which cameras were said to be wrong, held against those that are.
 *
 * Threads: one. Ownership: a book owns its rows. Bounds: memory grows with what is said.
 */

#include "cameras/gather.h"
#include "hitsim/sim.h"

// A camera that was found wrong, kind by kind.
struct accused {
    char camera[HS_GATHER_ID_BYTES + 1];
    Hitstream__V1__CameraFaultKind kind;
    int64_t at_ms;      // found first
    int64_t offset_ms;  // as it was said last
    int64_t cleared_ms; // 0: it stands
    bool right;         // it is, by the last score
};

// All that was said. Zeros: nothing yet.
struct camera_book {
    struct accused *rows;
    size_t count, capacity;
    bool broken; // out of memory
};

void camera_book_fini(struct camera_book *book);
// The camera is wrong in that way, found at that time; once more: its clock's error is another.
void camera_book_accuse(struct camera_book *book, const char *camera,
                        Hitstream__V1__CameraFaultKind kind, int64_t at_ms, int64_t offset_ms);
// All that is said of the camera now: what does not stand there is cleared.
void camera_book_health(struct camera_book *book, const Hitstream__V1__CameraHealth *health);

// `found` a fault in its time, an offset within ten seconds where it is a clock's.
struct camera_score {
    size_t actual, found;
    size_t said, wrong;    // wrong: of a camera with no such fault in that time
    size_t clocks, exact;  // clocks found, within ten seconds
    size_t places, placed; // faults of that kind, and found
    int64_t worst_ms;
};
// `show`: prints what is missed and what is false.
struct camera_score camera_score(struct camera_book *book, const struct sim *sim, bool show);

#endif
