// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_LISTS_H
#define HITSTREAMD_LISTS_H
/*
 * The store thread: watchlists from Redis to the matchers.
 *
 * At start the last good snapshot on disk goes live at once; then Redis is followed from where that
 * stood, or read whole. Changes go live as an overlay; the overlay is folded in by a second thread.
 * What is wrong in Redis (gap, broken chain, checksum, garbage) leaves the lists as they are and is
 * told: old lists beat none.
 *
 * Threads: one of its own and a helper of it at times (saving, folding in); new, start, stop and
 * free from main; the others from any. Ownership: borrows its configuration; owns what stands in
 * the snapshot slot, and frees it in hs_lists_free(). Bounds: HS_LISTS_ROWS_MAX lists are named in
 * the status; the overlay by lib/match; while lists are read whole, or folded in, two snapshots are
 * in memory.
 */

#include "base/rcu.h"
#include "config/settings.h"
#include "hitstreamd/controls_feed.h"
#include "hitstreamd/correlate_notices.h"
#include "match/snapshot.h"
#include "metrics/metrics.h"

enum { HS_LISTS_ROWS_MAX = 1000, HS_LISTS_REASON_BYTES = 256, HS_LISTS_NAME_BYTES = 72 };

struct hs_lists;

struct hs_lists_config {
    const struct hs_settings *settings;
    struct hs_rcu_slot *snapshot;  // where lists go live; NULL in it until they do
    struct hs_controls_feed *feed; // gets the head of the controls
    struct hs_metrics *metrics;
    struct hs_notices *notices; // to ops; may be NULL
};

int hs_lists_new(const struct hs_lists_config *config, struct hs_lists **ret_lists);
int hs_lists_start(struct hs_lists *lists);
// Saves what is live and ends. HS_ETIMEDOUT: it did not end in time, do not free it.
int hs_lists_stop(struct hs_lists *lists, int64_t timeout_ms);
void hs_lists_free(struct hs_lists *lists);
uint64_t hs_lists_progress(const struct hs_lists *lists);

// When what is live was last known to be current, Unix ms; 0: never. `ctx` is the lists.
int64_t hs_lists_as_of_ms(void *ctx);
// Asked by a person: read everything from Redis again.
void hs_lists_reload(struct hs_lists *lists);

// An open list; covert ones never stand apart.
struct hs_lists_row {
    char list_id[HS_LISTS_NAME_BYTES];
    enum hs_list_status status;
    uint64_t generation;
    uint64_t sequence;
    uint64_t entries;
};

struct hs_lists_status {
    bool live;          // something stands in the slot
    bool current;       // Redis is reached and what is live is what it holds
    const char *state;  // "loading", "live", "stale"
    const char *source; // "none", "disk", "redis"
    uint64_t lists;     // all, covert ones too
    uint64_t entries;   // of all lists
    uint64_t covert_lists;
    uint64_t covert_entries;
    uint64_t overlay_changes;
    uint64_t memory_bytes; // of the snapshot
    int64_t as_of_ms;
    char change_id[HS_CHANGE_ID_BYTES];
    char reason[HS_LISTS_REASON_BYTES]; // why it is not current; "" when it is
};
void hs_lists_status(struct hs_lists *lists, struct hs_lists_status *ret_status);
// Copies at most `max` open lists in order of the snapshot; returns how many.
size_t hs_lists_rows(struct hs_lists *lists, struct hs_lists_row *ret_rows, size_t max);

#endif
