// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "correlate/intern.h"
#include "hitstream/v1/state.pb-c.h"

enum { MANY = 2000 };

static void equal_messages_of_one_type_are_one_object(void **state)
{
    (void)state;
    struct hs_intern_pool pool = {0};
    char a[] = "same", b[] = "same";
    Hitstream__V1__Place place = HITSTREAM__V1__PLACE__INIT;
    Hitstream__V1__ToldPlace told = HITSTREAM__V1__TOLD_PLACE__INIT;
    place.camera_id = a;
    const struct hs_interned *first = hs_intern_get(&pool, &place.base);
    place.camera_id = b;
    assert_ptr_equal(hs_intern_get(&pool, &place.base), first);
    told.site_id = a; // the same bytes, another type
    const struct hs_interned *other = hs_intern_get(&pool, &told.base);
    assert_ptr_not_equal(other, first);
    assert_int_equal(pool.count, 2);
    a[0] = 'S'; // what is held is a copy
    assert_string_equal(((const Hitstream__V1__Place *)first->message)->camera_id, "same");
    hs_intern_put(&pool, first);
    assert_int_equal(pool.count, 2);
    hs_intern_put(&pool, first);
    assert_int_equal(pool.count, 1);
    hs_intern_put(&pool, other);
    hs_intern_put(&pool, NULL);
    assert_int_equal(pool.count, 0);
    hs_intern_fini(&pool);
}

static void many_are_found_again(void **state)
{
    (void)state;
    struct hs_intern_pool pool = {0};
    const struct hs_interned *held[MANY];
    char site[16];
    Hitstream__V1__Place place = HITSTREAM__V1__PLACE__INIT;
    place.site_id = site;
    for (int i = 0; i < MANY; i++) {
        snprintf(site, sizeof(site), "%d", i);
        held[i] = hs_intern_get(&pool, &place.base);
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(site, sizeof(site), "%d", i);
        assert_ptr_equal(hs_intern_get(&pool, &place.base), held[i]);
    }
    hs_intern_fini(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_messages_of_one_type_are_one_object),
        cmocka_unit_test(many_are_found_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
