// SPDX-License-Identifier: Apache-2.0
#include "match/list.h"

#include "base/error.h"
#include "match/segment.h"
#include "wire/scan.h"

enum {
    POLICY_TIERS = 1,
    POLICY_MAX_CONFUSED = 2,
    POLICY_MAX_LOOKALIKE = 3,
    POLICY_MIN_CONFIDENCE = 4
};

static const uint8_t policy_wire_types[] = {HS_WIRE_ANY, HS_WIRE_VARINTS, HS_WIRE_VARINT,
                                            HS_WIRE_VARINT, HS_WIRE_VARINT};
static const struct hs_field_types policy_types = {policy_wire_types, 5};

static hs_tier_bits tier_bit(uint64_t tier)
{
    return tier <= HS_TIER_WILDCARD ? HS_TIER_BIT(tier) : HS_TIER_BIT(HS_TIER_NONE);
}

static int take_tiers(const struct hs_field *field, hs_tier_bits *tiers)
{
    if (field->wire_type == HS_WIRE_VARINT) {
        *tiers |= tier_bit(hs_field_number(field));
        return HS_OK;
    }
    const uint8_t *end = field->data + field->len;
    for (const uint8_t *at = field->data; at < end;) {
        unsigned len = hs_scan_varint_len(at, end, 10);
        if (len == 0) {
            return HS_EFORMAT;
        }
        *tiers |= tier_bit(hs_scan_varint(at, len));
        at += len;
    }
    return HS_OK;
}

static int take_policy(struct hs_list *list, struct hs_str policy)
{
    const uint8_t *at = (const uint8_t *)policy.ptr;
    const uint8_t *end = policy.len ? at + policy.len : at;
    struct hs_field field;
    while (at < end) {
        at = hs_scan_field(at, end, &policy_types, &field);
        if (!at ||
            (field.number == POLICY_TIERS && take_tiers(&field, &list->policy_tiers) != HS_OK)) {
            return HS_EFORMAT;
        }
        if (field.number == POLICY_MAX_CONFUSED) {
            list->max_entries_confused = (uint32_t)hs_field_number(&field);
        } else if (field.number == POLICY_MAX_LOOKALIKE) {
            list->max_entries_lookalike = (uint32_t)hs_field_number(&field);
        } else if (field.number == POLICY_MIN_CONFIDENCE) {
            list->min_confidence_pct = (uint32_t)hs_field_number(&field);
        }
    }
    return HS_OK;
}

// A copy, or the empty text; sets *status when out of memory.
static struct hs_str keep(struct hs_bump *texts, struct hs_str text, int *status)
{
    char *copy = hs_bump_copy(texts, text.ptr, text.len);
    if (!copy) {
        *status = HS_ENOMEM;
        return (struct hs_str){0};
    }
    return hs_str_n(copy, text.len);
}

int hs_list_init(struct hs_list *list, const struct hs_list_spec *spec, uint16_t index,
                 struct hs_bump *texts)
{
    struct hs_list made = {.spec = *spec,
                           .entries = list->entries,
                           .removed = list->removed,
                           .has_wild_marks = list->has_wild_marks,
                           .masks = list->masks};
    int status = take_policy(&made, spec->policy);
    made.spec.list_id = keep(texts, spec->list_id, &status);
    made.spec.title = keep(texts, spec->title, &status);
    made.spec.owner_force = keep(texts, spec->owner_force, &status);
    made.spec.policy = keep(texts, spec->policy, &status);
    if (status != HS_OK) {
        return status;
    }
    if (made.policy_tiers == 0) {
        made.policy_tiers = HS_TIERS_DEFAULT;
    }
    if (made.max_entries_confused == 0) {
        made.max_entries_confused = HS_POLICY_ENTRIES_DEFAULT;
    }
    if (made.max_entries_lookalike == 0) {
        made.max_entries_lookalike = HS_POLICY_ENTRIES_DEFAULT;
    }
    bool open = !spec->covert && spec->status == HS_LIST_LIVE;
    made.audience = (uint16_t)(open ? HS_AUDIENCE_OPEN : index + 1);
    hs_list_settle(&made);
    *list = made;
    return HS_OK;
}

static bool shares_masks(const struct hs_list *list)
{
    return !list->removed && !list->spec.covert && list->spec.status != HS_LIST_TRIAL;
}

// Whether the audience that a list belongs to has room for one more mask: all open lists count
// together.
static bool has_room(const struct hs_list *lists, uint32_t list_count, uint16_t index, hs_mask mask)
{
    if (!shares_masks(&lists[index])) {
        return lists[index].masks.count < HS_PATTERN_MASKS_LIST_MAX;
    }
    struct hs_mask_set all = {.count = 0};
    for (uint32_t i = 0; i < list_count; i++) {
        for (unsigned k = 0; shares_masks(&lists[i]) && k < lists[i].masks.count; k++) {
            hs_mask_set_add(&all, lists[i].masks.masks[k], HS_PATTERN_MASKS_OPEN_MAX);
        }
    }
    return hs_mask_set_add(&all, mask, HS_PATTERN_MASKS_OPEN_MAX) == HS_OK;
}

int hs_list_note(struct hs_list *lists, uint32_t list_count, uint16_t index,
                 const struct hs_parsed_entry *parsed)
{
    struct hs_list *list = &lists[index];
    if (!hs_pattern_is(&parsed->vrm)) {
        list->has_wild_marks |= (parsed->terms.permitted & HS_TIER_BIT(HS_TIER_WILDCARD)) != 0;
        return HS_OK;
    }
    hs_mask mask = hs_pattern_mask(&parsed->vrm);
    if (hs_mask_set_has(&list->masks, mask)) {
        return HS_OK;
    }
    return list_count == 0 || has_room(lists, list_count, index, mask)
               ? hs_mask_set_add(&list->masks, mask, HS_PATTERN_MASKS_OPEN_MAX)
               : HS_EREFUSED;
}

void hs_list_settle(struct hs_list *list)
{
    list->tiers = list->policy_tiers;
    if (list->entries > list->max_entries_confused) {
        list->tiers &= (hs_tier_bits)~HS_TIER_BIT(HS_TIER_CONFUSED);
    }
    if (list->entries > list->max_entries_lookalike) {
        list->tiers &= (hs_tier_bits)~HS_TIER_BIT(HS_TIER_LOOKALIKE);
    }
    if (list->removed ||
        (list->spec.status != HS_LIST_LIVE && list->spec.status != HS_LIST_TRIAL)) {
        list->tiers = 0;
    }
}
