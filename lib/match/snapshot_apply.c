// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/error.h"
#include "match/snapshot.h"
#include "match/snapshot_parts.h"

// An entry of the overlay to be.
struct kept_entry {
    struct hs_str entry;    // packed; borrowed from the old overlay or the change
    struct hs_str entry_id; // within it
    uint16_t list;
};

// A change under way.
struct work {
    const struct hs_snapshot *old;
    struct hs_snapshot *made;
    struct kept_entry *kept; // room for HS_OVERLAY_CHANGES_MAX
    size_t kept_count;
    uint32_t *gone; // as in struct hs_overlay
    uint32_t gone_mask;
    uint32_t gone_count;
    bool entries_changed;
};

enum { GONE_PLACES = 4 * HS_OVERLAY_CHANGES_MAX }; // a power of two, never more than a quarter full

void hs_overlay_set_gone(uint32_t *gone, uint32_t mask, uint32_t slot)
{
    uint32_t i = slot * UINT32_C(0x9e3779b1);
    while (gone[i & mask] != UINT32_MAX && gone[i & mask] != slot) {
        i++;
    }
    gone[i & mask] = slot;
}

static bool work_is_gone(const struct work *work, uint32_t slot)
{
    const struct hs_overlay probe = {.gone = work->gone, .gone_mask = work->gone_mask};
    return hs_overlay_is_gone(&probe, slot);
}

static int copy_lists(struct work *work, size_t more)
{
    const struct hs_snapshot *old = work->old;
    work->made = hs_snapshot_alloc(old->list_count + (uint32_t)more);
    if (!work->made) {
        return HS_ENOMEM;
    }
    for (uint32_t i = 0; i < old->list_count; i++) {
        struct hs_list *list = &work->made->lists[i];
        list->entries = old->lists[i].entries;
        list->removed = old->lists[i].removed;
        list->has_wild_marks = old->lists[i].has_wild_marks;
        list->masks = old->lists[i].masks;
        int status = hs_list_init(list, &old->lists[i].spec, (uint16_t)i, &work->made->texts);
        if (status != HS_OK) {
            return status;
        }
        work->made->list_count++;
    }
    return HS_OK;
}

static int entry_id_of(struct hs_str entry, struct hs_str *ret_entry_id)
{
    static const struct hs_terms_question nothing;
    struct hs_terms terms;
    int status = hs_terms_read(entry, &nothing, &terms);
    if (status == HS_OK) {
        *ret_entry_id = terms.entry_id;
    }
    return status;
}

// What the old overlay holds.
static int copy_overlay(struct work *work)
{
    work->gone_mask = GONE_PLACES - 1;
    work->gone = malloc(GONE_PLACES * sizeof(*work->gone));
    work->kept = malloc(HS_OVERLAY_CHANGES_MAX * sizeof(*work->kept));
    if (!work->gone || !work->kept) {
        return HS_ENOMEM;
    }
    memset(work->gone, 0xff, GONE_PLACES * sizeof(*work->gone));
    const struct hs_overlay *overlay = work->old->overlay;
    if (!overlay) {
        return HS_OK;
    }
    for (uint32_t i = 0; i <= overlay->gone_mask; i++) {
        if (overlay->gone[i] != UINT32_MAX) {
            hs_overlay_set_gone(work->gone, work->gone_mask, overlay->gone[i]);
        }
    }
    work->gone_count = overlay->gone_count;
    for (uint32_t i = 0; i < overlay->segment.entry_count; i++) {
        const struct hs_slot *slot = &overlay->segment.slots[i];
        struct kept_entry *kept = &work->kept[work->kept_count++];
        kept->entry = hs_segment_entry(&overlay->segment, slot);
        kept->list = hs_ref_list(slot->ref);
        int status = entry_id_of(kept->entry, &kept->entry_id);
        if (status != HS_OK) {
            return status;
        }
    }
    return HS_OK;
}

// Takes an entry away wherever it stands; whether there was one.
static int take_away(struct work *work, uint16_t list, struct hs_str entry_id, bool *ret_stood)
{
    *ret_stood = false;
    for (size_t i = 0; i < work->kept_count; i++) {
        if (work->kept[i].list == list && hs_str_eq(work->kept[i].entry_id, entry_id)) {
            work->kept[i] = work->kept[--work->kept_count];
            *ret_stood = true;
            return HS_OK;
        }
    }
    uint32_t slot = hs_segment_find_id(&work->old->base->segment, list, entry_id);
    if (slot == UINT32_MAX || work_is_gone(work, slot)) {
        return HS_OK;
    }
    if (work->gone_count == HS_OVERLAY_CHANGES_MAX) {
        return HS_ELIMIT;
    }
    hs_overlay_set_gone(work->gone, work->gone_mask, slot);
    work->gone_count++;
    *ret_stood = true;
    return HS_OK;
}

static int put(struct work *work, struct hs_list *list, uint16_t index, struct hs_str entry)
{
    struct hs_parsed_entry parsed;
    bool stood;
    int status = hs_segment_parse(entry, &parsed);
    if (status == HS_OK) {
        status = hs_list_note(work->made->lists, work->made->list_count, index, &parsed);
    }
    if (status == HS_OK) {
        status = take_away(work, index, parsed.terms.entry_id, &stood);
    }
    if (status != HS_OK) {
        return status;
    }
    if (work->kept_count == HS_OVERLAY_CHANGES_MAX) {
        return HS_ELIMIT;
    }
    work->kept[work->kept_count++] =
        (struct kept_entry){.entry = entry, .entry_id = parsed.terms.entry_id, .list = index};
    list->entries += !stood;
    return HS_OK;
}

