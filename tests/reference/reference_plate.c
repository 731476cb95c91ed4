// SPDX-License-Identifier: Apache-2.0
#include "reference/reference_plate.h"

#include <ctype.h>
#include <string.h>

enum series {
    CURRENT,
    PREFIX,
    SUFFIX,
    DATELESS,
    NORTHERN,
    Q_PLATE,
    DIPLOMATIC,
    MILITARY,
    IRISH,
    SERIES
};

bool ref_normalise(const char *text, char out[REF_TEXT], int from[REF_TEXT])
{
    int len = 0;
    for (int i = 0; text[i]; i++) {
        unsigned char c = (unsigned char)text[i];
        if (isalnum(c) || c == '?') {
            if (len == 12) {
                return false;
            }
            from[len] = i;
            out[len++] = (char)toupper(c);
        } else if (c != ' ' && !ispunct(c)) {
            return false;
        }
    }
    out[len] = '\0';
    return len > 0;
}

char ref_class(char c)
{
    static const char *const classes[] = {"0ODQ", "1I", "2Z", "5S", "8B", "6G"};
    for (int i = 0; i < 6; i++) {
        if (strchr(classes[i], c)) {
            return classes[i][0];
        }
    }
    return c;
}

static char glyph(char c)
{
    return (char)(c == 'O' ? '0' : c == 'I' ? '1' : c);
}

bool ref_glyph_equal(const char *a, const char *b)
{
    size_t len = strlen(a);
    if (len != strlen(b)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (glyph(a[i]) != glyph(b[i])) {
            return false;
        }
    }
    return true;
}

// A mark cut into its runs of letters and digits: "AB12CDE" is "L2D2L3".
static void runs_of(const char *mark, char out[2 * REF_TEXT])
{
    int at = 0;
    for (int i = 0; mark[i];) {
        bool digit = isdigit((unsigned char)mark[i]);
        int len = 0;
        while (mark[i] && (bool)isdigit((unsigned char)mark[i]) == digit) {
            i++;
            len++;
        }
        out[at++] = digit ? 'D' : 'L';
        out[at++] = (char)('0' + len);
    }
    out[at] = '\0';
}

static bool runs_are(const char *runs, const char *const *wanted)
{
    for (int i = 0; wanted[i]; i++) {
        if (strcmp(runs, wanted[i]) == 0) {
            return true;
        }
    }
    return false;
}

// Whether no character of mark[from..to) is one of `bad`.
static bool lacks(const char *mark, int from, int to, const char *bad)
{
    for (int i = from; i < to; i++) {
        if (strchr(bad, mark[i])) {
            return false;
        }
    }
    return true;
}

static bool is_irish(const char *runs)
{
    return strlen(runs) == 6 && runs[0] == 'D' && (runs[1] == '2' || runs[1] == '3') &&
           (runs[3] == '1' || runs[3] == '2') && runs[5] >= '1' && runs[5] <= '6';
}

// Whether a mark has the form of a series; the age code is not looked at.
static bool has_form(enum series series, const char *m)
{
    static const char *const prefix[] = {"L1D1L3", "L1D2L3", "L1D3L3", NULL};
    static const char *const suffix[] = {"L3D1L1", "L3D2L1", "L3D3L1", NULL};
    static const char *const dateless[] = {"L1D1", "L1D2", "L1D3", "L1D4", "L2D1", "L2D2",
                                           "L2D3", "L2D4", "L3D1", "L3D2", "L3D3", "D1L1",
                                           "D2L1", "D3L1", "D4L1", "D1L2", "D2L2", "D3L2",
                                           "D4L2", "D1L3", "D2L3", "D3L3", NULL};
    static const char *const northern[] = {"L3D1", "L3D2", "L3D3", "L3D4", "D1L3",
                                           "D2L3", "D3L3", "D4L3", NULL};
    int len = (int)strlen(m);
    char runs[2 * REF_TEXT];
    runs_of(m, runs);
    if (strchr(m, '?')) {
        return false;
    }
    switch (series) {
    case CURRENT:
        return strcmp(runs, "L2D2L3") == 0 && lacks(m, 0, 2, "IQZ") && lacks(m, 4, 7, "IQ");
    case PREFIX:
        return runs_are(runs, prefix) && lacks(m, 0, 1, "IOUQZ") && m[1] != '0' &&
               lacks(m, len - 3, len, "IQZ");
    case SUFFIX:
        return runs_are(runs, suffix) && lacks(m, 0, 3, "IQZ") && m[3] != '0' &&
               lacks(m, len - 1, len, "IOUQZ");
    case DATELESS:
        return runs_are(runs, dateless) && lacks(m, 0, len, "IQZ");
    case NORTHERN:
        return runs_are(runs, northern);
    case Q_PLATE:
        return runs_are(runs, prefix) && m[0] == 'Q' && m[1] != '0' &&
               lacks(m, len - 3, len, "IQZ");
    case DIPLOMATIC:
        return strcmp(runs, "D3L1D3") == 0 && (m[3] == 'D' || m[3] == 'X');
    case MILITARY:
        return strcmp(runs, "D2L2D2") == 0 || strcmp(runs, "L2D2L2") == 0;
    case IRISH:
        return is_irish(runs);
    default:
        return false;
    }
}

// Mar-Aug the year's two digits, Sep-Feb 50 more; 00, 01 and 50 never.
static bool age_was_issued(const char *m, unsigned date)
{
    unsigned code = (unsigned)(m[2] - '0') * 10 + (unsigned)(m[3] - '0');
    if (code == 0 || code == 1 || code == 50) {
        return false;
    }
    unsigned year = 2000 + code % 50, month = code > 50 ? 9 : 3;
    return date >= year * 10000 + month * 100 + 1;
}

static bool is_of(enum series series, const char *mark, unsigned date)
{
    return has_form(series, mark) && (series != CURRENT || age_was_issued(mark, date));
}

static bool is_legal_but(const char *mark, unsigned date, int without)
{
    for (int s = 0; s < SERIES; s++) {
        if (s != without && is_of((enum series)s, mark, date)) {
            return true;
        }
    }
    return false;
}

bool ref_is_legal(const char *mark, unsigned date)
{
    return is_legal_but(mark, date, -1);
}

bool ref_is_civil(const char *mark, unsigned date)
{
    return is_legal_but(mark, date, MILITARY);
}

bool ref_illegal_at(const char *mark, unsigned date, int position, char c)
{
    char other[REF_TEXT];
    strcpy(other, mark);
    other[position] = c;
    for (int s = 0; s < SERIES; s++) {
        if (is_of((enum series)s, mark, date) && has_form((enum series)s, other)) {
            return false;
        }
    }
    return ref_is_legal(mark, date);
}

bool ref_confused(char a, char b)
{
    static const char pairs[] = "PB PR CG A4 KX FE VW XY VY VU 7Z 1L TI 68 53 58 08 39 49 WN MN ";
    for (const char *p = pairs; *p; p += 3) {
        if ((p[0] == a && p[1] == b) || (p[0] == b && p[1] == a)) {
            return true;
        }
    }
    return false;
}
