// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "base/civil.h"
#include "base/error.h"
#include "hitstream/v1/watchlist.pb-c.h"
#include "watchlist/entry.h"
#include "watchlist/entry_columns.h"

typedef Hitstream__V1__WatchlistEntry entry_t; // protobuf-c's name is a line long

struct Hitstream__V1__WatchlistEntry *hs_entry_unpack(struct hs_str packed)
{
    return hitstream__v1__watchlist_entry__unpack(NULL, packed.len, (const uint8_t *)packed.ptr);
}

void hs_entry_free(struct Hitstream__V1__WatchlistEntry *entry)
{
    if (entry) {
        hitstream__v1__watchlist_entry__free_unpacked(entry, NULL);
    }
}

static void print_date(uint32_t date, struct hs_buf *out)
{
    if (date != 0) {
        hs_buf_printf(out, "%04u-%02u-%02u", date / 10000, date / 100 % 100, date % 100);
    }
}

static void print_instant(int64_t at_ms, struct hs_buf *out)
{
    char text[HS_CIVIL_TEXT_BYTES];
    int64_t day_ms;
    uint32_t date = hs_civil_date(at_ms);
    if (at_ms == 0) {
        return;
    }
    if (hs_civil_day_start_ms(date, &day_ms) == 0 && day_ms == at_ms) {
        print_date(date, out);
        return;
    }
    hs_civil_format(at_ms, text);
    hs_buf_add_text(out, text);
}

static void print_texts(char *const *texts, size_t count, const char *between, struct hs_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        hs_buf_printf(out, "%s%s", i ? between : "", texts[i]);
    }
}

static void print_tiers(const entry_t *entry, struct hs_buf *out)
{
    for (size_t i = 0; i < entry->n_permitted_tiers; i++) {
        hs_buf_printf(out, "%s%s", i ? ";" : "",
                      hs_column_word_of(hs_tier_words, (int)entry->permitted_tiers[i]));
    }
}

static void print_hours(const Hitstream__V1__Hours *hours, struct hs_buf *out)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    const char *between = "";
    if (!hours) {
        return;
    }
    for (unsigned day = 0; day < 7; day++) {
        if (hours->days & (1u << day)) {
            hs_buf_printf(out, "%s%s", between, names[day]);
            between = ",";
        }
    }
    if (hours->from_minute != 0 || hours->to_minute != 1440 || hours->days == 0) {
        hs_buf_printf(out, "%s%02u:%02u-%02u:%02u", hours->days ? " " : "", hours->from_minute / 60,
                      hours->from_minute % 60, hours->to_minute / 60, hours->to_minute % 60);
    }
}

static void print_exclusions(const entry_t *entry, struct hs_buf *out)
{
    for (size_t i = 0; i < entry->n_exclusions; i++) {
        const Hitstream__V1__Exclusion *one = entry->exclusions[i];
        uint32_t date = hs_civil_date(one->expires_at_ms - 1);
        int64_t end_ms;
        hs_buf_printf(out, "%s%s/%s/", i ? ";" : "", one->vrm, one->owner);
        if (hs_civil_day_end_ms(date, &end_ms) == 0 && end_ms == one->expires_at_ms) {
            print_date(date, out);
        } else {
            print_instant(one->expires_at_ms, out);
        }
        hs_buf_printf(out, "%s%s", *one->reason ? "/" : "", one->reason);
    }
}

void hs_entry_print(const struct Hitstream__V1__WatchlistEntry *entry, enum hs_column column,
                    struct hs_buf *out)
{
    const struct hs_column_row *row = &hs_columns[column];
    const void *member = (const char *)entry + row->offset;
    switch (row->kind) {
    case HS_KIND_VRM:
    case HS_KIND_TEXT:
    case HS_KIND_FREE_TEXT:
    case HS_KIND_ENTRY_ID:
        hs_buf_add_text(out, *(char *const *)member);
        break;
    case HS_KIND_WORD: {
        int number = *(const int *)member;
        hs_buf_add_text(out, number == 0 ? "" : hs_column_word_of(row->words, number));
        break;
    }
    case HS_KIND_MARKERS:
        print_texts(entry->warning_markers, entry->n_warning_markers, " ", out);
        break;
    case HS_KIND_WEED_DATE:
        print_date(entry->weed_date, out);
        break;
    case HS_KIND_INSTANT:
        print_instant(*(const int64_t *)member, out);
        break;
    case HS_KIND_NUMBER:
        if (*(const uint32_t *)member != 0) {
            hs_buf_printf(out, "%u", *(const uint32_t *)member);
        }
        break;
    case HS_KIND_LIST:
        if (column == HS_COLUMN_FORCES) {
            print_texts(entry->forces, entry->n_forces, ";", out);
        } else if (column == HS_COLUMN_AREAS) {
            print_texts(entry->areas, entry->n_areas, ";", out);
        } else {
            print_texts(entry->roads, entry->n_roads, ";", out);
        }
        break;
    case HS_KIND_TIERS:
        print_tiers(entry, out);
        break;
    case HS_KIND_HOURS:
        print_hours(entry->hours, out);
        break;
    case HS_KIND_EXCLUSIONS:
        print_exclusions(entry, out);
        break;
    }
}

// ---- packed entries, without unpacking ----

static bool take_varint(struct hs_str *rest, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && rest->len > 0; shift += 7) {
        unsigned char c = (unsigned char)rest->ptr[0];
        rest->ptr++;
        rest->len--;
        value |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

// Cuts the next field off: its number, its bytes with and without the tag. False at the end or for
// what is not ours.
static bool take_field(struct hs_str *rest, unsigned *ret_field, struct hs_str *ret_value)
{
    uint64_t tag, size;
    if (rest->len == 0 || !take_varint(rest, &tag)) {
        return false;
    }
    *ret_field = (unsigned)(tag >> 3);
    if ((tag & 7) == 0) {
        const char *from = rest->ptr;
        if (!take_varint(rest, &size)) {
            return false;
        }
        *ret_value = hs_str_n(from, (size_t)(rest->ptr - from));
        return true;
    }
    if ((tag & 7) != 2 || !take_varint(rest, &size) || size > rest->len) {
        return false;
    }
    *ret_value = hs_str_n(rest->ptr, (size_t)size);
    rest->ptr += size;
    rest->len -= (size_t)size;
    return true;
}

enum { FIELD_VRM = 3, FIELD_ADDED = 36 };

static bool take_field_but_added(struct hs_str *rest, unsigned *ret_field, struct hs_str *ret_value)
{
    bool got;
    do {
        got = take_field(rest, ret_field, ret_value);
    } while (got && *ret_field == FIELD_ADDED);
    return got;
}

bool hs_entry_same(struct hs_str a, struct hs_str b)
{
    unsigned field_a, field_b;
    struct hs_str value_a, value_b;
    for (;;) {
        bool more_a = take_field_but_added(&a, &field_a, &value_a);
        bool more_b = take_field_but_added(&b, &field_b, &value_b);
        if (!more_a || !more_b) {
            return more_a == more_b && a.len == 0 && b.len == 0;
        }
        if (field_a != field_b || !hs_str_eq(value_a, value_b)) {
            return false;
        }
    }
}

int hs_entry_vrm(struct hs_str packed, struct hs_vrm *ret_vrm)
{
    unsigned field;
    struct hs_str value;
    while (take_field(&packed, &field, &value)) {
        if (field == FIELD_VRM) {
            return hs_vrm_normalise(value, ret_vrm, NULL);
        }
    }
    return HS_EFORMAT;
}
