// SPDX-License-Identifier: Apache-2.0
// A camera that does not stand where the register says: reads go in, the finding comes out, the next
// hit bears it, and a person who put it right says so.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "desks.h"

#define PLACES "hitstream_camera_faults{kind=\"place\"}"

// Four cameras round one crossing, and one that is said to stand 30 km away.
static const char cameras[] = "camera,site,road,direction,force,area,latitude,longitude,kind\n"
                              "n1,n1,A1,N,northvale,north-outer,51.400,-2.390,fixed\n"
                              "n2,n2,A1,N,northvale,north-outer,51.401,-2.390,fixed\n"
                              "n3,n3,A1,N,northvale,north-outer,51.402,-2.390,fixed\n"
                              "n4,n4,A1,N,northvale,north-outer,51.403,-2.390,fixed\n"
                              "f1,f1,A1,N,northvale,far,51.670,-2.390,fixed\n"
                              "e1,e1,A2,E,eastmoor,east-outer,51.400,-2.391,fixed\n";

static int open_town(void **state)
{
    desks_open(state);
    house_activate_texts(&desks.house, cameras, desks_queues, desks_rules);
    return 0;
}

static void await_value(const char *series, double wanted)
{
    int64_t until_ms = hs_clock_boottime_ms() + HOUSE_TIMEOUT_MS;
    double value = house_metric(&desks.house, series);
    for (; value != wanted; value = house_metric(&desks.house, series)) {
        if (hs_clock_boottime_ms() >= until_ms) {
            fail_msg("'%s' is %f and does not come to %f", series, value, wanted);
        }
        desks_step();
    }
}

// By the register they drove 30 km in a moment, there and back.
static void pass_by_way_of_f1(int vehicle)
{
    char vrm[16], from[4], to[4];
    snprintf(vrm, sizeof(vrm), "BD%d1CDE", vehicle);
    snprintf(from, sizeof(from), "n%d", vehicle % 4 + 1);
    snprintf(to, sizeof(to), "n%d", (vehicle + 1) % 4 + 1);
    desks_list("stolen", vrm);
    desks_pass(from, vrm);
    desks_pass("f1", vrm);
    desks_pass(to, vrm);
}

// What the first alert about the vehicle knows of its camera.
static size_t faults_told(const char *vrm, Hitstream__V1__CameraFaultKind *ret_kind)
{
    Hitstream__V1__Alert *alert = desks_alert("north-live", vrm, 1);
    size_t count = alert->n_camera_faults;
    *ret_kind = count > 0 ? alert->camera_faults[0]->kind : 0;
    hitstream__v1__alert__free_unpacked(alert, NULL);
    return count;
}

static void several_vehicles_find_a_camera_at_a_wrong_place(void **state)
{
    Hitstream__V1__CameraFaultKind kind;
    (void)state;
    desks_start(NULL);
    pass_by_way_of_f1(1);
    pass_by_way_of_f1(2);
    desks_await_metric("hitstream_camera_observations_total", 4);
    assert_true(house_metric(&desks.house, PLACES) == 0); // two may be clones
    for (int vehicle = 3; vehicle <= 6; vehicle++) {
        pass_by_way_of_f1(vehicle);
    }
    await_value(PLACES, 1);
    desks_await_metric("hitstream_camera_finding_events_total", 1); // those whom it concerns
    desks_list("stolen", "BD71CDE");
    desks_pass("f1", "BD71CDE");
    assert_int_equal(faults_told("BD71CDE", &kind), 1);
    assert_int_equal(kind, HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_PLACE);
    assert_int_equal(HITCTL(&desks.house, "cameras", "show", "f1"), 0);
    assert_non_null(strstr(desks.house.text, "it does not stand where the register says"));
    assert_int_equal(house_stop(&desks.house), 0);
    assert_int_equal(house_count_log(&desks.house, "BD11CDE"), 0);

    desks_start(NULL); // another that takes over: it knows
    await_value(PLACES, 1);
    assert_int_equal(HITCTL(&desks.house, "cameras", "clear", "f1", "place"), 0);
    assert_int_equal(HITCTL(&desks.house, "audit", "export"), 0);
    assert_non_null(strstr(desks.house.text, "cameras clear camera f1: place"));
    await_value(PLACES, 0);
    desks_list("stolen", "BD81CDE");
    desks_pass("f1", "BD81CDE");
    assert_int_equal(faults_told("BD81CDE", &kind), 0);
    assert_int_equal(HITCTL(&desks.house, "cameras", "list"), 0);
    assert_non_null(strstr(desks.house.text, "nothing is known to be wrong"));
    assert_int_equal(house_stop(&desks.house), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(several_vehicles_find_a_camera_at_a_wrong_place, open_town,
                                        desks_close),
    };
    return cmocka_run_group_tests(tests, desks_open_broker, desks_close_broker);
}
