// SPDX-License-Identifier: Apache-2.0
// What a partner may know of a row: by its policy, and no count that points at somebody.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/reduce.h"

static struct hs_report_row a_row(void)
{
    struct hs_report_row row = {.vehicles = 12, .incidents = 30, .harm = 900};
    row.states[HS_STATE_STOPPED] = 20;
    row.states[HS_STATE_NO_ANSWER] = 10;
    row.safeguarding[0] = 24;
    row.safeguarding[3] = 6;
    row.safeguarding_unattended = 2;
    row.outcomes[HS_OUTCOME_ARRESTS] = 4;
    row.outcomes[HS_OUTCOME_CHARGES] = 5;
    return row;
}

static void what_the_policy_does_not_name_is_never_told(void **state)
{
    (void)state;
    const struct hs_queue policy = {.reduced = true};
    const struct hs_report_row row = a_row();
    struct hs_reduced_row reduced;
    hs_reduce_row(&row, &policy, &reduced);
    assert_int_equal(reduced.vehicles.count, 12);
    assert_int_equal(reduced.unattended.count, 10);
    assert_int_equal(reduced.harm.told, HS_TOLD_NEVER);
    assert_int_equal(reduced.safeguarding.told, HS_TOLD_NEVER);
    assert_int_equal(reduced.outcomes[HS_OUTCOME_ARRESTS].told, HS_TOLD_NEVER);
}

static void small_counts_are_kept_back(void **state)
{
    (void)state;
    const struct hs_queue policy = {.reduced = true,
                                    .disclose = HS_DISCLOSE_PRIORITY | HS_DISCLOSE_SAFEGUARDING |
                                                HS_DISCLOSE_ANSWERED};
    struct hs_report_row row = a_row();
    struct hs_reduced_row reduced;
    hs_reduce_row(&row, &policy, &reduced);
    assert_int_equal(reduced.safeguarding.count, 6);
    assert_int_equal(reduced.safeguarding_unattended.told, HS_TOLD_SMALL);
    assert_int_equal(reduced.outcomes[HS_OUTCOME_ARRESTS].told, HS_TOLD_SMALL);
    assert_int_equal(reduced.outcomes[HS_OUTCOME_CHARGES].count, 5);
    assert_int_equal(reduced.outcomes[HS_OUTCOME_WEAPONS].told, HS_TOLD_COUNT); // none: nobody
    row.states[HS_STATE_STOPPED] = 1; // 'unattended 29 of 30' would tell it
    row.states[HS_STATE_NO_ANSWER] = 29;
    hs_reduce_row(&row, &policy, &reduced);
    assert_int_equal(reduced.unattended.told, HS_TOLD_SMALL);
}

static void a_policy_may_ask_for_more(void **state)
{
    (void)state;
    const struct hs_queue policy = {
        .reduced = true, .disclose = HS_DISCLOSE_PRIORITY, .disclose_least = 31};
    const struct hs_report_row row = a_row();
    struct hs_reduced_row reduced;
    hs_reduce_row(&row, &policy, &reduced);
    assert_int_equal(reduced.incidents.told, HS_TOLD_SMALL);
    assert_int_equal(reduced.harm.told, HS_TOLD_SMALL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_policy_does_not_name_is_never_told),
        cmocka_unit_test(small_counts_are_kept_back),
        cmocka_unit_test(a_policy_may_ask_for_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
