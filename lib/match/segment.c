// SPDX-License-Identifier: Apache-2.0
#include "match/segment.h"

#include <stdlib.h>

#include "base/error.h"
#include "match/pattern.h"

enum {
    ENTRIES_PER_BUCKET = 4,
    ENTRIES_PER_ID_BUCKET = 8,
    ALIGN = 64,
};

// An entry between its arrival and the laying of the index.
struct hs_pending_entry {
    uint64_t mark;
    uint64_t hash; // of the skeleton
    uint64_t ref;
    uint32_t id_hash; // of list and entry id
};

static uint32_t id_hash(uint16_t list, struct hs_str entry_id)
{
    return (uint32_t)(hs_hash_bytes(entry_id.ptr, entry_id.len, list) >> 32);
}

void hs_segment_builder_init(struct hs_segment_builder *builder)
{
    *builder = (struct hs_segment_builder){.arena = {0}};
}

void hs_segment_builder_fini(struct hs_segment_builder *builder)
{
    hs_arena_fini(&builder->arena);
    hs_arena_fini(&builder->pending_arena);
    *builder = (struct hs_segment_builder){.arena = {0}};
}

static int reserve_pending(struct hs_segment_builder *builder)
{
    if (builder->count >= HS_SEGMENT_ENTRIES_MAX) {
        return HS_ELIMIT;
    }
    struct hs_arena *arena = &builder->pending_arena;
    int status = hs_arena_grow(arena, (builder->count + 1) * sizeof(*builder->pending));
    if (status == HS_OK) {
        builder->pending = (struct hs_pending_entry *)(void *)arena->ptr;
    }
    return status;
}

// Appends the record; where it stands.
static int add_record(struct hs_segment_builder *builder, struct hs_str entry, uint64_t *ret_at)
{
    struct hs_arena *arena = &builder->arena;
    uint64_t at = arena->size_bytes ? arena->size_bytes : HS_ARENA_HEADER_BYTES;
    uint32_t len = (uint32_t)entry.len;
    uint64_t end =
        (at + sizeof(len) + len + HS_RECORD_ALIGN - 1) / HS_RECORD_ALIGN * HS_RECORD_ALIGN;
    int status = hs_arena_grow(arena, end);
    if (status != HS_OK) {
        return status;
    }
    memcpy(arena->ptr + at, &len, sizeof(len));
    if (len) {
        memcpy(arena->ptr + at + sizeof(len), entry.ptr, len);
    }
    *ret_at = at;
    return HS_OK;
}

int hs_segment_parse(struct hs_str entry, struct hs_parsed_entry *ret_parsed)
{
    static const struct hs_terms_question nothing;
    struct hs_parsed_entry parsed;
    if (entry.len > INT32_MAX || hs_terms_read(entry, &nothing, &parsed.terms) != HS_OK ||
        hs_vrm_normalise(parsed.terms.vrm, &parsed.vrm, NULL) != HS_OK ||
        (hs_pattern_is(&parsed.vrm) && hs_pattern_check(&parsed.vrm) != HS_OK)) {
        return HS_EFORMAT;
    }
    *ret_parsed = parsed;
    return HS_OK;
}

int hs_segment_builder_add(struct hs_segment_builder *builder, uint16_t list, struct hs_str entry,
                           const struct hs_parsed_entry *parsed)
{
    uint64_t at;
    int status = reserve_pending(builder);
    if (status == HS_OK) {
        status = add_record(builder, entry, &at);
    }
    if (status != HS_OK) {
        return status;
    }
    uint64_t hash = hs_index_hash(hs_vrm_pack_skeleton(&parsed->vrm));
    builder->pending[builder->count++] = (struct hs_pending_entry){
        .mark = hs_vrm_pack(&parsed->vrm),
        .hash = hash,
        .ref = hs_ref_make(at, hs_index_tag(hash), list),
        .id_hash = id_hash(list, parsed->terms.entry_id),
    };
    return HS_OK;
}

uint64_t hs_index_mark_hash(uint64_t mark)
{
    struct hs_vrm vrm = {0};
    hs_vrm_unpack(mark, &vrm);
    return hs_index_hash(hs_vrm_pack_skeleton(&vrm));
}

static uint64_t aligned(uint64_t at)
{
    return (at + ALIGN - 1) / ALIGN * ALIGN;
}

