// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WATCHLIST_SAID_H
#define HS_WATCHLIST_SAID_H
/*
 * What partners say of groups, from feedback.<queue>: nominations, which wait for an officer's yes,
 * and intelligence. hs:said names the queues, hs:said:<queue> holds feedback id -> packed Feedback,
 * hs:said:<queue>:declined the ids of nominations that an officer said no to. Each is written in one
 * step with its record in hs:changes, once by its id.
 *
 * Threads and ownership: as the store's. Bounds: HS_SAID_QUEUE_MAX of a queue; then the one that
 * was said first leaves, its record stays.
 */

#include "hitstream/v1/feedback.pb-c.h"
#include "watchlist/store.h"

enum { HS_SAID_QUEUE_MAX = 1000, HS_SAID_ID_BYTES = 16 };

// One saying.
struct hs_said {
    struct hs_str queue;               // whose owner speaks
    struct hs_str feedback_id;         // 32 hex digits
    struct hs_str group_id;            // that it is about
    Hitstream__V1__Feedback *feedback; // as it was said
    bool declined;                     // an officer said no
};

// Whether it is said of a group: a nomination, or intelligence without an alert's token.
bool hs_said_is_of_group(const Hitstream__V1__Feedback *feedback);

// Writes what was said (packed Feedback), and its record. 0 also when it stands there already.
// HS_EFORMAT: nothing that is said of a group.
int hs_store_say(struct hs_store *store, struct hs_str queue, struct hs_str packed);

// An officer's no to a nomination.
int hs_store_decline(struct hs_store *store, const struct hs_actor *actor,
                     const struct hs_said *said);

// All that was said, oldest first.
struct hs_said_rows {
    struct hs_said *rows;
    size_t count;
    size_t capacity;
    struct hs_bump bump; // texts
};
int hs_store_said(struct hs_store *store, struct hs_said_rows *ret_rows);
// A zeroed one is legal.
void hs_said_rows_fini(struct hs_said_rows *rows);

#endif
