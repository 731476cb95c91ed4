// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/exclusions.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "base/log.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstreamd/correlate_metrics.h"
#include "hitstreamd/correlate_partition.h"
#include "watchlist/store.h"
#include "wire/audience.h"

HS_LOG_EVENT(event_stored, "exclusion-stored", "2d9b6e14f0c74a58b3e17c5f82d40a96");
HS_LOG_EVENT(event_gone, "exclusion-entry-gone", "71e4a8c2d65b4f03a9d80c6e3f1b2795");
HS_LOG_EVENT(event_waits, "exclusion-waits", "c80f53b7e91d4d26a4b6f2e07d89c531");

enum {
    AGAIN_FIRST_MS = 200, // after Redis was not reached, doubled up to
    AGAIN_MAX_MS = 5000,
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
    struct job *next;
    int32_t partition;
    struct hs_id feedback;
    struct hs_str vehicle;
    struct hs_str audience;
    struct hs_str person;
    struct hs_str queue;
    struct hs_str note;
    int64_t expires_at_ms;
    struct row rows[HS_EXCLUSION_ROWS_MAX];
    size_t row_count;
    struct hs_bump bump;
};

struct hs_exclusions {
    struct hs_redis_config redis;
    struct hs_correlate_stage *stage; // for its metrics
    pthread_t thread;
    pthread_mutex_t lock; // of the members below
    pthread_cond_t wake;  // something waits, or it is to end
    bool stopping;
    struct job *waiting; // for Redis, oldest first
    struct job *working; // the thread's; read to know what is under way
    struct job *done;    // for the stage
    size_t count;        // of all three
    // the stage's alone
    struct job *offered; // in this round: a decision's rows come together
    int64_t asked_at_ms; // boot time
};

static void job_free(struct job *job)
{
    if (job) {
        hs_bump_fini(&job->bump);
        free(job);
    }
}

static void add_last(struct job **list, struct job *job)
{
    while (*list) {
        list = &(*list)->next;
    }
    job->next = NULL;
    *list = job;
}

// ---- the thread: Redis ----

static int open_store(struct hs_exclusions *exclusions, struct hs_store **store)
{
    struct hs_buf why = {0};
    int r = *store ? 0 : hs_store_open(&exclusions->redis, store, &why);
    if (r < 0) {
        hs_log(HS_LOG_WARNING, &event_waits, "an exclusion waits for Redis: %s", hs_buf_text(&why));
    }
    hs_buf_fini(&why);
    return r;
}

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
static int store_job(struct hs_exclusions *exclusions, struct hs_store **store,
                     const struct job *job)
{
    int r = open_store(exclusions, store);
    for (size_t i = 0; r == 0 && i < job->row_count; i++) {
        r = store_row(*store, job, &job->rows[i]);
        if (r < 0) {
            hs_log(HS_LOG_WARNING, &event_waits, "an exclusion waits: %s, %s", hs_strerror(r),
                   hs_store_why(*store));
            hs_store_free(*store);
            *store = NULL;
        }
    }
    return r;
}

// Under the lock; true when it is to end.
static bool rest(struct hs_exclusions *exclusions, int64_t ms)
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
    while (!exclusions->stopping && error == 0) {
        error = pthread_cond_timedwait(&exclusions->wake, &exclusions->lock, &until);
    }
    return exclusions->stopping;
}

static void *run(void *arg)
{
    struct hs_exclusions *exclusions = arg;
    struct hs_store *store = NULL;
    int64_t again_ms = AGAIN_FIRST_MS;
    pthread_mutex_lock(&exclusions->lock);
    while (!exclusions->stopping) {
        struct job *job = exclusions->waiting;
        if (!job) {
            pthread_cond_wait(&exclusions->wake, &exclusions->lock);
            continue;
        }
        exclusions->waiting = job->next;
        exclusions->working = job;
        pthread_mutex_unlock(&exclusions->lock);
        int r = store_job(exclusions, &store, job);
        pthread_mutex_lock(&exclusions->lock);
        exclusions->working = NULL;
        add_last(r == 0 ? &exclusions->done : &exclusions->waiting, job);
        again_ms = r == 0                        ? AGAIN_FIRST_MS
                   : again_ms * 2 < AGAIN_MAX_MS ? again_ms * 2
                                                 : AGAIN_MAX_MS;
        if (r < 0 && rest(exclusions, again_ms)) {
            break;
        }
    }
    pthread_mutex_unlock(&exclusions->lock);
    hs_store_free(store);
    return NULL;
}

// ---- life ----

