// SPDX-License-Identifier: Apache-2.0
#include "match/terms.h"

#include "base/civil.h"
#include "base/error.h"
#include "wire/scan.h"

// Numbers of WatchlistEntry's fields that matching asks for.
enum {
    ENTRY_ID = 2,
    ENTRY_VRM = 3,
    ENTRY_HANDLING = 7,
    ENTRY_WEED_DATE = 13,
    ENTRY_VALID_FROM_MS = 22,
    ENTRY_SAFEGUARDING = 25,
    ENTRY_PERMITTED_TIERS = 30,
    ENTRY_FORCES = 31,
    ENTRY_AREAS = 32,
    ENTRY_ROADS = 33,
    ENTRY_HOURS = 34,
    ENTRY_EXCLUSIONS = 35,
    ENTRY_FIELDS = 38,
};
enum { HOURS_DAYS = 1, HOURS_FROM = 2, HOURS_TO = 3 };
enum { EXCLUSION_VRM = 1, EXCLUSION_EXPIRES_AT_MS = 3 };
enum { TIERS = 8, EVERY_DAY = 0x7f };

#define B HS_WIRE_BYTES
#define V HS_WIRE_VARINT
static const uint8_t entry_wire_types[ENTRY_FIELDS] = {HS_WIRE_ANY,
                                                       B,
                                                       B,
                                                       B,
                                                       B,
                                                       B,
                                                       B,
                                                       V,
                                                       B,
                                                       B,
                                                       B,
                                                       B,
                                                       B,
                                                       V,
                                                       B,
                                                       B,
                                                       B,
                                                       B,
                                                       B,
                                                       B,
                                                       B,
                                                       B,
                                                       V,
                                                       V,
                                                       V,
                                                       V,
                                                       B,
                                                       B,
                                                       V,
                                                       B,
                                                       HS_WIRE_VARINTS,
                                                       B,
                                                       B,
                                                       B,
                                                       B,
                                                       B,
                                                       V,
                                                       V};
static const uint8_t hours_wire_types[] = {HS_WIRE_ANY, V, V, V};
static const uint8_t exclusion_wire_types[] = {HS_WIRE_ANY, B, B, V, B};
#undef B
#undef V
static const struct hs_field_types entry_types = {entry_wire_types, ENTRY_FIELDS};
static const struct hs_field_types hours_types = {hours_wire_types, 4};
static const struct hs_field_types exclusion_types = {exclusion_wire_types, 5};

static void permit(uint64_t tier, struct hs_terms *terms)
{
    // a tier that this version does not know permits nothing, but the entry has named its tiers
    terms->permitted |= (hs_tier_bits)(1U << (tier < TIERS ? tier : 0));
}

// A number, or a text full of them.
static int take_tiers(const struct hs_field *field, struct hs_terms *terms)
{
    if (field->wire_type == HS_WIRE_VARINT) {
        permit(hs_field_number(field), terms);
        return HS_OK;
    }
    const uint8_t *end = field->data + field->len;
    for (const uint8_t *at = field->data; at < end;) {
        unsigned len = hs_scan_varint_len(at, end, 10);
        if (len == 0) {
            return HS_EFORMAT;
        }
        permit(hs_scan_varint(at, len), terms);
        at += len;
    }
    return HS_OK;
}

static int take_hours(const struct hs_field *message, struct hs_terms *terms)
{
    const uint8_t *end = message->data + message->len;
    struct hs_field field;
    for (const uint8_t *at = message->data; at < end;) {
        at = hs_scan_field(at, end, &hours_types, &field);
        if (!at) {
            return HS_EFORMAT;
        }
        if (field.number == HOURS_DAYS) {
            terms->days = (uint32_t)hs_field_number(&field);
        } else if (field.number == HOURS_FROM) {
            terms->from_minute = (uint32_t)hs_field_number(&field);
        } else if (field.number == HOURS_TO) {
            terms->to_minute = (uint32_t)hs_field_number(&field);
        }
    }
    return HS_OK;
}

static int take_exclusion(const struct hs_field *message, const struct hs_terms_question *question,
                          struct hs_terms *terms)
{
    const uint8_t *end = message->data + message->len;
    struct hs_field field;
    struct hs_str text = {0};
    int64_t expires_at_ms = 0;
    for (const uint8_t *at = message->data; at < end;) {
        at = hs_scan_field(at, end, &exclusion_types, &field);
        if (!at) {
            return HS_EFORMAT;
        }
        if (field.number == EXCLUSION_VRM) {
            text = hs_field_text(&field);
        } else if (field.number == EXCLUSION_EXPIRES_AT_MS) {
            expires_at_ms = (int64_t)hs_field_number(&field);
        }
    }
    struct hs_vrm vrm;
    if (question->at_ms >= expires_at_ms || hs_vrm_normalise(text, &vrm, NULL) != HS_OK) {
        return HS_OK;
    }
    for (unsigned i = 0; i < 2; i++) {
        const struct hs_vrm *mark = question->marks[i];
        terms->excluded |= mark && hs_vrm_glyph_eq(mark, &vrm);
    }
    return HS_OK;
}

