// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/error.h"
#include "geo/roads.h"
#include "geo/roads_learn.h"
#include "support/bad_files.h"

static struct hs_roads *parse(const char *text)
{
    struct hs_diags diags = {0};
    struct hs_roads *roads = NULL;
    int rc = hs_roads_parse(hs_str(text), "roads.csv", &diags, &roads);
    for (size_t i = 0; i < diags.count; i++) {
        print_error("%u: %s\n", diags.rows[i].line, diags.rows[i].message);
    }
    hs_diags_fini(&diags);
    assert_int_equal(rc, 0);
    return roads;
}

static int read_bad(struct hs_str text, const char *name, struct hs_diags *diags)
{
    struct hs_roads *roads = NULL;
    int rc = hs_roads_parse(text, name, diags, &roads);
    hs_roads_free(roads);
    return rc;
}

static void each_bad_file_says_what_is_wrong(void **state)
{
    (void)state;
    hs_bad_files_check("controls/bad/roads", ".csv", read_bad);
}

static const char table[] =
    "to,from,direction,fastest_s,typical_s,share_ppm,corridor,distance_m,spread_pct,free_s\n"
    "b,a,N,60,120.5,700000,yes,2000,15,90\n"
    "c,a,N,60,200,200000,,3000,25,\n"
    "c,a,,60,220,100000,,3000,25,\n"
    "c,b,N,30,1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19;20;21;22;23;24,0,yes,1,,\n";

static void links_are_found_by_direction_or_without(void **state)
{
    // the last row is too quick for its fastest time: mend it
    struct hs_buf text = {0};
    (void)state;
    hs_buf_add_text(&text, table);
    char *thirty = strstr((char *)(uintptr_t)hs_buf_text(&text), "c,b,N,30");
    memcpy(thirty, "c,b,N,00", 8);
    struct hs_roads *roads = parse(hs_buf_text(&text));
    const struct hs_road_link *north = hs_roads_find(roads, HS_STR("a"), HS_STR("N"), HS_STR("c"));
    const struct hs_road_link *south = hs_roads_find(roads, HS_STR("a"), HS_STR("S"), HS_STR("c"));
    const struct hs_road_link *ab = hs_roads_find(roads, HS_STR("a"), HS_STR("N"), HS_STR("b"));
    size_t first;
    assert_int_equal(hs_roads_count(roads), 4);
    assert_int_equal(north->typical_ms[7], 200000);
    assert_int_equal(north->free_ms, 60000);
    assert_int_equal(south->typical_ms[7], 220000);
    assert_int_equal(ab->typical_ms[23], 120500);
    assert_int_equal(ab->spread_pct, 15);
    assert_null(hs_roads_find(roads, HS_STR("a"), HS_STR("S"), HS_STR("b")));
    assert_null(hs_roads_find(roads, HS_STR("c"), HS_STR(""), HS_STR("a")));
    const struct hs_road_link *by_hour =
        hs_roads_find(roads, HS_STR("b"), HS_STR("N"), HS_STR("c"));
    assert_int_equal(by_hour->typical_ms[0], 1000);
    assert_int_equal(by_hour->typical_ms[23], 24000);
    assert_int_equal(by_hour->spread_pct, 20);
    assert_int_equal(hs_roads_exits(roads, HS_STR("a"), HS_STR("N"), &first), 2);
    assert_true(hs_str_is(hs_roads_at(roads, first)->to, "b"));
    assert_int_equal(hs_roads_exits(roads, HS_STR("a"), HS_STR("W"), &first), 1);
    assert_int_equal(hs_roads_exits(roads, HS_STR("x"), HS_STR("W"), &first), 0);
    hs_roads_free(roads);
    hs_buf_fini(&text);
}

static void corridors_reach_across_sites_between(void **state)
{
    struct hs_roads *roads = parse("from,to,fastest_s,typical_s,corridor\n"
                                   "a,b,1,2,yes\nb,c,1,2,yes\nc,d,1,2,no\nx,c,1,2,yes\n");
    (void)state;
    assert_true(hs_roads_same_corridor(roads, HS_STR("a"), HS_STR("c")));
    assert_true(hs_roads_same_corridor(roads, HS_STR("x"), HS_STR("a")));
    assert_true(hs_roads_same_corridor(roads, HS_STR("d"), HS_STR("d")));
    assert_true(hs_roads_same_corridor(roads, HS_STR("nowhere"), HS_STR("nowhere")));
    assert_false(hs_roads_same_corridor(roads, HS_STR("a"), HS_STR("d")));
    assert_false(hs_roads_same_corridor(roads, HS_STR("a"), HS_STR("nowhere")));
    hs_roads_free(roads);
}

