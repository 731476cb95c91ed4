// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/match_stage.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "hitstreamd/match_worker.h"

enum {
    NUDGE_TIMEOUT_MS = 1000,
    STOP_GRACE_MS = 1000, // beyond what workers were given: they end their last step
};

struct hs_match_stage {
    struct hs_match_stage_config config;
    struct hs_match_metrics metrics;
    struct hs_match_worker *workers;
    size_t worker_count;
    _Atomic bool stopping;      // release in stop, acquire by workers: orders stop_by_ms
    int64_t stop_by_ms;         // CLOCK_BOOTTIME
    _Atomic uint64_t resumes;   // relaxed: a counter that workers compare
    struct hs_thread helper;    // wakes fetchers that sleep, see hs_kafka_consumer_ends()
    pthread_mutex_t nudge_lock; // workers' nudge_* and their consumers while one is nudged
};

bool hs_match_stopping(const struct hs_match_worker *worker)
{
    return atomic_load_explicit(&worker->stage->stopping, memory_order_acquire);
}

int64_t hs_match_stop_left_ms(const struct hs_match_worker *worker)
{
    if (!hs_match_stopping(worker)) {
        return INT64_MAX;
    }
    int64_t left_ms = worker->stage->stop_by_ms - hs_clock_boottime_ms();
    return left_ms > 0 ? left_ms : 0;
}

uint64_t hs_match_resumes(const struct hs_match_worker *worker)
{
    return atomic_load_explicit(&worker->stage->resumes, memory_order_relaxed);
}

void hs_match_nudge(struct hs_match_worker *worker, int32_t partition)
{
    struct hs_match_stage *stage = worker->stage;
    // while the helper is busy with another there is no need to wait for it
    if (pthread_mutex_trylock(&stage->nudge_lock) == 0) {
        worker->nudge_wanted = true;
        worker->nudge_partition = partition;
        pthread_mutex_unlock(&stage->nudge_lock);
        hs_thread_wake(&stage->helper);
    }
}

void hs_match_nudge_cancel(struct hs_match_worker *worker)
{
    pthread_mutex_lock(&worker->stage->nudge_lock);
    worker->nudge_wanted = false;
    pthread_mutex_unlock(&worker->stage->nudge_lock);
}

static void nudge_all(struct hs_match_stage *stage)
{
    pthread_mutex_lock(&stage->nudge_lock);
    for (size_t i = 0; i < stage->worker_count; i++) {
        struct hs_match_worker *worker = &stage->workers[i];
        if (worker->nudge_wanted) {
            int64_t low, high;
            worker->nudge_wanted = false;
            (void)hs_kafka_consumer_ends(worker->consumer, HS_KAFKA_READS, worker->nudge_partition,
                                         NUDGE_TIMEOUT_MS, &low, &high);
        }
    }
    pthread_mutex_unlock(&stage->nudge_lock);
}

static void helper_main(void *ctx)
{
    struct hs_match_stage *stage = ctx;
    while (!hs_thread_stopping(&stage->helper)) {
        nudge_all(stage);
        hs_thread_rest(&stage->helper, HS_THREAD_FOREVER);
    }
}

static void register_tiers(struct hs_match_metrics *m, struct hs_metrics *metrics)
{
    static const char *const tiers[] = {
        [HS_TIER_EXACT] = "exact",         [HS_TIER_GLYPH] = "glyph",
        [HS_TIER_GRAMMAR] = "grammar",     [HS_TIER_CONFUSED] = "confused",
        [HS_TIER_LOOKALIKE] = "lookalike", [HS_TIER_CANDIDATE] = "candidate",
        [HS_TIER_WILDCARD] = "wildcard",
    };
    char labels[64];
    for (int tier = 1; tier <= HS_TIER_WILDCARD; tier++) {
        snprintf(labels, sizeof(labels), "tier=\"%s\"", tiers[tier]);
        m->hits[tier] = hs_metrics_counter(metrics, "hitstream_hits_total", labels,
                                           "Matches of a read with an entry, by tier.");
    }
    for (size_t reason = 1; reason < HS_REJECT_REASONS; reason++) {
        snprintf(labels, sizeof(labels), "reason=\"%s\"", hs_reject_reason(reason));
        m->rejected[reason] =
            hs_metrics_counter(metrics, "hitstream_reads_rejected_total", labels,
                               "Reads or messages that could not be used, by reason.");
    }
}

