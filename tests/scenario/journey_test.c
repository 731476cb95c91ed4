// SPDX-License-Identifier: Apache-2.0
//
// Stories for the journey rule alone: a line is a camera that reads the plate, and what the car in
// front of it looked like. The places: 'home' and 'mill' five kilometres apart, with a road of at
// least four minutes between them; 'port' eighty kilometres away.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/error.h"
#include "correlate/rules/journey.h"

struct world {
    struct hs_journey journey;
    struct hs_rules rules;
    struct hs_roads *roads;
    struct hs_journey_observed observed;
    struct hs_journey_verdict verdict;
    int64_t now_ms;
    bool many_cameras;    // each read is another camera's
    uint32_t weakest_pct; // confidence of a read's weakest character; 0: none is given
};

static const struct {
    const char *site;
    double latitude_deg, longitude_deg;
} places[] = {{"home", 51.40, -2.40}, {"mill", 51.40, -2.33}, {"port", 51.40, -1.25},
              {"dock", 51.42, -1.25}, {"pier", 51.45, -1.20}, {"farm", 51.44, -2.40}};

static int begin(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct hs_diags diags = {0};
    assert_non_null(world);
    hs_rules_defaults(&world->rules);
    assert_int_equal(hs_roads_parse(HS_STR("from,to,fastest_s,typical_s\nhome,mill,240,400\n"
                                           "mill,home,240,400\n"),
                                    "roads.csv", &diags, &world->roads),
                     0);
    hs_diags_fini(&diags);
    *state = world;
    return 0;
}

static int end(void **state)
{
    struct world *world = *state;
    hs_roads_free(world->roads);
    free(world);
    return 0;
}

static bool read_with(struct world *world, const char *at, const char *site, const char *colour,
                      Hitstream__V1__MatchTier tier, Hitstream__V1__Lateness lateness)
{
    Hitstream__V1__Hit hit = HITSTREAM__V1__HIT__INIT;
    Hitstream__V1__Place place = HITSTREAM__V1__PLACE__INIT;
    Hitstream__V1__Position position = HITSTREAM__V1__POSITION__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    struct hs_journey_view view = {.rules = &world->rules, .roads = world->roads};
    int day = 0, hour, minute;
    if (sscanf(at, "%d+%d:%d", &day, &hour, &minute) != 3) {
        day = 0;
        assert_int_equal(sscanf(at, "%d:%d", &hour, &minute), 2);
    }
    size_t i = 0;
    while (strcmp(places[i].site, site) != 0) {
        assert_true(++i < sizeof(places) / sizeof(places[0]));
    }
    position.latitude_deg = places[i].latitude_deg;
    position.longitude_deg = places[i].longitude_deg;
    place.site_id = (char *)(uintptr_t)site;
    place.camera_id = (char *)(uintptr_t)(world->many_cameras ? at : site);
    place.position = &position;
    audience.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
    hit.audience = &audience;
    hit.place = &place;
    hit.tier = tier;
    hit.lateness = lateness;
    hit.weakest_confidence_pct = world->weakest_pct;
    hit.seen_colour = (char *)(uintptr_t)colour;
    hit.captured_at_ms =
        INT64_C(1768262400000) + ((day * 24 + hour) * INT64_C(60) + minute) * 60000;
    world->now_ms = hit.captured_at_ms;
    bool clash;
    hs_journey_on_hit(&world->journey, &view, &hit, &clash, &world->observed);
    return clash;
}

static void fits(struct world *world, const char *at, const char *site, const char *colour)
{
    assert_false(read_with(world, at, site, colour, HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT,
                           HITSTREAM__V1__LATENESS__LATENESS_LIVE));
}

static void clashes(struct world *world, const char *at, const char *site, const char *colour)
{
    assert_true(read_with(world, at, site, colour, HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT,
                          HITSTREAM__V1__LATENESS__LATENESS_LIVE));
}

static bool is_told(struct world *world)
{
    struct hs_journey_view view = {.rules = &world->rules, .roads = world->roads};
    return hs_journey_is_due(&world->journey, &view, world->now_ms, &world->verdict);
}

