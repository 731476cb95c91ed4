// SPDX-License-Identifier: Apache-2.0
/*
 * Building, keeping and replacing the index, and matching from bytes.
 *
 *   index_bench FIGURE   index-build, index-build-5m, index-memory, index-memory-details, list-put-5m, swap-pause,
 *                        reload-memory, match-bytes
 */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rcu.h"
#include "hitstream/v1/read.pb-c.h"
#include "hitstream/v1/watchlist.pb-c.h"
#include "match/peers.h"
#include "match/workload.h"
#include "support/figure.h"

enum { RUNS = 5, MILLION = 1000000, NOTE_BYTES = 256, BATCH_READS = 50, PUTS = 500 };

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

static struct workload make_workload(size_t entries, size_t reads)
{
    struct workload workload;
    struct workload_plan plan = {.entries = entries, .reads = reads};
    workload_make(&plan, &workload);
    return workload;
}

// Seconds of CPU to build: ours from packed entries to a snapshot, the best peer's from ready keys.
static void index_build(const char *name, size_t entries, double limit, bool smoke)
{
    double ours[RUNS], kernel[RUNS], best = 0;
    char note[NOTE_BYTES];
    unsigned runs = smoke ? 1 : RUNS;
    struct workload workload = {0};
    for (unsigned i = 0; i < runs; i++) {
        if (i) {
            workload_free(&workload);
        }
        workload = make_workload(entries, 1000);
        ours[i] = workload.build_seconds;
        kernel[i] = workload.build_kernel_seconds;
    }
    size_t at = (size_t)snprintf(note, sizeof(note),
                                 "from packed entries, %.2f s of it the kernel's for new memory; "
                                 "peers from ready keys",
                                 hs_bench_median(kernel, runs));
    for (unsigned p = 0; peers[p]; p++) {
        double from = workload_seconds();
        void *table = peers[p]->build(workload.entry_keys, workload.entries);
        double took = workload_seconds() - from;
        if (table) {
            best = best == 0 || took < best ? took : best;
            at +=
                (size_t)snprintf(note + at, sizeof(note) - at, ", %s %.3f s", peers[p]->name, took);
            peers[p]->free(table);
        }
    }
    workload_free(&workload);
    hs_figure_print(&(struct hs_figure){.name = name,
                                        .unit = "CPU s",
                                        .value = hs_bench_median(ours, runs),
                                        .reference = best,
                                        .bar = HS_BAR_VALUE_AT_MOST,
                                        .limit = limit,
                                        .runs = runs,
                                        .note = note});
}

// Bytes of the index an entry, details left out; and all of it beside what the packed entries take.
static void index_memory(bool details, bool smoke)
{
    size_t entries = smoke ? MILLION / 50 : MILLION;
    struct workload workload = make_workload(entries, 1000);
    struct hs_snapshot_stats stats;
    hs_snapshot_stats(workload.snapshot, &stats);
    double packed = (double)workload.packed_bytes, all = (double)stats.memory_bytes;
    double records =
        packed + (double)entries * 6; // a length each, and half a word to the next on average
    char note[NOTE_BYTES];
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd, at = 0;
    for (unsigned p = 0; peers[p] && !details; p++) {
        if (strcmp(peers[p]->name, "rte_hash") != 0) { // its heap is its own
            void *table = peers[p]->build(workload.entry_keys, workload.entries);
            size_t now = mallinfo2().uordblks + mallinfo2().hblkhd;
            at += (size_t)snprintf(note + at, sizeof(note) - at, "%s%s %.1f", at ? ", " : "",
                                   peers[p]->name, (double)(now - before) / (double)entries);
            peers[p]->free(table);
        }
    }
    if (details) {
        snprintf(note, sizeof(note), "packed entries take %.1f bytes each",
                 packed / (double)entries);
    }
    double limit = packed * 1.15 / (double)entries + 24;
    hs_figure_print(&(struct hs_figure){.name = details ? "index-memory-details" : "index-memory",
                                        .unit = "bytes an entry",
                                        .value = (details ? all : all - records) / (double)entries,
                                        .bar = HS_BAR_VALUE_AT_MOST,
                                        .limit = details ? limit : 24,
                                        .runs = 1,
                                        .note = note});
    workload_free(&workload);
}

// What a reader and the writer of lists share.
struct swapping {
    struct hs_rcu_slot slot;
    struct workload *workload;
    _Atomic bool stopped;     // relaxed: one batch more does not matter
    _Atomic uint64_t batches; // relaxed: a count for waiting on
    double *batch_us;         // of the reader
    size_t batch_room;
    size_t hits;
};

