// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void a_bump_hands_out_aligned_zeroed_memory_that_does_not_overlap(void **state)
{
    struct hs_bump bump = {0};
    unsigned char *blocks[300];
    (void)state;
    for (size_t i = 0; i < 300; i++) {
        blocks[i] = hs_bump_alloc(&bump, i * 7);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        for (size_t k = 0; k < i * 7; k++) {
            assert_int_equal(blocks[i][k], 0);
        }
        memset(blocks[i], (int)(i & 0xff), i * 7);
    }
    for (size_t i = 0; i < 300; i++) {
        for (size_t k = 0; k < i * 7; k++) {
            assert_int_equal(blocks[i][k], i & 0xff);
        }
    }
    hs_bump_fini(&bump);
}

static void a_reset_bump_gives_zeroed_memory_again(void **state)
{
    struct hs_bump bump = {0};
    (void)state;
    memset(hs_bump_alloc(&bump, 1000), 0xee, 1000);
    hs_bump_alloc(&bump, 1000000);
    hs_bump_reset(&bump);
    assert_int_equal(bump.used_bytes, 0);
    char *again = hs_bump_copy(&bump, "vrm", 3);
    assert_string_equal(again, "vrm");
    hs_bump_fini(&bump);
    hs_bump_fini(&bump);
}

static void a_huge_wish_is_refused_not_wrapped(void **state)
{
    struct hs_bump bump = {0};
    (void)state;
    assert_null(hs_bump_alloc(&bump, SIZE_MAX - 3));
    hs_bump_fini(&bump);
}

static void a_region_is_zeroed_writable_and_given_back(void **state)
{
    struct hs_region region = {0};
    (void)state;
    assert_int_equal(hs_region_map(5000, &region), 0);
    assert_true(region.size_bytes >= 5000);
    assert_int_equal(((char *)region.ptr)[4999], 0);
    ((char *)region.ptr)[4999] = 1;
    hs_region_protect(&region);
    hs_region_unmap(&region);
    assert_null(region.ptr);
    hs_region_unmap(&region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bump_hands_out_aligned_zeroed_memory_that_does_not_overlap),
        cmocka_unit_test(a_reset_bump_gives_zeroed_memory_again),
        cmocka_unit_test(a_huge_wish_is_refused_not_wrapped),
        cmocka_unit_test(a_region_is_zeroed_writable_and_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
