// SPDX-License-Identifier: Apache-2.0
#include "match/matcher.h"

#include <stdlib.h>

#include "base/error.h"
#include "match/kernel.h"
#include "match/search.h"
#include "match/sift.h"

struct hs_matcher {
    struct hs_keys keys;   // of the chunk at hand
    struct hs_keys sifted; // of some reads: under every mask, or one confusion away
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
    struct hs_folded folded[HS_CHUNK_STRIPES]; // what the kernel left or doubts
    uint64_t faulty[HS_CHUNK_STRIPES];         // reads with a fault, as bits
    uint64_t listed[HS_CHUNK_STRIPES];         // reads that may stand on a list
};

static void set_bit(uint64_t *stripes, size_t i)
{
    stripes[i / HS_STRIPE_READS] |= UINT64_C(1) << i % HS_STRIPE_READS;
}

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
    set_bit(chunk->faulty, i);
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
            keys->reads[at] = (uint16_t)i;
            keys->readings[at] = (uint8_t)(k + 1);
        }
    }
}

// Every key that the readings of a stripe ask for; their words of the filter are on the way.
static void make_keys(struct chunk *chunk, size_t stripe)
{
    struct hs_matcher *matcher = chunk->matcher;
    struct hs_issued *issued = chunk->snapshot->any_confused ? &matcher->issued : NULL;
    struct hs_folded *folded = &chunk->folded[stripe];
    size_t at = stripe * HS_STRIPE_READS, rest = chunk->count - at;
    matcher->kernel->fold(chunk->reads + at, rest < HS_STRIPE_READS ? rest : HS_STRIPE_READS,
                          &chunk->snapshot->filter, issued, &matcher->keys, at, folded);
    for (uint64_t odd = folded->odd; odd; odd &= odd - 1) {
        add_odd_read(chunk, at + (size_t)__builtin_ctzll(odd));
    }
    for (uint64_t odd = folded->odd_candidates; odd; odd &= odd - 1) {
        add_odd_candidates(chunk, at + (size_t)__builtin_ctzll(odd));
    }
}

static void prefetch_buckets(const struct chunk *chunk, size_t count)
{
    const struct hs_segment *base = &chunk->snapshot->base->segment;
    const struct hs_keys *keys = &chunk->matcher->keys;
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = keys->hashes[keys->listed[i]];
        __builtin_prefetch(&base->buckets[hs_index_bucket(hash, base->bucket_count)]);
    }
}

static void prefetch_slots(const struct chunk *chunk, size_t count)
{
    const struct hs_segment *base = &chunk->snapshot->base->segment;
    const struct hs_keys *keys = &chunk->matcher->keys;
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = keys->hashes[keys->listed[i]];
        __builtin_prefetch(&base->slots[base->buckets[hs_index_bucket(hash, base->bucket_count)]]);
    }
}

// Those of the keys that the filter has under which something may stand, by read.
static void sort_listed(struct chunk *chunk, size_t count)
{
    struct hs_matcher *matcher = chunk->matcher;
    const struct hs_keys *keys = &matcher->keys;
    for (size_t i = 0; i < count; i++) {
        uint16_t key = keys->listed[i];
        if (!hs_search_has(chunk->snapshot, keys->hashes[key])) {
            continue;
        }
        size_t read = key < HS_CHUNK_READS ? key : keys->reads[key];
        unsigned reading = key < HS_CHUNK_READS ? 0 : keys->readings[key];
        bool first = !(chunk->listed[read / HS_STRIPE_READS] >> read % HS_STRIPE_READS & 1);
        matcher->of_read[read][reading] = key;
        matcher->listed[read] = (uint8_t)((first ? 0U : matcher->listed[read]) | 1U << reading);
        set_bit(chunk->listed, read);
    }
}

static void find_listed(struct chunk *chunk)
{
    struct hs_matcher *matcher = chunk->matcher;
    struct hs_keys *keys = &matcher->keys;
    size_t count =
        matcher->kernel->keep(&chunk->snapshot->filter, keys, chunk->count, keys->candidate_count);
    prefetch_buckets(chunk, count);
    prefetch_slots(chunk, count);
    sort_listed(chunk, count);
}

// What a snapshot makes the reads of a stripe be searched for beyond their own keys, as bits.
struct wider {
    uint64_t confused;   // that may be no legal mark, and near something
    uint64_t unreadable; // that may have an unreadable or missing character
    uint64_t patterns;   // that patterns are asked for one by one
    uint64_t sifted;     // that they are asked for together
};

static struct hs_sift sift_of(const struct chunk *chunk)
{
    return (struct hs_sift){chunk->snapshot, chunk->matcher->kernel, &chunk->matcher->sifted};
}

// Of the doubtful reads, those that are near something, or cannot be sifted.
static uint64_t confused_of(const struct chunk *chunk, size_t at, uint64_t doubtful, uint64_t odd)
{
    const struct hs_match_context *context = chunk->matcher->verdict.context;
    const struct hs_confusion_table *tables[HS_STRIPE_READS];
    const struct hs_read_view *reads = chunk->reads + at;
    struct hs_sift sift = sift_of(chunk);
    uint64_t one_by_one = doubtful & odd;
    for (uint64_t of = doubtful & ~odd; of; of &= of - 1) {
        unsigned i = (unsigned)__builtin_ctzll(of);
        one_by_one |= (uint64_t)(reads[i].vrm_len > HS_LANE_CHARS) << i;
        tables[i] = hs_confusions_of(context, &reads[i]);
    }
    return one_by_one | hs_sift_confused(&sift, reads, doubtful & ~one_by_one, tables);
}

