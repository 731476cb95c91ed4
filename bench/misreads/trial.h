// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BENCH_MISREADS_TRIAL_H
#define HS_BENCH_MISREADS_TRIAL_H
/*
 * A list of legal plates, and what reads hit on it: by the engine, by the same mark, by an edit
 * distance of one.
 *
 * Threads: one. Ownership: a trial owns its list.
 */

#include "match/matcher.h"
#include "misreads/model.h"
#include "misreads/peers.h"

enum { TRIAL_TIERS = HS_TIER_WILDCARD + 1, TRIAL_NOT_LISTED = -1 };

// Least confidences that are compared, in percent; the first lets all pass.
enum { TRIAL_LEASTS = 5 };
extern const unsigned trial_leasts[TRIAL_LEASTS];

// Which policy the list has.
enum trial_policy {
    TRIAL_DEFAULTS,   // none of its own
    TRIAL_EVERY_TIER, // all tiers, however long the list; entries opt in to WILDCARD
    TRIAL_POLICIES,
};

struct trial {
    struct hs_vrm *marks;
    uint32_t count;
    struct marks_set *set; // of the marks, glyphs made one
    struct hs_snapshot *snapshots[TRIAL_POLICIES];
    struct peer *peer;
    struct hs_matcher *matcher;
};

// What came of some reads.
struct trial_result {
    uint64_t reads;
    uint64_t right[TRIAL_POLICIES][TRIAL_TIERS]; // hits of the read's own vehicle
    uint64_t wrong[TRIAL_POLICIES][TRIAL_TIERS]; // hits of others
    uint64_t right_least[TRIAL_LEASTS];          // by the defaults, with a least confidence
    uint64_t wrong_least[TRIAL_LEASTS];
    uint64_t exact_right, exact_wrong;
    uint64_t edit_right, edit_wrong;
};

void trial_init(struct trial *trial, uint32_t entries, struct random *random);
void trial_fini(struct trial *trial);

// A plate that is not on the list.
struct hs_vrm trial_stranger(const struct trial *trial, struct random *random);
// Adds what the read hits; `wanted` is the number of its vehicle's mark, or TRIAL_NOT_LISTED.
void trial_read(struct trial *trial, const struct model_read *read, int64_t wanted,
                struct trial_result *result);

#endif
