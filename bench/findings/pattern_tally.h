// SPDX-License-Identifier: Apache-2.0
#ifndef FINDINGS_PATTERN_TALLY_H
#define FINDINGS_PATTERN_TALLY_H
/*
 * Couriers that were told, held against those that are. A pattern's unit is a vehicle: told once or
 * more is told. Threads: one. Ownership: until pattern_tally_free(). Bounds: a row a listed vehicle.
 */

#include "controls/controls.h"
#include "hitsim/sim.h"
#include "hitstream/v1/alert.pb-c.h"

struct pattern_tally;

struct pattern_tally *pattern_tally_new(const struct sim *sim, const struct hs_controls *controls);
void pattern_tally_free(struct pattern_tally *tally); // NULL is legal
// A hit of a listed vehicle: which journeys cameras in hub and market saw.
void pattern_tally_hit(struct pattern_tally *tally, const struct sim_read *read, unsigned site);
// An alert of a listed vehicle.
void pattern_tally_alert(struct pattern_tally *tally, uint32_t mark,
                         const Hitstream__V1__Alert *alert, int64_t at_ms);
// Prints the figures at the stream's end; `base` says what they are of. Whether the bars hold.
bool pattern_tally_print(const struct pattern_tally *tally, const char *base);

#endif
