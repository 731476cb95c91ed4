// SPDX-License-Identifier: Apache-2.0
#include "match/matcher.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/error.h"
#include "match/snapshot_parts.h"
#include "match/tiers.h"

enum {
    CHUNK_READS = 64,                          // in flight together
    READINGS_MAX = 1 + HS_READ_CANDIDATES_MAX, // of one read
    PROBES_MAX = CHUNK_READS * READINGS_MAX,
    MATCHES_MAX =
        (HS_SNAPSHOT_LISTS_MAX + 1) * HS_MATCH_HITS_MAX, // every audience has its own share
};

// A key to look for.
struct probe {
    uint64_t hash;
    uint16_t read;    // in the chunk
    uint16_t reading; // 0 the camera's own, else 1 + candidate
};

// An entry that a read may hit, before it is known what else does.
struct match {
    const struct hs_segment *segment;
    const struct hs_slot *slot;
    struct hs_comparison comparison;
    struct hs_str entry;
    struct hs_str entry_id;
    struct hs_vrm listed;
    uint16_t list;
    uint8_t reading;
    bool ambiguous;
};

struct hs_matcher {
    struct hs_matcher_stats stats;
    struct probe probes[PROBES_MAX];
    struct hs_reading readings[READINGS_MAX]; // of the read at hand
    bool reading_made[READINGS_MAX];
    bool reading_usable[READINGS_MAX];
    uint16_t audience_matches[HS_SNAPSHOT_LISTS_MAX + 1];
    size_t match_count;
    struct match matches[MATCHES_MAX]; // of the read at hand; its far end is hardly ever touched
};

// What a run was given.
struct run {
    struct hs_matcher *matcher;
    const struct hs_snapshot *snapshot;
    const struct hs_match_context *context;
    const struct hs_read_view *reads; // of the chunk
    size_t first;                     // read_index of reads[0]
    hs_hit_sink *sink;
    void *sink_ctx;
};

int hs_matcher_new(struct hs_matcher **ret_matcher)
{
    struct hs_matcher *matcher = calloc(1, sizeof(*matcher));
    if (!matcher) {
        return HS_ENOMEM;
    }
    *ret_matcher = matcher;
    return HS_OK;
}

void hs_matcher_free(struct hs_matcher *matcher)
{
    free(matcher);
}

const struct hs_matcher_stats *hs_matcher_stats(const struct hs_matcher *matcher)
{
    return &matcher->stats;
}

static struct hs_str reading_text(const struct hs_read_view *read, unsigned reading)
{
    if (reading == 0) {
        return hs_read_view_vrm(read);
    }
    const struct hs_candidate_view *candidate = &read->candidates[reading - 1];
    return hs_str_n(candidate->vrm, candidate->vrm_len);
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

static void add_probe(struct run *run, size_t *count, size_t read, unsigned reading,
                      const struct hs_vrm *vrm)
{
    uint64_t hash = hs_index_hash(hs_vrm_pack_skeleton(vrm));
    __builtin_prefetch(hs_filter_block(&run->snapshot->filter, hash));
    run->matcher->probes[(*count)++] = (struct probe){hash, (uint16_t)read, (uint16_t)reading};
}

// Every key that the chunk's reads ask for; their filter blocks are on the way.
static size_t make_probes(struct run *run, size_t count, enum hs_read_fault *ret_faults)
{
    size_t probes = 0;
    for (size_t i = 0; i < count; i++) {
        const struct hs_read_view *read = &run->reads[i];
        struct hs_vrm vrm;
        enum hs_read_fault fault = fault_of(read, &vrm);
        if (ret_faults) {
            ret_faults[i] = fault;
        }
        if (fault != HS_READ_OK) {
            run->matcher->stats.faults++;
            continue;
        }
        add_probe(run, &probes, i, 0, &vrm);
        for (unsigned k = 0; k < read->candidate_count; k++) {
            if (hs_vrm_normalise(reading_text(read, k + 1), &vrm, NULL) == HS_OK) {
                add_probe(run, &probes, i, k + 1, &vrm);
            }
        }
    }
    return probes;
}

// Keeps the probes that the filter has; their buckets are on the way.
static size_t keep_listed(struct run *run, size_t count)
{
    const struct hs_snapshot *snapshot = run->snapshot;
    const struct hs_segment *base = &snapshot->base->segment;
    struct probe *probes = run->matcher->probes;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (hs_filter_has(&snapshot->filter, probes[i].hash)) {
            probes[kept] = probes[i];
            __builtin_prefetch(&base->buckets[hs_index_bucket(probes[i].hash, base->bucket_count)]);
            kept++;
        }
    }
    return kept;
}

