// SPDX-License-Identifier: Apache-2.0
#include "watchlist/entry.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/error.h"
#include "watchlist/entry_columns.h"
#include "watchlist/entry_hours.h"

enum { FIXED_CHARACTERS_MIN = 3, VRM_CHARACTERS_MIN = 2 };
enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };
enum { FIELD_LIST_ID = 1, FIELD_ADDED = 36 };

// One entry on its way: what it is made from, where it goes, how many faults it has.
struct making {
    const struct hs_entry_rules *rules;
    const struct hs_entry_text *texts;
    struct hs_diags *diags;
    struct hs_buf *out;
    struct hs_entry *entry;
    size_t faults;
};

// ---- the wire ----

static size_t write_varint(char *at, uint64_t value)
{
    size_t n = 0;
    while (value >= 0x80) {
        at[n++] = (char)(value | 0x80);
        value >>= 7;
    }
    at[n++] = (char)value;
    return n;
}

enum { VARINT_BYTES = 10 };

static void put_number(struct hs_buf *out, unsigned field, uint64_t value)
{
    char *at = value != 0 ? hs_buf_reserve(out, 2 * VARINT_BYTES) : NULL;
    if (at) {
        size_t n = write_varint(at, (uint64_t)field << 3 | WIRE_VARINT);
        out->len += n + write_varint(at + n, value);
    }
}

static void put_bytes(struct hs_buf *out, unsigned field, struct hs_str bytes)
{
    char *at = hs_buf_reserve(out, 2 * VARINT_BYTES + bytes.len);
    if (at) {
        size_t n = write_varint(at, (uint64_t)field << 3 | WIRE_BYTES);
        n += write_varint(at + n, bytes.len);
        memcpy(at + n, bytes.ptr ? bytes.ptr : "", bytes.len);
        out->len += n + bytes.len;
    }
}

static void put_text(struct hs_buf *out, unsigned field, struct hs_str text)
{
    if (text.len > 0) {
        put_bytes(out, field, text);
    }
}

// ---- faults ----

static void fault(struct making *making, enum hs_column column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fault(struct making *making, enum hs_column column, const char *format, ...)
{
    char message[512];
    const struct hs_entry_text *text = &making->texts[column];
    struct hs_diag_place place = {.file = making->rules->file,
                                  .line = text->line ? text->line : making->texts[0].line,
                                  .column = text->column,
                                  .key = hs_columns[column].name,
                                  .value = text->text};
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    hs_diags_add(making->diags, HS_DIAG_ERROR, &place, "%s", message);
    making->faults++;
}

// ---- columns ----

static struct hs_str given(const struct making *making, enum hs_column column)
{
    return hs_str_trim(making->texts[column].text);
}

static bool plate_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '?' ||
           c == ' ' || c == '-' || c == '.';
}

static void read_vrm(struct making *making)
{
    struct hs_str text = given(making, HS_COLUMN_VRM);
    struct hs_vrm vrm;
    if (text.len == 0) {
        fault(making, HS_COLUMN_VRM, "is empty: every entry needs a plate");
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!plate_character(text.ptr[i])) {
            fault(making, HS_COLUMN_VRM,
                  "character %zu cannot stand on a plate; allowed: letters, digits, '?' for any "
                  "one character, and "
                  "spaces, '-' and '.', which do not count",
                  i + 1);
            return;
        }
    }
    int rc = hs_vrm_normalise(text, &vrm, NULL);
    if (rc == HS_ELIMIT) {
        fault(making, HS_COLUMN_VRM, "is too long: at most %d characters", HS_VRM_MAX);
    } else if (rc != 0) {
        fault(making, HS_COLUMN_VRM, "is empty: no letter or digit in it");
    } else if (vrm.len < VRM_CHARACTERS_MIN) {
        fault(making, HS_COLUMN_VRM, "is too short: at least %d characters", VRM_CHARACTERS_MIN);
    } else if (vrm.unreadable > 0 && vrm.len - vrm.unreadable < FIXED_CHARACTERS_MIN) {
        fault(making, HS_COLUMN_VRM, "pattern is too wide: at least %d characters besides '?'",
              FIXED_CHARACTERS_MIN);
    } else {
        making->entry->vrm = vrm;
    }
}

static bool id_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("?-_.:/", c));
}

