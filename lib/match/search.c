// SPDX-License-Identifier: Apache-2.0
#include "match/search.h"

enum { MASKS_IN_FLIGHT = 32, CHARACTERS = 36 };

static bool is_under(const struct hs_slot *slot, uint64_t hash)
{
    return hs_ref_tag(slot->ref) == hs_index_tag(hash);
}

static void search_segment(struct hs_verdict *verdict, unsigned reading, uint64_t hash,
                           const struct hs_segment *segment, bool is_base)
{
    uint32_t bucket = hs_index_bucket(hash, segment->bucket_count);
    for (uint32_t i = segment->buckets[bucket]; i < segment->buckets[bucket + 1]; i++) {
        const struct hs_slot *slot = &segment->slots[i];
        if (is_under(slot, hash) && (!is_base || hs_snapshot_base_stands(verdict->snapshot, i))) {
            hs_verdict_hold(verdict, reading, segment, slot);
        }
    }
}

static bool segment_has(const struct hs_segment *segment, uint64_t hash)
{
    uint32_t bucket = hs_index_bucket(hash, segment->bucket_count);
    for (uint32_t i = segment->buckets[bucket]; i < segment->buckets[bucket + 1]; i++) {
        if (is_under(&segment->slots[i], hash)) {
            return true;
        }
    }
    return false;
}

bool hs_search_has(const struct hs_snapshot *snapshot, uint64_t hash)
{
    return segment_has(&snapshot->base->segment, hash) ||
           (snapshot->overlay && segment_has(&snapshot->overlay->segment, hash));
}

void hs_search_key(struct hs_verdict *verdict, unsigned reading, uint64_t hash)
{
    const struct hs_snapshot *snapshot = verdict->snapshot;
    search_segment(verdict, reading, hash, &snapshot->base->segment, true);
    if (snapshot->overlay) {
        search_segment(verdict, reading, hash, &snapshot->overlay->segment, false);
    }
}

void hs_search_filtered(struct hs_verdict *verdict, unsigned reading, uint64_t hash)
{
    if (hs_filter_has(&verdict->snapshot->filter, hash)) {
        hs_search_key(verdict, reading, hash);
    }
}

static void search_mark(struct hs_verdict *verdict, const struct hs_vrm *mark)
{
    hs_search_filtered(verdict, 0, hs_index_hash(hs_vrm_pack_skeleton(mark)));
}

// Every mark one difference away, one at a time.
static void search_confused_marks(struct hs_verdict *verdict, const struct hs_reading *reading)
{
    struct hs_vrm mark = reading->vrm;
    for (unsigned i = 0; i < mark.len; i++) {
        char read = mark.text[i];
        for (uint64_t partners = reading->confusion->partners[hs_vrm_value_of(read)]; partners;
             partners &= partners - 1) {
            mark.text[i] = hs_vrm_char_of((unsigned)__builtin_ctzll(partners) + 1);
            search_mark(verdict, &mark);
        }
        mark.text[i] = read;
    }
}

void hs_search_confused(struct hs_verdict *verdict)
{
    const struct hs_reading *reading = hs_verdict_reading(verdict, 0);
    if (reading && hs_tiers_may_be_confused(hs_verdict_reading(verdict, 0))) {
        search_confused_marks(verdict, reading);
    }
}

static uint64_t masked_hash(const struct hs_vrm *skeleton, hs_mask mask)
{
    struct hs_vrm masked = *skeleton;
    for (unsigned bits = mask & 0xfffU; bits; bits &= bits - 1) {
        masked.text[__builtin_ctz(bits)] = '?';
    }
    return hs_index_hash(hs_vrm_pack(&masked));
}

void hs_search_patterns(struct hs_verdict *verdict)
{
    const struct hs_snapshot *snapshot = verdict->snapshot;
    struct hs_reading *reading = hs_verdict_reading(verdict, 0);
    if (!reading) {
        return;
    }
    struct hs_vrm skeleton = hs_vrm_skeleton(&reading->vrm);
    uint64_t hashes[MASKS_IN_FLIGHT];
    uint32_t end = snapshot->masks_from[reading->vrm.len + 1];
    for (uint32_t from = snapshot->masks_from[reading->vrm.len]; from < end;
         from += MASKS_IN_FLIGHT) {
        uint32_t count = end - from < MASKS_IN_FLIGHT ? end - from : MASKS_IN_FLIGHT;
        for (uint32_t i = 0; i < count; i++) {
            hashes[i] = masked_hash(&skeleton, snapshot->masks[from + i]);
            __builtin_prefetch(
                &snapshot->filter.cells[hs_filter_cell(snapshot->filter.cell_count, hashes[i])]);
        }
        for (uint32_t i = 0; i < count; i++) {
            hs_search_filtered(verdict, 0, hashes[i]);
        }
    }
}

// Puts each character in turn at a position of the mark.
static void search_every_character(struct hs_verdict *verdict, struct hs_vrm *mark,
                                   unsigned position)
{
    for (unsigned value = 1; value <= CHARACTERS; value++) {
        mark->text[position] = hs_vrm_char_of(value);
        if (hs_vrm_class_of(mark->text[position]) ==
            mark->text[position]) { // one of each class is enough
            search_mark(verdict, mark);
        }
    }
}

void hs_search_unreadable(struct hs_verdict *verdict)
{
    struct hs_reading *reading = hs_verdict_reading(verdict, 0);
    if (!reading) {
        return;
    }
    struct hs_vrm mark = reading->vrm;
    if (mark.unreadable == 1) {
        search_every_character(verdict, &mark, (unsigned)(strchr(mark.text, '?') - mark.text));
        return;
    }
    if (!hs_tiers_may_lack_one(reading)) {
        return;
    }
    mark.len = HS_FULL_LENGTH;
    for (unsigned i = 0; i < HS_FULL_LENGTH; i++) {
        memcpy(mark.text, reading->vrm.text, i);
        memcpy(mark.text + i + 1, reading->vrm.text + i, HS_FULL_LENGTH - 1 - i);
        search_every_character(verdict, &mark, i);
    }
}
