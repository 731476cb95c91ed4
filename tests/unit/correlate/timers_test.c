// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/hash.h"
#include "correlate/timers.h"

enum { MANY = 200 };

static struct hs_intern_pool pool;
static const struct hs_id incident = {.bytes = {7}};

static void the_next_due_comes_first_by_time_then_key(void **state)
{
    (void)state;
    struct hs_vehicle_heap heap = {0};
    struct hs_vehicle *vehicles[MANY];
    int64_t due_ms, last_ms = INT64_MIN;
    char key[] = "A000|open", last_key[16] = "";
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(key, sizeof(key), "A%03u|open", i % 1000);
        assert_int_equal(hs_vehicle_new(hs_str(key), &vehicles[i]), 0);
        hs_vehicle_set_timer(vehicles[i], 1, &incident, (int64_t)(hs_hash_u64(i) % 20));
        assert_int_equal(hs_timers_update(&heap, vehicles[i]), 0);
    }
    for (unsigned i = 0; i < MANY; i += 3) { // some move, some go
        vehicles[i]->timers[0].due_at_ms = (int64_t)(hs_hash_u64(i + 1000) % 20);
        assert_int_equal(hs_timers_update(&heap, vehicles[i]), 0);
    }
    for (unsigned i = 0; i < MANY; i += 7) {
        vehicles[i]->timers[0].appended = true;
        assert_int_equal(hs_timers_update(&heap, vehicles[i]), 0);
    }
    size_t left = heap.count;
    assert_int_equal(left, MANY - (MANY + 6) / 7);
    for (size_t i = 0; i < left; i++) {
        struct hs_vehicle *first = hs_timers_first(&heap, &due_ms);
        assert_true(due_ms > last_ms || (due_ms == last_ms && strcmp(first->key, last_key) > 0));
        last_ms = due_ms;
        snprintf(last_key, sizeof(last_key), "%s", first->key);
        hs_timers_remove(&heap, first);
    }
    assert_null(hs_timers_first(&heap, &due_ms));
    for (unsigned i = 0; i < MANY; i++) {
        hs_vehicle_free(vehicles[i], &pool);
    }
    hs_vehicle_heap_fini(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_next_due_comes_first_by_time_then_key)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
