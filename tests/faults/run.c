// SPDX-License-Identifier: Apache-2.0
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include <cmocka.h>

#include "base/clock.h"

enum {
    SESSION_MS = 6000,
    READS_A_SECOND = 1000,
    READS_MIN = 20000,
    LISTED_PERMILLE = 50, // enough for the alerts wanted
    ALERTS_MIN = 2000,
    LEAD_MS = 4000, // of undisturbed stream at least, to know what is usual
    LEAD_VARIES_MS = 2000,
    REST_MS = 7000, // after the fault's end, and between two
    DONE_MS = 120000,
    LATE_MS = 1000, // more than is usual
    SPANS_MAX = 16,
};

// When a fault began and ended, by the clock that brokers stamp with.
struct span {
    const struct fault *fault;
    int64_t began_ms;
    int64_t ended_ms;
};

struct spans {
    struct span rows[SPANS_MAX];
    size_t count;
};

// Says how far it has come: a run takes a minute.
static void say(const char *what, int64_t began_ms)
{
    printf("%5.1f s: %s\n", (double)(hs_clock_boottime_ms() - began_ms) / 1000, what);
}

static void open_ground(struct ground *ground, const struct run_plan *plan, int64_t began_ms)
{
    cluster_open(&ground->cluster);
    say("brokers, Redis and Sentinels answer", began_ms);
    const struct world_place place = {
        .bootstrap = ground->cluster.bootstrap,
        .daemons_bootstrap = ground->cluster.daemons_bootstrap,
        .kafka = ground->cluster.kafka_settings,
        .redis = ground->cluster.redis_settings,
        .session_ms = SESSION_MS,
        .networks = {network_path(HOST_DAEMON_1), network_path(HOST_DAEMON_2)}};
    world_open(&ground->world, &place);
    say("lists, controls and topics are there", began_ms);
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->faults[i]->prepare) {
            plan->faults[i]->prepare(ground);
        }
    }
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        ground_start_daemon(ground, i);
    }
}

static size_t times_of(const struct fault *fault)
{
    return fault->times ? fault->times : 1;
}

// So many that the stream goes on until all is well again.
static size_t reads_for(const struct run_plan *plan)
{
    int64_t ms = LEAD_MS + LEAD_VARIES_MS + REST_MS;
    for (size_t i = 0; i < plan->count; i++) {
        ms += (int64_t)times_of(plan->faults[i]) * (plan->faults[i]->hold_ms + REST_MS);
    }
    size_t reads = (size_t)ms * READS_A_SECOND / 1000;
    return reads > READS_MIN ? reads : READS_MIN;
}

