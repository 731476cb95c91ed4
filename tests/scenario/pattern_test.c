// SPDX-License-Identifier: Apache-2.0
//
// Stories for the county-lines rule. 'city' and 'ring' are a hub; 'town', 'village', 'harbour',
// 'abbey' and 'spa' are markets; 'moor' and 'bridge' are roads between them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "correlate/rules/pattern.h"
#include "scenario/story.h"

struct world {
    struct hs_pattern pattern;
    struct hs_rules rules;
    struct hs_cameras *cameras;
    struct hs_pattern_verdict verdict;
    bool again; // the last read showed another journey
    int64_t at_ms;
};

static const char register_csv[] = "camera,site,force,area,latitude,longitude,class\n"
                                   "c1,city,met,centre,51.5,-0.1,hub\n"
                                   "c2,ring,met,centre,51.5,-0.2,\n"
                                   "c3,moor,surrey,north,51.3,-0.6,\n"
                                   "c4,bridge,surrey,north,51.2,-0.9,\n"
                                   "c5,town,wilts,calne,51.4,-2.0,market\n"
                                   "c6,mill,wilts,calne,51.4,-2.01,market\n"
                                   "c7,village,wilts,pewsey,51.3,-1.8,market\n"
                                   "c8,harbour,avon,port,51.4,-2.7,market\n"
                                   "c9,abbey,avon,bath,51.4,-2.4,market\n"
                                   "c10,spa,glos,spa,51.9,-2.1,market\n";

static int begin(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct hs_diags diags = {0};
    assert_non_null(world);
    hs_rules_defaults(&world->rules);
    assert_int_equal(hs_cameras_parse(hs_str(register_csv), "cameras.csv", &diags, &world->cameras),
                     0);
    hs_diags_fini(&diags);
    *state = world;
    return 0;
}

static int end(void **state)
{
    struct world *world = *state;
    hs_pattern_fini(&world->pattern);
    hs_cameras_free(world->cameras);
    free(world);
    return 0;
}

static struct hs_pattern_view view_of(const struct world *world)
{
    return (struct hs_pattern_view){&world->rules, world->cameras};
}

static void passes_by(struct world *world, int64_t at_ms, const char *site)
{
    Hitstream__V1__Place place = HITSTREAM__V1__PLACE__INIT;
    Hitstream__V1__Hit hit = HITSTREAM__V1__HIT__INIT;
    struct hs_pattern_view view = view_of(world);
    place.site_id = (char *)(uintptr_t)site;
    hit.place = &place;
    world->at_ms = at_ms;
    assert_int_equal(hs_pattern_on_hit(&world->pattern, &view, &hit, at_ms, &world->again), 0);
}

static int64_t minutes(int64_t count)
{
    return count * 60000;
}

static void judged(struct world *world)
{
    struct hs_pattern_view view = view_of(world);
    hs_pattern_judge(&world->pattern, &view, world->at_ms, &world->verdict);
}

static bool is_told(struct world *world)
{
    struct hs_pattern_view view = view_of(world);
    return hs_pattern_is_due(&world->pattern, &view, world->at_ms, &world->verdict);
}

// From the city an hour to a market, a stay, and away; returns whether it was told as it left.
static bool goes_out(struct world *world, const char *leaves, const char *market, int64_t stay_min)
{
    int64_t at_ms = story_time_ms(leaves);
    passes_by(world, at_ms, "city");
    passes_by(world, at_ms + minutes(25), "moor");
    passes_by(world, at_ms + minutes(60), market);
    assert_false(world->again);
    passes_by(world, at_ms + minutes(60 + stay_min), "bridge");
    return world->again && is_told(world);
}

static bool goes(struct world *world, const char *leaves, const char *market, int64_t stay_min)
{
    bool told = goes_out(world, leaves, market, stay_min);
    passes_by(world, story_time_ms(leaves) + minutes(120 + stay_min), "ring");
    assert_false(world->again); // it is the journey that was known as it left
    return told;
}

// ------------------------------------------------------------------ stories

