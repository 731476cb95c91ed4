// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "match/confusion.h"
#include "vrm/vrm.h"

static bool confuses(const struct hs_confusion_table *table, char a, char b)
{
    return table->partners[hs_vrm_value_of(a)] >> (hs_vrm_value_of(b) - 1) & 1;
}

static struct hs_confusions *make(void)
{
    struct hs_confusions *confusions;
    assert_int_equal(hs_confusions_new(&confusions), HS_OK);
    return confusions;
}

// Every pair that surveys name, both ways, and no other.
static void test_the_default_table(void **state)
{
    (void)state;
    static const char pairs[] = "PBPRCGA4KXFEVWXYVYVU7Z1LTI685358083949WNMN";
    static const char all[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const struct hs_confusion_table *table = hs_confusions_find(NULL, HS_STR("any model"));
    unsigned expected = 0, found = 0;
    for (const char *pair = pairs; *pair; pair += 2) {
        assert_true(confuses(table, pair[0], pair[1]) && confuses(table, pair[1], pair[0]));
        expected += 2;
    }
    for (const char *a = all; *a; a++) {
        for (const char *b = all; *b; b++) {
            found += confuses(table, *a, *b);
        }
    }
    assert_int_equal(found, expected);
}

static void test_a_model_has_its_own(void **state)
{
    (void)state;
    struct hs_confusions *confusions = make();
    assert_int_equal(
        hs_confusions_add(confusions, HS_STR("acme 3"), HS_STR("8G # a dirty lens\n\n  H M\tX\n")),
        HS_EFORMAT); // single characters are no pair
    assert_int_equal(
        hs_confusions_add(confusions, HS_STR("acme 3"), HS_STR("8G # a dirty lens\n\n  HM  \n")),
        HS_OK);
    const struct hs_confusion_table *table = hs_confusions_find(confusions, HS_STR("acme 3"));
    assert_true(confuses(table, '8', 'G') && confuses(table, 'G', '8'));
    assert_true(confuses(table, 'H', 'M') && confuses(table, 'M', 'H'));
    assert_false(confuses(table, 'P', 'B'));
    table = hs_confusions_find(confusions, HS_STR("acme 4")); // has none: the default
    assert_true(confuses(table, 'P', 'B') && !confuses(table, '8', 'G'));
    assert_int_equal(hs_confusions_add(confusions, HS_STR(""), HS_STR("8G")), HS_OK);
    table = hs_confusions_find(confusions, HS_STR("acme 4")); // which is now another
    assert_true(!confuses(table, 'P', 'B') && confuses(table, '8', 'G'));
    hs_confusions_free(confusions);
    hs_confusions_free(NULL);
}

static void test_what_is_no_table(void **state)
{
    (void)state;
    static const char *const bad[] = {"ABC", "A", "AA", "A?", "?A", "a8", "A-", "PB PR P", "PB\nQ"};
    struct hs_confusions *confusions = make();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(hs_confusions_add(confusions, HS_STR("m"), hs_str(bad[i])), HS_EFORMAT);
        assert_int_equal(hs_confusions_add(confusions, HS_STR(""), hs_str(bad[i])), HS_EFORMAT);
    }
    // nothing of it is kept
    assert_true(confuses(hs_confusions_find(confusions, HS_STR("m")), 'P', 'B'));
    hs_confusions_free(confusions);
}

static void test_as_many_as_the_bound(void **state)
{
    (void)state;
    struct hs_confusions *confusions = make();
    char model[16];
    for (unsigned i = 0; i < HS_CONFUSION_TABLES_MAX; i++) {
        snprintf(model, sizeof(model), "m%u", i);
        assert_int_equal(hs_confusions_add(confusions, hs_str(model), HS_STR("8G")), HS_OK);
    }
    assert_int_equal(hs_confusions_add(confusions, HS_STR("one more"), HS_STR("8G")), HS_ELIMIT);
    assert_true(confuses(hs_confusions_find(confusions, HS_STR("m255")), '8', 'G'));
    assert_false(confuses(hs_confusions_find(confusions, HS_STR("one more")), '8', 'G'));
    hs_confusions_free(confusions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_default_table),
        cmocka_unit_test(test_a_model_has_its_own),
        cmocka_unit_test(test_what_is_no_table),
        cmocka_unit_test(test_as_many_as_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
