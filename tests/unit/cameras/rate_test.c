// SPDX-License-Identifier: Apache-2.0
//
// What counts say of cameras: silence, collapse, and clocks by the log's times.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "world.h"

#define CLOCK    HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_CLOCK
#define SILENT   HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_SILENT
#define COLLAPSE HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_COLLAPSE

enum { CAMERAS = 12, DAY_WINDOWS = 144 };

static const char *const names[CAMERAS] = {"c00", "c01", "c02", "c03", "c04", "c05",
                                           "c06", "c07", "c08", "c09", "c10", "c11"};

// What is wrong with c00 in a stretch of time.
struct wrong {
    uint32_t keeps_pct; // of its reads
    int64_t late_ms;    // its clock is so much slow
    bool not_counted;   // nobody reads the partition of the first half
    uint32_t all_pct;   // of everybody's reads; 0: all of them
};

// As traffic does: thick by day, thin by night, never twice the same.
static uint32_t reads_of(size_t camera, int64_t window)
{
    static const uint32_t hours[24] = {4,  3,  2,  2,  4,  10, 24, 40, 48, 40, 36, 36,
                                       38, 38, 38, 42, 48, 50, 40, 28, 20, 14, 10, 6};
    uint32_t hour = (uint32_t)(window % DAY_WINDOWS) / 6;
    uint32_t noise = (uint32_t)(window * 7919 + (int64_t)camera * 104729) % 11;
    return hours[hour] * (90 + 2 * noise) / 100 + noise % 2;
}

static void run(struct world *world, int64_t from, int64_t to, const struct wrong *wrong)
{
    for (int64_t w = from; w < to; w++) {
        struct reads rows[2][CAMERAS];
        size_t counts[2] = {0, 0};
        world->read_to_ms = MONDAY + (w + 1) * WINDOW + 1000;
        for (size_t i = 0; i < CAMERAS; i++) {
            uint32_t reads = reads_of(i, w);
            reads = wrong && wrong->all_pct ? reads * wrong->all_pct / 100 : reads;
            reads = wrong && i == 0 ? reads * wrong->keeps_pct / 100 : reads;
            int64_t late_ms = wrong && i == 0 ? wrong->late_ms : 0;
            size_t partition = i < CAMERAS / 2 ? 0 : 1;
            if (reads > 0) {
                rows[partition][counts[partition]++] = (struct reads){
                    names[i], MONDAY + (w - late_ms / WINDOW) * WINDOW, reads, 120 + late_ms};
            }
        }
        for (uint32_t partition = 0; partition < 2; partition++) {
            if (partition == 1 || !wrong || !wrong->not_counted) {
                world_counts(world, partition, rows[partition], counts[partition]);
            }
        }
    }
}

static void a_week_of_sound_cameras_accuses_nobody(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    run(&world, 0, 9 * DAY_WINDOWS, NULL);
    assert_int_equal(world.told, 0);
    world_close(&world);
}

static void silence_is_found_and_ends(void **state)
{
    struct world world;
    const struct wrong silent = {.keeps_pct = 0};
    (void)state;
    world_open(&world);
    run(&world, 0, 3 * DAY_WINDOWS + 54, NULL); // until nine in the morning
    run(&world, 3 * DAY_WINDOWS + 54, 3 * DAY_WINDOWS + 72, &silent);
    const Hitstream__V1__CameraFault *fault = world_fault(&world, "c00", SILENT);
    assert_non_null(fault);
    assert_int_equal(fault->reads, 0);
    assert_true(fault->expected > 200);
    assert_in_range(fault->since_ms, MONDAY + 3 * DAY + 53 * WINDOW,
                    MONDAY + 3 * DAY + 55 * WINDOW);
    assert_int_equal(world_accused(&world), 1);
    run(&world, 3 * DAY_WINDOWS + 72, 3 * DAY_WINDOWS + 84, NULL);
    assert_int_equal(world_accused(&world), 0);
    world_close(&world);
}

static void a_collapse_is_told_from_silence(void **state)
{
    struct world world;
    const struct wrong thin = {.keeps_pct = 8};
    (void)state;
    world_open(&world);
    run(&world, 0, 3 * DAY_WINDOWS + 54, NULL);
    run(&world, 3 * DAY_WINDOWS + 54, 3 * DAY_WINDOWS + 78, &thin);
    assert_non_null(world_fault(&world, "c00", COLLAPSE));
    assert_null(world_fault(&world, "c00", SILENT));
    world_close(&world);
}

static void traffic_that_falls_everywhere_accuses_nobody(void **state)
{
    struct world world;
    const struct wrong snow = {.keeps_pct = 100, .all_pct = 20};
    (void)state;
    world_open(&world);
    run(&world, 0, 3 * DAY_WINDOWS + 54, NULL);
    run(&world, 3 * DAY_WINDOWS + 54, 4 * DAY_WINDOWS, &snow);
    assert_int_equal(world.told, 0);
    world_close(&world);
}

