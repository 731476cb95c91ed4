// SPDX-License-Identifier: Apache-2.0
//
// Stories for the next-place rule: where it is likely to be read next. The roads: from 'home' going
// east, nine in ten go on to 'mill' and one in ten to 'port'; from 'mill' all go to 'dock'. 'farm'
// stands on no road of the table.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "correlate/rules/next.h"
#include "scenario/story.h"

struct world {
    struct hs_next next;
    struct hs_rules rules;
    struct hs_roads *roads;
    struct hs_cameras *cameras;
    struct hs_forecast forecast;
};

static const char register_csv[] = "camera,site,road,direction,force,area,latitude,longitude\n"
                                   "c1,home,A4,E,avon,bath,51.40,-2.40\n"
                                   "c2,mill,A4,E,avon,bath,51.40,-2.33\n"
                                   "c3,port,A36,E,wilts,calne,51.42,-2.25\n"
                                   "c4,dock,A4,E,avon,bath,51.40,-2.20\n"
                                   "c5,farm,B1,E,avon,bath,51.44,-2.40\n";

static const char roads_csv[] =
    "from,direction,to,distance_m,fastest_s,free_s,typical_s,spread_pct,share_ppm\n"
    "home,E,mill,5000,200,300,400,20,900000\n"
    "home,E,port,9000,300,500,600,20,100000\n"
    "mill,,dock,9000,300,500,600,20,1000000\n";

static int begin(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct hs_diags diags = {0};
    assert_non_null(world);
    hs_rules_defaults(&world->rules);
    assert_int_equal(hs_cameras_parse(hs_str(register_csv), "cameras.csv", &diags, &world->cameras),
                     0);
    assert_int_equal(hs_roads_parse(hs_str(roads_csv), "roads.csv", &diags, &world->roads), 0);
    hs_diags_fini(&diags);
    *state = world;
    return 0;
}

static int end(void **state)
{
    struct world *world = *state;
    hs_next_fini(&world->next);
    hs_roads_free(world->roads);
    hs_cameras_free(world->cameras);
    free(world);
    return 0;
}

static struct hs_next_view view_of(const struct world *world)
{
    return (struct hs_next_view){&world->rules, world->roads, world->cameras};
}

static void make_hit(const char *site, Hitstream__V1__Place *place, Hitstream__V1__Hit *hit)
{
    hitstream__v1__place__init(place);
    hitstream__v1__hit__init(hit);
    place->site_id = (char *)(uintptr_t)site;
    place->direction = (char *)(uintptr_t) "E";
    hit->place = place;
}

static void passes_by(struct world *world, const char *at, const char *site)
{
    Hitstream__V1__Place place;
    Hitstream__V1__Hit hit;
    struct hs_next_view view = view_of(world);
    make_hit(site, &place, &hit);
    assert_int_equal(hs_next_on_hit(&world->next, &view, &hit, story_time_ms(at)), 0);
}

// What would be said of a read there.
static void asked(struct world *world, const char *at, const char *site)
{
    Hitstream__V1__Place place;
    Hitstream__V1__Hit hit;
    struct hs_next_view view = view_of(world);
    make_hit(site, &place, &hit);
    hs_next_forecast(&world->next, &view, &hit, story_time_ms(at), &world->forecast);
}

static uint32_t chance_of(const struct world *world, const char *site)
{
    for (size_t i = 0; i < world->forecast.count; i++) {
        if (hs_str_is(world->forecast.places[i].camera->site_id, site)) {
            return world->forecast.places[i].ppm;
        }
    }
    return 0;
}

// Day by day from home to port, at half past seven, from the day on which a half of the remembered
// time begins: the 15th.
static void goes_to_port(struct world *world, int days)
{
    char at[32];
    for (int day = 2; day < days + 2; day++) {
        snprintf(at, sizeof(at), "%d+07:30:00", day);
        passes_by(world, at, "home");
        snprintf(at, sizeof(at), "%d+07:41:00", day);
        passes_by(world, at, "port");
    }
}

// ------------------------------------------------------------------ stories

