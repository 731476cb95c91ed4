// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/redis_jobs.h"

#include <stdlib.h>

#include "base/error.h"
#include "hitstreamd/thread.h"

enum {
    AGAIN_FIRST_MS = 200, // after one was not written, doubled up to
    AGAIN_MAX_MS = 5000,
};

struct queue {
    struct hs_redis_job *first;
    struct hs_redis_job **end; // where the next is hung
};

struct hs_redis_jobs {
    struct hs_redis_jobs_config config;
    struct hs_thread thread;
    pthread_mutex_t lock;         // of the members below
    struct queue waiting;         // for Redis, oldest first
    struct hs_redis_job *working; // the thread's
    struct queue done;            // for the owner
    size_t count;                 // of all three
};

static void queue_clear(struct queue *queue)
{
    *queue = (struct queue){.end = &queue->first};
}

static void queue_put(struct queue *queue, struct hs_redis_job *job)
{
    job->next = NULL;
    *queue->end = job;
    queue->end = &job->next;
}

static void queue_put_back(struct queue *queue, struct hs_redis_job *job)
{
    job->next = queue->first;
    queue->first = job;
    queue->end = job->next ? queue->end : &job->next;
}

static struct hs_redis_job *queue_take(struct queue *queue)
{
    struct hs_redis_job *job = queue->first;
    if (job) {
        queue->first = job->next;
        queue->end = job->next ? queue->end : &queue->first;
        job->next = NULL;
    }
    return job;
}

void hs_redis_job_free(struct hs_redis_job *job)
{
    if (job) {
        hs_bump_fini(&job->bump);
        free(job);
    }
}

void hs_redis_job_free_all(struct hs_redis_job *first)
{
    while (first) {
        struct hs_redis_job *next = first->next;
        hs_redis_job_free(first);
        first = next;
    }
}

// ---- the thread ----

// What became of a job.
enum fate {
    WRITTEN,
    AWAY, // Redis is
    REFUSED,
};

static bool open_store(const struct hs_redis_jobs_config *config, struct hs_store **store)
{
    struct hs_buf why = {0};
    bool open = *store || hs_store_open(&config->redis, store, &why) == 0;
    if (!open) {
        hs_log(HS_LOG_WARNING, config->waits, "%s waits for Redis: %s", config->what,
               hs_buf_text(&why));
    }
    hs_buf_fini(&why);
    return open;
}

static enum fate write_job(const struct hs_redis_jobs_config *config, struct hs_store **store,
                           const struct hs_redis_job *job)
{
    if (!open_store(config, store)) {
        return AWAY;
    }
    int rc = config->write(*store, job);
    if (rc == 0) {
        return WRITTEN;
    }
    hs_log(HS_LOG_WARNING, config->waits, "%s waits: %s, %s", config->what, hs_strerror(rc),
           hs_store_why(*store));
    hs_store_free(*store);
    *store = NULL;
    return rc == HS_EUNREACHABLE || rc == HS_ETIMEDOUT ? AWAY : REFUSED;
}

static struct hs_redis_job *begin(struct hs_redis_jobs *jobs)
{
    pthread_mutex_lock(&jobs->lock);
    struct hs_redis_job *job = jobs->working = queue_take(&jobs->waiting);
    pthread_mutex_unlock(&jobs->lock);
    return job;
}

static void end(struct hs_redis_jobs *jobs, struct hs_redis_job *job, enum fate fate)
{
    pthread_mutex_lock(&jobs->lock);
    jobs->working = NULL;
    if (fate == AWAY) {
        queue_put_back(&jobs->waiting, job);
    } else {
        queue_put(fate == WRITTEN ? &jobs->done : &jobs->waiting, job);
    }
    pthread_mutex_unlock(&jobs->lock);
}

