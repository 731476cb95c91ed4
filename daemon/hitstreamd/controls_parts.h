// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_CONTROLS_PARTS_H
#define HITSTREAMD_CONTROLS_PARTS_H
/*
 * What controls_feed.c (the thread) and controls_share.c (what others ask of it) share. Private to
 * them.
 *
 * Threads: as each group of members says.
 */

#include "hitstreamd/controls_disk.h"
#include "hitstreamd/controls_feed.h"
#include "hitstreamd/controls_topic.h"
#include "hitstreamd/thread.h"

enum { WANTED_MAX = 8 }; // hashes asked for and not fetched yet

struct hs_controls_feed {
    const struct hs_settings *settings; // borrowed
    struct hs_rcu_slot *slot;           // borrowed; its object holds a reference of ours
    struct hs_thread thread;

    // Of the thread alone.
    struct hs_controls_topic *topic;
    struct hs_controls_disk *disk; // from start to the thread's end
    bool scanned;                  // anpr.controls was read whole
    int64_t anchored_at_ms;        // when the anchor was last written, CLOCK_BOOTTIME
    int64_t retry_at_ms;           // before it anpr.controls is left alone, CLOCK_BOOTTIME

    pthread_mutex_t lock; // all below; who changes what the thread looks for wakes it
    struct hs_buf offer;  // packed, as Redis has it
    char offer_hash[HS_CONTROLS_HASH_BYTES];
    bool offered;             // there was one ever
    bool offer_fresh;         // not looked at yet
    struct hs_controls *live; // what matchers go by; never NULL
    struct hs_controls
        *head; // what correlators may activate; NULL: not known, or not in the topic yet
    struct hs_controls
        *kept[HS_CONTROLS_FEED_KEPT]; // the last heads, and older ones that were asked for
    size_t next_kept;                 // the next to be let go
    char wanted[WANTED_MAX][HS_CONTROLS_HASH_BYTES]; // "" : free
    struct hs_position position;                     // the next anchor
    bool has_position;
    enum hs_anchor_state anchor_state;
    struct hs_position anchor;
    bool from_disk;                            // live came from disk
    bool confirmed;                            // Redis said at some time that live is the head
    bool head_confirmed;                       // and that `head` is; once true it stays so
    char fault[HS_CONTROLS_FEED_REASON_BYTES]; // of the last offer; "" none
    char away[HS_CONTROLS_FEED_REASON_BYTES];  // of the topic; "" none

    struct hs_metric *m_live; // 1 when something other than the empty controls is live
    struct hs_metric *m_cameras;
    struct hs_metric *m_queues;
    struct hs_metric *m_refused;
    struct hs_metric *m_topic_faults;
};

#endif
