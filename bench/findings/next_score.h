// SPDX-License-Identifier: Apache-2.0
#ifndef FINDINGS_NEXT_SCORE_H
#define FINDINGS_NEXT_SCORE_H
/*
 * Forecasts held against what came. A case is a hit whose alert names next places, settled by the
 * vehicle's next hit at another site, or by none within the quiet time.
 *
 * Threads: one. Ownership: until next_score_free(). Bounds: a row a listed vehicle.
 */

#include "controls/controls.h"
#include "hitsim/sim.h"
#include "hitstream/v1/alert.pb-c.h"

enum { NEXT_NAMED = 3, NEXT_BINS = 20, NEXT_ORDERS = 3 };

// Of one way to guess.
struct next_tally {
    uint64_t first;           // the true site was the likeliest
    uint64_t named;           // or among the first NEXT_NAMED
    double said[NEXT_BINS];   // sum of the probabilities told, by their height
    uint64_t told[NEXT_BINS]; // how many
    uint64_t came[NEXT_BINS]; // and came true
    double loss;              // sum of -log2 of what the true site was given, a thousandth at least
};

struct next_counts {
    uint64_t cases;  // that went on
    uint64_t ended;  // and that did not
    uint64_t silent; // hits that went on, of which no place was named
    struct next_tally ours, flow;
    uint64_t forks;                 // cases in which traffic divides
    uint64_t forks_first[2];        // in which the likeliest site was the true one: ours, flow's
    struct next_tally goes_on;      // that there is a next site at all
    uint64_t in_window;             // of `named`, within the times told
    uint64_t by_order[NEXT_ORDERS]; // cases
    uint64_t named_by_order[NEXT_ORDERS];
};

struct next_score;

struct next_score *next_score_new(const struct sim *sim, const struct hs_controls *controls);
void next_score_free(struct next_score *score); // NULL is legal
// A hit, before its alert: settles the vehicle's last forecast.
void next_score_hit(struct next_score *score, const struct sim_read *read, unsigned site);
// The alert of that hit.
void next_score_alert(struct next_score *score, const Hitstream__V1__Alert *alert);
const struct next_counts *next_score_counts(const struct next_score *score);
// Mean distance between what was told and what came, weighed by how often.
double next_calibration_error(const struct next_tally *tally);

#endif