static void a_courier_is_told_as_it_leaves_on_its_third_journey(void **state)
{
    struct world *world = *state;
    assert_false(goes(world, "0+20:10:00", "town", 90));
    assert_false(goes(world, "2+21:00:00", "town", 50));
    assert_true(goes_out(world, "3+20:30:00", "town", 130));
    assert_int_equal(world->verdict.runs, 3);
    assert_int_equal(world->verdict.markets, 1);
    assert_int_equal(world->verdict.night, 3);
    assert_int_equal(world->verdict.stays, 3);
    assert_int_equal(world->verdict.dwell_ms, minutes(90));
    assert_int_equal(world->verdict.shown_count, 3);
    assert_int_equal(world->verdict.shown[0].arrived_ms, story_time_ms("0+21:10:00"));
    assert_int_equal(world->verdict.shown[0].back_ms, story_time_ms("0+23:40:00"));
    assert_int_equal(world->verdict.shown[2].back_ms, 0); // not yet
    assert_true(world->verdict.courier_permille > 900);
}

// A courier, or somebody who visits: nobody can tell by this alone, and it is not told.
static void by_day_at_any_hour_it_may_be_either(void **state)
{
    struct world *world = *state;
    static const char *const leaves[] = {"0+08:10:00", "2+13:00:00", "3+16:10:00",
                                         "5+10:20:00", "6+14:50:00", "8+08:30:00"};
    for (size_t i = 0; i < 6; i++) {
        assert_false(goes(world, leaves[i], "town", 60 + 15 * (int64_t)i));
    }
    judged(world);
    assert_int_equal(world->verdict.runs, 6);
    assert_true(world->verdict.courier_permille <
                world->verdict.errands_permille + world->verdict.habit_permille);
}

static void who_works_there_is_no_courier(void **state)
{
    struct world *world = *state;
    char leaves[32];
    for (int day = 0; day < 12; day++) {
        snprintf(leaves, sizeof(leaves), "%d+07:3%d:00", day, day % 10);
        assert_false(goes(world, leaves, "town", 9 * 60));
    }
    judged(world);
    assert_int_equal(world->verdict.runs, 0); // a working day is longer than a courier stays
    assert_int_equal(world->verdict.long_stays, 12);
    assert_true(world->verdict.habit_permille > 900);
    hs_pattern_fini(&world->pattern);
    for (int day = 0; day < 12; day++) { // half a day's work, at the same minute
        snprintf(leaves, sizeof(leaves), "%d+07:3%d:00", day, day % 10);
        assert_false(goes(world, leaves, "town", 5 * 60));
    }
    judged(world);
    assert_int_equal(world->verdict.runs, 12);
    assert_true(world->verdict.habit_permille > world->verdict.courier_permille);
}

static void who_goes_everywhere_is_on_errands(void **state)
{
    struct world *world = *state;
    assert_false(goes(world, "0+09:00:00", "town", 60));
    assert_false(goes(world, "1+15:00:00", "harbour", 100));
    assert_false(goes(world, "2+11:00:00", "spa", 45));
    assert_false(goes(world, "4+13:30:00", "abbey", 200));
    assert_false(goes(world, "5+10:00:00", "town", 90));
    assert_false(goes(world, "7+16:00:00", "village", 40));
    assert_true(world->verdict.errands_permille > 700);
}

static void passing_through_a_market_is_no_stay(void **state)
{
    struct world *world = *state;
    char leaves[32];
    for (int day = 0; day < 6; day++) {
        snprintf(leaves, sizeof(leaves), "%d+21:00:00", day);
        assert_false(goes(world, leaves, "town", 12));
    }
    judged(world);
    assert_int_equal(world->verdict.stays, 0);
}

static void another_market_on_the_way_home_is_passed_through(void **state)
{
    struct world *world = *state;
    for (int day = 0; day < 3; day++) {
        int64_t at_ms = story_time_ms("00:00:00") + minutes(day * 1440 + 1230);
        passes_by(world, at_ms, "city");
        passes_by(world, at_ms + minutes(40), "village"); // by the main road
        passes_by(world, at_ms + minutes(50), "moor");
        passes_by(world, at_ms + minutes(60), "town");
        passes_by(world, at_ms + minutes(100), "moor"); // round the corner, and back
        passes_by(world, at_ms + minutes(110), "mill");
        passes_by(world, at_ms + minutes(150), "moor");
        passes_by(world, at_ms + minutes(170), "village");
        passes_by(world, at_ms + minutes(175), "bridge");
        passes_by(world, at_ms + minutes(220), "city");
    }
    judged(world);
    assert_int_equal(world->verdict.stays, 3);
    assert_int_equal(world->verdict.runs, 3);
    assert_int_equal(world->verdict.dwell_ms, minutes(90)); // till it left for good
}

