// SPDX-License-Identifier: Apache-2.0
#include "match/matcher.h"

#include <stdlib.h>

#include "base/error.h"
#include "match/kernel.h"
#include "match/search.h"

struct hs_matcher {
    struct hs_keys keys;  // of the chunk at hand
    struct hs_keys masks; // of one read: under every mask, or one confusion away
    uint16_t of_read[HS_CHUNK_READS]
                    [HS_READINGS_MAX]; // a read's keys that the filter has, by reading
    uint8_t listed[HS_CHUNK_READS];    // which of those there are, as bits
    const struct hs_kernel *kernel;
    struct hs_issued issued;
    struct hs_matcher_stats stats;
    struct hs_verdict verdict; // last: its far end is hardly ever touched
};

// A chunk of the run.
struct chunk {
    struct hs_matcher *matcher;
    const struct hs_snapshot *snapshot;
    const struct hs_read_view *reads;
    enum hs_read_fault *faults; // may be NULL
    size_t first;               // index of reads[0] in the batch
    size_t count;
    uint64_t faulty; // bit i: read i has a fault
    uint64_t odd;    // bit i: read i was left to scalar code
};

int hs_matcher_new_with(const struct hs_kernel *kernel, struct hs_matcher **ret_matcher)
{
    size_t size = (sizeof(struct hs_matcher) + 63) / 64 * 64;
    struct hs_matcher *matcher = aligned_alloc(64, size);
    if (!matcher) {
        return HS_ENOMEM;
    }
    // the verdict's matches need no zeros, and so take no memory until they are needed
    memset(matcher, 0, offsetof(struct hs_matcher, verdict) + offsetof(struct hs_verdict, matches));
    matcher->kernel = kernel;
    matcher->verdict.stats = &matcher->stats;
    *ret_matcher = matcher;
    return HS_OK;
}

int hs_matcher_new(struct hs_matcher **ret_matcher)
{
    return hs_matcher_new_with(hs_kernel_best(), ret_matcher);
}

void hs_matcher_free(struct hs_matcher *matcher)
{
    free(matcher);
}

const struct hs_matcher_stats *hs_matcher_stats(const struct hs_matcher *matcher)
{
    return &matcher->stats;
}

static enum hs_read_fault fault_of(const struct hs_read_view *read, struct hs_vrm *ret_vrm)
{
    if (hs_read_view_malformed(read)) {
        return HS_READ_MALFORMED;
    }
    if (hs_vrm_normalise(hs_read_view_vrm(read), ret_vrm, NULL) != HS_OK) {
        return HS_READ_NO_PLATE;
    }
    if (read->camera_id_len == 0) {
        return HS_READ_NO_CAMERA;
    }
    return read->captured_at_ms <= 0 ? HS_READ_NO_TIME : HS_READ_OK;
}

static void set_key(const struct chunk *chunk, size_t at, const struct hs_vrm *vrm)
{
    hs_keys_set(&chunk->matcher->keys, at, hs_index_hash(hs_vrm_pack_skeleton(vrm)),
                &chunk->snapshot->filter);
}

// A read that the kernel left: its fault, or its key.
static void add_odd_read(struct chunk *chunk, size_t i)
{
    struct hs_vrm vrm;
    enum hs_read_fault fault = fault_of(&chunk->reads[i], &vrm);
    if (fault == HS_READ_OK) {
        set_key(chunk, i, &vrm);
        return;
    }
    if (chunk->faults) {
        chunk->faults[i] = fault;
    }
    hs_keys_set(&chunk->matcher->keys, i, 0, &chunk->snapshot->filter);
    chunk->faulty |= UINT64_C(1) << i;
    chunk->matcher->stats.faults++;
}

static void add_odd_candidates(const struct chunk *chunk, size_t i)
{
    const struct hs_read_view *read = &chunk->reads[i];
    struct hs_keys *keys = &chunk->matcher->keys;
    for (unsigned k = 0; k < read->candidate_count; k++) {
        const struct hs_candidate_view *candidate = &read->candidates[k];
        struct hs_vrm vrm;
        if (hs_vrm_normalise(hs_str_n(candidate->vrm, candidate->vrm_len), &vrm, NULL) == HS_OK) {
            size_t at = HS_CHUNK_READS + keys->candidate_count++;
            set_key(chunk, at, &vrm);
            keys->reads[at] = (uint8_t)i;
            keys->readings[at] = (uint8_t)(k + 1);
        }
    }
}

