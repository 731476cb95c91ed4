// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/str.h"

static void splitting_keeps_empty_fields(void **state)
{
    struct hs_str rest = hs_str("a,,b"), field;
    (void)state;
    assert_true(hs_str_split(&rest, ',', &field) && hs_str_is(field, "a"));
    assert_true(hs_str_split(&rest, ',', &field) && hs_str_is(field, ""));
    assert_true(hs_str_split(&rest, ',', &field) && hs_str_is(field, "b"));
    assert_false(hs_str_split(&rest, ',', &field));
    rest = hs_str("");
    assert_true(hs_str_split(&rest, ',', &field) && field.len == 0);
    assert_false(hs_str_split(&rest, ',', &field));
}

static void numbers_are_whole_texts_within_range(void **state)
{
    int64_t i = 7;
    uint64_t u = 7;
    double d = 7;
    (void)state;
    assert_int_equal(hs_str_to_i64(hs_str("-9223372036854775808"), &i), 0);
    assert_true(i == INT64_MIN);
    assert_int_equal(hs_str_to_i64(hs_str("9223372036854775808"), &i), HS_ELIMIT);
    assert_int_equal(hs_str_to_u64(hs_str("18446744073709551615"), &u), 0);
    assert_int_equal(hs_str_to_u64(hs_str("18446744073709551616"), &u), HS_ELIMIT);
    assert_int_equal(hs_str_to_u64(hs_str("12 "), &u), HS_EFORMAT);
    assert_int_equal(hs_str_to_u64(hs_str(""), &u), HS_EFORMAT);
    assert_int_equal(hs_str_to_double(hs_str("51.4154719953055"), &d), 0);
    assert_true(d > 51.4154 && d < 51.4155);
    assert_int_equal(hs_str_to_double(hs_str("nan"), &d), HS_EFORMAT);
    assert_int_equal(hs_str_to_double(hs_str("inf"), &d), HS_EFORMAT);
    assert_int_equal(hs_str_to_double(hs_str(" 1"), &d), HS_EFORMAT);
}