static bool register_company(struct hs_match_metrics *m, struct hs_metrics *metrics)
{
    m->companions = hs_metrics_counter(metrics, "hitstream_companion_records_total", "",
                                       "Records of who passed after a hit.");
    m->windows_early =
        hs_metrics_counter(metrics, "hitstream_companion_windows_early_total", "",
                           "Companion windows that closed before their time: the site's ring, or "
                           "the messages held up, came to their limit.");
    m->windows_dropped =
        hs_metrics_counter(metrics, "hitstream_companion_windows_dropped_total", "",
                           "Hits without a companion window: their audience's were all open.");
    m->windows = hs_metrics_gauge(metrics, "hitstream_companion_windows", "",
                                  "Hits whose followers are awaited.");
    m->windows_limit = hs_metrics_gauge(metrics, "hitstream_companion_windows_limit", "",
                                        "Limit of companion windows of a worker for an audience.");
    m->sites = hs_metrics_gauge(metrics, "hitstream_match_sites", "",
                                "Sites whose last reads are kept in memory.");
    m->sites_limit = hs_metrics_gauge(metrics, "hitstream_match_sites_limit", "",
                                      "Limit of hitstream_match_sites for each worker.");
    m->sites_dropped = hs_metrics_counter(metrics, "hitstream_match_sites_dropped_total", "",
                                          "Sites that gave way to others.");
    if (m->windows_limit && m->sites_limit) {
        hs_metric_set(m->windows_limit, HS_MATCH_WINDOWS_MAX);
        hs_metric_set(m->sites_limit, HS_SITES_DEFAULT);
    }
    return m->companions && m->windows_early && m->windows_dropped && m->windows &&
           m->windows_limit && m->sites && m->sites_limit && m->sites_dropped;
}

static bool register_metrics(struct hs_match_metrics *m, struct hs_metrics *metrics)
{
    register_tiers(m, metrics);
    m->reads = hs_metrics_counter(metrics, "hitstream_reads_total", "", "Reads consumed.");
    m->messages = hs_metrics_counter(metrics, "hitstream_read_messages_total", "",
                                     "Messages of anpr.reads consumed.");
    m->hits_dropped = hs_metrics_counter(metrics, "hitstream_hits_dropped_total", "",
                                         "Hits of one read beyond the limit of 64 an audience.");
    m->unknown_cameras = hs_metrics_counter(metrics, "hitstream_hits_unknown_camera_total", "",
                                            "Hits at a camera that is not in the register.");
    m->rewinds =
        hs_metrics_counter(metrics, "hitstream_match_rewinds_total", "",
                           "Times that reads were consumed again after a failed delivery.");
    m->commits = hs_metrics_counter(metrics, "hitstream_match_commits_total", "result=\"ok\"",
                                    "Commits of offsets of anpr.reads.");
    m->commit_errors = hs_metrics_counter(metrics, "hitstream_match_commits_total",
                                          "result=\"error\"", "Commits of offsets of anpr.reads.");
    m->pending = hs_metrics_gauge(metrics, "hitstream_match_pending", "",
                                  "Messages with hits on their way to the log.");
    m->pending_limit = hs_metrics_gauge(metrics, "hitstream_match_pending_limit", "",
                                        "Limit of hitstream_match_pending for each partition.");
    m->lag = hs_metrics_gauge(metrics, "hitstream_match_lag", "",
                              "Messages of anpr.reads not consumed yet.");
    m->queued = hs_metrics_gauge(metrics, "hitstream_match_queued", "",
                                 "Messages of anpr.reads fetched and not matched yet.");
    m->aside =
        hs_metrics_gauge(metrics, "hitstream_match_partitions_aside", "",
                         "Partitions of anpr.reads that are not read, for their log does not "
                         "have what comes next.");
    m->stopped = hs_metrics_gauge(metrics, "hitstream_match_input_stopped", "",
                                  "1 while a worker has stopped because too many reads are bad.");
    if (m->pending_limit) {
        hs_metric_set(m->pending_limit, HS_MATCH_PENDING_LIMIT);
    }
    return register_company(m, metrics) && m->reads && m->messages && m->hits_dropped &&
           m->unknown_cameras && m->rewinds && m->commits && m->commit_errors && m->pending &&
           m->pending_limit && m->lag && m->queued && m->stopped && m->hits[1] && m->rejected[1];
}

