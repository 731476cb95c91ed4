// SPDX-License-Identifier: Apache-2.0
// VOI files: CSV and JSON lines, row by row; what is told of a file that is none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "watchlist/voi.h"

#define HEADER "VRM,action,weed date,information\n"

static char *all_of(const struct hs_diags *diags)
{
    struct hs_buf text = {0};
    for (size_t i = 0; i < diags->count; i++) {
        hs_diag_format(&diags->rows[i], &text);
        hs_buf_add_char(&text, '\n');
    }
    char *copy = hs_str_dup(hs_buf_str(&text));
    hs_buf_fini(&text);
    return copy;
}

static void expect_told(const struct hs_diags *diags, const char *text)
{
    char *told = all_of(diags);
    assert_string_equal(told, text);
    free(told);
}

static struct hs_voi *open_text(const char *text, struct hs_diags *diags)
{
    struct hs_voi *voi = NULL;
    assert_int_equal(hs_voi_open_text(hs_str(text), "voi", HS_VOI_BY_NAME, diags, &voi), 0);
    return voi;
}

static void expect_column(const struct hs_voi_row *row, enum hs_column column, const char *text,
                          unsigned line, unsigned at)
{
    assert_true(hs_str_is(row->texts[column].text, text));
    assert_int_equal(row->texts[column].line, line);
    assert_int_equal(row->texts[column].column, at);
}

static void reads_csv(void **state)
{
    (void)state;
    struct hs_diags diags = {0};
    struct hs_voi_row row;
    struct hs_voi *voi = open_text("\xef\xbb\xbf"
                                   "weed_date,VRM,ACTION,information\r\n"
                                   "2027-01-01,AB12CDE,STOP,\"says \"\"no\"\",\nand goes\"\r\n"
                                   "\r\n"
                                   "2027-01-02,CD34EFG,SILENT,",
                                   &diags);
    assert_int_equal(hs_voi_next(voi, &diags, &row), 1);
    expect_column(&row, HS_COLUMN_VRM, "AB12CDE", 2, 12);
    expect_column(&row, HS_COLUMN_INFORMATION, "says \"no\",\nand goes", 2, 25);
    assert_int_equal(row.texts[HS_COLUMN_MAKE].line, 0);
    assert_int_equal(hs_voi_next(voi, &diags, &row), 1);
    expect_column(&row, HS_COLUMN_WEED_DATE, "2027-01-02", 5, 1);
    assert_true(hs_str_is(row.raw, "2027-01-02,CD34EFG,SILENT,"));
    assert_int_equal(hs_voi_next(voi, &diags, &row), 0);
    assert_int_equal(hs_voi_permille(voi), 1000);
    assert_true(hs_str_is(hs_voi_header(voi), "\xef\xbb\xbfweed_date,VRM,ACTION,information"));
    assert_int_equal(diags.errors, 0);
    hs_voi_free(voi);
    hs_diags_fini(&diags);
}

static void tells_of_rows_that_are_none(void **state)
{
    (void)state;
    struct hs_diags diags = {0};
    struct hs_voi_row row;
    struct hs_voi *voi = open_text(HEADER "AB12CDE,STOP\n"
                                          "AB12CDE,\"STOP,2027-01-01,\n"
                                          "CD34EFG,STOP,2027-01-01,\n",
                                   &diags);
    assert_int_equal(hs_voi_next(voi, &diags, &row), HS_EFORMAT);
    assert_int_equal(row.line, 2);
    assert_int_equal(hs_voi_next(voi, &diags, &row), HS_EFORMAT);
    assert_true(hs_str_is(row.raw, "AB12CDE,\"STOP,2027-01-01,"));
    assert_int_equal(hs_voi_next(voi, &diags, &row), 1);
    assert_int_equal(hs_voi_next(voi, &diags, &row), 0);
    expect_told(
        &diags,
        "voi:2: has 2 fields, the header has 4\n"
        "voi:3:9: a quote is not closed, or something follows it; a quote within is doubled\n");
    hs_voi_free(voi);
    hs_diags_fini(&diags);
}