static void count_hit(void *ctx, const struct hs_hit *hit)
{
    struct swapping *swapping = ctx;
    (void)hit;
    swapping->hits++;
}

static void *read_batches(void *arg)
{
    struct swapping *s = arg;
    static const struct hs_match_context context;
    struct hs_matcher *matcher;
    if (hs_matcher_new(&matcher) != 0) {
        exit(1);
    }
    hs_rcu_register_thread();
    for (size_t at = 0, n = 0; !atomic_load_explicit(&s->stopped, memory_order_relaxed); n++) {
        int64_t from = hs_clock_monotonic_ns();
        hs_rcu_read_lock();
        hs_matcher_run(matcher, hs_rcu_dereference(&s->slot), &context, &s->workload->reads[at],
                       WORKLOAD_BATCH, NULL, count_hit, s);
        hs_rcu_read_unlock();
        s->batch_us[n % s->batch_room] = (double)(hs_clock_monotonic_ns() - from) / 1e3;
        atomic_store_explicit(&s->batches, n + 1, memory_order_relaxed);
        at = (at + WORKLOAD_BATCH) % s->workload->read_count;
    }
    hs_rcu_unregister_thread();
    hs_matcher_free(matcher);
    return NULL;
}

static struct hs_snapshot_change put_of(size_t i, uint8_t *out)
{
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    char id[24], vrm[WORKLOAD_MARK_MAX];
    snprintf(id, sizeof(id), "p%zu", i % 64);
    workload_plate(200000000 + i, vrm);
    entry.entry_id = id;
    entry.vrm = vrm;
    entry.weed_date = 20301231;
    return (struct hs_snapshot_change){
        .kind = HS_CHANGE_PUT,
        .spec = {.list_id = HS_STR("bench"), .sequence = i + 1},
        .entry = hs_str_n(out, hitstream__v1__watchlist_entry__pack(&entry, out))};
}

// One change live: applied, published, and the one before retired.
static double put_once(struct swapping *s, size_t i)
{
    uint8_t out[256];
    struct hs_snapshot_change change = put_of(i, out);
    struct hs_snapshot *made;
    int64_t from = hs_clock_monotonic_ns();
    if (hs_snapshot_apply(hs_rcu_dereference(&s->slot), &change, 1, 1, HS_STR("1-0"), &made) != 0) {
        exit(1);
    }
    struct hs_snapshot *old = hs_rcu_publish(&s->slot, made);
    double ms = (double)(hs_clock_monotonic_ns() - from) / 1e6;
    hs_rcu_synchronize();
    hs_snapshot_free(old);
    return ms;
}

static void start(struct swapping *s, struct workload *workload, pthread_t *ret_thread)
{
    *s = (struct swapping){.workload = workload, .batch_room = 1 << 20};
    s->batch_us = calloc(s->batch_room, sizeof(*s->batch_us));
    hs_rcu_publish(&s->slot, workload->snapshot);
    if (!s->batch_us || pthread_create(ret_thread, NULL, read_batches, s) != 0) {
        exit(1);
    }
}

static uint64_t stop(struct swapping *s, pthread_t thread)
{
    atomic_store_explicit(&s->stopped, true, memory_order_relaxed);
    pthread_join(thread, NULL);
    s->workload->snapshot = hs_rcu_publish(&s->slot, NULL);
    uint64_t batches = atomic_load_explicit(&s->batches, memory_order_relaxed);
    return batches < s->batch_room ? batches : s->batch_room;
}

static void list_put(bool smoke)
{
    struct workload workload = make_workload(smoke ? MILLION / 50 : 5 * MILLION, MILLION / 10);
    struct swapping s;
    pthread_t reader;
    double ms[PUTS];
    start(&s, &workload, &reader);
    for (size_t i = 0; i < PUTS; i++) {
        ms[i] = put_once(&s, i);
    }
    stop(&s, reader);
    hs_figure_print(
        &(struct hs_figure){.name = "list-put-5m",
                            .unit = "ms, p99, from the change to the published snapshot",
                            .value = hs_bench_permille(ms, PUTS, 990),
                            .bar = HS_BAR_VALUE_AT_MOST,
                            .limit = 50,
                            .runs = PUTS,
                            .note = "the engine's part of it, while a reader runs"});
    free(s.batch_us);
    workload_free(&workload);
}

