// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "match/snapshot.h"
#include "match/snapshot_parts.h"

struct hs_snapshot_builder {
    struct hs_segment_builder segment;
    struct hs_snapshot *snapshot; // lists so far
    bool again; // a rebuild: what stood may stand, whatever a list has become since
};

int hs_snapshot_builder_new(struct hs_snapshot_builder **ret_builder)
{
    struct hs_snapshot_builder *builder = calloc(1, sizeof(*builder));
    if (!builder) {
        return HS_ENOMEM;
    }
    hs_segment_builder_init(&builder->segment);
    builder->snapshot = hs_snapshot_alloc(HS_SNAPSHOT_LISTS_MAX);
    if (!builder->snapshot) {
        free(builder);
        return HS_ENOMEM;
    }
    *ret_builder = builder;
    return HS_OK;
}

void hs_snapshot_builder_free(struct hs_snapshot_builder *builder)
{
    if (builder) {
        hs_segment_builder_fini(&builder->segment);
        hs_snapshot_free(builder->snapshot);
        free(builder);
    }
}

int hs_snapshot_builder_list(struct hs_snapshot_builder *builder, const struct hs_list_spec *spec)
{
    struct hs_snapshot *snapshot = builder->snapshot;
    if (hs_snapshot_find_list(snapshot, spec->list_id) != UINT32_MAX) {
        return HS_EEXIST;
    }
    if (snapshot->list_count == HS_SNAPSHOT_LISTS_MAX) {
        return HS_ELIMIT;
    }
    uint16_t index = (uint16_t)snapshot->list_count;
    int status = hs_list_init(&snapshot->lists[index], spec, index, &snapshot->texts);
    if (status == HS_OK) {
        snapshot->list_count++;
    }
    return status;
}

int hs_snapshot_builder_entry(struct hs_snapshot_builder *builder, struct hs_str entry)
{
    struct hs_snapshot *snapshot = builder->snapshot;
    if (snapshot->list_count == 0) {
        return HS_EINVAL;
    }
    uint16_t index = (uint16_t)(snapshot->list_count - 1);
    struct hs_parsed_entry parsed;
    int status = hs_segment_parse(entry, &parsed);
    if (status == HS_OK) {
        status = hs_list_note(snapshot->lists, builder->again ? 0 : snapshot->list_count, index,
                              &parsed);
    }
    if (status == HS_OK) {
        status = hs_segment_builder_add(&builder->segment, index, entry, &parsed);
    }
    if (status == HS_OK) {
        snapshot->lists[index].entries++;
    }
    return status;
}

// The base of all entries added; the snapshot's own from then on.
static int lay_base(struct hs_snapshot_builder *builder)
{
    struct hs_base *base = calloc(1, sizeof(*base));
    if (!base) {
        return HS_ENOMEM;
    }
    atomic_init(&base->refs, 1);
    int status = hs_segment_builder_finish(&builder->segment, &base->arena, &base->segment);
    if (status == HS_OK) {
        status = hs_mask_lines_new(NULL, &base->segment, builder->snapshot->lists, &base->lines);
    }
    if (status != HS_OK) {
        hs_base_unref(base);
        return status;
    }
    builder->snapshot->base = base;
    return HS_OK;
}

int hs_snapshot_builder_build(struct hs_snapshot_builder *builder, int64_t as_of_ms,
                              struct hs_str change_id, struct hs_snapshot **ret_snapshot)
{
    struct hs_snapshot *snapshot = builder->snapshot;
    int status = hs_snapshot_set_change_id(snapshot, change_id);
    if (status == HS_OK) {
        status = lay_base(builder);
    }
    if (status == HS_OK) {
        snapshot->as_of_ms = as_of_ms;
        status = hs_snapshot_settle(snapshot);
    }
    if (status == HS_OK) {
        *ret_snapshot = snapshot;
        builder->snapshot = NULL;
    }
    hs_snapshot_builder_free(builder);
    return status;
}

enum { DIGIT_BITS = 8, DIGIT_VALUES = 1 << DIGIT_BITS, DIGITS = 64 / DIGIT_BITS };

static size_t digit_of(uint64_t ref, unsigned digit)
{
    return ref >> (digit * DIGIT_BITS) & (DIGIT_VALUES - 1);
}

// One pass of a radix sort; false when all have the same digit, and nothing was moved.
static bool sort_by_digit(const uint64_t *from, uint64_t *to, size_t count, unsigned digit)
{
    size_t starts[DIGIT_VALUES] = {0};
    for (size_t i = 0; i < count; i++) {
        starts[digit_of(from[i], digit)]++;
    }
    if (count == 0 || starts[digit_of(from[0], digit)] == count) {
        return false;
    }
    for (size_t value = 0, sum = 0; value < DIGIT_VALUES; value++) {
        size_t here = starts[value];
        starts[value] = sum;
        sum += here;
    }
    for (size_t i = 0; i < count; i++) {
        to[starts[digit_of(from[i], digit)]++] = from[i];
    }
    return true;
}

