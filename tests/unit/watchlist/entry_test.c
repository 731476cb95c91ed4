// SPDX-License-Identifier: Apache-2.0
// Entries as people write them: what is packed, what is printed back, what a person is told.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/error.h"
#include "hitstream/v1/watchlist.pb-c.h"
#include "watchlist/entry.h"

#define NOW_MS INT64_C(1795300000000) // 2026-11-21

struct columns {
    struct hs_entry_text texts[HS_COLUMN_COUNT];
};

static void set(struct columns *columns, enum hs_column column, const char *text)
{
    columns->texts[column] = (struct hs_entry_text){hs_str(text), 7, 10 + (unsigned)column};
}

static struct columns plain(void)
{
    struct columns columns = {0};
    set(&columns, HS_COLUMN_VRM, "ab12 cde");
    set(&columns, HS_COLUMN_ACTION, "STOP");
    set(&columns, HS_COLUMN_WEED_DATE, "2026-12-31");
    return columns;
}

// Everything that an entry can say.
static struct columns full(void)
{
    static const char *const texts[HS_COLUMN_COUNT] = {
        "AB12CDE",
        "FORD",
        "FOCUS",
        "blue",
        "MONITOR",
        "FI VI WE",
        "supply",
        "E41",
        "two, \"quoted\"\nlines",
        "Aven / North",
        "2027-01-31",
        "12/345X",
        "OFFICIAL-SENSITIVE",
        "CAD 7 of today",
        "call first",
        "REF/1",
        "car-17",
        "DI 4711",
        "0800 1",
        "RIPA 9",
        "2026-11-01",
        "immediate",
        "999",
        "exploited-child",
        "ocg-4",
        "DCI 12",
        "protect",
        "Mickey",
        "EXACT;GRAMMAR;CANDIDATE",
        "Aven;Wyvern",
        "north",
        "A4;M5",
        "fri,sat 22:00-06:00",
        "AB12CDF/PC 9/2027-01-01/sold;AB12CDG/PC 9/2027-01-02T10:00:00.000Z",
        "2026-11-20"};
    struct columns columns = {0};
    for (int i = 0; i < HS_COLUMN_COUNT; i++) {
        set(&columns, (enum hs_column)i, texts[i]);
    }
    return columns;
}

static int make(const struct columns *columns, struct hs_diags *diags, struct hs_buf *packed,
                struct hs_entry *entry)
{
    struct hs_entry_rules rules = hs_entry_rules_at("voi.csv", hs_str("lines"), NOW_MS);
    return hs_entry_make(&rules, columns->texts, diags, packed, entry);
}

// What a person is told of these columns, all lines.
static char *told(const struct columns *columns)
{
    struct hs_diags diags = {0};
    struct hs_buf packed = {0}, text = {0};
    struct hs_entry entry;
    int rc = make(columns, &diags, &packed, &entry);
    assert_int_equal(rc, diags.errors ? HS_EFORMAT : 0);
    for (size_t i = 0; i < diags.count; i++) {
        hs_diag_format(&diags.rows[i], &text);
        hs_buf_add_char(&text, '\n');
    }
    char *copy = hs_str_dup(hs_buf_str(&text));
    hs_diags_fini(&diags);
    hs_buf_fini(&packed);
    hs_buf_fini(&text);
    return copy;
}

static void expect(enum hs_column column, const char *value, const char *message)
{
    struct columns columns = plain();
    set(&columns, column, value);
    char *text = told(&columns);
    assert_string_equal(text, message);
    free(text);
}

static void packs_as_protobuf_does(void **state)
{
    (void)state;
    struct columns columns = full();
    struct hs_diags diags = {0};
    struct hs_buf packed = {0};
    struct hs_entry entry;
    assert_int_equal(make(&columns, &diags, &packed, &entry), 0);
    Hitstream__V1__WatchlistEntry *unpacked = hs_entry_unpack(entry.packed);
    assert_non_null(unpacked);
    assert_string_equal(unpacked->list_id, "lines");
    assert_string_equal(unpacked->entry_id, "car-17");
    assert_int_equal(unpacked->weed_date, 20270131);
    assert_int_equal(unpacked->added_at_ms, NOW_MS);
    assert_int_equal(unpacked->n_permitted_tiers, 3);
    assert_int_equal(unpacked->hours->days, 1u << 4 | 1u << 5);
    assert_int_equal(unpacked->hours->from_minute, 22 * 60);
    assert_int_equal(unpacked->n_exclusions, 2);
    size_t size = hitstream__v1__watchlist_entry__get_packed_size(unpacked);
    uint8_t *again = malloc(size);
    hitstream__v1__watchlist_entry__pack(unpacked, again);
    // Tiers are packed; protobuf-c writes them one by one: the same to every reader. Compare
    // without them.
    unpacked->n_permitted_tiers = 0;
    hs_entry_free(unpacked);
    Hitstream__V1__WatchlistEntry *second = hs_entry_unpack(hs_str_n(again, size));
    assert_int_equal(second->n_permitted_tiers, 3);
    assert_string_equal(second->exclusions[0]->reason, "sold");
    hs_entry_free(second);
    free(again);
    hs_buf_fini(&packed);
    hs_diags_fini(&diags);
}