// p99.9 of a batch's time while `swaps` snapshots are replaced, or for as long without.
static double pause_of(struct workload *workload, size_t swaps, double *seconds)
{
    struct swapping s;
    pthread_t reader;
    start(&s, workload, &reader);
    int64_t from = hs_clock_monotonic_ns();
    for (size_t i = 0; i < swaps; i++) {
        put_once(&s, i);
    }
    if (swaps) {
        *seconds = (double)(hs_clock_monotonic_ns() - from) / 1e9;
    } else {
        usleep((useconds_t)(*seconds * 1e6));
    }
    double p999 = hs_bench_permille(s.batch_us, stop(&s, reader), 999);
    free(s.batch_us);
    return p999;
}

static void swap_pause(bool smoke)
{
    struct workload workload = make_workload(smoke ? MILLION / 50 : MILLION, MILLION);
    double with[3], without[3], seconds = 1;
    unsigned runs = smoke ? 1 : 3;
    for (unsigned i = 0; i < runs; i++) {
        with[i] = pause_of(&workload, smoke ? 20 : 1000, &seconds);
        without[i] = pause_of(&workload, 0, &seconds);
    }
    hs_figure_print(&(struct hs_figure){
        .name = "swap-pause",
        .unit = "us a batch of 500, p99.9",
        .value = hs_bench_median(with, runs),
        .reference = hs_bench_median(without, runs),
        .bar = HS_BAR_RATIO_AT_MOST,
        .limit = 1.5,
        .runs = runs,
        .note = "1,000 snapshots, each with one change more, replaced under one reader"});
    workload_free(&workload);
}

static void reload_memory(bool smoke)
{
    unsigned reloads = smoke ? 3 : 1000;
    struct workload workload = make_workload(smoke ? MILLION / 50 : MILLION, 1000);
    double first = 0, last = 0;
    for (unsigned i = 0; i < reloads; i++) {
        struct hs_snapshot *made;
        if (hs_snapshot_rebuild(workload.snapshot, &made) != 0) {
            exit(1);
        }
        hs_snapshot_free(workload.snapshot);
        workload.snapshot = made;
        last = (double)hs_bench_rss_bytes_of(getpid()) / 1e6;
        first = i == 0 ? last : first;
    }
    hs_figure_print(
        &(struct hs_figure){.name = "reload-memory",
                            .unit = "MB resident after the last reload",
                            .value = last,
                            .reference = first,
                            .bar = HS_BAR_RATIO_AT_MOST,
                            .limit = 1.05,
                            .runs = reloads,
                            .note = "reference: after the first; the bench's own reads included"});
    workload_free(&workload);
}

// Batches of 50 reads as they come, some 150 bytes a read.
struct messages {
    uint8_t *bytes;
    struct hs_str *at;
    size_t count;
    struct workload workload;
    struct hs_matcher *matcher;
    const struct bench_peer *peer;
    void *table;
    size_t hits;
};

static size_t pack_batch(const struct workload *w, size_t first, uint8_t *out)
{
    Hitstream__V1__PlateReadBatch batch = HITSTREAM__V1__PLATE_READ_BATCH__INIT;
    Hitstream__V1__PlateRead reads[BATCH_READS], *pointers[BATCH_READS];
    static char camera[] = "cam-0123", id[] = "0123456789abcdef0123456789abcdef", make[] = "FORD",
                colour[] = "SILVER", country[] = "GB", image[] = "s3://plates/0123456789abcdef0123";
    static uint8_t confidence[] = {95, 95, 95, 95, 95, 95, 95};
    char vrms[BATCH_READS][WORKLOAD_MARK_MAX];
    for (size_t i = 0; i < BATCH_READS; i++) {
        hitstream__v1__plate_read__init(&reads[i]);
        memcpy(vrms[i], w->reads[first + i].vrm, WORKLOAD_MARK_MAX);
        reads[i].vrm = vrms[i];
        reads[i].camera_id = camera;
        reads[i].captured_at_ms = w->reads[first + i].captured_at_ms;
        reads[i].received_at_ms = reads[i].captured_at_ms + 300;
        reads[i].read_id = id;
        reads[i].make = make;
        reads[i].colour = colour;
        reads[i].country = country;
        reads[i].plate_image_ref = image;
        reads[i].lane = 1;
        reads[i].char_confidence_pct.data = confidence;
        reads[i].char_confidence_pct.len = 7;
        pointers[i] = &reads[i];
    }
    batch.reads = pointers;
    batch.n_reads = BATCH_READS;
    return hitstream__v1__plate_read_batch__pack(&batch, out);
}