static void a_journey_that_ends_elsewhere_is_none(void **state)
{
    struct world *world = *state;
    int64_t at_ms = story_time_ms("0+20:30:00");
    passes_by(world, at_ms, "city");
    passes_by(world, at_ms + minutes(60), "town");
    passes_by(world, at_ms + minutes(150), "bridge");
    judged(world);
    assert_int_equal(world->verdict.runs, 1); // it may be on its way home
    passes_by(world, at_ms + minutes(180), "spa");
    passes_by(world, at_ms + minutes(400), "moor");
    judged(world);
    assert_int_equal(world->verdict.runs, 0);
    assert_int_equal(world->verdict.stays, 2);
}

static void it_is_told_again_when_it_means_more(void **state)
{
    struct world *world = *state;
    char leaves[32];
    bool told[12];
    for (int day = 0; day < 12; day++) {
        snprintf(leaves, sizeof(leaves), "%d+20:%02d:00", day, day * 17 % 60);
        told[day] = goes(world, leaves, day == 8 ? "village" : "town", 60 + day * 7);
    }
    for (int day = 0; day < 12; day++) { // the third, twice as many, another market
        assert_int_equal(told[day], day == 2 || day == 5 || day == 8);
    }
    assert_int_equal(world->pattern.times_told, 3);
}

static void who_comes_along_again_is_named(void **state)
{
    struct world *world = *state;
    struct hs_pattern_view view = view_of(world);
    static const uint64_t first[] = {11, 22}, second[] = {33, 11};
    goes_out(world, "0+20:30:00", "town", 60);
    hs_pattern_note_companions(&world->pattern, &view, first, 2);
    goes_out(world, "1+20:30:00", "town", 60);
    hs_pattern_note_companions(&world->pattern, &view, second, 2);
    hs_pattern_note_companions(&world->pattern, &view, first, 2); // too late: it is known
    judged(world);
    assert_int_equal(world->verdict.companion_count, 1);
    assert_int_equal(world->verdict.companions[0].mark, 11);
    assert_int_equal(world->verdict.companions[0].runs, 2);
}

static void late_reads_take_their_place(void **state)
{
    struct world *world = *state;
    struct hs_pattern_verdict in_order;
    goes(world, "0+20:10:00", "town", 90);
    goes(world, "2+21:00:00", "town", 50);
    judged(world);
    in_order = world->verdict;
    hs_pattern_fini(&world->pattern);
    // the market's camera was cut off, and the hub's read came before the road's
    goes(world, "0+20:10:00", "town", 90);
    int64_t at_ms = story_time_ms("2+21:00:00");
    passes_by(world, at_ms, "city");
    passes_by(world, at_ms + minutes(170), "ring");
    passes_by(world, at_ms + minutes(110), "bridge");
    passes_by(world, at_ms + minutes(25), "moor");
    judged(world);
    assert_int_equal(world->verdict.runs, 1);
    passes_by(world, at_ms + minutes(60), "town");
    judged(world);
    assert_int_equal(world->verdict.runs, in_order.runs);
    assert_int_equal(world->verdict.courier_permille, in_order.courier_permille);
    assert_int_equal(world->verdict.shown[1].left_ms, in_order.shown[1].left_ms);
    assert_int_equal(world->verdict.shown[1].back_ms, in_order.shown[1].back_ms);
}

static void night_is_by_the_clock_of_london(void **state)
{
    struct world *world = *state;
    goes(world, "0+18:30:00", "town", 60); // arrives at 19:30, in January
    judged(world);
    assert_int_equal(world->verdict.night, 0);
    hs_pattern_fini(&world->pattern);
    goes(world, "181+18:30:00", "town", 60); // in July that is half past eight in the evening
    judged(world);
    assert_int_equal(world->verdict.night, 1);
}

