// SPDX-License-Identifier: Apache-2.0
#include "torture/match/torture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/rcu.h"
#include "hitstream/v1/read.pb-c.h"
#include "hitstream/v1/watchlist.pb-c.h"
#include "match/matcher.h"

enum { READERS = 3, MARKS = 24, BATCH = 96, ENTRY_BYTES = 256 };
#define NOW_MS INT64_C(1790000000000)

static struct hs_rcu_slot slot;
static _Atomic bool stopped; // relaxed: a reader may do a round more

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "torture: %s failed\n", what);
        abort();
    }
}

static void mark_of(unsigned i, char vrm[8])
{
    snprintf(vrm, 8, "A%c12XY%c", 'A' + (int)i % 8 * 3, 'A' + (int)i / 8 * 3);
}

// Entry i of revision n says n in its packed form.
static struct hs_str pack_entry(unsigned i, uint64_t n, uint8_t out[ENTRY_BYTES])
{
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    char id[16], vrm[8];
    snprintf(id, sizeof(id), "%u", i);
    mark_of(i, vrm);
    entry.entry_id = id;
    entry.vrm = vrm;
    entry.weed_date = 20301231;
    entry.added_at_ms = (int64_t)n;
    return hs_str_n(out, hitstream__v1__watchlist_entry__pack(&entry, out));
}

static struct hs_list_spec spec_of(uint64_t n)
{
    return (struct hs_list_spec){.list_id = HS_STR("t"), .status = HS_LIST_LIVE, .generation = n};
}

static struct hs_snapshot *build(uint64_t n)
{
    struct hs_snapshot_builder *builder;
    struct hs_snapshot *snapshot;
    struct hs_list_spec spec = spec_of(n);
    uint8_t out[ENTRY_BYTES];
    must(hs_snapshot_builder_new(&builder) == 0, "a builder");
    must(hs_snapshot_builder_list(builder, &spec) == 0, "a list");
    for (unsigned i = 0; i < MARKS; i++) {
        must(hs_snapshot_builder_entry(builder, pack_entry(i, n, out)) == 0, "an entry");
    }
    must(hs_snapshot_builder_build(builder, NOW_MS, HS_STR("1-0"), &snapshot) == 0, "a build");
    return snapshot;
}

// The next revision as changes to the one before.
static struct hs_snapshot *change(const struct hs_snapshot *old, uint64_t n)
{
    static uint8_t entries[MARKS][ENTRY_BYTES];
    struct hs_snapshot_change changes[MARKS];
    struct hs_snapshot *snapshot;
    for (unsigned i = 0; i < MARKS; i++) {
        changes[i] = (struct hs_snapshot_change){
            .kind = HS_CHANGE_PUT, .spec = spec_of(n), .entry = pack_entry(i, n, entries[i])};
    }
    must(hs_snapshot_apply(old, changes, MARKS, NOW_MS, HS_STR("2-0"), &snapshot) == 0, "a change");
    return snapshot;
}

static struct hs_snapshot *next_snapshot(const struct hs_snapshot *old, uint64_t n)
{
    struct hs_snapshot *snapshot;
    switch (n % 5) {
    case 0:
        return build(n);
    case 4:
        must(hs_snapshot_rebuild(old, &snapshot) == 0, "a rebuild"); // the same revision, folded
        return snapshot;
    default:
        return change(old, n);
    }
}

// What a batch saw.
struct seen {
    uint64_t generation;
    unsigned hits;
    bool torn;
};

static void look(void *ctx, const struct hs_hit *hit)
{
    struct seen *seen = ctx;
    Hitstream__V1__WatchlistEntry *entry = hitstream__v1__watchlist_entry__unpack(
        NULL, hit->entry.len, (const uint8_t *)hit->entry.ptr);
    if (seen->hits++ == 0) {
        seen->generation = hit->list->generation;
    }
    seen->torn |= !entry || hit->list->generation != seen->generation ||
                  (uint64_t)entry->added_at_ms != seen->generation;
    if (entry) {
        hitstream__v1__watchlist_entry__free_unpacked(entry, NULL);
    }
}

static size_t pack_reads(uint8_t *out)
{
    Hitstream__V1__PlateReadBatch batch = HITSTREAM__V1__PLATE_READ_BATCH__INIT;
    Hitstream__V1__PlateRead reads[BATCH], *pointers[BATCH];
    char vrms[BATCH][8], camera[] = "c1";
    for (unsigned i = 0; i < BATCH; i++) {
        hitstream__v1__plate_read__init(&reads[i]);
        mark_of(i % MARKS, vrms[i]);
        reads[i].vrm = vrms[i];
        reads[i].camera_id = camera;
        reads[i].captured_at_ms = NOW_MS;
        pointers[i] = &reads[i];
    }
    batch.n_reads = BATCH;
    batch.reads = pointers;
    return hitstream__v1__plate_read_batch__pack(&batch, out);
}

static void *read_until_stopped(void *arg)
{
    struct torture_result *result = arg;
    static const struct hs_match_context context;
    uint8_t message[BATCH * 64];
    struct hs_read_view views[BATCH];
    struct hs_candidate_view scratch[BATCH * HS_READ_CANDIDATES_MAX];
    size_t count, len = pack_reads(message);
    struct hs_matcher *matcher;
    must(hs_read_views(hs_str_n(message, len), views, BATCH, scratch, &count) == 0, "views");
    must(hs_matcher_new(&matcher) == 0, "a matcher");
    hs_rcu_register_thread();
    while (!atomic_load_explicit(&stopped, memory_order_relaxed)) {
        struct seen seen = {0};
        hs_rcu_read_lock();
        const struct hs_snapshot *snapshot = hs_rcu_dereference(&slot);
        hs_matcher_run(matcher, snapshot, &context, views, count, NULL, look, &seen);
        hs_rcu_read_unlock();
        result->batches++;
        result->torn += seen.torn || seen.hits != BATCH;
    }
    hs_rcu_unregister_thread();
    hs_matcher_free(matcher);
    return NULL;
}

static uint64_t write_for(double seconds, bool grace)
{
    int64_t end_ns = hs_clock_monotonic_ns() + (int64_t)(seconds * 1e9);
    uint64_t n = 1;
    while (hs_clock_monotonic_ns() < end_ns) {
        n++;
        struct hs_snapshot *made = next_snapshot(hs_rcu_dereference(&slot), n);
        struct hs_snapshot *old = hs_rcu_publish(&slot, made);
        if (grace) {
            hs_rcu_synchronize();
        }
        hs_snapshot_free(old);
    }
    return n;
}

struct torture_result torture_run(double seconds, bool grace)
{
    pthread_t threads[READERS];
    struct torture_result results[READERS] = {{0}}, sum = {0};
    atomic_store_explicit(&stopped, false, memory_order_relaxed);
    hs_rcu_publish(&slot, build(1));
    for (unsigned i = 0; i < READERS; i++) {
        must(pthread_create(&threads[i], NULL, read_until_stopped, &results[i]) == 0, "a thread");
    }
    sum.snapshots = write_for(seconds, grace);
    atomic_store_explicit(&stopped, true, memory_order_relaxed);
    for (unsigned i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        sum.batches += results[i].batches;
        sum.torn += results[i].torn;
    }
    hs_snapshot_free(hs_rcu_publish(&slot, NULL));
    return sum;
}
