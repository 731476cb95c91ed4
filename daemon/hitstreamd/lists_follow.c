// SPDX-License-Identifier: Apache-2.0
// The store thread's side of Redis: connect, judge, load, follow, register.

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/heap.h"
#include "hitstreamd/lists_parts.h"

HS_LOG_EVENT(ev_live, "lists-live", "a62748e4b9b342c2992445ee4c3db704");
HS_LOG_EVENT(ev_redis, "redis-away", "a308544bf0424b929f236918d60a7c6e");
HS_LOG_EVENT(ev_back, "redis-reached", "5411d51d7e5d4ac981cc16ce8c64f988");
HS_LOG_EVENT(ev_stale, "lists-stale", "7c0a2e4fd8b94e7cb2a7d1930c5be6a1");
HS_LOG_EVENT(ev_gap, "lists-gap", "0f9ad3e7b15c4c8e9d2476a8f3be1c52");
HS_LOG_EVENT(ev_refused, "redis-behind-anchor", "d49b7a3e20f84d6c8e15c0b7a96f2d83");

enum {
    ROUND_MS = 1000,           // check and registration
    RETRY_MAX_MS = 4000,       // between attempts to reach Redis, doubled up to this
    AWAY_SAID_EACH_MS = 60000, // the log says so often that Redis is away
    RELOAD_RETRY_MS = 2000,    // between attempts to read everything
};

static void disconnect(struct hs_lists *lists, int rc)
{
    hs_log(HS_LOG_WARNING, &ev_redis, "redis is away: %s, %s; lists stay as they are",
           hs_strerror(rc), hs_store_why(lists->store));
    hs_lists_stale(lists, "redis: %s", hs_strerror(rc));
    hs_store_free(lists->store);
    lists->store = NULL;
    hs_lists_view_redis(lists->view, false);
}

// It may be another Redis, or an older copy: it is judged before it is believed again.
static void doubt(struct hs_lists *lists)
{
    lists->anchor_ok = false;
    hs_controls_feed_anchor_again(lists->feed);
}

static bool connect_redis(struct hs_lists *lists)
{
    struct hs_buf why = {0};
    int rc = hs_store_open(&lists->redis, &lists->store, &why);
    if (rc < 0) {
        int64_t now_ms = hs_clock_boottime_ms();
        if (lists->away_said_at_ms == 0 || now_ms - lists->away_said_at_ms >= AWAY_SAID_EACH_MS) {
            hs_log(HS_LOG_WARNING, &ev_redis, "redis cannot be reached: %s, %s; trying again",
                   hs_strerror(rc), hs_buf_text(&why));
            lists->away_said_at_ms = now_ms;
        }
        hs_lists_stale(lists, "redis cannot be reached: %s", hs_buf_text(&why));
        hs_thread_rest(&lists->thread, lists->retry_ms);
        lists->retry_ms = lists->retry_ms * 2 < RETRY_MAX_MS ? lists->retry_ms * 2 : RETRY_MAX_MS;
    } else {
        lists->retry_ms = HS_LISTS_RETRY_MIN_MS;
        lists->away_said_at_ms = 0;
        if (lists->reached_before) {
            doubt(lists);
        }
        lists->reached_before = true;
        lists->controls_seen = false;
        lists->next_round_ms = 0;
        lists->next_load_ms = 0;
        hs_lists_view_redis(lists->view, true);
        hs_log(HS_LOG_INFO, &ev_back, "redis reached");
    }
    hs_buf_fini(&why);
    return rc == 0;
}

// True when this Redis holds all that the anchor has seen, or a person said that it is right.
static bool anchor_holds(struct hs_lists *lists, int *ret_rc)
{
    struct hs_position anchor;
    *ret_rc = 0;
    switch (hs_controls_feed_anchor(lists->feed, &anchor)) {
    case HS_ANCHOR_UNKNOWN:
        hs_lists_stale(
            lists, "waiting for the audit anchor: kafka: topic 'anpr.controls' is not read yet");
        return false;
    case HS_ANCHOR_NONE:
        return true;
    case HS_ANCHOR_KNOWN:
        break;
    }
    int rc = hs_store_check(lists->store, &anchor);
    if (rc == HS_ELOST) {
        rc = hs_store_confirmed(lists->store, anchor.id);
        if (rc == HS_ENOTFOUND) {
            hs_log(
                HS_LOG_ERROR, &ev_refused,
                "redis is refused: it does not hold change '%s' that its audit anchor has seen (a "
                "restored backup?); lists stay as they are until a person confirms it",
                anchor.id);
            hs_lists_broken(lists, "redis is refused: it stands behind its audit anchor '%s'",
                            anchor.id);
            return false;
        }
    }
    *ret_rc = rc;
    return rc == 0;
}

