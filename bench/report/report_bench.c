// SPDX-License-Identifier: Apache-2.0
/*
 * report, report-memory: 'hitctl operation report' over a three-day operation of nine forces with a
 * million hits, beside the client library reading the same topics and doing nothing with them. What
 * the report says is checked: a quick report of wrong numbers is none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/civil.h"
#include "base/clock.h"
#include "kafka/tail.h"
#include "report/action.h"
#include "stage/site.h"
#include "support/figure.h"
#include "support/kafka_util.h"

enum { RUNS = 5, FLUSH_MS = 120000, READ_MS = 120000, RUN_MS = 120000 };

struct bench {
    double cpu_s; // that hitctl took for its last report
    struct site site;
    struct action action;
    char hitctl[HS_TEST_PATH_BYTES], out[HS_TEST_PATH_BYTES];
    struct hs_settings *settings;
};

// ------------------------------------------------------------------ the log

static void put(struct hs_test_producer *producer, const char *topic, const char *key,
                struct hs_buf *packed)
{
    if (hs_test_produce(producer, topic, -1, hs_str(key), hs_buf_str(packed), NULL, 0) != 0) {
        site_fail("cannot produce into '%s'", topic);
    }
    hs_buf_clear(packed);
}

static void put_incident(const struct bench *bench, struct hs_test_producer *producer,
                         uint64_t incident, struct hs_buf *packed)
{
    char topic[64], queue[32], key[32], mark[ACTION_MARK_BYTES];
    const char *const queues[] = {queue, "intel", "joint"};
    snprintf(queue, sizeof(queue), "desk-%u", action_force(incident));
    snprintf(key, sizeof(key), "%llu", (unsigned long long)incident);
    action_mark(incident, mark);
    for (size_t i = 0; i < 3; i++) {
        snprintf(topic, sizeof(topic), "dispatch.%s", queues[i]);
        action_alert(&bench->action, incident, queues[i], packed);
        put(producer, topic, key, packed);
    }
    if (action_is_answered(incident)) {
        action_feedback(&bench->action, incident, queue, false, packed);
        put(producer, HS_KAFKA_HITS, mark, packed);
    }
    if (action_has_outcome(incident)) {
        action_feedback(&bench->action, incident, queue, true, packed);
        put(producer, HS_KAFKA_HITS, mark, packed);
    }
}

static void fill_log(struct bench *bench)
{
    struct hs_test_producer *producer;
    struct hs_buf packed = {0};
    char mark[ACTION_MARK_BYTES];
    if (hs_test_producer_new(bench->site.bootstrap, &producer) != 0) {
        site_fail("no producer");
    }
    for (uint64_t n = 0; n < bench->action.hits; n++) {
        action_mark(n % action_incidents(&bench->action), mark);
        action_hit(&bench->action, n, &packed);
        put(producer, HS_KAFKA_HITS, mark, &packed);
    }
    for (uint64_t i = 0; i < action_incidents(&bench->action); i++) {
        put_incident(bench, producer, i, &packed);
    }
    if (hs_test_producer_flush(producer, FLUSH_MS) != 0) {
        site_fail("the log was not written");
    }
    hs_test_producer_free(producer);
    hs_buf_fini(&packed);
}

// ------------------------------------------------------------------ the installation

static void write_file(const struct bench *bench, const char *name, struct hs_buf *text)
{
    char path[HS_TEST_PATH_BYTES];
    snprintf(path, sizeof(path), "%s/controls/%s", bench->site.folder, name);
    if (hs_test_file_write(path, hs_buf_text(text)) != 0) {
        site_fail("cannot write '%s'", path);
    }
    hs_buf_fini(text);
}

static void create_operation(struct bench *bench)
{
    char from[HS_CIVIL_TEXT_BYTES], to[HS_CIVIL_TEXT_BYTES];
    struct hs_buf forces = {0}, queues = {0};
    action_names(&forces, &queues);
    hs_civil_format(bench->action.begin_ms, from);
    hs_civil_format(bench->action.begin_ms + ACTION_DAYS * HS_MS_PER_DAY, to);
    SITE_HITCTL(&bench->site, "operation", "create", "action", "--lead", "force-0", "--forces",
                hs_buf_text(&forces), "--lists", "lines", "--queues", hs_buf_text(&queues),
                "--from", from, "--to", to);
    hs_buf_fini(&forces);
    hs_buf_fini(&queues);
}

static void open_site(struct bench *bench)
{
    char path[HS_TEST_PATH_BYTES];
    struct hs_buf text = {0};
    site_open(&bench->site, "match", NULL);
    SITE_HITCTL(&bench->site, "list", "create", "lines", "--title", "County lines", "--owner-force",
                "force-0", "--purpose", "bench", "--open", "--status", "live");
    action_cameras(&text);
    write_file(bench, "cameras.csv", &text);
    action_queues(&text);
    write_file(bench, "queues.yaml", &text);
    snprintf(path, sizeof(path), "%s/controls", bench->site.folder);
    SITE_HITCTL(&bench->site, "controls", "activate", path);
    SITE_HITCTL(&bench->site, "topics", "create", "--partitions", "4", "--hits-partitions", "4");
    create_operation(bench);
}

// ------------------------------------------------------------------ measuring

// "hits": N of the first object that has it.
static uint64_t number_of(const char *json, const char *key)
{
    char name[64];
    snprintf(name, sizeof(name), "\"%s\": ", key);
    const char *at = strstr(json, name);
    return at ? strtoull(at + strlen(name), NULL, 10) : UINT64_MAX;
}

static void check(const struct bench *bench)
{
    char *json = hs_test_file_read(bench->out);
    const char *totals = json ? strstr(json, "\"totals\"") : NULL;
    uint64_t incidents = action_incidents(&bench->action);
    if (!totals || number_of(totals, "hits") != bench->action.hits ||
        number_of(totals, "arrests") != (incidents + 7) / 8 ||
        number_of(totals, "told") != 3 * incidents ||
        number_of(totals, "acknowledged") != (incidents + 1) / 2) {
        site_fail("the report is wrong: %.600s", totals ? totals : json);
    }
    free(json);
}

// CPU time of hitctl's runs so far: another's load does not touch it.
static double children_cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double run_report(void *ctx)
{
    struct bench *bench = ctx;
    const char *argv[] = {bench->hitctl, "--config", bench->site.config, "--who",  "bench",
                          "operation",   "report",   "action",           "--json", NULL};
    const struct hs_process_spec spec = {.argv = argv, .output_path = bench->out};
    remove(bench->out);
    double cpu_s = children_cpu_s();
    int64_t from_ns = hs_clock_monotonic_ns();
    if (hs_process_run(&spec, RUN_MS) != 0) {
        site_fail("hitctl operation report failed");
    }
    double seconds = (double)(hs_clock_monotonic_ns() - from_ns) / 1e9;
    bench->cpu_s = children_cpu_s() - cpu_s;
    check(bench);
    return seconds;
}

static bool count(void *ctx, const struct hs_kafka_message *message)
{
    uint64_t *bytes = ctx;
    *bytes += message->value.len;
    return true;
}

// The same topics by the same client, and nothing done with them.
static double run_client(void *ctx)
{
    struct bench *bench = ctx;
    char topics[ACTION_FORCES + 3][64];
    struct hs_kafka_range ranges[ACTION_FORCES + 3];
    const struct hs_kafka_tail_options options = {.timeout_ms = READ_MS};
    struct hs_kafka_tail *tail;
    uint64_t bytes = 0;
    static const char *const others[] = {HS_KAFKA_HITS, "dispatch.intel", "dispatch.joint"};
    for (unsigned i = 0; i < ACTION_FORCES + 3; i++) {
        if (i < 3) {
            snprintf(topics[i], sizeof(topics[i]), "%s", others[i]);
        } else {
            snprintf(topics[i], sizeof(topics[i]), "dispatch.desk-%u", i - 3);
        }
        ranges[i] = (struct hs_kafka_range){
            .topic = topics[i], .partition = -1, .from_time_ms = bench->action.begin_ms};
    }
    int64_t from_ns = hs_clock_monotonic_ns();
    if (hs_kafka_tail_new(bench->settings, NULL, &tail) != 0 ||
        hs_kafka_tail_read(tail, ranges, ACTION_FORCES + 3, &options, count, &bytes) != 0) {
        site_fail("the client cannot read");
    }
    hs_kafka_tail_free(tail);
    return (double)(hs_clock_monotonic_ns() - from_ns) / 1e9;
}

static double peak_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage); // of hitctl's runs; the report's is the largest by far
    return (double)usage.ru_maxrss * 1024 / 1e6;
}

int main(void)
{
    static struct bench bench;
    double value, reference;
    struct hs_diags diags = {0};
    bench.action.hits = hs_bench_smoke() ? 20000 : 1000000;
    bench.action.begin_ms = hs_clock_realtime_ms() - ACTION_DAYS * HS_MS_PER_DAY;
    open_site(&bench);
    fill_log(&bench);
    snprintf(bench.hitctl, sizeof(bench.hitctl), "%s/daemon/hitctl/hitctl",
             hs_bench_setting("HS_BENCH_BUILD"));
    snprintf(bench.out, sizeof(bench.out), "%s/report.json", bench.site.folder);
    const char *config = bench.site.config;
    if (hs_settings_load(&config, 1, &diags, &bench.settings) != 0) {
        site_fail("settings");
    }
    hs_bench_alternate(hs_bench_smoke() ? 1 : RUNS, run_report, run_client, &bench, &value,
                       &reference);
    char note[96];
    snprintf(note, sizeof(note), "reference: the client alone; CPU time of hitctl itself %.2f s",
             bench.cpu_s);
    bool holds = hs_figure_print(&(struct hs_figure){.name = "report",
                                                     .unit = "s for 1 M hits and 120 k alerts",
                                                     .value = value,
                                                     .reference = reference,
                                                     .bar = HS_BAR_VALUE_AT_MOST,
                                                     .limit = 5,
                                                     .runs = RUNS,
                                                     .note = note});
    holds &= hs_figure_print(&(struct hs_figure){.name = "report-memory",
                                                 .unit = "MB resident at the peak",
                                                 .value = peak_mb(),
                                                 .bar = HS_BAR_VALUE_AT_MOST,
                                                 .limit = 300,
                                                 .runs = RUNS});
    hs_settings_free(bench.settings);
    return holds ? 0 : 3;
}
