// SPDX-License-Identifier: Apache-2.0
#include "vrm/grammar.h"

// What may stand at a position; a shape is a string of these.
enum class_bit {
    DIGIT = 1 << 0,        // 9
    DIGIT_FIRST = 1 << 1,  // N  not 0
    LETTER = 1 << 2,       // A  any
    LETTER_PLAIN = 1 << 3, // l  without I Q Z
    LETTER_LAST = 1 << 4,  // t  without I Q
    LETTER_YEAR = 1 << 5,  // y  without I O U Q Z
    ONLY_D = 1 << 6,
    ONLY_Q = 1 << 7,
    ONLY_X = 1 << 8,
};

struct shape {
    const char *text;
    unsigned series;
};

// By length, so that a mark is held against few. A length's shapes end at the next length's.
static const struct shape shapes[] = {
    // 2
    {"l9", HS_SERIES_DATELESS},
    {"9l", HS_SERIES_DATELESS},
    // 3
    {"l99", HS_SERIES_DATELESS},
    {"ll9", HS_SERIES_DATELESS},
    {"99l", HS_SERIES_DATELESS},
    {"9ll", HS_SERIES_DATELESS},
    // 4
    {"l999", HS_SERIES_DATELESS},
    {"ll99", HS_SERIES_DATELESS},
    {"lll9", HS_SERIES_DATELESS},
    {"999l", HS_SERIES_DATELESS},
    {"99ll", HS_SERIES_DATELESS},
    {"9lll", HS_SERIES_DATELESS},
    {"AAA9", HS_SERIES_NORTHERN},
    {"9AAA", HS_SERIES_NORTHERN},
    {"99A9", HS_SERIES_IRELAND},
    // 5
    {"yNlll", HS_SERIES_PREFIX},
    {"QNlll", HS_SERIES_Q},
    {"lllNy", HS_SERIES_SUFFIX},
    {"l9999", HS_SERIES_DATELESS},
    {"ll999", HS_SERIES_DATELESS},
    {"lll99", HS_SERIES_DATELESS},
    {"9999l", HS_SERIES_DATELESS},
    {"999ll", HS_SERIES_DATELESS},
    {"99lll", HS_SERIES_DATELESS},
    {"AAA99", HS_SERIES_NORTHERN},
    {"99AAA", HS_SERIES_NORTHERN},
    {"99A99", HS_SERIES_IRELAND},
    {"99AA9", HS_SERIES_IRELAND},
    {"999A9", HS_SERIES_IRELAND},
    // 6
    {"yN9lll", HS_SERIES_PREFIX},
    {"QN9lll", HS_SERIES_Q},
    {"lllN9y", HS_SERIES_SUFFIX},
    {"ll9999", HS_SERIES_DATELESS},
    {"lll999", HS_SERIES_DATELESS},
    {"9999ll", HS_SERIES_DATELESS},
    {"999lll", HS_SERIES_DATELESS},
    {"AAA999", HS_SERIES_NORTHERN},
    {"999AAA", HS_SERIES_NORTHERN},
    {"99AA99", HS_SERIES_MILITARY | HS_SERIES_IRELAND},
    {"AA99AA", HS_SERIES_MILITARY},
    {"99A999", HS_SERIES_IRELAND},
    {"999A99", HS_SERIES_IRELAND},
    {"999AA9", HS_SERIES_IRELAND},
    // 7
    {"ll99ttt", HS_SERIES_CURRENT},
    {"yN99lll", HS_SERIES_PREFIX},
    {"QN99lll", HS_SERIES_Q},
    {"lllN99y", HS_SERIES_SUFFIX},
    {"AAA9999", HS_SERIES_NORTHERN},
    {"9999AAA", HS_SERIES_NORTHERN},
    {"999D999", HS_SERIES_DIPLOMATIC},
    {"999X999", HS_SERIES_DIPLOMATIC},
    {"99A9999", HS_SERIES_IRELAND},
    {"99AA999", HS_SERIES_IRELAND},
    {"999A999", HS_SERIES_IRELAND},
    {"999AA99", HS_SERIES_IRELAND},
    // 8
    {"99A99999", HS_SERIES_IRELAND},
    {"99AA9999", HS_SERIES_IRELAND},
    {"999A9999", HS_SERIES_IRELAND},
    {"999AA999", HS_SERIES_IRELAND},
    // 9
    {"99A999999", HS_SERIES_IRELAND},
    {"99AA99999", HS_SERIES_IRELAND},
    {"999A99999", HS_SERIES_IRELAND},
    {"999AA9999", HS_SERIES_IRELAND},
    // 10
    {"99AA999999", HS_SERIES_IRELAND},
    {"999A999999", HS_SERIES_IRELAND},
    {"999AA99999", HS_SERIES_IRELAND},
    // 11
    {"999AA999999", HS_SERIES_IRELAND},
};

enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

// The first shape of each length; one more than the longest ends them.
static const uint8_t first_of_length[HS_VRM_MAX + 2] = {0,  0,  0,  2,  6,  15, 29,
                                                        43, 55, 59, 63, 66, 67, 67};
_Static_assert(SHAPES == 67, "first_of_length counts the shapes");

// Of the letters A to Z.
#define PLAIN (LETTER | LETTER_PLAIN | LETTER_LAST | LETTER_YEAR)
static const uint16_t letter_classes[26] = {
    PLAIN,
    PLAIN,
    PLAIN,
    PLAIN | ONLY_D,
    PLAIN,
    PLAIN,
    PLAIN,
    PLAIN, // A to H
    LETTER,
    PLAIN,
    PLAIN,
    PLAIN,
    PLAIN,
    PLAIN,
    LETTER | LETTER_PLAIN | LETTER_LAST, // I to O
    PLAIN,
    LETTER | ONLY_Q,
    PLAIN,
    PLAIN,
    PLAIN,
    LETTER | LETTER_PLAIN | LETTER_LAST, // P to U
    PLAIN,
    PLAIN,
    PLAIN | ONLY_X,
    PLAIN,
    LETTER | LETTER_LAST, // V to Z
};
#undef PLAIN

static unsigned classes_of(char c)
{
    if (c >= '0' && c <= '9') {
        return DIGIT | (c == '0' ? 0U : DIGIT_FIRST);
    }
    return c >= 'A' && c <= 'Z' ? letter_classes[c - 'A'] : 0;
}

static unsigned class_allowed(char shape_char)
{
    switch (shape_char) {
    case '9':
        return DIGIT;
    case 'N':
        return DIGIT_FIRST;
    case 'A':
        return LETTER;
    case 'l':
        return LETTER_PLAIN;
    case 't':
        return LETTER_LAST;
    case 'y':
        return LETTER_YEAR;
    case 'D':
        return ONLY_D;
    case 'Q':
        return ONLY_Q;
    default:
        return ONLY_X;
    }
}

bool hs_vrm_age_issued(unsigned code, uint32_t date)
{
    if (code < 2 || code == 50 || code > 99) {
        return false;
    }
    uint32_t issued = code < 50 ? (2000 + code) * 10000 + 301 : (2000 + code - 50) * 10000 + 901;
    return date == 0 || date >= issued;
}

static bool fits_shape(const struct hs_vrm *vrm, const struct shape *shape)
{
    for (unsigned i = 0; i < vrm->len; i++) {
        if (!(classes_of(vrm->text[i]) & class_allowed(shape->text[i]))) {
            return false;
        }
    }
    return true;
}

// All series of which a shape fits, whatever the age code.
static unsigned series_by_shape(const struct hs_vrm *vrm)
{
    unsigned series = 0;
    for (unsigned i = first_of_length[vrm->len]; i < first_of_length[vrm->len + 1]; i++) {
        if (fits_shape(vrm, &shapes[i])) {
            series |= shapes[i].series;
        }
    }
    return series;
}

unsigned hs_vrm_series(const struct hs_vrm *vrm, uint32_t date)
{
    unsigned series = series_by_shape(vrm);
    if (series & HS_SERIES_CURRENT) {
        unsigned code = (unsigned)(vrm->text[2] - '0') * 10 + (unsigned)(vrm->text[3] - '0');
        series &= hs_vrm_age_issued(code, date) ? ~0U : ~(unsigned)HS_SERIES_CURRENT;
    }
    return series;
}

bool hs_vrm_illegal_at(const struct hs_vrm *vrm, uint32_t date, unsigned position, char c)
{
    unsigned series = hs_vrm_series(vrm, date);
    struct hs_vrm other = *vrm;
    other.text[position] = c;
    return series != 0 && (series_by_shape(&other) & series) == 0;
}