static void utf8_is_judged_as_rfc_3629_does(void **state)
{
    static const char *const good[] = {"", "plain", "\xc2\xa3", "\xe2\x82\xac", "\xf0\x9f\x9a\x97"};
    static const char *const bad[] = {"\x80",     "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xe2\x82", "a\xff"};
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(hs_str_is_utf8(hs_str(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(hs_str_is_utf8(hs_str(bad[i])));
    }
}

static void a_typo_finds_its_neighbour_and_nonsense_none(void **state)
{
    static const char *const keys[] = {"kafka.bootstrap", "redis.host", "redis.port", NULL};
    (void)state;
    assert_string_equal(hs_str_nearest(hs_str("kafka.bootsrap"), keys), "kafka.bootstrap");
    assert_string_equal(hs_str_nearest(hs_str("Redis.Hots"), keys), "redis.host");
    assert_null(hs_str_nearest(hs_str("zzzzzz"), keys));
}

// The usual table, a row at a time.
static size_t distance_by_table(struct hs_str a, struct hs_str b)
{
    size_t rows[2][80];
    for (size_t j = 0; j <= b.len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        const size_t *above = rows[(i - 1) % 2];
        size_t *row = rows[i % 2];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t least = above[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
            least = above[j] + 1 < least ? above[j] + 1 : least;
            row[j] = row[j - 1] + 1 < least ? row[j - 1] + 1 : least;
        }
    }
    return rows[a.len % 2][b.len];
}

// Words of few letters, a few edits from each other, up to the longest that neighbours are looked for.
static void what_is_near_is_near_by_the_table(void **state)
{
    unsigned random = 20261130, near = 0;
    (void)state;
    for (unsigned n = 0; n < 20000; n++) {
        char word[80], other[80];
        size_t len = (random >> 8) % 65, other_len = 0;
        for (size_t i = 0; i < len; i++) {
            random = random * 1664525 + 1013904223;
            word[i] = (char)('a' + (random >> 24) % 4);
            unsigned change = (random >> 16) % 9;
            for (unsigned copies = change == 0 ? 0 : change == 1 ? 2 : 1; copies > 0; copies--) {
                other[other_len < 79 ? other_len++ : 78] = change == 2 ? 'x' : word[i];
            }
        }
        random = random * 1664525 + 1013904223;
        other[other_len] = '\0';
        struct hs_str text = hs_str_n(word, len);
        const char *const candidates[] = {other, NULL};
        size_t distance = distance_by_table(text, hs_str(other));
        bool is_near = distance < len / 3 + 2 && distance < other_len;
        near += is_near;
        assert_int_equal(hs_str_nearest(text, candidates) != NULL, is_near);
    }
    assert_in_range(near, 5000, 19000);
}

static void a_buffer_grows_and_ends_its_text(void **state)
{
    struct hs_buf buf = {0};
    (void)state;
    for (int i = 0; i < 1000; i++) {
        hs_buf_printf(&buf, "%d,", i);
    }
    assert_int_equal(hs_buf_status(&buf), 0);
    assert_int_equal(strlen(hs_buf_text(&buf)), buf.len);
    assert_memory_equal(buf.ptr, "0,1,2,", 6);
    hs_buf_fini(&buf);
    assert_string_equal(hs_buf_text(&buf), "");
    hs_buf_fini(&buf);
}

static void hex_goes_there_and_back(void **state)
{
    const unsigned char bytes[] = {0x00, 0x7f, 0xff, 0xa5};
    unsigned char back[4];
    char text[9];
    (void)state;
    hs_hex_encode(bytes, 4, text);
    assert_string_equal(text, "007fffa5");
    assert_int_equal(hs_hex_decode(hs_str("007FFFA5"), back, 4), 0);
    assert_memory_equal(back, bytes, 4);
    assert_int_equal(hs_hex_decode(hs_str("007fffa"), back, 4), HS_EFORMAT);
    assert_int_equal(hs_hex_decode(hs_str("007fffag"), back, 4), HS_EFORMAT);
}

static void trimming_and_comparing(void **state)
{
    (void)state;
    assert_true(hs_str_is(hs_str_trim(hs_str(" \t a b \r\n")), "a b"));
    assert_true(hs_str_trim(hs_str("   ")).len == 0);
    assert_true(hs_str_eq_nocase(hs_str("StOp"), hs_str("sTOP")));
    assert_true(hs_str_cmp(hs_str("ab"), hs_str("abc")) < 0);
    assert_true(hs_str_cmp(hs_str("b"), hs_str("abc")) > 0);
    assert_true(hs_str_cmp(hs_str(""), hs_str(NULL)) == 0);
}

static void a_field_is_cut_before_the_character_that_does_not_fit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *field; // of eight bytes
    } rows[] = {
        {"", ""},
        {"seven77", "seven77"},
        {"eight888", "eight88"},
        {"caf\xc3\xa9 au lait", "caf\xc3\xa9 a"},
        {"123456\xc3\xa9", "123456"}, // half of it would fit
        {"12345\xe2\x82\xac", "12345"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char field[8], wanted[8] = {0};
        memset(field, 'x', sizeof(field));
        memcpy(wanted, rows[i].field, strlen(rows[i].field));
        hs_str_to_field(hs_str(rows[i].text), field, sizeof(field));
        assert_memory_equal(field, wanted, sizeof(field));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splitting_keeps_empty_fields),
        cmocka_unit_test(numbers_are_whole_texts_within_range),
        cmocka_unit_test(utf8_is_judged_as_rfc_3629_does),
        cmocka_unit_test(a_typo_finds_its_neighbour_and_nonsense_none),
        cmocka_unit_test(what_is_near_is_near_by_the_table),
        cmocka_unit_test(a_buffer_grows_and_ends_its_text),
        cmocka_unit_test(hex_goes_there_and_back),
        cmocka_unit_test(trimming_and_comparing),
        cmocka_unit_test(a_field_is_cut_before_the_character_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
