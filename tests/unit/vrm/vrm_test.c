// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "vrm/vrm.h"

static struct hs_vrm mark(const char *text)
{
    struct hs_vrm vrm;
    assert_int_equal(hs_vrm_normalise(hs_str(text), &vrm, NULL), HS_OK);
    return vrm;
}

static void test_normalise(void **state)
{
    (void)state;
    uint8_t from[HS_VRM_MAX];
    struct hs_vrm vrm;
    assert_int_equal(hs_vrm_normalise(HS_STR(" ab-12 c?e."), &vrm, from), HS_OK);
    assert_string_equal(vrm.text, "AB12C?E");
    assert_int_equal(vrm.len, 7);
    assert_int_equal(vrm.unreadable, 1);
    static const uint8_t stood[] = {1, 2, 4, 5, 7, 8, 9};
    assert_memory_equal(from, stood, sizeof(stood));
    assert_int_equal(hs_vrm_normalise(HS_STR(""), &vrm, NULL), HS_EINVAL);
    assert_int_equal(hs_vrm_normalise(HS_STR(" -~[{"), &vrm, NULL), HS_EINVAL);
    assert_int_equal(hs_vrm_normalise(HS_STR("ABCDEFGHIJKLM"), &vrm, NULL), HS_ELIMIT);
    assert_int_equal(hs_vrm_normalise(HS_STR("AB\t1"), &vrm, NULL), HS_EFORMAT);
    assert_int_equal(hs_vrm_normalise(HS_STR("M\xc3\x9c 1"), &vrm, NULL), HS_EFORMAT);
    assert_string_equal(mark("abcdefghijkl").text, "ABCDEFGHIJKL");
}

static void test_pack_is_reversible(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "A", "0", "AB12CDE", "ABCDEFGHIJKL", "????", "000000000000", "Z9?Z9?Z9?Z9?"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct hs_vrm vrm = mark(texts[i]), again;
        assert_int_equal(hs_vrm_unpack(hs_vrm_pack(&vrm), &again), HS_OK);
        assert_string_equal(again.text, texts[i]);
        assert_int_equal(again.unreadable, vrm.unreadable);
    }
}

static void test_what_is_no_packed_mark(void **state)
{
    (void)state;
    struct hs_vrm vrm, a = mark("ABCD"), b = mark("ABC");
    assert_int_equal(hs_vrm_unpack(0, &vrm), HS_EFORMAT);
    assert_int_equal(hs_vrm_unpack(UINT64_C(1) << 63, &vrm), HS_EFORMAT);
    assert_int_equal(hs_vrm_unpack((UINT64_C(1) << 21) - 1, &vrm), HS_EFORMAT); // no such limb
    assert_int_equal(hs_vrm_unpack(hs_vrm_pack(&a) << 21, &vrm), HS_EFORMAT); // begins with nothing
    assert_int_equal(hs_vrm_unpack(hs_vrm_pack(&b) | hs_vrm_pack(&a) << 21, &vrm),
                     HS_EFORMAT); // a hole
}

static void test_skeleton_and_glyphs(void **state)
{
    (void)state;
    struct hs_vrm a = mark("ODQIZSBGA"), b = mark("000125867"), skeleton = hs_vrm_skeleton(&a);
    assert_string_equal(skeleton.text, "00012586A");
    assert_int_equal(hs_vrm_pack_skeleton(&a), hs_vrm_pack(&skeleton));
    assert_false(hs_vrm_glyph_eq(&a, &b));
    struct hs_vrm o = mark("O1"), zero = mark("0I"), d = mark("D1"), longer = mark("O11");
    assert_true(hs_vrm_glyph_eq(&o, &zero));
    assert_false(hs_vrm_glyph_eq(&o, &d));
    assert_false(hs_vrm_glyph_eq(&o, &longer));
}

// As if normalised and packed, whatever the text: of a mark, of none, of one with unreadable characters.
static void test_skeleton_of_text(void **state)
{
    static const char bytes[] = "ABDIOQSZ0123568ab -?\x80*";
    (void)state;
    uint32_t seed = 20261130;
    for (int round = 0; round < 20000; round++) {
        char text[16];
        size_t len = (seed = seed * 1664525U + 1013904223U) >> 28;
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1664525U + 1013904223U;
            text[i] = bytes[(seed >> 16) % (sizeof(bytes) - 1)];
        }
        struct hs_vrm vrm;
        bool named = hs_vrm_normalise(hs_str_n(text, len), &vrm, NULL) == 0 && !vrm.unreadable;
        assert_int_equal(hs_vrm_skeleton_of_text(hs_str_n(text, len)),
                         named ? hs_vrm_pack_skeleton(&vrm) : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normalise),
        cmocka_unit_test(test_pack_is_reversible),
        cmocka_unit_test(test_what_is_no_packed_mark),
        cmocka_unit_test(test_skeleton_and_glyphs),
        cmocka_unit_test(test_skeleton_of_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
