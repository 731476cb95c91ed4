// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BENCH_SOAK_STREAM_H
#define HS_BENCH_SOAK_STREAM_H
/*
 * The reads of a soak, and the alerts that come of them: one read in STREAM_ONE_IN is of one of STREAM_VEHICLES listed
 * vehicles, which drive up and down a row of cameras for as long as it lasts, so that the load is the same at its end
 * as at its beginning. A read's time is stamped before it is sent, an alert's when it is read.
 *
 * Threads: two of its own, one writes and one reads; the functions are for whoever started it. Ownership: borrows the
 * site until stream_stop().
 */

#include <pthread.h>
#include <stdatomic.h>

#include "stage/site.h"

enum {
    STREAM_ONE_IN = 100,
    STREAM_VEHICLES = 500,
    STREAM_FLYING =
        1 << 21, // reads whose times are remembered: nearly three minutes at 12,000 a second
    STREAM_WINDOW_ALERTS = 1 << 17, // of one window; those beyond are counted, not timed
};

struct stream {
    struct site *site;
    unsigned reads_per_s;
    pthread_t writer, reader;
    _Atomic bool stop;    // relaxed: only ends the loops
    _Atomic size_t reads; // sent so far; relaxed
    _Atomic int64_t
        *sent_ns; // by number modulo STREAM_FLYING; relaxed, ordered by the broker between them
    pthread_mutex_t lock; // of what follows
    double *seconds;      // from read to alert in this window
    size_t alerts;        // in this window
};

// What came of one stretch of time.
struct stream_window {
    size_t alerts;
    double p50_ms, p99_ms, max_ms; // read to alert; NAN: there was none
};

void stream_start(struct stream *stream, struct site *site, unsigned reads_per_s);
// Of the time since the last call.
struct stream_window stream_window(struct stream *stream);
// Ends both; returns how many reads were sent.
size_t stream_stop(struct stream *stream);
// The plate of a listed vehicle.
void stream_plate(size_t vehicle, char ret_vrm[SITE_MARK_MAX]);

#endif