static void canonical_text_is_a_table_again(void **state)
{
    struct hs_roads *one = parse("from,to,fastest_s,typical_s,direction,corridor\n"
                                 "b,a,1.5,2.25,ne,\n\"a,1\",b,1,2,,yes\n");
    struct hs_buf a = {0};
    struct hs_buf b = {0};
    (void)state;
    hs_roads_canonical(one, &a);
    assert_string_equal(hs_buf_text(&a),
                        "from,direction,to,distance_m,fastest_s,free_s,typical_s,spread_pct,"
                        "share_ppm,corridor\n"
                        "\"a,1\",,b,0,1,1,2,20,0,yes\n"
                        "b,NE,a,0,1.5,1.5,2.25,20,0,\n");
    struct hs_roads *two = parse(hs_buf_text(&a));
    hs_roads_canonical(two, &b);
    assert_string_equal(hs_buf_text(&a), hs_buf_text(&b));
    hs_roads_free(one);
    hs_roads_free(two);
    hs_buf_fini(&a);
    hs_buf_fini(&b);
}

static struct hs_cameras *register_of_five(void)
{
    struct hs_diags diags = {0};
    struct hs_cameras *cameras = NULL;
    assert_int_equal(hs_cameras_parse(HS_STR("camera,site,road,direction,force,latitude,longitude\n"
                                             "an,a,A4,N,x,51.00,-2.0\n"
                                             "bn,b,A4,N,x,51.02,-2.0\n"
                                             "bs,b,A4,S,x,51.02,-2.0\n"
                                             "cn,c,B7,N,x,51.04,-2.0\n"
                                             "dn,d,,N,x,51.06,-2.0\n"
                                             "en,e,,N,x,51.08,-2.0\n"),
                                      "cameras.csv", &diags, &cameras),
                     0);
    return cameras;
}

static void a_table_is_learnt_from_what_was_counted(void **state)
{
    struct hs_cameras *cameras = register_of_five();
    struct hs_roads_learner *learner = hs_roads_learner_new(cameras);
    struct hs_buf text = {0};
    (void)state;
    assert_int_equal(hs_roads_learner_add(learner, HS_STR("an"), HS_STR("bn"), 8, 60, 200000), 0);
    assert_int_equal(hs_roads_learner_add(learner, HS_STR("an"), HS_STR("bs"), 8, 20, 200000), 0);
    assert_int_equal(hs_roads_learner_add(learner, HS_STR("an"), HS_STR("bn"), 3, 10, 100000), 0);
    assert_int_equal(hs_roads_learner_add(learner, HS_STR("an"), HS_STR("cn"), 8, 10, 300000), 0);
    assert_int_equal(hs_roads_learner_add(learner, HS_STR("dn"), HS_STR("en"), 8, 10, 300000), 0);
    assert_int_equal(hs_roads_learner_add(learner, HS_STR("an"), HS_STR("an"), 8, 99, 1000), 0);
    assert_int_equal(hs_roads_learner_add(learner, HS_STR("an"), HS_STR("zz"), 8, 1, 1000),
                     HS_ENOTFOUND);
    assert_int_equal(hs_roads_learner_add(learner, HS_STR("an"), HS_STR("bn"), 24, 1, 1000),
                     HS_EINVAL);
    assert_int_equal(hs_roads_learner_finish(learner, 1, &text), 0);
    struct hs_roads *roads = parse(hs_buf_text(&text));
    const struct hs_road_link *ab = hs_roads_find(roads, HS_STR("a"), HS_STR("N"), HS_STR("b"));
    const struct hs_road_link *ac = hs_roads_find(roads, HS_STR("a"), HS_STR("N"), HS_STR("c"));
    const struct hs_road_link *de = hs_roads_find(roads, HS_STR("d"), HS_STR("N"), HS_STR("e"));
    assert_int_equal(hs_roads_count(roads), 3);
    assert_int_equal(ab->share_ppm, 900000);
    assert_int_equal(ac->share_ppm, 100000);
    assert_int_equal(ab->typical_ms[8], 200000);
    assert_int_equal(ab->typical_ms[3], 100000);
    assert_int_equal(ab->typical_ms[12], 188000); // all day's mean where the hour has none
    assert_int_equal(ab->free_ms, 100000);
    assert_in_range(ab->distance_m, 2200, 2250);
    assert_int_equal(ab->fastest_ms,
                     40000); // two fifths of free-flow; the line at 45 m/s is slower
    assert_true(ab->corridor);
    assert_false(ac->corridor);
    assert_false(de->corridor); // no road is not one road
    hs_roads_free(roads);
    hs_buf_fini(&text);
    hs_roads_learner_free(learner);
    hs_cameras_free(cameras);
}