static int offer_controls(struct hs_lists *lists)
{
    char hash[HS_CONTROLS_HASH_BYTES], offered[HS_CONTROLS_HASH_BYTES];
    bool was_offered;
    int rc = hs_store_controls_head(lists->store, hash, NULL);
    hs_controls_feed_offered(lists->feed, offered, &was_offered);
    if (rc < 0 || (was_offered && strcmp(hash, offered) == 0)) {
        lists->controls_seen = rc == 0;
        return rc;
    }
    struct hs_buf packed = {0};
    rc = hs_store_controls_head(lists->store, hash, &packed);
    if (rc == 0) {
        hs_controls_feed_offer(lists->feed, hash, hs_buf_str(&packed));
        lists->controls_seen = true;
    }
    hs_buf_fini(&packed);
    return rc;
}

// A right that is missing leaves the connection as it is, and comes by it when it is given.
static bool connection_is_gone(int rc)
{
    return rc == HS_EUNREACHABLE || rc == HS_ETIMEDOUT || rc == HS_EIO;
}

static int load_failed(struct hs_lists *lists, int rc, const char *why)
{
    if (rc != HS_ECANCELED) {
        hs_metric_add(lists->m_load_faults, 1);
        hs_log(HS_LOG_ERROR, &ev_stale, "lists cannot be read from redis: %s (%s); %s", why,
               hs_strerror(rc), lists->current ? "the last good ones stay" : "none are live");
        (rc == HS_ECHECKSUM ? hs_lists_broken
                            : hs_lists_stale)(lists, "lists cannot be read from redis: %s", why);
    }
    lists->next_load_ms = hs_clock_boottime_ms() + RELOAD_RETRY_MS;
    return rc;
}

static int load_all(struct hs_lists *lists)
{
    struct hs_snapshot *next;
    struct hs_position position;
    struct hs_snapshot_stats stats;
    char why[HS_LISTS_WHY_BYTES];
    int64_t from_ns = hs_clock_monotonic_ns();
    hs_lists_view_loading(lists->view, true);
    int rc = hs_lists_load(lists->store, hs_lists_alive, lists, &next, &position, why);
    hs_lists_view_loading(lists->view, false);
    if (rc < 0) {
        return load_failed(lists, rc, why);
    }
    hs_lists_batch_clear(&lists->batch); // whatever waited was read
    lists->position = position;
    lists->need_load = false;
    hs_lists_job_forget(lists->job);
    hs_lists_publish(lists, next, "redis");
    hs_lists_fresh(lists);
    lists->dirty = true;
    lists->saved_at_ms = 0;
    hs_metric_add(lists->m_loads, 1);
    hs_snapshot_stats(lists->current, &stats);
    hs_log(HS_LOG_NOTICE, &ev_live, "'%llu' entries of '%llu' lists live, from redis, in '%lld' ms",
           (unsigned long long)stats.entries, (unsigned long long)stats.lists,
           (long long)((hs_clock_monotonic_ns() - from_ns) / 1000000));
    hs_heap_return(); // what reading took goes back to the system
    return 0;
}

static int lists_register(struct hs_lists *lists)
{
    struct hs_lists_status status;
    char controls[HS_CONTROLS_HASH_BYTES];
    hs_lists_view_status(lists->view, &status);
    hs_controls_feed_live_hash(lists->feed, controls);
    const struct hs_instance instance = {
        .instance_id = hs_str(lists->settings->instance_id),
        .change_id = hs_str(status.change_id), // of what is live, not of what was read
        .controls_hash = hs_str(controls),
        .state = hs_str(status.state),
        .lists = status.lists,
        .entries = status.entries,
        .as_of_ms = hs_lists_as_of_ms(lists),
        .started_at_ms = lists->started_at_ms,
        .last_seen_ms = hs_clock_realtime_ms(),
    };
    return hs_store_register(lists->store, &instance);
}