// Ascending: by segment, list and place in the details, so that these are read as they lie.
// `scratch` holds as many; returns which of the two holds the result.
static const uint64_t *sort_refs(uint64_t *refs, uint64_t *scratch, size_t count)
{
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        if (sort_by_digit(refs, scratch, count, digit)) {
            uint64_t *sorted = scratch;
            scratch = refs;
            refs = sorted;
        }
    }
    return refs;
}

// Lists that are not taken over, by their index.
struct left_out {
    bool list[HS_SNAPSHOT_LISTS_MAX];
};

// Refs of all entries that stand, list by list, each in order of arrival; the overlay's have bit 0
// of `tag` set. A ref's tag is not needed here, so its place says which segment.
static size_t collect_refs(const struct hs_snapshot *snapshot, const struct left_out *left_out,
                           uint64_t *refs)
{
    const uint64_t tag_bits = UINT64_C(0xff) << HS_REF_TAG_SHIFT;
    const struct hs_segment *base = &snapshot->base->segment;
    size_t count = 0;
    for (uint32_t i = 0; i < base->entry_count; i++) {
        uint64_t ref = base->slots[i].ref;
        if (!left_out->list[hs_ref_list(ref)] && hs_snapshot_base_stands(snapshot, i)) {
            refs[count++] = ref & ~tag_bits;
        }
    }
    for (uint32_t i = 0; snapshot->overlay && i < snapshot->overlay->segment.entry_count; i++) {
        uint64_t ref = snapshot->overlay->segment.slots[i].ref;
        if (left_out->list[hs_ref_list(ref)]) {
            continue;
        }
        refs[count++] = (ref & ~tag_bits) | UINT64_C(1) << HS_REF_TAG_SHIFT;
    }
    return count;
}

static int add_all(struct hs_snapshot_builder *builder, const struct hs_snapshot *old,
                   const struct left_out *left_out, const uint64_t *refs, size_t count)
{
    int status = HS_OK;
    size_t at = 0;
    for (uint32_t i = 0; i < old->list_count && status == HS_OK; i++) {
        if (left_out->list[i]) {
            continue;
        }
        status = hs_snapshot_builder_list(builder, &old->lists[i].spec);
        for (; at < count && hs_ref_list(refs[at]) == i && status == HS_OK; at++) {
            const struct hs_segment *segment =
                hs_ref_tag(refs[at]) ? &old->overlay->segment : &old->base->segment;
            struct hs_slot slot = {.ref = refs[at]};
            status = hs_snapshot_builder_entry(builder, hs_segment_entry(segment, &slot));
        }
    }
    return status;
}

int hs_snapshot_builder_from(const struct hs_snapshot *old, const struct hs_str *without,
                             size_t without_count, struct hs_snapshot_builder **ret_builder)
{
    struct hs_snapshot_builder *builder = NULL;
    struct left_out left_out = {{false}};
    size_t room = old->base->segment.entry_count +
                  (old->overlay ? (size_t)old->overlay->segment.entry_count : 0);
    for (uint32_t i = 0; i < old->list_count; i++) {
        left_out.list[i] = old->lists[i].removed;
        for (size_t k = 0; k < without_count; k++) {
            left_out.list[i] |= hs_str_eq(old->lists[i].spec.list_id, without[k]);
        }
    }
    // a region each time: what malloc has once mapped and freed, it keeps the next time
    struct hs_region refs = {0};
    int status = hs_region_map(2 * room * sizeof(uint64_t), &refs);
    if (status == HS_OK) {
        status = hs_snapshot_builder_new(&builder);
    }
    if (status == HS_OK) {
        builder->again = true;
        size_t count = collect_refs(old, &left_out, refs.ptr);
        const uint64_t *sorted = sort_refs(refs.ptr, (uint64_t *)refs.ptr + room, count);
        status = add_all(builder, old, &left_out, sorted, count);
        builder->again = false;
    }
    hs_region_unmap(&refs);
    if (status != HS_OK) {
        hs_snapshot_builder_free(builder);
        return status;
    }
    *ret_builder = builder;
    return HS_OK;
}

int hs_snapshot_rebuild(const struct hs_snapshot *old, struct hs_snapshot **ret_snapshot)
{
    struct hs_snapshot_builder *builder;
    int status = hs_snapshot_builder_from(old, NULL, 0, &builder);
    if (status != HS_OK) {
        return status;
    }
    return hs_snapshot_builder_build(builder, old->as_of_ms, hs_str(old->change_id), ret_snapshot);
}
