// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/exclusions.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstreamd/correlate_metrics.h"
#include "hitstreamd/correlate_partition.h"
#include "hitstreamd/redis_jobs.h"
#include "wire/audience.h"

HS_LOG_EVENT(event_stored, "exclusion-stored", "2d9b6e14f0c74a58b3e17c5f82d40a96");
HS_LOG_EVENT(event_gone, "exclusion-entry-gone", "71e4a8c2d65b4f03a9d80c6e3f1b2795");
HS_LOG_EVENT(event_waits, "exclusion-waits", "c80f53b7e91d4d26a4b6f2e07d89c531");

enum {
    ASK_STATE_MS = 15000, // what found no room, or was restored
    MARK_BYTES = 64,
};

// One entry that a decision is about.
struct row {
    struct hs_str list_id; // texts in the job's bump
    struct hs_str entry_id;
    struct hs_str plate;
};

// A decision: one feedback about one vehicle and audience.
struct job {
    struct hs_redis_job redis; // first
    int32_t partition;
    struct hs_id feedback;
    struct hs_str vehicle; // like all texts, in the bump
    struct hs_str audience;
    struct hs_str person;
    struct hs_str note;
    int64_t expires_at_ms;
    struct row rows[HS_EXCLUSION_ROWS_MAX];
    size_t row_count;
};

struct hs_exclusions {
    struct hs_redis_jobs *jobs;
    struct hs_redis_job *offered; // in this round: a decision's rows come together
    int64_t asked_at_ms;          // boot time
};

// ---- in the jobs' thread: Redis ----

static int store_row(struct hs_store *store, const struct job *job, const struct row *row)
{
    char mark[MARK_BYTES], id[HS_ID_TEXT_BYTES];
    struct hs_position position;
    hs_id_text(&job->feedback, id);
    snprintf(mark, sizeof(mark), HS_EXCLUSION_MARK "%s", id);
    const struct hs_actor actor = {.who = job->person.ptr, .authority = mark};
    const struct hs_store_exclusion exclusion = {.list_id = row->list_id,
                                                 .entry_id = row->entry_id,
                                                 .plate = row->plate,
                                                 .owner = job->person,
                                                 .mark = hs_str(mark),
                                                 .reason = job->note,
                                                 .expires_at_ms = job->expires_at_ms};
    int r = hs_store_exclude(store, &actor, &exclusion, &position);
    if (r == HS_ENOTFOUND) {
        hs_log(HS_LOG_NOTICE, &event_gone,
               "the entry that feedback '%s' excludes a plate from stands on its list no more", id);
        r = 0;
    }
    return r;
}

// All rows, or none counts: what is there already is left as it is.
static int store_job(struct hs_store *store, const struct hs_redis_job *redis)
{
    const struct job *job = (const struct job *)(const void *)redis;
    int r = 0;
    for (size_t i = 0; r == 0 && i < job->row_count; i++) {
        r = store_row(store, job, &job->rows[i]);
    }
    return r;
}

// ---- life ----

int hs_exclusions_new(const struct hs_settings *settings, struct hs_exclusions **ret_exclusions)
{
    struct hs_exclusions *exclusions = calloc(1, sizeof(*exclusions));
    if (!exclusions) {
        return HS_ENOMEM;
    }
    const struct hs_redis_jobs_config config = {.redis = hs_redis_config_of(settings),
                                                .what = "an exclusion",
                                                .waits = &event_waits,
                                                .thread_name = "hs-exclusions",
                                                .write = store_job};
    int r = hs_redis_jobs_new(&config, &exclusions->jobs);
    if (r < 0) {
        free(exclusions);
        return r;
    }
    *ret_exclusions = exclusions;
    return 0;
}

void hs_exclusions_free(struct hs_exclusions *exclusions)
{
    if (exclusions) {
        hs_redis_jobs_free(exclusions->jobs);
        hs_redis_job_free_all(exclusions->offered);
        free(exclusions);
    }
}

// ---- the stage ----

// Which decision is looked for.
struct sought {
    int32_t partition;
    const struct hs_pending_exclusion *exclusion;
};

static bool is_sought(const struct hs_redis_job *redis, const void *ctx)
{
    const struct job *job = (const struct job *)(const void *)redis;
    const struct sought *sought = ctx;
    return job->partition == sought->partition &&
           hs_id_eq(&job->feedback, &sought->exclusion->feedback) &&
           hs_str_eq(job->vehicle, sought->exclusion->vehicle) &&
           hs_str_eq(job->audience, sought->exclusion->audience);
}

static struct job *find_offered(const struct hs_exclusions *exclusions, const struct sought *sought)
{
    struct hs_redis_job *job = exclusions->offered;
    while (job && !is_sought(job, sought)) {
        job = job->next;
    }
    return (struct job *)(void *)job;
}

static struct hs_str keep(struct job *job, struct hs_str text)
{
    return hs_str_n(hs_bump_copy(&job->redis.bump, text.ptr, text.len), text.len);
}

static struct job *job_new(int32_t partition, const struct hs_pending_exclusion *exclusion)
{
    struct job *job = calloc(1, sizeof(*job));
    if (!job) {
        return NULL;
    }
    job->partition = partition;
    job->feedback = exclusion->feedback;
    job->vehicle = keep(job, exclusion->vehicle);
    job->audience = keep(job, exclusion->audience);
    job->person = keep(job, exclusion->person);
    job->note = keep(job, exclusion->note);
    job->expires_at_ms = exclusion->expires_at_ms;
    if (!job->vehicle.ptr || !job->audience.ptr || !job->person.ptr || !job->note.ptr) {
        hs_redis_job_free(&job->redis);
        return NULL;
    }
    return job;
}