static void take_confidence(struct hs_reading *reading, const struct hs_read_view *read,
                            const uint8_t from[HS_VRM_MAX])
{
    struct hs_str given = hs_read_view_char_confidence(read);
    if (given.len == 0 || given.len != hs_read_view_vrm(read).len) {
        return;
    }
    reading->weakest_pct = 100;
    for (unsigned i = 0; i < reading->vrm.len; i++) {
        uint8_t pct = (uint8_t)given.ptr[from[i]];
        pct = pct > 100 ? 100 : pct < 1 ? 1 : pct;
        reading->confidence_pct[i] = pct;
        reading->weakest_pct = pct < reading->weakest_pct ? pct : reading->weakest_pct;
    }
}

// The reading, normalised with its confidences; made once a read. NULL: not usable.
static const struct hs_reading *reading_of(struct run *run, const struct hs_read_view *read,
                                           unsigned k)
{
    struct hs_matcher *matcher = run->matcher;
    struct hs_reading *reading = &matcher->readings[k];
    if (!matcher->reading_made[k]) {
        uint8_t from[HS_VRM_MAX];
        *reading =
            (struct hs_reading){.candidate = k > 0, .date = hs_civil_date(read->captured_at_ms)};
        matcher->reading_made[k] = true;
        matcher->reading_usable[k] =
            hs_vrm_normalise(reading_text(read, k), &reading->vrm, from) == HS_OK;
        if (k > 0) {
            reading->weakest_pct = read->candidates[k - 1].confidence_pct;
        } else {
            take_confidence(reading, read, from);
        }
    }
    return matcher->reading_usable[k] ? reading : NULL;
}

static bool list_permits(const struct hs_list *list, const struct hs_comparison *comparison,
                         const struct hs_reading *reading)
{
    return (list->tiers & HS_TIER_BIT(comparison->tier)) &&
           (reading->weakest_pct == 0 || reading->weakest_pct >= list->min_confidence_pct);
}

static bool terms_permit(const struct hs_terms *terms, enum hs_tier tier,
                         const struct hs_vrm *listed)
{
    if (terms->permitted) {
        return terms->permitted & HS_TIER_BIT(tier);
    }
    return tier != HS_TIER_WILDCARD || listed->unreadable;
}

static bool is_better(const struct match *a, const struct match *b)
{
    if (a->comparison.tier != b->comparison.tier) {
        return a->comparison.tier < b->comparison.tier;
    }
    return a->comparison.score_permille > b->comparison.score_permille;
}

// Where the new match goes: a place of its own, or that of the weakest of its audience when it is
// full and the new one is better, or NULL.
static struct match *place_for(struct run *run, const struct match *made)
{
    struct hs_matcher *matcher = run->matcher;
    const struct hs_list *lists = run->snapshot->lists;
    uint16_t audience = lists[made->list].audience;
    for (size_t i = 0; i < matcher->match_count; i++) {
        struct match *match = &matcher->matches[i];
        if (match->slot == made->slot) {
            return is_better(made, match) ? match : NULL;
        }
    }
    if (matcher->audience_matches[audience] < HS_MATCH_HITS_MAX) {
        matcher->audience_matches[audience]++;
        return &matcher->matches[matcher->match_count++];
    }
    matcher->stats.hits_dropped++;
    struct match *weakest = NULL;
    for (size_t i = 0; i < matcher->match_count; i++) {
        struct match *match = &matcher->matches[i];
        if (lists[match->list].audience == audience && (!weakest || is_better(weakest, match))) {
            weakest = match;
        }
    }
    return is_better(made, weakest) ? weakest : NULL;
}

