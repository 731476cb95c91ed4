// SPDX-License-Identifier: Apache-2.0
#include "misreads/trial.h"

#include <stdio.h>

#include "base/error.h"
#include "hitstream/v1/read.pb-c.h"
#include "hitstream/v1/watchlist.pb-c.h"

enum { PACKED_MAX = 512, SPARE = 4 };
#define READ_AT_MS INT64_C(1795305600000) // 22 November 2026

const unsigned trial_leasts[TRIAL_LEASTS] = {0, 40, 50, 60, 80};

static void must(int status)
{
    if (status != HS_OK) {
        fprintf(stderr, "misreads: %s\n", hs_strerror(status));
        exit(1);
    }
}

static void *make(size_t count, size_t size)
{
    void *made = calloc(count, size);
    if (!made) {
        must(HS_ENOMEM);
    }
    return made;
}

// ---- which marks there are ----

// Packed marks in open addressing; 0 is free.
struct marks_set {
    size_t mask;
    uint64_t keys[];
};

static struct marks_set *set_new(uint32_t count)
{
    size_t size = 1024;
    while (size < (size_t)count * SPARE) {
        size *= 2;
    }
    struct marks_set *set = make(1, sizeof(*set) + size * sizeof(uint64_t));
    set->mask = size - 1;
    return set;
}

// 0 and O, 1 and I are one.
static uint64_t glyph_key(const struct hs_vrm *vrm)
{
    struct hs_vrm glyphs = *vrm;
    for (unsigned i = 0; i < vrm->len; i++) {
        glyphs.text[i] = hs_vrm_glyph_of(vrm->text[i]);
    }
    return hs_vrm_pack(&glyphs);
}

// Where a key stands, or would.
static size_t set_place(const struct marks_set *set, uint64_t key)
{
    size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & set->mask;
    while (set->keys[at] && set->keys[at] != key) {
        at = (at + 1) & set->mask;
    }
    return at;
}

static bool set_has(const struct marks_set *set, const struct hs_vrm *vrm)
{
    return set->keys[set_place(set, glyph_key(vrm))] != 0;
}

static void set_add(struct marks_set *set, const struct hs_vrm *vrm)
{
    uint64_t key = glyph_key(vrm);
    set->keys[set_place(set, key)] = key;
}

// ---- the list ----

static struct hs_str pack_entry(const struct trial *trial, uint32_t i, bool every_tier,
                                uint8_t packed[PACKED_MAX])
{
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    Hitstream__V1__MatchTier tiers[] = {1, 2, 3, 4, 5, 6, 7};
    char id[16];
    snprintf(id, sizeof(id), "%u", i);
    entry.entry_id = id;
    entry.vrm = trial->marks[i].text;
    entry.weed_date = 20301231;
    entry.permitted_tiers = tiers;
    entry.n_permitted_tiers = every_tier ? 7 : 0;
    return hs_str_n(packed, hitstream__v1__watchlist_entry__pack(&entry, packed));
}

static struct hs_snapshot *make_snapshot(const struct trial *trial, bool every_tier)
{
    Hitstream__V1__MatchPolicy policy = HITSTREAM__V1__MATCH_POLICY__INIT;
    Hitstream__V1__MatchTier tiers[] = {1, 2, 3, 4, 5, 6, 7};
    struct hs_snapshot_builder *builder;
    struct hs_snapshot *snapshot;
    uint8_t packed[PACKED_MAX];
    policy.tiers = tiers;
    policy.n_tiers = 7;
    policy.max_entries_confused = policy.max_entries_lookalike = UINT32_MAX;
    size_t len = every_tier ? hitstream__v1__match_policy__pack(&policy, packed) : 0;
    struct hs_list_spec spec = {
        .list_id = HS_STR("list"), .status = HS_LIST_LIVE, .policy = hs_str_n(packed, len)};
    must(hs_snapshot_builder_new(&builder));
    must(hs_snapshot_builder_list(builder, &spec));
    for (uint32_t i = 0; i < trial->count; i++) {
        must(hs_snapshot_builder_entry(builder, pack_entry(trial, i, every_tier, packed)));
    }
    must(hs_snapshot_builder_build(builder, READ_AT_MS, HS_STR("0-0"), &snapshot));
    return snapshot;
}

