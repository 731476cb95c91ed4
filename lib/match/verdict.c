// SPDX-License-Identifier: Apache-2.0
#include "match/verdict.h"

#include "base/error.h"

enum { FULL_PCT = 100, EVERY_TIER = 0xff };

void hs_verdict_begin(struct hs_verdict *verdict, const struct hs_read_view *read,
                      size_t read_index)
{
    verdict->read = read;
    verdict->read_index = read_index;
    verdict->camera_known = false;
    verdict->readings_made = 0;
    verdict->readings_usable = 0;
    verdict->match_count = 0;
}

static const struct hs_camera *camera_of(struct hs_verdict *verdict)
{
    const struct hs_cameras *cameras = verdict->context->cameras;
    if (!verdict->camera_known) {
        verdict->camera =
            cameras ? hs_cameras_find(cameras, hs_read_view_camera_id(verdict->read)) : NULL;
        verdict->camera_known = true;
    }
    return verdict->camera;
}

// The weakest character counts; an unreadable one has none.
static void take_confidence(struct hs_reading *reading, const struct hs_read_view *read,
                            const uint8_t from[HS_VRM_MAX])
{
    struct hs_str given = hs_read_view_char_confidence(read);
    if (given.len == 0 || given.len != hs_read_view_vrm(read).len) {
        return;
    }
    for (unsigned i = 0; i < reading->vrm.len; i++) {
        uint8_t pct = (uint8_t)given.ptr[from[i]];
        pct = pct > FULL_PCT ? FULL_PCT : pct < 1 ? 1 : pct;
        reading->confidence_pct[i] = pct;
        if (reading->vrm.text[i] != '?' &&
            (reading->weakest_pct == 0 || pct < reading->weakest_pct)) {
            reading->weakest_pct = pct;
        }
    }
}

const struct hs_confusion_table *hs_confusions_of(const struct hs_match_context *context,
                                                  const struct hs_read_view *read)
{
    const struct hs_camera *camera =
        context->confusions && context->cameras
            ? hs_cameras_find(context->cameras, hs_read_view_camera_id(read))
            : NULL;
    return hs_confusions_find(context->confusions, camera ? camera->model : (struct hs_str){0});
}

static bool make_reading(struct hs_verdict *verdict, unsigned k)
{
    const struct hs_read_view *read = verdict->read;
    struct hs_reading *reading = &verdict->readings[k];
    const struct hs_candidate_view *candidate = k ? &read->candidates[k - 1] : NULL;
    struct hs_str text =
        candidate ? hs_str_n(candidate->vrm, candidate->vrm_len) : hs_read_view_vrm(read);
    uint8_t from[HS_VRM_MAX];
    *reading = (struct hs_reading){.candidate = k > 0, .captured_at_ms = read->captured_at_ms};
    if (hs_vrm_normalise(text, &reading->vrm, from) != HS_OK) {
        return false;
    }
    if (candidate) {
        reading->weakest_pct = candidate->confidence_pct;
        return true;
    }
    take_confidence(reading, read, from);
    reading->confusion = hs_confusions_of(verdict->context, read);
    return true;
}

struct hs_reading *hs_verdict_reading(struct hs_verdict *verdict, unsigned reading)
{
    uint8_t bit = (uint8_t)(1U << reading);
    if (!(verdict->readings_made & bit)) {
        verdict->readings_made |= bit;
        verdict->readings_usable |= make_reading(verdict, reading) ? bit : 0;
    }
    return verdict->readings_usable & bit ? &verdict->readings[reading] : NULL;
}

// The tiers that an entry's own terms leave: what it permits, or all; WILDCARD only where it opts
// in, as a pattern does by being one.
static hs_tier_bits tiers_of_entry(const struct hs_terms *terms, const struct hs_vrm *listed)
{
    if (terms->permitted) {
        return terms->permitted;
    }
    return (hs_tier_bits)(listed->unreadable ? EVERY_TIER
                                             : EVERY_TIER & ~HS_TIER_BIT(HS_TIER_WILDCARD));
}

static bool is_better(const struct hs_match *a, const struct hs_match *b)
{
    if (a->comparison.tier != b->comparison.tier) {
        return a->comparison.tier < b->comparison.tier;
    }
    return a->comparison.score_permille > b->comparison.score_permille;
}

