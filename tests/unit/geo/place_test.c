// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/error.h"
#include "geo/place.h"

// Places whose grid reference and WGS84 position are both published; the transformation is good to
// about 5 m.
static void grid_references_agree_with_published_positions(void **state)
{
    static const struct {
        double easting_m, northing_m;
        struct hs_point wgs84;
    } rows[] = {
        // Ordnance Survey's 'A guide to coordinate systems': Caister water tower, by OSTN15
        {651409.804, 313177.450, {52.65800783, 1.716073973}},
        // the same transformation's test points: St Mary's (Scilly), Butt of Lewis, Shetland
        {91492.146, 11318.804, {49.92226393730, -6.29977752014}},
        {151968.652, 966483.780, {58.51560361300, -6.26091455533}},
        {440725.073, 1107878.448, {59.85409913890, -1.27486910356}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hs_point point;
        assert_int_equal(hs_point_from_grid(rows[i].easting_m, rows[i].northing_m, &point), 0);
        double off_m = hs_point_distance_m(point, rows[i].wgs84);
        if (off_m > 10) {
            fail_msg("row %zu is off by %.1f m: %.6f %.6f", i, off_m, point.latitude_deg,
                     point.longitude_deg);
        }
    }
}

static void places_outside_the_grid_are_refused(void **state)
{
    struct hs_point point = {1, 2};
    (void)state;
    assert_int_equal(hs_point_from_grid(-1, 0, &point), HS_EINVAL);
    assert_int_equal(hs_point_from_grid(700001, 0, &point), HS_EINVAL);
    assert_int_equal(hs_point_from_grid(0, 1300001, &point), HS_EINVAL);
    assert_int_equal(hs_point_from_grid((double)NAN, 5, &point), HS_EINVAL);
    assert_true(point.latitude_deg == 1 && point.longitude_deg == 2);
    assert_int_equal(hs_point_from_grid(0, 0, &point), 0);
    assert_int_equal(hs_point_from_grid(700000, 1300000, &point), 0);
}

static void distances(void **state)
{
    const struct hs_point bath = {51.3811, -2.3590};
    const struct hs_point bristol = {51.4545, -2.5879};
    (void)state;
    assert_true(fabs(hs_point_distance_m(bath, bristol) - 17850) < 100);
    assert_true(hs_point_distance_m(bath, bath) == 0);
    assert_true(fabs(hs_point_distance_m(bath, bristol) - hs_point_distance_m(bristol, bath)) <
                1e-6);
    // a degree of latitude on the mean sphere
    assert_true(
        fabs(hs_point_distance_m((struct hs_point){50, 0}, (struct hs_point){51, 0}) - 111195) < 1);
    assert_true(fabs(hs_point_distance_m((struct hs_point){0, 0}, (struct hs_point){0, 180}) -
                     3.14159265358979 * 6371008.8) < 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grid_references_agree_with_published_positions),
        cmocka_unit_test(places_outside_the_grid_are_refused),
        cmocka_unit_test(distances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
