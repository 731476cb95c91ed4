// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BASE_DIAG_H
#define HS_BASE_DIAG_H
/*
 * Everything that is wrong with a file, collected: place, key, value, what is allowed.
 *
 * Readers of files (configuration, controls, watchlists) append one diagnostic a fault and go on,
 * so that a person sees all of them at once. Threads: one. Ownership: the list owns its texts until
 * hs_diags_fini(). Bounds: keeps at most `limit` diagnostics and goes on counting.
 */

#include "base/str.h"

enum hs_diag_severity {
    HS_DIAG_ERROR,   // the file is refused (a watchlist: the line)
    HS_DIAG_WARNING, // it is used all the same
};

// Where a fault is; a member that does not apply is NULL or 0. Borrowed for the call only.
struct hs_diag_place {
    const char *file;    // name as the person gave it
    unsigned line;       // 1 is the first
    unsigned column;     // 1 is the first
    const char *key;     // dotted path, or a column's name
    struct hs_str value; // as found
};

struct hs_diag {
    enum hs_diag_severity severity;
    char *file;      // never NULL, may be ""
    unsigned line;   // 0: the file as a whole
    unsigned column; // 0: the line as a whole
    char *key;       // never NULL, may be ""
    char *value;     // never NULL, may be ""; at most 80 bytes
    char *message;   // what is wrong and what is allowed
};

struct hs_diags {
    struct hs_diag *rows;
    size_t count;    // rows kept
    size_t capacity; // rows allocated
    size_t limit;    // rows kept at most; 0 means HS_DIAGS_DEFAULT_LIMIT
    size_t errors;   // seen, kept or not
    size_t warnings; // seen, kept or not
};

enum { HS_DIAGS_DEFAULT_LIMIT = 10000 };

void hs_diags_fini(struct hs_diags *diags);

// Adds one; `format` says what is wrong and what is allowed, lower case, no full stop.
void hs_diags_add(struct hs_diags *diags, enum hs_diag_severity severity,
                  const struct hs_diag_place *place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// One line: "file:12:3: key 'x': value 'y': message". Appends no line feed.
void hs_diag_format(const struct hs_diag *diag, struct hs_buf *out);

#endif
