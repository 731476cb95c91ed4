// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BASE_CSV_H
#define HS_BASE_CSV_H
/*
 * Reading CSV (RFC 4180): comma, double quotes, LF or CRLF; each field keeps its line and column.
 *
 * Threads: one for each reader. Ownership: the text is borrowed; fields are valid until the next
 * row. Bounds: HS_CSV_FIELDS_MAX fields a row. Empty lines are skipped; a byte order mark at the
 * start is too.
 */

#include "base/str.h"

enum { HS_CSV_FIELDS_MAX = 64 };

struct hs_csv_field {
    struct hs_str text; // unquoted
    unsigned line;      // where it begins; 1 is the first
    unsigned column;    // byte in its line; 1 is the first
    bool quoted;        // its text stands in hs_csv.unquoted
};

struct hs_csv {
    struct hs_str rest;     // not read yet
    unsigned line;          // of rest's first byte
    unsigned row_line;      // where the present row begins
    struct hs_buf unquoted; // fields that were quoted, for the present row
    struct hs_csv_field fields[HS_CSV_FIELDS_MAX];
    size_t count; // fields of the present row
};

void hs_csv_init(struct hs_csv *csv, struct hs_str text);
void hs_csv_fini(struct hs_csv *csv);

// The next row: 1, or 0 at the end. HS_EFORMAT: a quote is not closed, or something follows it;
// HS_ELIMIT: too many fields. After an error the place is fields[count] and reading goes on with
// the next line.
int hs_csv_next(struct hs_csv *csv);

#endif
