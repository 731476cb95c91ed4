// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "geo/cameras.h"
#include "support/bad_files.h"

static struct hs_cameras *parse(const char *text)
{
    struct hs_diags diags = {0};
    struct hs_cameras *cameras = NULL;
    int rc = hs_cameras_parse(hs_str(text), "cameras.csv", &diags, &cameras);
    for (size_t i = 0; i < diags.count; i++) {
        print_error("%u: %s\n", diags.rows[i].line, diags.rows[i].message);
    }
    hs_diags_fini(&diags);
    assert_int_equal(rc, 0);
    return cameras;
}

static int read_bad(struct hs_str text, const char *name, struct hs_diags *diags)
{
    struct hs_cameras *cameras = NULL;
    int rc = hs_cameras_parse(text, name, diags, &cameras);
    hs_cameras_free(cameras);
    return rc;
}

static void each_bad_file_says_what_is_wrong(void **state)
{
    (void)state;
    hs_bad_files_check("controls/bad/cameras", ".csv", read_bad);
}

static void columns_stand_in_any_order_and_case(void **state)
{
    struct hs_cameras *cameras =
        parse("\xef\xbb\xbf"
              "Force, Longitude ,site,camera,LATITUDE,direction,kind,model,area,road\r\n"
              "avon,-2.3942,s1,c1,51.4154,nw,,m500,\"east, outer\",A4\r\n"
              "\r\n"
              "wilts,,s2,m1,,,mobile,,,\r\n");
    (void)state;
    assert_int_equal(hs_cameras_count(cameras), 2);
    const struct hs_camera *c1 = hs_cameras_find(cameras, HS_STR("c1"));
    assert_non_null(c1);
    assert_true(hs_str_is(c1->site_id, "s1") && hs_str_is(c1->road, "A4"));
    assert_true(hs_str_is(c1->direction, "NW") && hs_str_is(c1->force, "avon"));
    assert_true(hs_str_is(c1->area, "east, outer") && hs_str_is(c1->model, "m500"));
    assert_true(c1->has_position && !c1->mobile);
    assert_true(c1->position.latitude_deg == 51.4154 && c1->position.longitude_deg == -2.3942);
    const struct hs_camera *m1 = hs_cameras_find(cameras, HS_STR("m1"));
    assert_true(m1->mobile && !m1->has_position);
    assert_null(hs_cameras_find(cameras, HS_STR("c")));
    assert_null(hs_cameras_find(cameras, HS_STR("")));
    assert_null(hs_cameras_at(cameras, 2));
    hs_cameras_free(cameras);
}

static void national_grid_is_read(void **state)
{
    struct hs_cameras *cameras =
        parse("camera,site,force,easting,northing\nc1,s1,avon,375100,165000\n");
    const struct hs_camera *c1 = hs_cameras_at(cameras, 0);
    (void)state;
    assert_true(hs_point_distance_m(c1->position, (struct hs_point){51.383496, -2.359190}) < 1);
    hs_cameras_free(cameras);
}

static void many_are_found_and_stand_in_order(void **state)
{
    struct hs_buf text = {0};
    enum { COUNT = 5000 };
    (void)state;
    hs_buf_add_text(&text, "camera,site,force,latitude,longitude\n");
    for (unsigned i = 0; i < COUNT; i++) {
        unsigned n = i * 2711 % COUNT; // any order
        hs_buf_printf(&text, "c%05u,s%u,f%u,51.%05u,-2.4\n", n, n / 2, n / 2 % 7, n);
    }
    struct hs_cameras *cameras = parse(hs_buf_text(&text));
    assert_int_equal(hs_cameras_count(cameras), COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        char id[16];
        snprintf(id, sizeof(id), "c%05u", i);
        assert_true(hs_str_is(hs_cameras_at(cameras, i)->camera_id, id));
        assert_ptr_equal(hs_cameras_find(cameras, hs_str(id)), hs_cameras_at(cameras, i));
    }
    hs_cameras_free(cameras);
    hs_buf_fini(&text);
}

