// SPDX-License-Identifier: Apache-2.0
#include "match/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "hitstream/v1/watchlist.pb-c.h"

enum { ENTRY_BYTES_MAX = 1024, HIT_EVERY = 2000, CANDIDATES_EVERY = 5, ILLEGAL_EVERY = 50 };
#define NOW_MS INT64_C(1790000000000) // September 2026
#define PLATES UINT64_C(317986560)    // 23 * 20 * 50 * 24 * 24 * 24: fewer than there are

double workload_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double kernel_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
}

void workload_plate(uint64_t n, char ret_vrm[WORKLOAD_MARK_MAX])
{
    static const char first[] = "ABCDEFGHJKLMNOPRSTUVWXY", last[] = "ABCDEFGHJKLMNOPRSTUVWXYZ";
    static const unsigned char ages[] = {2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,
                                         15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 51,
                                         52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64,
                                         65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75};
    n = n * UINT64_C(179424691) % PLATES; // a prime that PLATES is no multiple of: a permutation
    ret_vrm[0] = first[n % 23], n /= 23;
    ret_vrm[1] = first[n % 20], n /= 20;
    unsigned age = ages[n % 50];
    n /= 50;
    ret_vrm[2] = (char)('0' + age / 10);
    ret_vrm[3] = (char)('0' + age % 10);
    for (unsigned i = 4; i < 7; i++, n /= 24) {
        ret_vrm[i] = last[n % 24];
    }
    ret_vrm[7] = '\0';
}

uint64_t workload_key(const char *vrm)
{
    char bytes[WORKLOAD_MARK_MAX] = {0};
    memcpy(bytes, vrm, strlen(vrm));
    uint64_t key;
    memcpy(&key, bytes, sizeof(key));
    return key;
}

unsigned workload_mask(unsigned n)
{
    enum { PAIRS = 21, LEN = 7, LINES = 7 };
    if (n < PAIRS) { // two characters, at each distance up to half way round
        return 1U << n % LEN | 1U << (n % LEN + 1 + n / LEN) % LEN;
    }
    n -= PAIRS; // three: two families of seven
    unsigned second = n / LINES ? 1 : 2, third = n / LINES ? 3 : 4;
    return 1U << n % LEN | 1U << (n + second) % LEN | 1U << (n + third) % LEN;
}

// A pattern of mask number i % masks. All but one in NATURAL_EVERY have a 7 among the letters, which no read has, so
// that as few reads hit as with whole marks.
enum { NATURAL_EVERY = 1000 };
static void make_pattern(char *vrm, const struct workload_plan *plan, size_t i)
{
    static const unsigned letters[] = {0, 1, 4, 5, 6};
    unsigned at = 0;
    for (unsigned bits = workload_mask((unsigned)(i % plan->masks)); bits; bits &= bits - 1) {
        vrm[__builtin_ctz(bits)] = '?';
    }
    while (vrm[letters[at]] == '?') {
        at++;
    }
    if (i % NATURAL_EVERY) {
        vrm[letters[at]] = '7';
    }
}

// Entries packed one after another, each behind its length.
static struct hs_str pack_entry(size_t i, const char *vrm, uint8_t *out)
{
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    char id[24], mark[WORKLOAD_MARK_MAX];
    snprintf(id, sizeof(id), "e%zu", i);
    snprintf(mark, sizeof(mark), "%s", vrm);
    static char make[] = "FORD", colour[] = "SILVER", reason[] = "DRUGS", authoriser[] = "DS 1234";
    entry.entry_id = id;
    entry.vrm = mark;
    entry.make = make;
    entry.colour = colour;
    entry.reason = reason;
    entry.authoriser = authoriser;
    entry.weed_date = 20301231;
    entry.handling = HITSTREAM__V1__HANDLING__HANDLING_STOP;
    return hs_str_n(out, hitstream__v1__watchlist_entry__pack(&entry, out));
}

static struct hs_str pack_policy(const struct workload_plan *plan, uint8_t *out)
{
    Hitstream__V1__MatchPolicy policy = HITSTREAM__V1__MATCH_POLICY__INIT;
    Hitstream__V1__MatchTier tiers[] = {1, 2, 3, 5, 6, 7, 4};
    policy.tiers = tiers;
    policy.n_tiers = plan->confused ? 7 : 6;
    policy.max_entries_confused = policy.max_entries_lookalike = UINT32_MAX;
    return hs_str_n(out, hitstream__v1__match_policy__pack(&policy, out));
}

static void must(int status)
{
    if (status != 0) {
        fprintf(stderr, "bench: building the workload failed: %d\n", status);
        exit(1);
    }
}

