// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "vrm/grammar.h"

enum { SEPTEMBER_2026 = 20260921 };

static unsigned series_at(const char *text, uint32_t date)
{
    struct hs_vrm vrm;
    assert_int_equal(hs_vrm_normalise(hs_str(text), &vrm, NULL), HS_OK);
    return hs_vrm_series(&vrm, date);
}

static unsigned series(const char *text)
{
    return series_at(text, SEPTEMBER_2026);
}

static void test_each_series(void **state)
{
    (void)state;
    assert_int_equal(series("AB12CDE"), HS_SERIES_CURRENT);
    assert_int_equal(series("AB12CDZ"), HS_SERIES_CURRENT);
    assert_int_equal(series("A1BCD"), HS_SERIES_PREFIX);
    assert_int_equal(series("A123BCD"), HS_SERIES_PREFIX);
    assert_int_equal(series("ABC1D"), HS_SERIES_SUFFIX);
    assert_int_equal(series("ABC123D"), HS_SERIES_SUFFIX);
    assert_int_equal(series("A1"), HS_SERIES_DATELESS);
    assert_int_equal(series("1234AB"), HS_SERIES_DATELESS);
    assert_int_equal(series("ABC123"), HS_SERIES_DATELESS | HS_SERIES_NORTHERN);
    assert_int_equal(series("IAZ1234"), HS_SERIES_NORTHERN);
    assert_int_equal(series("1234IAZ"), HS_SERIES_NORTHERN);
    assert_int_equal(series("Q123ABC"), HS_SERIES_Q);
    assert_int_equal(series("123D456"), HS_SERIES_DIPLOMATIC | HS_SERIES_IRELAND);
    assert_int_equal(series("123X456"), HS_SERIES_DIPLOMATIC | HS_SERIES_IRELAND);
    assert_int_equal(series("12AB34"), HS_SERIES_MILITARY | HS_SERIES_IRELAND);
    assert_int_equal(series("AB12CD"), HS_SERIES_MILITARY);
    assert_int_equal(series("131D12345"), HS_SERIES_IRELAND);
    assert_int_equal(series("12KK1"), HS_SERIES_IRELAND);
}

static void test_what_is_no_mark(void **state)
{
    (void)state;
    static const char *const foreign[] = {
        "AI12CDE",  "AQ12CDE",   "AZ12CDE",
        "AB12CDI",  "AB12QDE", // letters that do not stand there
        "A023BCD",  "I123BCD",   "O123BCD",
        "U123BCD",  "Z123BCD", // prefix: number from 0, year letters
        "ABC023D",  "ABC123O",   "QQ1",
        "ABCDEF",   "123456", // suffix, dateless, all of one kind
        "A",        "1",         "AB12CD?",
        "AB12CDEF", "1234D5678", // too short, unreadable, too long
    };
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        assert_int_equal(series(foreign[i]), 0);
    }
}

static void test_age_code_by_date(void **state)
{
    (void)state;
    assert_int_equal(series_at("AB51CDE", 20010831), 0);
    assert_int_equal(series_at("AB51CDE", 20010901), HS_SERIES_CURRENT);
    assert_int_equal(series_at("AB26CDE", 20260228), 0);
    assert_int_equal(series_at("AB26CDE", 20260301), HS_SERIES_CURRENT);
    assert_int_equal(series_at("AB76CDE", 20260831), 0);
    assert_int_equal(series_at("AB76CDE", 20260901), HS_SERIES_CURRENT);
    assert_int_equal(series_at("AB77CDE", 20270228), 0);
    static const char *const never[] = {"AB00CDE", "AB01CDE", "AB50CDE"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(series_at(never[i], 99991231), 0);
        assert_int_equal(series_at(never[i], 0), 0);
    }
    assert_int_equal(series_at("AB99CDE", 0), HS_SERIES_CURRENT);
}

static bool illegal(const char *text, unsigned position, char c)
{
    struct hs_vrm vrm;
    assert_int_equal(hs_vrm_normalise(hs_str(text), &vrm, NULL), HS_OK);
    return hs_vrm_illegal_at(&vrm, SEPTEMBER_2026, position, c);
}

static void test_what_cannot_stand_where(void **state)
{
    (void)state;
    assert_true(illegal("AB12CDE", 1, '8'));
    assert_true(illegal("AB12CDE", 2, 'I'));
    assert_true(illegal("AB12CDE", 5, 'Q'));
    assert_false(illegal("AB12CDE", 5, 'O'));
    assert_false(illegal("AB12", 1, '8'));    // A812 is dateless too
    assert_false(illegal("ZZZZZZZ", 1, '2')); // a foreign mark has no grammar
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_series),
        cmocka_unit_test(test_what_is_no_mark),
        cmocka_unit_test(test_age_code_by_date),
        cmocka_unit_test(test_what_cannot_stand_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
