// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/error.h"
#include "controls/groups.h"
#include "support/bad_files.h"

static int read_bad(struct hs_str text, const char *name, struct hs_diags *diags)
{
    struct hs_groups *groups = NULL;
    int rc = hs_groups_parse(text, name, diags, &groups);
    hs_groups_free(groups);
    return rc;
}

static void each_bad_file_says_what_is_wrong(void **state)
{
    (void)state;
    hs_bad_files_check("controls/bad/groups", ".yaml", read_bad);
}

static struct hs_groups *parse(const char *text)
{
    struct hs_diags diags = {0};
    struct hs_groups *groups = NULL;
    assert_int_equal(hs_groups_parse(hs_str(text), "groups.yaml", &diags, &groups), 0);
    hs_diags_fini(&diags);
    return groups;
}

#define JAY                                                                                        \
    "  jay: {name: Jay, lead: DI Jones, owner: avon, district: bath, four_p: prevent, plan: "      \
    "P/1,\n"                                                                                       \
    "    review_date: 2026-12-31, county_line: JAY, hub: bristol, markets: [wells, bath],\n"       \
    "    authority: x}\n"
#define QUIET                                                                                      \
    "  quiet: {lead: x, owner: avon, review_date: 2026-12-31, authority: x, covert_list: mole}\n"

static void a_group_is_found_by_its_id(void **state)
{
    struct hs_groups *groups = parse("groups:\n  new: {state: nominated, nominated_by: hub}\n" JAY);
    const struct hs_group *jay = hs_groups_find(groups, HS_STR("jay"));
    (void)state;
    assert_non_null(jay);
    assert_int_equal(jay->state, HS_GROUP_ACTIVE);
    assert_int_equal(jay->four_p, 2);
    assert_int_equal(jay->review_date, 20261231);
    assert_int_equal(jay->market_count, 2);
    assert_true(hs_str_is(jay->markets[0], "bath"));
    assert_int_equal(hs_groups_find(groups, HS_STR("new"))->state, HS_GROUP_NOMINATED);
    assert_true(hs_str_is(hs_groups_find(groups, HS_STR("new"))->name, "new"));
    assert_null(hs_groups_find(groups, HS_STR("kay")));
    assert_int_equal(hs_groups_count(groups), 2);
    hs_groups_free(groups);
}

static void a_covert_group_changes_no_open_text(void **state)
{
    struct hs_groups *with = parse("groups:\n" JAY QUIET);
    struct hs_groups *without = parse("groups:\n" JAY);
    struct hs_groups *none = parse("");
    struct hs_buf a = {0};
    struct hs_buf b = {0};
    (void)state;
    hs_groups_canonical(with, HS_STR("open"), &a);
    hs_groups_canonical(without, HS_STR("open"), &b);
    assert_string_equal(hs_buf_text(&a), hs_buf_text(&b));
    hs_buf_clear(&a);
    hs_groups_canonical(with, HS_STR("covert:other"), &a);
    assert_string_equal(hs_buf_text(&a), hs_buf_text(&b));
    hs_groups_canonical(with, HS_STR("covert:mole"), &a);
    assert_non_null(strstr(hs_buf_text(&a), "5:quiet"));
    hs_buf_clear(&a);
    hs_groups_canonical(none, HS_STR("open"), &a);
    assert_int_equal(a.len, 0);
    hs_buf_fini(&a);
    hs_buf_fini(&b);
    hs_groups_free(with);
    hs_groups_free(without);
    hs_groups_free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bad_file_says_what_is_wrong),
        cmocka_unit_test(a_group_is_found_by_its_id),
        cmocka_unit_test(a_covert_group_changes_no_open_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
