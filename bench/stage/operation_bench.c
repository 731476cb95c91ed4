// SPDX-License-Identifier: Apache-2.0
/*
 * An operation created with hitctl to the reads that it governs: while one listed vehicle after another is read, every
 * five milliseconds, operations are created that tell another desk. Measured is, for each, from the end of `hitctl
 * operation create` to the moment at which that desk reads its first alert by it, the read's own way to the desk
 * included; from that read on every one is told. The note says the same from hitctl's start. A broker, a Redis and a
 * daemon that do nothing else, and have told of some thousand reads before: a broker's own code is slow until it is
 * compiled.
 *
 *     operation_bench
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "stage/clients.h"
#include "support/figure.h"
#include "support/kafka_util.h"

enum {
    OPERATIONS = 100,
    OPERATIONS_SMOKE = 2,
    WARM_READS = 3000, // told to the other desk before anything is measured
    READ_EVERY_NS = 5000000,
    IN_A_ROW = 40, // reads governed one after the other: the operation governs
    LATE_MS = 100, // a partition's alerts may be behind another's by so much
    READS_MAX = 60000,
    PATIENCE_MS = 30000,
};

struct bench {
    struct site site;
    rd_kafka_t *writer;
    rd_kafka_t *reader; // of the joint desk's queue
    pthread_t thread;   // makes the reads
    atomic_bool stop;
    atomic_size_t reads;        // made so far
    char operation[16];         // the present one
    bool governed[READS_MAX];   // the joint desk was told by it
    int64_t told_ns[READS_MAX]; // when
};

static const char queues[] =
    "queues:\n"
    "  control:\n    owner: north\n    kind: live\n    lists: ['*']\n    default: true\n"
    "  joint:\n    owner: north\n    kind: live\n    lists: [none]\n    areas: [centre]\n";

static void read_plate(struct bench *bench, size_t n)
{
    char vrm[SITE_MARK_MAX];
    site_plate(2 * n, vrm);
    site_send_read(bench->writer, "anpr.reads", n, vrm, (unsigned)n % SITE_CAMERAS);
    atomic_store_explicit(&bench->reads, n + 1, memory_order_relaxed);
}

static void *make_reads(void *arg)
{
    struct bench *bench = arg;
    const struct timespec pause = {.tv_nsec = READ_EVERY_NS};
    for (size_t n = 0; n < READS_MAX && !atomic_load(&bench->stop); n++) {
        read_plate(bench, n);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static bool is_by(const Hitstream__V1__Alert *alert, const char *operation)
{
    for (size_t i = 0; i < alert->n_operations; i++) {
        if (strcmp(alert->operations[i]->operation_id, operation) == 0) {
            return true;
        }
    }
    return false;
}

// Notes one alert of the joint desk, if one comes.
static void note_alert(struct bench *bench)
{
    Hitstream__V1__Alert *alert = site_next_alert(bench->reader, 10);
    unsigned long n = alert ? strtoul(alert->read_id + strlen(SITE_READ), NULL, 10) : READS_MAX;
    if (n < READS_MAX) {
        bench->governed[n] = is_by(alert, bench->operation);
        bench->told_ns[n] = hs_clock_monotonic_ns();
    }
    hitstream__v1__alert__free_unpacked(alert, NULL);
}

// The first read of so many in a row that are governed; READS_MAX: there is none yet.
static size_t find_row(const struct bench *bench, size_t from)
{
    size_t row = 0;
    for (size_t n = from; n < READS_MAX; n++) {
        row = bench->governed[n] ? row + 1 : 0;
        if (row == IN_A_ROW) {
            return n + 1 - IN_A_ROW;
        }
    }
    return READS_MAX;
}

// When the first alert came from which on every read was governed, among those after `from`.
static int64_t governs_from_ns(struct bench *bench, size_t from)
{
    int64_t until_ms = hs_clock_boottime_ms() + PATIENCE_MS;
    size_t n = READS_MAX;
    while (n == READS_MAX) {
        note_alert(bench);
        n = find_row(bench, from);
        if (hs_clock_boottime_ms() > until_ms) {
            site_fail("'%s' governs no %d reads in a row", bench->operation, IN_A_ROW);
        }
    }
    int64_t late_ms = hs_clock_boottime_ms() + LATE_MS;
    while (hs_clock_boottime_ms() < late_ms) { // alerts of earlier reads that are late
        note_alert(bench);
    }
    return bench->told_ns[find_row(bench, from)];
}

// What one operation took.
struct taken {
    double from_start_s; // of hitctl
    double from_end_s;
};

static struct taken create(struct bench *bench, const char *id)
{
    size_t from = atomic_load_explicit(&bench->reads, memory_order_relaxed);
    snprintf(bench->operation, sizeof(bench->operation), "%s", id);
    int64_t start_ns = hs_clock_monotonic_ns();
    SITE_HITCTL(&bench->site, "operation", "create", id, "--lead", "north", "--lists", "listed",
                "--queues", "joint", "--from", "2026-01-01T00:00:00Z");
    int64_t end_ns = hs_clock_monotonic_ns();
    int64_t governs_ns = governs_from_ns(bench, from);
    SITE_HITCTL(&bench->site, "operation", "close", id, "--at", "2026-01-02T00:00:00Z");
    return (struct taken){.from_start_s = (double)(governs_ns - start_ns) / 1e9,
                          .from_end_s =
                              governs_ns > end_ns ? (double)(governs_ns - end_ns) / 1e9 : 0};
}

// Reads go through, and are told by an operation, until the broker is warm.
static void warm_up(struct bench *bench)
{
    SITE_HITCTL(&bench->site, "operation", "create", "warm", "--lead", "north", "--lists", "listed",
                "--queues", "joint", "--from", "2026-01-01T00:00:00Z");
    snprintf(bench->operation, sizeof(bench->operation), "warm");
    while (atomic_load_explicit(&bench->reads, memory_order_relaxed) <
           (hs_bench_smoke() ? 0 : WARM_READS)) {
        note_alert(bench);
    }
    governs_from_ns(bench, 0);
    SITE_HITCTL(&bench->site, "operation", "close", "warm", "--at", "2026-01-02T00:00:00Z");
}

static void prepare(struct bench *bench)
{
    char path[HS_TEST_PATH_BYTES];
    site_open(&bench->site, "match, correlate", NULL);
    snprintf(path, sizeof(path), "%s/controls/queues.yaml", bench->site.folder);
    if (hs_test_file_write(path, queues)) {
        site_fail("cannot write '%s'", path);
    }
    *strrchr(path, '/') = '\0';
    SITE_HITCTL(&bench->site, "controls", "activate", path);
    SITE_HITCTL(&bench->site, "topics", "create");
    site_load_list(&bench->site, READS_MAX);
    site_rewind(&bench->site);
    site_start(&bench->site, NULL);
    site_await_ready(&bench->site);
    static const char *const told[] = {"dispatch.joint", NULL};
    bench->writer = site_writer_new(&bench->site);
    bench->reader = site_reader_new(&bench->site, told, SITE_FROM_BEGINNING);
    if (pthread_create(&bench->thread, NULL, make_reads, bench) != 0) {
        site_fail("no thread");
    }
}

int main(void)
{
    static struct bench bench;
    unsigned count = hs_bench_smoke() ? OPERATIONS_SMOKE : OPERATIONS;
    double from_start_s[OPERATIONS], from_end_s[OPERATIONS];
    prepare(&bench);
    warm_up(&bench);
    for (unsigned i = 0; i < count; i++) {
        char id[16];
        snprintf(id, sizeof(id), "op%u", i);
        struct taken taken = create(&bench, id);
        from_start_s[i] = taken.from_start_s;
        from_end_s[i] = taken.from_end_s;
    }
    double p50 = hs_bench_permille(from_end_s, count, 500) * 1000;
    double p99 = hs_bench_permille(from_end_s, count, 990) * 1000;
    double whole_p50 = hs_bench_permille(from_start_s, count, 500) * 1000;
    double whole_p99 = hs_bench_permille(from_start_s, count, 990) * 1000;
    char note[128];
    snprintf(note, sizeof(note),
             "p99 after hitctl ended, p50 %.1f; from its start p50 %.1f, p99 %.1f ms", p50,
             whole_p50, whole_p99);
    fprintf(stderr, "%u operations, after hitctl p50 %.1f ms, p99 %.1f ms; with it %.1f and %.1f\n",
            count, p50, p99, whole_p50, whole_p99);
    const struct hs_figure figure = {.name = "operation-live",
                                     .unit = "ms",
                                     .value = p99,
                                     .bar = HS_BAR_VALUE_AT_MOST,
                                     .limit = 100,
                                     .runs = count,
                                     .note = note};
    hs_figure_print(&figure);
    atomic_store(&bench.stop, true);
    pthread_join(bench.thread, NULL);
    site_stop(&bench.site);
    rd_kafka_destroy(bench.writer);
    rd_kafka_destroy(bench.reader);
    return 0;
}
