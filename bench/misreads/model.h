// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BENCH_MISREADS_MODEL_H
#define HS_BENCH_MISREADS_MODEL_H
/*
 * Made-up plates of every legal series, and how cameras misread them.
 *
 * What is known is used (which characters are confused, that classes are a good third of the wrong
 * letters, that "11" with a screw reads as H, that characters are dropped, that 3 % of reads are
 * wrong); how often the kinds happen is nowhere published and assumed here, so results stand by
 * kind. Threads: one. Plain values.
 */

#include "hitsim/random.h"
#include "vrm/vrm.h"

// How a read goes wrong.
enum misread_kind {
    MISREAD_CLASS,      // a character as another of its look-alike class
    MISREAD_TABLE,      // as another by the default confusion table
    MISREAD_OTHER,      // as any other
    MISREAD_TWO,        // two of these at once
    MISREAD_DROPPED,    // a character is lost
    MISREAD_DOUBLED,    // a character stands twice
    MISREAD_SCREW,      // "11" with a screw between read as H
    MISREAD_UNREADABLE, // a character given as '?'
    MISREAD_KINDS,
};

struct misread_row {
    const char *name;
    unsigned share_pct; // of all misreads; assumed
};
extern const struct misread_row misread_rows[MISREAD_KINDS];

enum { MODEL_CANDIDATES_MAX = 2, MODEL_MISREADS_PERMILLE = 30, MODEL_DATE = 20261122 };

// One read as the camera gives it.
struct model_read {
    struct hs_vrm vrm;
    uint8_t confidence_pct[HS_VRM_MAX];
    struct hs_vrm candidates[MODEL_CANDIDATES_MAX];
    uint8_t candidate_pct[MODEL_CANDIDATES_MAX];
    unsigned candidate_count;
};

// A legal plate: 86 % current series, the rest prefix, suffix, dateless, Northern Ireland.
struct hs_vrm model_plate(struct random *random);
// Some kind, by the shares.
enum misread_kind model_kind(struct random *random);
// The plate as it is; some have a weak character or candidates all the same.
struct model_read model_right(const struct hs_vrm *plate, struct random *random);
// Misread in this way; false when the plate cannot be ("11" is not in it).
bool model_misread(const struct hs_vrm *plate, enum misread_kind kind, struct random *random,
                   struct model_read *ret_read);

#endif
