// SPDX-License-Identifier: Apache-2.0
/*
 * The correlator on one core: from an event's bytes to its packed alerts, with 100 k live vehicles;
 * beside it protobuf-c, which unpacks the same events and packs the same alerts and nothing else.
 * And how large the states are that it writes, and how fast. Time is the processor's: one thread that waits for nothing.
 *
 *     correlate_bench
 */
#include <stdio.h>
#include <stdlib.h>

#include "correlate/correlator.h"
#include "correlate/traffic.h"
#include "hitstream/v1/alert.pb-c.h"
#include "hitstream/v1/event.pb-c.h"
#include "support/figure.h"

enum {
    VEHICLES = 100000,
    WARM_ROUNDS = 12, // each vehicle has an ended incident and an open one
    RUN_HITS = 100000,
    RUNS = 5,
    CHUNK = 1000,       // hits made at a time, outside of what is measured
    ALERTS_KEPT = 1024, // unpacked, for the reference
};

struct event {
    size_t at; // in the chunk's bytes
    size_t len;
    int64_t at_ms;
};

struct bench {
    struct traffic traffic;
    struct hs_controls *controls;
    struct hs_correlator *correlator;
    uint64_t run_hits;
    uint64_t next;   // number of the next hit
    uint64_t offset; // of the next record
    struct hs_buf bytes;
    struct event events[CHUNK];
    uint64_t alerts;   // told in the last run of the subject
    uint64_t run_from; // its first hit
    uint64_t all_hits, all_alerts;
    Hitstream__V1__Alert *kept[ALERTS_KEPT];
    size_t kept_count;
    uint64_t states, state_bytes, state_largest; // of the last checkpoint
};

static void fail(const char *what)
{
    fprintf(stderr, "correlate_bench: %s\n", what);
    exit(1);
}

static struct hs_controls *lookup(void *ctx, const char *hash)
{
    struct bench *bench = ctx;
    return strcmp(hash, hs_controls_hash(bench->controls)) == 0 ? hs_controls_ref(bench->controls)
                                                                : NULL;
}

static void on_alert(void *ctx, const struct hs_alert *alert)
{
    struct bench *bench = ctx;
    bench->alerts++;
    if (bench->kept_count < ALERTS_KEPT && bench->next > WARM_ROUNDS * bench->traffic.vehicles) {
        bench->kept[bench->kept_count++] = hitstream__v1__alert__unpack(
            NULL, alert->payload.len, (const uint8_t *)alert->payload.ptr);
    }
}

static void on_append(void *ctx, struct hs_str key, struct hs_str event)
{
    (void)ctx, (void)key, (void)event;
}

static void on_state(void *ctx, struct hs_str key, struct hs_str value)
{
    struct bench *bench = ctx;
    if (!hs_str_is(key, HS_PARTITION_STATE_KEY)) {
        bench->states++;
        bench->state_bytes += value.len;
        bench->state_largest = value.len > bench->state_largest ? value.len : bench->state_largest;
    }
}

// Makes the hits from number `from` on; returns how many.
static size_t make_chunk(struct bench *bench, uint64_t from, uint64_t end)
{
    size_t count = 0;
    uint64_t vehicle;
    hs_buf_clear(&bench->bytes);
    for (; count < CHUNK && from + count < end; count++) {
        struct event *event = &bench->events[count];
        event->at = bench->bytes.len;
        traffic_hit(&bench->traffic, from + count, &bench->bytes, &event->at_ms, &vehicle);
        event->len = bench->bytes.len - event->at;
    }
    return count;
}

static struct hs_str bytes_of(const struct bench *bench, const struct event *event)
{
    return hs_str_n(bench->bytes.ptr + event->at, event->len);
}

// Applies hits up to number `end`; returns the seconds it took.
static double apply_until(struct bench *bench, uint64_t end)
{
    double spent = 0;
    while (bench->next < end) {
        size_t count = make_chunk(bench, bench->next, end);
        double begun = hs_bench_cpu_seconds();
        for (size_t i = 0; i < count; i++) {
            const struct hs_log_record record = {.offset = bench->offset++,
                                                 .append_time_ms = bench->events[i].at_ms + 300,
                                                 .value = bytes_of(bench, &bench->events[i])};
            if (hs_correlator_apply(bench->correlator, &record, NULL) != 0) {
                fail("an event was not applied");
            }
        }
        spent += hs_bench_cpu_seconds() - begun;
        bench->next += count;
    }
    return spent;
}

static void checkpoint(struct bench *bench)
{
    if (hs_correlator_checkpoint(bench->correlator, 1, 1, on_state, bench) != 0) {
        fail("a checkpoint failed");
    }
}

// Hits a second.
static double run_subject(void *ctx)
{
    struct bench *bench = ctx;
    bench->alerts = 0;
    bench->run_from = bench->next;
    double seconds = apply_until(bench, bench->next + bench->run_hits);
    bench->all_hits += bench->run_hits;
    bench->all_alerts += bench->alerts;
    checkpoint(bench); // as the daemon does, so that what is dirty stays as it is there
    return (double)bench->run_hits / seconds;
}

