// SPDX-License-Identifier: Apache-2.0
// What the store thread, correlators and main ask of the controls feed.
#include <assert.h>
#include <stdio.h>

#include "hitstreamd/controls_parts.h"

void hs_controls_feed_offer(struct hs_controls_feed *feed, const char *hash, struct hs_str packed)
{
    assert(strlen(hash) < HS_CONTROLS_HASH_BYTES);
    pthread_mutex_lock(&feed->lock);
    hs_buf_clear(&feed->offer);
    hs_buf_add_str(&feed->offer, packed);
    strcpy(feed->offer_hash, hash);
    feed->offered = true;
    feed->offer_fresh = true;
    pthread_mutex_unlock(&feed->lock);
    hs_thread_wake(&feed->thread);
}

void hs_controls_feed_offered(struct hs_controls_feed *feed, char ret_hash[HS_CONTROLS_HASH_BYTES],
                              bool *ret_offered)
{
    pthread_mutex_lock(&feed->lock);
    strcpy(ret_hash, feed->offer_hash);
    if (ret_offered) {
        *ret_offered = feed->offered;
    }
    pthread_mutex_unlock(&feed->lock);
}

void hs_controls_feed_position(struct hs_controls_feed *feed, const struct hs_position *position)
{
    pthread_mutex_lock(&feed->lock);
    feed->position = *position;
    feed->has_position = true;
    pthread_mutex_unlock(&feed->lock);
}

enum hs_anchor_state hs_controls_feed_anchor(struct hs_controls_feed *feed,
                                             struct hs_position *ret_anchor)
{
    pthread_mutex_lock(&feed->lock);
    enum hs_anchor_state state = feed->anchor_state;
    if (state == HS_ANCHOR_KNOWN) {
        *ret_anchor = feed->anchor;
    }
    pthread_mutex_unlock(&feed->lock);
    return state;
}

void hs_controls_feed_anchor_again(struct hs_controls_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    feed->anchor_state = HS_ANCHOR_UNKNOWN;
    pthread_mutex_unlock(&feed->lock);
}

struct hs_controls *hs_controls_feed_head(void *ctx)
{
    struct hs_controls_feed *feed = ctx;
    pthread_mutex_lock(&feed->lock);
    struct hs_controls *head = feed->head ? hs_controls_ref(feed->head) : NULL;
    pthread_mutex_unlock(&feed->lock);
    return head;
}

bool hs_controls_feed_confirmed(void *ctx)
{
    struct hs_controls_feed *feed = ctx;
    pthread_mutex_lock(&feed->lock);
    bool confirmed = feed->head_confirmed;
    pthread_mutex_unlock(&feed->lock);
    return confirmed;
}

static bool has_hash(const struct hs_controls *controls, const char *hash)
{
    return controls && strcmp(hs_controls_hash(controls), hash) == 0;
}

// Under the lock. Not there: it is put on the list of what is wanted.
static struct hs_controls *find(struct hs_controls_feed *feed, const char *hash)
{
    if (has_hash(feed->head, hash)) {
        return hs_controls_ref(feed->head);
    }
    if (has_hash(feed->live, hash)) {
        return hs_controls_ref(feed->live);
    }
    for (size_t i = 0; i < HS_CONTROLS_FEED_KEPT; i++) {
        if (has_hash(feed->kept[i], hash)) {
            return hs_controls_ref(feed->kept[i]);
        }
    }
    size_t at = WANTED_MAX;
    for (size_t i = 0; i < WANTED_MAX; i++) {
        if (strcmp(feed->wanted[i], hash) == 0) {
            return NULL;
        }
        at = feed->wanted[i][0] ? at : i;
    }
    if (at < WANTED_MAX) {
        strcpy(feed->wanted[at], hash);
        hs_thread_wake(&feed->thread);
    }
    return NULL;
}

struct hs_controls *hs_controls_feed_lookup(void *ctx, const char *hash)
{
    struct hs_controls_feed *feed = ctx;
    if (!hash[0]) {
        return hs_controls_empty();
    }
    if (strlen(hash) >= HS_CONTROLS_HASH_BYTES) {
        return NULL;
    }
    pthread_mutex_lock(&feed->lock);
    struct hs_controls *controls = find(feed, hash);
    pthread_mutex_unlock(&feed->lock);
    return controls;
}

void hs_controls_feed_live_hash(struct hs_controls_feed *feed,
                                char ret_hash[HS_CONTROLS_HASH_BYTES])
{
    pthread_mutex_lock(&feed->lock);
    strcpy(ret_hash, hs_controls_hash(feed->live));
    pthread_mutex_unlock(&feed->lock);
}

void hs_controls_feed_status(struct hs_controls_feed *feed, struct hs_controls_feed_status *ret)
{
    pthread_mutex_lock(&feed->lock);
    memset(ret, 0, sizeof(*ret));
    strcpy(ret->live_hash, hs_controls_hash(feed->live));
    ret->from_disk = feed->from_disk;
    ret->ready = feed->anchor_state != HS_ANCHOR_UNKNOWN && feed->head;
    const char *reason = "";
    if (feed->fault[0]) {
        reason = feed->fault;
    } else if (feed->away[0]) {
        reason = feed->away;
    } else if (feed->anchor_state == HS_ANCHOR_UNKNOWN) {
        reason = "kafka: topic 'anpr.controls' is not read yet";
    } else if (!feed->head) {
        reason = "redis has not said yet which controls decide";
    }
    snprintf(ret->reason, sizeof(ret->reason), "%s", reason);
    pthread_mutex_unlock(&feed->lock);
}
