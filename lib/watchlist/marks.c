// SPDX-License-Identifier: Apache-2.0
#include "watchlist/marks.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"

struct mark_slot {
    uint64_t folded; // packed, one character for each glyph; 0: free
    uint64_t packed; // as listed
    unsigned line;
};

struct id_slot {
    uint64_t hash; // of the entry id; 0: free
    unsigned line;
};

struct hs_marks {
    struct mark_slot *marks;
    struct id_slot *ids; // of entries whose id is not their mark
    size_t mark_slots, mark_count;
    size_t id_slots, id_count;
};

enum { SLOTS_MIN = 1024 };

int hs_marks_new(struct hs_marks **ret_marks)
{
    struct hs_marks *marks = calloc(1, sizeof(*marks));
    if (!marks) {
        return HS_ENOMEM;
    }
    marks->mark_slots = marks->id_slots = SLOTS_MIN;
    marks->marks = calloc(SLOTS_MIN, sizeof(*marks->marks));
    marks->ids = calloc(SLOTS_MIN, sizeof(*marks->ids));
    if (!marks->marks || !marks->ids) {
        hs_marks_free(marks);
        return HS_ENOMEM;
    }
    *ret_marks = marks;
    return 0;
}

void hs_marks_free(struct hs_marks *marks)
{
    if (marks) {
        free(marks->marks);
        free(marks->ids);
        free(marks);
    }
}

static struct mark_slot *mark_at(struct mark_slot *slots, size_t slot_count, uint64_t folded)
{
    size_t i = hs_hash_u64(folded) & (slot_count - 1);
    while (slots[i].folded != 0 && slots[i].folded != folded) {
        i = (i + 1) & (slot_count - 1);
    }
    return &slots[i];
}

static struct id_slot *id_at(struct id_slot *slots, size_t slot_count, uint64_t hash)
{
    size_t i = hash & (slot_count - 1);
    while (slots[i].hash != 0 && slots[i].hash != hash) {
        i = (i + 1) & (slot_count - 1);
    }
    return &slots[i];
}

static int grow_marks(struct hs_marks *marks)
{
    size_t count = marks->mark_slots * 4;
    struct mark_slot *slots = calloc(count, sizeof(*slots));
    if (!slots) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < marks->mark_slots; i++) {
        if (marks->marks[i].folded != 0) {
            *mark_at(slots, count, marks->marks[i].folded) = marks->marks[i];
        }
    }
    free(marks->marks);
    marks->marks = slots;
    marks->mark_slots = count;
    return 0;
}

static int grow_ids(struct hs_marks *marks)
{
    size_t count = marks->id_slots * 4;
    struct id_slot *slots = calloc(count, sizeof(*slots));
    if (!slots) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < marks->id_slots; i++) {
        if (marks->ids[i].hash != 0) {
            *id_at(slots, count, marks->ids[i].hash) = marks->ids[i];
        }
    }
    free(marks->ids);
    marks->ids = slots;
    marks->id_slots = count;
    return 0;
}

static uint64_t pack_folded(const struct hs_vrm *vrm)
{
    struct hs_vrm folded = *vrm;
    for (unsigned i = 0; i < folded.len; i++) {
        folded.text[i] = hs_vrm_glyph_of(folded.text[i]);
    }
    return hs_vrm_pack(&folded);
}

// The slot of an entry's own id, or NULL when it is the mark itself: then the mark's slot speaks
// for it.
static struct id_slot *own_id(struct hs_marks *marks, const struct hs_vrm *vrm,
                              struct hs_str entry_id, uint64_t *ret_hash)
{
    if (hs_str_eq(entry_id, hs_vrm_str(vrm))) {
        return NULL;
    }
    uint64_t hash = hs_hash_bytes(entry_id.ptr, entry_id.len, 0);
    *ret_hash = hash ? hash : 1;
    return id_at(marks->ids, marks->id_slots, *ret_hash);
}

int hs_marks_add(struct hs_marks *marks, const struct hs_vrm *vrm, struct hs_str entry_id,
                 unsigned line, unsigned *ret_line, struct hs_vrm *ret_other)
{
    uint64_t id_hash = 0, folded = pack_folded(vrm), packed = hs_vrm_pack(vrm);
    if ((marks->mark_count * 2 >= marks->mark_slots && grow_marks(marks) != 0) ||
        (marks->id_count * 2 >= marks->id_slots && grow_ids(marks) != 0)) {
        return HS_ENOMEM;
    }
    struct mark_slot *mark = mark_at(marks->marks, marks->mark_slots, folded);
    struct id_slot *id = own_id(marks, vrm, entry_id, &id_hash);
    if (mark->folded != 0) {
        *ret_line = mark->line;
        if (ret_other) {
            hs_vrm_unpack(mark->packed, ret_other);
        }
        return mark->packed == packed ? HS_MARK_SAME : HS_MARK_VARIANT;
    }
    if (id && id->hash != 0) {
        *ret_line = id->line;
        return HS_MARK_SAME_ID;
    }
    *mark = (struct mark_slot){folded, packed, line};
    marks->mark_count++;
    if (id) {
        *id = (struct id_slot){id_hash, line};
        marks->id_count++;
    }
    return HS_MARK_NEW;
}

enum hs_mark_found hs_marks_find(const struct hs_marks *marks, const struct hs_vrm *vrm,
                                 struct hs_vrm *ret_other)
{
    const struct mark_slot *mark = mark_at(marks->marks, marks->mark_slots, pack_folded(vrm));
    if (mark->folded == 0) {
        return HS_MARK_NEW;
    }
    if (ret_other) {
        hs_vrm_unpack(mark->packed, ret_other);
    }
    return mark->packed == hs_vrm_pack(vrm) ? HS_MARK_SAME : HS_MARK_VARIANT;
}