static void pack_alerts(struct bench *bench, uint64_t count, struct hs_buf *out)
{
    for (uint64_t i = 0; i < count; i++) {
        const ProtobufCMessage *alert = &bench->kept[i % bench->kept_count]->base;
        hs_buf_clear(out);
        char *room = hs_buf_reserve(out, protobuf_c_message_get_packed_size(alert));
        out->len = protobuf_c_message_pack(alert, (uint8_t *)room);
    }
}

// The same events unpacked, as many alerts packed: hits a second.
static double run_reference(void *ctx)
{
    struct bench *bench = ctx;
    struct hs_buf out = {0};
    double spent = 0;
    uint64_t at = bench->run_from, end = at + bench->run_hits;
    while (at < end) {
        size_t count = make_chunk(bench, at, end);
        double begun = hs_bench_cpu_seconds();
        for (size_t i = 0; i < count; i++) {
            struct hs_str bytes = bytes_of(bench, &bench->events[i]);
            Hitstream__V1__VehicleEvent *event =
                hitstream__v1__vehicle_event__unpack(NULL, bytes.len, (const uint8_t *)bytes.ptr);
            if (!event) {
                fail("an event cannot be unpacked");
            }
            hitstream__v1__vehicle_event__free_unpacked(event, NULL);
        }
        pack_alerts(bench, bench->alerts * count / bench->run_hits, &out);
        spent += hs_bench_cpu_seconds() - begun;
        at += count;
    }
    hs_buf_fini(&out);
    return (double)bench->run_hits / spent;
}

static void begin(struct bench *bench)
{
    const struct hs_correlator_config config = {
        .controls_lookup = lookup,
        .controls_ctx = bench,
        .sink = {.ctx = bench, .alert = on_alert, .append = on_append},
    };
    struct hs_buf activation = {0};
    bench->traffic = (struct traffic){.vehicles = hs_bench_smoke() ? 2000 : VEHICLES,
                                      .begin_ms = INT64_C(1780000000000)};
    bench->run_hits = hs_bench_smoke() ? 2000 : RUN_HITS;
    bench->controls = traffic_controls();
    if (hs_correlator_new(&config, &bench->correlator) != 0) {
        fail("out of memory");
    }
    traffic_activation(hs_controls_hash(bench->controls), &activation);
    const struct hs_log_record record = {.offset = bench->offset++,
                                         .append_time_ms = bench->traffic.begin_ms,
                                         .value = hs_buf_str(&activation)};
    if (hs_correlator_apply(bench->correlator, &record, NULL) != 0) {
        fail("the controls were not taken");
    }
    hs_buf_fini(&activation);
    apply_until(bench, WARM_ROUNDS * bench->traffic.vehicles);
}

// Every live vehicle's state, written once.
static bool print_states(struct bench *bench)
{
    checkpoint(bench);
    apply_until(bench, (bench->next / bench->traffic.vehicles + 2) * bench->traffic.vehicles);
    bench->states = bench->state_bytes = bench->state_largest = 0;
    double begun = hs_bench_cpu_seconds();
    checkpoint(bench);
    double seconds = hs_bench_cpu_seconds() - begun;
    char note[160];
    snprintf(note, sizeof(note),
             "mean of %llu live vehicles, the largest %llu; %.0f states a second",
             (unsigned long long)bench->states, (unsigned long long)bench->state_largest,
             (double)bench->states / seconds);
    const struct hs_figure figure = {.name = "correlate-state",
                                     .unit = "bytes a packed state",
                                     .value = (double)bench->state_bytes / (double)bench->states,
                                     .bar = HS_BAR_VALUE_AT_MOST,
                                     .limit = 4096,
                                     .runs = 1,
                                     .note = note};
    return hs_figure_print(&figure);
}

static void end(struct bench *bench)
{
    for (size_t i = 0; i < bench->kept_count; i++) {
        hitstream__v1__alert__free_unpacked(bench->kept[i], NULL);
    }
    hs_correlator_free(bench->correlator);
    hs_controls_unref(bench->controls);
    hs_buf_fini(&bench->bytes);
}

int main(void)
{
    static struct bench bench;
    double value, reference;
    char note[160];
    begin(&bench);
    hs_bench_alternate(hs_bench_smoke() ? 1 : RUNS, run_subject, run_reference, &bench, &value,
                       &reference);
    snprintf(note, sizeof(note),
             "%llu live vehicles, %.2f alerts a hit; reference: protobuf-c alone",
             (unsigned long long)bench.traffic.vehicles,
             (double)bench.all_alerts / (double)bench.all_hits);
    const struct hs_figure figure = {.name = "correlate",
                                     .unit = "hits a second and core",
                                     .value = value,
                                     .reference = reference,
                                     .bar = HS_BAR_VALUE_AT_LEAST,
                                     .limit = 50000,
                                     .runs = hs_bench_smoke() ? 1 : RUNS,
                                     .note = note};
    bool holds = hs_figure_print(&figure);
    holds = print_states(&bench) && holds;
    end(&bench);
    return holds || hs_bench_smoke() ? 0 : 3;
}
