// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_LISTS_PARTS_H
#define HITSTREAMD_LISTS_PARTS_H
/*
 * What the files of the store thread share: lists.c (life, what is live, disk) and lists_follow.c
 * (Redis).
 *
 * Threads: the store thread, but for what is marked relaxed. Private to lists*.c.
 */

#include "hitstreamd/lists.h"
#include "hitstreamd/lists_job.h"
#include "hitstreamd/lists_load.h"
#include "hitstreamd/lists_view.h"
#include "hitstreamd/thread.h"

enum { HS_LISTS_FOLLOW_MS = 200, HS_LISTS_RETRY_MIN_MS = 250 };

// What ops is told of stale lists.
struct hs_lists_alarm {
    int64_t since_ms; // CLOCK_BOOTTIME; 0: current
    bool at_once;     // time does not mend it
    bool told;
    char why[HS_LISTS_REASON_BYTES];
};

struct hs_lists {
    const struct hs_settings *settings; // borrowed
    struct hs_rcu_slot *slot;           // borrowed; what stands in it is owned
    struct hs_controls_feed *feed;      // borrowed
    struct hs_notices *notices;         // borrowed; may be NULL
    struct hs_thread thread;
    _Atomic bool reload;      // relaxed; asked by a person, who wakes the thread
    _Atomic int64_t as_of_ms; // relaxed

    // Of the thread alone.
    struct hs_redis_config redis;
    struct hs_store *store;      // NULL: not connected
    struct hs_snapshot *current; // also in the slot; NULL: nothing is live
    struct hs_position position; // of the stream, as `current` has it
    bool need_load;              // what is live cannot be brought up to date by following
    bool anchor_ok;              // this connection's Redis stands not behind the anchor
    bool reached_before;         // there was another connection
    bool controls_seen;          // this connection's head of the controls was offered
    bool current_is_fresh;       // Redis confirmed what is live since the last fault
    int64_t retry_ms;
    int64_t away_said_at_ms;     // CLOCK_BOOTTIME; 0: Redis was there
    int64_t noted_as_of_ms;      // Unix; as written to disk
    int64_t next_load_ms;        // CLOCK_BOOTTIME
    int64_t next_round_ms;       // CLOCK_BOOTTIME
    int64_t saved_at_ms;         // CLOCK_BOOTTIME
    bool dirty;                  // differs from what is on disk
    struct hs_lists_batch batch; // of this round
    struct hs_lists_batch since; // changes since the running fold began
    struct hs_lists_job *job;    // helper thread: saves and folds
    int64_t started_at_ms;       // Unix
    struct hs_lists_alarm alarm;

    struct hs_lists_view *view; // what others see
    struct hs_metric *m_loads;
    struct hs_metric *m_list_loads;
    struct hs_metric *m_load_faults;
    struct hs_metric *m_changes;
    struct hs_metric *m_live_seconds;
};

// Progress for the watchdog; false: the thread is to end. ctx is the lists.
bool hs_lists_alive(void *ctx);
// What is live is not what Redis holds, for this reason.
void hs_lists_stale(struct hs_lists *lists, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// The same for what time does not mend: ops is told at once.
void hs_lists_broken(struct hs_lists *lists, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// lists_alarm.c: notes that lists are stale, or fresh again; tells ops when it is time.
void hs_lists_alarm_stale(struct hs_lists *lists, const char *why, bool at_once);
void hs_lists_alarm_fresh(struct hs_lists *lists);
void hs_lists_alarm_tend(struct hs_lists *lists);
// Redis confirms, now, that what is live is what it holds.
void hs_lists_fresh(struct hs_lists *lists);
// Takes `next`. The one before is freed when no reader can see it.
void hs_lists_publish(struct hs_lists *lists, struct hs_snapshot *next, const char *source);
// One round with Redis: connect, load or follow, check, register. Bounded by the connection's
// timeouts.
void hs_lists_round(struct hs_lists *lists);

#endif
