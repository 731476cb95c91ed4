// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/lists_job.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/state_file.h"

HS_LOG_EVENT(ev_failed, "snapshot-not-saved", "9f27e4b0c6d84e13a58b0c3d7ea16f42");

enum { PATH_BYTES = 4096 };

struct hs_lists_job {
    char path[PATH_BYTES];      // of the file on disk
    struct hs_snapshot *handle; // of what the job works on; owned
    struct hs_snapshot *folded; // made by a fold; owned until taken
    pthread_t thread;
    bool busy;         // a thread is to be joined
    bool fold;         // it folds; else it saves
    bool wanted;       // its result is
    _Atomic bool done; // release by the job's last act, acquire before its results are read
    struct hs_metric *m_saved_at;
    struct hs_metric *m_save_seconds;
    struct hs_metric *m_fold_seconds;
    struct hs_metric *m_failures;
};

int hs_lists_job_new(const char *state_dir, struct hs_metrics *metrics,
                     struct hs_lists_job **ret_job)
{
    struct hs_lists_job *job = calloc(1, sizeof(*job));
    if (!job) {
        return HS_ENOMEM;
    }
    int rc = hs_state_path(state_dir, HS_LISTS_FILE, job->path, sizeof(job->path));
    if (rc < 0) {
        free(job);
        return rc;
    }
    job->m_saved_at = hs_metrics_gauge(metrics, "hitstream_snapshot_saved_timestamp_seconds", "",
                                       "When lists were last saved to disk, 0 not since the start");
    job->m_save_seconds = hs_metrics_gauge(metrics, "hitstream_snapshot_save_seconds", "",
                                           "How long the last saving took");
    job->m_fold_seconds = hs_metrics_gauge(metrics, "hitstream_snapshot_rebuild_seconds", "",
                                           "How long the last folding in of changes took");
    job->m_failures = hs_metrics_counter(metrics, "hitstream_snapshot_failures_total", "",
                                         "Snapshots that could not be saved or rebuilt");
    *ret_job = job;
    return 0;
}

void hs_lists_job_free(struct hs_lists_job *job)
{
    if (job) {
        hs_lists_job_wait(job);
        free(job);
    }
}

bool hs_lists_job_fold_due(const struct hs_snapshot *snapshot)
{
    struct hs_snapshot_stats stats;
    hs_snapshot_stats(snapshot, &stats);
    return stats.overlay_changes >= HS_OVERLAY_CHANGES_MAX / 2;
}

static void *job_run(void *arg)
{
    struct hs_lists_job *job = arg;
    int64_t from_ns = hs_clock_monotonic_ns();
    int rc = job->fold ? hs_snapshot_rebuild(job->handle, &job->folded)
                       : hs_snapshot_save(job->handle, job->path);
    double took_s = (double)(hs_clock_monotonic_ns() - from_ns) / 1e9;
    hs_metric_set(job->fold ? job->m_fold_seconds : job->m_save_seconds, took_s);
    if (rc < 0) {
        hs_metric_add(job->m_failures, 1);
        hs_log(HS_LOG_WARNING, &ev_failed, "snapshot cannot be %s '%s': %s, ignoring",
               job->fold ? "rebuilt; on disk is" : "saved to", job->path, hs_strerror(rc));
    } else if (!job->fold) {
        hs_metric_set(job->m_saved_at, (double)hs_clock_realtime_ms() / 1000);
    }
    atomic_store_explicit(&job->done, true, memory_order_release);
    return NULL;
}

static int job_start(struct hs_lists_job *job, bool fold, const struct hs_snapshot *snapshot,
                     int64_t as_of_ms, const char *mark)
{
    int rc = hs_snapshot_apply(snapshot, NULL, 0, as_of_ms, hs_str(mark), &job->handle);
    if (rc < 0) {
        return rc;
    }
    job->fold = fold;
    job->wanted = true;
    job->folded = NULL;
    atomic_store_explicit(&job->done, false, memory_order_relaxed);
    if (pthread_create(&job->thread, NULL, job_run, job) != 0) {
        hs_snapshot_free(job->handle);
        job->handle = NULL;
        return HS_ENOMEM;
    }
    pthread_setname_np(job->thread, "hs-snapshot");
    job->busy = true;
    return 0;
}

int hs_lists_job_fold(struct hs_lists_job *job, const struct hs_snapshot *snapshot,
                      int64_t as_of_ms, const char *mark)
{
    return job_start(job, true, snapshot, as_of_ms, mark);
}

int hs_lists_job_save(struct hs_lists_job *job, const struct hs_snapshot *snapshot,
                      int64_t as_of_ms, const char *mark)
{
    return job_start(job, false, snapshot, as_of_ms, mark);
}

bool hs_lists_job_busy(const struct hs_lists_job *job)
{
    return job->busy;
}

bool hs_lists_job_folding(const struct hs_lists_job *job)
{
    return job->busy && job->fold && job->wanted;
}

void hs_lists_job_forget(struct hs_lists_job *job)
{
    job->wanted = false;
}

static void job_end(struct hs_lists_job *job)
{
    pthread_join(job->thread, NULL);
    hs_snapshot_free(job->handle);
    job->handle = NULL;
    job->busy = false;
    if (!job->wanted) {
        hs_snapshot_free(job->folded);
        job->folded = NULL;
    }
}

bool hs_lists_job_take(struct hs_lists_job *job, struct hs_snapshot **ret_folded)
{
    if (!job->busy || !atomic_load_explicit(&job->done, memory_order_acquire)) {
        return false;
    }
    job_end(job);
    *ret_folded = job->folded;
    job->folded = NULL;
    return true;
}

void hs_lists_job_wait(struct hs_lists_job *job)
{
    if (job->busy) {
        job->wanted = false;
        job_end(job);
    }
}
