// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_LIST_COMMON_H
#define HITCTL_LIST_COMMON_H
/*
 * What the list commands share: a list that is opened by name, its entries in memory, waiting until
 * daemons have a change live. Threads: one. Messages go to stderr; functions that say so return an
 * exit code.
 */

#include <jansson.h>

#include "hitctl/rights.h"
#include "hitctl/store_open.h"
#include "watchlist/entry.h"
#include "watchlist/store.h"

// A list's state as read when the command began.
struct hitctl_list {
    struct hs_store *store; // owned
    struct hs_store_list list;
    struct hs_bump bump; // its texts
};

// Connects, reads the list's state and asks whether the person may do this with it; an exit code,
// after saying why. Closed with hitctl_list_close() in any case.
int hitctl_list_open(const struct hitctl *ctl, enum hitctl_verb verb, const char *list_id,
                     struct hitctl_list *ret_list);
void hitctl_list_close(struct hitctl_list *list);
struct hs_actor hitctl_list_actor(const struct hitctl *ctl);

// A covert list needs a queue of its own in the active controls: an exit code, after saying what is
// missing.
int hitctl_list_check_covert(struct hs_store *store, const struct hs_store_list *list);

// The queues of the active controls that name the list, one behind the other as "'a', 'b'"; empty
// when none does, or no controls are active. An exit code, after saying what is wrong.
int hitctl_list_queues(struct hs_store *store, const struct hs_store_list *list,
                       struct hs_buf *ret_names);

// Different masks that the list's patterns may have.
unsigned hitctl_list_masks_max(const struct hs_store_list *list);

// "12.3"
enum { HITCTL_REVISION_BYTES = 48 };
void hitctl_list_revision(const struct hs_store_list *list, char ret_text[HITCTL_REVISION_BYTES]);

// Prints a JSON value as one line on stdout and gives it back.
void hitctl_print_json(json_t *value);
// Texts that may hold bytes that are not UTF-8 become "".
json_t *hitctl_json_text(struct hs_str text);
// All columns that say something, by name.
json_t *hitctl_entry_json(struct hs_str packed);

// ---- entries in memory, by id ----

struct hitctl_entry_row {
    struct hs_str entry_id;
    struct hs_str packed;
    bool seen; // for the caller
};

struct hitctl_entries {
    struct hitctl_entry_row *rows; // in order of arrival
    size_t count, capacity;
    uint32_t *slots; // row number + 1; 0: free
    size_t slot_count;
    struct hs_bump bump; // ids and entries
};

void hitctl_entries_fini(struct hitctl_entries *entries);
// Copies; an entry with the same id is replaced. HS_ENOMEM.
int hitctl_entries_add(struct hitctl_entries *entries, struct hs_str entry_id,
                       struct hs_str packed);
struct hitctl_entry_row *hitctl_entries_find(const struct hitctl_entries *entries,
                                             struct hs_str entry_id);
// All of a generation (0: the live one), verified against size and checksum. HS_ECHECKSUM: said by
// hs_store_why().
int hitctl_entries_read(struct hitctl_entries *entries, struct hs_store *store,
                        const struct hs_store_list *list, uint64_t generation, uint64_t size,
                        uint64_t checksum);
// In order of entry id.
void hitctl_entries_sort(struct hitctl_entries *entries);

// ---- differences ----

struct hitctl_difference {
    size_t added, removed, changed;
    json_t *json; // an array of {sign, entry id, VRM, changes}, or NULL: lines on stdout
};
// Says what differs, in order of entry id; sorts both.
void hitctl_entries_compare(struct hitctl_entries *before, struct hitctl_entries *after,
                            struct hitctl_difference *difference);

// ---- waiting ----

enum { HITCTL_WAIT_DEFAULT_S = 30, HITCTL_SILENT_MS = 30000 };

// Waits until every registered daemon has the change, says how long it took since `since_ns` and
// who is silent. With `result` the same goes into it instead. HITCTL_OK or HITCTL_TIMEOUT.
int hitctl_wait_live(struct hs_store *store, const struct hs_position *position, int64_t since_ns,
                     int64_t timeout_s, json_t *result);

#endif