static void a_stranger_goes_where_the_traffic_goes(void **state)
{
    struct world *world = *state;
    asked(world, "07:30:00", "home");
    assert_int_equal(world->forecast.count, 2);
    assert_int_equal(chance_of(world, "mill"), 900000);
    assert_int_equal(chance_of(world, "port"), 100000);
    assert_int_equal(world->forecast.order, 0);
    assert_int_equal(world->forecast.own_halves, 0);
}

static void who_goes_to_port_each_day_is_awaited_at_port(void **state)
{
    struct world *world = *state;
    goes_to_port(world, 10);
    asked(world, "12+07:30:00", "home");
    assert_string_equal(world->forecast.places[0].camera->site_id.ptr, "port");
    assert_true(chance_of(world, "port") > 600000);
    assert_true(chance_of(world, "mill") > 100000); // it may go with the others today
    assert_int_equal(world->forecast.order, 1);
    assert_int_equal(world->forecast.own_halves, 20);
    assert_int_equal(world->forecast.places[0].own_halves, 20);
    // nobody else's port road is of interest at the mill
    asked(world, "12+07:30:00", "mill");
    assert_string_equal(world->forecast.places[0].camera->site_id.ptr, "dock");
    assert_int_equal(world->forecast.order, 0);
}

static void the_way_it_came_tells_where_it_goes(void **state)
{
    struct world *world = *state;
    char at[32];
    for (int day = 0; day < 8; day++) { // from the farm by home to port, from the dock to the mill
        snprintf(at, sizeof(at), "%d+07:20:00", day);
        passes_by(world, at, "farm");
        snprintf(at, sizeof(at), "%d+07:30:00", day);
        passes_by(world, at, "home");
        snprintf(at, sizeof(at), "%d+07:41:00", day);
        passes_by(world, at, "port");
        snprintf(at, sizeof(at), "%d+17:20:00", day);
        passes_by(world, at, "dock");
        snprintf(at, sizeof(at), "%d+17:30:00", day);
        passes_by(world, at, "home");
        snprintf(at, sizeof(at), "%d+17:41:00", day);
        passes_by(world, at, "mill");
    }
    passes_by(world, "8+07:20:00", "farm");
    asked(world, "8+07:30:00", "home");
    assert_int_equal(world->forecast.order, 2);
    uint32_t port = chance_of(world, "port");
    assert_true(port > chance_of(world, "mill"));
    passes_by(world, "8+17:20:00", "dock");
    asked(world, "8+17:30:00", "home");
    assert_true(chance_of(world, "mill") > 2 * chance_of(world, "port"));
}

static void it_says_when(void **state)
{
    struct world *world = *state;
    int64_t at_ms = story_time_ms("07:30:00");
    asked(world, "07:30:00", "home");
    const struct hs_next_place *mill = &world->forecast.places[0];
    assert_int_equal(mill->expected_ms - at_ms, 400000);
    assert_int_equal(mill->earliest_ms - at_ms, 280000);
    assert_int_equal(mill->latest_ms - at_ms, 608000);
    assert_int_equal(mill->distance_m, 5000);
    goes_to_port(world, 10); // eleven minutes each time, where others take ten
    asked(world, "12+07:30:00", "home");
    const struct hs_next_place *port = &world->forecast.places[0];
    int64_t took_ms = port->expected_ms - story_time_ms("12+07:30:00");
    assert_true(took_ms > 630000 && took_ms < 660000);
}

static void a_journey_that_ends_here_each_day_ends_here(void **state)
{
    struct world *world = *state;
    asked(world, "07:41:00", "port");
    assert_int_equal(world->forecast.count, 0); // and the road table knows no way on
    goes_to_port(world, 10);
    passes_by(world, "12+07:30:00", "home");
    asked(world, "12+07:30:00", "home");
    assert_true(world->forecast.goes_on_permille > 800);
    asked(world, "12+07:41:00", "port");
    assert_true(world->forecast.goes_on_permille < 300);
}