int hs_exclusions_new(struct hs_correlate_stage *stage, struct hs_exclusions **ret_exclusions)
{
    struct hs_exclusions *exclusions = calloc(1, sizeof(*exclusions));
    if (!exclusions) {
        return HS_ENOMEM;
    }
    exclusions->stage = stage;
    exclusions->redis = hs_redis_config_of(stage->config.settings);
    pthread_mutex_init(&exclusions->lock, NULL);
    pthread_cond_init(&exclusions->wake, NULL);
    if (pthread_create(&exclusions->thread, NULL, run, exclusions) != 0) {
        pthread_cond_destroy(&exclusions->wake);
        pthread_mutex_destroy(&exclusions->lock);
        free(exclusions);
        return HS_ENOMEM;
    }
    *ret_exclusions = exclusions;
    return 0;
}

static void free_all(struct job *job)
{
    while (job) {
        struct job *next = job->next;
        job_free(job);
        job = next;
    }
}

void hs_exclusions_free(struct hs_exclusions *exclusions)
{
    if (!exclusions) {
        return;
    }
    pthread_mutex_lock(&exclusions->lock);
    exclusions->stopping = true;
    pthread_cond_signal(&exclusions->wake);
    pthread_mutex_unlock(&exclusions->lock);
    pthread_join(exclusions->thread, NULL);
    free_all(exclusions->waiting);
    free_all(exclusions->done);
    free_all(exclusions->offered);
    pthread_cond_destroy(&exclusions->wake);
    pthread_mutex_destroy(&exclusions->lock);
    free(exclusions);
}

// ---- the stage ----

static bool is_of(const struct job *job, int32_t partition,
                  const struct hs_pending_exclusion *exclusion)
{
    return job->partition == partition && hs_id_eq(&job->feedback, &exclusion->feedback) &&
           hs_str_eq(job->vehicle, exclusion->vehicle) &&
           hs_str_eq(job->audience, exclusion->audience);
}

static struct job *find(struct job *job, int32_t partition,
                        const struct hs_pending_exclusion *exclusion)
{
    while (job && !is_of(job, partition, exclusion)) {
        job = job->next;
    }
    return job;
}

// Under way already: handed over before, and not yet appended.
static bool is_under_way(struct hs_exclusions *exclusions, int32_t partition,
                         const struct hs_pending_exclusion *exclusion)
{
    pthread_mutex_lock(&exclusions->lock);
    bool found = find(exclusions->waiting, partition, exclusion) ||
                 find(exclusions->done, partition, exclusion) ||
                 (exclusions->working && is_of(exclusions->working, partition, exclusion));
    bool full = exclusions->count >= HS_EXCLUSIONS_MAX;
    pthread_mutex_unlock(&exclusions->lock);
    return found || full;
}

static struct hs_str keep(struct job *job, struct hs_str text)
{
    return hs_str_n(hs_bump_copy(&job->bump, text.ptr, text.len), text.len);
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
    job->queue = keep(job, exclusion->queue);
    job->note = keep(job, exclusion->note);
    job->expires_at_ms = exclusion->expires_at_ms;
    if (!job->vehicle.ptr || !job->audience.ptr || !job->person.ptr || !job->queue.ptr ||
        !job->note.ptr) {
        job_free(job);
        return NULL;
    }
    return job;
}

void hs_exclusions_offer(void *ctx, const struct hs_pending_exclusion *exclusion)
{
    struct hs_part *part = ctx;
    struct hs_exclusions *exclusions = part->stage->exclusions;
    struct job *job = exclusions ? find(exclusions->offered, part->number, exclusion) : NULL;
    if (!exclusions || !part->caught_up ||
        (!job && is_under_way(exclusions, part->number, exclusion))) {
        return;
    }
    if (!job) {
        job = job_new(part->number, exclusion);
        if (!job) {
            return; // asked of the state again
        }
        job->next = exclusions->offered;
        exclusions->offered = job;
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
    if (!exclusions->offered) {
        return;
    }
    pthread_mutex_lock(&exclusions->lock);
    while (exclusions->offered) {
        struct job *job = exclusions->offered;
        exclusions->offered = job->next;
        add_last(&exclusions->waiting, job);
        exclusions->count++;
    }
    pthread_cond_signal(&exclusions->wake);
    pthread_mutex_unlock(&exclusions->lock);
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
static void finish(struct hs_correlate_stage *stage, struct job *job)
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
    job_free(job);
}

void hs_exclusions_step(struct hs_correlate_stage *stage, int64_t boot_ms)
{
    struct hs_exclusions *exclusions = stage->exclusions;
    if (!exclusions || !hs_stage_may_publish(stage)) {
        return;
    }
    ask_states(stage, boot_ms);
    hand_over(exclusions);
    pthread_mutex_lock(&exclusions->lock);
    struct job *done = exclusions->done;
    exclusions->done = NULL;
    for (const struct job *job = done; job; job = job->next) {
        exclusions->count--;
    }
    size_t waiting = exclusions->count;
    pthread_mutex_unlock(&exclusions->lock);
    hs_metric_set(stage->metrics->exclusions_waiting, (double)waiting);
    while (done) {
        struct job *next = done->next;
        finish(stage, done);
        done = next;
    }
}
