// SPDX-License-Identifier: Apache-2.0
#include "match/list.h"

#include "base/error.h"
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
    const uint8_t *end = at + policy.len;
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
    struct hs_list made = {.spec = *spec, .entries = list->entries, .removed = list->removed};
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
