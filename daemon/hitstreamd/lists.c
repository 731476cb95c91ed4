// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/lists.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/lists_job.h"
#include "hitstreamd/lists_load.h"
#include "hitstreamd/lists_view.h"
#include "hitstreamd/state_file.h"

HS_LOG_EVENT(ev_live, "lists-live", "a62748e4b9b342c2992445ee4c3db704");
HS_LOG_EVENT(ev_redis, "redis-away", "a308544bf0424b929f236918d60a7c6e");
HS_LOG_EVENT(ev_back, "redis-reached", "5411d51d7e5d4ac981cc16ce8c64f988");
HS_LOG_EVENT(ev_stale, "lists-stale", "7c0a2e4fd8b94e7cb2a7d1930c5be6a1");
HS_LOG_EVENT(ev_gap, "lists-gap", "0f9ad3e7b15c4c8e9d2476a8f3be1c52");
HS_LOG_EVENT(ev_refused, "redis-behind-anchor", "d49b7a3e20f84d6c8e15c0b7a96f2d83");
HS_LOG_EVENT(ev_disk, "snapshot-unusable", "3be86d10c7f24a59a0d3f5e21b7c9864");

enum {
    FOLLOW_MS = 200,    // how long a read of the stream blocks
    ROUND_MS = 1000,    // check and registration
    RETRY_MIN_MS = 250, // between attempts to reach Redis, doubled up to the next
    RETRY_MAX_MS = 4000,
    RELOAD_RETRY_MS = 2000,   // between attempts to read everything
    SAVE_INTERVAL_MS = 60000, // of snapshots that only changes made different
};

static const double live_bounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

struct hs_lists {
    const struct hs_settings *settings; // borrowed
    struct hs_rcu_slot *slot;           // borrowed; what stands in it is owned
    struct hs_controls_feed *feed;      // borrowed
    pthread_t thread;
    bool started;
    _Atomic uint64_t progress; // relaxed
    _Atomic bool stop;         // relaxed; the condition variable wakes
    _Atomic bool reload;       // relaxed; asked by a person
    _Atomic int64_t as_of_ms;  // relaxed

    // Of the thread alone.
    struct hs_redis_config redis;
    struct hs_store *store;      // NULL: not connected
    struct hs_snapshot *current; // also in the slot; NULL: nothing is live
    struct hs_position position; // of the stream, as `current` has it
    bool need_load;              // what is live cannot be brought up to date by following
    bool anchor_ok;              // this connection's Redis stands not behind the anchor
    bool controls_seen;          // this connection's head of the controls was offered
    bool current_is_fresh;       // Redis confirmed what is live since the last fault
    int64_t retry_ms;
    int64_t next_load_ms;        // CLOCK_BOOTTIME
    int64_t next_round_ms;       // CLOCK_BOOTTIME
    int64_t saved_at_ms;         // CLOCK_BOOTTIME
    bool dirty;                  // differs from what is on disk
    struct hs_lists_batch batch; // of this round
    struct hs_lists_batch since; // changes since the running fold began
    struct hs_lists_job *job;    // helper thread: saves and folds
    int64_t started_at_ms;       // Unix

    pthread_mutex_t lock; // guards the wake-up
    pthread_cond_t wake;
    struct hs_lists_view *view; // what others see
    struct hs_metric *m_loads;
    struct hs_metric *m_load_faults;
    struct hs_metric *m_changes;
    struct hs_metric *m_live_seconds;
};

static bool alive(void *ctx)
{
    struct hs_lists *lists = ctx;
    atomic_fetch_add_explicit(&lists->progress, 1, memory_order_relaxed);
    return !atomic_load_explicit(&lists->stop, memory_order_relaxed);
}

// ---- life ----

static void register_metrics(struct hs_lists *lists, struct hs_metrics *metrics)
{
    lists->m_loads = hs_metrics_counter(metrics, "hitstream_lists_loads_total", "",
                                        "Times all lists were read from Redis and went live");
    lists->m_load_faults =
        hs_metrics_counter(metrics, "hitstream_lists_load_failures_total", "",
                           "Times lists or changes from Redis could not be used");
    lists->m_changes = hs_metrics_counter(metrics, "hitstream_lists_changes_total", "",
                                          "Records of the change stream that were followed");
    lists->m_live_seconds =
        hs_metrics_histogram(metrics, "hitstream_lists_change_live_seconds", "",
                             "From a change's own time to its being live here", live_bounds,
                             sizeof(live_bounds) / sizeof(live_bounds[0]));
}