static int worker_init(struct hs_match_stage *stage, size_t index)
{
    struct hs_match_worker *worker = &stage->workers[index];
    worker->stage = stage;
    worker->config = &stage->config;
    worker->metrics = &stage->metrics;
    worker->index = index;
    hs_thread_init(&worker->thread);
    pthread_mutex_init(&worker->lock, NULL);
    hs_match_set_state(worker, HS_MATCH_STARTING, "starting");
    int r = hs_matcher_new(&worker->matcher);
    r = r < 0 ? r : hs_match_company_init(worker);
    r = r < 0 ? r : hs_match_cameras_init(worker);
    return r < 0 ? r : hs_match_batch_init(&worker->batch);
}

int hs_match_stage_new(const struct hs_match_stage_config *config,
                       struct hs_match_stage **ret_stage)
{
    struct hs_match_stage *stage = calloc(1, sizeof(*stage));
    if (!stage) {
        return HS_ENOMEM;
    }
    stage->config = *config;
    hs_thread_init(&stage->helper);
    pthread_mutex_init(&stage->nudge_lock, NULL);
    size_t count = config->settings->match_workers > 0 ? config->settings->match_workers : 1;
    stage->workers = calloc(count, sizeof(*stage->workers));
    int r = stage->workers && register_metrics(&stage->metrics, config->metrics) ? 0 : HS_ENOMEM;
    while (r == 0 && stage->worker_count < count) {
        r = worker_init(stage, stage->worker_count++);
    }
    if (r < 0) {
        hs_match_stage_free(stage);
        return r;
    }
    *ret_stage = stage;
    return 0;
}

int hs_match_stage_start(struct hs_match_stage *stage)
{
    int r = hs_thread_start(&stage->helper, "hs-nudge", helper_main, stage);
    for (size_t i = 0; r == 0 && i < stage->worker_count; i++) {
        struct hs_match_worker *worker = &stage->workers[i];
        r = hs_thread_start(&worker->thread, "hs-match", hs_match_worker_main, worker);
    }
    return r;
}

int hs_match_stage_stop(struct hs_match_stage *stage, int64_t timeout_ms)
{
    int r = 0;
    stage->stop_by_ms = hs_clock_boottime_ms() + timeout_ms;
    atomic_store_explicit(&stage->stopping, true, memory_order_release);
    for (size_t i = 0; r == 0 && i < stage->worker_count; i++) {
        int64_t left_ms = stage->stop_by_ms - hs_clock_boottime_ms();
        r = hs_thread_stop(&stage->workers[i].thread, (left_ms > 0 ? left_ms : 0) + STOP_GRACE_MS);
    }
    return r ? r : hs_thread_stop(&stage->helper, HS_THREAD_FOREVER);
}