static void who_is_not_counted_is_not_silent(void **state)
{
    struct world world;
    const struct wrong away = {.keeps_pct = 100, .not_counted = true};
    (void)state;
    world_open(&world);
    run(&world, 0, 3 * DAY_WINDOWS + 54, NULL);
    run(&world, 3 * DAY_WINDOWS + 54, 3 * DAY_WINDOWS + 90, &away);
    assert_int_equal(world.told, 0);
    run(&world, 3 * DAY_WINDOWS + 90, 3 * DAY_WINDOWS + 120, NULL);
    assert_int_equal(world.told, 0);
    world_close(&world);
}

static void the_log_tells_a_slow_clock_to_a_second(void **state)
{
    struct world world;
    const struct wrong slow = {.keeps_pct = 100, .late_ms = 47000};
    (void)state;
    world_open(&world);
    run(&world, 0, DAY_WINDOWS, NULL);
    run(&world, DAY_WINDOWS, DAY_WINDOWS + 60, &slow);
    const Hitstream__V1__CameraFault *fault = world_fault(&world, "c00", CLOCK);
    assert_non_null(fault);
    assert_in_range(fault->offset_ms + 47000, 0, 1000);
    assert_int_equal(world_accused(&world), 1);
    run(&world, DAY_WINDOWS + 60, DAY_WINDOWS + 72, NULL);
    assert_int_equal(world_accused(&world), 0);
    world_close(&world);
}

static void a_clock_hours_off_is_a_clock_and_no_silence(void **state)
{
    struct world world;
    const struct wrong slow = {.keeps_pct = 100, .late_ms = 2 * 60 * MINUTE};
    (void)state;
    world_open(&world);
    run(&world, 0, 2 * DAY_WINDOWS + 54, NULL);
    run(&world, 2 * DAY_WINDOWS + 54, 2 * DAY_WINDOWS + 84, &slow);
    assert_non_null(world_fault(&world, "c00", CLOCK));
    assert_null(world_fault(&world, "c00", SILENT));
    assert_null(world_fault(&world, "c00", COLLAPSE));
    world_close(&world);
}

static void everybody_late_is_nobodys_clock(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    for (int64_t w = 0; w < 30; w++) { // a log that is read again a year later
        struct reads rows[CAMERAS];
        world.read_to_ms = MONDAY + 365 * DAY;
        for (size_t i = 0; i < CAMERAS; i++) {
            rows[i] = (struct reads){names[i], MONDAY + w * WINDOW, 30,
                                     365 * DAY - w * WINDOW - (int64_t)i * 20000};
        }
        world_counts(&world, 0, rows, CAMERAS);
    }
    assert_int_equal(world.told, 0);
    world_close(&world);
}

static void what_is_restored_goes_on_the_same(void **state)
{
    struct world whole, first, second;
    struct hs_buf memory = {0};
    const struct wrong silent = {.keeps_pct = 0};
    (void)state;
    world_open(&whole);
    run(&whole, 0, 2 * DAY_WINDOWS + 50, NULL);
    run(&whole, 2 * DAY_WINDOWS + 50, 2 * DAY_WINDOWS + 90, &silent);

    world_open(&first);
    run(&first, 0, 2 * DAY_WINDOWS + 50, NULL);
    run(&first, 2 * DAY_WINDOWS + 50, 2 * DAY_WINDOWS + 55, &silent);
    assert_int_equal(first.told, 0);
    assert_int_equal(hs_gather_pack(first.gather, &memory), 0);
    world_close(&first);

    world_open(&second);
    assert_int_equal(hs_gather_restore(second.gather, hs_buf_str(&memory)), 0);
    run(&second, 2 * DAY_WINDOWS + 55, 2 * DAY_WINDOWS + 90, &silent);
    assert_int_equal(second.told, 1);
    assert_int_equal(second.log.len, whole.log.len);
    assert_memory_equal(second.log.ptr, whole.log.ptr, whole.log.len);
    world_close(&second);
    world_close(&whole);
    hs_buf_fini(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_week_of_sound_cameras_accuses_nobody),
        cmocka_unit_test(silence_is_found_and_ends),
        cmocka_unit_test(a_collapse_is_told_from_silence),
        cmocka_unit_test(traffic_that_falls_everywhere_accuses_nobody),
        cmocka_unit_test(who_is_not_counted_is_not_silent),
        cmocka_unit_test(the_log_tells_a_slow_clock_to_a_second),
        cmocka_unit_test(a_clock_hours_off_is_a_clock_and_no_silence),
        cmocka_unit_test(everybody_late_is_nobodys_clock),
        cmocka_unit_test(what_is_restored_goes_on_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
