// SPDX-License-Identifier: Apache-2.0
/*
 * From an owner's death to the first alert of its successor, beyond the session timeout: 100 k live
 * vehicles, 1 M events before. Beside it the same without the local copies, by anpr.vehicles alone.
 *
 *     takeover_bench
 *
 * The owner is killed; another daemon starts at once, waits in the group until the dead one's
 * session is over, and takes over all partitions. A probe hit stands in each partition; the slowest
 * one counts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "correlate/traffic.h"
#include "kafka/tail.h"
#include "stage/site.h"
#include "support/figure.h"
#include "support/kafka_util.h"

enum {
    VEHICLES = 100000,
    ROUNDS = 10,
    SESSION_MS = 6000,
    LOCAL_STATE_MS = 10000,
    FLUSH_EVERY = 20000,
    APPLY_MS = 600000,
    PROBE_MS = 120000,
    PROBES = SITE_HITS_PARTITIONS,
    PROBE_BASE = 30000000, // marks that no other vehicle has
};

struct bench {
    struct site site;
    struct traffic traffic;
    struct hs_test_producer *producer;
    uint64_t probes; // sent so far
};

static const char with_copies[] =
    "  session_timeout_ms: 6000\ncorrelate:\n  local_state_ms: 10000\n";
static const char without_copies[] =
    "  session_timeout_ms: 6000\ncorrelate:\n  local_state_ms: 0\n";

static void produce(struct bench *bench, uint64_t n, const struct traffic *traffic)
{
    static struct hs_buf packed;
    char mark[TRAFFIC_MARK_BYTES];
    int64_t at_ms;
    uint64_t vehicle;
    hs_buf_clear(&packed);
    traffic_hit(traffic, n, &packed, &at_ms, &vehicle);
    traffic_mark(vehicle, mark);
    if (hs_test_produce(bench->producer, HS_KAFKA_HITS, -1, hs_str(mark), hs_buf_str(&packed), NULL,
                        0) != 0) {
        site_fail("a hit was not produced");
    }
}

static void flush(struct bench *bench)
{
    if (hs_test_producer_flush(bench->producer, 60000) != 0) {
        site_fail("hits were not acknowledged");
    }
}

// Until everything is applied and its offsets are committed.
static void await_applied(const struct bench *bench)
{
    int64_t until_ns = hs_clock_monotonic_ns() + APPLY_MS * INT64_C(1000000);
    for (int32_t p = 0; p < SITE_HITS_PARTITIONS;) {
        int64_t low, high, committed = -1;
        if (hs_test_watermarks(bench->site.bootstrap, HS_KAFKA_HITS, p, &low, &high) == 0 &&
            hs_test_committed(bench->site.bootstrap, HS_KAFKA_GROUP_CORRELATE, HS_KAFKA_HITS, p,
                              &committed) == 0 &&
            committed >= high) {
            p++;
            continue;
        }
        if (hs_clock_monotonic_ns() > until_ns) {
            site_fail("partition %d is not applied: %lld of %lld", (int)p, (long long)committed,
                      (long long)high);
        }
        hs_test_pause_ms(200);
    }
}

static void make_past(struct bench *bench)
{
    uint64_t events = bench->traffic.vehicles * ROUNDS;
    for (uint64_t n = 0; n < events; n++) {
        produce(bench, n, &bench->traffic);
        if (n % FLUSH_EVERY == 0) {
            flush(bench);
        }
    }
    flush(bench);
    await_applied(bench);
}

// A hit of a vehicle that nobody knows yet, in each partition; its marks.
static void send_probes(struct bench *bench, char marks[PROBES][TRAFFIC_MARK_BYTES])
{
    bool done[PROBES] = {false};
    struct traffic probe = bench->traffic;
    for (size_t count = 0; count < PROBES;) {
        uint64_t number = PROBE_BASE + bench->probes++;
        char mark[TRAFFIC_MARK_BYTES];
        traffic_mark(number, mark);
        int32_t p = hs_kafka_partition_of(hs_str(mark), PROBES);
        if (done[p]) {
            continue;
        }
        done[p] = true;
        memcpy(marks[count++], mark, sizeof(mark));
        probe.only = number;
        probe.begin_ms = hs_clock_realtime_ms() - 1000;
        produce(bench, bench->probes, &probe);
    }
    flush(bench);
}

// Probes that are waited for on the queue.
struct waiting {
    char marks[PROBES][TRAFFIC_MARK_BYTES];
    bool done[PROBES];
    size_t found;
    int64_t at_ns;    // of the last
    int64_t until_ns; // no longer than this
};

static bool on_alert(void *ctx, const struct hs_kafka_message *message)
{
    struct waiting *waiting = ctx;
    for (size_t i = 0; i < PROBES; i++) {
        if (!waiting->done[i] && memmem(message->value.ptr, message->value.len, waiting->marks[i],
                                        strlen(waiting->marks[i]))) {
            waiting->done[i] = true;
            waiting->found++;
            waiting->at_ns = hs_clock_monotonic_ns();
        }
    }
    return waiting->found < PROBES;
}

static bool on_idle(void *ctx)
{
    const struct waiting *waiting = ctx;
    return hs_clock_monotonic_ns() < waiting->until_ns;
}

// Reads the queue from a time on until every probe is told.
static void await_probes(const struct bench *bench, struct waiting *waiting, int64_t from_ms)
{
    const struct hs_settings settings = {.kafka_bootstrap = bench->site.bootstrap,
                                         .kafka_sasl_password_file = "",
                                         .kafka_ssl_key_password_file = "",
                                         .kafka_session_timeout_ms = SESSION_MS};
    const struct hs_kafka_range range = {
        .topic = "dispatch.control", .partition = -1, .from_time_ms = from_ms};
    const struct hs_kafka_tail_options options = {
        .timeout_ms = -1, .follow = true, .idle = on_idle, .idle_ctx = waiting};
    struct hs_kafka_tail *tail = NULL;
    waiting->until_ns = hs_clock_monotonic_ns() + PROBE_MS * INT64_C(1000000);
    if (hs_kafka_tail_new(&settings, NULL, &tail) != 0) {
        site_fail("no reader");
    }
    hs_kafka_tail_read(tail, &range, 1, &options, on_alert, waiting);
    hs_kafka_tail_free(tail);
    if (waiting->found < PROBES) {
        site_fail("%zu of %d probes were told", waiting->found, PROBES);
    }
}

// Seconds from the end of the dead one's session to the last probe's alert.
static double take_over(struct bench *bench, const char *settings)
{
    struct waiting waiting = {0};
    bool smoke = hs_bench_smoke();
    int64_t from_ms = hs_clock_realtime_ms();
    if (smoke) { // leaves the group: nobody waits for its session
        site_stop(&bench->site);
    } else {
        hs_process_kill(&bench->site.daemon);
    }
    int64_t died_ns = hs_clock_monotonic_ns();
    site_configure(&bench->site, "correlate", settings);
    site_start(&bench->site, NULL);
    send_probes(bench, waiting.marks);
    await_probes(bench, &waiting, from_ms);
    await_applied(bench);
    return (double)(waiting.at_ns - died_ns) / 1e9 - (smoke ? 0 : SESSION_MS / 1000.0);
}

static void begin(struct bench *bench)
{
    // the last hits are a few minutes old, and all of their incidents are open
    bench->traffic = (struct traffic){.vehicles = hs_bench_smoke() ? 500 : VEHICLES,
                                      .begin_ms = hs_clock_realtime_ms() - INT64_C(7200000) -
                                                  (ROUNDS + 1) * TRAFFIC_GAP_MS};
    site_open(&bench->site, "correlate", with_copies);
    if (hs_test_producer_new(bench->site.bootstrap, &bench->producer) != 0) {
        site_fail("no producer");
    }
    site_start(&bench->site, NULL);
    site_await_ready(&bench->site);
    make_past(bench);
    hs_test_pause_ms(hs_bench_smoke() ? 100 : 5 * LOCAL_STATE_MS / 2); // the copies are written
}

int main(void)
{
    static struct bench bench;
    begin(&bench);
    double value = take_over(&bench, with_copies);
    hs_test_pause_ms(hs_bench_smoke() ? 100 : 1000);
    double reference = take_over(&bench, without_copies);
    site_stop(&bench.site);
    hs_test_producer_free(bench.producer);
    char note[128];
    snprintf(note, sizeof(note), "%llu live vehicles, %llu events; reference: without local copies",
             (unsigned long long)bench.traffic.vehicles,
             (unsigned long long)bench.traffic.vehicles * ROUNDS);
    const struct hs_figure figure = {.name = "takeover",
                                     .unit = "s beyond the session timeout",
                                     .value = value,
                                     .reference = reference,
                                     .bar = HS_BAR_VALUE_AT_MOST,
                                     .limit = 5,
                                     .runs = 1,
                                     .note = note};
    return hs_figure_print(&figure) || hs_bench_smoke() ? 0 : 3;
}