// ---- changes ----

static int apply_rows(struct hs_lists *lists)
{
    const struct hs_lists_batch *batch = &lists->batch;
    struct hs_snapshot *next;
    char mark[HS_LISTS_MARK_BYTES];
    hs_lists_mark(&lists->position, mark);
    int rc = hs_snapshot_apply(lists->current, batch->rows, batch->count, hs_clock_realtime_ms(),
                               hs_str(mark), &next);
    if (rc == HS_ELIMIT) { // the fold did not keep pace: do it here
        struct hs_snapshot *folded;
        hs_lists_job_forget(lists->job);
        rc = hs_snapshot_rebuild(lists->current, &folded);
        if (rc == 0) {
            hs_lists_publish(lists, folded, "redis");
            rc = hs_snapshot_apply(folded, batch->rows, batch->count, hs_clock_realtime_ms(),
                                   hs_str(mark), &next);
        }
    }
    if (rc == 0) {
        hs_lists_publish(lists, next, "redis");
        lists->dirty = true;
        if (hs_lists_job_folding(lists->job)) {
            rc = hs_lists_batch_append(&lists->since, batch);
        }
    }
    return rc;
}

// Reads the lists with a new generation, and keeps the others. The batch waits until it is done.
static int load_some(struct hs_lists *lists)
{
    struct hs_lists_batch *batch = &lists->batch;
    struct hs_snapshot *next;
    char why[HS_LISTS_WHY_BYTES], mark[HS_LISTS_MARK_BYTES];
    int64_t from_ns = hs_clock_monotonic_ns();
    hs_lists_mark(&lists->position, mark);
    hs_lists_view_loading(lists->view, true);
    int rc = hs_lists_load_some(lists->store, lists->current, batch->loads, batch->load_count,
                                hs_lists_alive, lists, mark, &next, why);
    hs_lists_view_loading(lists->view, false);
    if (rc < 0) {
        return load_failed(lists, rc, why);
    }
    hs_lists_job_forget(lists->job);
    hs_lists_publish(lists, next, "redis");
    lists->dirty = true;
    lists->saved_at_ms = 0;
    hs_metric_add(lists->m_list_loads, batch->load_count);
    hs_log(HS_LOG_NOTICE, &ev_live, "'%zu' of '%llu' lists read from redis and live, in '%lld' ms",
           batch->load_count, (unsigned long long)hs_lists_view_count(lists->view),
           (long long)((hs_clock_monotonic_ns() - from_ns) / 1000000));
    batch->load_count = 0;
    hs_heap_return();
    return 0;
}

static void apply_batch(struct hs_lists *lists)
{
    struct hs_lists_batch *batch = &lists->batch;
    if (batch->passed == batch->seen) { // somebody looked: what is live is what it was
        hs_lists_view_position(lists->view, &lists->position);
        return;
    }
    if (batch->load) {
        lists->need_load = true;
        lists->next_load_ms = 0;
        return;
    }
    hs_lists_batch_skip_known(batch, lists->current);
    int rc = apply_rows(lists);
    if (rc < 0) {
        hs_metric_add(lists->m_load_faults, 1);
        hs_log(HS_LOG_ERROR, &ev_stale,
               "a change up to '%s' cannot be applied: %s; reading all lists", lists->position.id,
               hs_strerror(rc));
        hs_lists_stale(lists, "a change up to '%s' cannot be applied: %s", lists->position.id,
                       hs_strerror(rc));
        lists->need_load = true;
        return;
    }
    double age_s = (double)(hs_clock_realtime_ms() - batch->oldest_at_ms) / 1000;
    hs_metric_observe(lists->m_live_seconds, age_s > 0 ? age_s : 0);
}

