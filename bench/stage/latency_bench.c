// SPDX-License-Identifier: Apache-2.0
/*
 * Read produced to alert consumed, beside a bare relay over three topics on the same broker: consume, produce with
 * acks=all, twice. One read a message, one hit in twenty. Times are stamped before the produce call.
 * Beside them a test alert each second, from when its read was made, in whole milliseconds.
 *
 *     latency_bench
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "stage/site.h"
#include "support/figure.h"
#include "support/kafka_util.h"

enum {
    READS_PER_SECOND = 12000,
    ONE_IN = 20,
    ENTRIES = 100000,
    VEHICLES = 5000,
    LEAD_READS = 24000,
    TICK_NS = 1000000,
    TEST_INTERVAL_MS = 1000,
    TESTS_MAX = 4096
};

struct bench {
    struct site site;
    size_t reads;     // to be produced
    size_t base;      // number of the first: no read comes twice
    int64_t *sent_ns; // by number of the read
    double *seconds;  // by alert
    size_t alerts;    // seen
    size_t wanted;
    double test_seconds[TESTS_MAX]; // by test alert
    size_t tests;
    _Atomic bool stop; // relays and the reader
};

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char why[256];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) != RD_KAFKA_CONF_OK) {
        site_fail("%s: %s", name, why);
    }
}

static rd_kafka_t *client_new(const struct site *site, rd_kafka_type_t type)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", site->bootstrap);
    set(conf, "socket.nagle.disable", "true");
    if (type == RD_KAFKA_PRODUCER) {
        set(conf, "acks", "all");
        set(conf, "enable.idempotence", "true");
        set(conf, "linger.ms", "0");
        set(conf, "partitioner", "murmur2_random");
    } else {
        set(conf, "group.id", "bench-latency");
        set(conf, "enable.auto.commit", "false");
    }
    rd_kafka_t *client = rd_kafka_new(type, conf, why, sizeof(why));
    if (!client) {
        site_fail("%s", why);
    }
    return client;
}

// A consumer of all partitions from their ends on.
static rd_kafka_t *reader_new(const struct site *site, const char *topic, int partitions)
{
    rd_kafka_t *client = client_new(site, RD_KAFKA_CONSUMER);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
    for (int32_t p = 0; p < partitions; p++) {
        int64_t low, high;
        if (rd_kafka_query_watermark_offsets(client, topic, p, &low, &high, 10000)) {
            site_fail("topic '%s' does not answer", topic);
        }
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = high;
    }
    rd_kafka_poll_set_consumer(client);
    rd_kafka_assign(client, list);
    rd_kafka_topic_partition_list_destroy(list);
    return client;
}

// The number of the read that a message is about: "r<number>" in it, by the daemon or by us.
static bool number_in(const rd_kafka_message_t *message, size_t *ret_number)
{
    const char *at = memmem(message->payload, message->len, "read#", 5);
    if (!at || at + 15 > (const char *)message->payload + message->len) {
        return false;
    }
    *ret_number = strtoull(at + 5, NULL, 10);
    return true;
}

// A test alert says when its read was made.
static void note_test(struct bench *bench, const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers;
    const void *test, *time;
    size_t len;
    int64_t made_at_ms;
    if (bench->tests < TESTS_MAX && !rd_kafka_message_headers(message, &headers) &&
        !rd_kafka_header_get_last(headers, "test", &test, &len) &&
        !rd_kafka_header_get_last(headers, "ce_time", &time, &len) &&
        hs_civil_parse((struct hs_str){time, len}, &made_at_ms) == HS_OK) {
        bench->test_seconds[bench->tests++] = (double)(hs_clock_realtime_ms() - made_at_ms) / 1000;
    }
}

static void note(struct bench *bench, const rd_kafka_message_t *message)
{
    size_t number;
    note_test(bench, message);
    if (number_in(message, &number) && (number -= bench->base) >= LEAD_READS &&
        number < bench->reads && bench->alerts < bench->wanted) {
        bench->seconds[bench->alerts++] =
            (double)(hs_clock_monotonic_ns() - bench->sent_ns[number]) / 1e9;
    }
}

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
    rd_kafka_t *reader = reader_new(&relay->bench->site, relay->from, 4);
    rd_kafka_t *writer = client_new(&relay->bench->site, RD_KAFKA_PRODUCER);
    atomic_store(&relay->ready, true);
    while (!atomic_load_explicit(&relay->bench->stop, memory_order_relaxed)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 10);
        size_t number;
        if (message && !message->err && number_in(message, &number) &&
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
    pthread_t thread;
};

static void *source_main(void *ctx)
{
    struct source *source = ctx;
    struct bench *bench = source->bench;
    rd_kafka_t *writer = client_new(&bench->site, RD_KAFKA_PRODUCER);
    int64_t began_ns = hs_clock_monotonic_ns();
    for (size_t n = 0; n < bench->reads;) {
        size_t due =
            (size_t)((double)(hs_clock_monotonic_ns() - began_ns) / 1e9 * READS_PER_SECOND);
        for (; n < due && n < bench->reads; n++) {
            uint8_t packed[512];
            char vrm[SITE_MARK_MAX], key[16];
            // a listed vehicle comes by at another place each time
            site_plate(n % ONE_IN == 0 ? 2 * (n / ONE_IN % VEHICLES) : 2 * (n * 7919 % 5000000) + 1,
                       vrm);
            unsigned camera = (unsigned)(n / ONE_IN / VEHICLES * 7 + n) % SITE_CAMERAS;
            size_t len = site_pack_one(packed, sizeof(packed), bench->base + n, vrm, camera);
            snprintf(key, sizeof(key), "site-%04u", camera);
            bench->sent_ns[n] = hs_clock_monotonic_ns();
            rd_kafka_producev(writer, RD_KAFKA_V_TOPIC(source->topic),
                              RD_KAFKA_V_KEY(key, strlen(key)), RD_KAFKA_V_VALUE(packed, len),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        }
        rd_kafka_poll(writer, 0);
        const struct timespec tick = {.tv_nsec = TICK_NS};
        nanosleep(&tick, NULL);
    }
    rd_kafka_flush(writer, 30000);
    rd_kafka_destroy(writer);
    return NULL;
}

// Feeds `topic` and reads `alerts` until all that are wanted were seen.
static void run(struct bench *bench, const char *topic, const char *alerts, int partitions,
                double *ret_p50, double *ret_p99)
{
    struct source source = {.bench = bench, .topic = topic};
    rd_kafka_t *reader = reader_new(&bench->site, alerts, partitions);
    bench->alerts = 0;
    pthread_create(&source.thread, NULL, source_main, &source);
    int64_t heard_ns = hs_clock_monotonic_ns();
    while (bench->alerts < bench->wanted) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 100);
        if (message && !message->err) {
            note(bench, message);
            heard_ns = hs_clock_monotonic_ns();
        }
        if (message) {
            rd_kafka_message_destroy(message);
        }
        if (hs_clock_monotonic_ns() - heard_ns > INT64_C(30000000000)) {
            site_fail("%zu of %zu alerts came on '%s'", bench->alerts, bench->wanted, alerts);
        }
    }
    pthread_join(source.thread, NULL);
    bench->base += bench->reads;
    rd_kafka_destroy(reader);
    *ret_p50 = hs_bench_permille(bench->seconds, bench->alerts, 500) * 1000;
    *ret_p99 = hs_bench_permille(bench->seconds, bench->alerts, 990) * 1000;
    fprintf(stderr, "%s: %zu alerts, p50 %.2f ms, p99 %.2f ms\n", alerts, bench->alerts, *ret_p50,
            *ret_p99);
}

static void make_topic(const struct site *site, const char *name)
{
    if (hs_test_topic_create(site->bootstrap, name, 4, NULL)) {
        site_fail("cannot make topic '%s'", name);
    }
}

static void run_relay(struct bench *bench, double *ret_p50, double *ret_p99)
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
    run(bench, "relay.reads", "relay.alerts", 4, ret_p50, ret_p99);
    atomic_store(&bench->stop, true);
    for (size_t i = 0; i < 2; i++) {
        pthread_join(relays[i].thread, NULL);
    }
}

// The daemon, and then the relay.
static void run_both(struct bench *bench, double *ret_p50, double *ret_p99, double *ret_relay_p50,
                     double *ret_relay_p99)
{
    run(bench, "anpr.reads", "dispatch.control", 1, ret_p50, ret_p99);
    run_relay(bench, ret_relay_p50, ret_relay_p99);
}

static bool print(const char *name, double value_ms, double reference_ms, size_t runs, double limit)
{
    const struct hs_figure figure = {.name = name,
                                     .unit = "ms",
                                     .value = value_ms,
                                     .reference = reference_ms,
                                     .bar = HS_BAR_RATIO_AT_MOST,
                                     .limit = limit,
                                     .runs = (unsigned)runs};
    return hs_figure_print(&figure);
}

int main(void)
{
    enum { RUNS = 5 };
    static struct bench bench;
    double p50[RUNS], p99[RUNS], relay_p50[RUNS], relay_p99[RUNS];
    unsigned runs = hs_bench_smoke() ? 1 : RUNS;
    bench.wanted = hs_bench_smoke() ? 500 : 10000;
    bench.reads = LEAD_READS + (bench.wanted + 100) * ONE_IN;
    bench.sent_ns = calloc(bench.reads, sizeof(*bench.sent_ns));
    bench.seconds = calloc(bench.wanted, sizeof(*bench.seconds));
    site_open(&bench.site, "match, correlate", NULL);
    site_test_alerts(&bench.site, TEST_INTERVAL_MS);
    site_load_list(&bench.site, ENTRIES);
    make_topic(&bench.site, "relay.reads");
    make_topic(&bench.site, "relay.hits");
    make_topic(&bench.site, "relay.alerts");
    site_rewind(&bench.site);
    site_start(&bench.site, NULL);
    site_await_ready(&bench.site);
    site_await_quiet(&bench.site);
    if (!hs_bench_smoke()) { // caches are warm: the broker's own code and topics are by then
        run_both(&bench, &p50[0], &p99[0], &relay_p50[0], &relay_p99[0]);
        bench.tests = 0;
    }
    for (unsigned i = 0; i < runs; i++) {
        run_both(&bench, &p50[i], &p99[i], &relay_p50[i], &relay_p99[i]);
    }
    site_stop(&bench.site);
    double p50_ms = hs_bench_median(relay_p50, runs), p99_ms = hs_bench_median(relay_p99, runs);
    bool holds = print("alert-latency-p50", hs_bench_median(p50, runs), p50_ms, runs, 1.5);
    holds = print("alert-latency-p99", hs_bench_median(p99, runs), p99_ms, runs, 2) && holds;
    double test_p50_ms = hs_bench_permille(bench.test_seconds, bench.tests, 500) * 1000;
    double test_p99_ms = hs_bench_permille(bench.test_seconds, bench.tests, 990) * 1000;
    holds = print("test-alert-p50", test_p50_ms, p50_ms, bench.tests, 1.5) && holds;
    holds = print("test-alert-p99", test_p99_ms, p99_ms, bench.tests, 2) && holds;
    return holds ? 0 : 3;
}
