// SPDX-License-Identifier: Apache-2.0
#ifndef HS_VRM_GRAMMAR_H
#define HS_VRM_GRAMMAR_H
/*
 * Which marks can exist: the series of the United Kingdom and Ireland, and what may stand where in
 * each.
 *
 * A mark that fits no series is foreign: it is matched, without grammar. A current-series mark
 * whose age code was not yet issued at the read's date fits no series. Threads: any; pure. Bounds:
 * a walk over the shapes of the mark's length, of which there are 14 at most.
 */

#include "vrm/vrm.h"

// Bits; a mark may fit several.
enum hs_vrm_series {
    HS_SERIES_CURRENT = 1 << 0,    // AA99AAA, since September 2001
    HS_SERIES_PREFIX = 1 << 1,     // A9[99]AAA
    HS_SERIES_SUFFIX = 1 << 2,     // AAA9[99]A
    HS_SERIES_DATELESS = 1 << 3,   // up to 1963
    HS_SERIES_NORTHERN = 1 << 4,   // Northern Ireland
    HS_SERIES_Q = 1 << 5,          // Q9[99]AAA: age or identity in doubt
    HS_SERIES_DIPLOMATIC = 1 << 6, // 999D999, 999X999
    HS_SERIES_MILITARY = 1 << 7,   // 99AA99, AA99AA
    HS_SERIES_IRELAND = 1 << 8,    // Republic of Ireland
};

// The series that a mark fits, 0 for a foreign one. `date` is yyyymmdd in London, 0: any age code
// that will ever be issued. A mark with '?' fits none.
unsigned hs_vrm_series(const struct hs_vrm *vrm, uint32_t date);

// Whether a mark that can exist could not if character `c` stood at `position`: it would fit none
// of the series that it fits, whatever its age code. False for a foreign mark.
bool hs_vrm_illegal_at(const struct hs_vrm *vrm, uint32_t date, unsigned position, char c);

// Whether an age code (two digits of the current series) was issued by a date; date 0: will ever
// be.
bool hs_vrm_age_issued(unsigned code, uint32_t date);

#endif
