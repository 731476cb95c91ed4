// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_CONTROLS_FEED_H
#define HITSTREAMD_CONTROLS_FEED_H
/*
 * Controls on their way to who decides by them: the head from Redis (offered by the store thread)
 * or from disk goes to matchers at once; to correlators once it stands in anpr.controls, where this
 * thread writes it in parts with a manifest. Older objects are read back from there by hash when a
 * correlator asks.
 *
 * It also keeps the audit anchor: the head of the chain of changes, as an outside witness in
 * anpr.controls.
 *
 * Threads: one of its own; new, start, stop and free from main; offer, position and anchor from the
 * store thread; head and lookup from correlators; progress and status from any. Ownership: borrows
 * its configuration; objects are handed out with a reference of the taker's own. Bounds:
 * HS_CONTROLS_FEED_KEPT objects besides the head, HS_CONTROLS_FEED_PART_BYTES a part,
 * HS_CONTROLS_FEED_OBJECT_MAX_BYTES an object.
 */

#include "base/rcu.h"
#include "config/settings.h"
#include "controls/controls.h"
#include "metrics/metrics.h"
#include "watchlist/changes.h"

enum {
    HS_CONTROLS_FEED_KEPT = 8,
    HS_CONTROLS_FEED_PART_BYTES = 512 * 1024,
    HS_CONTROLS_FEED_OBJECT_MAX_BYTES = 64 * 1024 * 1024,
    HS_CONTROLS_FEED_REASON_BYTES = 256,
};

struct hs_controls_feed;

struct hs_controls_feed_config {
    const struct hs_settings *settings;
    struct hs_rcu_slot
        *slot; // struct hs_controls for matchers; holds a reference from new() to free()
    struct hs_metrics *metrics;
};

int hs_controls_feed_new(const struct hs_controls_feed_config *config,
                         struct hs_controls_feed **ret_feed);
int hs_controls_feed_start(struct hs_controls_feed *feed);
// Writes what it still has (the anchor) and ends. HS_ETIMEDOUT: it did not end in time, do not free
// it.
int hs_controls_feed_stop(struct hs_controls_feed *feed, int64_t timeout_ms);
void hs_controls_feed_free(struct hs_controls_feed *feed);
uint64_t hs_controls_feed_progress(const struct hs_controls_feed *feed);

// The head as Redis has it; copied. hash "" and an empty text: nothing was ever activated.
void hs_controls_feed_offer(struct hs_controls_feed *feed, const char *hash, struct hs_str packed);
// Hash last offered; "" also before the first offer. `ret_offered` (may be NULL): was there one?
void hs_controls_feed_offered(struct hs_controls_feed *feed, char ret_hash[HS_CONTROLS_HASH_BYTES],
                              bool *ret_offered);
// Where the chain of changes stands: the next anchor.
void hs_controls_feed_position(struct hs_controls_feed *feed, const struct hs_position *position);

enum hs_anchor_state {
    HS_ANCHOR_UNKNOWN, // anpr.controls has not been read yet, or is to be read again
    HS_ANCHOR_NONE,    // there is none
    HS_ANCHOR_KNOWN,
};
enum hs_anchor_state hs_controls_feed_anchor(struct hs_controls_feed *feed,
                                             struct hs_position *ret_anchor);
// Redis may have come back as an older copy: what all daemons have anchored meanwhile is read before
// it is judged. Until then the anchor is unknown.
void hs_controls_feed_anchor_again(struct hs_controls_feed *feed);

// For correlators; see correlate_stage.h. `ctx` is the feed.
struct hs_controls *hs_controls_feed_head(void *ctx);
bool hs_controls_feed_confirmed(void *ctx);
struct hs_controls *hs_controls_feed_lookup(void *ctx, const char *hash);
// Hash of what matchers go by.
void hs_controls_feed_live_hash(struct hs_controls_feed *feed,
                                char ret_hash[HS_CONTROLS_HASH_BYTES]);

struct hs_controls_feed_status {
    bool ready;     // anpr.controls is reached, and its head stands there
    bool from_disk; // Redis has not said yet what the head is
    char live_hash[HS_CONTROLS_HASH_BYTES];
    char reason[HS_CONTROLS_FEED_REASON_BYTES]; // why it is not ready, or what is wrong; "" when
                                                // all is well
};
void hs_controls_feed_status(struct hs_controls_feed *feed,
                             struct hs_controls_feed_status *ret_status);

#endif
