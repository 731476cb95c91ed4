// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "config/file.h"
#include "hitstreamd/heap.h"
#include "hitstreamd/lists_parts.h"
#include "hitstreamd/state_file.h"

HS_LOG_EVENT(ev_live, "lists-live", "a62748e4b9b342c2992445ee4c3db704");
HS_LOG_EVENT(ev_disk, "snapshot-unusable", "3be86d10c7f24a59a0d3f5e21b7c9864");

enum {
    SAVE_INTERVAL_MS = 60000, // of snapshots that only changes made different
    NOTE_INTERVAL_MS = 60000, // of the note as of when they were current
    NOTE_MAX_BYTES = 512,
};
#define AS_OF_FILE "lists.as-of"

static const double live_bounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

bool hs_lists_alive(void *ctx)
{
    struct hs_lists *lists = ctx;
    hs_thread_beat(&lists->thread);
    return !hs_thread_stopping(&lists->thread);
}

// ---- life ----

static void register_metrics(struct hs_lists *lists, struct hs_metrics *metrics)
{
    lists->m_loads = hs_metrics_counter(metrics, "hitstream_lists_loads_total", "",
                                        "Times all lists were read from Redis and went live");
    lists->m_list_loads = hs_metrics_counter(metrics, "hitstream_lists_list_loads_total", "",
                                             "Times one list was read from Redis, beside others");
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

int hs_lists_new(const struct hs_lists_config *config, struct hs_lists **ret_lists)
{
    struct hs_lists *lists = calloc(1, sizeof(*lists));
    if (!lists) {
        return HS_ENOMEM;
    }
    lists->settings = config->settings;
    lists->slot = config->snapshot;
    lists->feed = config->feed;
    lists->notices = config->notices;
    lists->redis = hs_redis_config_of(config->settings);
    lists->retry_ms = HS_LISTS_RETRY_MIN_MS;
    lists->need_load = true;
    lists->started_at_ms = hs_clock_realtime_ms();
    hs_thread_init(&lists->thread);
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
    hs_thread_fini(&lists->thread);
    free(lists);
}

uint64_t hs_lists_progress(const struct hs_lists *lists)
{
    return hs_thread_progress(&lists->thread);
}

int64_t hs_lists_as_of_ms(void *ctx)
{
    struct hs_lists *lists = ctx;
    return atomic_load_explicit(&lists->as_of_ms, memory_order_relaxed);
}

void hs_lists_reload(struct hs_lists *lists)
{
    atomic_store_explicit(&lists->reload, true, memory_order_relaxed);
    hs_thread_wake(&lists->thread);
}

// ---- what is live, and what is told about it ----

__attribute__((format(printf, 3, 0))) static void be_stale(struct hs_lists *lists, bool at_once,
                                                           const char *format, va_list args)
{
    char why[HS_LISTS_REASON_BYTES];
    vsnprintf(why, sizeof(why), format, args);
    lists->current_is_fresh = false;
    hs_lists_view_stale(lists->view, why);
    hs_lists_alarm_stale(lists, why, at_once);
}

void hs_lists_stale(struct hs_lists *lists, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    be_stale(lists, false, format, args);
    va_end(args);
}

void hs_lists_broken(struct hs_lists *lists, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    be_stale(lists, true, format, args);
    va_end(args);
}

void hs_lists_fresh(struct hs_lists *lists)
{
    int64_t now_ms = hs_clock_realtime_ms();
    atomic_store_explicit(&lists->as_of_ms, now_ms, memory_order_relaxed);
    lists->current_is_fresh = true;
    hs_lists_alarm_fresh(lists);
    hs_lists_view_fresh(lists->view, now_ms);
}

void hs_lists_publish(struct hs_lists *lists, struct hs_snapshot *next, const char *source)
{
    struct hs_snapshot *before = hs_rcu_publish(lists->slot, next);
    struct hs_position position; // what was read may be ahead of what is live
    if (hs_lists_unmark(hs_snapshot_change_id(next), &position) != 0) {
        position = lists->position;
    }
    lists->current = next;
    hs_lists_view_publish(lists->view, next, source, &position);
    if (before) {
        hs_rcu_synchronize();
        hs_snapshot_free(before);
    }
}

// Lists that do not change are not saved again; that they were current is noted in a file beside
// them.
static void note_as_of(struct hs_lists *lists, bool at_once)
{
    char path[4096];
    struct hs_buf text = {0};
    int64_t as_of_ms = hs_lists_as_of_ms(lists);
    if (!lists->current || !lists->current_is_fresh || lists->dirty ||
        as_of_ms - lists->noted_as_of_ms < (at_once ? 1 : NOTE_INTERVAL_MS)) {
        return;
    }
    hs_buf_printf(&text, "%.*s %lld\n", HS_STR_ARG(hs_snapshot_change_id(lists->current)),
                  (long long)as_of_ms);
    if (hs_state_path(lists->settings->state_dir, AS_OF_FILE, path, sizeof(path)) == 0 &&
        hs_state_write(path, hs_buf_str(&text)) == 0) {
        lists->noted_as_of_ms = as_of_ms;
    }
    hs_buf_fini(&text);
}

// When the lists on disk were last known to be current: as noted, when the note is about them.
static int64_t read_as_of(struct hs_lists *lists, int64_t saved_as_of_ms)
{
    char path[4096], mark[HS_LISTS_MARK_BYTES];
    struct hs_buf text = {0};
    int64_t as_of_ms = 0;
    hs_lists_mark(&lists->position, mark);
    size_t len = strlen(mark);
    if (hs_state_path(lists->settings->state_dir, AS_OF_FILE, path, sizeof(path)) == 0 &&
        hs_file_read(path, NOTE_MAX_BYTES, &text) == 0 && text.len > len &&
        memcmp(text.ptr, mark, len) == 0 &&
        hs_str_to_i64(hs_str_trim(hs_str_n(text.ptr + len, text.len - len)), &as_of_ms) < 0) {
        as_of_ms = 0;
    }
    hs_buf_fini(&text);
    return as_of_ms > saved_as_of_ms ? as_of_ms : saved_as_of_ms;
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
    atomic_store_explicit(&lists->as_of_ms, read_as_of(lists, stats.as_of_ms),
                          memory_order_relaxed);
    hs_lists_view_as_of(lists->view, hs_lists_as_of_ms(lists));
    hs_lists_publish(lists, snapshot, "disk");
    lists->need_load = false;
    hs_log(HS_LOG_NOTICE, &ev_live, "'%llu' entries of '%llu' lists live, from disk",
           (unsigned long long)stats.entries, (unsigned long long)stats.lists);
}

// ---- saving and folding in, by the helper thread ----

// What the fold made, with what came meanwhile.
static void take_folded(struct hs_lists *lists, struct hs_snapshot *folded)
{
    struct hs_snapshot *next;
    int rc =
        hs_snapshot_apply(folded, lists->since.rows, lists->since.count, hs_lists_as_of_ms(lists),
                          hs_snapshot_change_id(lists->current), &next);
    hs_snapshot_free(folded);
    if (rc == 0) {
        hs_lists_publish(lists, next, hs_lists_view_source(lists->view));
        hs_heap_return();
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
    // Where what is live stands, which changes that wait for a list to be read are not part of.
    char mark[HS_LISTS_MARK_BYTES];
    snprintf(mark, sizeof(mark), "%.*s", HS_STR_ARG(hs_snapshot_change_id(lists->current)));
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

static void lists_run(void *arg)
{
    struct hs_lists *lists = arg;
    load_from_disk(lists);
    while (hs_lists_alive(lists)) {
        hs_lists_round(lists);
        tend_job(lists);
        hs_lists_alarm_tend(lists);
        note_as_of(lists, false);
    }
    hs_lists_job_wait(lists->job);
    if (lists->dirty) {
        lists->saved_at_ms = 0;
        tend_job(lists);
        hs_lists_job_wait(lists->job);
    }
    note_as_of(lists, true);
}

int hs_lists_start(struct hs_lists *lists)
{
    return hs_thread_start(&lists->thread, "hs-store", lists_run, lists);
}

int hs_lists_stop(struct hs_lists *lists, int64_t timeout_ms)
{
    return hs_thread_stop(&lists->thread, timeout_ms);
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