void trial_init(struct trial *trial, uint32_t entries, struct random *random)
{
    *trial = (struct trial){.marks = make(entries, sizeof(struct hs_vrm)), .set = set_new(entries)};
    while (trial->count < entries) {
        struct hs_vrm mark = trial_stranger(trial, random);
        set_add(trial->set, &mark);
        trial->marks[trial->count++] = mark;
    }
    for (int policy = 0; policy < TRIAL_POLICIES; policy++) {
        trial->snapshots[policy] = make_snapshot(trial, policy == TRIAL_EVERY_TIER);
    }
    trial->peer = peer_new(trial->marks, entries);
    must(hs_matcher_new(&trial->matcher));
}

void trial_fini(struct trial *trial)
{
    for (int policy = 0; policy < TRIAL_POLICIES; policy++) {
        hs_snapshot_free(trial->snapshots[policy]);
    }
    hs_matcher_free(trial->matcher);
    peer_free(trial->peer);
    free(trial->set);
    free(trial->marks);
}

struct hs_vrm trial_stranger(const struct trial *trial, struct random *random)
{
    struct hs_vrm plate;
    do {
        plate = model_plate(random);
    } while (set_has(trial->set, &plate));
    return plate;
}

// ---- reads ----

static struct hs_str pack_read(const struct model_read *from, uint8_t packed[PACKED_MAX])
{
    static char camera[] = "camera";
    Hitstream__V1__PlateRead read = HITSTREAM__V1__PLATE_READ__INIT;
    Hitstream__V1__Candidate candidates[MODEL_CANDIDATES_MAX];
    Hitstream__V1__Candidate *candidate_ptrs[MODEL_CANDIDATES_MAX];
    struct model_read copy = *from;
    for (unsigned i = 0; i < from->candidate_count; i++) {
        hitstream__v1__candidate__init(&candidates[i]);
        candidates[i].vrm = copy.candidates[i].text;
        candidates[i].confidence_pct = copy.candidate_pct[i];
        candidate_ptrs[i] = &candidates[i];
    }
    read.vrm = copy.vrm.text;
    read.camera_id = camera;
    read.captured_at_ms = READ_AT_MS;
    read.char_confidence_pct.data = copy.confidence_pct;
    read.char_confidence_pct.len = copy.vrm.len;
    read.candidates = candidate_ptrs;
    read.n_candidates = copy.candidate_count;
    return hs_str_n(packed, hitstream__v1__plate_read__pack(&read, packed));
}

// Where hits are counted.
struct counting {
    struct trial_result *result;
    enum trial_policy policy;
    int64_t wanted;
};

static void count_hit(void *ctx, const struct hs_hit *hit)
{
    struct counting *counting = ctx;
    struct trial_result *result = counting->result;
    uint64_t number;
    must(hs_str_to_u64(hit->entry_id, &number));
    bool right = (int64_t)number == counting->wanted;
    (right ? result->right : result->wrong)[counting->policy][hit->tier]++;
    for (unsigned i = 0; counting->policy == TRIAL_DEFAULTS && i < TRIAL_LEASTS; i++) {
        bool passes =
            hit->weakest_confidence_pct == 0 || hit->weakest_confidence_pct >= trial_leasts[i];
        (right ? result->right_least : result->wrong_least)[i] += passes;
    }
}

static void ask_peers(const struct trial *trial, const struct model_read *read, int64_t wanted,
                      struct trial_result *result)
{
    bool found;
    uint32_t exact = peer_exact(trial->peer, &read->vrm);
    result->exact_right += exact != UINT32_MAX && exact == wanted;
    result->exact_wrong += exact != UINT32_MAX && exact != wanted;
    unsigned near =
        peer_levenshtein(trial->peer, &read->vrm,
                         wanted == TRIAL_NOT_LISTED ? UINT32_MAX : (uint32_t)wanted, &found);
    result->edit_right += found;
    result->edit_wrong += near - found;
}

void trial_read(struct trial *trial, const struct model_read *read, int64_t wanted,
                struct trial_result *result)
{
    static const struct hs_match_context context;
    uint8_t packed[PACKED_MAX];
    struct hs_candidate_view scratch[HS_READ_CANDIDATES_MAX];
    struct hs_read_view view;
    hs_read_view_of(pack_read(read, packed), scratch, &view);
    for (int policy = 0; policy < TRIAL_POLICIES; policy++) {
        struct counting counting = {result, (enum trial_policy)policy, wanted};
        hs_matcher_run(trial->matcher, trial->snapshots[policy], &context, &view, 1, NULL,
                       count_hit, &counting);
    }
    ask_peers(trial, read, wanted, result);
    result->reads++;
}
