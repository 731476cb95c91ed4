// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/lists_view.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

struct hs_lists_view {
    pthread_mutex_t lock; // all below but metrics
    struct hs_lists_status status;
    bool loading; // all lists are being read
    struct hs_lists_row rows[HS_LISTS_ROWS_MAX];
    size_t row_count;
    struct hs_metrics *metrics; // borrowed
    struct hs_metric *m_live;
    struct hs_metric *m_current;
    struct hs_metric *m_redis;
    struct hs_metric *m_lists;
    struct hs_metric *m_entries;
    struct hs_metric *m_covert_lists;
    struct hs_metric *m_covert_entries;
    struct hs_metric *m_overlay;
    struct hs_metric *m_memory;
    struct hs_metric *m_as_of;
};

int hs_lists_view_new(struct hs_metrics *metrics, struct hs_lists_view **ret_view)
{
    struct hs_lists_view *view = calloc(1, sizeof(*view));
    if (!view) {
        return HS_ENOMEM;
    }
    pthread_mutex_init(&view->lock, NULL);
    view->metrics = metrics;
    view->status.source = "none";
    snprintf(view->status.reason, sizeof(view->status.reason), "redis is not reached yet");
    view->m_live = hs_metrics_gauge(metrics, "hitstream_lists_live", "", "1 when lists are live");
    view->m_current = hs_metrics_gauge(metrics, "hitstream_lists_current", "",
                                       "1 when what is live is what Redis holds");
    view->m_redis =
        hs_metrics_gauge(metrics, "hitstream_redis_connected", "", "1 when Redis is reached");
    view->m_lists = hs_metrics_gauge(metrics, "hitstream_lists", "", "Lists, covert ones too");
    view->m_entries =
        hs_metrics_gauge(metrics, "hitstream_lists_entries", "", "Entries of all lists");
    view->m_covert_lists =
        hs_metrics_gauge(metrics, "hitstream_covert_lists", "", "Covert lists, as one sum");
    view->m_covert_entries = hs_metrics_gauge(metrics, "hitstream_covert_lists_entries", "",
                                              "Entries of all covert lists, as one sum");
    view->m_overlay = hs_metrics_gauge(metrics, "hitstream_lists_overlay_changes", "",
                                       "Changes that are not folded into the snapshot yet");
    hs_metric_set(hs_metrics_gauge(metrics, "hitstream_lists_overlay_changes_limit", "",
                                   "Changes at which the snapshot is rebuilt at once"),
                  HS_OVERLAY_CHANGES_MAX);
    view->m_memory = hs_metrics_gauge(metrics, "hitstream_lists_memory_bytes", "",
                                      "Memory of the snapshot that is live");
    view->m_as_of = hs_metrics_gauge(metrics, "hitstream_lists_as_of_timestamp_seconds", "",
                                     "When what is live was last known to be current");
    *ret_view = view;
    return 0;
}

void hs_lists_view_free(struct hs_lists_view *view)
{
    if (view) {
        pthread_mutex_destroy(&view->lock);
        free(view);
    }
}

// Under the lock: the three words a person reads.
static void set_state(struct hs_lists_view *view)
{
    struct hs_lists_status *status = &view->status;
    status->state = view->loading || !status->live ? "loading" : status->current ? "live" : "stale";
}

static void add_row(struct hs_lists_view *view, const struct hs_list_spec *spec, uint64_t entries)
{
    if (view->row_count == HS_LISTS_ROWS_MAX) {
        return;
    }
    struct hs_lists_row *row = &view->rows[view->row_count++];
    snprintf(row->list_id, sizeof(row->list_id), "%.*s", HS_STR_ARG(spec->list_id));
    row->status = spec->status;
    row->generation = spec->generation;
    row->sequence = spec->sequence;
    row->entries = entries;
}

static void set_row_metric(struct hs_lists_view *view, const char *labels, const char *name,
                           const char *help, double value)
{
    hs_metric_set(hs_metrics_gauge(view->metrics, name, labels, help), value);
}

static void set_row_metrics(struct hs_lists_view *view, const struct hs_lists_row *row)
{
    struct hs_buf labels = {0};
    hs_metrics_label(&labels, "list", hs_str(row->list_id));
    const char *text = hs_buf_text(&labels);
    set_row_metric(view, text, "hitstream_list_entries", "Entries of an open list",
                   (double)row->entries);
    set_row_metric(view, text, "hitstream_list_generation",
                   "Generation of an open list that is live", (double)row->generation);
    set_row_metric(view, text, "hitstream_list_sequence",
                   "Sequence within its generation of an open list that is live",
                   (double)row->sequence);
    hs_buf_fini(&labels);
}

// A list that went away keeps its series, at zero.
static void zero_gone(struct hs_lists_view *view, const struct hs_lists_row *before, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool there = false;
        for (size_t j = 0; j < view->row_count && !there; j++) {
            there = strcmp(view->rows[j].list_id, before[i].list_id) == 0;
        }
        if (!there) {
            struct hs_lists_row gone = {0};
            strcpy(gone.list_id, before[i].list_id);
            set_row_metrics(view, &gone);
        }
    }
}