static void old_journeys_are_forgotten(void **state)
{
    struct world *world = *state;
    goes(world, "0+20:10:00", "town", 90);
    goes(world, "2+21:00:00", "town", 50);
    passes_by(world, story_time_ms("29+12:00:00"), "moor");
    judged(world);
    assert_int_equal(world->verdict.runs, 1);
}

static void the_past_is_bounded_and_written_short(void **state)
{
    struct world *world = *state;
    struct hs_bump bump = {0};
    struct hs_pattern copy = {0};
    struct hs_pattern_view view = view_of(world);
    char leaves[32];
    for (int half_day = 0; half_day < 50; half_day++) {
        snprintf(leaves, sizeof(leaves), "%d+%02d:10:00", half_day / 2, half_day % 2 ? 20 : 6);
        goes(world, leaves, "town", 90);
    }
    assert_int_equal(world->pattern.stay_count, HS_PATTERN_STAYS_MAX);
    judged(world);
    Hitstream__V1__PatternState *message = hs_pattern_pack(&world->pattern, &bump);
    assert_non_null(message);
    assert_true(protobuf_c_message_get_packed_size(&message->base) < 1300);
    assert_int_equal(hs_pattern_unpack(&copy, message), 0);
    struct hs_pattern_verdict again;
    hs_pattern_judge(&copy, &view, world->at_ms, &again);
    assert_int_equal(again.runs, world->verdict.runs);
    assert_int_equal(again.courier_permille, world->verdict.courier_permille);
    assert_int_equal(again.shown[7].back_ms, world->verdict.shown[7].back_ms);
    assert_int_equal(copy.times_told, world->pattern.times_told);
    hs_pattern_fini(&copy);
    message->stays[3]->arrived_ms = -1;
    assert_int_not_equal(hs_pattern_unpack(&copy, message), 0);
    hs_pattern_fini(&copy);
    hs_bump_fini(&bump);
}

static void the_rule_can_be_turned_off(void **state)
{
    struct world *world = *state;
    world->rules.pattern_runs = 0;
    assert_false(goes(world, "0+20:10:00", "town", 90));
    assert_false(hs_pattern_is_kept(&world->pattern));
}

// ------------------------------------------------------------------ on alerts: bath is a hub, calne a market

static void drives(struct story *s, int day, const char *list, bool home)
{
    static const struct {
        const char *at, *site, *camera, *area;
    } reads[] = {{"20:00:00", "avon/1", "c1", "bath"},
                 {"21:00:00", "wilts/1", "c2", "calne"},
                 {"22:40:00", "city/1", "c4", "square-mile"},
                 {"23:30:00", "avon/1", "c1", "bath"}};
    char at[32];
    for (size_t i = 0; i < (home ? 4 : 3); i++) {
        snprintf(at, sizeof(at), "%d+%s", day, reads[i].at);
        story_tell(s, &(struct story_hit){.at = at,
                                          .vehicle = "AB12CDE",
                                          .list = list,
                                          .site = reads[i].site,
                                          .camera = reads[i].camera,
                                          .area = reads[i].area});
    }
}

// Queues that were told of the pattern from an alert on, in order; "" at first.
static void told_of_pattern(struct story *s, size_t from, char ret_queues[256],
                            Hitstream__V1__Alert **ret_last)
{
    const struct hs_offline *offline = story_offline(s);
    ret_queues[0] = '\0';
    for (size_t i = from; i < offline->alert_count; i++) {
        struct hs_str payload = offline->alerts[i].payload;
        Hitstream__V1__Alert *alert =
            hitstream__v1__alert__unpack(NULL, payload.len, (const uint8_t *)payload.ptr);
        assert_non_null(alert);
        if (alert->finding && strcmp(alert->finding->rule, "pattern") == 0) {
            snprintf(ret_queues + strlen(ret_queues), 256 - strlen(ret_queues), "%s ",
                     alert->queue);
            if (*ret_last) {
                hitstream__v1__alert__free_unpacked(*ret_last, NULL);
            }
            *ret_last = alert;
        } else {
            hitstream__v1__alert__free_unpacked(alert, NULL);
        }
    }
}

