// SPDX-License-Identifier: Apache-2.0
#include "match/snapshot.h"

#include <stdlib.h>

#include "base/error.h"
#include "match/snapshot_parts.h"

struct hs_snapshot *hs_snapshot_alloc(uint32_t list_capacity)
{
    struct hs_snapshot *snapshot = calloc(1, sizeof(*snapshot));
    if (!snapshot) {
        return NULL;
    }
    snapshot->lists = calloc(list_capacity ? list_capacity : 1, sizeof(*snapshot->lists));
    if (!snapshot->lists) {
        free(snapshot);
        return NULL;
    }
    return snapshot;
}

int hs_snapshot_set_change_id(struct hs_snapshot *snapshot, struct hs_str change_id)
{
    if (change_id.len > HS_SNAPSHOT_CHANGE_ID_MAX) {
        return HS_EINVAL;
    }
    memset(snapshot->change_id, 0, sizeof(snapshot->change_id));
    if (change_id.len) {
        memcpy(snapshot->change_id, change_id.ptr, change_id.len);
    }
    return HS_OK;
}

uint32_t hs_snapshot_find_list(const struct hs_snapshot *snapshot, struct hs_str list_id)
{
    for (uint32_t i = 0; i < snapshot->list_count; i++) {
        if (!snapshot->lists[i].removed && hs_str_eq(snapshot->lists[i].spec.list_id, list_id)) {
            return i;
        }
    }
    return UINT32_MAX;
}

static int compare_masks(const void *a, const void *b)
{
    return (int)*(const hs_mask *)a - (int)*(const hs_mask *)b;
}

// The masks of all lists that use them, once each, in order of length.
static int settle_masks(struct hs_snapshot *snapshot)
{
    size_t room = 1, count = 0, kept = 0;
    for (uint32_t i = 0; i < snapshot->list_count; i++) {
        room += snapshot->lists[i].masks.count;
    }
    hs_mask *masks = hs_bump_alloc(&snapshot->texts, room * sizeof(*masks));
    if (!masks) {
        return HS_ENOMEM;
    }
    for (uint32_t i = 0; i < snapshot->list_count; i++) {
        const struct hs_list *list = &snapshot->lists[i];
        for (unsigned k = 0; (list->tiers & HS_TIER_BIT(HS_TIER_WILDCARD)) && k < list->masks.count;
             k++) {
            masks[count++] = list->masks.masks[k];
        }
    }
    qsort(masks, count, sizeof(*masks), compare_masks);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || masks[i] != masks[i - 1]) {
            masks[kept++] = masks[i];
        }
    }
    snapshot->masks = masks;
    for (unsigned len = 0, at = 0; len <= HS_VRM_MAX + 1; len++) {
        while (at < kept && hs_mask_len(masks[at]) < len) {
            at++;
        }
        snapshot->masks_from[len] = at;
    }
    return HS_OK;
}

static void settle_lens(struct hs_snapshot *snapshot)
{
    const struct hs_mask_lines *lines = snapshot->lines;
    for (unsigned len = 0; len <= HS_VRM_MAX; len++) {
        uint32_t asked = (uint32_t)hs_snapshot_has_masks(snapshot, len) << len;
        if (len > HS_LANE_CHARS) {
            snapshot->pattern_lens |= asked;
        } else if (lines && lines->of_len[len].group_count) {
            snapshot->sifted_lens |= asked;
        }
    }
}

int hs_snapshot_settle(struct hs_snapshot *snapshot)
{
    snapshot->filter =
        snapshot->overlay ? snapshot->overlay->filter : snapshot->base->segment.filter;
    snapshot->lines = snapshot->overlay && snapshot->overlay->lines ? snapshot->overlay->lines
                                                                    : snapshot->base->lines;
    for (uint32_t i = 0; i < snapshot->list_count; i++) {
        struct hs_list *list = &snapshot->lists[i];
        hs_list_settle(list);
        bool filled = list->entries > 0;
        snapshot->any_confused |= filled && (list->tiers & HS_TIER_BIT(HS_TIER_CONFUSED));
        snapshot->any_wild_marks |=
            filled && list->has_wild_marks && (list->tiers & HS_TIER_BIT(HS_TIER_WILDCARD));
    }
    int status = settle_masks(snapshot);
    if (status == HS_OK) {
        settle_lens(snapshot);
    }
    return status;
}

struct hs_base *hs_base_ref(struct hs_base *base)
{
    atomic_fetch_add_explicit(&base->refs, 1, memory_order_relaxed); // the caller holds one already
    return base;
}