static void run(void *ctx)
{
    struct hs_redis_jobs *jobs = ctx;
    struct hs_store *store = NULL;
    int64_t again_ms = AGAIN_FIRST_MS;
    while (!hs_thread_stopping(&jobs->thread)) {
        struct hs_redis_job *job = begin(jobs);
        if (!job) {
            hs_thread_rest(&jobs->thread, HS_THREAD_FOREVER);
            continue;
        }
        enum fate fate = write_job(&jobs->config, &store, job);
        end(jobs, job, fate);
        if (fate == WRITTEN) {
            again_ms = AGAIN_FIRST_MS;
        } else {
            hs_thread_pause(&jobs->thread, again_ms);
            again_ms = again_ms * 2 < AGAIN_MAX_MS ? again_ms * 2 : AGAIN_MAX_MS;
        }
    }
    hs_store_free(store);
}

// ---- the owner ----

int hs_redis_jobs_new(const struct hs_redis_jobs_config *config, struct hs_redis_jobs **ret_jobs)
{
    struct hs_redis_jobs *jobs = calloc(1, sizeof(*jobs));
    if (!jobs) {
        return HS_ENOMEM;
    }
    jobs->config = *config;
    queue_clear(&jobs->waiting);
    queue_clear(&jobs->done);
    hs_thread_init(&jobs->thread);
    pthread_mutex_init(&jobs->lock, NULL);
    int rc = hs_thread_start(&jobs->thread, config->thread_name, run, jobs);
    if (rc < 0) {
        hs_redis_jobs_free(jobs);
        return rc;
    }
    *ret_jobs = jobs;
    return 0;
}

void hs_redis_jobs_free(struct hs_redis_jobs *jobs)
{
    if (jobs) {
        hs_thread_stop(&jobs->thread, HS_THREAD_FOREVER);
        hs_redis_job_free_all(jobs->waiting.first);
        hs_redis_job_free_all(jobs->done.first);
        pthread_mutex_destroy(&jobs->lock);
        hs_thread_fini(&jobs->thread);
        free(jobs);
    }
}

void hs_redis_jobs_add(struct hs_redis_jobs *jobs, struct hs_redis_job *job)
{
    pthread_mutex_lock(&jobs->lock);
    queue_put(&jobs->waiting, job);
    jobs->count++;
    pthread_mutex_unlock(&jobs->lock);
    hs_thread_wake(&jobs->thread);
}

size_t hs_redis_jobs_count(struct hs_redis_jobs *jobs)
{
    pthread_mutex_lock(&jobs->lock);
    size_t count = jobs->count;
    pthread_mutex_unlock(&jobs->lock);
    return count;
}

bool hs_redis_jobs_any(struct hs_redis_jobs *jobs,
                       bool (*is)(const struct hs_redis_job *job, const void *ctx), const void *ctx)
{
    pthread_mutex_lock(&jobs->lock);
    const struct hs_redis_job *const starts[] = {jobs->waiting.first, jobs->done.first,
                                                 jobs->working};
    bool found = false;
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        for (const struct hs_redis_job *job = starts[i]; job && !found; job = job->next) {
            found = is(job, ctx);
        }
    }
    pthread_mutex_unlock(&jobs->lock);
    return found;
}

void hs_redis_jobs_drop_waiting(struct hs_redis_jobs *jobs)
{
    pthread_mutex_lock(&jobs->lock);
    for (struct hs_redis_job *job = queue_take(&jobs->waiting); job;
         job = queue_take(&jobs->waiting)) {
        hs_redis_job_free(job);
        jobs->count--;
    }
    pthread_mutex_unlock(&jobs->lock);
}

struct hs_redis_job *hs_redis_jobs_take_done(struct hs_redis_jobs *jobs)
{
    pthread_mutex_lock(&jobs->lock);
    struct hs_redis_job *first = jobs->done.first;
    for (const struct hs_redis_job *job = first; job; job = job->next) {
        jobs->count--;
    }
    queue_clear(&jobs->done);
    pthread_mutex_unlock(&jobs->lock);
    return first;
}