static void make_snapshot(const struct workload_plan *plan, struct workload *w)
{
    uint8_t policy[128], *packed = malloc(plan->entries * ENTRY_BYTES_MAX / 8);
    struct hs_str *entries = malloc(plan->entries * sizeof(*entries));
    size_t used = 0;
    for (size_t i = 0; i < plan->entries; i++) {
        char vrm[WORKLOAD_MARK_MAX];
        workload_plate(i, vrm);
        if (plan->masks) {
            make_pattern(vrm, plan, i);
        }
        w->entry_keys[i] = workload_key(vrm);
        entries[i] = pack_entry(i, vrm, packed + used);
        used += entries[i].len;
    }
    w->packed_bytes = used;
    struct hs_list_spec spec = {
        .list_id = HS_STR("bench"), .status = HS_LIST_LIVE, .policy = pack_policy(plan, policy)};
    struct hs_snapshot_builder *builder;
    double from = workload_seconds(), kernel_from = kernel_seconds();
    must(hs_snapshot_builder_new(&builder));
    must(hs_snapshot_builder_list(builder, &spec));
    for (size_t i = 0; i < plan->entries; i++) {
        must(hs_snapshot_builder_entry(builder, entries[i]));
    }
    must(hs_snapshot_builder_build(builder, NOW_MS, HS_STR("1-0"), &w->snapshot));
    w->build_seconds = workload_seconds() - from;
    w->build_kernel_seconds = kernel_seconds() - kernel_from;
    free(entries);
    free(packed);
}

static void set_candidates(struct workload *w, struct hs_read_view *read, size_t i, size_t *at)
{
    read->candidates = &w->candidates[*at];
    read->candidate_count = 2;
    for (unsigned k = 0; k < 2; k++) {
        struct hs_candidate_view *candidate = &w->candidates[(*at)++];
        char vrm[WORKLOAD_MARK_MAX];
        workload_plate(w->entries + w->read_count + 2 * i + k, vrm);
        memcpy(candidate->vrm, vrm, sizeof(vrm));
        candidate->vrm_len = 7;
        candidate->confidence_pct = 60;
    }
}

static void make_reads(const struct workload_plan *plan, struct workload *w)
{
    // a read's other fields: camera id and confidences, the same for all
    static const uint8_t raw[] = "\x12\x05"
                                 "cam-1"
                                 "\x22\x07"
                                 "\x5f\x5f\x5f\x5f\x5f\x5f\x5f";
    size_t candidates = 0;
    for (size_t i = 0; i < plan->reads; i++) {
        struct hs_read_view *read = &w->reads[i];
        char vrm[WORKLOAD_MARK_MAX];
        bool hit = i % HIT_EVERY == HIT_EVERY / 2;
        size_t listed = i * 7919 % plan->entries;
        listed -= plan->masks ? listed % NATURAL_EVERY : 0;
        workload_plate(hit ? listed : plan->entries + i, vrm);
        if (plan->confused && i % ILLEGAL_EVERY == 7) {
            vrm[2] = '9', vrm[3] = '9'; // an age code that was not issued
        }
        *read = (struct hs_read_view){
            .vrm_len = 7,
            .camera_id_len = 5,
            .camera_id_at = 2,
            .char_confidence_len = 7,
            .char_confidence_at = 9,
            .captured_at_ms = NOW_MS + (int64_t)i,
            .raw = raw,
            .raw_len = sizeof(raw) - 1,
            .candidates = w->candidates,
        };
        memcpy(read->vrm, vrm, 7);
        if (i % CANDIDATES_EVERY == 3) {
            set_candidates(w, read, i, &candidates);
        }
    }
}

void workload_make(const struct workload_plan *plan, struct workload *ret_workload)
{
    struct workload w = {.entries = plan->entries, .read_count = plan->reads};
    w.entry_keys = malloc(plan->entries * sizeof(*w.entry_keys));
    w.reads = aligned_alloc(64, (plan->reads * sizeof(*w.reads) + 63) / 64 * 64);
    w.candidates = malloc((plan->reads / CANDIDATES_EVERY * 2 + 8) * sizeof(*w.candidates));
    for (unsigned i = 0; i < WORKLOAD_SITES; i++) {
        must(hs_ring_new(256, &w.rings[i]));
    }
    make_snapshot(plan, &w);
    make_reads(plan, &w);
    *ret_workload = w;
}

void workload_free(struct workload *workload)
{
    hs_snapshot_free(workload->snapshot);
    free(workload->entry_keys);
    free(workload->reads);
    free(workload->candidates);
    for (unsigned i = 0; i < WORKLOAD_SITES; i++) {
        hs_ring_free(workload->rings[i]);
    }
}