// The decision's job of this round; NULL: it is under way since an earlier one, or there is no room.
static struct job *job_for(struct hs_exclusions *exclusions, const struct sought *sought)
{
    struct job *job = find_offered(exclusions, sought);
    if (job || hs_redis_jobs_count(exclusions->jobs) >= HS_EXCLUSIONS_MAX ||
        hs_redis_jobs_any(exclusions->jobs, is_sought, sought)) {
        return job;
    }
    job = job_new(sought->partition, sought->exclusion);
    if (job) {
        job->redis.next = exclusions->offered;
        exclusions->offered = &job->redis;
    }
    return job;
}

void hs_exclusions_offer(void *ctx, const struct hs_pending_exclusion *exclusion)
{
    struct hs_part *part = ctx;
    struct hs_exclusions *exclusions = part->stage->exclusions;
    const struct sought sought = {.partition = part->number, .exclusion = exclusion};
    struct job *job = exclusions && part->caught_up ? job_for(exclusions, &sought) : NULL;
    if (!job) {
        return; // asked of the state again
    }
    struct row row = {.list_id = keep(job, exclusion->list_id),
                      .entry_id = keep(job, exclusion->entry_id),
                      .plate = keep(job, exclusion->plate)};
    if (job->row_count < HS_EXCLUSION_ROWS_MAX && row.list_id.ptr && row.entry_id.ptr &&
        row.plate.ptr) {
        job->rows[job->row_count++] = row;
    }
}

static int offer_again(void *ctx, const struct hs_pending_exclusion *exclusion)
{
    hs_exclusions_offer(ctx, exclusion);
    return 0;
}

static void ask_states(struct hs_correlate_stage *stage, int64_t boot_ms)
{
    struct hs_exclusions *exclusions = stage->exclusions;
    if (boot_ms < exclusions->asked_at_ms + ASK_STATE_MS && !stage->ask_exclusions) {
        return;
    }
    exclusions->asked_at_ms = boot_ms;
    stage->ask_exclusions = false;
    for (size_t i = 0; i < stage->part_count; i++) {
        struct hs_part *part = stage->parts[i];
        if (part->state == HS_PART_RUNNING && part->caught_up) {
            hs_correlator_each_exclusion(part->correlator, offer_again, part);
        }
    }
}

static void hand_over(struct hs_exclusions *exclusions)
{
    while (exclusions->offered) {
        struct hs_redis_job *job = exclusions->offered;
        exclusions->offered = job->next;
        hs_redis_jobs_add(exclusions->jobs, job);
    }
}

static void append(struct hs_part *part, const struct job *job)
{
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__ExclusionStored stored = HITSTREAM__V1__EXCLUSION_STORED__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    struct hs_audience who;
    struct hs_buf list = {0}, packed = {0};
    if (hs_audience_parse(job->audience, &who) != 0) {
        return;
    }
    hs_buf_add_str(&list, who.list_id);
    audience.kind = who.kind;
    audience.list_id = (char *)(uintptr_t)hs_buf_text(&list);
    stored.audience = &audience;
    stored.feedback_id = (ProtobufCBinaryData){.len = HS_ID_BYTES,
                                               .data = (uint8_t *)(uintptr_t)job->feedback.bytes};
    event.vehicle = (char *)(uintptr_t)job->vehicle.ptr; // copies of a bump are terminated
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_EXCLUSION_STORED;
    event.exclusion_stored = &stored;
    char *room = hs_buf_reserve(&packed, hitstream__v1__vehicle_event__get_packed_size(&event));
    if (room && hs_buf_status(&list) == 0) {
        packed.len = hitstream__v1__vehicle_event__pack(&event, (uint8_t *)room);
        hs_part_append(part, HS_OUT_EVENT, job->vehicle, hs_buf_str(&packed));
    }
    hs_buf_fini(&list);
    hs_buf_fini(&packed);
}

// Redis has it. Not ours any more: who owns the partition now finds it there as well.
static void finish(struct hs_correlate_stage *stage, const struct job *job)
{
    char id[HS_ID_TEXT_BYTES];
    hs_id_text(&job->feedback, id);
    hs_log(HS_LOG_INFO, &event_stored, "exclusion of feedback '%s' is stored", id);
    hs_metric_add(stage->metrics->exclusions, 1);
    for (size_t i = 0; i < stage->part_count; i++) {
        struct hs_part *part = stage->parts[i];
        if (part->number == job->partition && part->state == HS_PART_RUNNING && part->caught_up) {
            append(part, job);
        }
    }
}

void hs_exclusions_step(struct hs_correlate_stage *stage, int64_t boot_ms)
{
    struct hs_exclusions *exclusions = stage->exclusions;
    if (!exclusions || !hs_stage_may_publish(stage)) {
        return;
    }
    ask_states(stage, boot_ms);
    hand_over(exclusions);
    struct hs_redis_job *done = hs_redis_jobs_take_done(exclusions->jobs);
    hs_metric_set(stage->metrics->exclusions_waiting,
                  (double)hs_redis_jobs_count(exclusions->jobs));
    for (const struct hs_redis_job *job = done; job; job = job->next) {
        finish(stage, (const struct job *)(const void *)job);
    }
    hs_redis_job_free_all(done);
}
