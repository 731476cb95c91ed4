// SPDX-License-Identifier: Apache-2.0
/*
 * A host whose clock is set while its programs run, for one program: preloaded, it moves what the program sees of
 * CLOCK_REALTIME by the nanoseconds that stand in the file HS_STEPPED_CLOCK, which a test writes at any time. Other
 * clocks stay as they are, as on such a host. Whoever waits until a time of day waits by the moved clock too: a clock
 * that is set back makes the wait longer, one set ahead ends it.
 *
 * Threads: any.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S  INT64_C(1000000000)
#define SLICE_NS  INT64_C(20000000) // of a wait, between two looks at the file
#define EPOCH_MIN 1000000000        // seconds: a time of day, and none since boot

static _Atomic int64_t *moved_ns; // in the file; NULL: not moved

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("HS_STEPPED_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapped =
        fd >= 0 ? mmap(NULL, sizeof(*moved_ns), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    moved_ns = mapped != MAP_FAILED ? mapped : NULL;
    if (fd >= 0) {
        close(fd);
    }
}

static int64_t real_ns(clockid_t id)
{
    struct timespec now;
    syscall(SYS_clock_gettime, id, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int64_t moved(void)
{
    return moved_ns ? atomic_load_explicit(moved_ns, memory_order_relaxed) : 0;
}

static struct timespec timespec_of(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

int clock_gettime(clockid_t id, struct timespec *ret)
{
    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) {
        *ret = timespec_of(real_ns(id) + moved());
        return 0;
    }
    return (int)syscall(SYS_clock_gettime, id, ret);
}

int timespec_get(struct timespec *ret, int base)
{
    *ret = timespec_of(real_ns(CLOCK_REALTIME) + moved());
    return base;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec now = timespec_of(real_ns(CLOCK_REALTIME) + moved());
    (void)zone;
    *ret = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *ret)
{
    time_t now = (real_ns(CLOCK_REALTIME) + moved()) / NS_PER_S;
    if (ret) {
        *ret = now;
    }
    return now;
}

// Until when to wait before the next look; *ret_last: it is the time that was asked for.
static struct timespec next_slice(const struct timespec *until, bool *ret_last)
{
    int64_t now_ns = real_ns(CLOCK_REALTIME);
    int64_t left_ns = until->tv_sec * NS_PER_S + until->tv_nsec - (now_ns + moved());
    *ret_last = left_ns <= SLICE_NS;
    return timespec_of(now_ns + (left_ns < 0 ? 0 : *ret_last ? left_ns : SLICE_NS));
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until)
{
    static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    if (!real) {
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    }
    if (until->tv_sec < EPOCH_MIN) {
        return real(cond, mutex, until);
    }
    bool last;
    int r;
    do {
        struct timespec slice = next_slice(until, &last);
        r = real(cond, mutex, &slice);
    } while (r == ETIMEDOUT && !last);
    return r;
}

int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict mutex,
                  const struct timespec *restrict until)
{
    static int (*real)(cnd_t *, mtx_t *, const struct timespec *);
    if (!real) {
        *(void **)&real = dlsym(RTLD_NEXT, "cnd_timedwait");
    }
    bool last;
    int r;
    do {
        struct timespec slice = next_slice(until, &last);
        r = real(cond, mutex, &slice);
    } while (r == thrd_timedout && !last);
    return r;
}
