// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_LIST_FILE_H
#define HITCTL_LIST_FILE_H
/*
 * A VOI file read to its end: every row checked, also against the other rows and against a live
 * list; bad ones are told of, all of them, and kept as a reject file. Threads: one.
 */

#include "hitctl/list_common.h"
#include "watchlist/marks.h"
#include "watchlist/voi.h"

struct hitctl_file_options {
    const char *path;
    const char *format;      // "csv", "json" or NULL: by name
    const char *reject_path; // NULL: none
    bool expired_ok;         // weed dates in the past are taken
    bool quiet;              // no progress bar
    unsigned masks_max;      // different masks that patterns may have; 0: not looked at
    struct hs_str list_id;
    const struct hitctl_entries *live; // what is on the list and stays there; NULL: nothing stays
    // Gets each good entry; not 0 stops.
    int (*entry)(void *ctx, const struct hs_entry *entry);
    void *ctx;
};

struct hitctl_file_result {
    size_t rows; // read, without the header
    size_t good;
    size_t bad;
    struct hs_diags diags; // every fault; finish with hs_diags_fini()
};

// An exit code: HITCTL_OK also with bad rows. HITCTL_REFUSED: not even the header can be used; its
// faults are in `diags`. HITCTL_FAILED: said on stderr, or *ret_rc is what `entry` returned.
int hitctl_file_read(const struct hitctl_file_options *options,
                     struct hitctl_file_result *ret_result, int *ret_rc);

// Faults as JSON: [{line, column, key, value, reason}].
json_t *hitctl_diags_json(const struct hs_diags *diags);

#endif
