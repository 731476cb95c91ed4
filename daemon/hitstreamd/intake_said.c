// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/intake_said.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/redis_jobs.h"
#include "watchlist/said.h"

HS_LOG_EVENT(event_waits, "said-of-group-waits", "8a1d6f0b93c24e75b06f2d8c41e7a95d");

// One saying.
struct saying {
    struct hs_redis_job job; // first
    struct hs_said_from from;
    struct hs_str queue; // texts in the job's bump
    struct hs_str packed;
};

struct hs_intake_said {
    struct hs_redis_jobs *jobs;
};

static int write_saying(struct hs_store *store, const struct hs_redis_job *job)
{
    const struct saying *saying = (const struct saying *)(const void *)job;
    return hs_store_say(store, saying->queue, saying->packed);
}

int hs_intake_said_new(const struct hs_settings *settings, struct hs_intake_said **ret_said)
{
    struct hs_intake_said *said = calloc(1, sizeof(*said));
    if (!said) {
        return HS_ENOMEM;
    }
    const struct hs_redis_jobs_config config = {.redis = hs_redis_config_of(settings),
                                                .what = "what was said of a group",
                                                .waits = &event_waits,
                                                .thread_name = "hs-said",
                                                .write = write_saying};
    int rc = hs_redis_jobs_new(&config, &said->jobs);
    if (rc < 0) {
        free(said);
        return rc;
    }
    *ret_said = said;
    return 0;
}

void hs_intake_said_free(struct hs_intake_said *said)
{
    if (said) {
        hs_redis_jobs_free(said->jobs);
        free(said);
    }
}

bool hs_intake_said_full(struct hs_intake_said *said)
{
    return hs_redis_jobs_count(said->jobs) >= HS_INTAKE_SAID_MAX;
}

int hs_intake_said_offer(struct hs_intake_said *said, const struct hs_said_from *from,
                         struct hs_str queue, struct hs_str packed)
{
    struct saying *saying = calloc(1, sizeof(*saying));
    if (!saying) {
        return HS_ENOMEM;
    }
    struct hs_bump *bump = &saying->job.bump;
    saying->from = *from;
    saying->queue = hs_str_n(hs_bump_copy(bump, queue.ptr, queue.len), queue.len);
    saying->packed = hs_str_n(hs_bump_copy(bump, packed.ptr, packed.len), packed.len);
    if (!saying->queue.ptr || !saying->packed.ptr) {
        hs_redis_job_free(&saying->job);
        return HS_ENOMEM;
    }
    hs_redis_jobs_add(said->jobs, &saying->job);
    return 0;
}

void hs_intake_said_forget(struct hs_intake_said *said)
{
    hs_redis_jobs_drop_waiting(said->jobs);
}

void hs_intake_said_each_done(struct hs_intake_said *said,
                              void (*done)(void *ctx, const struct hs_said_from *from), void *ctx)
{
    struct hs_redis_job *first = hs_redis_jobs_take_done(said->jobs);
    for (const struct hs_redis_job *job = first; job; job = job->next) {
        done(ctx, &((const struct saying *)(const void *)job)->from);
    }
    hs_redis_job_free_all(first);
}
