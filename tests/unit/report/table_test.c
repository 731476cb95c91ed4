// SPDX-License-Identifier: Apache-2.0
// Tables of a report: what was seen, rows by key, names by number; and what they do when full.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "report/table.h"

enum { MANY = 100000 };

static void a_set_knows_what_it_saw(void **state)
{
    (void)state;
    struct hs_key_set set = {.max = MANY};
    for (uint64_t i = 0; i < MANY; i++) {
        assert_int_equal(hs_key_set_add(&set, hs_key_of(1, i, 0)), HS_KEY_NEW);
    }
    for (uint64_t i = 0; i < MANY; i++) {
        assert_int_equal(hs_key_set_add(&set, hs_key_of(1, i, 0)), HS_KEY_KNOWN);
    }
    assert_int_equal(hs_key_set_add(&set, hs_key_of(2, 0, 0)), HS_KEY_REFUSED);
    assert_int_equal(set.refused, 1);
    assert_int_equal(set.count, MANY);
    hs_key_set_fini(&set);
}

static void rows_keep_their_numbers_while_the_table_grows(void **state)
{
    (void)state;
    struct hs_row_table table = {.row_bytes = sizeof(uint64_t), .max = MANY};
    bool is_new;
    for (uint64_t i = 0; i < MANY; i++) {
        uint64_t *row = hs_row_table_at(&table, hs_key_of(1, i, 7), &is_new);
        assert_non_null(row);
        assert_true(is_new);
        assert_int_equal(*row, 0);
        *row = i + 1;
    }
    for (uint64_t i = 0; i < MANY; i++) {
        const uint64_t *row = hs_row_table_find(&table, hs_key_of(1, i, 7));
        assert_int_equal(*row, i + 1);
        assert_int_equal(((uint64_t *)table.rows)[i], i + 1);
    }
    assert_null(hs_row_table_find(&table, hs_key_of(2, 0, 0)));
    assert_null(hs_row_table_at(&table, hs_key_of(2, 0, 0), NULL));
    assert_int_equal(table.refused, 1);
    hs_row_table_fini(&table);
}

static void names_are_texts_by_number(void **state)
{
    (void)state;
    struct hs_names names = {.rows = {.row_bytes = sizeof(struct hs_str), .max = 3}};
    char text[] = "M4";
    assert_int_equal(hs_names_number(&names, hs_str(text)), 0);
    text[1] = '5'; // the table has a copy
    assert_int_equal(hs_names_number(&names, hs_str(text)), 1);
    assert_int_equal(hs_names_number(&names, HS_STR("")), 2);
    assert_int_equal(hs_names_number(&names, HS_STR("M4")), 0);
    assert_true(hs_str_is(hs_names_text(&names, 0), "M4"));
    assert_true(hs_names_number(&names, HS_STR("M6")) == HS_NAME_NONE);
    assert_true(hs_str_is(hs_names_text(&names, HS_NAME_NONE), ""));
    hs_names_fini(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_knows_what_it_saw),
        cmocka_unit_test(rows_keep_their_numbers_while_the_table_grows),
        cmocka_unit_test(names_are_texts_by_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