static void packs_the_same_bytes_but_for_tiers(void **state)
{
    (void)state;
    struct columns columns = full();
    set(&columns, HS_COLUMN_TIERS, "");
    struct hs_diags diags = {0};
    struct hs_buf packed = {0};
    struct hs_entry entry;
    assert_int_equal(make(&columns, &diags, &packed, &entry), 0);
    Hitstream__V1__WatchlistEntry *unpacked = hs_entry_unpack(entry.packed);
    uint8_t *again = malloc(entry.packed.len + 1024);
    size_t size = hitstream__v1__watchlist_entry__pack(unpacked, again);
    assert_int_equal(size, entry.packed.len);
    assert_memory_equal(again, entry.packed.ptr, size);
    free(again);
    hs_entry_free(unpacked);
    hs_buf_fini(&packed);
    hs_diags_fini(&diags);
}

static void prints_what_it_reads(void **state)
{
    (void)state;
    struct columns columns = full(), printed = {0};
    struct hs_diags diags = {0};
    struct hs_buf packed = {0}, second = {0};
    struct hs_buf texts[HS_COLUMN_COUNT] = {{0}};
    struct hs_entry entry, again;
    assert_int_equal(make(&columns, &diags, &packed, &entry), 0);
    Hitstream__V1__WatchlistEntry *unpacked = hs_entry_unpack(entry.packed);
    for (int i = 0; i < HS_COLUMN_COUNT; i++) {
        hs_entry_print(unpacked, (enum hs_column)i, &texts[i]);
        set(&printed, (enum hs_column)i, hs_buf_text(&texts[i]));
        if (i != HS_COLUMN_ACTION) { // MONITOR is printed by the file's own word
            assert_string_equal(hs_buf_text(&texts[i]), columns.texts[i].text.ptr);
        }
    }
    assert_string_equal(hs_buf_text(&texts[HS_COLUMN_ACTION]), "SILENT");
    assert_int_equal(make(&printed, &diags, &second, &again), 0);
    assert_true(hs_str_eq(entry.packed, again.packed));
    for (int i = 0; i < HS_COLUMN_COUNT; i++) {
        hs_buf_fini(&texts[i]);
    }
    hs_entry_free(unpacked);
    hs_buf_fini(&packed);
    hs_buf_fini(&second);
    hs_diags_fini(&diags);
}

static void takes_its_id_from_the_plate(void **state)
{
    (void)state;
    struct columns columns = plain();
    struct hs_diags diags = {0};
    struct hs_buf packed = {0};
    struct hs_entry entry;
    assert_int_equal(make(&columns, &diags, &packed, &entry), 0);
    assert_true(hs_str_is(entry.entry_id, "AB12CDE"));
    assert_string_equal(entry.vrm.text, "AB12CDE");
    assert_int_equal(entry.weed_date, 20261231);
    hs_buf_fini(&packed);
}

static void says_what_is_wrong_with_a_plate(void **state)
{
    (void)state;
    expect(HS_COLUMN_VRM, "", "voi.csv:7:10: VRM: is empty: every entry needs a plate\n");
    expect(HS_COLUMN_VRM, " - ", "voi.csv:7:10: VRM: ' - ': is empty: no letter or digit in it\n");
    expect(HS_COLUMN_VRM, "A", "voi.csv:7:10: VRM: 'A': is too short: at least 2 characters\n");
    expect(HS_COLUMN_VRM, "ABCDEFGHIJKLM",
           "voi.csv:7:10: VRM: 'ABCDEFGHIJKLM': is too long: at most 12 characters\n");
    expect(HS_COLUMN_VRM, "AB12*CD",
           "voi.csv:7:10: VRM: 'AB12*CD': character 5 cannot stand on a plate; allowed: letters, "
           "digits, '?' for any "
           "one character, and spaces, '-' and '.', which do not count\n");
    expect(HS_COLUMN_VRM, "A??",
           "voi.csv:7:10: VRM: 'A?\?': pattern is too wide: at least 3 characters besides '?'\n");
    expect(HS_COLUMN_VRM, "AB1????", "");
}

