// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_ODDS_H
#define HS_CORRELATE_RULES_ODDS_H
/*
 * Logarithms of odds in integers, so that a score is the same to the bit on every machine: no
 * floating point, no libm. The unit is 1/1024 bit; 10 * HS_BIT is odds of 1024 to 1.
 *
 * Pure; threads: any. Errors are below 3/1024 bit.
 */

#include <stdint.h>

#define HS_BIT 1024 // one bit

// log2(x); 0 counts as 1.
int32_t hs_odds_log2(uint64_t x);
// log2(numerator / denominator); 0 counts as 1.
int32_t hs_odds_ratio(uint64_t numerator, uint64_t denominator);
// scale * 2^(bits / 1024), UINT64_MAX where it does not fit.
uint64_t hs_odds_exp2(int32_t bits, uint64_t scale);
// The normal density with this deviation (ms, at least 1) at a distance, in events per million
// within one second: its log2.
int32_t hs_odds_normal(int64_t distance_ms, int64_t deviation_ms);
// The greatest integer whose square is not greater.
uint64_t hs_odds_root(uint64_t x);

#endif