// Every key that the chunk's readings ask for; their filter blocks are on the way.
static void make_keys(struct chunk *chunk)
{
    struct hs_matcher *matcher = chunk->matcher;
    uint64_t odd, odd_candidates;
    matcher->kernel->fold(chunk->reads, chunk->count, &chunk->snapshot->filter, &matcher->keys,
                          &odd, &odd_candidates);
    if (chunk->faults) {
        memset(chunk->faults, 0, chunk->count * sizeof(*chunk->faults));
    }
    chunk->odd = odd;
    for (; odd; odd &= odd - 1) {
        add_odd_read(chunk, (size_t)__builtin_ctzll(odd));
    }
    for (; odd_candidates; odd_candidates &= odd_candidates - 1) {
        add_odd_candidates(chunk, (size_t)__builtin_ctzll(odd_candidates));
    }
}

// Sorts the keys that the filter has by read, which are few; their buckets are on the way. Returns
// the reads as bits.
static uint64_t keep_listed(struct chunk *chunk)
{
    struct hs_matcher *matcher = chunk->matcher;
    struct hs_keys *keys = &matcher->keys;
    const struct hs_filter *filter = &chunk->snapshot->filter;
    const struct hs_segment *base = &chunk->snapshot->base->segment;
    size_t count = matcher->kernel->keep(filter, keys, 0, chunk->count, 0);
    count = matcher->kernel->keep(filter, keys, HS_CHUNK_READS,
                                  HS_CHUNK_READS + keys->candidate_count, count);
    uint64_t reads = 0;
    for (size_t i = 0; i < count; i++) {
        uint16_t key = keys->listed[i];
        unsigned read = key < HS_CHUNK_READS ? key : keys->reads[key];
        unsigned reading = key < HS_CHUNK_READS ? 0 : keys->readings[key];
        uint64_t bit = UINT64_C(1) << read;
        __builtin_prefetch(&base->buckets[hs_index_bucket(keys->hashes[key], base->bucket_count)]);
        matcher->of_read[read][reading] = key;
        matcher->listed[read] =
            (uint8_t)((reads & bit ? matcher->listed[read] : 0U) | 1U << reading);
        reads |= bit;
    }
    return reads & ~chunk->faulty;
}

static void prefetch_slots(const struct chunk *chunk, uint64_t reads)
{
    const struct hs_segment *base = &chunk->snapshot->base->segment;
    const struct hs_matcher *matcher = chunk->matcher;
    for (; reads; reads &= reads - 1) {
        size_t read = (size_t)__builtin_ctzll(reads);
        for (unsigned bits = matcher->listed[read]; bits; bits &= bits - 1) {
            uint64_t hash = matcher->keys.hashes[matcher->of_read[read][__builtin_ctz(bits)]];
            __builtin_prefetch(
                &base->slots[base->buckets[hs_index_bucket(hash, base->bucket_count)]]);
        }
    }
}

// What a snapshot makes a read be searched for beyond its own keys.
struct wider {
    uint64_t confused;   // reads that may be no legal mark
    uint64_t unreadable; // reads that may have an unreadable or missing character
    uint64_t patterns;   // reads that patterns are asked for
    uint64_t simple;     // of those, reads whose masks the kernel can ask for
};

// Whether the kernel can ask for a read's masks: they are sums of its characters, and not too many.
static bool is_simple(const struct hs_snapshot *snapshot, const struct hs_read_view *read)
{
    unsigned len = read->vrm_len;
    return len <= HS_MASKED_LEN_MAX &&
           snapshot->groups_from[len + 1] - snapshot->groups_from[len] <= HS_MASK_GROUPS_MAX;
}

