// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WATCHLIST_VOI_H
#define HS_WATCHLIST_VOI_H
/*
 * Reading a VOI file: CSV with a header (names as in domain's sixteen columns and ours, order
 * free), or JSON lines with the same names as keys. Row by row, nothing kept.
 *
 * Threads: one a reader. Ownership: the reader owns the file's text; a row is valid until the next.
 * Bounds: a file is mapped, standard input is read whole. Trusts nothing about the file.
 */

#include "watchlist/entry.h"

enum hs_voi_format {
    HS_VOI_BY_NAME, // JSON lines for '*.json', '*.jsonl' and '*.ndjson', or when the first
                    // character is '{'
    HS_VOI_CSV,
    HS_VOI_JSON,
};

struct hs_voi;

// `path` "-": standard input. The header's faults go to `diags`: HS_EFORMAT. HS_EIO with errno:
// cannot be read.
int hs_voi_open(const char *path, enum hs_voi_format format, struct hs_diags *diags,
                struct hs_voi **ret_voi);
// The same over text that outlives the reader.
int hs_voi_open_text(struct hs_str text, const char *name, enum hs_voi_format format,
                     struct hs_diags *diags, struct hs_voi **ret_voi);
void hs_voi_free(struct hs_voi *voi);

// One row: a text for each column, and the row as it stands in the file.
struct hs_voi_row {
    struct hs_entry_text texts[HS_COLUMN_COUNT];
    struct hs_str raw; // without its line end
    unsigned line;
};
// 1: a row; 0: the end; HS_EFORMAT: the row is no row, its fault is in `diags`, `raw` and `line`
// are set: go on.
int hs_voi_next(struct hs_voi *voi, struct hs_diags *diags, struct hs_voi_row *ret_row);
// The header as it stands in the file; empty for JSON lines.
struct hs_str hs_voi_header(const struct hs_voi *voi);
// How far it is, 0 to 1000.
unsigned hs_voi_permille(const struct hs_voi *voi);

#endif