static void remove_list(struct work *work, struct hs_list *list, uint16_t index)
{
    for (size_t i = 0; i < work->kept_count;) {
        if (work->kept[i].list == index) {
            work->kept[i] = work->kept[--work->kept_count];
        } else {
            i++;
        }
    }
    list->entries = 0;
    list->removed = true;
}

static int change_list(struct work *work, uint32_t index, const struct hs_list_spec *spec)
{
    struct hs_snapshot *made = work->made;
    if (index == UINT32_MAX) {
        if (made->list_count == HS_SNAPSHOT_LISTS_MAX) {
            return HS_ELIMIT;
        }
        index = made->list_count++;
    }
    return hs_list_init(&made->lists[index], spec, (uint16_t)index, &made->texts);
}

static int apply_one(struct work *work, const struct hs_snapshot_change *change)
{
    uint32_t index = hs_snapshot_find_list(work->made, change->spec.list_id);
    if (change->kind == HS_CHANGE_LIST) {
        return change_list(work, index, &change->spec);
    }
    if (index == UINT32_MAX) {
        return change->kind == HS_CHANGE_PUT ? HS_ENOTFOUND : HS_OK;
    }
    struct hs_list *list = &work->made->lists[index];
    work->entries_changed = true;
    if (change->kind == HS_CHANGE_REMOVE) {
        remove_list(work, list, (uint16_t)index);
        return HS_OK;
    }
    list->spec.generation = change->spec.generation;
    list->spec.sequence = change->spec.sequence;
    if (change->kind == HS_CHANGE_PUT) {
        return put(work, list, (uint16_t)index, change->entry);
    }
    bool stood;
    int status = take_away(work, (uint16_t)index, change->entry_id, &stood);
    list->entries -= stood;
    return status;
}

// The base's filter with the overlay's keys added.
static int lay_filter(const struct hs_segment *base, struct hs_overlay *overlay)
{
    struct hs_filter_size size = hs_filter_size_for(base->entry_count);
    size_t bytes = hs_filter_words(size) * sizeof(uint64_t);
    int status = hs_arena_grow(&overlay->filter_arena, bytes);
    if (status != HS_OK) {
        return status;
    }
    uint64_t *words = (uint64_t *)(void *)overlay->filter_arena.ptr;
    memcpy(words, base->filter.near, bytes);
    const struct hs_segment *segment = &overlay->segment;
    for (uint32_t i = 0; i < segment->entry_count; i++) {
        hs_filter_add(words, size, hs_index_mark_hash(segment->slots[i].mark));
    }
    hs_arena_seal(&overlay->filter_arena);
    overlay->filter = hs_filter_at(words, size);
    return HS_OK;
}

static int lay_overlay(struct work *work)
{
    if (work->kept_count == 0 && work->gone_count == 0) {
        return HS_OK;
    }
    struct hs_overlay *overlay = calloc(1, sizeof(*overlay));
    if (!overlay) {
        return HS_ENOMEM;
    }
    atomic_init(&overlay->refs, 1);
    struct hs_segment_builder builder;
    hs_segment_builder_init(&builder);
    int status = HS_OK;
    for (size_t i = 0; i < work->kept_count && status == HS_OK; i++) {
        struct hs_parsed_entry parsed;
        status = hs_segment_parse(work->kept[i].entry, &parsed);
        if (status == HS_OK) {
            status =
                hs_segment_builder_add(&builder, work->kept[i].list, work->kept[i].entry, &parsed);
        }
    }
    if (status == HS_OK) {
        status = hs_segment_builder_finish(&builder, &overlay->arena, &overlay->segment);
    }
    if (status == HS_OK) {
        status = lay_filter(&work->old->base->segment, overlay);
    }
    if (status == HS_OK) {
        status = hs_mask_lines_new(work->old->base->lines, &overlay->segment, work->made->lists,
                                   &overlay->lines);
    }
    hs_segment_builder_fini(&builder);
    if (status != HS_OK) {
        hs_overlay_unref(overlay);
        return status;
    }
    overlay->gone = work->gone;
    overlay->gone_mask = work->gone_mask;
    overlay->gone_count = work->gone_count;
    work->gone = NULL;
    work->made->overlay = overlay;
    return HS_OK;
}

static int apply_all(struct work *work, const struct hs_snapshot_change *changes, size_t count)
{
    int status = copy_lists(work, count);
    if (status == HS_OK && count) {
        status = copy_overlay(work);
    }
    for (size_t i = 0; i < count && status == HS_OK; i++) {
        status = apply_one(work, &changes[i]);
    }
    if (status != HS_OK) {
        return status;
    }
    work->made->base = hs_base_ref(work->old->base);
    if (!work->entries_changed) {
        work->made->overlay = hs_overlay_ref(work->old->overlay);
        return HS_OK;
    }
    return lay_overlay(work);
}

int hs_snapshot_apply(const struct hs_snapshot *old, const struct hs_snapshot_change *changes,
                      size_t count, int64_t as_of_ms, struct hs_str change_id,
                      struct hs_snapshot **ret_snapshot)
{
    struct work work = {.old = old};
    int status = apply_all(&work, changes, count);
    if (status == HS_OK) {
        status = hs_snapshot_set_change_id(work.made, change_id);
    }
    if (status == HS_OK) {
        work.made->as_of_ms = as_of_ms;
        status = hs_snapshot_settle(work.made);
    }
    if (status == HS_OK) {
        *ret_snapshot = work.made;
        work.made = NULL;
    }
    hs_snapshot_free(work.made);
    free(work.kept);
    free(work.gone);
    return status;
}
