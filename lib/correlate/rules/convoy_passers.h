// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_CONVOY_PASSERS_H
#define HS_CORRELATE_RULES_CONVOY_PASSERS_H
/*
 * Companions of whom no more is known than one meeting, as they stand in a ConvoyState: most are so,
 * and a message for each would be a third of a vehicle's state.
 *
 * A row is three varints: the mark less the one of the row before, the number of the stop, and the
 * gap (zigzag). Threads: one at a time; pure. Trusts nothing that is read.
 */

#include "correlate/rules/convoy.h"

// Whether a row says all of the companion.
bool hs_convoy_is_passer(const struct hs_convoy *convoy,
                         const struct hs_convoy_companion *companion);
// Rows of all that are, in order of mark. False: out of memory.
bool hs_convoy_pack_passers(const struct hs_convoy *convoy, struct hs_bump *bump,
                            ProtobufCBinaryData *ret_rows);

// A walk over rows.
struct hs_convoy_passers {
    const uint8_t *at;
    const uint8_t *end;
    uint64_t mark; // of the last row
};
// The next row as a companion of the convoy, whose stops stand. HS_EFORMAT.
int hs_convoy_next_passer(struct hs_convoy_passers *passers, const struct hs_convoy *convoy,
                          struct hs_convoy_companion *ret_companion);

#endif