// Holds one slot against one reading.
static void judge(struct run *run, const struct hs_read_view *read, unsigned k,
                  const struct hs_segment *segment, const struct hs_slot *slot)
{
    const struct hs_reading *reading = reading_of(run, read, k);
    const struct hs_list *list = &run->snapshot->lists[hs_ref_list(slot->ref)];
    struct match made = {
        .segment = segment, .slot = slot, .list = hs_ref_list(slot->ref), .reading = (uint8_t)k};
    if (!reading || list->tiers == 0 || hs_vrm_unpack(slot->mark, &made.listed) != HS_OK) {
        return;
    }
    made.comparison = hs_tiers_compare(reading, &made.listed);
    if (made.comparison.tier == HS_TIER_NONE || !list_permits(list, &made.comparison, reading)) {
        return;
    }
    const struct hs_reading *own = reading_of(run, read, 0);
    const struct hs_terms_question question = {
        .camera = run->context->cameras
                      ? hs_cameras_find(run->context->cameras, hs_read_view_camera_id(read))
                      : NULL,
        .marks = {own ? &own->vrm : NULL, &reading->vrm},
        .at_ms = read->captured_at_ms,
    };
    struct hs_terms terms;
    made.entry = hs_segment_entry(segment, slot);
    if (hs_terms_read(made.entry, &question, &terms) != HS_OK ||
        !terms_permit(&terms, made.comparison.tier, &made.listed) ||
        !hs_terms_hold(&terms, &question)) {
        return;
    }
    made.entry_id = terms.entry_id;
    struct match *place = place_for(run, &made);
    if (place) {
        *place = made;
    }
}

static void judge_bucket(struct run *run, const struct probe *probe,
                         const struct hs_segment *segment, bool is_base)
{
    uint32_t bucket = hs_index_bucket(probe->hash, segment->bucket_count);
    for (uint32_t i = segment->buckets[bucket]; i < segment->buckets[bucket + 1]; i++) {
        const struct hs_slot *slot = &segment->slots[i];
        if (hs_ref_tag(slot->ref) == hs_index_tag(probe->hash) &&
            (!is_base || hs_snapshot_base_stands(run->snapshot, i))) {
            judge(run, &run->reads[probe->read], probe->reading, segment, slot);
        }
    }
}

// An exact hit ends the search on its list.
static void keep_exact(struct run *run)
{
    struct hs_matcher *matcher = run->matcher;
    size_t kept = 0;
    for (size_t i = 0; i < matcher->match_count; i++) {
        bool keep = true;
        for (size_t j = 0; j < matcher->match_count && keep; j++) {
            keep = matcher->matches[i].comparison.tier == HS_TIER_EXACT ||
                   matcher->matches[j].comparison.tier != HS_TIER_EXACT ||
                   matcher->matches[i].list != matcher->matches[j].list;
        }
        if (keep) {
            matcher->matches[kept++] = matcher->matches[i];
        }
    }
    matcher->match_count = kept;
}

static void mark_ambiguous(struct run *run)
{
    struct hs_matcher *matcher = run->matcher;
    const struct hs_list *lists = run->snapshot->lists;
    for (size_t i = 0; i < matcher->match_count; i++) {
        struct match *a = &matcher->matches[i];
        for (size_t j = i + 1; j < matcher->match_count; j++) {
            struct match *b = &matcher->matches[j];
            if (a->comparison.tier == b->comparison.tier && !a->listed.unreadable &&
                !b->listed.unreadable &&
                a->comparison.score_permille == b->comparison.score_permille &&
                lists[a->list].audience == lists[b->list].audience &&
                !hs_vrm_eq(&a->listed, &b->listed)) {
                a->ambiguous = b->ambiguous = true;
            }
        }
    }
}

