// SPDX-License-Identifier: Apache-2.0
/*
 * The match stage beside bare loops: CPU a million reads, and a backlog's wall-clock and memory.
 *
 *     stage_bench stage-cpu | stage-cpu-batched | catch-up | stage-instructions
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "stage/loops.h"
#include "stage/site.h"
#include "support/figure.h"

// A look at /metrics costs the daemon CPU itself; Prometheus looks every 15 s.
enum { RUNS = 5, ONE_IN = 2000, CPU_POLL_MS = 250, WALL_POLL_MS = 10 };

// One measuring of the daemon.
struct run_result {
    double cpu_seconds;
    double wall_seconds;
    uint64_t peak_bytes;
};

struct bench {
    struct site site;
    size_t messages;
    size_t reads_a_message;
    size_t entries;
    struct loop_plan loop;
    double peak_bytes; // largest of the daemon's
    double loop_cpu[RUNS];
};

static uint64_t total(const struct bench *bench)
{
    return bench->messages * bench->reads_a_message;
}

// Lists are live and all is quiet before somebody says where to begin. The last sample without a
// read is the beginning.
static void measure(struct bench *bench, int64_t poll_ms, struct run_result *result)
{
    struct site *site = &bench->site;
    uint64_t memory = 0, peak = 0;
    double seen = 0, cpu = 0;
    int64_t began_ns = 0, now_ns = 0;
    site_start(site, NULL);
    site_await_text(site, "where to begin");
    site_await_quiet(site);
    site_rewind(site);
    while (seen < (double)total(bench)) {
        seen = site_metric(site, "hitstream_reads_total");
        uint64_t resident = hs_bench_rss_bytes_of(site->daemon.pid);
        now_ns = hs_clock_monotonic_ns();
        if (seen <= 0) {
            cpu = hs_bench_cpu_seconds_of(site->daemon.pid);
            memory = resident;
            began_ns = now_ns;
        }
        peak = resident > memory + peak ? resident - memory : peak;
        hs_test_pause_ms(poll_ms);
    }
    result->wall_seconds = (double)(now_ns - began_ns) / 1e9;
    result->cpu_seconds = hs_bench_cpu_seconds_of(site->daemon.pid) - cpu;
    result->peak_bytes = peak;
    fprintf(stderr, "daemon: %.3f CPU s, %.3f s, peak +%.1f MB\n", result->cpu_seconds,
            result->wall_seconds, (double)peak / 1e6);
    site_stop(site);
    site_forget(site);
}

static double daemon_cpu(void *ctx)
{
    struct bench *bench = ctx;
    struct run_result result = {0};
    measure(bench, CPU_POLL_MS, &result);
    if ((double)result.peak_bytes > bench->peak_bytes) {
        bench->peak_bytes = (double)result.peak_bytes;
    }
    return result.cpu_seconds * 1e6 / (double)total(bench);
}

static double loop_cpu(void *ctx)
{
    struct bench *bench = ctx;
    struct loop_result result = {0};
    loop_run(&bench->loop, &result);
    fprintf(stderr, "loop: %.3f CPU s, %.3f s, peak +%.1f MB\n", result.cpu_seconds,
            result.wall_seconds, (double)result.peak_bytes / 1e6);
    return result.cpu_seconds * 1e6 / (double)total(bench);
}

static void prepare(struct bench *bench, size_t messages, size_t reads_a_message)
{
    bool smoke = hs_bench_smoke();
    bench->messages = smoke ? messages / 50 : messages;
    bench->reads_a_message = reads_a_message;
    bench->entries = smoke ? 10000 : 1000000;
    site_open(&bench->site, "match", NULL);
    site_load_list(&bench->site, bench->entries);
    site_fill(&bench->site, bench->messages, reads_a_message, ONE_IN, bench->entries);
    bench->loop = (struct loop_plan){.kind = LOOP_COUNT,
                                     .bootstrap = bench->site.bootstrap,
                                     .messages = bench->messages,
                                     .entries = bench->entries,
                                     .queue_messages = "200000",
                                     .queue_kbytes = "65536"};
}

static int stage_cpu(void)
{
    struct bench bench = {0};
    double value, reference;
    prepare(&bench, 2000000, 1);
    unsigned runs = hs_bench_smoke() ? 1 : RUNS;
    hs_bench_alternate(runs, daemon_cpu, loop_cpu, &bench, &value, &reference);
    const struct hs_figure figure = {.name = "stage-cpu",
                                     .unit = "CPU s per million reads",
                                     .value = value,
                                     .reference = reference,
                                     .bar = HS_BAR_RATIO_AT_MOST,
                                     .limit = 1.15,
                                     .runs = runs,
                                     .note = "the daemon allocates by jemalloc, the loop by glibc"};
    return hs_figure_print(&figure) ? 0 : 3;
}

static int stage_cpu_batched(void)
{
    struct bench bench = {0};
    char note[128];
    double value, reference;
    prepare(&bench, 100000, 50);
    unsigned runs = hs_bench_smoke() ? 1 : RUNS;
    hs_bench_alternate(runs, daemon_cpu, loop_cpu, &bench, &value, &reference);
    snprintf(note, sizeof(note),
             "peak memory %.0f MB above rest; a protobuf-c and uthash loop reaches about 2 M",
             bench.peak_bytes / 1e6);
    const struct hs_figure figure = {.name = "stage-cpu-batched",
                                     .unit = "M reads per CPU s",
                                     .value = 1 / value,
                                     .reference = 1 / reference,
                                     .bar = HS_BAR_VALUE_AT_LEAST,
                                     .limit = 4,
                                     .runs = runs,
                                     .note = note};
    return hs_figure_print(&figure) ? 0 : 3;
}

static double loop_speed(const struct bench *bench, const char *messages, const char *kbytes)
{
    struct loop_plan plan = bench->loop;
    struct loop_result result;
    plan.kind = LOOP_LOOKUP;
    plan.queue_messages = messages;
    plan.queue_kbytes = kbytes;
    loop_run(&plan, &result);
    fprintf(stderr,
            "protobuf-c and uthash, %s KB: %.3f M/s, %.3f CPU s, peak +%.1f MB, %llu hits\n",
            kbytes ? kbytes : "default", (double)result.reads / result.wall_seconds / 1e6,
            result.cpu_seconds, (double)result.peak_bytes / 1e6, (unsigned long long)result.hits);
    return (double)result.reads / result.wall_seconds / 1e6;
}

static int catch_up(void)
{
    enum { TRIES = 3 };
    struct bench bench = {0};
    char note[160];
    double speeds[TRIES], usual[TRIES], large[TRIES];
    uint64_t peak = 0;
    prepare(&bench, 3000000, 1);
    unsigned tries = hs_bench_smoke() ? 1 : TRIES;
    for (unsigned i = 0; i < tries; i++) {
        struct run_result result = {0};
        measure(&bench, WALL_POLL_MS, &result);
        speeds[i] = (double)total(&bench) / result.wall_seconds / 1e6;
        peak = result.peak_bytes > peak ? result.peak_bytes : peak;
        usual[i] = loop_speed(&bench, NULL, NULL);
        large[i] = loop_speed(&bench, "10000000", "1048576");
    }
    double value = hs_bench_median(speeds, tries), reference = hs_bench_median(large, tries);
    snprintf(note, sizeof(note),
             "peak memory %.0f MB above rest (bar 200); reference with default queues %.3f",
             (double)peak / 1e6, hs_bench_median(usual, tries));
    const struct hs_figure figure = {.name = "catch-up",
                                     .unit = "M reads/s",
                                     .value = value,
                                     .reference = reference,
                                     .bar = HS_BAR_RATIO_AT_LEAST,
                                     .limit = 1,
                                     .runs = tries,
                                     .note = note};
    return hs_figure_print(&figure) && peak <= 200000000 ? 0 : 3;
}

// Instructions of our own code, from the message's callback to the hits' hand-over, by callgrind.
static int stage_instructions(void)
{
    struct bench bench = {0};
    char out[HS_TEST_PATH_BYTES], option[HS_TEST_PATH_BYTES + 32];
    prepare(&bench, hs_bench_smoke() ? 1000000 : 100000, 1);
    snprintf(out, sizeof(out), "%s/callgrind.out", bench.site.folder);
    snprintf(option, sizeof(option), "--callgrind-out-file=%s", out);
    const char *const before[] = {"valgrind",
                                  "--tool=callgrind",
                                  "--toggle-collect=hs_match_on_message",
                                  "--toggle-collect=hs_match_batch_run",
                                  option,
                                  NULL};
    site_rewind(&bench.site);
    site_start(&bench.site, before);
    while (site_metric(&bench.site, "hitstream_reads_total") < (double)total(&bench)) {
        hs_test_pause_ms(100);
    }
    site_stop(&bench.site);
    char *text = hs_test_file_read(out);
    const char *at = text ? strstr(text, "\ntotals: ") : NULL;
    if (!at) {
        site_fail("callgrind left no totals");
    }
    const struct hs_figure figure = {
        .name = "stage-instructions",
        .unit = "own instructions a read",
        .value = strtod(at + strlen("\ntotals: "), NULL) / (double)total(&bench),
        .runs = 1,
        .note = "single-read messages, from callback to hand-over, by callgrind"};
    free(text);
    hs_figure_print(&figure);
    return 0;
}

// For a person with a profiler: topics and lists are left as stage-cpu, or stage-cpu-batched, finds them.
static int prepare_only(void)
{
    struct bench bench = {0};
    prepare(&bench, 2000000, 1);
    return 0;
}

static int prepare_batched(void)
{
    struct bench bench = {0};
    prepare(&bench, 100000, 50);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } figures[] = {
        {"stage-cpu", stage_cpu},  {"stage-cpu-batched", stage_cpu_batched},
        {"catch-up", catch_up},    {"stage-instructions", stage_instructions},
        {"prepare", prepare_only}, {"prepare-batched", prepare_batched},
    };
    for (size_t i = 0; argc > 1 && i < sizeof(figures) / sizeof(figures[0]); i++) {
        if (strcmp(argv[1], figures[i].name) == 0) {
            return figures[i].run();
        }
    }
    fputs("usage: stage_bench stage-cpu|stage-cpu-batched|catch-up|stage-instructions\n", stderr);
    return 2;
}
