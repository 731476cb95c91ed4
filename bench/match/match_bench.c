// SPDX-License-Identifier: Apache-2.0
/*
 * Reads matched a second on one core, from decoded reads to hits, beside peers that look up exactly
 * and no more, and beside the limit of streaming the reads through rings and doing nothing with
 * them.
 *
 *   match_bench FIGURE     match-10k, match-100k, match-1m, match-5m, match-confused,
 * match-wildcard
 */
#include <stdio.h>
#include <stdlib.h>

#include "match/kernel.h"
#include "match/peers.h"
#include "match/workload.h"
#include "support/figure.h"

enum { RUNS = 7, PEERS_MAX = 4, NOTE_BYTES = 512 };

// One figure: what it measures and what it is held to.
struct figure_plan {
    const char *name;
    struct workload_plan workload;
    double bar; // million reads a second
};

static const struct figure_plan plans[] = {
    {"match-10k", {.entries = 10000, .reads = 10000000}, 200},
    {"match-100k", {.entries = 100000, .reads = 10000000}, 170},
    {"match-1m", {.entries = 1000000, .reads = 10000000}, 150},
    {"match-5m", {.entries = 5000000, .reads = 10000000}, 100},
    {"match-confused", {.entries = 100000, .reads = 10000000, .confused = true}, 120},
    {"match-wildcard", {.entries = 200000, .reads = 4000000, .masks = 32}, 30},
};

static const struct bench_peer *const peers[] = {
#ifdef BENCH_RTE_HASH
    &bench_peer_rte_hash,
#endif
#ifdef BENCH_ABSL
    &bench_peer_absl,
#endif
#ifdef BENCH_UTHASH
    &bench_peer_uthash,
#endif
    NULL,
};

struct bench {
    struct workload workload;
    struct hs_matcher *matcher;
    const struct bench_peer *peer; // that is being measured
    void *table;
    size_t hits;
};

static void count_hit(void *ctx, const struct hs_hit *hit)
{
    struct bench *bench = ctx;
    (void)hit;
    bench->hits++;
}

typedef void on_batch(struct bench *bench, const struct hs_read_view *reads, size_t count);

// All reads in batches of one site each; reads a second, in millions.
static double run_batches(struct bench *bench, on_batch *each)
{
    const struct workload *w = &bench->workload;
    double from = workload_seconds();
    for (size_t i = 0; i < w->read_count; i += WORKLOAD_BATCH) {
        hs_ring_add(w->rings[i / WORKLOAD_BATCH % WORKLOAD_SITES], &w->reads[i], WORKLOAD_BATCH);
        each(bench, &w->reads[i], WORKLOAD_BATCH);
    }
    return (double)w->read_count / (workload_seconds() - from) / 1e6;
}

static void batch_nothing(struct bench *bench, const struct hs_read_view *reads, size_t count)
{
    (void)bench;
    (void)reads;
    (void)count;
}

static void batch_match(struct bench *bench, const struct hs_read_view *reads, size_t count)
{
    static const struct hs_match_context context;
    hs_matcher_run(bench->matcher, bench->workload.snapshot, &context, reads, count, NULL,
                   count_hit, bench);
}

// A peer's normalising: upper case by bits, all eight characters at once; then exactly that key.
static void batch_peer(struct bench *bench, const struct hs_read_view *reads, size_t count)
{
    uint64_t keys[WORKLOAD_BATCH];
    for (size_t i = 0; i < count; i++) {
        uint64_t text;
        memcpy(&text, reads[i].vrm, sizeof(text));
        uint64_t letters = text & UINT64_C(0x4040404040404040);
        keys[i] = text & ~(letters >> 1);
    }
    bench->hits += bench->peer->lookup(bench->table, keys, count);
}

static double measure_limit(void *ctx)
{
    return run_batches(ctx, batch_nothing);
}

static double measure_match(void *ctx)
{
    return run_batches(ctx, batch_match);
}

static double measure_peer(void *ctx)
{
    return run_batches(ctx, batch_peer);
}

static double median_of(hs_bench_run *run, struct bench *bench, unsigned runs)
{
    double value, unused;
    hs_bench_alternate(runs, run, NULL, bench, &value, &unused);
    return value;
}

static void run_figure(const struct figure_plan *plan, bool smoke)
{
    struct bench bench = {0};
    struct workload_plan workload = plan->workload;
    unsigned runs = smoke                     ? 1
                    : getenv("HS_BENCH_RUNS") ? (unsigned)atoi(getenv("HS_BENCH_RUNS"))
                                              : RUNS;
    workload.reads = smoke ? 100000 : workload.reads;
    workload_make(&workload, &bench.workload);
    if (hs_matcher_new_with(getenv("HS_BENCH_SCALAR") ? &hs_kernel_scalar : hs_kernel_best(),
                            &bench.matcher) != 0) {
        exit(1);
    }
    measure_match(&bench); // warm
    double best_peer = 0, value = 0, limit = median_of(measure_limit, &bench, runs);
    char note[NOTE_BYTES];
    int len = snprintf(note, sizeof(note), "streaming limit %.1f", limit);
    for (unsigned i = 0; peers[i]; i++) {
        bench.peer = peers[i];
        bench.table = peers[i]->build(bench.workload.entry_keys, bench.workload.entries);
        if (!bench.table) {
            continue;
        }
        double ours, theirs;
        hs_bench_alternate(runs, measure_match, measure_peer, &bench, &ours, &theirs);
        len +=
            snprintf(note + len, sizeof(note) - (size_t)len, ", %s %.1f", peers[i]->name, theirs);
        best_peer = theirs > best_peer ? theirs : best_peer;
        value = ours;
        peers[i]->free(bench.table);
    }
    if (value == 0) {
        value = median_of(measure_match, &bench, runs);
    }
    bench.hits = 0;
    measure_match(&bench);
    snprintf(note + len, sizeof(note) - (size_t)len, ", hits %zu, index built in %.3f s",
             bench.hits, bench.workload.build_seconds);
    hs_figure_print(&(struct hs_figure){.name = plan->name,
                                        .unit = "million reads a second",
                                        .value = value,
                                        .reference = best_peer,
                                        .bar = HS_BAR_VALUE_AT_LEAST,
                                        .limit = plan->bar,
                                        .runs = runs,
                                        .note = note});
    hs_matcher_free(bench.matcher);
    workload_free(&bench.workload);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
        if (argc < 2 || strcmp(argv[1], plans[i].name) == 0) {
            run_figure(&plans[i], hs_bench_smoke());
        }
    }
    return 0;
}