static void forces_at_both_ends_are_told(void **state)
{
    (void)state;
    struct story *s = story_new();
    char queues[256];
    Hitstream__V1__Alert *alert = NULL;
    drives(s, 0, "drugs", true);
    drives(s, 1, "drugs", true);
    restart(s, true); // what it knows of two journeys survives
    size_t before = story_offline(s)->alert_count;
    told_of_pattern(s, 0, queues, &alert);
    assert_string_equal(queues, "");
    drives(s, 3, "drugs", false);
    // it was read in the city's area, where no desk is: the hub's and the market's are told
    told_of_pattern(s, before, queues, &alert);
    assert_string_equal(queues, "avon-live avon-review wilts-live wilts-review ");
    const Hitstream__V1__Finding *finding = alert->finding;
    assert_int_equal(finding->n_runs, 3);
    assert_string_equal(finding->runs[2]->hub_area, "bath");
    assert_string_equal(finding->runs[2]->market_area, "calne");
    assert_true(finding->runs[2]->at_night);
    assert_int_equal(finding->n_rivals, 3);
    assert_string_equal(finding->rivals[0]->explanation, "courier");
    assert_int_equal(finding->times_told, 1);
    assert_int_equal(finding->finding_id.len, 16);
    assert_string_equal(alert->evidence[0]->name, "journeys");
    assert_int_equal(alert->evidence[0]->value, 3);
    assert_int_equal(alert->evidence[0]->threshold, 3);
    before = story_offline(s)->alert_count;
    restart(s, false);
    drives(s, 4, "drugs", true);
    told_of_pattern(s, before, queues, &alert);
    assert_string_equal(queues, ""); // a fourth journey is no news
    hitstream__v1__alert__free_unpacked(alert, NULL);
    story_free(s);
}

static void a_covert_list_keeps_it_to_itself(void **state)
{
    (void)state;
    struct story *s = story_new();
    char queues[256];
    Hitstream__V1__Alert *alert = NULL;
    for (int day = 0; day < 3; day++) {
        drives(s, day, "covert-a", true);
        drives(s, day, "trial", true);
    }
    drives(s, 3, "drugs", true); // the open list knows of one journey
    told_of_pattern(s, 0, queues, &alert);
    assert_string_equal(queues, "avon-review covert-a-desk ");
    assert_true(alert->covert);
    hitstream__v1__alert__free_unpacked(alert, NULL);
    story_free(s);
}

static void safeguarding_is_told_where_the_entry_says_so(void **state)
{
    (void)state;
    static const char hub[] =
        "queues:\n"
        "  avon-live:\n    owner: avon\n    kind: live\n    lists: [drugs]\n    forces: [avon]\n"
        "  calne-hub:\n    owner: wilts\n    kind: live\n    lists: []\n    areas: [calne]\n"
        "    safeguarding: [missing]\n";
    struct story *s = story_new();
    char queues[256];
    Hitstream__V1__Alert *alert = NULL;
    controls_change(s, hub, NULL);
    for (int day = 0; day < 3; day++) {
        drives(s, day, "missing", true); // a missing person's
    }
    told_of_pattern(s, 0, queues, &alert);
    assert_string_equal(queues, "calne-hub ");
    hitstream__v1__alert__free_unpacked(alert, NULL);
    story_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)
        STORY(a_courier_is_told_as_it_leaves_on_its_third_journey),
        STORY(by_day_at_any_hour_it_may_be_either),
        STORY(who_works_there_is_no_courier),
        STORY(who_goes_everywhere_is_on_errands),
        STORY(passing_through_a_market_is_no_stay),
        STORY(another_market_on_the_way_home_is_passed_through),
        STORY(a_journey_that_ends_elsewhere_is_none),
        STORY(it_is_told_again_when_it_means_more),
        STORY(who_comes_along_again_is_named),
        STORY(late_reads_take_their_place),
        STORY(night_is_by_the_clock_of_london),
        STORY(old_journeys_are_forgotten),
        STORY(the_past_is_bounded_and_written_short),
        STORY(the_rule_can_be_turned_off),
        cmocka_unit_test(forces_at_both_ends_are_told),
        cmocka_unit_test(a_covert_list_keeps_it_to_itself),
        cmocka_unit_test(safeguarding_is_told_where_the_entry_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
