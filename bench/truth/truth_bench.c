// SPDX-License-Identifier: Apache-2.0
/*
 * Alerts beside the true changes of meaning: hitsim's world through matcher and correlator, without
 * a broker. Each change of its truth must have been told to that desk: the vehicle, at that site,
 * within the repeat window of that moment.
 *
 *     truth_bench [--seconds N] [--seed N] [--folder FOLDER] [--verbose]
 *
 * Fails when a change is missing or alerts are more than 1.3 times the changes.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "hitsim/desks.h"
#include "hitsim/truth.h"
#include "hitstream/v1/alert.pb-c.h"
#include "support/figure.h"
#include "truth/pipeline.h"

#define START_MS INT64_C(1768291200000)
#define BAR      1.3

enum { KINDS_MAX = 32 };

// An alert, or a change that is true.
struct told {
    uint64_t key; // queue, vehicle and site
    int64_t at_ms;
    unsigned kind; // of an alert
    struct truth_change change;
};

struct rows {
    struct told *rows; // owned
    size_t count;
    size_t capacity;
};

struct bench {
    struct sim_plan plan;
    const struct sim *sim;
    struct rows changes;
    struct rows alerts;
    uint64_t by_kind[KINDS_MAX];
    bool verbose;
};

static void add(struct rows *rows, const struct told *row)
{
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity ? 2 * rows->capacity : 4096;
        rows->rows = realloc(rows->rows, rows->capacity * sizeof(*rows->rows));
        if (!rows->rows) {
            fputs("truth_bench: out of memory\n", stderr);
            exit(1);
        }
    }
    rows->rows[rows->count++] = *row;
}

static uint64_t key_of(const char *queue, const char *vehicle, const char *site)
{
    char text[256];
    int len = snprintf(text, sizeof(text), "%s|%s|%s", queue, vehicle, site);
    return hs_hash_bytes(text, (size_t)len, 0);
}

static void on_change(void *ctx, const struct truth_change *change)
{
    struct bench *bench = ctx;
    struct told row = {.key = key_of(change->queue, change->vrm.text, change->site),
                       .at_ms = change->at_ms,
                       .change = *change};
    add(&bench->changes, &row);
}

// What a rule found, what the system says of itself and who did not answer are no news of where the
// vehicle is.
static bool counts(const Hitstream__V1__Alert *alert)
{
    return alert->kind != HITSTREAM__V1__ALERT_KIND__ALERT_KIND_SYSTEM &&
           alert->kind != HITSTREAM__V1__ALERT_KIND__ALERT_KIND_TEST &&
           alert->kind != HITSTREAM__V1__ALERT_KIND__ALERT_KIND_FINDING &&
           alert->kind != HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ESCALATED;
}

static void on_alert(void *ctx, const struct hs_offline_alert *told)
{
    struct bench *bench = ctx;
    Hitstream__V1__Alert *alert =
        hitstream__v1__alert__unpack(NULL, told->payload.len, (const uint8_t *)told->payload.ptr);
    if (!alert || !alert->place) {
        fputs("truth_bench: an alert cannot be read\n", stderr);
        exit(1);
    }
    if (counts(alert)) {
        struct told row = {.key = key_of(told->queue, alert->vehicle, alert->place->site_id),
                           .at_ms = alert->captured_at_ms,
                           .kind = (unsigned)alert->kind % KINDS_MAX};
        add(&bench->alerts, &row);
        bench->by_kind[row.kind]++;
    }
    hitstream__v1__alert__free_unpacked(alert, NULL);
}

static int by_key(const void *a, const void *b)
{
    const struct told *x = a;
    const struct told *y = b;
    return x->key != y->key ? (x->key > y->key) - (x->key < y->key)
                            : (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

// Whether an alert of this key lies within the window of the change. Alerts are sorted.
static bool is_told(const struct bench *bench, const struct told *change)
{
    const struct rows *alerts = &bench->alerts;
    size_t low = 0, high = alerts->count;
    struct told first = {.key = change->key, .at_ms = change->at_ms - bench->plan.repeat_window_ms};
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (by_key(&alerts->rows[middle], &first) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < alerts->count && alerts->rows[low].key == change->key &&
           alerts->rows[low].at_ms <= change->at_ms + bench->plan.repeat_window_ms;
}

static uint64_t count_missing(struct bench *bench)
{
    uint64_t missing = 0;
    qsort(bench->alerts.rows, bench->alerts.count, sizeof(struct told), by_key);
    for (size_t i = 0; i < bench->changes.count; i++) {
        const struct told *change = &bench->changes.rows[i];
        if (is_told(bench, change)) {
            continue;
        }
        if (missing++ < 20 || bench->verbose) {
            fprintf(stderr, "missing: passage %" PRIu64 ", %s of %s at %s, at %" PRId64 ": %s\n",
                    change->change.passage, change->change.queue, change->change.vrm.text,
                    change->change.site, change->at_ms, change->change.kinds[0]);
        }
    }
    return missing;
}

static void print_kinds(const struct bench *bench)
{
    for (unsigned i = 0; i < KINDS_MAX; i++) {
        if (bench->by_kind[i] > 0) {
            const ProtobufCEnumValue *name = protobuf_c_enum_descriptor_get_value(
                &hitstream__v1__alert_kind__descriptor, (int)i);
            fprintf(stderr, "%s: %" PRIu64 "\n", name ? name->name : "?", bench->by_kind[i]);
        }
    }
}

static void parse(struct bench *bench, int argc, char **argv, const char **ret_folder)
{
    static const struct option options[] = {{"seconds", 1, NULL, 's'},
                                            {"seed", 1, NULL, 'r'},
                                            {"folder", 1, NULL, 'f'},
                                            {"verbose", 0, NULL, 'v'},
                                            {NULL, 0, NULL, 0}};
    int option;
    *ret_folder = NULL;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 's':
            bench->plan.seconds = atof(optarg);
            break;
        case 'r':
            bench->plan.seed = strtoull(optarg, NULL, 10);
            break;
        case 'f':
            *ret_folder = optarg;
            break;
        case 'v':
            bench->verbose = true;
            break;
        default:
            exit(2);
        }
    }
    if (!*ret_folder) {
        *ret_folder = hs_bench_setting("HS_BENCH_FOLDER");
    }
}

int main(int argc, char **argv)
{
    struct bench bench = {.plan = sim_plan_default()};
    const char *folder;
    bench.plan.start_ms = START_MS;
    bench.plan.rate = 10;
    bench.plan.listed = 400;
    bench.plan.seconds = hs_bench_smoke() ? 3600 : 86400;
    bench.plan.coincidence_share = 0.1;
    parse(&bench, argc, argv, &folder);
    struct truth *truth = truth_new(NULL, &bench.plan);
    struct sim *sim = truth ? sim_new(&bench.plan, HITSIM_DATA, truth) : NULL;
    if (!sim) {
        return 1;
    }
    truth_observe(truth, on_change, &bench);
    struct pipeline *pipeline = pipeline_new(sim, folder, NULL, on_alert, &bench);
    struct sim_read read;
    while (sim_next(sim, &read)) {
        pipeline_read(pipeline, &read);
    }
    struct pipeline_counts done = pipeline_counts(pipeline);
    uint64_t missing = count_missing(&bench);
    print_kinds(&bench);
    char note[160];
    snprintf(note, sizeof(note),
             "%" PRIu64 " reads, %" PRIu64 " hits, %zu alerts, %" PRIu64 " changes not told",
             done.reads, done.hits, bench.alerts.count, missing);
    const struct hs_figure figure = {.name = "alerts-per-truth",
                                     .unit = "alerts",
                                     .value = (double)bench.alerts.count,
                                     .reference = (double)bench.changes.count,
                                     .bar = HS_BAR_RATIO_AT_MOST,
                                     .limit = missing > 0 ? 0 : BAR, // one missing is too many
                                     .runs = 1,
                                     .note = note};
    bool holds = hs_figure_print(&figure);
    pipeline_free(pipeline);
    sim_free(sim);
    truth_free(truth);
    free(bench.alerts.rows);
    free(bench.changes.rows);
    return holds ? 0 : 3;
}