static void expect_header_refused(const char *text, const char *message)
{
    struct hs_diags diags = {0};
    struct hs_voi *voi = NULL;
    assert_int_equal(hs_voi_open_text(hs_str(text), "voi", HS_VOI_CSV, &diags, &voi), HS_EFORMAT);
    assert_null(voi);
    expect_told(&diags, message);
    hs_diags_fini(&diags);
}

static void tells_of_headers(void **state)
{
    (void)state;
    expect_header_refused("",
                          "voi:1: header: the file is empty: its first line names the columns\n");
    expect_header_refused("VRM,action,weeddate,action\n",
                          "voi:1:12: header: 'weeddate': is unknown; did you mean 'weed date'?\n"
                          "voi:1:21: header: 'action': column stands twice\n"
                          "voi:1: header: column 'weed date' is missing\n");
    expect_header_refused(
        "AB12CDE,STOP\n",
        "voi:1:1: header: 'AB12CDE': is unknown; 'hitctl list load --help' names all\n"
        "voi:1:9: header: 'STOP': is unknown; 'hitctl list load --help' names all\n"
        "voi:1: header: column 'VRM' is missing\n"
        "voi:1: header: column 'action' is missing\n"
        "voi:1: header: column 'weed date' is missing\n");
}

static void reads_json_lines(void **state)
{
    (void)state;
    struct hs_diags diags = {0};
    struct hs_voi_row row;
    struct hs_voi *voi =
        open_text("{\"VRM\":\"AB12CDE\",\"action\":\"STOP\",\"weed_date\":\"2027-01-01\","
                  "\"harm score\":12,\"forces\":[\"Aven\",\"Wyvern\"],\"make\":null}\n"
                  "\n"
                  "{\"VRM\":\"CD34EFG\"}\n",
                  &diags);
    assert_int_equal(hs_voi_next(voi, &diags, &row), 1);
    expect_column(&row, HS_COLUMN_VRM, "AB12CDE", 1, 2);
    expect_column(&row, HS_COLUMN_HARM, "12", 1, 59);
    expect_column(&row, HS_COLUMN_FORCES, "Aven;Wyvern", 1, 75);
    expect_column(&row, HS_COLUMN_MAKE, "", 1, 102);
    assert_int_equal(hs_voi_next(voi, &diags, &row), 1);
    expect_column(&row, HS_COLUMN_VRM, "CD34EFG", 3, 2);
    assert_int_equal(hs_voi_next(voi, &diags, &row), 0);
    assert_int_equal(diags.errors, 0);
    hs_voi_free(voi);
    hs_diags_fini(&diags);
}

static void tells_of_json(void **state)
{
    (void)state;
    struct hs_diags diags = {0};
    struct hs_voi_row row;
    struct hs_voi *voi = open_text("{\"VRM\":\"AB12CDE\",\"colur\":\"red\",\"make\":{}}\n"
                                   "{\"VRM\":\n"
                                   "[1]\n"
                                   "{\"VRM\":\"A\",\"vrm\":\"B\"}\n",
                                   &diags);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(hs_voi_next(voi, &diags, &row), HS_EFORMAT);
    }
    assert_int_equal(hs_voi_next(voi, &diags, &row), 0);
    char *told = all_of(&diags);
    assert_non_null(strstr(told, "voi:1:18: key: 'colur': is unknown; did you mean 'colour'?\n"));
    assert_non_null(strstr(told, "voi:1:32: make: is no text, number or array of them\n"));
    assert_non_null(strstr(told, "is no JSON: "));
    assert_non_null(
        strstr(told, "voi:3: is no JSON object: a line is {\"VRM\": ..., \"action\": ...}\n"));
    assert_non_null(strstr(told, "voi:4:12: vrm: stands twice\n"));
    free(told);
    hs_voi_free(voi);
    hs_diags_fini(&diags);
}

static void says_when_there_is_no_file(void **state)
{
    (void)state;
    struct hs_diags diags = {0};
    struct hs_voi *voi = NULL;
    assert_int_equal(hs_voi_open("/nonexistent/voi.csv", HS_VOI_BY_NAME, &diags, &voi), HS_EIO);
    assert_null(voi);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_csv),        cmocka_unit_test(tells_of_rows_that_are_none),
        cmocka_unit_test(tells_of_headers), cmocka_unit_test(reads_json_lines),
        cmocka_unit_test(tells_of_json),    cmocka_unit_test(says_when_there_is_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