void hs_base_unref(struct hs_base *base)
{
    if (base && atomic_fetch_sub_explicit(&base->refs, 1, memory_order_acq_rel) == 1) {
        hs_arena_fini(&base->arena);
        hs_mask_lines_free(base->lines);
        free(base);
    }
}

struct hs_overlay *hs_overlay_ref(struct hs_overlay *overlay)
{
    if (overlay) {
        atomic_fetch_add_explicit(&overlay->refs, 1, memory_order_relaxed); // as hs_base_ref
    }
    return overlay;
}

void hs_overlay_unref(struct hs_overlay *overlay)
{
    if (overlay && atomic_fetch_sub_explicit(&overlay->refs, 1, memory_order_acq_rel) == 1) {
        hs_arena_fini(&overlay->arena);
        hs_arena_fini(&overlay->filter_arena);
        hs_mask_lines_free(overlay->lines);
        free(overlay->gone);
        free(overlay);
    }
}

void hs_snapshot_free(struct hs_snapshot *snapshot)
{
    if (snapshot) {
        hs_base_unref(snapshot->base);
        hs_overlay_unref(snapshot->overlay);
        hs_bump_fini(&snapshot->texts);
        free(snapshot->lists);
        free(snapshot);
    }
}

static uint64_t lines_bytes(const struct hs_mask_lines *lines)
{
    return lines ? lines->arena.mapped_bytes : 0;
}

void hs_snapshot_stats(const struct hs_snapshot *snapshot, struct hs_snapshot_stats *ret_stats)
{
    struct hs_snapshot_stats stats = {.as_of_ms = snapshot->as_of_ms};
    for (uint32_t i = 0; i < snapshot->list_count; i++) {
        stats.lists += !snapshot->lists[i].removed;
        stats.entries += snapshot->lists[i].entries;
    }
    stats.memory_bytes = snapshot->base->arena.mapped_bytes + lines_bytes(snapshot->base->lines);
    const struct hs_overlay *overlay = snapshot->overlay;
    if (overlay) {
        stats.overlay_changes = (uint64_t)overlay->segment.entry_count + overlay->gone_count;
        stats.memory_bytes += overlay->arena.mapped_bytes + overlay->filter_arena.mapped_bytes +
                              lines_bytes(overlay->lines) +
                              ((uint64_t)overlay->gone_mask + 1) * sizeof(*overlay->gone);
    }
    *ret_stats = stats;
}

struct hs_str hs_snapshot_change_id(const struct hs_snapshot *snapshot)
{
    return hs_str(snapshot->change_id);
}

int hs_snapshot_list(const struct hs_snapshot *snapshot, size_t index,
                     struct hs_list_spec *ret_spec, uint64_t *ret_entries)
{
    for (uint32_t i = 0; i < snapshot->list_count; i++) {
        if (snapshot->lists[i].removed || index-- > 0) {
            continue;
        }
        *ret_spec = snapshot->lists[i].spec;
        if (ret_entries) {
            *ret_entries = snapshot->lists[i].entries;
        }
        return HS_OK;
    }
    return HS_ENOTFOUND;
}

int hs_snapshot_entry(const struct hs_snapshot *snapshot, struct hs_str list_id,
                      struct hs_str entry_id)
{
    uint32_t list = hs_snapshot_find_list(snapshot, list_id);
    if (list == UINT32_MAX) {
        return HS_ENOTFOUND;
    }
    if (snapshot->overlay &&
        hs_segment_find_id(&snapshot->overlay->segment, (uint16_t)list, entry_id) != UINT32_MAX) {
        return HS_OK;
    }
    uint32_t slot = hs_segment_find_id(&snapshot->base->segment, (uint16_t)list, entry_id);
    return slot != UINT32_MAX && hs_snapshot_base_stands(snapshot, slot) ? HS_OK : HS_ENOTFOUND;
}

int hs_snapshot_list_by_id(const struct hs_snapshot *snapshot, struct hs_str list_id,
                           struct hs_list_spec *ret_spec, uint64_t *ret_entries)
{
    uint32_t i = hs_snapshot_find_list(snapshot, list_id);
    if (i == UINT32_MAX) {
        return HS_ENOTFOUND;
    }
    *ret_spec = snapshot->lists[i].spec;
    if (ret_entries) {
        *ret_entries = snapshot->lists[i].entries;
    }
    return HS_OK;
}