static void read_entry_id(struct making *making)
{
    struct hs_str text = given(making, HS_COLUMN_ENTRY_ID);
    struct hs_entry *entry = making->entry;
    if (text.len == 0) {
        text = hs_vrm_str(&entry->vrm);
    }
    if (text.len > HS_ENTRY_ID_MAX) {
        fault(making, HS_COLUMN_ENTRY_ID, "is too long: at most %d characters", HS_ENTRY_ID_MAX);
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!id_character(text.ptr[i])) {
            fault(making, HS_COLUMN_ENTRY_ID,
                  "character %zu cannot stand in an entry id; allowed: letters, digits and - _ . : "
                  "/ ?",
                  i + 1);
            return;
        }
    }
    memcpy(entry->id_text, text.ptr, text.len);
    entry->id_text[text.len] = '\0';
    entry->entry_id = hs_str_n(entry->id_text, text.len);
}

// Whether all eight bytes are ASCII that prints: 0x20 to 0x7e.
static bool prints(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones * 0x80;
    uint64_t below_space = (word - ones * 0x20) & ~word;
    uint64_t delete = (word ^ ones * 0x7f) - ones;
    return ((word | below_space | (delete &~(word ^ ones * 0x7f))) & tops) == 0;
}

static size_t printing_bytes(struct hs_str text)
{
    size_t i = 0;
    uint64_t word;
    for (; i + sizeof(word) <= text.len; i += sizeof(word)) {
        memcpy(&word, text.ptr + i, sizeof(word));
        if (!prints(word)) {
            break;
        }
    }
    return i;
}

// Whether a column may hold this text; if not, it is told why.
static bool check_text(struct making *making, enum hs_column column, struct hs_str text)
{
    const struct hs_column_row *row = &hs_columns[column];
    bool ascii = true;
    if (text.len > row->max) {
        fault(making, column, "is too long: %zu bytes, at most %u", text.len, row->max);
        return false;
    }
    for (size_t i = printing_bytes(text); i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool breaks = c == '\n' || c == '\r' || c == '\t';
        if ((c < 0x20 || c == 0x7f) && !(breaks && row->kind == HS_KIND_FREE_TEXT)) {
            fault(making, column, "byte %zu is a control character", i + 1);
            return false;
        }
        ascii &= c < 0x80;
    }
    if (!ascii && !hs_str_is_utf8(text)) {
        fault(making, column, "is not UTF-8");
        return false;
    }
    return true;
}

static void read_text(struct making *making, enum hs_column column)
{
    struct hs_str text = given(making, column);
    if (check_text(making, column, text)) {
        put_text(making->out, hs_columns[column].field, text);
    }
}

static void read_word(struct making *making, enum hs_column column)
{
    const struct hs_column_row *row = &hs_columns[column];
    struct hs_str text = given(making, column);
    if (text.len == 0 && column != HS_COLUMN_ACTION) {
        return;
    }
    int number = hs_column_word_number(row->words, text);
    if (number >= 0) {
        put_number(making->out, row->field, (uint64_t)number);
        return;
    }
    struct hs_buf words = {0};
    hs_column_words_text(row->words, &words);
    if (text.len == 0) {
        fault(making, column, "is empty; allowed: %s", hs_buf_text(&words));
    } else if (column == HS_COLUMN_ACTION && hs_column_name_eq(text, "COVERT")) {
        fault(
            making, column,
            "an entry cannot be covert: that is the whole list's ('hitctl list create --covert'); "
            "allowed: %s",
            hs_buf_text(&words));
    } else {
        fault(making, column, "is unknown; allowed: %s", hs_buf_text(&words));
    }
    hs_buf_fini(&words);
}

static bool letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void read_markers(struct making *making, enum hs_column column)
{
    struct hs_str text = given(making, column);
    size_t i = 0;
    while (i < text.len) {
        size_t from = i;
        while (i < text.len && !strchr(" ,;/|", text.ptr[i])) {
            i++;
        }
        size_t len = i - from;
        i++;
        if (len == 0) {
            continue;
        }
        if (len != 2 || !letter(text.ptr[from]) || !letter(text.ptr[from + 1])) {
            fault(
                making, column,
                "'%.*s' is no warning marker: two letters each, with spaces between, as in 'FI VI'",
                (int)len, text.ptr + from);
            return;
        }
        char code[2] = {(char)(text.ptr[from] & ~0x20), (char)(text.ptr[from + 1] & ~0x20)};
        put_bytes(making->out, hs_columns[column].field, hs_str_n(code, 2));
    }
}

