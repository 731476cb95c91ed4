// SPDX-License-Identifier: Apache-2.0
#ifndef HITSIM_PLATE_H
#define HITSIM_PLATE_H
/*
 * Made-up plates of legal form, and how cameras misread them. Any likeness to a real vehicle's is
 * chance.
 *
 * Threads: any; pure but for the caller's random numbers. Plain values.
 */

#include <stdbool.h>

#include "hitsim/random.h"

enum { PLATE_MAX = 8, PLATE_CANDIDATES_MAX = 2 };

struct plate {
    char text[PLATE_MAX]; // terminated
};

// The plate of a vehicle: different numbers below 2^24 have different plates, also when 0/O and 1/I
// are one glyph.
struct plate plate_of_vehicle(uint32_t vehicle);

// What a camera makes of a plate.
struct reading {
    char text[PLATE_MAX];                // '?' where a character could not be read
    unsigned char confidence[PLATE_MAX]; // percent, one a character of text
    struct plate candidates[PLATE_CANDIDATES_MAX];
    unsigned char candidate_confidence[PLATE_CANDIDATES_MAX]; // percent
    unsigned candidate_count;
    bool misread; // text is not the plate's
};

// Misread with probability `misread_share` (0 to 1).
struct reading plate_read(struct plate plate, double misread_share, struct random *random);

#endif
