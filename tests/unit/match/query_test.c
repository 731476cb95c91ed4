// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "match/query.h"
#include "unit/match/fixture.h"

static struct hs_snapshot *snapshot;
static char told[256]; // hits of the last query

static void tell(void *ctx, const struct hs_hit *hit)
{
    (void)ctx;
    size_t len = strlen(told);
    snprintf(told + len, sizeof(told) - len, "%.*s:%d:%u ", HS_STR_ARG(hit->entry_vrm),
             (int)hit->tier, hit->score_permille);
}

static int ask(struct hs_match_query query, enum hs_read_fault *ret_fault)
{
    static const struct hs_match_context context;
    enum hs_read_fault fault = HS_READ_OK;
    told[0] = '\0';
    int rc = hs_match_query(snapshot, &context, &query, ret_fault ? ret_fault : &fault, tell, NULL);
    return rc;
}

static void test_a_plate_is_asked_as_a_read(void **state)
{
    (void)state;
    struct hs_match_query query = {.vrm = HS_STR("ab12 cde"), .at_ms = FIXTURE_NOW_MS};
    assert_int_equal(ask(query, NULL), HS_OK);
    assert_string_equal(told, "AB12CDE:1:1000 ");
    query.vrm = HS_STR("A812CDE");
    query.confidence_pct = 50; // of every character
    query.camera_id = HS_STR("lansdown-n");
    assert_int_equal(ask(query, NULL), HS_OK);
    assert_string_equal(told, "AB12CDE:3:450 ");
    query.vrm = HS_STR("XX99XXX");
    assert_int_equal(ask(query, NULL), HS_OK);
    assert_string_equal(told, "");
}

static void test_what_is_no_read(void **state)
{
    (void)state;
    static char long_text[1000];
    memset(long_text, ' ', sizeof(long_text));
    enum hs_read_fault fault = HS_READ_OK;
    struct hs_match_query query = {.vrm = HS_STR(""), .at_ms = FIXTURE_NOW_MS};
    assert_int_equal(ask(query, &fault), HS_EINVAL);
    assert_int_equal(fault, HS_READ_NO_PLATE);
    query.vrm = HS_STR("ABCDEFGHIJKLM"); // one character too many
    assert_int_equal(ask(query, &fault), HS_EINVAL);
    assert_int_equal(fault, HS_READ_NO_PLATE);
    query.vrm = hs_str_n(long_text, sizeof(long_text));
    assert_int_equal(ask(query, &fault), HS_EINVAL);
    query.vrm = HS_STR("AB12CDE");
    query.camera_id = hs_str_n(long_text, sizeof(long_text));
    assert_int_equal(ask(query, &fault), HS_EINVAL);
    query.camera_id = HS_STR("");
    query.confidence_pct = 101;
    assert_int_equal(ask(query, &fault), HS_EINVAL);
    query.confidence_pct = 0;
    query.at_ms = 0;
    assert_int_equal(ask(query, &fault), HS_EINVAL);
    assert_int_equal(fault, HS_READ_NO_TIME);
    assert_string_equal(told, "");
}

static int make_snapshot(void **state)
{
    (void)state;
    snapshot = fixture_snapshot((const char *const[]){"AB12CDE", NULL});
    return snapshot ? 0 : -1;
}

static int free_snapshot(void **state)
{
    (void)state;
    hs_snapshot_free(snapshot);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plate_is_asked_as_a_read),
        cmocka_unit_test(test_what_is_no_read),
    };
    return cmocka_run_group_tests(tests, make_snapshot, free_snapshot);
}