static void sites_know_what_comes_next(void **state)
{
    struct hs_cameras *cameras = parse("camera,site,force,latitude,longitude,next\n"
                                       "c2,s1,avon,51,-2,\nc1,s1,avon,51,-2, s3;s2 ;s3\n"
                                       "c3,s2,avon,51,-2,\nc4,s3,wilts,51,-2,s2\n");
    const struct hs_camera *c1 = hs_cameras_find(cameras, HS_STR("c1"));
    (void)state;
    assert_int_equal(c1->next_count, 2);
    assert_true(hs_str_is(c1->next_sites[0], "s2") && hs_str_is(c1->next_sites[1], "s3"));
    assert_int_equal(hs_cameras_find(cameras, HS_STR("c2"))->next_count, 0);
    assert_ptr_equal(hs_cameras_site(cameras, HS_STR("s1")), c1); // the first by id
    assert_true(hs_str_is(hs_cameras_site(cameras, HS_STR("s3"))->force, "wilts"));
    assert_null(hs_cameras_site(cameras, HS_STR("s4")));
    assert_null(hs_cameras_site(cameras, HS_STR("")));
    hs_cameras_free(cameras);
}

// The class is the area's: one row of it is enough, and the same name of another force is another.
static void areas_are_hubs_and_markets(void **state)
{
    struct hs_cameras *cameras = parse("camera,site,force,area,latitude,longitude,class\n"
                                       "c1,s1,avon,bath,51,-2,\nc2,s2,avon,bath,51,-2,market\n"
                                       "c3,s3,wilts,bath,51,-2,\nc4,s4,wilts,calne,51,-2,hub\n"
                                       "c5,s5,wilts,,51,-2,\nc6,s6,glos,spa,51,-2,market\n");
    (void)state;
    assert_int_equal(hs_cameras_find(cameras, HS_STR("c1"))->area_class, HS_AREA_MARKET);
    assert_int_equal(hs_cameras_find(cameras, HS_STR("c2"))->area_class, HS_AREA_MARKET);
    assert_int_equal(hs_cameras_find(cameras, HS_STR("c3"))->area_class, HS_AREA_OTHER);
    assert_int_equal(hs_cameras_find(cameras, HS_STR("c4"))->area_class, HS_AREA_HUB);
    assert_int_equal(hs_cameras_find(cameras, HS_STR("c5"))->area_class, HS_AREA_OTHER);
    assert_int_equal(hs_cameras_markets(cameras), 2);
    hs_cameras_free(cameras);
}

static void a_site_is_found_by_its_hash(void **state)
{
    struct hs_cameras *cameras = parse("camera,site,force,latitude,longitude\n"
                                       "c1,s1,avon,51,-2\nc2,s2,avon,51,-2\nc3,s2,avon,51,-2\n");
    (void)state;
    assert_ptr_equal(hs_cameras_hashed_site(cameras, hs_site_hash(HS_STR("s2"))),
                     hs_cameras_find(cameras, HS_STR("c2")));
    assert_null(hs_cameras_hashed_site(cameras, hs_site_hash(HS_STR("s3"))));
    hs_cameras_free(cameras);
}

static void canonical_text_knows_no_layout(void **state)
{
    struct hs_buf a = {0};
    struct hs_buf b = {0};
    struct hs_buf c = {0};
    struct hs_cameras *one =
        parse("camera,site,force,latitude,longitude\nc2,s2,w,51,-2\nc1,s1,a,52,-1\n");
    struct hs_cameras *two = parse(
        "site,camera,longitude,latitude,force,kind\ns1,\"c1\",-1.0,52.0,a,fixed\ns2,c2,-2,51,w,\n");
    struct hs_cameras *other =
        parse("camera,site,force,latitude,longitude\nc2,s2,w,51,-2\nc1,s1,b,52,-1\n");
    (void)state;
    hs_cameras_canonical(one, &a);
    hs_cameras_canonical(two, &b);
    hs_cameras_canonical(other, &c);
    assert_string_equal(hs_buf_text(&a), hs_buf_text(&b));
    assert_string_not_equal(hs_buf_text(&a), hs_buf_text(&c));
    hs_cameras_free(one);
    hs_cameras_free(two);
    hs_cameras_free(other);
    hs_buf_fini(&a);
    hs_buf_fini(&b);
    hs_buf_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bad_file_says_what_is_wrong),
        cmocka_unit_test(columns_stand_in_any_order_and_case),
        cmocka_unit_test(national_grid_is_read),
        cmocka_unit_test(many_are_found_and_stand_in_order),
        cmocka_unit_test(sites_know_what_comes_next),
        cmocka_unit_test(areas_are_hubs_and_markets),
        cmocka_unit_test(a_site_is_found_by_its_hash),
        cmocka_unit_test(canonical_text_knows_no_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