static struct hs_redis_config redis_config(const struct hs_settings *settings)
{
    return (struct hs_redis_config){
        .socket = settings->redis_socket[0] ? settings->redis_socket : NULL,
        .host = settings->redis_host,
        .port = settings->redis_port,
        .user = settings->redis_user,
        .password_file = settings->redis_password_file,
        .connect_timeout_ms = settings->redis_connect_timeout_ms,
        .command_timeout_ms = settings->redis_command_timeout_ms,
    };
}

int hs_lists_new(const struct hs_lists_config *config, struct hs_lists **ret_lists)
{
    struct hs_lists *lists = calloc(1, sizeof(*lists));
    if (!lists) {
        return HS_ENOMEM;
    }
    lists->settings = config->settings;
    lists->slot = config->snapshot;
    lists->feed = config->feed;
    lists->redis = redis_config(config->settings);
    lists->retry_ms = RETRY_MIN_MS;
    lists->need_load = true;
    lists->started_at_ms = hs_clock_realtime_ms();
    pthread_mutex_init(&lists->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&lists->wake, &attr);
    pthread_condattr_destroy(&attr);
    int rc = hs_lists_view_new(config->metrics, &lists->view);
    if (rc == 0) {
        rc = hs_lists_job_new(config->settings->state_dir, config->metrics, &lists->job);
    }
    if (rc < 0) {
        hs_lists_free(lists);
        return rc;
    }
    register_metrics(lists, config->metrics);
    *ret_lists = lists;
    return 0;
}

void hs_lists_free(struct hs_lists *lists)
{
    if (!lists) {
        return;
    }
    hs_lists_job_free(lists->job);
    if (lists->current) {
        hs_rcu_publish(lists->slot, NULL);
        hs_rcu_synchronize();
        hs_snapshot_free(lists->current);
    }
    hs_store_free(lists->store);
    hs_lists_batch_fini(&lists->batch);
    hs_lists_batch_fini(&lists->since);
    hs_lists_view_free(lists->view);
    pthread_mutex_destroy(&lists->lock);
    pthread_cond_destroy(&lists->wake);
    free(lists);
}

uint64_t hs_lists_progress(const struct hs_lists *lists)
{
    return atomic_load_explicit(&lists->progress, memory_order_relaxed);
}

int64_t hs_lists_as_of_ms(void *ctx)
{
    struct hs_lists *lists = ctx;
    return atomic_load_explicit(&lists->as_of_ms, memory_order_relaxed);
}

static void wake(struct hs_lists *lists)
{
    pthread_mutex_lock(&lists->lock);
    pthread_cond_signal(&lists->wake);
    pthread_mutex_unlock(&lists->lock);
}

void hs_lists_reload(struct hs_lists *lists)
{
    atomic_store_explicit(&lists->reload, true, memory_order_relaxed);
    wake(lists);
}

static void pause_ms(struct hs_lists *lists, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (ms % 1000) * 1000000;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&lists->lock);
    if (!atomic_load_explicit(&lists->stop, memory_order_relaxed)) {
        pthread_cond_timedwait(&lists->wake, &lists->lock, &until);
    }
    pthread_mutex_unlock(&lists->lock);
}

// ---- what is live, and what is told about it ----

