// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_AUDIT_ROWS_H
#define HITCTL_AUDIT_ROWS_H
/*
 * What an audit answers with: who was told what, who changed and who looked, one row each, in order
 * of time. Threads: one. Ownership: rows own their texts until hitctl_audit_rows_fini(). Bounds:
 * HITCTL_AUDIT_MEMORY_BYTES of rows in memory; more go in sorted runs into files that have no name
 * and are gone with the program, HITCTL_AUDIT_RUNS_MAX of them at most.
 */

#include <stdio.h>

#include "base/arena.h"
#include "base/str.h"

// Columns that are texts, in the order in which they are printed behind the time.
enum hitctl_audit_column {
    HITCTL_AUDIT_WHAT, // told, put, load, consulted, refused, ...
    HITCTL_AUDIT_WHO,  // the person; of what was told: hitstream
    HITCTL_AUDIT_AUTHORITY,
    HITCTL_AUDIT_LIST,
    HITCTL_AUDIT_ENTRY,
    HITCTL_AUDIT_VEHICLE,
    HITCTL_AUDIT_RECIPIENT, // the queue that was told
    HITCTL_AUDIT_ROUTE,     // by which rule, kind and operations
    HITCTL_AUDIT_DETAIL,    // command, note, headline
    HITCTL_AUDIT_ID,        // of the record in hs:changes, or of the alert
    HITCTL_AUDIT_COLUMNS,
};

struct hitctl_audit_row {
    int64_t at_ms; // Unix; of an alert when the broker took it
    struct hs_str texts[HITCTL_AUDIT_COLUMNS];
};

enum { HITCTL_AUDIT_MEMORY_BYTES = 64 << 20, HITCTL_AUDIT_RUNS_MAX = 512 };

struct hitctl_audit_rows {
    struct hitctl_audit_row *rows;
    size_t count, capacity;
    struct hs_bump bump;               // texts
    FILE *runs[HITCTL_AUDIT_RUNS_MAX]; // in order of adding
    size_t run_count;
    size_t memory_max; // bytes before a run is written; 0: HITCTL_AUDIT_MEMORY_BYTES
};

enum hitctl_audit_format { HITCTL_AUDIT_TEXT, HITCTL_AUDIT_JSONL, HITCTL_AUDIT_CSV };

void hitctl_audit_rows_fini(struct hitctl_audit_rows *rows);
// Takes a copy. HS_ENOMEM; HS_EIO: no room for a run; HS_ELIMIT: more than so many runs.
int hitctl_audit_rows_add(struct hitctl_audit_rows *rows, const struct hitctl_audit_row *row);
// In order of time, of equal times as added; the rows are gone then. HS_ENOMEM, HS_EIO.
int hitctl_audit_rows_print(struct hitctl_audit_rows *rows, enum hitctl_audit_format format,
                            FILE *out);

#endif