// The worst match of an audience.
static struct hs_match *worst_of(struct hs_verdict *verdict, uint16_t audience)
{
    struct hs_match *worst = NULL;
    for (size_t i = 0; i < verdict->match_count; i++) {
        struct hs_match *match = &verdict->matches[i];
        if (verdict->snapshot->lists[match->list].audience == audience &&
            (!worst || is_better(worst, match))) {
            worst = match;
        }
    }
    return worst;
}

// Keeps the match: once an entry, and the best of an audience when there are too many.
static void keep_match(struct hs_verdict *verdict, const struct hs_match *made)
{
    uint16_t audience = verdict->snapshot->lists[made->list].audience;
    for (size_t i = 0; i < verdict->match_count; i++) {
        if (verdict->matches[i].slot == made->slot) {
            if (is_better(made, &verdict->matches[i])) {
                verdict->matches[i] = *made;
            }
            return;
        }
    }
    if (verdict->audience_matches[audience] < HS_MATCH_HITS_MAX) {
        verdict->audience_matches[audience]++;
        verdict->matches[verdict->match_count++] = *made;
        return;
    }
    struct hs_match *worst = worst_of(verdict, audience);
    verdict->stats->hits_dropped++;
    if (is_better(made, worst)) {
        *worst = *made;
    }
}

// Policy of the list and terms of the entry; fills what of `match` comes from them.
static bool is_permitted(struct hs_verdict *verdict, struct hs_reading *reading,
                         const struct hs_list *list, struct hs_match *match)
{
    const struct hs_reading *own = hs_verdict_reading(verdict, 0);
    const struct hs_terms_question question = {
        .camera = camera_of(verdict),
        .marks = {own ? &own->vrm : NULL, &reading->vrm},
        .at_ms = verdict->read->captured_at_ms,
    };
    struct hs_terms terms;
    if (hs_terms_read(match->entry, &question, &terms) != HS_OK ||
        !hs_terms_hold(&terms, &question)) {
        return false;
    }
    hs_tier_bits allowed = (hs_tier_bits)(list->tiers & tiers_of_entry(&terms, &match->listed));
    if (!(allowed & HS_TIER_BIT(match->comparison.tier))) {
        match->comparison = hs_tiers_compare(reading, &match->listed, allowed);
    }
    match->entry_id = terms.entry_id;
    return match->comparison.tier != HS_TIER_NONE;
}

void hs_verdict_hold(struct hs_verdict *verdict, unsigned k, const struct hs_segment *segment,
                     const struct hs_slot *slot)
{
    struct hs_reading *reading = hs_verdict_reading(verdict, k);
    const struct hs_list *list = &verdict->snapshot->lists[hs_ref_list(slot->ref)];
    struct hs_match made = {.slot = slot, .list = hs_ref_list(slot->ref), .reading = (uint8_t)k};
    if (!reading || list->tiers == 0 || hs_vrm_unpack(slot->mark, &made.listed) != HS_OK ||
        (reading->weakest_pct && reading->weakest_pct < list->min_confidence_pct)) {
        return;
    }
    made.comparison = hs_tiers_compare(reading, &made.listed, list->tiers);
    if (made.comparison.tier == HS_TIER_NONE) {
        return;
    }
    made.entry = hs_segment_entry(segment, slot);
    if (is_permitted(verdict, reading, list, &made)) {
        keep_match(verdict, &made);
    }
}

static uint16_t audience_of(const struct hs_verdict *verdict, const struct hs_match *match)
{
    return verdict->snapshot->lists[match->list].audience;
}

// An exact hit ends the search on its list.
static bool is_silenced(const struct hs_verdict *verdict, const struct hs_match *match)
{
    for (size_t i = 0; match->comparison.tier != HS_TIER_EXACT && i < verdict->match_count; i++) {
        const struct hs_match *other = &verdict->matches[i];
        if (other->comparison.tier == HS_TIER_EXACT && other->list == match->list) {
            return true;
        }
    }
    return false;
}

