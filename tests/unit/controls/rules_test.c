// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/error.h"
#include "controls/rules.h"
#include "support/bad_files.h"

static int read_bad(struct hs_str text, const char *name, struct hs_diags *diags)
{
    struct hs_rules rules;
    return hs_rules_parse(text, name, diags, &rules);
}

static void each_bad_file_says_what_is_wrong(void **state)
{
    (void)state;
    hs_bad_files_check("controls/bad/rules", ".yaml", read_bad);
}

static void absent_keys_keep_their_defaults(void **state)
{
    struct hs_diags diags = {0};
    struct hs_rules defaults;
    struct hs_rules rules;
    (void)state;
    hs_rules_defaults(&defaults);
    assert_int_equal(defaults.live_ms, 60000);
    assert_int_equal(hs_rules_parse(HS_STR(""), "rules.yaml", &diags, &rules), 0);
    assert_memory_equal(&rules, &defaults, sizeof(rules));
    assert_int_equal(
        hs_rules_parse(HS_STR("incident: {trail_max: 3}\n"), "rules.yaml", &diags, &rules), 0);
    assert_int_equal(rules.trail_max, 3);
    assert_int_equal(rules.quiet_ms, defaults.quiet_ms);
    assert_int_equal(diags.count, 0);
}

static void canonical_text_holds_every_rule(void **state)
{
    struct hs_rules rules;
    struct hs_buf text = {0};
    struct hs_buf other = {0};
    (void)state;
    hs_rules_defaults(&rules);
    hs_rules_canonical(&rules, &text);
    for (size_t i = 0; i < hs_rules_count(); i++) {
        assert_non_null(strstr(hs_buf_text(&text), hs_rules_key(i)));
    }
    rules.publish_live_ms++;
    hs_rules_canonical(&rules, &other);
    assert_string_not_equal(hs_buf_text(&text), hs_buf_text(&other));
    hs_buf_fini(&text);
    hs_buf_fini(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bad_file_says_what_is_wrong),
        cmocka_unit_test(absent_keys_keep_their_defaults),
        cmocka_unit_test(canonical_text_holds_every_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