struct hs_segment_layout hs_segment_layout_for(uint64_t records_end, uint32_t entry_count)
{
    struct hs_segment_layout layout = {
        .records_end = records_end,
        .filter = hs_filter_size_for(entry_count),
        .bucket_count = entry_count / ENTRIES_PER_BUCKET + 1,
        .id_bucket_count = entry_count / ENTRIES_PER_ID_BUCKET + 1,
        .entry_count = entry_count,
    };
    layout.filter_at = aligned(records_end);
    layout.buckets_at =
        aligned(layout.filter_at + hs_filter_words(layout.filter) * sizeof(uint64_t));
    layout.slots_at =
        aligned(layout.buckets_at + ((uint64_t)layout.bucket_count + 1) * sizeof(uint32_t));
    layout.id_buckets_at =
        aligned(layout.slots_at + (uint64_t)entry_count * sizeof(struct hs_slot));
    layout.ids_at =
        aligned(layout.id_buckets_at + ((uint64_t)layout.id_bucket_count + 1) * sizeof(uint32_t));
    layout.end = aligned(layout.ids_at + (uint64_t)entry_count * sizeof(uint32_t));
    return layout;
}

struct hs_segment hs_segment_at(const uint8_t *arena, const struct hs_segment_layout *layout)
{
    return (struct hs_segment){
        .arena = arena,
        .filter = hs_filter_at((const uint64_t *)(const void *)(arena + layout->filter_at),
                               layout->filter),
        .buckets = (const uint32_t *)(const void *)(arena + layout->buckets_at),
        .slots = (const struct hs_slot *)(const void *)(arena + layout->slots_at),
        .id_buckets = (const uint32_t *)(const void *)(arena + layout->id_buckets_at),
        .ids = (const uint32_t *)(const void *)(arena + layout->ids_at),
        .bucket_count = layout->bucket_count,
        .id_bucket_count = layout->id_bucket_count,
        .entry_count = layout->entry_count,
    };
}

// Turns counts, standing one place to the right, into where each bucket begins.
static void sum_up(uint32_t *starts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        starts[i + 1] += starts[i];
    }
}

// After placing, each start stands at its bucket's end, which is the next one's start: shifts them
// back.
static void shift_back(uint32_t *starts, uint32_t count)
{
    memmove(starts + 1, starts, count * sizeof(*starts));
    starts[0] = 0;
}

// What an entry some places on will touch, at random all over filter and buckets, is on the way.
enum { PLACES_AHEAD = 24 };
static void expect_entry(const struct hs_segment_layout *layout,
                         const struct hs_pending_entry *entry, const uint64_t *filter,
                         const uint32_t *starts)
{
    struct hs_filter of = hs_filter_at(filter, layout->filter);
    __builtin_prefetch(&of.near[hs_filter_near_word(of.near_shift, entry->hash)], 1);
    __builtin_prefetch(&of.cells[hs_filter_cell(of.cell_count, entry->hash)], 1);
    __builtin_prefetch(&starts[hs_index_bucket(entry->hash, layout->bucket_count) + 1], 1);
}

// Counting sort by bucket, stable; the filter on the way. pending[i].id_hash stays, pending[i].ref
// becomes the slot's number.
static void lay_slots(uint8_t *arena, const struct hs_segment_layout *layout,
                      struct hs_pending_entry *pending)
{
    uint64_t *filter = (uint64_t *)(void *)(arena + layout->filter_at);
    uint32_t *starts = (uint32_t *)(void *)(arena + layout->buckets_at);
    struct hs_slot *slots = (struct hs_slot *)(void *)(arena + layout->slots_at);
    for (uint32_t i = 0; i < layout->entry_count; i++) {
        if (layout->entry_count - i > PLACES_AHEAD) {
            expect_entry(layout, &pending[i + PLACES_AHEAD], filter, starts);
        }
        starts[hs_index_bucket(pending[i].hash, layout->bucket_count) + 1]++;
        hs_filter_add(filter, layout->filter, pending[i].hash);
    }
    sum_up(starts, layout->bucket_count);
    for (uint32_t i = 0; i < layout->entry_count; i++) {
        if (layout->entry_count - i > PLACES_AHEAD) {
            uint64_t hash = pending[i + PLACES_AHEAD].hash;
            __builtin_prefetch(&slots[starts[hs_index_bucket(hash, layout->bucket_count)]], 1);
        }
        uint32_t slot = starts[hs_index_bucket(pending[i].hash, layout->bucket_count)]++;
        slots[slot] = (struct hs_slot){pending[i].mark, pending[i].ref};
        pending[i].ref = slot;
    }
    shift_back(starts, layout->bucket_count);
}

