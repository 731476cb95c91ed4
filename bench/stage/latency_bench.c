// SPDX-License-Identifier: Apache-2.0
/*
 * Read produced to alert consumed, beside a bare relay over three topics on the same broker: consume, produce with
 * acks=all, twice. One read a message, one hit in twenty; beside them twenty test reads a second, of which each becomes a
 * test alert. Times are of one monotonic clock, and stamped before the produce call.
 *
 *     latency_bench
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "base/clock.h"
#include "stage/clients.h"
#include "support/figure.h"
#include "support/kafka_util.h"

enum {
    READS_PER_SECOND = 12000,
    ONE_IN = 20,
    ENTRIES = 100000,
    VEHICLES = 5000,
    LEAD_READS = 24000,
    TICK_NS = 1000000,
    READS_A_TEST = 600, // then a test read
    RUNS = 5,
};

// Alerts of one kind, each from the produce call of its read.
struct latencies {
    size_t first;      // number of the first read of a run: none comes twice
    int64_t *sent_ns;  // by number of the read
    size_t sent_count; // room
    double *seconds;   // by alert
    size_t count;
    size_t max;
};

struct bench {
    struct site site;
    size_t reads;            // to be produced a run
    struct latencies alerts; // of a run
    struct latencies tests;  // likewise, as many as come
    _Atomic bool stop;       // relays
};

static void latencies_init(struct latencies *latencies, size_t sent_count, size_t max)
{
    *latencies = (struct latencies){.sent_ns = calloc(sent_count, sizeof(int64_t)),
                                    .sent_count = sent_count,
                                    .seconds = calloc(max, sizeof(double)),
                                    .max = max};
    if (!latencies->sent_ns || !latencies->seconds) {
        site_fail("out of memory");
    }
}

// The number behind this word in a message, which the daemon and the relay pass on; false: it is not there.
static bool number_in(const rd_kafka_message_t *message, const char *word, size_t *ret_number)
{
    const char *at = memmem(message->payload, message->len, word, strlen(word));
    if (!at || at + 15 > (const char *)message->payload + message->len) {
        return false;
    }
    *ret_number = strtoull(at + strlen(word), NULL, 10);
    return true;
}

// The alert of a read of this run, of which the first `skip` do not count.
static void note(struct latencies *latencies, const rd_kafka_message_t *message, const char *word,
                 size_t skip)
{
    int64_t now_ns = hs_clock_monotonic_ns();
    size_t number;
    if (number_in(message, word, &number) && (number -= latencies->first) >= skip &&
        number < latencies->sent_count && latencies->count < latencies->max) {
        latencies->seconds[latencies->count++] =
            (double)(now_ns - latencies->sent_ns[number]) / 1e9;
    }
}

// What a run came to, in ms.
struct outcome {
    double p50, p99;           // of alerts
    double test_p50, test_p99; // of test alerts
};

struct relay {
    struct bench *bench;
    const char *from;
    const char *to;
    size_t one_in; // of what is read goes on
    pthread_t thread;
    _Atomic bool ready;
};

static void *relay_main(void *ctx)
{
    struct relay *relay = ctx;
    const char *const from[] = {relay->from, NULL};
    rd_kafka_t *reader = site_reader_new(&relay->bench->site, from, SITE_FROM_END);
    rd_kafka_t *writer = site_writer_new(&relay->bench->site);
    atomic_store(&relay->ready, true);
    while (!atomic_load_explicit(&relay->bench->stop, memory_order_relaxed)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 10);
        size_t number;
        if (message && !message->err && number_in(message, SITE_READ, &number) &&
            number % relay->one_in == 0) {
            rd_kafka_producev(writer, RD_KAFKA_V_TOPIC(relay->to),
                              RD_KAFKA_V_KEY(message->key, message->key_len),
                              RD_KAFKA_V_VALUE(message->payload, message->len),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        }
        if (message) {
            rd_kafka_message_destroy(message);
        }
        rd_kafka_poll(writer, 0);
    }
    rd_kafka_destroy(reader);
    rd_kafka_destroy(writer);
    return NULL;
}

struct source {
    struct bench *bench;
    const char *topic;
    bool tests; // test reads, too
    pthread_t thread;
};

static void send_read(struct bench *bench, rd_kafka_t *writer, const char *topic, size_t n)
{
    char vrm[SITE_MARK_MAX];
    // a listed vehicle comes by at another place each time
    site_plate(n % ONE_IN == 0 ? 2 * (n / ONE_IN % VEHICLES) : 2 * (n * 7919 % 5000000) + 1, vrm);
    unsigned camera = (unsigned)(n / ONE_IN / VEHICLES * 7 + n) % SITE_CAMERAS;
    bench->alerts.sent_ns[n] = hs_clock_monotonic_ns();
    site_send_read(writer, topic, bench->alerts.first + n, vrm, camera);
}

static void send_test(struct bench *bench, rd_kafka_t *writer, const char *topic, size_t n)
{
    bench->tests.sent_ns[n] = hs_clock_monotonic_ns();
    site_send_test_read(writer, topic, bench->tests.first + n, "control");
}

static void *source_main(void *ctx)
{
    struct source *source = ctx;
    struct bench *bench = source->bench;
    rd_kafka_t *writer = site_writer_new(&bench->site);
    int64_t began_ns = hs_clock_monotonic_ns();
    for (size_t n = 0; n < bench->reads;) {
        size_t due =
            (size_t)((double)(hs_clock_monotonic_ns() - began_ns) / 1e9 * READS_PER_SECOND);
        for (; n < due && n < bench->reads; n++) {
            send_read(bench, writer, source->topic, n);
            if (source->tests && n % READS_A_TEST == 0) {
                send_test(bench, writer, source->topic, n / READS_A_TEST);
            }
        }
        rd_kafka_poll(writer, 0);
        const struct timespec tick = {.tv_nsec = TICK_NS};
        nanosleep(&tick, NULL);
    }
    rd_kafka_flush(writer, 30000);
    rd_kafka_destroy(writer);
    return NULL;
}

// Feeds `topic` and reads `to` until all alerts that are wanted were seen.
static struct outcome run(struct bench *bench, const char *topic, const char *to, bool with_tests)
{
    struct outcome outcome = {0};
    struct latencies *tests = &bench->tests;
    struct latencies *alerts = &bench->alerts;
    struct source source = {.bench = bench, .topic = topic, .tests = with_tests};
    const char *const topics[] = {to, NULL};
    rd_kafka_t *reader = site_reader_new(&bench->site, topics, SITE_FROM_END);
    alerts->count = tests->count = 0;
    pthread_create(&source.thread, NULL, source_main, &source);
    int64_t heard_ns = hs_clock_monotonic_ns();
    while (alerts->count < alerts->max) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 100);
        if (message && !message->err) {
            note(tests, message, SITE_TEST_READ, LEAD_READS / READS_A_TEST);
            note(alerts, message, SITE_READ, LEAD_READS);
            heard_ns = hs_clock_monotonic_ns();
        }
        if (message) {
            rd_kafka_message_destroy(message);
        }
        if (hs_clock_monotonic_ns() - heard_ns > INT64_C(30000000000)) {
            site_fail("%zu of %zu alerts came on '%s'", alerts->count, alerts->max, to);
        }
    }
    pthread_join(source.thread, NULL);
    alerts->first += bench->reads;
    tests->first += tests->sent_count;
    rd_kafka_destroy(reader);
    outcome.p50 = hs_bench_permille(alerts->seconds, alerts->count, 500) * 1000;
    outcome.p99 = hs_bench_permille(alerts->seconds, alerts->count, 990) * 1000;
    fprintf(stderr, "%s: %zu alerts, p50 %.2f ms, p99 %.2f ms", to, alerts->count, outcome.p50,
            outcome.p99);
    if (with_tests) {
        outcome.test_p50 = hs_bench_permille(tests->seconds, tests->count, 500) * 1000;
        outcome.test_p99 = hs_bench_permille(tests->seconds, tests->count, 990) * 1000;
        fprintf(stderr, "; %zu test alerts, p50 %.2f ms, p99 %.2f ms", tests->count,
                outcome.test_p50, outcome.test_p99);
    }
    fputc('\n', stderr);
    return outcome;
}

static void make_topic(const struct site *site, const char *name)
{
    if (hs_test_topic_create(site->bootstrap, name, 4, NULL)) {
        site_fail("cannot make topic '%s'", name);
    }
}

static struct outcome run_relay(struct bench *bench)
{
    struct relay relays[] = {
        {.bench = bench, .from = "relay.reads", .to = "relay.hits", .one_in = ONE_IN},
        {.bench = bench, .from = "relay.hits", .to = "relay.alerts", .one_in = 1}};
    atomic_store(&bench->stop, false);
    for (size_t i = 0; i < 2; i++) {
        pthread_create(&relays[i].thread, NULL, relay_main, &relays[i]);
    }
    while (!atomic_load(&relays[0].ready) || !atomic_load(&relays[1].ready)) {
        hs_test_pause_ms(10);
    }
    struct outcome outcome = run(bench, "relay.reads", "relay.alerts", false);
    atomic_store(&bench->stop, true);
    for (size_t i = 0; i < 2; i++) {
        pthread_join(relays[i].thread, NULL);
    }
    return outcome;
}

static struct outcome run_daemon(struct bench *bench)
{
    return run(bench, "anpr.reads", "dispatch.control", true);
}

// The median of one number of all runs.
static double median_of(const struct outcome *outcomes, size_t offset, unsigned runs)
{
    double values[RUNS];
    for (unsigned i = 0; i < runs; i++) {
        memcpy(&values[i], (const char *)&outcomes[i] + offset, sizeof(values[i]));
    }
    return hs_bench_median(values, runs);
}
#define MEDIAN(outcomes, member, runs) median_of(outcomes, offsetof(struct outcome, member), runs)

static bool print(const char *name, double value_ms, double reference_ms, unsigned runs,
                  double limit)
{
    const struct hs_figure figure = {.name = name,
                                     .unit = "ms",
                                     .value = value_ms,
                                     .reference = reference_ms,
                                     .bar = HS_BAR_RATIO_AT_MOST,
                                     .limit = limit,
                                     .runs = runs};
    return hs_figure_print(&figure);
}

static void prepare(struct bench *bench, size_t wanted)
{
    bench->reads = LEAD_READS + (wanted + 100) * ONE_IN;
    size_t tests = bench->reads / READS_A_TEST + 1;
    latencies_init(&bench->alerts, bench->reads, wanted);
    latencies_init(&bench->tests, tests, tests);
    site_open(&bench->site, "match, correlate", NULL);
    site_load_list(&bench->site, ENTRIES);
    make_topic(&bench->site, "relay.reads");
    make_topic(&bench->site, "relay.hits");
    make_topic(&bench->site, "relay.alerts");
    site_rewind(&bench->site);
    site_start(&bench->site, NULL);
    site_await_ready(&bench->site);
    site_await_quiet(&bench->site);
}

int main(void)
{
    static struct bench bench;
    struct outcome ours[RUNS], relay[RUNS];
    unsigned runs = hs_bench_smoke() ? 1 : RUNS;
    prepare(&bench, hs_bench_smoke() ? 500 : 10000);
    if (!hs_bench_smoke()) { // caches are warm: the broker's own code and topics are by then
        run_daemon(&bench);
        run_relay(&bench);
    }
    for (unsigned i = 0; i < runs; i++) {
        ours[i] = run_daemon(&bench);
        relay[i] = run_relay(&bench);
    }
    site_stop(&bench.site);
    double p50_ms = MEDIAN(relay, p50, runs), p99_ms = MEDIAN(relay, p99, runs);
    bool holds = print("alert-latency-p50", MEDIAN(ours, p50, runs), p50_ms, runs, 1.5);
    holds = print("alert-latency-p99", MEDIAN(ours, p99, runs), p99_ms, runs, 2) && holds;
    holds = print("test-alert-p50", MEDIAN(ours, test_p50, runs), p50_ms, runs, 1.5) && holds;
    holds = print("test-alert-p99", MEDIAN(ours, test_p99, runs), p99_ms, runs, 2) && holds;
    return holds ? 0 : 3;
}
