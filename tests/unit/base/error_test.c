// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void every_code_is_negative_and_has_a_text_of_its_own(void **state)
{
    static const struct {
        int code;
        const char *text;
    } rows[] = {
#define X(name, value, text) {name, text},
        HS_ERROR_TABLE(X)
#undef X
    };
    const size_t count = sizeof(rows) / sizeof(rows[0]);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 ? rows[i].code == 0 : rows[i].code < 0);
        assert_string_equal(hs_strerror(rows[i].code), rows[i].text);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(rows[i].text, rows[j].text);
        }
    }
    assert_string_equal(hs_strerror(1), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_negative_and_has_a_text_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