static void the_past_is_forgotten_by_the_reads_own_time(void **state)
{
    struct world *world = *state;
    goes_to_port(world, 4);
    asked(world, "6+07:30:00", "home");
    assert_int_equal(world->forecast.own_halves, 8);
    asked(world, "16+07:30:00", "home");
    assert_int_equal(world->forecast.own_halves, 4); // of the half before, so each counts half
    asked(world, "40+07:30:00", "home");
    assert_int_equal(world->forecast.own_halves, 0);
    assert_int_equal(chance_of(world, "mill"), 900000);
}

static void late_reads_take_their_place(void **state)
{
    struct world *world = *state;
    // home, mill, dock; the mill's camera was cut off, and its read comes last
    passes_by(world, "07:30:00", "home");
    passes_by(world, "07:46:00", "dock");
    asked(world, "1+07:30:00", "home");
    uint32_t before = chance_of(world, "dock");
    assert_true(before > 0); // it looked as if it went from home to the dock at once
    passes_by(world, "07:36:00", "mill");
    asked(world, "1+07:30:00", "home");
    assert_int_equal(chance_of(world, "dock"), 0);
    assert_true(chance_of(world, "mill") > 900000);
    asked(world, "1+07:36:00", "mill");
    assert_int_equal(world->forecast.own_halves, 2);
}

static void a_site_that_left_the_register_is_not_named(void **state)
{
    struct world *world = *state;
    struct hs_diags diags = {0};
    goes_to_port(world, 10);
    hs_cameras_free(world->cameras);
    assert_int_equal(hs_cameras_parse(HS_STR("camera,site,force,latitude,longitude\n"
                                             "c1,home,avon,51.4,-2.4\nc2,mill,avon,51.4,-2.3\n"),
                                      "cameras.csv", &diags, &world->cameras),
                     0);
    asked(world, "12+07:30:00", "home");
    assert_int_equal(world->forecast.count, 1);
    assert_string_equal(world->forecast.places[0].camera->site_id.ptr, "mill");
    hs_diags_fini(&diags);
}

static void two_sensors_and_a_turn_are_one_stop(void **state)
{
    struct world *world = *state;
    passes_by(world, "07:30:00", "home");
    passes_by(world, "07:30:01", "home");
    passes_by(world, "07:41:00", "port");
    assert_int_equal(world->next.stop_count, 2);
    asked(world, "1+07:30:00", "home");
    assert_int_equal(world->forecast.own_halves, 2);
}

static void the_past_is_bounded(void **state)
{
    struct world *world = *state;
    char at[32], site[16];
    for (int i = 0; i < 400; i++) {
        snprintf(at, sizeof(at), "%d+%02d:%02d:00", i / 96, i / 4 % 24, i % 4 * 15);
        snprintf(site, sizeof(site), "site-%d", i * 7 % 101);
        passes_by(world, at, site);
    }
    assert_int_equal(world->next.way_count, HS_NEXT_WAYS_MAX);
    assert_int_equal(world->next.stop_count, HS_NEXT_STOPS_MAX);
    struct hs_bump bump = {0};
    Hitstream__V1__NextState *state_message = hs_next_pack(&world->next, &bump);
    assert_non_null(state_message);
    assert_true(protobuf_c_message_get_packed_size(&state_message->base) < 1400);
    hs_bump_fini(&bump);
}

static void what_is_written_is_read_back(void **state)
{
    struct world *world = *state;
    struct hs_bump bump = {0};
    struct hs_next copy = {0};
    struct hs_next_view view = view_of(world);
    struct hs_forecast again;
    Hitstream__V1__Place place;
    Hitstream__V1__Hit hit;
    goes_to_port(world, 10);
    asked(world, "12+07:30:00", "home");
    Hitstream__V1__NextState *message = hs_next_pack(&world->next, &bump);
    assert_non_null(message);
    assert_int_equal(hs_next_unpack(&copy, message), 0);
    make_hit("home", &place, &hit);
    hs_next_forecast(&copy, &view, &hit, story_time_ms("12+07:30:00"), &again);
    assert_int_equal(again.count, world->forecast.count);
    assert_int_equal(again.places[0].ppm, world->forecast.places[0].ppm);
    assert_int_equal(again.places[0].expected_ms, world->forecast.places[0].expected_ms);
    assert_int_equal(again.goes_on_permille, world->forecast.goes_on_permille);
    hs_next_fini(&copy);
    message->ways.len--;
    assert_true(hs_next_unpack(&copy, message) != 0); // cut off
    hs_next_fini(&copy);
    hs_bump_fini(&bump);
}