static void says_what_is_wrong_with_a_weed_date(void **state)
{
    (void)state;
    expect(HS_COLUMN_WEED_DATE, "",
           "voi.csv:7:20: weed date: is missing: every entry says until when it applies, as in "
           "2026-12-31\n");
    expect(HS_COLUMN_WEED_DATE, "2026-11-20",
           "voi.csv:7:20: weed date: '2026-11-20': is past: today is 2026-11-21\n");
    expect(HS_COLUMN_WEED_DATE, "31/02/2027",
           "voi.csv:7:20: weed date: '31/02/2027': there is no such day; a date is as in "
           "2026-12-31 or 31/12/2026\n");
    expect(
        HS_COLUMN_WEED_DATE, "soon",
        "voi.csv:7:20: weed date: 'soon': is no date; a date is as in 2026-12-31 or 31/12/2026\n");
    expect(HS_COLUMN_WEED_DATE, "22/11/2026", "");
}

static void says_what_is_wrong_with_an_action(void **state)
{
    (void)state;
    expect(HS_COLUMN_ACTION, "",
           "voi.csv:7:14: action: is empty; allowed: STOP, SILENT or MONITOR\n");
    expect(HS_COLUMN_ACTION, "JUMP",
           "voi.csv:7:14: action: 'JUMP': is unknown; allowed: STOP, SILENT or MONITOR\n");
    expect(HS_COLUMN_ACTION, "covert",
           "voi.csv:7:14: action: 'covert': an entry cannot be covert: that is the whole list's "
           "('hitctl list create "
           "--covert'); allowed: STOP, SILENT or MONITOR\n");
    expect(HS_COLUMN_ACTION, "silent", "");
}

static void says_what_is_wrong_elsewhere(void **state)
{
    (void)state;
    expect(HS_COLUMN_MARKERS, "FI V1",
           "voi.csv:7:15: warning markers: 'FI V1': 'V1' is no warning marker: two letters each, "
           "with spaces between, "
           "as in 'FI VI'\n");
    expect(HS_COLUMN_MAKE, "F\x01RD",
           "voi.csv:7:11: make: 'F\\x01RD': byte 2 is a control character\n");
    expect(HS_COLUMN_MAKE, "CITRO\xcbN", "voi.csv:7:11: make: 'CITRO\xcbN': is not UTF-8\n");
    expect(HS_COLUMN_MAKE, "CITRO\xc3\x8bN", "");
    expect(HS_COLUMN_MAKE, "12345678901234567890123456789012345678901234567890123456789012345",
           "voi.csv:7:11: make: "
           "'12345678901234567890123456789012345678901234567890123456789012345': is too long: 65 "
           "bytes, at most 64\n");
    expect(HS_COLUMN_ENTRY_ID, "a b",
           "voi.csv:7:26: entry id: 'a b': character 2 cannot stand in an entry id; allowed: "
           "letters, digits and - _ "
           ". : / ?\n");
    expect(HS_COLUMN_VALID_FROM, "2027-01-01",
           "voi.csv:7:30: valid from: '2027-01-01': is after the weed date: the entry would never "
           "apply\n");
    expect(HS_COLUMN_VALID_FROM, "now",
           "voi.csv:7:30: valid from: 'now': is no date or time; as in 2026-12-31 or "
           "2026-12-31T22:00:00Z\n");
    expect(
        HS_COLUMN_PRIORITY, "urgent",
        "voi.csv:7:31: priority: 'urgent': is unknown; allowed: low, medium, high or immediate\n");
    expect(HS_COLUMN_HARM, "1001",
           "voi.csv:7:32: harm score: '1001': is no number from 0 to 1000\n");
    expect(HS_COLUMN_TIERS, "EXACT;FUZZY",
           "voi.csv:7:38: tiers: 'EXACT;FUZZY': 'FUZZY' is no match tier; allowed, with ';' "
           "between: EXACT, GLYPH, "
           "GRAMMAR, CONFUSED, LOOKALIKE, CANDIDATE or WILDCARD\n");
    expect(HS_COLUMN_FORCES, "north;so\x01th",
           "voi.csv:7:39: forces: 'north;so\\x01th': byte 9 is a control character\n");
    expect(HS_COLUMN_EXCLUSIONS, "AB12CDF/PC 9/2099-01-01/so\x7fld",
           "voi.csv:7:43: exclusions: 'AB12CDF/PC 9/2099-01-01/so\\x7fld': byte 27 is a control "
           "character\n");
    expect(HS_COLUMN_HOURS, "25:00-26:00",
           "voi.csv:7:42: hours: '25:00-26:00': are no hours; as in 'mon-fri 22:00-06:00', "
           "'sat,sun' or "
           "'08:00-18:00'\n");
    expect(HS_COLUMN_EXCLUSIONS, "AB12CDF",
           "voi.csv:7:43: exclusions: 'AB12CDF': is no exclusion: plate, who decided it, until "
           "when, and why, as in "
           "'AB12CDE/pc 1234/2026-12-31/sold'\n");
    expect(HS_COLUMN_REVIEWED, "2027-01-01",
           "voi.csv:7:44: reviewed: '2027-01-01': is in the future: it says when the entry was "
           "last reviewed\n");
}

