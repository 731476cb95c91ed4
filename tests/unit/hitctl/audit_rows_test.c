// SPDX-License-Identifier: Apache-2.0
// Rows of an audit in order of time, however many of them memory holds.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "hitctl/audit_rows.h"

enum { COUNT = 5000, LITTLE_BYTES = 64 * 1024 };

// Times come again and again, so that the order of adding counts.
static void fill(struct hitctl_audit_rows *rows)
{
    uint64_t x = 7;
    for (size_t i = 0; i < COUNT; i++) {
        char id[32];
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        snprintf(id, sizeof(id), "%zu", i);
        struct hitctl_audit_row row = {.at_ms = 1795300000000 + (int64_t)(x >> 55)};
        row.texts[HITCTL_AUDIT_WHAT] = HS_STR("told");
        row.texts[HITCTL_AUDIT_DETAIL] =
            i % 3 == 0 ? HS_STR("a \"quoted\", long\nheadline") : HS_STR("");
        row.texts[HITCTL_AUDIT_ID] = hs_str(id);
        assert_int_equal(hitctl_audit_rows_add(rows, &row), 0);
    }
}

static char *print(struct hitctl_audit_rows *rows)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    assert_int_equal(hitctl_audit_rows_print(rows, HITCTL_AUDIT_CSV, out), 0);
    fclose(out);
    return text;
}

static void rows_beyond_memory_come_in_the_same_order(void **state)
{
    (void)state;
    static struct hitctl_audit_rows all, little;
    little.memory_max = LITTLE_BYTES;
    fill(&all);
    fill(&little);
    assert_int_equal(all.run_count, 0);
    assert_true(little.run_count > 5);
    assert_true(little.count < COUNT / 5); // what is left in memory
    char *expected = print(&all), *said = print(&little);
    assert_string_equal(said, expected);
    assert_non_null(strstr(expected, "a \"\"quoted\"\", long"));
    free(expected);
    free(said);
    hitctl_audit_rows_fini(&all);
    hitctl_audit_rows_fini(&little);
}

static void no_rows_are_a_head_alone(void **state)
{
    (void)state;
    static struct hitctl_audit_rows none;
    char *said = print(&none);
    assert_string_equal(said,
                        "at,what,who,authority,list,entry,vehicle,recipient,route,detail,id\n");
    free(said);
    hitctl_audit_rows_fini(&none);
}

static void runs_are_bounded(void **state)
{
    (void)state;
    static struct hitctl_audit_rows rows;
    struct hitctl_audit_row row = {.at_ms = 1};
    int rc = 0;
    rows.memory_max = 1; // each row is a run
    for (size_t i = 0; rc == 0 && i < 2 * HITCTL_AUDIT_RUNS_MAX; i++) {
        rc = hitctl_audit_rows_add(&rows, &row);
    }
    assert_int_equal(rc, HS_ELIMIT);
    hitctl_audit_rows_fini(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_beyond_memory_come_in_the_same_order),
        cmocka_unit_test(no_rows_are_a_head_alone),
        cmocka_unit_test(runs_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
