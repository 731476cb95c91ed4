// SPDX-License-Identifier: Apache-2.0
// The life of a thread: what it is asked is what it does, at once.
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/error.h"
#include "hitstreamd/thread.h"

#define NS_PER_MS INT64_C(1000000)

// A thread that goes round until it is to end, or that the test holds up.
struct worker {
    struct hs_thread thread;
    bool pauses;          // its wait is a pause, else a rest
    int64_t wait_ms;      // of each round
    _Atomic int rounds;   // relaxed
    _Atomic bool held_up; // relaxed: it does not look whether it is to end
};

static void go_round(void *ctx)
{
    struct worker *worker = ctx;
    while (!hs_thread_stopping(&worker->thread) || atomic_load(&worker->held_up)) {
        hs_thread_beat(&worker->thread);
        atomic_fetch_add(&worker->rounds, 1);
        if (worker->pauses) {
            hs_thread_pause(&worker->thread, worker->wait_ms);
        } else {
            hs_thread_rest(&worker->thread, worker->wait_ms);
        }
    }
}

static void begin(struct worker *worker)
{
    hs_thread_init(&worker->thread);
    assert_int_equal(hs_thread_start(&worker->thread, "test", go_round, worker), 0);
}

static void await_rounds(struct worker *worker, int rounds)
{
    while (atomic_load(&worker->rounds) < rounds) {
        sched_yield();
    }
}

static void end(struct worker *worker)
{
    assert_int_equal(hs_thread_stop(&worker->thread, HS_THREAD_FOREVER), 0);
    hs_thread_fini(&worker->thread);
}

static void resting_thread_wakes_for_work_and_to_end(void **state)
{
    (void)state;
    struct worker worker = {.wait_ms = HS_THREAD_FOREVER};
    begin(&worker);
    for (int round = 1; round < 4; round++) {
        await_rounds(&worker, round);
        hs_thread_wake(&worker.thread); // also when it is not resting yet
    }
    await_rounds(&worker, 4);
    end(&worker); // and not for ever
    assert_int_equal(hs_thread_progress(&worker.thread), atomic_load(&worker.rounds));
}

static void pause_is_kept_but_for_the_end(void **state)
{
    (void)state;
    struct worker worker = {.pauses = true, .wait_ms = HS_THREAD_FOREVER};
    begin(&worker);
    await_rounds(&worker, 1);
    hs_thread_wake(&worker.thread);
    hs_thread_wake(&worker.thread);
    end(&worker);
    assert_int_equal(atomic_load(&worker.rounds), 1);
}

static void rest_takes_its_time(void **state)
{
    (void)state;
    enum { REST_MS = 20 };
    struct worker worker = {.wait_ms = REST_MS};
    int64_t from_ns = hs_clock_monotonic_ns();
    begin(&worker);
    await_rounds(&worker, 4);
    int64_t took_ms = (hs_clock_monotonic_ns() - from_ns) / NS_PER_MS;
    end(&worker);
    assert_true(took_ms >= 3 * REST_MS);
}

static void thread_that_runs_on_is_told_of(void **state)
{
    (void)state;
    struct worker worker = {.wait_ms = 0, .held_up = true};
    begin(&worker);
    assert_int_equal(hs_thread_stop(&worker.thread, 1), HS_ETIMEDOUT);
    assert_int_equal(hs_thread_stop(&worker.thread, 0), HS_ETIMEDOUT);
    atomic_store(&worker.held_up, false);
    end(&worker);
}

static void thread_that_never_began_is_stopped_at_once(void **state)
{
    (void)state;
    struct hs_thread thread;
    hs_thread_init(&thread);
    assert_int_equal(hs_thread_stop(&thread, HS_THREAD_FOREVER), 0);
    hs_thread_fini(&thread);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resting_thread_wakes_for_work_and_to_end),
        cmocka_unit_test(pause_is_kept_but_for_the_end),
        cmocka_unit_test(rest_takes_its_time),
        cmocka_unit_test(thread_that_runs_on_is_told_of),
        cmocka_unit_test(thread_that_never_began_is_stopped_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