static void the_rule_can_be_turned_off(void **state)
{
    struct world *world = *state;
    world->rules.next_places = 0;
    goes_to_port(world, 3);
    assert_false(hs_next_is_kept(&world->next));
    asked(world, "5+07:30:00", "home");
    assert_int_equal(world->forecast.count, 0);
}

// ------------------------------------------------------------------ on alerts

static void drives(struct story *s, int day, const char *list)
{
    char at[32];
    snprintf(at, sizeof(at), "%d+07:30:00", day);
    story_tell(s,
               &(struct story_hit){.at = at, .vehicle = "AB12CDE", .list = list, .site = "avon/1"});
    snprintf(at, sizeof(at), "%d+07:50:00", day);
    story_tell(
        s, &(struct story_hit){
               .at = at, .vehicle = "AB12CDE", .list = list, .site = "wilts/1", .camera = "c2"});
}

static void an_alert_says_where_it_goes_from_here(void **state)
{
    (void)state;
    struct story *s = story_new();
    passes(s, "07:30:00", "AB12CDE", "drugs", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    assert_null(last_alert(s)->forecast); // no road table, no past: nothing is known
    silence_but(s, 1);
    for (int day = 2; day < 6; day++) {
        drives(s, day, "drugs");
    }
    silence_but(s, story_offline(s)->alert_count - 2);
    restart(s, true);
    passes(s, "6+07:30:00", "AB12CDE", "drugs", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    const Hitstream__V1__Forecast *forecast = last_alert(s)->forecast;
    assert_non_null(forecast);
    assert_int_equal(forecast->n_places, 1);
    assert_string_equal(forecast->places[0]->site_id, "wilts/1");
    assert_string_equal(forecast->places[0]->force, "wilts");
    assert_string_equal(forecast->places[0]->area, "calne");
    assert_int_equal(forecast->places[0]->own_tenths, 40);
    assert_int_equal(forecast->places[0]->expected_at_ms, story_time_ms("6+07:50:00"));
    silence_but(s, 1);
    // what was read an hour ago helps no unit
    passes_late(s, "7+07:30:00", "7+08:30:00", "AB12CDE", "drugs", "avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    assert_null(last_alert(s)->forecast);
    story_free(s);
}

static void a_covert_past_says_nothing_to_others(void **state)
{
    (void)state;
    struct story *s = story_new();
    for (int day = 1; day < 5; day++) {
        drives(s, day, "covert-a");
    }
    silence_but(s, story_offline(s)->alert_count);
    passes(s, "5+07:30:00", "AB12CDE", "drugs", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    assert_null(last_alert(s)->forecast);
    silence_but(s, 1);
    passes(s, "5+07:30:00", "AB12CDE", "covert-a", "avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    assert_non_null(last_alert(s)->forecast);
    story_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)
        STORY(a_stranger_goes_where_the_traffic_goes),
        STORY(who_goes_to_port_each_day_is_awaited_at_port),
        STORY(the_way_it_came_tells_where_it_goes),
        STORY(it_says_when),
        STORY(a_journey_that_ends_here_each_day_ends_here),
        STORY(the_past_is_forgotten_by_the_reads_own_time),
        STORY(late_reads_take_their_place),
        STORY(a_site_that_left_the_register_is_not_named),
        STORY(two_sensors_and_a_turn_are_one_stop),
        STORY(the_past_is_bounded),
        STORY(what_is_written_is_read_back),
        STORY(the_rule_can_be_turned_off),
        cmocka_unit_test(an_alert_says_where_it_goes_from_here),
        cmocka_unit_test(a_covert_past_says_nothing_to_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
