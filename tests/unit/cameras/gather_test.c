// SPDX-License-Identifier: Apache-2.0
//
// What journeys say of cameras.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "world.h"

#define CLOCK HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_CLOCK
#define PLACE HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_PLACE

static const char *const neighbours[] = {"a", "b", "c", "d"};

// A vehicle comes from one neighbour, passes `middle`, goes on to another: 300 s each way as a rule.
struct pass {
    unsigned vehicle;
    unsigned way;        // which neighbours; else by the vehicle
    int64_t in_s, out_s; // what the clocks say
    int64_t least_s;
    unsigned elsewhere;
};

static void pass_by(struct world *world, const struct pass *pass, int64_t at_ms)
{
    const struct trip in = {.vehicle = pass->vehicle,
                            .from = neighbours[(pass->vehicle + pass->way) % 4],
                            .to = "x",
                            .elapsed_s = pass->in_s,
                            .least_s = pass->least_s,
                            .typical_s = 300,
                            .at_ms = at_ms,
                            .elsewhere = pass->elsewhere};
    struct trip out = in;
    out.from = "x";
    out.to = neighbours[(pass->vehicle + pass->way + 1) % 4];
    out.elapsed_s = pass->out_s;
    out.at_ms = at_ms + 300000;
    world_journey(world, &in);
    world_journey(world, &out);
}

// Eight vehicles come to a place and leave it sooner than anybody can.
static void accuse_place(struct world *world)
{
    for (unsigned v = 1; v <= 8; v++) {
        const struct pass pass = {.vehicle = v, .in_s = 310, .out_s = 290, .least_s = 900};
        pass_by(world, &pass, MONDAY + v * MINUTE);
    }
}

// Judged once, so that reads are known not to come live: a log that is read again.
static void read_late(struct world *world)
{
    for (int w = 0; w < 4; w++) {
        struct reads rows[6];
        for (size_t i = 0; i < 6; i++) {
            static const char *const cameras[] = {"a", "b", "c", "d", "x", "y"};
            rows[i] = (struct reads){cameras[i], MONDAY + w * WINDOW, 20, 3 * DAY};
        }
        world->read_to_ms = MONDAY + 3 * DAY + w * WINDOW;
        world_counts(world, 0, rows, 6);
    }
}

static void several_vehicles_accuse_a_place(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    for (unsigned v = 1; v <= 8; v++) { // nobody drives there in five minutes
        const struct pass pass = {.vehicle = v, .in_s = 310, .out_s = 290, .least_s = 900};
        pass_by(&world, &pass, MONDAY + v * MINUTE);
    }
    const Hitstream__V1__CameraFault *fault = world_fault(&world, "x", PLACE);
    assert_non_null(fault);
    assert_true(fault->vehicles >= 5);
    assert_true(fault->cameras >= 3);
    assert_int_equal(world_accused(&world), 1); // not those at the other ends
    world_close(&world);
}

// From one camera to the next; where it is impossible the register has one of them far away.
static void drive(struct world *world, unsigned vehicle, const char *from, const char *to,
                  bool impossible, int64_t at_ms)
{
    const struct trip trip = {.vehicle = vehicle,
                              .from = from,
                              .to = to,
                              .elapsed_s = 300,
                              .least_s = impossible ? 900 : 200,
                              .typical_s = impossible ? 0 : 300,
                              .at_ms = at_ms};
    world_journey(world, &trip);
}

static void two_neighbours_that_answer_for_themselves_accuse_a_place(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    for (unsigned v = 1; v <= 8; v++) { // one road: p a x b q
        int64_t at_ms = MONDAY + v * 30 * MINUTE;
        drive(&world, v, "p", "a", false, at_ms);
        drive(&world, v, "a", "x", true, at_ms + 5 * MINUTE);
        drive(&world, v, "x", "b", true, at_ms + 10 * MINUTE);
        drive(&world, v, "b", "q", false, at_ms + 15 * MINUTE);
    }
    assert_non_null(world_fault(&world, "x", PLACE));
    assert_int_equal(world_accused(&world), 1); // not those at the other ends
    world_close(&world);
}

static void the_neighbour_of_a_wrong_camera_is_not_accused(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    for (unsigned v = 1; v <= 30;
         v++) { // x is wrong; a has no other neighbour, b few journeys more
        int64_t at_ms = MONDAY + v * 30 * MINUTE;
        drive(&world, v, "a", "x", true, at_ms);
        drive(&world, v, "x", "b", true, at_ms + 5 * MINUTE);
        if (v % 10 == 0) {
            drive(&world, v, "b", "q", false, at_ms + 10 * MINUTE);
        }
    }
    assert_null(world_fault(&world, "a", PLACE));
    assert_null(world_fault(&world, "b", PLACE));
    world_close(&world);
}