static struct messages make_messages(bool smoke)
{
    struct messages m = {
        .workload = make_workload(smoke ? MILLION / 50 : MILLION, smoke ? 50000 : 2 * MILLION)};
    m.count = m.workload.read_count / BATCH_READS;
    m.bytes = malloc(m.workload.read_count * 256);
    m.at = malloc(m.count * sizeof(*m.at));
    if (!m.bytes || !m.at || hs_matcher_new(&m.matcher) != 0) {
        exit(1);
    }
    size_t used = 0;
    for (size_t i = 0; i < m.count; i++) {
        m.at[i] =
            hs_str_n(m.bytes + used, pack_batch(&m.workload, i * BATCH_READS, m.bytes + used));
        used += m.at[i].len;
    }
    return m;
}

static void count_message_hit(void *ctx, const struct hs_hit *hit)
{
    struct messages *m = ctx;
    (void)hit;
    m->hits++;
}

static double match_messages(void *ctx)
{
    struct messages *m = ctx;
    static const struct hs_match_context context;
    static struct hs_read_view views[BATCH_READS];
    static struct hs_candidate_view scratch[BATCH_READS * HS_READ_CANDIDATES_MAX];
    double from = workload_seconds();
    for (size_t i = 0; i < m->count; i++) {
        size_t count;
        if (hs_read_views(m->at[i], views, BATCH_READS, scratch, &count) != 0) {
            exit(1);
        }
        hs_ring_add(m->workload.rings[i % WORKLOAD_SITES], views, count);
        hs_matcher_run(m->matcher, m->workload.snapshot, &context, views, count, NULL,
                       count_message_hit, m);
    }
    return (double)m->count * BATCH_READS / (workload_seconds() - from) / 1e6;
}

#ifdef BENCH_UTHASH
static double unpack_messages(void *ctx)
{
    struct messages *m = ctx;
    double from = workload_seconds();
    for (size_t i = 0; i < m->count; i++) {
        Hitstream__V1__PlateReadBatch *batch = hitstream__v1__plate_read_batch__unpack(
            NULL, m->at[i].len, (const uint8_t *)m->at[i].ptr);
        uint64_t keys[BATCH_READS];
        for (size_t k = 0; k < batch->n_reads; k++) {
            keys[k] = workload_key(batch->reads[k]->vrm);
        }
        m->hits += m->peer->lookup(m->table, keys, batch->n_reads);
        hitstream__v1__plate_read_batch__free_unpacked(batch, NULL);
    }
    return (double)m->count * BATCH_READS / (workload_seconds() - from) / 1e6;
}
#endif

static void match_bytes(bool smoke)
{
    struct messages m = make_messages(smoke);
    double ours = 0, theirs = 0;
    unsigned runs = smoke ? 1 : RUNS;
    match_messages(&m);
#ifdef BENCH_UTHASH
    m.peer = &bench_peer_uthash;
    m.table = m.peer->build(m.workload.entry_keys, m.workload.entries);
    hs_bench_alternate(runs, match_messages, unpack_messages, &m, &ours, &theirs);
    m.peer->free(m.table);
#else
    hs_bench_alternate(runs, match_messages, NULL, &m, &ours, &theirs);
#endif
    hs_figure_print(
        &(struct hs_figure){.name = "match-bytes",
                            .unit = "million reads a second",
                            .value = ours,
                            .reference = theirs,
                            .bar = HS_BAR_VALUE_AT_LEAST,
                            .limit = 20,
                            .runs = runs,
                            .note = "reference: protobuf-c unpack and uthash, exact only"});
    hs_matcher_free(m.matcher);
    free(m.bytes);
    free(m.at);
    workload_free(&m.workload);
}

int main(int argc, char **argv)
{
    const char *figure = argc > 1 ? argv[1] : "";
    bool smoke = hs_bench_smoke();
    if (strcmp(figure, "index-build") == 0) {
        index_build(figure, smoke ? MILLION / 50 : MILLION, 0.25, smoke);
    } else if (strcmp(figure, "index-build-5m") == 0) {
        index_build(figure, smoke ? MILLION / 50 : 5 * MILLION, 1.5, smoke);
    } else if (strncmp(figure, "index-memory", 12) == 0) {
        index_memory(figure[12] != '\0', smoke);
    } else if (strcmp(figure, "list-put-5m") == 0) {
        list_put(smoke);
    } else if (strcmp(figure, "swap-pause") == 0) {
        swap_pause(smoke);
    } else if (strcmp(figure, "reload-memory") == 0) {
        reload_memory(smoke);
    } else if (strcmp(figure, "match-bytes") == 0) {
        match_bytes(smoke);
    } else {
        fprintf(stderr, "index_bench: no figure '%s'\n", figure);
        return 2;
    }
    return 0;
}