// Counts `name` among the places where the entry applies.
static void take_place(const struct hs_field *field, struct hs_str here, bool *restricted,
                       bool *is_here)
{
    *restricted = true;
    *is_here |= hs_str_eq_nocase(hs_field_text(field), here);
}

static int take_field(const struct hs_field *field, const struct hs_terms_question *question,
                      struct hs_terms *terms)
{
    static const struct hs_camera nowhere;
    const struct hs_camera *camera = question->camera ? question->camera : &nowhere;
    switch (field->number) {
    case ENTRY_ID:
        terms->entry_id = hs_field_text(field);
        return HS_OK;
    case ENTRY_VRM:
        terms->vrm = hs_field_text(field);
        return HS_OK;
    case ENTRY_HANDLING:
        terms->handling = (uint32_t)hs_field_number(field);
        return HS_OK;
    case ENTRY_SAFEGUARDING:
        terms->safeguarding = (uint32_t)hs_field_number(field);
        return HS_OK;
    case ENTRY_WEED_DATE:
        terms->weed_date = (uint32_t)hs_field_number(field);
        return HS_OK;
    case ENTRY_VALID_FROM_MS:
        terms->valid_from_ms = (int64_t)hs_field_number(field);
        return HS_OK;
    case ENTRY_PERMITTED_TIERS:
        return take_tiers(field, terms);
    case ENTRY_FORCES:
        take_place(field, camera->force, &terms->restricted_forces, &terms->here_force);
        return HS_OK;
    case ENTRY_AREAS:
        take_place(field, camera->area, &terms->restricted_areas, &terms->here_area);
        return HS_OK;
    case ENTRY_ROADS:
        take_place(field, camera->road, &terms->restricted_roads, &terms->here_road);
        return HS_OK;
    case ENTRY_HOURS:
        return take_hours(field, terms);
    case ENTRY_EXCLUSIONS:
        return take_exclusion(field, question, terms);
    default:
        return HS_OK;
    }
}

int hs_terms_read(struct hs_str packed_entry, const struct hs_terms_question *question,
                  struct hs_terms *ret_terms)
{
    struct hs_terms terms = {0};
    const uint8_t *at = (const uint8_t *)packed_entry.ptr;
    const uint8_t *end = packed_entry.len ? at + packed_entry.len : at;
    struct hs_field field;
    while (at < end) {
        at = hs_scan_field(at, end, &entry_types, &field);
        if (!at || take_field(&field, question, &terms) != HS_OK) {
            return HS_EFORMAT;
        }
    }
    *ret_terms = terms;
    return HS_OK;
}

// A window over midnight belongs to the day on which it begins.
static bool hours_hold(const struct hs_terms *terms, int64_t at_ms)
{
    if (terms->days == 0 && terms->from_minute == 0 && terms->to_minute == 0) {
        return true;
    }
    struct hs_civil now = hs_civil_london(at_ms);
    uint32_t minute = now.hour * 60 + now.minute;
    uint32_t days = terms->days & EVERY_DAY ? terms->days : EVERY_DAY;
    bool today = days >> now.weekday & 1;
    bool yesterday = days >> (now.weekday + 6) % 7 & 1;
    if (terms->from_minute < terms->to_minute) {
        return today && minute >= terms->from_minute && minute < terms->to_minute;
    }
    return (today && minute >= terms->from_minute) || (yesterday && minute < terms->to_minute);
}

static bool here(bool restricted, bool is_here, bool known)
{
    return !restricted || is_here || !known;
}

static bool place_holds(const struct hs_terms *terms, const struct hs_camera *camera)
{
    return !camera || (here(terms->restricted_forces, terms->here_force, camera->force.len > 0) &&
                       here(terms->restricted_areas, terms->here_area, camera->area.len > 0) &&
                       here(terms->restricted_roads, terms->here_road, camera->road.len > 0));
}

bool hs_terms_hold(const struct hs_terms *terms, const struct hs_terms_question *question)
{
    if (terms->excluded || question->at_ms < terms->valid_from_ms ||
        (terms->weed_date && hs_civil_date(question->at_ms) > terms->weed_date)) {
        return false;
    }
    return hours_hold(terms, question->at_ms) && place_holds(terms, question->camera);
}
