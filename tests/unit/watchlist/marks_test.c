// SPDX-License-Identifier: Apache-2.0
// Marks of a list: duplicates and variants are found, among many.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "watchlist/marks.h"

static struct hs_vrm mark(const char *text)
{
    struct hs_vrm vrm;
    assert_int_equal(hs_vrm_normalise(hs_str(text), &vrm, NULL), 0);
    return vrm;
}

static int add(struct hs_marks *marks, const char *text, const char *id, unsigned line,
               unsigned *ret_line)
{
    struct hs_vrm vrm = mark(text), other;
    return hs_marks_add(marks, &vrm, hs_str(id), line, ret_line, &other);
}

static void finds_duplicates_and_variants(void **state)
{
    (void)state;
    struct hs_marks *marks;
    struct hs_vrm vrm, other;
    unsigned line = 0;
    assert_int_equal(hs_marks_new(&marks), 0);
    assert_int_equal(add(marks, "OY12ABC", "OY12ABC", 2, &line), HS_MARK_NEW);
    assert_int_equal(add(marks, "OY12ABC", "OY12ABC", 3, &line), HS_MARK_SAME);
    assert_int_equal(line, 2);
    vrm = mark("0YI2ABC");
    assert_int_equal(hs_marks_add(marks, &vrm, hs_str("x"), 4, &line, &other), HS_MARK_VARIANT);
    assert_string_equal(other.text, "OY12ABC");
    assert_int_equal(add(marks, "QY12ABC", "x", 5, &line), HS_MARK_NEW);
    assert_int_equal(add(marks, "AB12CDE", "x", 6, &line), HS_MARK_SAME_ID);
    assert_int_equal(line, 5);
    assert_int_equal(hs_marks_find(marks, &vrm, NULL), HS_MARK_VARIANT);
    vrm = mark("ZZ99ZZZ");
    assert_int_equal(hs_marks_find(marks, &vrm, NULL), HS_MARK_NEW);
    hs_marks_free(marks);
    hs_marks_free(NULL);
}

static void grows(void **state)
{
    (void)state;
    enum { MARKS = 20000 };
    struct hs_marks *marks;
    unsigned line;
    char text[16], id[16];
    assert_int_equal(hs_marks_new(&marks), 0);
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < MARKS; i++) {
            snprintf(text, sizeof(text), "AB%06u", i);
            snprintf(id, sizeof(id), "id-%u", i);
            assert_int_equal(add(marks, text, id, i + 1, &line),
                             round == 0 ? HS_MARK_NEW : HS_MARK_SAME);
            assert_true(round == 0 || line == i + 1);
        }
    }
    hs_marks_free(marks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_duplicates_and_variants),
        cmocka_unit_test(grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
