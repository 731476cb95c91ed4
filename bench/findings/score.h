// SPDX-License-Identifier: Apache-2.0
#ifndef FINDINGS_SCORE_H
#define FINDINGS_SCORE_H
/*
 * What was said in a run, held against what is true. Threads: one. Ownership: a run owns its rows.
 * Bounds: memory grows with what is said.
 */

#include "findings/camera_score.h"
#include "findings/feed.h"
#include "hitsim/naive.h"

// A pair or a mark that was told.
struct said {
    char vehicle[PLATE_MAX];
    char other[PLATE_MAX]; // "" for a clone
    int64_t at_ms;
    bool right;
};

struct run {
    struct hs_gather *gather;
    struct hs_camera_findings *health;
    struct camera_book accused;
    struct hs_controls *controls;
    struct said *said;
    size_t count;
    size_t capacity;
    char rules[160];        // rules.yaml
    struct chance *chances; // by whom, by which number
    size_t chance_count;
    size_t chance_capacity;
    bool show;
    bool broken;
};

// Somebody was beside a listed vehicle by chance.
struct chance {
    enum traffic_chance_kind kind;
    uint32_t vehicle;
    uint32_t other;
};

struct score {
    size_t said;
    size_t right;
    size_t actual;
    size_t found; // of the actual
    size_t wrong; // convoys
    size_t once;  // convoys that shared one journey
    size_t once_found;
};

// Remembers who was beside a listed vehicle by chance, to name causes; `ctx` is the run.
void score_on_chance(void *ctx, const struct traffic_chance *chance);
struct score score_convoys(struct run *run, const struct sim *sim);
struct score score_clones(struct run *run, const struct sim *sim);
// Of the naive rules, for the marks that they look at.
void score_naive(const struct naive *naive, const struct sim *sim, struct score *ret_convoys,
                 struct score *ret_clones);
// Prints why each pair that is none was told.
void score_show_wrong(const struct run *run);

#endif
