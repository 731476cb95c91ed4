// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "config/file.h"

static char path[] = HS_BINARY_DIR "/file-test-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 || close(fd) != 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_secret_is_trimmed(void **state)
{
    (void)state;
    struct hs_buf out = {0};
    write_file("  hush hush\n\n");
    assert_int_equal(hs_file_read_secret(path, &out), 0);
    assert_string_equal(hs_buf_text(&out), "hush hush");
    hs_buf_fini(&out);
}

static void test_empty_secret_is_refused(void **state)
{
    (void)state;
    struct hs_buf out = {0};
    write_file("\n");
    assert_int_equal(hs_file_read_secret(path, &out), HS_EFORMAT);
    assert_int_equal(out.len, 0);
    hs_buf_fini(&out);
}

static void test_limit_holds_and_nothing_is_left_of_the_file(void **state)
{
    (void)state;
    struct hs_buf out = {0};
    hs_buf_add_text(&out, "before");
    write_file("0123456789");
    assert_int_equal(hs_file_read(path, 9, &out), HS_ELIMIT);
    assert_string_equal(hs_buf_text(&out), "before");
    assert_int_equal(hs_file_read(path, 10, &out), 0);
    assert_string_equal(hs_buf_text(&out), "before0123456789");
    hs_buf_fini(&out);
}

static void test_missing_file(void **state)
{
    (void)state;
    struct hs_buf out = {0};
    assert_int_equal(hs_file_read("/nowhere/at/all", 10, &out), HS_ENOTFOUND);
    assert_int_equal(hs_file_read(HS_BINARY_DIR, 10, &out), HS_EIO);
    hs_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secret_is_trimmed),
        cmocka_unit_test(test_empty_secret_is_refused),
        cmocka_unit_test(test_limit_holds_and_nothing_is_left_of_the_file),
        cmocka_unit_test(test_missing_file),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