// Two vehicles with one plate, or a camera that stands elsewhere: a table must not believe them.
static void journeys_quicker_than_anybody_drives_make_no_link(void **state)
{
    struct hs_cameras *cameras = register_of_five();
    struct hs_roads_learner *learner = hs_roads_learner_new(cameras);
    struct hs_buf text = {0};
    (void)state;
    for (int i = 0; i < 5; i++) { // six and a half kilometres
        hs_roads_learner_add(learner, HS_STR("an"), HS_STR("dn"), 8, 1, 109000 + i * 100);
        hs_roads_learner_add(learner, HS_STR("an"), HS_STR("en"), 8, 1, 170000);
    }
    hs_roads_learner_add(learner, HS_STR("an"), HS_STR("en"), 9, 40,
                         60000); // counted with its mean
    assert_int_equal(hs_roads_learner_impossible(learner), 5 + 40);
    assert_int_equal(hs_roads_learner_finish(learner, 3, &text), 0);
    struct hs_roads *roads = parse(hs_buf_text(&text));
    assert_int_equal(hs_roads_count(roads), 1);
    assert_int_equal(hs_roads_at(roads, 0)->share_ppm, 1000000); // as if they had not been seen
    hs_roads_free(roads);
    hs_buf_fini(&text);
    hs_roads_learner_free(learner);
    hs_cameras_free(cameras);
}

static void what_a_person_knows_of_a_link_counts(void **state)
{
    struct hs_cameras *cameras = register_of_five();
    struct hs_roads_learner *learner = hs_roads_learner_new(cameras);
    struct hs_buf text = {0};
    (void)state;
    hs_roads_learner_add(learner, HS_STR("an"), HS_STR("bn"), 8, 60, 200000);
    hs_roads_learner_add(learner, HS_STR("an"), HS_STR("cn"), 8, 2, 200000);
    assert_int_equal(
        hs_roads_learner_link(learner, HS_STR("a"), HS_STR(""), HS_STR("b"), 5000, false), 0);
    assert_int_equal(
        hs_roads_learner_link(learner, HS_STR("a"), HS_STR(""), HS_STR("zz"), 5000, false),
        HS_ENOTFOUND);
    assert_int_equal(
        hs_roads_learner_link(learner, HS_STR("b"), HS_STR(""), HS_STR("c"), 5000, false),
        HS_EINVAL);
    assert_int_equal(hs_roads_learner_finish(learner, 10, &text), 0);
    struct hs_roads *roads = parse(hs_buf_text(&text));
    assert_int_equal(hs_roads_count(roads), 1); // two vehicles are no road, but their share is gone
    assert_int_equal(hs_roads_at(roads, 0)->distance_m, 5000);
    assert_int_equal(hs_roads_at(roads, 0)->share_ppm, 60 * 1000000 / 62);
    assert_false(hs_roads_at(roads, 0)->corridor);
    hs_roads_free(roads);
    hs_buf_fini(&text);
    hs_roads_learner_free(learner);
    hs_cameras_free(cameras);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bad_file_says_what_is_wrong),
        cmocka_unit_test(links_are_found_by_direction_or_without),
        cmocka_unit_test(corridors_reach_across_sites_between),
        cmocka_unit_test(canonical_text_is_a_table_again),
        cmocka_unit_test(a_table_is_learnt_from_what_was_counted),
        cmocka_unit_test(journeys_quicker_than_anybody_drives_make_no_link),
        cmocka_unit_test(what_a_person_knows_of_a_link_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
