// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/match/fixture.h"

static const char *const marks[] = {"AB12CDE", "BD51SMR", "O123ABC", "LK05XYZ", "IAZ1234", NULL};

static void test_exact_and_normalised(void **state)
{
    (void)state;
    struct hs_snapshot *snapshot = fixture_snapshot(marks);
    assert_string_equal(fixture_match(snapshot, "AB12CDE", NULL), "wanted/e0 EXACT 1000");
    assert_string_equal(fixture_match(snapshot, "ab12 cde", NULL), "wanted/e0 EXACT 1000");
    assert_string_equal(fixture_match(snapshot, " ab-12 . cd e!", NULL), "wanted/e0 EXACT 1000");
    assert_string_equal(fixture_match(snapshot, "AB12CDF", NULL), "");
    hs_snapshot_free(snapshot);
}

static void test_tiers_of_one_skeleton(void **state)
{
    (void)state;
    struct hs_snapshot *snapshot = fixture_snapshot(marks);
    // 0 for O and I for 1 are one glyph
    assert_string_equal(fixture_match(snapshot, "LKO5XYZ", NULL), "wanted/e3 GLYPH 980");
    assert_string_equal(fixture_match(snapshot, "ABI2CDE", NULL), "wanted/e0 GLYPH 980");
    // 8 cannot stand where the B was, nor S where the 5 was
    assert_string_equal(fixture_match(snapshot, "A812CDE", NULL), "wanted/e0 GRAMMAR 900");
    assert_string_equal(fixture_match(snapshot, "8DSI5MR", NULL), "wanted/e1 GRAMMAR 900");
    // O may stand where the D was: legal, so no GRAMMAR
    assert_string_equal(fixture_match(snapshot, "AB12COE", NULL), "");
    hs_snapshot_free(snapshot);
}

static void two_candidates(Hitstream__V1__PlateRead *read)
{
    static Hitstream__V1__Candidate a, b, *both[] = {&a, &b};
    hitstream__v1__candidate__init(&a);
    hitstream__v1__candidate__init(&b);
    static char first[] = "AB12CDE", second[] = "8D51SMR";
    a.vrm = first;
    a.confidence_pct = 50;
    b.vrm = second;
    b.confidence_pct = 40;
    read->candidates = both;
    read->n_candidates = 2;
}

static void test_candidates(void **state)
{
    (void)state;
    struct hs_snapshot *snapshot = fixture_snapshot(marks);
    assert_string_equal(fixture_match(snapshot, "XX12CDE", two_candidates),
                        "wanted/e0 CANDIDATE 400, wanted/e1 CANDIDATE 288");
    // an exact hit ends the search on its list
    assert_string_equal(fixture_match(snapshot, "LK05XYZ", two_candidates), "wanted/e3 EXACT 1000");
    hs_snapshot_free(snapshot);
}

static void no_camera(Hitstream__V1__PlateRead *read)
{
    read->camera_id = NULL;
}

static void no_time(Hitstream__V1__PlateRead *read)
{
    read->captured_at_ms = 0;
}

static void test_faults(void **state)
{
    (void)state;
    struct hs_snapshot *snapshot = fixture_snapshot(marks);
    assert_string_equal(fixture_match(snapshot, "", NULL), "fault 2");
    assert_string_equal(fixture_match(snapshot, " -. ", NULL), "fault 2");
    assert_string_equal(fixture_match(snapshot, "AB12CDEFGHIJK", NULL), "fault 2");
    assert_string_equal(fixture_match(snapshot,
                                      "AB\x01"
                                      "CDE",
                                      NULL),
                        "fault 2");
    assert_string_equal(fixture_match(snapshot, "AB12CDE", no_camera), "fault 3");
    assert_string_equal(fixture_match(snapshot, "AB12CDE", no_time), "fault 4");
    hs_snapshot_free(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact_and_normalised),
        cmocka_unit_test(test_tiers_of_one_skeleton),
        cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
