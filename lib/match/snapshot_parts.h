// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_SNAPSHOT_PARTS_H
#define HS_MATCH_SNAPSHOT_PARTS_H
/*
 * What a snapshot is made of, for the files of this module only.
 *
 * Base and overlay are shared by the snapshots that are derived from one another, and counted;
 * everything in them is const. Threads: as snapshot.h.
 */

#include "match/kernel.h"
#include "match/list.h"
#include "match/mask_lines.h"
#include "match/segment.h"

enum {
    HS_SNAPSHOT_LISTS_MAX = 1024,
    HS_SNAPSHOT_CHANGE_ID_MAX = 127,
};

// All lists as they were when the base was built.
struct hs_base {
    _Atomic uint32_t refs; // acq_rel: who takes it to 0 sees all uses and frees
    struct hs_arena arena;
    struct hs_segment segment;
    struct hs_mask_lines *lines; // of its patterns; owned; NULL: it has none
};

// What has changed since.
struct hs_overlay {
    _Atomic uint32_t refs; // as in struct hs_base
    struct hs_arena arena;
    struct hs_segment segment;    // entries put since
    struct hs_arena filter_arena; // owns filter
    struct hs_filter filter;      // the base's keys and the segment's
    struct hs_mask_lines *lines;  // likewise of patterns; owned; NULL: the base's
    uint32_t *gone;     // base slots that no longer count: open addressing, UINT32_MAX is free
    uint32_t gone_mask; // size less one
    uint32_t gone_count;
};

struct hs_snapshot {
    struct hs_base *base;                // one reference
    struct hs_overlay *overlay;          // one reference; NULL: no changes
    struct hs_filter filter;             // the one that reads are asked by
    hs_mask *masks;                      // of all lists that use WILDCARD, in order of length
    uint32_t masks_from[HS_VRM_MAX + 2]; // masks of length n are from [n] to [n + 1]
    const struct hs_mask_lines *lines;   // base's or overlay's; NULL: no pattern that they take
    uint32_t sifted_lens;                // bit n: patterns of n characters stand in the lines
    uint32_t pattern_lens;               // bit n: there are such, but in no lines
    bool any_confused;                   // a list uses CONFUSED
    bool any_wild_marks;   // an entry waits for reads with an unreadable or missing character
    struct hs_list *lists; // by the list numbers of slots
    uint32_t list_count;
    int64_t as_of_ms;
    char change_id[HS_SNAPSHOT_CHANGE_ID_MAX + 1];
    struct hs_bump texts; // of lists
};

// A snapshot without entries; `list_capacity` lists can be added. NULL: out of memory.
struct hs_snapshot *hs_snapshot_alloc(uint32_t list_capacity);
// HS_EINVAL: too long.
int hs_snapshot_set_change_id(struct hs_snapshot *snapshot, struct hs_str change_id);
// The number of a list that stands, or UINT32_MAX.
uint32_t hs_snapshot_find_list(const struct hs_snapshot *snapshot, struct hs_str list_id);
// After lists, base and overlay are in place: what reads are asked by. HS_ENOMEM.
int hs_snapshot_settle(struct hs_snapshot *snapshot);

struct hs_base *hs_base_ref(struct hs_base *base);
void hs_base_unref(struct hs_base *base);
struct hs_overlay *hs_overlay_ref(struct hs_overlay *overlay); // NULL is legal
void hs_overlay_unref(struct hs_overlay *overlay);

// Whether a base slot is among those that are gone.
static inline bool hs_overlay_is_gone(const struct hs_overlay *overlay, uint32_t slot)
{
    for (uint32_t i = slot * UINT32_C(0x9e3779b1);; i++) {
        uint32_t at = overlay->gone[i & overlay->gone_mask];
        if (at == slot || at == UINT32_MAX) {
            return at == slot;
        }
    }
}

// Whether a base slot still counts in this snapshot.
static inline bool hs_snapshot_base_stands(const struct hs_snapshot *snapshot, uint32_t slot)
{
    return !snapshot->overlay || !hs_overlay_is_gone(snapshot->overlay, slot);
}

// Whether there are patterns of this length.
static inline bool hs_snapshot_has_masks(const struct hs_snapshot *snapshot, unsigned len)
{
    return len <= HS_VRM_MAX && snapshot->masks_from[len + 1] > snapshot->masks_from[len];
}

// Adds a slot to a set of `mask` + 1 places; there is always room.
void hs_overlay_set_gone(uint32_t *gone, uint32_t mask, uint32_t slot);

#endif
