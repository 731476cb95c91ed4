// SPDX-License-Identifier: Apache-2.0
// The file of who may do what: each fault is told with its place.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "config/file.h"
#include "hitctl/rights_file.h"
#include "support/bad_files.h"

static int read_bad(struct hs_str text, const char *name, struct hs_diags *diags)
{
    struct hitctl_rights *rights = NULL;
    int rc = hitctl_rights_parse(text, name, diags, &rights);
    hitctl_rights_free(rights);
    return rc;
}

static void bad_files_are_refused_with_place_and_reason(void **state)
{
    (void)state;
    hs_bad_files_check("rights/bad", ".yaml", read_bad);
}

static void a_person_has_what_the_file_gives(void **state)
{
    (void)state;
    struct hs_diags diags = {0};
    struct hitctl_rights *rights;
    struct hs_buf roles = {0};
    assert_int_equal(hitctl_rights_parse(hs_str("persons:\n"
                                                "  ann:\n"
                                                "    role: [lead, auditor]\n"
                                                "    force: Aven\n"
                                                "    lists: '*'\n"
                                                "    queues: [aven, joint]\n"),
                                         "rights.yaml", &diags, &rights),
                     0);
    const struct hitctl_person *ann = &rights->persons[0];
    assert_int_equal(rights->person_count, 1);
    assert_string_equal(ann->name, "ann");
    hitctl_roles_say(ann->roles, &roles);
    assert_string_equal(hs_buf_text(&roles), "lead, auditor");
    assert_true(hitctl_words_have(&ann->logins, "ann")); // when none are given
    assert_true(hitctl_words_have(&ann->lists, "*"));
    assert_true(hitctl_words_have(&ann->queues, "joint"));
    assert_false(hitctl_words_have(&ann->audiences, "open"));
    assert_false(rights->authority_required);
    hs_buf_fini(&roles);
    hitctl_rights_free(rights);
    hs_diags_fini(&diags);
}

static void the_sample_is_good(void **state)
{
    (void)state;
    struct hs_diags diags = {0};
    struct hs_buf text = {0};
    struct hitctl_rights *rights;
    assert_int_equal(hs_file_read(HS_SOURCE_DIR "/config/rights.sample.yaml", 1 << 16, &text), 0);
    assert_int_equal(hitctl_rights_parse(hs_buf_str(&text), "sample", &diags, &rights), 0);
    assert_int_equal(rights->person_count, 4);
    assert_true(rights->authority_required);
    hitctl_rights_free(rights);
    hs_buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_files_are_refused_with_place_and_reason),
        cmocka_unit_test(the_sample_is_good),
        cmocka_unit_test(a_person_has_what_the_file_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