static void read_lists(struct hs_lists_view *view, const struct hs_snapshot *snapshot)
{
    struct hs_list_spec spec;
    uint64_t entries;
    view->row_count = 0;
    view->status.covert_lists = 0;
    view->status.covert_entries = 0;
    for (size_t i = 0; hs_snapshot_list(snapshot, i, &spec, &entries) == 0; i++) {
        if (spec.covert) {
            view->status.covert_lists++;
            view->status.covert_entries += entries;
        } else {
            add_row(view, &spec, entries);
        }
    }
}

static void set_metrics(struct hs_lists_view *view)
{
    const struct hs_lists_status *status = &view->status;
    hs_metric_set(view->m_live, status->live);
    hs_metric_set(view->m_lists, (double)status->lists);
    hs_metric_set(view->m_entries, (double)status->entries);
    hs_metric_set(view->m_covert_lists, (double)status->covert_lists);
    hs_metric_set(view->m_covert_entries, (double)status->covert_entries);
    hs_metric_set(view->m_overlay, (double)status->overlay_changes);
    hs_metric_set(view->m_memory, (double)status->memory_bytes);
    for (size_t i = 0; i < view->row_count; i++) {
        set_row_metrics(view, &view->rows[i]);
    }
}

void hs_lists_view_publish(struct hs_lists_view *view, const struct hs_snapshot *snapshot,
                           const char *source, const struct hs_position *position)
{
    struct hs_snapshot_stats stats;
    hs_snapshot_stats(snapshot, &stats);
    pthread_mutex_lock(&view->lock);
    size_t before_count = view->row_count;
    struct hs_lists_row *before = calloc(before_count + 1, sizeof(*before));
    if (before) {
        memcpy(before, view->rows, before_count * sizeof(*before));
    }
    read_lists(view, snapshot);
    struct hs_lists_status *status = &view->status;
    status->live = true;
    status->source = source;
    status->lists = stats.lists;
    status->entries = stats.entries;
    status->overlay_changes = stats.overlay_changes;
    status->memory_bytes = stats.memory_bytes;
    strcpy(status->change_id, position->id);
    set_metrics(view);
    if (before) {
        zero_gone(view, before, before_count);
    }
    pthread_mutex_unlock(&view->lock);
    free(before);
}

void hs_lists_view_position(struct hs_lists_view *view, const struct hs_position *position)
{
    pthread_mutex_lock(&view->lock);
    strcpy(view->status.change_id, position->id);
    pthread_mutex_unlock(&view->lock);
}

void hs_lists_view_stale(struct hs_lists_view *view, const char *why)
{
    pthread_mutex_lock(&view->lock);
    view->status.current = false;
    snprintf(view->status.reason, sizeof(view->status.reason), "%s", why);
    pthread_mutex_unlock(&view->lock);
    hs_metric_set(view->m_current, 0);
}

void hs_lists_view_fresh(struct hs_lists_view *view, int64_t as_of_ms)
{
    pthread_mutex_lock(&view->lock);
    view->status.current = true;
    view->status.reason[0] = '\0';
    pthread_mutex_unlock(&view->lock);
    hs_metric_set(view->m_current, 1);
    hs_lists_view_as_of(view, as_of_ms);
}

void hs_lists_view_as_of(struct hs_lists_view *view, int64_t as_of_ms)
{
    hs_metric_set(view->m_as_of, (double)as_of_ms / 1000);
}

void hs_lists_view_loading(struct hs_lists_view *view, bool loading)
{
    pthread_mutex_lock(&view->lock);
    view->loading = loading;
    pthread_mutex_unlock(&view->lock);
}

void hs_lists_view_redis(struct hs_lists_view *view, bool connected)
{
    hs_metric_set(view->m_redis, connected);
}

uint64_t hs_lists_view_count(struct hs_lists_view *view)
{
    pthread_mutex_lock(&view->lock);
    uint64_t count = view->status.lists;
    pthread_mutex_unlock(&view->lock);
    return count;
}

const char *hs_lists_view_source(struct hs_lists_view *view)
{
    pthread_mutex_lock(&view->lock);
    const char *source = view->status.source;
    pthread_mutex_unlock(&view->lock);
    return source;
}

void hs_lists_view_status(struct hs_lists_view *view, struct hs_lists_status *ret_status)
{
    pthread_mutex_lock(&view->lock);
    set_state(view);
    *ret_status = view->status;
    pthread_mutex_unlock(&view->lock);
}

size_t hs_lists_view_rows(struct hs_lists_view *view, struct hs_lists_row *ret_rows, size_t max)
{
    pthread_mutex_lock(&view->lock);
    size_t count = view->row_count < max ? view->row_count : max;
    memcpy(ret_rows, view->rows, count * sizeof(*ret_rows));
    pthread_mutex_unlock(&view->lock);
    return count;
}
