// SPDX-License-Identifier: Apache-2.0
#include "soak/stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "stage/clients.h"
#include "support/figure.h"

enum { TICK_NS = 1000000, FLUSH_MS = 30000, PASSERS_BY = 5000000, PACE = 2 };

void stream_plate(size_t vehicle, char ret_vrm[SITE_MARK_MAX])
{
    site_plate(2 * vehicle, ret_vrm);
}

// Which camera a listed vehicle passes the `round`th time: up the row and down again.
static unsigned camera_of(size_t vehicle, size_t round)
{
    size_t along = (vehicle + round * PACE) % (2 * SITE_CAMERAS);
    return (unsigned)(along < SITE_CAMERAS ? along : 2 * SITE_CAMERAS - 1 - along);
}

static void send_one(struct stream *stream, rd_kafka_t *writer, size_t n)
{
    char vrm[SITE_MARK_MAX];
    unsigned camera = (unsigned)(n * 7919 % SITE_CAMERAS);
    if (n % STREAM_ONE_IN == 0) {
        size_t nth = n / STREAM_ONE_IN, vehicle = nth % STREAM_VEHICLES;
        stream_plate(vehicle, vrm);
        camera = camera_of(vehicle, nth / STREAM_VEHICLES);
    } else {
        site_plate(2 * (n * 7919 % PASSERS_BY) + 1, vrm);
    }
    atomic_store_explicit(&stream->sent_ns[n % STREAM_FLYING], hs_clock_monotonic_ns(),
                          memory_order_relaxed);
    site_send_read(writer, "anpr.reads", n, vrm, camera);
}

static void *write_reads(void *ctx)
{
    const struct timespec tick = {.tv_nsec = TICK_NS};
    struct stream *stream = ctx;
    rd_kafka_t *writer = site_writer_new(stream->site);
    int64_t began_ns = hs_clock_monotonic_ns();
    for (size_t n = 0; !atomic_load_explicit(&stream->stop, memory_order_relaxed);) {
        double passed_s = (double)(hs_clock_monotonic_ns() - began_ns) / 1e9;
        for (size_t due = (size_t)(passed_s * stream->reads_per_s); n < due; n++) {
            send_one(stream, writer, n);
        }
        atomic_store_explicit(&stream->reads, n, memory_order_relaxed);
        rd_kafka_poll(writer, 0);
        nanosleep(&tick, NULL);
    }
    if (rd_kafka_flush(writer, FLUSH_MS)) {
        site_fail("the broker does not take the reads");
    }
    rd_kafka_destroy(writer);
    return NULL;
}

static void note(struct stream *stream, const Hitstream__V1__Alert *alert)
{
    static const char prefix[] = "read#";
    if (!alert->read_id || strncmp(alert->read_id, prefix, strlen(prefix)) != 0 ||
        alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_STAND_DOWN) {
        return; // answers a change of a list, not a read
    }
    size_t n = strtoull(alert->read_id + strlen(prefix), NULL, 10);
    int64_t sent_ns =
        atomic_load_explicit(&stream->sent_ns[n % STREAM_FLYING], memory_order_relaxed);
    double seconds = (double)(hs_clock_monotonic_ns() - sent_ns) / 1e9;
    pthread_mutex_lock(&stream->lock);
    if (stream->alerts < STREAM_WINDOW_ALERTS) {
        stream->seconds[stream->alerts] = seconds;
    }
    stream->alerts++;
    pthread_mutex_unlock(&stream->lock);
}

static void *read_alerts(void *ctx)
{
    static const char *const topics[] = {"dispatch.control", NULL};
    struct stream *stream = ctx;
    rd_kafka_t *reader = site_reader_new(stream->site, topics, SITE_FROM_END);
    while (!atomic_load_explicit(&stream->stop, memory_order_relaxed)) {
        Hitstream__V1__Alert *alert = site_next_alert(reader, 100);
        if (alert) {
            note(stream, alert);
        }
        hitstream__v1__alert__free_unpacked(alert, NULL);
    }
    rd_kafka_destroy(reader);
    return NULL;
}

void stream_start(struct stream *stream, struct site *site, unsigned reads_per_s)
{
    *stream = (struct stream){.site = site, .reads_per_s = reads_per_s};
    stream->sent_ns = calloc(STREAM_FLYING, sizeof(*stream->sent_ns));
    stream->seconds = calloc(STREAM_WINDOW_ALERTS, sizeof(*stream->seconds));
    pthread_mutex_init(&stream->lock, NULL);
    if (!stream->sent_ns || !stream->seconds ||
        pthread_create(&stream->reader, NULL, read_alerts, stream) != 0 ||
        pthread_create(&stream->writer, NULL, write_reads, stream) != 0) {
        site_fail("out of memory or threads");
    }
}

struct stream_window stream_window(struct stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    struct stream_window window = {.alerts = stream->alerts};
    size_t timed = window.alerts < STREAM_WINDOW_ALERTS ? window.alerts : STREAM_WINDOW_ALERTS;
    window.p50_ms = hs_bench_permille(stream->seconds, timed, 500) * 1000;
    window.p99_ms = hs_bench_permille(stream->seconds, timed, 990) * 1000;
    window.max_ms = hs_bench_permille(stream->seconds, timed, 1000) * 1000;
    stream->alerts = 0;
    pthread_mutex_unlock(&stream->lock);
    return window;
}

size_t stream_stop(struct stream *stream)
{
    atomic_store(&stream->stop, true);
    pthread_join(stream->writer, NULL);
    pthread_join(stream->reader, NULL);
    pthread_mutex_destroy(&stream->lock);
    free(stream->seconds);
    free(stream->sent_ns);
    return atomic_load(&stream->reads);
}