// Order of hits: list, tier, entry; it does not depend on where an entry stands in memory.
static int compare_matches(const struct run *run, const struct match *a, const struct match *b)
{
    const struct hs_list *lists = run->snapshot->lists;
    int order = hs_str_cmp(lists[a->list].spec.list_id, lists[b->list].spec.list_id);
    if (order == 0) {
        order = (int)a->comparison.tier - (int)b->comparison.tier;
    }
    return order ? order : hs_str_cmp(a->entry_id, b->entry_id);
}

static void sort_matches(struct run *run)
{
    struct match *matches = run->matcher->matches;
    for (size_t i = 1; i < run->matcher->match_count; i++) {
        struct match moving = matches[i];
        size_t j = i;
        for (; j > 0 && compare_matches(run, &moving, &matches[j - 1]) < 0; j--) {
            matches[j] = matches[j - 1];
        }
        matches[j] = moving;
    }
}

static void tell(struct run *run, size_t read_index, const struct match *match)
{
    struct hs_matcher *matcher = run->matcher;
    const struct hs_reading *reading = &matcher->readings[match->reading];
    const struct hs_read_view *read = &run->reads[read_index];
    struct hs_hit hit = {
        .read_index = run->first + read_index,
        .list = &run->snapshot->lists[match->list].spec,
        .entry = match->entry,
        .entry_id = match->entry_id,
        .entry_vrm = hs_vrm_str(&match->listed),
        .camera = run->context->cameras
                      ? hs_cameras_find(run->context->cameras, hs_read_view_camera_id(read))
                      : NULL,
        .tier = match->comparison.tier,
        .score_permille = match->comparison.score_permille,
        .weakest_confidence_pct = reading->weakest_pct,
        .ambiguous = match->ambiguous,
        .differing = match->comparison.differing,
    };
    memcpy(hit.matched_vrm, reading->vrm.text, sizeof(hit.matched_vrm));
    matcher->stats.hits[hit.tier]++;
    run->sink(run->sink_ctx, &hit);
}

// All probes of one read.
static void resolve_read(struct run *run, const struct probe *probes, size_t count)
{
    struct hs_matcher *matcher = run->matcher;
    memset(matcher->reading_made, 0, sizeof(matcher->reading_made));
    matcher->match_count = 0;
    for (size_t i = 0; i < count; i++) {
        judge_bucket(run, &probes[i], &run->snapshot->base->segment, true);
        if (run->snapshot->overlay) {
            judge_bucket(run, &probes[i], &run->snapshot->overlay->segment, false);
        }
    }
    for (size_t i = 0; i < matcher->match_count; i++) {
        matcher->audience_matches[run->snapshot->lists[matcher->matches[i].list].audience] = 0;
    }
    keep_exact(run);
    mark_ambiguous(run);
    sort_matches(run);
    for (size_t i = 0; i < matcher->match_count; i++) {
        tell(run, probes[0].read, &matcher->matches[i]);
    }
}

static void run_chunk(struct run *run, size_t count, enum hs_read_fault *ret_faults)
{
    const struct probe *probes = run->matcher->probes;
    size_t kept = keep_listed(run, make_probes(run, count, ret_faults));
    for (size_t i = 0; i < kept;) {
        size_t end = i + 1;
        while (end < kept && probes[end].read == probes[i].read) {
            end++;
        }
        resolve_read(run, &probes[i], end - i);
        i = end;
    }
}

void hs_matcher_run(struct hs_matcher *matcher, const struct hs_snapshot *snapshot,
                    const struct hs_match_context *context, const struct hs_read_view *reads,
                    size_t count, enum hs_read_fault *ret_faults, hs_hit_sink *sink, void *sink_ctx)
{
    struct run run = {matcher, snapshot, context, reads, 0, sink, sink_ctx};
    matcher->stats.reads += count;
    for (; run.first < count; run.first += CHUNK_READS, run.reads += CHUNK_READS) {
        size_t left = count - run.first;
        run_chunk(&run, left < CHUNK_READS ? left : CHUNK_READS,
                  ret_faults ? ret_faults + run.first : NULL);
    }
}