// The log's own times say that all clocks are right.
static void read_live(struct world *world)
{
    for (int w = 0; w < 8; w++) {
        static const char *const cameras[] = {"a", "b", "o", "p", "x"};
        struct reads rows[5];
        for (size_t i = 0; i < 5; i++) {
            rows[i] = (struct reads){cameras[i], MONDAY + w * WINDOW, 20, 100};
        }
        world->read_to_ms = MONDAY + (w + 1) * WINDOW;
        world_counts(world, 0, rows, 5);
    }
}

// Trips end beside it: nothing is known of its other side.
static void come_to_an_end(struct world *world)
{
    for (unsigned v = 1; v <= 8; v++) {
        int64_t at_ms = MONDAY + v * 10 * MINUTE;
        drive(world, v, v % 2 ? "p" : "o", "a", false, at_ms);
        drive(world, v, "a", "x", true, at_ms + 5 * MINUTE);
    }
}

static void one_side_alone_accuses_a_place_while_clocks_are_right(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    read_live(&world);
    come_to_an_end(&world);
    assert_non_null(world_fault(&world, "x", PLACE));
    assert_int_equal(world_accused(&world), 1);
    world_close(&world);
}

static void one_side_alone_may_be_a_clock(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    come_to_an_end(&world); // nobody knows how late its reads come
    assert_int_equal(world_accused(&world), 0);
    world_close(&world);
}

static void who_passes_daily_pushes_nobody_out(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    int64_t at_ms = MONDAY;
    for (unsigned v = 1; v <= 4; v++) {
        for (unsigned i = 0; i < 40; i++, at_ms += 20 * MINUTE) {
            const struct pass pass = {
                .vehicle = 99, .way = i, .in_s = 310, .out_s = 290, .least_s = 900};
            pass_by(&world, &pass, at_ms);
        }
        const struct pass pass = {.vehicle = v, .in_s = 310, .out_s = 290, .least_s = 900};
        assert_int_equal(world_accused(&world), 0);
        pass_by(&world, &pass, at_ms);
    }
    assert_non_null(world_fault(&world, "x", PLACE)); // five vehicles in ten days
    world_close(&world);
}

static void one_vehicle_accuses_nobody(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    for (unsigned i = 0; i < 40; i++) {
        const struct pass pass = {
            .vehicle = 4, .way = i, .in_s = 310, .out_s = 290, .least_s = 900};
        pass_by(&world, &pass, MONDAY + i * 20 * MINUTE);
    }
    assert_int_equal(world_accused(&world), 0);
    world_close(&world);
}

static void a_clone_accuses_nobody(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    for (unsigned v = 1; v <= 20; v++) { // they are impossible elsewhere, too
        const struct pass pass = {
            .vehicle = v, .in_s = 310, .out_s = 290, .least_s = 900, .elsewhere = 2};
        pass_by(&world, &pass, MONDAY + v * MINUTE);
    }
    assert_int_equal(world_accused(&world), 0);
    world_close(&world);
}

static void a_place_that_was_put_right_is_withdrawn(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    accuse_place(&world);
    assert_non_null(world_fault(&world, "x", PLACE));
    for (unsigned v = 1; v <= 30; v++) {
        const struct pass pass = {.vehicle = v, .in_s = 300, .out_s = 300, .least_s = 200};
        pass_by(&world, &pass, MONDAY + 2 * 60 * MINUTE + v * MINUTE);
    }
    assert_int_equal(world_accused(&world), 0);
    world_close(&world);
}

// Who takes his time may come from anywhere: that nothing is impossible for once says nothing.
static void slow_journeys_withdraw_no_place(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    accuse_place(&world);
    for (unsigned v = 1; v <= 40; v++) {
        const struct pass pass = {.vehicle = v, .in_s = 1500, .out_s = 1500, .least_s = 900};
        pass_by(&world, &pass, MONDAY + 2 * 60 * MINUTE + v * MINUTE);
    }
    assert_non_null(world_fault(&world, "x", PLACE));
    world_close(&world);
}

