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
#include "match/snapshot_parts.h"
#include "match/workload.h"
#include "support/figure.h"

enum { RUNS = 7, PEERS_MAX = 4, NOTE_BYTES = 768 };

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
    const struct bench_peer *peer;       // that is being measured
    unsigned masks;                      // of the plan; 0: whole marks
    void *tables[WORKLOAD_MASKS_MAX];    // of the peer: one a mask, or the only one
    uint64_t hidden[WORKLOAD_MASKS_MAX]; // by mask: the bytes of a key that it hides
    size_t hits;
};

static void count_hit(void *ctx, const struct hs_hit *hit)
{
    struct bench *bench = ctx;
    (void)hit;
    bench->hits++;
}

typedef void on_batch(struct bench *bench, const struct hs_read_view *reads, size_t count);

// The first reads in batches of one site each; reads a second, in millions.
static double run_batches(struct bench *bench, size_t reads, on_batch *each)
{
    const struct workload *w = &bench->workload;
    double from = workload_seconds();
    for (size_t i = 0; i < reads; i += WORKLOAD_BATCH) {
        hs_ring_add(w->rings[i / WORKLOAD_BATCH % WORKLOAD_SITES], &w->reads[i], WORKLOAD_BATCH);
        each(bench, &w->reads[i], WORKLOAD_BATCH);
    }
    return (double)reads / (workload_seconds() - from) / 1e6;
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

// Under a mask: its table is asked by keys with '?' where it hides.
static size_t look_up_masked(const struct bench *bench, unsigned m, const uint64_t *keys,
                             size_t count)
{
    const uint64_t any = UINT64_C(0x3f3f3f3f3f3f3f3f); // '?' in each byte
    uint64_t masked[WORKLOAD_BATCH], hidden = bench->hidden[m];
    for (size_t i = 0; i < count; i++) {
        masked[i] = (keys[i] & ~hidden) | (any & hidden);
    }
    return bench->peer->lookup(bench->tables[m], masked, count);
}

// A peer's normalising: upper case by bits, all eight characters at once; then exactly that key, or that under each
// mask in turn.
static void batch_peer(struct bench *bench, const struct hs_read_view *reads, size_t count)
{
    uint64_t keys[WORKLOAD_BATCH];
    for (size_t i = 0; i < count; i++) {
        uint64_t text;
        memcpy(&text, reads[i].vrm, sizeof(text));
        uint64_t letters = text & UINT64_C(0x4040404040404040);
        keys[i] = text & ~(letters >> 1);
    }
    if (bench->masks == 0) {
        bench->hits += bench->peer->lookup(bench->tables[0], keys, count);
    }
    for (unsigned m = 0; m < bench->masks; m++) {
        bench->hits += look_up_masked(bench, m, keys, count);
    }
}

static bool build_masked(struct bench *bench)
{
    const struct workload *w = &bench->workload;
    uint64_t *keys = malloc((w->entries / bench->masks + 1) * sizeof(*keys));
    bool whole = keys != NULL;
    for (unsigned m = 0; m < bench->masks && whole; m++) {
        size_t count = 0;
        for (size_t i = m; i < w->entries; i += bench->masks) {
            keys[count++] = w->entry_keys[i];
        }
        bench->hidden[m] = 0;
        for (unsigned bits = workload_mask(m); bits; bits &= bits - 1) {
            bench->hidden[m] |= UINT64_C(0xff) << 8 * __builtin_ctz(bits);
        }
        bench->tables[m] = bench->peer->build(keys, count);
        whole = bench->tables[m] != NULL;
    }
    free(keys);
    return whole;
}

static bool build_peer(struct bench *bench, const struct bench_peer *peer)
{
    bench->peer = peer;
    memset(bench->tables, 0, sizeof(bench->tables));
    if (bench->masks) {
        return build_masked(bench);
    }
    bench->tables[0] = peer->build(bench->workload.entry_keys, bench->workload.entries);
    return bench->tables[0] != NULL;
}

static void free_peer(struct bench *bench)
{
    for (unsigned m = 0; m < WORKLOAD_MASKS_MAX; m++) {
        if (bench->tables[m]) {
            bench->peer->free(bench->tables[m]);
        }
    }
}

static double measure_limit(void *ctx)
{
    struct bench *bench = ctx;
    return run_batches(bench, bench->workload.read_count, batch_nothing);
}

static double measure_match(void *ctx)
{
    struct bench *bench = ctx;
    return run_batches(bench, bench->workload.read_count, batch_match);
}

// A peer with many tables takes seconds a million reads: a tenth of them tells its speed.
static double measure_peer(void *ctx)
{
    enum { PART = 10 };
    struct bench *bench = ctx;
    size_t reads = bench->workload.read_count / (bench->masks ? PART : 1);
    return run_batches(bench, reads / WORKLOAD_BATCH * WORKLOAD_BATCH, batch_peer);
}

static double median_of(hs_bench_run *run, struct bench *bench, unsigned runs)
{
    double value, unused;
    hs_bench_alternate(runs, run, NULL, bench, &value, &unused);
    return value;
}

// What a read costs the machine beside instructions (which callgrind counts: instructions.txt): bytes that come from
// memory and go to the rings, loads that wait for a cache, and how many of those wait together.
static int print_costs(const struct bench *bench, double value, double limit, char *note,
                       size_t room)
{
    const struct workload *w = &bench->workload;
    size_t candidates = 0;
    for (size_t i = 0; i < w->read_count; i++) {
        candidates += w->reads[i].candidate_count;
    }
    double keys = 1 + (double)candidates / (double)w->read_count;
    struct hs_filter_size size = hs_filter_size_for(w->entries);
    const struct hs_mask_lines *lines = w->snapshot->lines;
    uint32_t groups = lines ? lines->of_len[WORKLOAD_MARK_MAX - 1].group_count : 0;
    int len = lines ? snprintf(note, room, ", %u masks in %u lines a read, of %.2f MB",
                               bench->masks, groups, (double)lines->arena.mapped_bytes / 1e6)
                    : 0;
    return len +
           snprintf(note + len, room - (size_t)len,
                    ", %.0f %% of that limit; a read streams %.1f bytes and stores %zu, its %.1f "
                    "keys load as many words of a filter of %.2f MB (and 1 in 20 a second one, of "
                    "%.2f MB), up to %d in flight",
                    100 * value / limit,
                    (double)sizeof(struct hs_read_view) +
                        (keys - 1) * (double)sizeof(struct hs_candidate_view),
                    sizeof(struct hs_ring_read), keys, (double)((size_t)8 << size.near_log2) / 1e6,
                    (double)size.cell_count * 8 / 1e6, (int)(HS_CHUNK_READS * keys));
}

static void run_figure(const struct figure_plan *plan, bool smoke)
{
    struct bench bench = {.masks = plan->workload.masks};
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
        if (!build_peer(&bench, peers[i])) {
            free_peer(&bench);
            continue;
        }
        double ours, theirs;
        hs_bench_alternate(runs, measure_match, measure_peer, &bench, &ours, &theirs);
        len +=
            snprintf(note + len, sizeof(note) - (size_t)len, ", %s %.1f", peers[i]->name, theirs);
        best_peer = theirs > best_peer ? theirs : best_peer;
        value = ours;
        free_peer(&bench);
    }
    if (value == 0) {
        value = median_of(measure_match, &bench, runs);
    }
    len += print_costs(&bench, value, limit, note + len, sizeof(note) - (size_t)len);
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
