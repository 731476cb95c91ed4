// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/csv.h"
#include "base/error.h"

static void assert_field(const struct hs_csv *csv, size_t number, const char *text, unsigned line,
                         unsigned column)
{
    assert_true(number < csv->count);
    const struct hs_csv_field *field = &csv->fields[number];
    if (!hs_str_is(field->text, text)) {
        fail_msg("field %zu is '%.*s', expected is '%s'", number, HS_STR_ARG(field->text), text);
    }
    assert_int_equal(field->line, line);
    assert_int_equal(field->column, column);
}

static void fields_know_their_place(void **state)
{
    struct hs_csv csv;
    (void)state;
    hs_csv_init(&csv, HS_STR("\xef\xbb\xbf"
                             "a,bb,\r\n\r\n\n,\"c\"\"d, e\",f"));
    assert_int_equal(hs_csv_next(&csv), 1);
    assert_int_equal(csv.count, 3);
    assert_field(&csv, 0, "a", 1, 1);
    assert_field(&csv, 1, "bb", 1, 3);
    assert_field(&csv, 2, "", 1, 6);
    assert_int_equal(hs_csv_next(&csv), 1);
    assert_int_equal(csv.count, 3);
    assert_int_equal(csv.row_line, 4);
    assert_field(&csv, 0, "", 4, 1);
    assert_field(&csv, 1, "c\"d, e", 4, 2);
    assert_field(&csv, 2, "f", 4, 12);
    assert_int_equal(hs_csv_next(&csv), 0);
    assert_int_equal(hs_csv_next(&csv), 0);
    hs_csv_fini(&csv);
}

static void a_quoted_field_may_hold_line_ends(void **state)
{
    struct hs_csv csv;
    (void)state;
    hs_csv_init(&csv, HS_STR("\"one\ntwo\r\nthree\",x,\"\",\"y\"\nlast\n"));
    assert_int_equal(hs_csv_next(&csv), 1);
    assert_field(&csv, 0, "one\ntwo\r\nthree", 1, 1);
    assert_field(&csv, 1, "x", 3, 8);
    assert_field(&csv, 2, "", 3, 10);
    assert_field(&csv, 3, "y", 3, 13);
    assert_int_equal(hs_csv_next(&csv), 1);
    assert_field(&csv, 0, "last", 4, 1);
    assert_int_equal(hs_csv_next(&csv), 0);
    hs_csv_fini(&csv);
}

static void a_bad_row_is_told_and_the_next_line_is_read(void **state)
{
    struct hs_csv csv;
    (void)state;
    hs_csv_init(&csv, HS_STR("a,\"b\nc,d\n\"e\"f,g\nh\n"));
    assert_int_equal(hs_csv_next(&csv), HS_EFORMAT); // never closed
    assert_int_equal(csv.fields[csv.count].line, 1);
    assert_int_equal(csv.fields[csv.count].column, 3);
    assert_int_equal(hs_csv_next(&csv), 1);
    assert_field(&csv, 0, "c", 2, 1);
    assert_int_equal(hs_csv_next(&csv), HS_EFORMAT); // something follows the quote
    assert_int_equal(csv.fields[csv.count].line, 3);
    assert_int_equal(hs_csv_next(&csv), 1);
    assert_field(&csv, 0, "h", 4, 1);
    assert_int_equal(hs_csv_next(&csv), 0);
    hs_csv_fini(&csv);
}

static void fields_are_bounded(void **state)
{
    struct hs_csv csv;
    struct hs_buf text = {0};
    (void)state;
    for (int i = 0; i < HS_CSV_FIELDS_MAX; i++) {
        hs_buf_add_text(&text, i > 0 ? ",x" : "x");
    }
    hs_csv_init(&csv, hs_buf_str(&text));
    assert_int_equal(hs_csv_next(&csv), 1);
    assert_int_equal(csv.count, HS_CSV_FIELDS_MAX);
    hs_csv_fini(&csv);
    hs_buf_add_text(&text, ",x\nnext\n");
    hs_csv_init(&csv, hs_buf_str(&text));
    assert_int_equal(hs_csv_next(&csv), HS_ELIMIT);
    assert_int_equal(hs_csv_next(&csv), 1);
    assert_field(&csv, 0, "next", 2, 1);
    hs_csv_fini(&csv);
    hs_buf_fini(&text);
}

// Long quoted fields move the buffer: earlier fields of the row must follow.
static void quoted_fields_survive_growth(void **state)
{
    struct hs_csv csv;
    struct hs_buf text = {0};
    (void)state;
    hs_buf_add_text(&text, "\"first\",\"");
    for (int i = 0; i < 10000; i++) {
        hs_buf_add_char(&text, 'z');
    }
    hs_buf_add_text(&text, "\",plain\n\"second row\"\n");
    hs_csv_init(&csv, hs_buf_str(&text));
    assert_int_equal(hs_csv_next(&csv), 1);
    assert_field(&csv, 0, "first", 1, 1);
    assert_int_equal(csv.fields[1].text.len, 10000);
    assert_true(hs_str_is(csv.fields[2].text, "plain"));
    assert_int_equal(hs_csv_next(&csv), 1);
    assert_field(&csv, 0, "second row", 2, 1);
    hs_csv_fini(&csv);
    hs_buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_know_their_place),
        cmocka_unit_test(a_quoted_field_may_hold_line_ends),
        cmocka_unit_test(a_bad_row_is_told_and_the_next_line_is_read),
        cmocka_unit_test(fields_are_bounded),
        cmocka_unit_test(quoted_fields_survive_growth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