static void judged(struct world *world)
{
    hs_journey_judge(&world->journey, &world->verdict);
}

// ------------------------------------------------------------------ stories

static void a_day_of_errands_is_no_finding(void **state)
{
    struct world *world = *state;
    fits(world, "08:00", "home", "RED");
    fits(world, "08:05", "mill", "RED");
    fits(world, "09:10", "port", "RED");
    fits(world, "09:20", "dock", "RED");
    fits(world, "11:00", "home", "RED");
    assert_false(is_told(world));
}

static void a_clone_drives_on_its_own(void **state)
{
    struct world *world = *state;
    world->many_cameras = true;
    fits(world, "08:00", "home", "");
    clashes(world, "08:10", "port", "");
    assert_int_equal(world->observed.least_ms / 60000, 26); // 79 km less the slack, at 180 km/h
    assert_false(is_told(world));                           // it may be a misread, or a camera
    clashes(world, "08:15", "mill", "");
    clashes(world, "08:20", "dock", "");
    clashes(world, "08:25", "home", "");
    clashes(world, "08:30", "pier", "");
    clashes(world, "08:35", "farm", "");
    clashes(world, "08:40", "dock", "");
    assert_false(is_told(world)); // two or three cameras of its ways could be wrong
    clashes(world, "08:45", "home", "");
    clashes(world, "08:50", "pier", "");
    clashes(world, "08:55", "mill", "");
    assert_true(is_told(world));
    assert_true(world->verdict.clone_permille > 880);
    assert_true(world->verdict.cameras >= 5);
    clashes(world, "09:00", "dock", "");
    assert_false(is_told(world)); // told once
}

static void a_clone_of_another_colour_is_known_sooner(void **state)
{
    struct world *world = *state;
    fits(world, "08:00", "home", "RED");
    clashes(world, "08:10", "port", "BLUE");
    clashes(world, "08:15", "mill", "RED");
    clashes(world, "08:20", "dock", "BLUE");
    assert_false(is_told(world)); // another plate may have been misread twice
    clashes(world, "08:25", "pier", "BLUE");
    assert_true(is_told(world));
    assert_int_equal(world->verdict.looks_differ, 3);
}

static void one_misread_is_no_clone(void **state)
{
    struct world *world = *state;
    fits(world, "08:00", "home", "RED");
    clashes(world, "08:10", "port", "BLUE");
    fits(world, "08:50", "mill", "RED");
    fits(world, "09:00", "home", "RED");
    fits(world, "09:10", "farm", "RED");
    assert_false(is_told(world));
    judged(world);
    assert_true(world->verdict.misread_permille > world->verdict.clone_permille);
}

static void a_camera_with_a_wrong_clock_is_no_clone(void **state)
{
    struct world *world = *state;
    for (int day = 0; day < 5; day++) { // 'mill' shows two minutes after 'home', day by day
        char at[24];
        snprintf(at, sizeof(at), "%d+08:00", day);
        fits(world, at, "home", "RED");
        snprintf(at, sizeof(at), "%d+08:02", day);
        clashes(world, at, "mill", "RED");
        snprintf(at, sizeof(at), "%d+08:12", day);
        fits(world, at, "farm", "RED");
        assert_false(is_told(world));
    }
    judged(world);
    assert_string_equal(world->verdict.camera, "home"); // or 'mill': one vehicle cannot tell
    assert_int_equal(world->verdict.clashes_elsewhere, 0);
    assert_true(world->verdict.camera_permille > world->verdict.clone_permille);
}

static void a_read_that_comes_late_stands_where_it_belongs(void **state)
{
    struct world *world = *state;
    fits(world, "08:00", "home", "RED");
    fits(world, "10:00", "port", "RED");
    fits(world, "08:06", "mill", "RED"); // a camera's queue
    assert_false(is_told(world));
}