// What a character of the read does not say must not choose between vehicles: one mark of an
// audience, or none.
static bool is_guess(const struct hs_verdict *verdict, const struct hs_match *match)
{
    for (size_t i = 0; match->comparison.by_unreadable && i < verdict->match_count; i++) {
        const struct hs_match *other = &verdict->matches[i];
        if (other->comparison.by_unreadable &&
            audience_of(verdict, other) == audience_of(verdict, match) &&
            !hs_vrm_eq(&other->listed, &match->listed)) {
            return true;
        }
    }
    return false;
}

// Takes out what may not stand beside the others. Marks first: both rules look at all matches.
static void settle(struct hs_verdict *verdict)
{
    size_t kept = 0;
    for (size_t i = 0; i < verdict->match_count; i++) {
        verdict->matches[i].ambiguous =
            is_silenced(verdict, &verdict->matches[i]) || is_guess(verdict, &verdict->matches[i]);
    }
    for (size_t i = 0; i < verdict->match_count; i++) {
        if (!verdict->matches[i].ambiguous) {
            verdict->matches[kept++] = verdict->matches[i];
        }
    }
    verdict->match_count = kept;
}

// Another mark of this audience explains the read equally well.
static bool is_ambiguous(const struct hs_verdict *verdict, const struct hs_match *match)
{
    for (size_t i = 0; i < verdict->match_count; i++) {
        const struct hs_match *other = &verdict->matches[i];
        if (other->comparison.tier == match->comparison.tier &&
            other->comparison.score_permille == match->comparison.score_permille &&
            !other->listed.unreadable && !match->listed.unreadable &&
            audience_of(verdict, other) == audience_of(verdict, match) &&
            !hs_vrm_eq(&other->listed, &match->listed)) {
            return true;
        }
    }
    return false;
}

// Order of hits: list, tier, entry; it does not depend on where an entry stands in memory.
static int compare_matches(const struct hs_verdict *verdict, const struct hs_match *a,
                           const struct hs_match *b)
{
    const struct hs_list *lists = verdict->snapshot->lists;
    int order = hs_str_cmp(lists[a->list].spec.list_id, lists[b->list].spec.list_id);
    if (order == 0) {
        order = (int)a->comparison.tier - (int)b->comparison.tier;
    }
    return order ? order : hs_str_cmp(a->entry_id, b->entry_id);
}

static void sort_matches(struct hs_verdict *verdict)
{
    struct hs_match *matches = verdict->matches;
    for (size_t i = 1; i < verdict->match_count; i++) {
        struct hs_match moving = matches[i];
        size_t j = i;
        for (; j > 0 && compare_matches(verdict, &moving, &matches[j - 1]) < 0; j--) {
            matches[j] = matches[j - 1];
        }
        matches[j] = moving;
    }
}

static void tell_one(struct hs_verdict *verdict, const struct hs_match *match)
{
    const struct hs_reading *reading = &verdict->readings[match->reading];
    struct hs_hit hit = {
        .read_index = verdict->read_index,
        .list = &verdict->snapshot->lists[match->list].spec,
        .entry = match->entry,
        .entry_id = match->entry_id,
        .entry_vrm = hs_vrm_str(&match->listed),
        .camera = camera_of(verdict),
        .tier = match->comparison.tier,
        .score_permille = match->comparison.score_permille,
        .weakest_confidence_pct = reading->weakest_pct,
        .ambiguous = match->ambiguous,
        .differing = match->comparison.differing,
    };
    memcpy(hit.matched_vrm, reading->vrm.text, sizeof(hit.matched_vrm));
    verdict->stats->hits[hit.tier]++;
    verdict->sink(verdict->sink_ctx, &hit);
}

void hs_verdict_tell(struct hs_verdict *verdict)
{
    for (size_t i = 0; i < verdict->match_count; i++) {
        verdict->audience_matches[audience_of(verdict, &verdict->matches[i])] = 0;
    }
    settle(verdict);
    for (size_t i = 0; i < verdict->match_count; i++) {
        verdict->matches[i].ambiguous = is_ambiguous(verdict, &verdict->matches[i]);
    }
    sort_matches(verdict);
    for (size_t i = 0; i < verdict->match_count; i++) {
        tell_one(verdict, &verdict->matches[i]);
    }
}