static void read_weed_date(struct making *making, enum hs_column column)
{
    struct hs_str text = given(making, column);
    uint32_t date, today = making->rules->today;
    if (text.len == 0) {
        fault(making, column,
              "is missing: every entry says until when it applies, as in 2026-12-31");
        return;
    }
    int rc = hs_civil_parse_date(text, &date);
    if (rc != 0) {
        fault(making, column,
              rc == HS_EINVAL ? "there is no such day; a date is as in 2026-12-31 or 31/12/2026"
                              : "is no date; a date is as in 2026-12-31 or 31/12/2026");
        return;
    }
    if (date < today && !making->rules->expired_ok) {
        fault(making, column, "is past: today is %04u-%02u-%02u", today / 10000, today / 100 % 100,
              today % 100);
        return;
    }
    making->entry->weed_date = date;
    put_number(making->out, hs_columns[column].field, date);
}

// A day begins or an instant is: "2026-12-31", "2026-12-31T22:00:00Z".
static int parse_when(struct hs_str text, int64_t *ret_at_ms)
{
    uint32_t date;
    if (hs_civil_parse_date(text, &date) == 0) {
        return hs_civil_day_start_ms(date, ret_at_ms);
    }
    return hs_civil_parse(text, ret_at_ms);
}

static void read_instant(struct making *making, enum hs_column column)
{
    struct hs_str text = given(making, column);
    int64_t at_ms;
    if (text.len == 0) {
        return;
    }
    if (parse_when(text, &at_ms) != 0 || at_ms <= 0) {
        fault(making, column, "is no date or time; as in 2026-12-31 or 2026-12-31T22:00:00Z");
    } else if (column == HS_COLUMN_VALID_FROM && making->entry->weed_date != 0 &&
               hs_civil_date(at_ms) > making->entry->weed_date) {
        fault(making, column, "is after the weed date: the entry would never apply");
    } else if (column == HS_COLUMN_REVIEWED && at_ms > making->rules->now_ms) {
        fault(making, column, "is in the future: it says when the entry was last reviewed");
    } else {
        put_number(making->out, hs_columns[column].field, (uint64_t)at_ms);
    }
}

static void read_number(struct making *making, enum hs_column column)
{
    struct hs_str text = given(making, column);
    uint64_t value;
    if (text.len == 0) {
        return;
    }
    if (hs_str_to_u64(text, &value) != 0 || value > hs_columns[column].max) {
        fault(making, column, "is no number from 0 to %u", hs_columns[column].max);
        return;
    }
    put_number(making->out, hs_columns[column].field, value);
}

static void read_list(struct making *making, enum hs_column column)
{
    struct hs_str rest = given(making, column), item;
    if (!check_text(making, column, rest)) {
        return;
    }
    while (rest.len > 0 && hs_str_split(&rest, ';', &item)) {
        put_text(making->out, hs_columns[column].field, hs_str_trim(item));
    }
}

static void read_tiers(struct making *making, enum hs_column column)
{
    struct hs_str rest = given(making, column), item;
    char packed[32];
    size_t count = 0;
    while (rest.len > 0 && hs_str_split(&rest, ';', &item)) {
        int tier = hs_column_word_number(hs_tier_words, hs_str_trim(item));
        if (tier < 0 || count == sizeof(packed)) {
            struct hs_buf words = {0};
            hs_column_words_text(hs_tier_words, &words);
            fault(making, column, "'%.*s' is no match tier; allowed, with ';' between: %s",
                  (int)(item.len < 40 ? item.len : 40), item.ptr, hs_buf_text(&words));
            hs_buf_fini(&words);
            return;
        }
        packed[count++] = (char)tier;
    }
    if (count > 0) {
        put_bytes(making->out, hs_columns[column].field, hs_str_n(packed, count));
    }
}

// ---- columns that hold more than one value ----

static void read_hours(struct making *making, enum hs_column column)
{
    struct hs_str text = given(making, column);
    struct hs_buf hours = {0};
    uint32_t days, from, to;
    if (text.len == 0) {
        return;
    }
    if (hs_entry_hours_parse(text, &days, &from, &to) != 0) {
        fault(making, column,
              "are no hours; as in 'mon-fri 22:00-06:00', 'sat,sun' or '08:00-18:00'");
        return;
    }
    put_number(&hours, 1, days);
    put_number(&hours, 2, from);
    put_number(&hours, 3, to);
    put_bytes(making->out, hs_columns[column].field, hs_buf_str(&hours));
    hs_buf_fini(&hours);
}

// ---- exclusions: "AB12CDE/who/2026-12-31/why; ..." ----

