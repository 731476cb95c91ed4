// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/error.h"
#include "kafka/properties.h"

static void each_property_the_library_refuses_is_told_with_its_place(void **state)
{
    static const struct hs_property rows[] = {
        {"security.protocl", "ssl", "a.yaml", 3, 5},
        {"security.protocol", "sll", "a.yaml", 4, 5},
        {"client.rack", "r1", "a.yaml", 5, 5},
        {"colour.of.the.day", "blue", "b.yaml", 1, 1},
    };
    const struct hs_settings settings = {.kafka_properties = rows, .kafka_property_count = 4};
    struct hs_diags diags = {0};
    struct hs_buf line = {0};
    (void)state;
    assert_int_equal(hs_kafka_properties_check(&settings, &diags), HS_EFORMAT);
    assert_int_equal(diags.errors, 3);
    hs_diag_format(&diags.rows[0], &line);
    assert_non_null(
        strstr(hs_buf_text(&line), "a.yaml:3:5: kafka.properties.security.protocl: 'ssl': "));
    assert_non_null(strstr(hs_buf_text(&line), "did you mean 'security.protocol'?"));
    hs_buf_clear(&line);
    hs_diag_format(&diags.rows[1], &line);
    assert_non_null(strstr(hs_buf_text(&line), "a.yaml:4:5: "));
    assert_non_null(strstr(hs_buf_text(&line), "librdkafka refuses it: "));
    assert_null(strstr(diags.rows[2].message, "did you mean"));
    hs_buf_fini(&line);
    hs_diags_fini(&diags);
}

static void none_is_good(void **state)
{
    const struct hs_settings settings = {0};
    struct hs_diags diags = {0};
    (void)state;
    assert_int_equal(hs_kafka_properties_check(&settings, &diags), 0);
    assert_int_equal(diags.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_property_the_library_refuses_is_told_with_its_place),
        cmocka_unit_test(none_is_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
