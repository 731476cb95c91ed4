// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_LISTS_LOAD_H
#define HITSTREAMD_LISTS_LOAD_H
/*
 * From the store's lists, entries and changes to snapshots. No thread of its own; used by the store
 * thread.
 */

#include "match/snapshot.h"
#include "watchlist/store.h"

enum { HS_LISTS_WHY_BYTES = 256 };

// Where a snapshot stands in the stream, as its change id holds it: "<id> <hash>".
enum { HS_LISTS_MARK_BYTES = HS_CHANGE_ID_BYTES + HS_CHANGE_HASH_BYTES };
void hs_lists_mark(const struct hs_position *position, char ret_mark[HS_LISTS_MARK_BYTES]);
// HS_EFORMAT.
int hs_lists_unmark(struct hs_str mark, struct hs_position *ret_position);

// Reads all lists and builds. `alive` is called now and then; false ends it with HS_ECANCELED.
// `ret_why` is written when it fails.
int hs_lists_load(struct hs_store *store, bool (*alive)(void *ctx), void *ctx,
                  struct hs_snapshot **ret_snapshot, struct hs_position *ret_position,
                  char ret_why[HS_LISTS_WHY_BYTES]);

enum { HS_LISTS_LOADS_MAX = 16 }; // lists read again beside the others; more: all are read

// A list that is to be read again.
struct hs_lists_wanted {
    char list_id[HS_LIST_ID_MAX + 1];
    uint64_t generation; // as the change said
};

// Builds from `current` and these lists, read anew. As hs_lists_load().
int hs_lists_load_some(struct hs_store *store, const struct hs_snapshot *current,
                       const struct hs_lists_wanted *wanted, size_t count, bool (*alive)(void *ctx),
                       void *ctx, const char *mark, struct hs_snapshot **ret_snapshot,
                       char ret_why[HS_LISTS_WHY_BYTES]);

// Changes gathered in order, copied into their own memory. Zero-initialised is empty.
struct hs_lists_batch {
    struct hs_bump bump;             // texts
    struct hs_snapshot_change *rows; // owned
    size_t count;
    size_t capacity;
    bool load;                                        // all lists are to be read
    struct hs_lists_wanted loads[HS_LISTS_LOADS_MAX]; // lists with a new generation
    size_t load_count;
    size_t passed;        // records that change nothing: consultations, refusals
    bool controls;        // the controls changed
    size_t seen;          // changes of any kind
    int64_t oldest_at_ms; // when the first was made; 0: none
};
void hs_lists_batch_fini(struct hs_lists_batch *batch);
void hs_lists_batch_clear(struct hs_lists_batch *batch);
// A hs_store_change_fn; ctx is the batch. HS_ENOMEM.
int hs_lists_batch_take(void *ctx, const struct hs_change *change);
// Takes out what `snapshot` holds already: rows, and loads, of revisions not newer than its own.
void hs_lists_batch_skip_known(struct hs_lists_batch *batch, const struct hs_snapshot *snapshot);
// Copies the rows of `from` behind those of `to`.
int hs_lists_batch_append(struct hs_lists_batch *to, const struct hs_lists_batch *from);

#endif