static struct wider wider_searches(const struct chunk *chunk, size_t stripe)
{
    const struct hs_snapshot *snapshot = chunk->snapshot;
    size_t at = stripe * HS_STRIPE_READS;
    size_t end = chunk->count < at + HS_STRIPE_READS ? chunk->count : at + HS_STRIPE_READS;
    uint64_t all = hs_stripe_bits(end - at) & ~chunk->faulty[stripe];
    uint64_t odd = chunk->folded[stripe].odd, doubtful = chunk->folded[stripe].doubtful & all;
    struct wider wider = {0};
    if (snapshot->any_confused && doubtful) {
        wider.confused = confused_of(chunk, at, doubtful, odd);
    }
    if (snapshot->any_wild_marks) {
        wider.unreadable = all;
    }
    if (snapshot->masks_from[HS_VRM_MAX + 1] == 0) {
        return wider;
    }
    for (size_t i = at; i < end; i++) {
        unsigned len = chunk->reads[i].vrm_len < 31 ? chunk->reads[i].vrm_len : 31;
        wider.sifted |= (uint64_t)(snapshot->sifted_lens >> len & 1) << (i - at);
        wider.patterns |= (uint64_t)(snapshot->pattern_lens >> len & 1) << (i - at);
    }
    wider.sifted &= all & ~odd;
    wider.patterns = (wider.patterns | odd) & all;
    return wider;
}

// Searches read i, by the keys of masks as well under which something may stand.
static void search_read(struct chunk *chunk, size_t i, const struct wider *wider,
                        const uint64_t *masked, size_t masked_count)
{
    struct hs_matcher *matcher = chunk->matcher;
    struct hs_verdict *verdict = &matcher->verdict;
    uint64_t bit = UINT64_C(1) << i % HS_STRIPE_READS;
    hs_verdict_begin(verdict, &chunk->reads[i], chunk->first + i);
    for (unsigned bits = chunk->listed[i / HS_STRIPE_READS] & bit ? matcher->listed[i] : 0; bits;
         bits &= bits - 1) {
        unsigned reading = (unsigned)__builtin_ctz(bits);
        hs_search_key(verdict, reading, matcher->keys.hashes[matcher->of_read[i][reading]]);
    }
    for (size_t m = 0; m < masked_count; m++) {
        hs_search_key(verdict, 0, masked[m]);
    }
    if (wider->confused & bit) {
        hs_search_confused(verdict);
    }
    if (wider->patterns & bit) {
        hs_search_patterns(verdict);
    }
    if (wider->unreadable & bit) {
        hs_search_unreadable(verdict);
    }
    hs_verdict_tell(verdict);
}

// How many reads from number i on, one after the other, are sifted and of its length; at most as many as find room.
static size_t run_length(const struct chunk *chunk, size_t i, uint64_t sifted)
{
    size_t room = hs_sift_patterns_room(chunk->snapshot, chunk->reads[i].vrm_len);
    size_t count = 1;
    for (uint64_t rest = sifted >> i % HS_STRIPE_READS >> 1;
         count < room && (rest & 1) && chunk->reads[i + count].vrm_len == chunk->reads[i].vrm_len;
         rest >>= 1) {
        count++;
    }
    return count;
}

// Patterns for some reads together; then those that hit something, or are `sure` to be searched, in order.
static void search_run(struct chunk *chunk, size_t i, size_t count, const struct wider *wider,
                       uint64_t sure)
{
    struct hs_sift sift = sift_of(chunk);
    size_t found = hs_sift_patterns(&sift, &chunk->reads[i], count), at = 0;
    uint64_t reads = sure >> i % HS_STRIPE_READS & hs_stripe_bits(count);
    for (size_t k = 0; k < found; k++) {
        reads |= UINT64_C(1) << sift.keys->reads[k];
    }
    for (; reads; reads &= reads - 1) {
        size_t from = at, read = (size_t)__builtin_ctzll(reads);
        while (at < found && sift.keys->reads[at] == read) {
            at++;
        }
        search_read(chunk, i + read, wider, &sift.keys->hashes[from], at - from);
    }
}

static void search_stripe(struct chunk *chunk, size_t stripe)
{
    struct wider wider = wider_searches(chunk, stripe);
    uint64_t listed = chunk->listed[stripe] & ~chunk->faulty[stripe];
    uint64_t sure = listed | wider.confused | wider.unreadable | wider.patterns;
    for (uint64_t reads = sure | wider.sifted; reads;) {
        size_t bit = (size_t)__builtin_ctzll(reads), i = stripe * HS_STRIPE_READS + bit, run = 1;
        if (wider.sifted >> bit & 1) {
            run = run_length(chunk, i, wider.sifted);
            search_run(chunk, i, run, &wider, sure);
        } else {
            search_read(chunk, i, &wider, NULL, 0);
        }
        reads &= ~(hs_stripe_bits(run) << bit);
    }
}

static void run_chunk(struct chunk *chunk)
{
    size_t stripes = (chunk->count + HS_STRIPE_READS - 1) / HS_STRIPE_READS;
    if (chunk->faults) {
        memset(chunk->faults, 0, chunk->count * sizeof(*chunk->faults));
    }
    chunk->matcher->keys.candidate_count = 0;
    for (size_t i = 0; i < stripes; i++) {
        make_keys(chunk, i);
    }
    find_listed(chunk);
    for (size_t i = 0; i < stripes; i++) {
        search_stripe(chunk, i);
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
        run_chunk(&chunk);
    }
}