static void tells_all_faults_of_a_line(void **state)
{
    (void)state;
    struct columns columns = {0};
    set(&columns, HS_COLUMN_VRM, "");
    set(&columns, HS_COLUMN_ACTION, "");
    set(&columns, HS_COLUMN_WEED_DATE, "");
    char *text = told(&columns);
    size_t lines = 0;
    for (const char *p = text; *p; p++) {
        lines += *p == '\n';
    }
    assert_int_equal(lines, 3);
    free(text);
}

static void takes_headers_as_people_write_them(void **state)
{
    (void)state;
    enum hs_column column = HS_COLUMN_COUNT;
    assert_int_equal(hs_column_find(hs_str("Warning_Markers"), &column), 0);
    assert_int_equal(column, HS_COLUMN_MARKERS);
    assert_int_equal(hs_column_find(hs_str(" WEED-DATE "), &column), 0);
    assert_int_equal(column, HS_COLUMN_WEED_DATE);
    assert_int_equal(hs_column_find(hs_str("plate"), &column), HS_ENOTFOUND);
}

static void same_but_for_when_it_was_added(void **state)
{
    (void)state;
    struct columns columns = full();
    struct hs_diags diags = {0};
    struct hs_buf a = {0}, b = {0};
    struct hs_entry x, y;
    struct hs_vrm vrm;
    assert_int_equal(make(&columns, &diags, &a, &x), 0);
    struct hs_entry_rules later = hs_entry_rules_at("voi.csv", hs_str("lines"), NOW_MS + 86400000);
    assert_int_equal(hs_entry_make(&later, columns.texts, &diags, &b, &y), 0);
    assert_false(hs_str_eq(x.packed, y.packed));
    assert_true(hs_entry_same(x.packed, y.packed));
    set(&columns, HS_COLUMN_COLOUR, "red");
    assert_int_equal(hs_entry_make(&later, columns.texts, &diags, &b, &y), 0);
    assert_false(hs_entry_same(x.packed, y.packed));
    assert_int_equal(hs_entry_vrm(y.packed, &vrm), 0);
    assert_string_equal(vrm.text, "AB12CDE");
    assert_int_equal(hs_entry_vrm(hs_str("\x1a\xff"), &vrm), HS_EFORMAT);
    hs_buf_fini(&a);
    hs_buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packs_as_protobuf_does),
        cmocka_unit_test(packs_the_same_bytes_but_for_tiers),
        cmocka_unit_test(prints_what_it_reads),
        cmocka_unit_test(takes_its_id_from_the_plate),
        cmocka_unit_test(says_what_is_wrong_with_a_plate),
        cmocka_unit_test(says_what_is_wrong_with_a_weed_date),
        cmocka_unit_test(says_what_is_wrong_with_an_action),
        cmocka_unit_test(says_what_is_wrong_elsewhere),
        cmocka_unit_test(tells_all_faults_of_a_line),
        cmocka_unit_test(takes_headers_as_people_write_them),
        cmocka_unit_test(same_but_for_when_it_was_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
