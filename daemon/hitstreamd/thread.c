// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/thread.h"

#include <time.h>

#include "base/clock.h"
#include "base/error.h"

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

void hs_thread_init(struct hs_thread *thread)
{
    pthread_condattr_t by_monotonic;
    *thread = (struct hs_thread){.started = false};
    pthread_mutex_init(&thread->lock, NULL);
    pthread_condattr_init(&by_monotonic);
    pthread_condattr_setclock(&by_monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&thread->changed, &by_monotonic);
    pthread_condattr_destroy(&by_monotonic);
}

void hs_thread_fini(struct hs_thread *thread)
{
    pthread_cond_destroy(&thread->changed);
    pthread_mutex_destroy(&thread->lock);
}

static void *run(void *arg)
{
    struct hs_thread *thread = arg;
    thread->work(thread->ctx);
    pthread_mutex_lock(&thread->lock);
    thread->ended = true;
    pthread_cond_broadcast(&thread->changed);
    pthread_mutex_unlock(&thread->lock);
    return NULL;
}

int hs_thread_start(struct hs_thread *thread, const char *name, void (*work)(void *), void *ctx)
{
    thread->work = work;
    thread->ctx = ctx;
    thread->ended = false;
    if (pthread_create(&thread->id, NULL, run, thread) != 0) {
        return HS_ENOMEM;
    }
    pthread_setname_np(thread->id, name);
    thread->started = true;
    return 0;
}

static struct timespec monotonic_after(int64_t ms)
{
    int64_t now_ns = hs_clock_monotonic_ns();
    int64_t until_ns = ms < (INT64_MAX - now_ns) / NS_PER_MS ? now_ns + ms * NS_PER_MS : INT64_MAX;
    return (struct timespec){.tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S};
}

int hs_thread_stop(struct hs_thread *thread, int64_t timeout_ms)
{
    const struct timespec until = monotonic_after(timeout_ms);
    int error = 0;
    pthread_mutex_lock(&thread->lock);
    atomic_store_explicit(&thread->stopping, true, memory_order_relaxed);
    pthread_cond_broadcast(&thread->changed);
    while (thread->started && !thread->ended && error == 0) {
        error = pthread_cond_timedwait(&thread->changed, &thread->lock, &until);
    }
    bool runs = thread->started && !thread->ended;
    pthread_mutex_unlock(&thread->lock);
    if (runs) {
        return HS_ETIMEDOUT;
    }
    if (thread->started) {
        pthread_join(thread->id, NULL);
        thread->started = false;
    }
    return 0;
}

void hs_thread_rest(struct hs_thread *thread, int64_t ms)
{
    const struct timespec until = monotonic_after(ms);
    int error = 0;
    pthread_mutex_lock(&thread->lock);
    while (!thread->woken && !hs_thread_stopping(thread) && error == 0) {
        error = pthread_cond_timedwait(&thread->changed, &thread->lock, &until);
    }
    thread->woken = false;
    pthread_mutex_unlock(&thread->lock);
}

void hs_thread_pause(struct hs_thread *thread, int64_t ms)
{
    const struct timespec until = monotonic_after(ms);
    int error = 0;
    pthread_mutex_lock(&thread->lock);
    while (!hs_thread_stopping(thread) && error == 0) {
        error = pthread_cond_timedwait(&thread->changed, &thread->lock, &until);
    }
    pthread_mutex_unlock(&thread->lock);
}

void hs_thread_wake(struct hs_thread *thread)
{
    pthread_mutex_lock(&thread->lock);
    thread->woken = true;
    pthread_cond_broadcast(&thread->changed);
    pthread_mutex_unlock(&thread->lock);
}