static void read_exclusion(struct making *making, enum hs_column column, struct hs_str item)
{
    struct hs_str vrm_text, owner = {0}, expiry = {0};
    struct hs_vrm vrm;
    struct hs_buf packed = {0};
    uint32_t date;
    int64_t expires_ms = 0;
    hs_str_split(&item, '/', &vrm_text);
    hs_str_split(&item, '/', &owner);
    hs_str_split(&item, '/', &expiry);
    expiry = hs_str_trim(expiry);
    int rc = hs_civil_parse_date(expiry, &date);
    rc = rc == 0 ? hs_civil_day_end_ms(date, &expires_ms) : hs_civil_parse(expiry, &expires_ms);
    if (hs_vrm_normalise(vrm_text, &vrm, NULL) != 0 || vrm.unreadable > 0 ||
        hs_str_trim(owner).len == 0 || rc != 0 || expires_ms <= 0) {
        fault(making, column,
              "is no exclusion: plate, who decided it, until when, and why, as in 'AB12CDE/pc "
              "1234/2026-12-31/sold'");
        return;
    }
    put_text(&packed, 1, hs_vrm_str(&vrm));
    put_text(&packed, 2, hs_str_trim(owner));
    put_number(&packed, 3, (uint64_t)expires_ms);
    put_text(&packed, 4, hs_str_trim(item));
    put_bytes(making->out, hs_columns[column].field, hs_buf_str(&packed));
    hs_buf_fini(&packed);
}

static void read_exclusions(struct making *making, enum hs_column column)
{
    struct hs_str rest = given(making, column), item;
    if (!check_text(making, column, rest)) {
        return;
    }
    while (rest.len > 0 && hs_str_split(&rest, ';', &item)) {
        if (hs_str_trim(item).len > 0) {
            read_exclusion(making, column, hs_str_trim(item));
        }
    }
}

// ---- the whole ----

static void read_column(struct making *making, enum hs_column column)
{
    if (making->texts[column].text.len == 0 && column != HS_COLUMN_ACTION &&
        column != HS_COLUMN_WEED_DATE) {
        return; // optional and not given
    }
    switch (hs_columns[column].kind) {
    case HS_KIND_VRM:
    case HS_KIND_ENTRY_ID:
        break; // packed first, see hs_entry_make()
    case HS_KIND_TEXT:
    case HS_KIND_FREE_TEXT:
        read_text(making, column);
        break;
    case HS_KIND_WORD:
        read_word(making, column);
        break;
    case HS_KIND_MARKERS:
        read_markers(making, column);
        break;
    case HS_KIND_WEED_DATE:
        read_weed_date(making, column);
        break;
    case HS_KIND_INSTANT:
        read_instant(making, column);
        break;
    case HS_KIND_NUMBER:
        read_number(making, column);
        break;
    case HS_KIND_LIST:
        read_list(making, column);
        break;
    case HS_KIND_TIERS:
        read_tiers(making, column);
        break;
    case HS_KIND_HOURS:
        read_hours(making, column);
        break;
    case HS_KIND_EXCLUSIONS:
        read_exclusions(making, column);
        break;
    }
}

struct hs_entry_rules hs_entry_rules_at(const char *file, struct hs_str list_id, int64_t now_ms)
{
    return (struct hs_entry_rules){
        .file = file, .list_id = list_id, .now_ms = now_ms, .today = hs_civil_date(now_ms)};
}

int hs_entry_make(const struct hs_entry_rules *rules,
                  const struct hs_entry_text texts[HS_COLUMN_COUNT], struct hs_diags *diags,
                  struct hs_buf *packed, struct hs_entry *ret_entry)
{
    struct making making = {rules, texts, diags, packed, ret_entry, 0};
    *ret_entry = (struct hs_entry){0};
    hs_buf_clear(packed);
    read_vrm(&making);
    read_entry_id(&making);
    put_text(packed, FIELD_LIST_ID, rules->list_id);
    put_text(packed, hs_columns[HS_COLUMN_ENTRY_ID].field, ret_entry->entry_id);
    put_text(packed, hs_columns[HS_COLUMN_VRM].field, hs_vrm_str(&ret_entry->vrm));
    // The columns' order is that of the contract's fields but for the last.
    for (int column = HS_COLUMN_MAKE; column < HS_COLUMN_REVIEWED; column++) {
        read_column(&making, (enum hs_column)column);
    }
    put_number(packed, FIELD_ADDED, (uint64_t)rules->now_ms);
    read_column(&making, HS_COLUMN_REVIEWED);
    if (making.faults == 0 && packed->len > HS_ENTRY_PACKED_MAX) {
        fault(&making, HS_COLUMN_VRM, "the entry is too long: %zu bytes, at most %d", packed->len,
              HS_ENTRY_PACKED_MAX);
    }
    if (making.faults > 0) {
        return HS_EFORMAT;
    }
    ret_entry->packed = hs_buf_str(packed);
    return hs_buf_status(packed);
}