static void befall(struct ground *ground, const struct fault *fault, struct spans *spans)
{
    for (size_t i = 0; i < times_of(fault); i++) {
        assert_true(spans->count < SPANS_MAX);
        struct span *span = &spans->rows[spans->count++];
        span->fault = fault;
        span->began_ms = hs_clock_realtime_ms();
        fault->begin(ground);
        hs_test_pause_ms(fault->hold_ms);
        if (fault->end) {
            fault->end(ground);
        }
        span->ended_ms = hs_clock_realtime_ms();
        hs_test_pause_ms(REST_MS);
    }
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

// 99 of 100 took no longer than this before anything happened; sorts.
static int64_t usual_ms(int64_t *took, size_t count)
{
    qsort(took, count, sizeof(*took), compare);
    return count ? took[count * 99 / 100] : 0;
}

static int64_t usual_telling_ms(const struct audit *audit, int64_t until_ms)
{
    int64_t *took = calloc(audit->telling_count + 1, sizeof(*took));
    size_t count = 0;
    assert_non_null(took);
    for (size_t i = 0; i < audit->telling_count; i++) {
        if (audit->tellings[i].told_at_ms < until_ms) {
            took[count++] = audit->tellings[i].told_at_ms - audit->tellings[i].captured_at_ms;
        }
    }
    int64_t ms = usual_ms(took, count);
    free(took);
    return ms;
}

static int64_t usual_record_ms(const struct audit *audit, int64_t until_ms)
{
    int64_t *took = calloc(audit->record_count + 1, sizeof(*took));
    size_t count = 0;
    assert_non_null(took);
    for (size_t i = 0; i < audit->record_count; i++) {
        if (audit->records[i].recorded_at_ms < until_ms) {
            took[count++] = audit->records[i].recorded_at_ms - audit->records[i].captured_at_ms;
        }
    }
    int64_t ms = usual_ms(took, count);
    free(took);
    return ms;
}

// When the last alert of a span was told that came later than `late_ms`, by others than the fault's
// own queue; 0: none was.
static int64_t last_late_ms(const struct audit *audit, const struct span *span, int64_t until_ms,
                            int64_t late_ms)
{
    const char *spared = span->fault->queue;
    int64_t last_ms = 0;
    for (size_t i = 0; i < audit->telling_count; i++) {
        const struct audit_telling *row = &audit->tellings[i];
        if (row->told_at_ms - row->captured_at_ms > late_ms && row->told_at_ms >= span->began_ms &&
            row->told_at_ms < until_ms && row->told_at_ms > last_ms &&
            !(spared && strcmp(row->queue, spared) == 0)) {
            last_ms = row->told_at_ms;
        }
    }
    return last_ms;
}

// From a fault's beginning or end until the last alert was told that came later than usual.
static int64_t recovery_ms(const struct audit *audit, const struct spans *spans)
{
    int64_t usual = usual_telling_ms(audit, spans->rows[0].began_ms), longest_ms = 0;
    printf("told within %lld ms before anything happened, 99 of 100\n", (long long)usual);
    for (size_t s = 0; s < spans->count; s++) {
        const struct span *span = &spans->rows[s];
        bool from_begin = span->fault->sudden || span->fault->queue;
        int64_t from_ms = from_begin ? span->began_ms : span->ended_ms;
        int64_t next_ms = s + 1 < spans->count ? spans->rows[s + 1].began_ms : INT64_MAX;
        int64_t ms = last_late_ms(audit, span, next_ms, usual + LATE_MS) - from_ms;
        longest_ms = ms > longest_ms ? ms : longest_ms;
    }
    return longest_ms;
}

// How much later than usual the latest hit was recorded while faults befell beside matching.
static int64_t matching_ms(const struct audit *audit, const struct spans *spans)
{
    int64_t usual = usual_record_ms(audit, spans->rows[0].began_ms), latest_ms = 0;
    for (size_t s = 0; s < spans->count; s++) {
        const struct span *span = &spans->rows[s];
        for (size_t i = 0; i < audit->record_count && span->fault->matching; i++) {
            const struct audit_record *row = &audit->records[i];
            int64_t ms = row->recorded_at_ms - row->captured_at_ms - usual;
            if (row->recorded_at_ms >= span->began_ms &&
                row->recorded_at_ms < span->ended_ms + REST_MS && ms > latest_ms) {
                latest_ms = ms;
            }
        }
    }
    return latest_ms;
}

void run_carry_out(struct ground *ground, const struct run_plan *plan,
                   struct run_result *ret_result)
{
    struct spans spans = {0};
    struct audit audit;
    int64_t began_ms = hs_clock_boottime_ms();
    open_ground(ground, plan, began_ms);
    say("the daemons are ready", began_ms);
    feeder_start(&ground->feeder, &ground->world, reads_for(plan), READS_A_SECOND, LISTED_PERMILLE);
    responder_start(&ground->responder, &ground->world);
    hs_test_pause_ms(LEAD_MS + ground_dice(ground, LEAD_VARIES_MS));
    for (size_t i = 0; i < plan->count; i++) {
        say(plan->faults[i]->name, began_ms);
        befall(ground, plan->faults[i], &spans);
    }
    feeder_join(&ground->feeder);
    say("all is read in", began_ms);
    responder_stop(&ground->responder);
    world_rest(&ground->world, DONE_MS);
    say("all is applied", began_ms);
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->faults[i]->check) {
            plan->faults[i]->check(ground);
        }
    }
    audit_run(&ground->world, &ground->feeder, plan->faults[0]->name, &audit);
    *ret_result = (struct run_result){.reads = ground->feeder.reads,
                                      .alerts = audit.expected,
                                      .lost = audit.missing + audit.hits_missing,
                                      .duplicated = audit.repeated,
                                      .misrouted = audit.wrong_queue + audit.unexpected,
                                      .altered = audit.altered,
                                      .recovery_ms = recovery_ms(&audit, &spans),
                                      .matching_ms = matching_ms(&audit, &spans)};
    audit_fini(&audit);
}

bool run_is_late(const struct run_plan *plan, const struct run_result *result)
{
    bool late = false;
    for (size_t i = 0; i < plan->count; i++) {
        const struct fault *fault = plan->faults[i];
        late = late ||
               (fault->recovery_max_ms > 0 && result->recovery_ms > fault->recovery_max_ms) ||
               (fault->matching && result->matching_ms > LATE_MS);
    }
    return late;
}

void run_judge(struct ground *ground, const struct run_plan *plan, const struct run_result *result,
               bool timed)
{
    bool repeats_hold = result->duplicated == 0;
    for (size_t i = 0; i < plan->count; i++) {
        repeats_hold = repeats_hold || plan->faults[i]->repeats_allowed;
    }
    if (result->lost + result->misrouted + result->altered > 0 || !repeats_hold) {
        world_tell_logs(&ground->world);
    }
    assert_int_equal(result->lost, 0);
    assert_int_equal(result->misrouted, 0);
    assert_int_equal(result->altered, 0);
    assert_true(repeats_hold);
    assert_true(result->reads >= READS_MIN);
    assert_true(result->alerts >= ALERTS_MIN);
    if (timed && run_is_late(plan, result)) {
        fail_msg("%lld ms until all was well, hits %lld ms later than usual: over the bar",
                 (long long)result->recovery_ms, (long long)result->matching_ms);
    }
}

void run_close(struct ground *ground)
{
    hs_process_fini(&ground->hitctl);
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        hs_process_fini(&ground->world.instances[i].process);
        if (ground->mounted[i]) {
            umount2(ground->mounted[i], MNT_DETACH);
        }
    }
    world_close(&ground->world);
    feeder_fini(&ground->feeder);
    cluster_close(&ground->cluster);
    if (network_is_open()) {
        network_mend();
    }
}
