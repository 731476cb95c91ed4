// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/intake_said.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "watchlist/said.h"

HS_LOG_EVENT(event_waits, "said-of-group-waits", "8a1d6f0b93c24e75b06f2d8c41e7a95d");

enum {
    AGAIN_FIRST_MS = 200, // after Redis was not reached, doubled up to
    AGAIN_MAX_MS = 5000,
};

// One saying.
struct job {
    struct job *next;
    struct hs_said_from from;
    struct hs_str queue; // texts in the job's bump
    struct hs_str packed;
    struct hs_bump bump;
};

struct jobs {
    struct job *first;
    struct job **last; // where the next goes
};

struct hs_intake_said {
    struct hs_redis_config redis;
    pthread_t thread;
    pthread_mutex_t lock; // of the members below
    pthread_cond_t wake;  // something waits, or it is to end
    bool stopping;
    bool working;        // on the first that waits
    struct jobs waiting; // for Redis, oldest first; the thread works on the first
    struct jobs done;    // for the intake
    size_t count;        // waiting
};

static void add(struct jobs *jobs, struct job *job)
{
    job->next = NULL;
    *jobs->last = job;
    jobs->last = &job->next;
}

static struct job *take_first(struct jobs *jobs)
{
    struct job *job = jobs->first;
    jobs->first = job->next;
    jobs->last = jobs->first ? jobs->last : &jobs->first;
    return job;
}

static void job_free(struct job *job)
{
    hs_bump_fini(&job->bump);
    free(job);
}

static void free_all(struct job *job)
{
    while (job) {
        struct job *next = job->next;
        job_free(job);
        job = next;
    }
}

// ---- the thread: Redis ----

static int write_job(const struct hs_intake_said *said, struct hs_store **store,
                     const struct job *job)
{
    struct hs_buf why = {0};
    int r = *store ? 0 : hs_store_open(&said->redis, store, &why);
    if (r < 0) {
        hs_log(HS_LOG_WARNING, &event_waits, "what was said of a group waits for Redis: %s",
               hs_buf_text(&why));
    } else {
        r = hs_store_say(*store, job->queue, job->packed);
        if (r < 0) {
            hs_log(HS_LOG_WARNING, &event_waits, "what was said of a group waits: %s, %s",
                   hs_strerror(r), hs_store_why(*store));
            hs_store_free(*store);
            *store = NULL;
        }
    }
    hs_buf_fini(&why);
    return r;
}

// Under the lock.
static void rest(struct hs_intake_said *said, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    int error = 0;
    while (!said->stopping && error == 0) {
        error = pthread_cond_timedwait(&said->wake, &said->lock, &until);
    }
}

static void *run(void *arg)
{
    struct hs_intake_said *said = arg;
    struct hs_store *store = NULL;
    int64_t again_ms = AGAIN_FIRST_MS;
    pthread_mutex_lock(&said->lock);
    while (!said->stopping) {
        struct job *job = said->waiting.first;
        if (!job) {
            pthread_cond_wait(&said->wake, &said->lock);
            continue;
        }
        said->working = true;
        pthread_mutex_unlock(&said->lock);
        int r = write_job(said, &store, job);
        pthread_mutex_lock(&said->lock);
        said->working = false;
        if (r == 0) {
            add(&said->done, take_first(&said->waiting));
            said->count--;
            again_ms = AGAIN_FIRST_MS;
        } else {
            rest(said, again_ms);
            again_ms = again_ms * 2 < AGAIN_MAX_MS ? again_ms * 2 : AGAIN_MAX_MS;
        }
    }
    pthread_mutex_unlock(&said->lock);
    hs_store_free(store);
    return NULL;
}

// ---- the intake ----

int hs_intake_said_new(const struct hs_settings *settings, struct hs_intake_said **ret_said)
{
    struct hs_intake_said *said = calloc(1, sizeof(*said));
    if (!said) {
        return HS_ENOMEM;
    }
    said->redis = hs_redis_config_of(settings);
    said->waiting.last = &said->waiting.first;
    said->done.last = &said->done.first;
    pthread_mutex_init(&said->lock, NULL);
    pthread_cond_init(&said->wake, NULL);
    if (pthread_create(&said->thread, NULL, run, said) != 0) {
        pthread_cond_destroy(&said->wake);
        pthread_mutex_destroy(&said->lock);
        free(said);
        return HS_ENOMEM;
    }
    *ret_said = said;
    return 0;
}

void hs_intake_said_free(struct hs_intake_said *said)
{
    if (!said) {
        return;
    }
    pthread_mutex_lock(&said->lock);
    said->stopping = true;
    pthread_cond_signal(&said->wake);
    pthread_mutex_unlock(&said->lock);
    pthread_join(said->thread, NULL);
    free_all(said->waiting.first);
    free_all(said->done.first);
    pthread_cond_destroy(&said->wake);
    pthread_mutex_destroy(&said->lock);
    free(said);
}

bool hs_intake_said_full(struct hs_intake_said *said)
{
    pthread_mutex_lock(&said->lock);
    bool full = said->count >= HS_INTAKE_SAID_MAX;
    pthread_mutex_unlock(&said->lock);
    return full;
}

int hs_intake_said_offer(struct hs_intake_said *said, const struct hs_said_from *from,
                         struct hs_str queue, struct hs_str packed)
{
    struct job *job = calloc(1, sizeof(*job));
    if (!job) {
        return HS_ENOMEM;
    }
    job->from = *from;
    job->queue = hs_str_n(hs_bump_copy(&job->bump, queue.ptr, queue.len), queue.len);
    job->packed = hs_str_n(hs_bump_copy(&job->bump, packed.ptr, packed.len), packed.len);
    if (!job->queue.ptr || !job->packed.ptr) {
        job_free(job);
        return HS_ENOMEM;
    }
    pthread_mutex_lock(&said->lock);
    add(&said->waiting, job);
    said->count++;
    pthread_cond_signal(&said->wake);
    pthread_mutex_unlock(&said->lock);
    return 0;
}

void hs_intake_said_forget(struct hs_intake_said *said)
{
    pthread_mutex_lock(&said->lock);
    struct job *kept = said->working ? take_first(&said->waiting) : NULL;
    free_all(said->waiting.first);
    said->waiting = (struct jobs){.last = &said->waiting.first};
    said->count = kept ? 1 : 0;
    if (kept) {
        add(&said->waiting, kept);
    }
    pthread_mutex_unlock(&said->lock);
}

void hs_intake_said_each_done(struct hs_intake_said *said,
                              void (*done)(void *ctx, const struct hs_said_from *from), void *ctx)
{
    pthread_mutex_lock(&said->lock);
    struct job *job = said->done.first;
    said->done = (struct jobs){.last = &said->done.first};
    pthread_mutex_unlock(&said->lock);
    for (const struct job *one = job; one; one = one->next) {
        done(ctx, &one->from);
    }
    free_all(job);
}
