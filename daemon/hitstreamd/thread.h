// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_THREAD_H
#define HITSTREAMD_THREAD_H
/*
 * The life of a thread of the daemon: started under a name, watched by its progress, asked to end,
 * waited for.
 *
 * The thread beats in every loop that may last, asks whether it is to end, and rests where there is
 * nothing to do. Waiting goes by CLOCK_MONOTONIC: a wall clock that is set holds nobody up.
 *
 * Threads:   init, start, stop, fini     the one that owns the object
 *            rest, pause                 the thread itself
 *            beat, stopping              the thread itself, and what it calls
 *            wake, progress              any
 *
 * Ownership: plain value inside of what the thread works on; it may not move once it is started.
 * Bounds: a stop waits as long as it was told to; a rest ends at once when it is asked for.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define HS_THREAD_FOREVER INT64_MAX

struct hs_thread {
    pthread_t id;
    bool started;              // the owner's: it is to be joined
    void (*work)(void *);      // what it does
    void *ctx;                 // and with what
    pthread_mutex_t lock;      // of `ended` and `woken`
    pthread_cond_t changed;    // one of them did
    bool ended;                // its last act
    bool woken;                // a rest ends, or the next one does
    _Atomic bool stopping;     // relaxed: looked at each round
    _Atomic uint64_t progress; // relaxed: only that it changes matters
};

void hs_thread_init(struct hs_thread *thread);
// It has ended, or was never started.
void hs_thread_fini(struct hs_thread *thread);
// `name` is for ps and gdb, of 15 characters at most. HS_ENOMEM: there is none.
int hs_thread_start(struct hs_thread *thread, const char *name, void (*work)(void *), void *ctx);
// Asks it to end, and waits for that. 0 also when it was never started. HS_ETIMEDOUT: it runs on; all
// that it works on is to be left alone.
int hs_thread_stop(struct hs_thread *thread, int64_t timeout_ms);
// Nothing to do for so long, unless it is woken or is to end.
void hs_thread_rest(struct hs_thread *thread, int64_t ms);
// Nothing may be tried again for so long, unless it is to end. A wake is kept for the next rest.
void hs_thread_pause(struct hs_thread *thread, int64_t ms);
// Ends its rest, or the next one.
void hs_thread_wake(struct hs_thread *thread);

// Proof of life for the watchdog.
static inline void hs_thread_beat(struct hs_thread *thread)
{
    atomic_fetch_add_explicit(&thread->progress, 1, memory_order_relaxed);
}

static inline bool hs_thread_stopping(const struct hs_thread *thread)
{
    return atomic_load_explicit(&thread->stopping, memory_order_relaxed);
}

static inline uint64_t hs_thread_progress(const struct hs_thread *thread)
{
    return atomic_load_explicit(&thread->progress, memory_order_relaxed);
}

#endif