static void lay_ids(uint8_t *arena, const struct hs_segment_layout *layout,
                    const struct hs_pending_entry *pending)
{
    uint32_t *starts = (uint32_t *)(void *)(arena + layout->id_buckets_at);
    uint32_t *ids = (uint32_t *)(void *)(arena + layout->ids_at);
    for (uint32_t i = 0; i < layout->entry_count; i++) {
        if (layout->entry_count - i > PLACES_AHEAD) {
            uint32_t hash = pending[i + PLACES_AHEAD].id_hash;
            __builtin_prefetch(&starts[hs_index_scale(hash, layout->id_bucket_count) + 1], 1);
        }
        starts[hs_index_scale(pending[i].id_hash, layout->id_bucket_count) + 1]++;
    }
    sum_up(starts, layout->id_bucket_count);
    for (uint32_t i = 0; i < layout->entry_count; i++) {
        if (layout->entry_count - i > PLACES_AHEAD) {
            uint32_t hash = pending[i + PLACES_AHEAD].id_hash;
            __builtin_prefetch(&ids[starts[hs_index_scale(hash, layout->id_bucket_count)]], 1);
        }
        uint32_t bucket = hs_index_scale(pending[i].id_hash, layout->id_bucket_count);
        ids[starts[bucket]++] = (uint32_t)pending[i].ref;
    }
    shift_back(starts, layout->id_bucket_count);
}

int hs_segment_builder_finish(struct hs_segment_builder *builder, struct hs_arena *ret_arena,
                              struct hs_segment *ret_segment)
{
    struct hs_arena *arena = &builder->arena;
    uint64_t records_end = arena->size_bytes ? arena->size_bytes : HS_ARENA_HEADER_BYTES;
    struct hs_segment_layout layout = hs_segment_layout_for(records_end, (uint32_t)builder->count);
    int status = hs_arena_grow(arena, layout.end);
    if (status != HS_OK) {
        return status;
    }
    lay_slots(arena->ptr, &layout, builder->pending);
    lay_ids(arena->ptr, &layout, builder->pending);
    hs_arena_seal(arena);
    *ret_segment = hs_segment_at(arena->ptr, &layout);
    *ret_arena = *arena;
    *arena = (struct hs_arena){0};
    hs_segment_builder_fini(builder);
    return HS_OK;
}

uint32_t hs_segment_find_id(const struct hs_segment *segment, uint16_t list, struct hs_str entry_id)
{
    static const struct hs_terms_question nothing;
    if (segment->entry_count == 0) {
        return UINT32_MAX;
    }
    uint32_t bucket = hs_index_scale(id_hash(list, entry_id), segment->id_bucket_count);
    for (uint32_t i = segment->id_buckets[bucket]; i < segment->id_buckets[bucket + 1]; i++) {
        const struct hs_slot *slot = &segment->slots[segment->ids[i]];
        struct hs_terms terms;
        if (hs_ref_list(slot->ref) == list &&
            hs_terms_read(hs_segment_entry(segment, slot), &nothing, &terms) == HS_OK &&
            hs_str_eq(terms.entry_id, entry_id)) {
            return segment->ids[i];
        }
    }
    return UINT32_MAX;
}

static bool rises(const uint32_t *starts, uint32_t count, uint32_t last)
{
    for (uint32_t i = 0; i < count; i++) {
        if (starts[i] > starts[i + 1]) {
            return false;
        }
    }
    return starts[0] == 0 && starts[count] == last;
}

static bool slot_is_sound(const struct hs_segment *segment, const struct hs_segment_layout *layout,
                          const struct hs_slot *slot, uint16_t list_count)
{
    uint64_t record = hs_ref_record(slot->ref);
    if (hs_ref_list(slot->ref) >= list_count || record < HS_ARENA_HEADER_BYTES ||
        record + sizeof(uint32_t) > layout->records_end) {
        return false;
    }
    struct hs_vrm vrm;
    struct hs_str entry = hs_segment_entry(segment, slot);
    return entry.len <= layout->records_end - record - sizeof(uint32_t) &&
           hs_vrm_unpack(slot->mark, &vrm) == HS_OK;
}

bool hs_segment_is_sound(const struct hs_segment *segment, const struct hs_segment_layout *layout,
                         uint16_t list_count)
{
    if (!rises(segment->buckets, segment->bucket_count, segment->entry_count) ||
        !rises(segment->id_buckets, segment->id_bucket_count, segment->entry_count)) {
        return false;
    }
    for (uint32_t i = 0; i < segment->entry_count; i++) {
        if (segment->ids[i] >= segment->entry_count ||
            !slot_is_sound(segment, layout, &segment->slots[i], list_count)) {
            return false;
        }
    }
    return true;
}
