// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_REDIS_JOBS_H
#define HITSTREAMD_REDIS_JOBS_H
/*
 * What is on its way to Redis: a thread of its own writes each job until Redis has it, so that
 * nobody else waits for Redis.
 *
 * One job after the other, in order: while Redis is away all wait, but one that it refuses goes
 * behind the others. What a job means is its owner's business, who embeds it as the first member.
 *
 * Threads: all functions the owner's; `write` is called from the thread inside. Ownership: a job
 * belongs to the jobs from add until it is taken back; it is freed by hs_redis_job_free(), so what
 * hangs on it lies in its bump. Bounds: the owner's, by hs_redis_jobs_count().
 */

#include "base/arena.h"
#include "base/log.h"
#include "watchlist/store.h"

struct hs_redis_job {
    struct hs_redis_job *next; // NULL: the last of its queue
    struct hs_bump bump;       // for the job's texts
};

// Where jobs of one kind come from and go to.
struct hs_redis_jobs_config {
    struct hs_redis_config redis; // texts are borrowed
    const char *what;             // "an exclusion", for the log; kept
    struct hs_log_event *waits;   // what is logged when one has to; kept
    const char *thread_name;      // hs_thread_start()
    // 0: Redis has it, an enum hs_error: not yet.
    int (*write)(struct hs_store *store, const struct hs_redis_job *job);
};

struct hs_redis_jobs;

// HS_ENOMEM.
int hs_redis_jobs_new(const struct hs_redis_jobs_config *config, struct hs_redis_jobs **ret_jobs);
// Ends the thread, which may take a command's timeout. NULL is legal.
void hs_redis_jobs_free(struct hs_redis_jobs *jobs);
// Takes the job.
void hs_redis_jobs_add(struct hs_redis_jobs *jobs, struct hs_redis_job *job);
// Jobs that were added and not taken back.
size_t hs_redis_jobs_count(struct hs_redis_jobs *jobs);
// Whether one that was added and not taken back is the one that is looked for.
bool hs_redis_jobs_any(struct hs_redis_jobs *jobs,
                       bool (*is)(const struct hs_redis_job *job, const void *ctx),
                       const void *ctx);
// Drops those that wait, but for the one that is being written.
void hs_redis_jobs_drop_waiting(struct hs_redis_jobs *jobs);
// Gives back, as a chain, those that Redis has; NULL: none.
struct hs_redis_job *hs_redis_jobs_take_done(struct hs_redis_jobs *jobs);
// NULL is legal.
void hs_redis_job_free(struct hs_redis_job *job);
// All of a chain.
void hs_redis_job_free_all(struct hs_redis_job *first);

#endif