void hs_match_stage_free(struct hs_match_stage *stage)
{
    if (!stage) {
        return;
    }
    hs_thread_stop(&stage->helper, HS_THREAD_FOREVER);
    for (size_t i = 0; i < stage->worker_count; i++) {
        struct hs_match_worker *worker = &stage->workers[i];
        hs_match_batch_fini(&worker->batch);
        hs_match_company_fini(worker);
        hs_match_cameras_fini(worker);
        hs_matcher_free(worker->matcher);
        pthread_mutex_destroy(&worker->lock);
        hs_thread_fini(&worker->thread);
    }
    free(stage->workers);
    pthread_mutex_destroy(&stage->nudge_lock);
    hs_thread_fini(&stage->helper);
    free(stage);
}

size_t hs_match_stage_workers(const struct hs_match_stage *stage)
{
    return stage->worker_count;
}

uint64_t hs_match_stage_progress(const struct hs_match_stage *stage, size_t index)
{
    return hs_thread_progress(&stage->workers[index].thread);
}

// Higher is worse, for one line about all workers.
static int gravity(enum hs_match_state state)
{
    switch (state) {
    case HS_MATCH_RUNNING:
        return 0;
    case HS_MATCH_WAITING:
        return 1;
    case HS_MATCH_STARTING:
        return 2;
    case HS_MATCH_PARTLY:
        return 3;
    case HS_MATCH_STOPPED_BAD_INPUT:
        return 4;
    case HS_MATCH_NO_OFFSET:
        return 5;
    case HS_MATCH_ENDED:
        return 6;
    }
    return 6;
}

// Numbers that only the metrics show.
struct sums {
    uint64_t pending;
    uint64_t queued;
    uint64_t windows;
    uint64_t sites;
    uint64_t aside;
};

static void add_worker(struct hs_match_worker *worker, struct hs_match_status *status,
                       struct sums *sums)
{
    pthread_mutex_lock(&worker->lock);
    if (gravity(worker->state) > gravity(status->state)) {
        status->state = worker->state;
        snprintf(status->why, sizeof(status->why), "%s", worker->why);
    }
    pthread_mutex_unlock(&worker->lock);
    status->partitions += atomic_load_explicit(&worker->partitions, memory_order_relaxed);
    status->reads += atomic_load_explicit(&worker->reads, memory_order_relaxed);
    status->hits += atomic_load_explicit(&worker->hits, memory_order_relaxed);
    status->rejected += atomic_load_explicit(&worker->rejected, memory_order_relaxed);
    status->unknown_cameras += atomic_load_explicit(&worker->unknown_cameras, memory_order_relaxed);
    status->lag += atomic_load_explicit(&worker->lag, memory_order_relaxed);
    sums->pending += atomic_load_explicit(&worker->pending, memory_order_relaxed);
    sums->queued += atomic_load_explicit(&worker->queued, memory_order_relaxed);
    sums->windows += atomic_load_explicit(&worker->windows, memory_order_relaxed);
    sums->aside += atomic_load_explicit(&worker->aside, memory_order_relaxed);
    sums->sites += atomic_load_explicit(&worker->sites, memory_order_relaxed);
}

void hs_match_stage_status(struct hs_match_stage *stage, struct hs_match_status *ret_status)
{
    struct sums sums = {0};
    *ret_status = (struct hs_match_status){.state = HS_MATCH_RUNNING};
    for (size_t i = 0; i < stage->worker_count; i++) {
        add_worker(&stage->workers[i], ret_status, &sums);
    }
    hs_metric_set(stage->metrics.lag, (double)ret_status->lag);
    hs_metric_set(stage->metrics.pending, (double)sums.pending);
    hs_metric_set(stage->metrics.aside, (double)sums.aside);
    hs_metric_set(stage->metrics.queued, (double)sums.queued);
    hs_metric_set(stage->metrics.windows, (double)sums.windows);
    hs_metric_set(stage->metrics.sites, (double)sums.sites);
}

void hs_match_stage_resume(struct hs_match_stage *stage)
{
    atomic_fetch_add_explicit(&stage->resumes, 1, memory_order_relaxed);
}
