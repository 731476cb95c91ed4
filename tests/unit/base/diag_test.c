// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/diag.h"

static const char *formatted(const struct hs_diags *diags, size_t row, struct hs_buf *buf)
{
    hs_buf_clear(buf);
    hs_diag_format(&diags->rows[row], buf);
    return hs_buf_text(buf);
}

static void a_fault_names_place_key_value_and_what_is_allowed(void **state)
{
    struct hs_diags diags = {0};
    struct hs_buf buf = {0};
    (void)state;
    hs_diags_add(&diags, HS_DIAG_ERROR,
                 &(struct hs_diag_place){"a.yaml", 12, 3, "redis.port", hs_str("70000")},
                 "allowed are %d to %d", 1, 65535);
    hs_diags_add(&diags, HS_DIAG_WARNING, &(struct hs_diag_place){.file = "a.yaml"}, "is empty");
    hs_diags_add(&diags, HS_DIAG_ERROR,
                 &(struct hs_diag_place){.line = 4, .key = "VRM", .value = hs_str("A\nB")},
                 "impossible");
    assert_string_equal(formatted(&diags, 0, &buf),
                        "a.yaml:12:3: redis.port: '70000': allowed are 1 to 65535");
    assert_string_equal(formatted(&diags, 1, &buf), "a.yaml: warning: is empty");
    assert_string_equal(formatted(&diags, 2, &buf), "line 4: VRM: 'A\\x0aB': impossible");
    assert_int_equal(diags.errors, 2);
    assert_int_equal(diags.warnings, 1);
    hs_buf_fini(&buf);
    hs_diags_fini(&diags);
}

static void beyond_the_limit_faults_are_counted_only(void **state)
{
    struct hs_diags diags = {.limit = 2};
    (void)state;
    for (unsigned i = 1; i <= 5; i++) {
        hs_diags_add(&diags, HS_DIAG_ERROR, &(struct hs_diag_place){.line = i}, "bad");
    }
    assert_int_equal(diags.count, 2);
    assert_int_equal(diags.errors, 5);
    hs_diags_fini(&diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_names_place_key_value_and_what_is_allowed),
        cmocka_unit_test(beyond_the_limit_faults_are_counted_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