static struct wider wider_searches(const struct chunk *chunk)
{
    const struct hs_snapshot *snapshot = chunk->snapshot;
    uint64_t all = chunk->count < HS_CHUNK_READS ? (UINT64_C(1) << chunk->count) - 1 : UINT64_MAX;
    struct wider wider = {0};
    all &= ~chunk->faulty;
    if (snapshot->any_confused) {
        wider.confused =
            chunk->matcher->kernel->doubtful(chunk->reads, chunk->count, &chunk->matcher->issued) &
            all;
    }
    if (snapshot->any_wild_marks) {
        wider.unreadable = all;
    }
    if (snapshot->masks_from[HS_VRM_MAX + 1] == 0) {
        return wider;
    }
    wider.patterns = all;
    for (size_t i = 0; i < chunk->count; i++) {
        wider.simple |= (uint64_t)is_simple(snapshot, &chunk->reads[i]) << i;
    }
    wider.simple &= all & ~chunk->odd;
    return wider;
}

static void search_read(struct chunk *chunk, size_t i, uint64_t listed, const struct wider *wider,
                        size_t mask_count)
{
    struct hs_matcher *matcher = chunk->matcher;
    struct hs_verdict *verdict = &matcher->verdict;
    uint64_t bit = UINT64_C(1) << i;
    hs_verdict_begin(verdict, &chunk->reads[i], chunk->first + i);
    for (unsigned bits = listed & bit ? matcher->listed[i] : 0; bits; bits &= bits - 1) {
        unsigned reading = (unsigned)__builtin_ctz(bits);
        hs_search_key(verdict, reading, matcher->keys.hashes[matcher->of_read[i][reading]]);
    }
    for (size_t m = 0; m < mask_count; m++) {
        hs_search_key(verdict, 0, matcher->masks.hashes[m]);
    }
    if (wider->confused & bit) {
        hs_search_confused(verdict, matcher->kernel, &matcher->masks);
    }
    if (wider->patterns & ~wider->simple & bit) {
        hs_search_patterns(verdict);
    }
    if (wider->unreadable & bit) {
        hs_search_unreadable(verdict);
    }
    hs_verdict_tell(verdict);
}

static void run_chunk(struct chunk *chunk)
{
    struct hs_matcher *matcher = chunk->matcher;
    make_keys(chunk);
    uint64_t listed = keep_listed(chunk);
    struct wider wider = wider_searches(chunk);
    prefetch_slots(chunk, listed);
    uint64_t sure = listed | wider.confused | wider.unreadable | (wider.patterns & ~wider.simple);
    for (uint64_t reads = sure | wider.simple; reads; reads &= reads - 1) {
        size_t i = (size_t)__builtin_ctzll(reads), mask_count = 0;
        if (wider.simple >> i & 1) {
            mask_count = hs_search_masks(chunk->snapshot, matcher->kernel, &chunk->reads[i],
                                         matcher->keys.hashes[i], &matcher->masks);
        }
        if (mask_count || (sure >> i & 1)) {
            search_read(chunk, i, listed, &wider, mask_count);
        }
    }
}

// Candidates lie one after the other; those of the next chunk, if decoded long ago, come from memory meanwhile.
static void prefetch_candidates(const struct hs_read_view *next)
{
    enum { LINES = 8, LINE_BYTES = 64 };
    const char *at = (const char *)next->candidates;
    for (unsigned i = 0; i < LINES; i++) {
        __builtin_prefetch(at + (size_t)i * LINE_BYTES);
    }
}

void hs_matcher_run(struct hs_matcher *matcher, const struct hs_snapshot *snapshot,
                    const struct hs_match_context *context, const struct hs_read_view *reads,
                    size_t count, enum hs_read_fault *ret_faults, hs_hit_sink *sink, void *sink_ctx)
{
    matcher->verdict.snapshot = snapshot;
    matcher->verdict.context = context;
    matcher->verdict.sink = sink;
    matcher->verdict.sink_ctx = sink_ctx;
    matcher->stats.reads += count;
    for (size_t first = 0; first < count; first += HS_CHUNK_READS) {
        struct chunk chunk = {
            .matcher = matcher,
            .snapshot = snapshot,
            .reads = reads + first,
            .faults = ret_faults ? ret_faults + first : NULL,
            .first = first,
            .count = count - first < HS_CHUNK_READS ? count - first : HS_CHUNK_READS,
        };
        if (first + HS_CHUNK_READS < count) {
            prefetch_candidates(&reads[first + HS_CHUNK_READS]);
        }
        run_chunk(&chunk);
    }
}
