// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cameras/counter.h"

#define WINDOW INT64_C(600000)
#define START  INT64_C(1780272000000)

struct seen {
    struct hs_camera_window rows[16];
    size_t count;
};

static void on_finished(void *ctx, const struct hs_camera_window *window)
{
    struct seen *seen = ctx;
    assert_true(seen->count < 16);
    seen->rows[seen->count++] = *window;
}

static struct hs_camera_counter *make(struct seen *seen, size_t max)
{
    struct hs_camera_counter *counter;
    assert_int_equal(hs_camera_counter_new(max, on_finished, seen, &counter), 0);
    hs_camera_counter_set_window(counter, WINDOW);
    return counter;
}

static void the_first_window_is_partial_the_next_whole(void **state)
{
    struct seen seen = {.count = 0};
    struct hs_camera_counter *counter = make(&seen, 8);
    (void)state;
    hs_camera_counter_add(counter, 3, HS_STR("a"), START + 1000, START + 1200);
    hs_camera_counter_add(counter, 3, HS_STR("a"), START + WINDOW, START + WINDOW + 900);
    hs_camera_counter_add(counter, 3, HS_STR("a"), START + WINDOW + 5, START + WINDOW + 105);
    hs_camera_counter_add(counter, 3, HS_STR("a"), START + 2 * WINDOW, START + 2 * WINDOW);
    assert_int_equal(seen.count, 2);
    assert_true(seen.rows[0].partial);
    assert_false(seen.rows[1].partial);
    assert_int_equal(seen.rows[1].reads, 2);
    assert_int_equal(seen.rows[1].floor_ms, 100);
    assert_int_equal(seen.rows[1].window_ms, START + WINDOW);
    assert_int_equal(seen.rows[1].partition, 3);
    hs_camera_counter_free(counter);
}

static void a_late_read_counts_in_the_running_window(void **state)
{
    struct seen seen = {.count = 0};
    struct hs_camera_counter *counter = make(&seen, 8);
    (void)state;
    hs_camera_counter_add(counter, 0, HS_STR("a"), START + 9 * WINDOW, START + 9 * WINDOW);
    hs_camera_counter_add(counter, 0, HS_STR("a"), START, START + 9 * WINDOW);
    assert_int_equal(seen.count, 0);
    hs_camera_counter_add(counter, 0, HS_STR("a"), START + 10 * WINDOW, START + 10 * WINDOW);
    assert_int_equal(seen.rows[0].reads, 2);
    hs_camera_counter_free(counter);
}

static void a_clock_that_was_set_back_is_followed(void **state)
{
    struct seen seen = {.count = 0};
    struct hs_camera_counter *counter = make(&seen, 8);
    (void)state;
    hs_camera_counter_add(counter, 0, HS_STR("a"), START + 90 * WINDOW, START);
    for (int i = 0; i < HS_CAMERA_COUNTER_BACK; i++) {
        hs_camera_counter_add(counter, 0, HS_STR("a"), START + i, START + i);
    }
    assert_int_equal(seen.count, 1);
    hs_camera_counter_add(counter, 0, HS_STR("a"), START + WINDOW, START + WINDOW);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.rows[1].window_ms, START);
    hs_camera_counter_free(counter);
}

static void a_full_table_leaves_others_out(void **state)
{
    struct seen seen = {.count = 0};
    struct hs_camera_counter *counter = make(&seen, 4);
    (void)state;
    for (int i = 0; i < 10; i++) {
        char id[16];
        snprintf(id, sizeof(id), "c%d", i);
        hs_camera_counter_add(counter, 0, hs_str(id), START, START);
    }
    assert_int_equal(hs_camera_counter_count(counter), 4);
    assert_int_equal(hs_camera_counter_dropped(counter), 6);
    hs_camera_counter_reset(counter);
    assert_int_equal(hs_camera_counter_count(counter), 0);
    hs_camera_counter_free(counter);
}

// Ids that are alike at both ends, shorter and longer than the words that they are compared by.
static void cameras_whose_ids_are_alike_are_told_apart(void **state)
{
    static const char *const ids[] = {
        "c",
        "cam",
        "cam-001",
        "cam-0001",
        "cam-0002",
        "east-00010001",
        "west-00010001",
        "cam-000100010001",
        "cam-000100010002",
        "cam-0001000100010001",
        "cam-0001000200010001",
        "a-camera-whose-id-is-as-long-as-any-that-is-counted-of-a-force-1"};
    enum { IDS = sizeof(ids) / sizeof(ids[0]), ROUNDS = 3 };
    struct seen seen = {.count = 0};
    struct hs_camera_counter *counter = make(&seen, IDS);
    (void)state;
    assert_int_equal(strlen(ids[IDS - 1]), HS_CAMERA_COUNTER_ID_BYTES);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < IDS; i++) {
            hs_camera_counter_expect(counter, hs_str(ids[i]));
            for (unsigned reads = 0; reads <= i; reads++) {
                hs_camera_counter_add(counter, 0, hs_str(ids[i]), START + reads, START + reads);
            }
        }
    }
    assert_int_equal(hs_camera_counter_count(counter), IDS);
    assert_int_equal(hs_camera_counter_dropped(counter), 0);
    for (unsigned i = 0; i < IDS; i++) {
        hs_camera_counter_add(counter, 0, hs_str(ids[i]), START + WINDOW, START + WINDOW);
        assert_int_equal(seen.count, i + 1);
        assert_true(hs_str_is(seen.rows[i].camera_id, ids[i]));
        assert_int_equal(seen.rows[i].reads, ROUNDS * (i + 1));
    }
    hs_camera_counter_free(counter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_window_is_partial_the_next_whole),
        cmocka_unit_test(a_late_read_counts_in_the_running_window),
        cmocka_unit_test(a_clock_that_was_set_back_is_followed),
        cmocka_unit_test(a_full_table_leaves_others_out),
        cmocka_unit_test(cameras_whose_ids_are_alike_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