static void stale(struct hs_lists *lists, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void stale(struct hs_lists *lists, const char *format, ...)
{
    char why[HS_LISTS_REASON_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    lists->current_is_fresh = false;
    hs_lists_view_stale(lists->view, why);
}

// Redis confirms, now, that what is live is what it holds.
static void fresh(struct hs_lists *lists)
{
    int64_t now_ms = hs_clock_realtime_ms();
    atomic_store_explicit(&lists->as_of_ms, now_ms, memory_order_relaxed);
    lists->current_is_fresh = true;
    hs_lists_view_fresh(lists->view, now_ms);
}

// Takes `next`. The one before is freed when no reader can see it.
static void publish(struct hs_lists *lists, struct hs_snapshot *next, const char *source)
{
    struct hs_snapshot *before = hs_rcu_publish(lists->slot, next);
    lists->current = next;
    hs_lists_view_publish(lists->view, next, source, &lists->position);
    if (before) {
        hs_rcu_synchronize();
        hs_snapshot_free(before);
    }
}

static void load_from_disk(struct hs_lists *lists)
{
    char path[4096];
    struct hs_snapshot *snapshot;
    struct hs_snapshot_stats stats;
    int rc = hs_state_path(lists->settings->state_dir, HS_LISTS_FILE, path, sizeof(path));
    if (rc == 0) {
        rc = hs_snapshot_load(path, &snapshot);
    }
    if (rc == HS_ENOTFOUND) {
        return;
    }
    if (rc == 0 && hs_lists_unmark(hs_snapshot_change_id(snapshot), &lists->position) < 0) {
        hs_snapshot_free(snapshot);
        rc = HS_EFORMAT;
    }
    if (rc < 0) {
        hs_log(HS_LOG_WARNING, &ev_disk, "snapshot '%s' cannot be used: %s, ignoring", path,
               hs_strerror(rc));
        return;
    }
    hs_snapshot_stats(snapshot, &stats);
    atomic_store_explicit(&lists->as_of_ms, stats.as_of_ms, memory_order_relaxed);
    publish(lists, snapshot, "disk");
    lists->need_load = false;
    hs_log(HS_LOG_NOTICE, &ev_live, "'%llu' entries of '%llu' lists live, from disk",
           (unsigned long long)stats.entries, (unsigned long long)stats.lists);
}

// ---- Redis ----

static void disconnect(struct hs_lists *lists, int rc)
{
    hs_log(HS_LOG_WARNING, &ev_redis, "redis is away: %s, %s; lists stay as they are",
           hs_strerror(rc), hs_store_why(lists->store));
    stale(lists, "redis: %s", hs_strerror(rc));
    hs_store_free(lists->store);
    lists->store = NULL;
    hs_lists_view_redis(lists->view, false);
}

static bool connect_redis(struct hs_lists *lists)
{
    struct hs_buf why = {0};
    int rc = hs_store_open(&lists->redis, &lists->store, &why);
    if (rc < 0) {
        hs_log(HS_LOG_WARNING, &ev_redis, "redis cannot be reached: %s, %s", hs_strerror(rc),
               hs_buf_text(&why));
        stale(lists, "redis cannot be reached: %s", hs_buf_text(&why));
        pause_ms(lists, lists->retry_ms);
        lists->retry_ms = lists->retry_ms * 2 < RETRY_MAX_MS ? lists->retry_ms * 2 : RETRY_MAX_MS;
    } else {
        lists->retry_ms = RETRY_MIN_MS;
        lists->anchor_ok = false;
        lists->controls_seen = false;
        lists->next_round_ms = 0;
        lists->next_load_ms = 0;
        hs_lists_view_redis(lists->view, true);
        hs_log(HS_LOG_INFO, &ev_back, "redis reached");
    }
    hs_buf_fini(&why);
    return rc == 0;
}

// True when this Redis holds all that the anchor has seen, or a person said that it is right. While
// the anchor is not known a Redis is taken only when nothing is live.
static bool anchor_holds(struct hs_lists *lists, int *ret_rc)
{
    struct hs_position anchor;
    *ret_rc = 0;
    switch (hs_controls_feed_anchor(lists->feed, &anchor)) {
    case HS_ANCHOR_UNKNOWN:
        if (lists->current) {
            stale(lists, "waiting for the audit anchor: kafka has not been read yet");
        }
        return lists->current == NULL;
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
            stale(lists, "redis is refused: it stands behind its audit anchor '%s'", anchor.id);
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

static int load_all(struct hs_lists *lists)
{
    struct hs_snapshot *next;
    struct hs_position position;
    struct hs_snapshot_stats stats;
    char why[HS_LISTS_WHY_BYTES];
    int64_t from_ns = hs_clock_monotonic_ns();
    hs_lists_view_loading(lists->view, true);
    int rc = hs_lists_load(lists->store, alive, lists, &next, &position, why);
    hs_lists_view_loading(lists->view, false);
    if (rc < 0) {
        if (rc != HS_ECANCELED) {
            hs_metric_add(lists->m_load_faults, 1);
            hs_log(HS_LOG_ERROR, &ev_stale, "lists cannot be read from redis: %s (%s); %s", why,
                   hs_strerror(rc), lists->current ? "the last good ones stay" : "none are live");
            stale(lists, "lists cannot be read from redis: %s", why);
        }
        lists->next_load_ms = hs_clock_boottime_ms() + RELOAD_RETRY_MS;
        return rc;
    }
    lists->position = position;
    lists->need_load = false;
    hs_lists_job_forget(lists->job);
    publish(lists, next, "redis");
    fresh(lists);
    lists->dirty = true;
    lists->saved_at_ms = 0;
    hs_metric_add(lists->m_loads, 1);
    hs_snapshot_stats(lists->current, &stats);
    hs_log(HS_LOG_NOTICE, &ev_live, "'%llu' entries of '%llu' lists live, from redis, in '%lld' ms",
           (unsigned long long)stats.entries, (unsigned long long)stats.lists,
           (long long)((hs_clock_monotonic_ns() - from_ns) / 1000000));
    malloc_trim(0); // what reading took goes back to the system
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
        .change_id = hs_str(lists->position.id),
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
            publish(lists, folded, "redis");
            rc = hs_snapshot_apply(folded, batch->rows, batch->count, hs_clock_realtime_ms(),
                                   hs_str(mark), &next);
        }
    }
    if (rc == 0) {
        publish(lists, next, "redis");
        lists->dirty = true;
        if (hs_lists_job_folding(lists->job)) {
            rc = hs_lists_batch_append(&lists->since, batch);
        }
    }
    return rc;
}

static void apply_batch(struct hs_lists *lists)
{
    struct hs_lists_batch *batch = &lists->batch;
    hs_metric_add(lists->m_changes, batch->seen);
    if (batch->load) {
        lists->need_load = true;
        lists->next_load_ms = 0;
        return;
    }
    int rc = apply_rows(lists);
    if (rc < 0) {
        hs_metric_add(lists->m_load_faults, 1);
        hs_log(HS_LOG_ERROR, &ev_stale,
               "a change up to '%s' cannot be applied: %s; reading all lists", lists->position.id,
               hs_strerror(rc));
        stale(lists, "a change up to '%s' cannot be applied: %s", lists->position.id,
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
    int rc = hs_store_follow(lists->store, &lists->position, FOLLOW_MS, hs_lists_batch_take,
                             &lists->batch);
    bool controls = lists->batch.controls;
    if (lists->batch.seen > 0) {
        apply_batch(lists);
        if (controls) {
            lists->controls_seen = false;
        }
        lists->next_round_ms = 0; // registers at once
    }
    if (rc == HS_ELOST) {
        hs_log(HS_LOG_WARNING, &ev_gap,
               "the stream of changes is broken after '%s': %s; reading all", lists->position.id,
               hs_store_why(lists->store));
        stale(lists, "the stream of changes is broken after '%s'", lists->position.id);
        lists->need_load = true;
        lists->anchor_ok = false;
        return 0;
    }
    if (rc == 0 && !lists->need_load) {
        fresh(lists);
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
            stale(lists, "redis no longer holds change '%s'", lists->position.id);
            lists->need_load = true;
            lists->anchor_ok = false;
            rc = 0;
        }
    }
    if (rc == 0 && lists->current_is_fresh) {
        hs_controls_feed_position(lists->feed, &lists->position);
    }
    return rc == 0 ? lists_register(lists) : rc;
}

static bool connection_is_gone(int rc)
{
    return rc == HS_EUNREACHABLE || rc == HS_ETIMEDOUT || rc == HS_EIO || rc == HS_EPERM;
}

// A fault of the contents is shown, and no fault of the connection.
static int told(struct hs_lists *lists, int rc)
{
    if (rc == 0 || connection_is_gone(rc)) {
        return rc;
    }
    stale(lists, "redis: %s (%s)", hs_store_why(lists->store), hs_strerror(rc));
    pause_ms(lists, RETRY_MIN_MS);
    return 0;
}

static int bring_up_to_date(struct hs_lists *lists)
{
    int rc = 0;
    if (!lists->anchor_ok) {
        lists->anchor_ok = anchor_holds(lists, &rc);
        if (!lists->anchor_ok) {
            pause_ms(lists, FOLLOW_MS);
            return told(lists, rc);
        }
    }
    if (atomic_exchange_explicit(&lists->reload, false, memory_order_relaxed)) {
        lists->need_load = true;
        lists->next_load_ms = 0;
    }
    if (!lists->need_load) {
        rc = follow(lists);
        return told(lists, rc);
    }
    if (hs_clock_boottime_ms() < lists->next_load_ms) {
        pause_ms(lists, FOLLOW_MS);
        return 0;
    }
    rc = load_all(lists);
    lists->next_round_ms = 0;
    return connection_is_gone(rc) ? rc : 0; // load_all() told what else there was
}

// Connection faults end the connection; what is wrong with the contents is told and stays wrong
// until mended.
static void store_round(struct hs_lists *lists)
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
        pause_ms(lists, RETRY_MIN_MS);
    }
}

// ---- saving and folding in, by the helper thread ----

// What the fold made, with what came meanwhile.
static void take_folded(struct hs_lists *lists, struct hs_snapshot *folded)
{
    struct hs_snapshot *next;
    char mark[HS_LISTS_MARK_BYTES];
    hs_lists_mark(&lists->position, mark);
    int rc = hs_snapshot_apply(folded, lists->since.rows, lists->since.count,
                               hs_lists_as_of_ms(lists), hs_str(mark), &next);
    hs_snapshot_free(folded);
    if (rc == 0) {
        publish(lists, next, hs_lists_view_source(lists->view));
        malloc_trim(0);
    }
    hs_lists_batch_clear(&lists->since);
}

static void tend_job(struct hs_lists *lists)
{
    struct hs_snapshot *folded = NULL;
    int64_t now_ms = hs_clock_boottime_ms();
    if (hs_lists_job_take(lists->job, &folded) && folded) {
        take_folded(lists, folded);
    }
    if (!lists->current || hs_lists_job_busy(lists->job)) {
        return;
    }
    char mark[HS_LISTS_MARK_BYTES];
    hs_lists_mark(&lists->position, mark);
    if (hs_lists_job_fold_due(lists->current)) {
        hs_lists_batch_clear(&lists->since);
        hs_lists_job_fold(lists->job, lists->current, hs_lists_as_of_ms(lists), mark);
    } else if (lists->dirty &&
               (lists->saved_at_ms == 0 || now_ms - lists->saved_at_ms >= SAVE_INTERVAL_MS) &&
               hs_lists_job_save(lists->job, lists->current, hs_lists_as_of_ms(lists), mark) == 0) {
        lists->dirty = false;
        lists->saved_at_ms = now_ms;
    }
}

static void *lists_run(void *arg)
{
    struct hs_lists *lists = arg;
    load_from_disk(lists);
    while (alive(lists)) {
        store_round(lists);
        tend_job(lists);
    }
    hs_lists_job_wait(lists->job);
    if (lists->dirty) {
        lists->saved_at_ms = 0;
        tend_job(lists);
        hs_lists_job_wait(lists->job);
    }
    return NULL;
}

int hs_lists_start(struct hs_lists *lists)
{
    if (pthread_create(&lists->thread, NULL, lists_run, lists) != 0) {
        return HS_ENOMEM;
    }
    lists->started = true;
    pthread_setname_np(lists->thread, "hs-store");
    return 0;
}

int hs_lists_stop(struct hs_lists *lists, int64_t timeout_ms)
{
    if (!lists->started) {
        return 0;
    }
    atomic_store_explicit(&lists->stop, true, memory_order_relaxed);
    wake(lists);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000 + 1;
    if (pthread_timedjoin_np(lists->thread, NULL, &until) != 0) {
        return HS_ETIMEDOUT;
    }
    lists->started = false;
    return 0;
}

void hs_lists_status(struct hs_lists *lists, struct hs_lists_status *ret_status)
{
    hs_lists_view_status(lists->view, ret_status);
    ret_status->as_of_ms = hs_lists_as_of_ms(lists);
}

size_t hs_lists_rows(struct hs_lists *lists, struct hs_lists_row *ret_rows, size_t max)
{
    return hs_lists_view_rows(lists->view, ret_rows, max);
}