static void doubtful_reads_take_no_part(void **state)
{
    struct world *world = *state;
    fits(world, "08:00", "home", "RED");
    assert_false(read_with(world, "08:01", "port", "RED",
                           HITSTREAM__V1__MATCH_TIER__MATCH_TIER_CONFUSED,
                           HITSTREAM__V1__LATENESS__LATENESS_LIVE));
    assert_false(read_with(world, "08:01", "port", "RED",
                           HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT,
                           HITSTREAM__V1__LATENESS__LATENESS_FUTURE));
    world->rules.journey_fastest_kmh = 0; // off
    fits(world, "08:02", "port", "RED");
    assert_int_equal(world->journey.clash_count, 0);
}

static void a_read_with_a_doubtful_character_is_a_rough_one(void **state)
{
    struct world *world = *state;
    fits(world, "08:00", "home", "");
    world->weakest_pct = 79;
    clashes(world, "08:10", "port", "");
    assert_int_equal(world->journey.exact[1], 0);
    world->weakest_pct = 80;
    clashes(world, "08:15", "mill", "");
    clashes(world, "08:20", "dock", "");
    assert_int_equal(world->journey.counts[1], 2);
    assert_int_equal(world->journey.exact[1], 1);
}

static void what_a_wrong_camera_saw_counts_no_longer(void **state)
{
    struct world *world = *state;
    fits(world, "08:00", "home", "");
    clashes(world, "08:10", "port", "");
    clashes(world, "08:15", "mill", "");
    clashes(world, "08:20", "dock", "");
    assert_int_equal(world->journey.counts[0], 2);
    assert_true(hs_journey_drop_camera(&world->journey, "mill"));
    assert_int_equal(world->journey.clash_count, 1); // home and port
    assert_int_equal(world->journey.counts[0], 1);
    assert_int_equal(world->journey.exact[0], 1);
    assert_int_equal(world->journey.counts[1], 2);
    assert_false(hs_journey_drop_camera(&world->journey, "mill"));
}

static void contradictions_of_long_ago_are_forgotten(void **state)
{
    struct world *world = *state;
    fits(world, "08:00", "home", "");
    clashes(world, "08:10", "port", "");
    clashes(world, "08:15", "mill", "");
    fits(world, "9+08:00", "home", "");
    assert_int_equal(world->journey.clash_count, 0);
    assert_false(hs_journey_is_kept(&world->journey));
}

static void state_survives_as_bytes(void **state)
{
    struct world *world = *state;
    struct hs_bump bump = {0};
    uint8_t first[8192], second[8192];
    fits(world, "08:00", "home", "RED");
    clashes(world, "08:10", "port", "BLUE");
    clashes(world, "08:15", "mill", "RED");
    size_t len = hitstream__v1__journey_state__pack(hs_journey_pack(&world->journey, &bump), first);
    Hitstream__V1__JourneyState *read = hitstream__v1__journey_state__unpack(NULL, len, first);
    struct hs_journey again = {0};
    assert_int_equal(hs_journey_unpack(&again, read), 0);
    hitstream__v1__journey_state__free_unpacked(read, NULL);
    assert_int_equal(hitstream__v1__journey_state__pack(hs_journey_pack(&again, &bump), second),
                     len);
    assert_memory_equal(first, second, len);
    world->journey = again;
    clashes(world, "08:20", "dock", "BLUE");
    clashes(world, "08:25", "pier", "BLUE");
    assert_true(is_told(world));
    hs_bump_fini(&bump);
}

int main(void)
{
#define STORY(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        STORY(a_day_of_errands_is_no_finding),
        STORY(a_clone_drives_on_its_own),
        STORY(a_clone_of_another_colour_is_known_sooner),
        STORY(one_misread_is_no_clone),
        STORY(a_camera_with_a_wrong_clock_is_no_clone),
        STORY(a_read_that_comes_late_stands_where_it_belongs),
        STORY(doubtful_reads_take_no_part),
        STORY(a_read_with_a_doubtful_character_is_a_rough_one),
        STORY(what_a_wrong_camera_saw_counts_no_longer),
        STORY(contradictions_of_long_ago_are_forgotten),
        STORY(state_survives_as_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