// Waits for changes and makes them live.
static int follow(struct hs_lists *lists)
{
    hs_lists_batch_clear(&lists->batch);
    int rc = hs_store_follow(lists->store, &lists->position, HS_LISTS_FOLLOW_MS,
                             hs_lists_batch_take, &lists->batch);
    hs_metric_add(lists->m_changes, lists->batch.seen);
    if (lists->batch.controls) {
        lists->controls_seen = false;
    }
    hs_lists_batch_skip_known(&lists->batch, lists->current);
    if (lists->batch.seen > 0 && lists->batch.load_count == 0) {
        apply_batch(lists);
    }
    lists->next_round_ms = lists->batch.seen > 0 ? 0 : lists->next_round_ms; // registers at once
    if (rc == HS_ELOST) {
        hs_log(HS_LOG_WARNING, &ev_gap,
               "the stream of changes is broken after '%s': %s; reading all", lists->position.id,
               hs_store_why(lists->store));
        hs_lists_stale(lists, "the stream of changes is broken after '%s'", lists->position.id);
        lists->need_load = true;
        doubt(lists);
        return 0;
    }
    if (rc == 0 && !lists->need_load && lists->batch.load_count == 0) {
        hs_lists_fresh(lists);
    }
    return rc;
}

// ---- the round ----

// Once a second, and at once after a change: does the stream still hold what we stand on; here we
// are.
static int each_second(struct hs_lists *lists)
{
    int64_t now_ms = hs_clock_boottime_ms();
    if (now_ms < lists->next_round_ms) {
        return 0;
    }
    lists->next_round_ms = now_ms + ROUND_MS;
    int rc = lists->controls_seen ? 0 : offer_controls(lists);
    if (rc == 0 && !lists->need_load) {
        rc = hs_store_check(lists->store, &lists->position);
        if (rc == HS_ELOST) {
            hs_log(HS_LOG_WARNING, &ev_gap,
                   "redis no longer holds change '%s' (a failover?); reading all",
                   lists->position.id);
            hs_lists_stale(lists, "redis no longer holds change '%s'", lists->position.id);
            lists->need_load = true;
            doubt(lists);
            rc = 0;
        }
    }
    if (rc == 0 && lists->current_is_fresh) {
        hs_controls_feed_position(lists->feed, &lists->position);
    }
    return rc == 0 ? lists_register(lists) : rc;
}

// A fault of the contents is shown, and no fault of the connection.
static int told(struct hs_lists *lists, int rc)
{
    if (rc == 0 || connection_is_gone(rc)) {
        return rc;
    }
    hs_lists_stale(lists, "redis: %s (%s)", hs_store_why(lists->store), hs_strerror(rc));
    hs_thread_rest(&lists->thread, HS_LISTS_RETRY_MIN_MS);
    return 0;
}

static int bring_up_to_date(struct hs_lists *lists)
{
    int rc = 0;
    if (!lists->anchor_ok) {
        lists->anchor_ok = anchor_holds(lists, &rc);
        if (!lists->anchor_ok) {
            hs_thread_rest(&lists->thread, HS_LISTS_FOLLOW_MS);
            return told(lists, rc);
        }
    }
    if (atomic_exchange_explicit(&lists->reload, false, memory_order_relaxed)) {
        lists->need_load = true;
        lists->next_load_ms = 0;
    }
    if (!lists->need_load && lists->batch.load_count == 0) {
        rc = told(lists, follow(lists));
        if (rc != 0 || lists->need_load || lists->batch.load_count == 0) {
            return rc;
        }
        lists->next_load_ms = 0;
    }
    if (hs_clock_boottime_ms() < lists->next_load_ms) {
        hs_thread_rest(&lists->thread, HS_LISTS_FOLLOW_MS);
        return 0;
    }
    rc = lists->need_load ? load_all(lists) : load_some(lists);
    if (rc == 0 && lists->batch.seen > 0) { // what came with the load
        apply_batch(lists);
        hs_lists_fresh(lists);
    }
    lists->next_round_ms = 0;
    return connection_is_gone(rc) ? rc : 0; // load_all() told what else there was
}

// Connection faults end the connection; what is wrong with the contents is told and stays wrong
// until mended.
void hs_lists_round(struct hs_lists *lists)
{
    if (!lists->store && !connect_redis(lists)) {
        return;
    }
    int rc = bring_up_to_date(lists);
    if (rc == 0) {
        rc = told(lists, each_second(lists));
    }
    if (connection_is_gone(rc)) {
        disconnect(lists, rc);
        hs_thread_rest(&lists->thread, HS_LISTS_RETRY_MIN_MS);
    }
}