static void journeys_tell_a_clock_and_its_error(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    read_late(&world);
    for (unsigned v = 1; v <= 16; v++) { // 120 s ahead; they drive between 270 and 330 s
        int64_t s = 300 + (int64_t)(v * 7 % 5) * 15 - 30;
        const struct pass pass = {.vehicle = v, .in_s = s + 120, .out_s = s - 120, .least_s = 150};
        pass_by(&world, &pass, MONDAY + v * MINUTE);
    }
    const Hitstream__V1__CameraFault *fault = world_fault(&world, "x", CLOCK);
    assert_non_null(fault);
    assert_in_range(fault->offset_ms, 110000, 130000);
    assert_true(fault->vehicles >= 5);
    assert_int_equal(world_accused(&world), 1);
    world_close(&world);
}

static void congestion_is_no_wrong_clock(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    read_late(&world);
    for (unsigned v = 1; v <= 24; v++) { // everybody is two minutes late on both sides
        const struct pass pass = {.vehicle = v, .in_s = 420, .out_s = 420, .least_s = 150};
        pass_by(&world, &pass, MONDAY + v * MINUTE);
    }
    assert_int_equal(world_accused(&world), 0);
    world_close(&world);
}

static void roadworks_on_one_side_are_no_wrong_clock(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    read_late(&world);
    for (unsigned v = 1; v <= 24; v++) { // it takes two minutes longer to come here, from anywhere
        const struct pass pass = {.vehicle = v, .in_s = 420, .out_s = 300, .least_s = 150};
        pass_by(&world, &pass, MONDAY + v * MINUTE);
    }
    assert_int_equal(world_accused(&world), 0);
    world_close(&world);
}

static void a_person_clears_it(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    accuse_place(&world);
    world_clear(&world, "x", PLACE, MONDAY + DAY);
    assert_int_equal(world_accused(&world), 0);
    world_close(&world);
}

static void what_comes_twice_counts_once(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    for (unsigned v = 1; v <= 2; v++) {
        for (unsigned again = 0; again < 10; again++) {
            const struct pass pass = {.vehicle = v, .in_s = 310, .out_s = 290, .least_s = 900};
            pass_by(&world, &pass, MONDAY + v * MINUTE);
        }
    }
    struct hs_buf once = {0}, twice = {0};
    assert_int_equal(hs_gather_pack(world.gather, &twice), 0);
    world_close(&world);
    world_open(&world);
    for (unsigned v = 1; v <= 2; v++) {
        const struct pass pass = {.vehicle = v, .in_s = 310, .out_s = 290, .least_s = 900};
        pass_by(&world, &pass, MONDAY + v * MINUTE);
    }
    assert_int_equal(hs_gather_pack(world.gather, &once), 0);
    assert_int_equal(once.len, twice.len);
    assert_memory_equal(once.ptr, twice.ptr, once.len);
    hs_buf_fini(&once);
    hs_buf_fini(&twice);
    world_close(&world);
}

static void hostile_observations_are_passed_over(void **state)
{
    struct world world;
    struct hs_gather_stats stats;
    (void)state;
    world_open(&world);
    assert_int_not_equal(hs_gather_apply(world.gather, HS_STR("\xff\xff\xff")), 0);
    assert_int_not_equal(hs_gather_apply(world.gather, HS_STR("")), 0);
    const struct trip far = {.vehicle = 1,
                             .from = "a",
                             .to = "x",
                             .elapsed_s = INT64_MAX / 1000,
                             .typical_s = INT64_MAX / 1000,
                             .at_ms = MONDAY};
    world_journey(&world, &far);
    hs_gather_stats(world.gather, &stats);
    assert_int_equal(stats.malformed, 2);
    assert_int_equal(world_accused(&world), 0);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_vehicles_accuse_a_place),
        cmocka_unit_test(two_neighbours_that_answer_for_themselves_accuse_a_place),
        cmocka_unit_test(the_neighbour_of_a_wrong_camera_is_not_accused),
        cmocka_unit_test(one_side_alone_accuses_a_place_while_clocks_are_right),
        cmocka_unit_test(one_side_alone_may_be_a_clock),
        cmocka_unit_test(who_passes_daily_pushes_nobody_out),
        cmocka_unit_test(one_vehicle_accuses_nobody),
        cmocka_unit_test(a_clone_accuses_nobody),
        cmocka_unit_test(a_place_that_was_put_right_is_withdrawn),
        cmocka_unit_test(slow_journeys_withdraw_no_place),
        cmocka_unit_test(journeys_tell_a_clock_and_its_error),
        cmocka_unit_test(congestion_is_no_wrong_clock),
        cmocka_unit_test(roadworks_on_one_side_are_no_wrong_clock),
        cmocka_unit_test(a_person_clears_it),
        cmocka_unit_test(what_comes_twice_counts_once),
        cmocka_unit_test(hostile_observations_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
