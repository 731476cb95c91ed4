// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_REFERENCE_REFERENCE_PLATE_H
#define TESTS_REFERENCE_REFERENCE_PLATE_H
/*
 * What the slow matcher knows of plates. Threads: any; pure.
 */

#include "reference/reference.h"

// Upper case, without spaces and punctuation; false when nothing or too much is left, or it holds
// another byte. `from` gets where each character stood.
bool ref_normalise(const char *text, char out[REF_TEXT], int from[REF_TEXT]);
char ref_class(char c);
bool ref_glyph_equal(const char *a, const char *b);
// Whether `c` at `position` of a legal mark would leave it in none of its series.
bool ref_illegal_at(const char *mark, unsigned date, int position, char c);
// Whether a mark can exist, the military series left out.
bool ref_is_civil(const char *mark, unsigned date);
bool ref_confused(char a, char b);

#endif
