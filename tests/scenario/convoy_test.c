// SPDX-License-Identifier: Apache-2.0
//
// Stories for the convoy rule alone: a line is a camera that the listed vehicle passes, and who was
// beside it there: "BB22BBB-4" passed four seconds before it, "CC33CCC+9" nine seconds after.
//
// The roads: a town with a ring. Of the traffic at 'a' going north three of ten go on to 'b', and
// of that three of ten to 'c', and so on to 'g'; between 'm1' and 'm5' lies a motorway, where all
// that passes one camera passes the next.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "correlate/rules/convoy.h"
#include "vrm/vrm.h"

static const char road_table[] =
    "from,direction,to,fastest_s,typical_s,spread_pct,share_ppm,corridor\n"
    "a,N,b,60,300,25,300000,\nb,N,c,60,300,25,300000,\nc,N,d,60,300,25,300000,\n"
    "d,N,e,60,300,25,300000,\ne,N,f,60,300,25,300000,\nf,N,g,60,300,25,300000,\n"
    "m1,N,m2,60,300,25,990000,yes\nm2,N,m3,60,300,25,990000,yes\n"
    "m3,N,m4,60,300,25,990000,yes\nm4,N,m5,60,300,25,990000,yes\n"
    "m5,N,n,60,300,25,300000,\n";

struct road {
    struct hs_convoy convoy;
    struct hs_rules rules;
    struct hs_roads *roads;
    unsigned hits;
    unsigned flow; // vehicles in three minutes
};

static struct hs_convoy_view view_of(const struct road *road)
{
    return (struct hs_convoy_view){.rules = &road->rules, .roads = road->roads};
}

static int begin(void **state)
{
    struct road *road = calloc(1, sizeof(*road));
    struct hs_diags diags = {0};
    assert_non_null(road);
    hs_rules_defaults(&road->rules);
    road->rules.convoy_odds = 1000;
    road->flow = 30;
    assert_int_equal(hs_roads_parse(hs_str(road_table), "roads.csv", &diags, &road->roads), 0);
    hs_diags_fini(&diags);
    *state = road;
    return 0;
}

static int end(void **state)
{
    struct road *road = *state;
    hs_convoy_fini(&road->convoy);
    hs_roads_free(road->roads);
    free(road);
    return 0;
}

// "1+08:05:00" is the day after, 13 January 2026 being day 0.
static int64_t time_of(const char *at)
{
    int day = 0, hour, minute, second;
    if (sscanf(at, "%d+%d:%d:%d", &day, &hour, &minute, &second) != 4) {
        day = 0;
        assert_int_equal(sscanf(at, "%d:%d:%d", &hour, &minute, &second), 3);
    }
    return INT64_C(1768262400000) +
           (((day * 24 + hour) * INT64_C(60) + minute) * 60 + second) * 1000;
}

// Those before or after the hit; `side` is '-' or '+'.
static size_t read_company(const char *who, char side, Hitstream__V1__Companion *rows,
                           char marks[16][16])
{
    size_t count = 0;
    while (*who) {
        char mark[16], sign;
        int gap_s, used;
        assert_int_equal(sscanf(who, " %15[A-Z0-9?]%c%d%n", mark, &sign, &gap_s, &used), 3);
        who += used;
        if (sign == side) {
            snprintf(marks[count], 16, "%s", mark);
            hitstream__v1__companion__init(&rows[count]);
            rows[count].vrm = marks[count];
            rows[count].gap_ms = (uint32_t)gap_s * 1000;
            count++;
        }
    }
    return count;
}

static void name_hit(unsigned number, uint8_t ret_id[HS_ID_BYTES])
{
    memset(ret_id, 0, HS_ID_BYTES);
    memcpy(ret_id, &number, sizeof(number));
}

static void come_after(struct road *road, unsigned number, const char *who)
{
    Hitstream__V1__Companions companions = HITSTREAM__V1__COMPANIONS__INIT;
    Hitstream__V1__Company after = HITSTREAM__V1__COMPANY__INIT;
    Hitstream__V1__Companion rows[16], *pointers[16];
    char marks[16][16];
    uint8_t id[HS_ID_BYTES];
    struct hs_convoy_view view = view_of(road);
    bool changed;
    after.n_companions = read_company(who, '+', rows, marks);
    for (size_t i = 0; i < after.n_companions; i++) {
        pointers[i] = &rows[i];
    }
    after.companions = pointers;
    after.window_ms = 20000;
    name_hit(number, id);
    companions.hit_id = (ProtobufCBinaryData){HS_ID_BYTES, id};
    companions.after = &after;
    assert_int_equal(hs_convoy_on_companions(&road->convoy, &view, &companions, &changed), 0);
}

static unsigned hit_at(struct road *road, const char *at, const char *site, const char *who)
{
    Hitstream__V1__Hit hit = HITSTREAM__V1__HIT__INIT;
    Hitstream__V1__Place place = HITSTREAM__V1__PLACE__INIT;
    Hitstream__V1__Flow flow = HITSTREAM__V1__FLOW__INIT;
    Hitstream__V1__Company before = HITSTREAM__V1__COMPANY__INIT;
    Hitstream__V1__Companion rows[16], *pointers[16];
    char marks[16][16];
    uint8_t id[HS_ID_BYTES];
    struct hs_convoy_view view = view_of(road);
    name_hit(++road->hits, id);
    place.site_id = (char *)(uintptr_t)site;
    place.direction = (char *)(uintptr_t) "N";
    flow.vehicles = road->flow;
    flow.window_ms = 180000;
    before.n_companions = read_company(who, '-', rows, marks);
    for (size_t i = 0; i < before.n_companions; i++) {
        pointers[i] = &rows[i];
    }
    before.companions = pointers;
    before.window_ms = 20000;
    hit.hit_id = (ProtobufCBinaryData){HS_ID_BYTES, id};
    hit.place = &place;
    hit.flow = &flow;
    hit.before = &before;
    assert_int_equal(hs_convoy_on_hit(&road->convoy, &view, &hit, time_of(at)), 0);
    return road->hits;
}

static void passes(struct road *road, const char *at, const char *site, const char *who)
{
    unsigned number = hit_at(road, at, site, who);
    come_after(road, number, who);
}

static struct hs_convoy_found last;

static void convoy_with(struct road *road, const char *mark)
{
    struct hs_convoy_view view = view_of(road);
    struct hs_vrm vrm;
    assert_true(hs_convoy_next(&road->convoy, &view, &last));
    assert_int_equal(hs_vrm_unpack(last.mark, &vrm), 0);
    assert_string_equal(vrm.text, mark);
}

static void silence(struct road *road)
{
    struct hs_convoy_view view = view_of(road);
    assert_false(hs_convoy_next(&road->convoy, &view, &last));
}

// ------------------------------------------------------------------ stories

static void a_van_that_follows_through_the_town_is_a_convoy(void **state)
{
    struct road *road = *state;
    passes(road, "08:00:00", "a", "BB22BBB+5 CC33CCC-3 DD44DDD-9");
    passes(road, "08:05:00", "b", "BB22BBB+6 EE55EEE-3");
    silence(road); // two sites are no convoy
    passes(road, "08:10:00", "c", "BB22BBB+4 FF66FFF+2");
    passes(road, "08:15:00", "d", "BB22BBB+5");
    convoy_with(road, "BB22BBB");
    assert_int_equal(last.sites, 4);
    assert_int_equal(last.journeys, 1);
    assert_int_equal(last.meeting_count, 4);
    assert_int_equal(last.meetings[3].gap_ms, 5000);
    assert_true(last.meetings[1].chance_ppm < 300000);
    // who took two turnings with it may well be bound for the same place
    assert_true(last.meetings[3].chance_ppm > last.meetings[1].chance_ppm);
    passes(road, "08:20:00", "e", "BB22BBB+5");
    silence(road); // told once in a journey
}

static void traffic_in_line_on_a_motorway_is_none(void **state)
{
    struct road *road = *state;
    passes(road, "08:00:00", "m1", "BB22BBB+5 CC33CCC-3");
    passes(road, "08:05:00", "m2", "BB22BBB+5 CC33CCC-3");
    passes(road, "08:10:00", "m3", "BB22BBB+5 CC33CCC-3");
    passes(road, "08:15:00", "m4", "BB22BBB+5 CC33CCC-3");
    passes(road, "08:20:00", "m5", "BB22BBB+5 CC33CCC-3");
    silence(road);
}

static void who_leaves_the_motorway_behind_it_is_none_yet(void **state)
{
    struct road *road = *state;
    passes(road, "08:00:00", "m1", "BB22BBB+5");
    passes(road, "08:05:00", "m2", "BB22BBB+5");
    passes(road, "08:10:00", "m3", "BB22BBB+5");
    passes(road, "08:15:00", "m4", "BB22BBB+5");
    passes(road, "08:20:00", "m5", "BB22BBB+5");
    passes(road, "08:25:00", "n", "BB22BBB+5");
    silence(road); // one turning in common: so have three of ten
}

static void neighbours_who_set_out_at_the_same_time_are_none(void **state)
{
    struct road *road = *state;
    for (int day = 0; day < 10; day++) {
        char at[32];
        snprintf(at, sizeof(at), "%d+08:00:00", day);
        passes(road, at, "a", "BB22BBB+4");
        snprintf(at, sizeof(at), "%d+08:05:00", day);
        passes(road, at, "b", "BB22BBB+4");
        silence(road);
    }
}

static void one_missed_camera_is_no_end(void **state)
{
    struct road *road = *state;
    passes(road, "08:00:00", "a", "BB22BBB+5");
    passes(road, "08:05:00", "b", "BB22BBB+5");
    passes(road, "08:10:00", "c", "CC33CCC-2"); // its plate was not read here
    passes(road, "08:15:00", "d", "BB22BBB+6");
    passes(road, "08:20:00", "e", "BB22BBB+5");
    convoy_with(road, "BB22BBB");
    assert_int_equal(last.missed, 1);
    assert_int_equal(last.sites, 4);
}

static void they_may_swap_places(void **state)
{
    struct road *road = *state;
    passes(road, "08:00:00", "a", "BB22BBB+4");
    passes(road, "08:05:00", "b", "BB22BBB-4");
    passes(road, "08:10:00", "c", "BB22BBB-5");
    passes(road, "08:15:00", "d", "BB22BBB+3");
    passes(road, "08:20:00", "e", "BB22BBB+3");
    convoy_with(road, "BB22BBB");
}

static void they_may_split_and_join_again(void **state)
{
    struct road *road = *state;
    passes(road, "08:00:00", "a", "BB22BBB+4");
    passes(road, "08:05:00", "b", "BB22BBB+4");
    passes(road, "08:10:00", "c", "BB22BBB+5");
    passes(road, "08:15:00", "d", "");
    passes(road, "08:20:00", "e", "");
    passes(road, "08:25:00", "f", "BB22BBB+4");
    passes(road, "08:30:00", "g", "BB22BBB+4");
    convoy_with(road, "BB22BBB");
    assert_int_equal(last.missed, 2);
}

static void two_short_journeys_together_are_enough(void **state)
{
    struct road *road = *state;
    passes(road, "08:00:00", "a", "BB22BBB+4 CC33CCC-2");
    passes(road, "08:05:00", "b", "BB22BBB+4 DD44DDD-3");
    silence(road);
    passes(road, "1+19:00:00", "e", "BB22BBB+6");
    passes(road, "1+19:05:00", "f", "BB22BBB+6");
    convoy_with(road, "BB22BBB");
    assert_int_equal(last.journeys, 2);
}

static void a_meeting_long_ago_is_forgotten(void **state)
{
    struct road *road = *state;
    road->rules.convoy_remember_ms = 3 * HS_MS_PER_DAY;
    passes(road, "08:00:00", "a", "BB22BBB+4");
    passes(road, "08:05:00", "b", "BB22BBB+4");
    passes(road, "4+19:00:00", "e", "BB22BBB+6");
    passes(road, "4+19:05:00", "f", "BB22BBB+6");
    silence(road);
}

// To work in the morning and back at night.
static void go_to_work(struct road *road, int day, const char *const out[4],
                       const char *const back[4])
{
    static const char *const way[] = {"a", "b", "c", "d"};
    char at[32];
    for (int i = 0; i < 4; i++) {
        snprintf(at, sizeof(at), "%d+08:%02d:00", day, 5 * i);
        passes(road, at, way[i], out[i]);
    }
    for (int i = 0; i < 4; i++) {
        snprintf(at, sizeof(at), "%d+17:%02d:00", day, 5 * i);
        passes(road, at, way[3 - i], back[i]);
    }
}

// Each drives as it likes: in front, behind, out of sight.
static const char *const out[] = {"BB22BBB+9", "BB22BBB+16", "BB22BBB+3", "BB22BBB-8"};
static const char *const back[] = {"BB22BBB-4", "BB22BBB+7", "", "BB22BBB-13"};
static const char *const alone[] = {"", "", "", ""};

static void commuters_who_share_a_road_each_day_are_none(void **state)
{
    struct road *road = *state;
    for (int day = 0; day < 12; day++) {
        go_to_work(road, day, out, day % 2 ? back : alone);
        silence(road);
    }
}

static void commuters_who_turn_off_together_are_a_convoy(void **state)
{
    struct road *road = *state;
    for (int day = 0; day < 5; day++) {
        go_to_work(road, day, out, alone);
    }
    silence(road);
    passes(road, "5+22:00:00", "d", "BB22BBB+5"); // another way, at another time
    passes(road, "5+22:05:00", "e", "BB22BBB+5");
    passes(road, "5+22:10:00", "f", "BB22BBB+4");
    passes(road, "5+22:15:00", "g", "BB22BBB+5");
    convoy_with(road, "BB22BBB");
    assert_int_equal(last.sites, 4);
}

static void where_a_whole_line_goes_on_nobody_is_a_convoy(void **state)
{
    struct road *road = *state;
    static const char line[] = "BB22BBB+5 CC33CCC-4 DD44DDD-8 EE55EEE+9 FF66FFF+13";
    passes(road, "08:00:00", "a", line);
    passes(road, "08:05:00", "b", line);
    passes(road, "08:10:00", "c", line);
    passes(road, "08:15:00", "d", line);
    passes(road, "08:20:00", "e", line);
    silence(road);
}

static void the_same_stranger_at_one_corner_each_day_is_none(void **state)
{
    struct road *road = *state;
    for (int day = 0; day < 10; day++) {
        char at[32];
        snprintf(at, sizeof(at), "%d+08:00:00", day);
        passes(road, at, "a", "BB22BBB+4");
        snprintf(at, sizeof(at), "%d+08:05:00", day);
        passes(road, at, "b", "");
    }
    silence(road); // one site a journey says that both go to work, not that they go together
}

static void a_busy_road_says_less_than_an_empty_one(void **state)
{
    struct road *road = *state;
    int32_t bits[2];
    road->rules.convoy_odds = 10;
    for (int busy = 0; busy < 2; busy++) {
        hs_convoy_fini(&road->convoy);
        road->flow = busy ? 400 : 2;
        passes(road, "03:00:00", "a", "BB22BBB+4");
        passes(road, "03:05:00", "b", "BB22BBB+4");
        passes(road, "1+03:00:00", "e", "BB22BBB+6");
        passes(road, "1+03:05:00", "f", "BB22BBB+6");
        convoy_with(road, "BB22BBB");
        bits[busy] = last.bits;
    }
    assert_true(bits[0] > bits[1] + 3 * HS_BIT / 2);
}

// What four meetings five minutes apart are worth, with these gaps in seconds.
static int32_t worth_beside(struct road *road, const int gaps_s[4])
{
    hs_convoy_fini(&road->convoy);
    road->rules.convoy_odds = 2;
    for (int i = 0; i < 4; i++) {
        char at[32], who[32];
        const char site[] = {(char)('a' + i), 0};
        snprintf(at, sizeof(at), "08:%02d:00", 5 * i);
        snprintf(who, sizeof(who), "BB22BBB%+d", gaps_s[i]);
        passes(road, at, site, who);
    }
    convoy_with(road, "BB22BBB");
    return last.bits;
}

static void who_comes_up_and_passes_is_hardly_company(void **state)
{
    struct road *road = *state;
    // as far from each other and by as much nearer or farther; only one of them keeps a pace
    static const int passing[4] = {-6, -3, 3, 6}, wavering[4] = {-6, -3, -6, -3};
    int32_t passes_by = worth_beside(road, passing), stays = worth_beside(road, wavering);
    assert_true(passes_by < stays);
}

// Met on two journeys, the second where the vehicle goes each morning, or somewhere else at night.
static int32_t worth_again(struct road *road, bool usual)
{
    hs_convoy_fini(&road->convoy);
    road->rules.convoy_odds = 10;
    for (int day = 0; day < 3; day++) {
        go_to_work(road, day, alone, alone);
    }
    passes(road, "3+22:00:00", "e", "BB22BBB+4");
    passes(road, "3+22:05:00", "f", "BB22BBB+4");
    passes(road, usual ? "4+08:00:00" : "4+23:00:00", "a", "BB22BBB+6");
    passes(road, usual ? "4+08:05:00" : "4+23:05:00", "b", "BB22BBB+6");
    convoy_with(road, "BB22BBB");
    return last.bits;
}

static void to_be_met_again_elsewhere_says_more_than_on_the_way_to_work(void **state)
{
    struct road *road = *state;
    assert_true(worth_again(road, false) > worth_again(road, true) + 2 * HS_BIT);
}

static void what_is_heard_late_counts_where_it_belongs(void **state)
{
    struct road *road = *state;
    passes(road, "08:00:00", "a", "BB22BBB+4");
    unsigned b = hit_at(road, "08:05:00", "b", "");
    passes(road, "08:15:00", "d", "BB22BBB+4");
    passes(road, "08:10:00", "c", "BB22BBB-3"); // a camera's queue came late
    come_after(road, b, "BB22BBB+4");
    convoy_with(road, "BB22BBB");
    int32_t late = last.bits;
    hs_convoy_fini(&road->convoy);
    passes(road, "08:00:00", "a", "BB22BBB+4");
    passes(road, "08:05:00", "b", "BB22BBB+4");
    passes(road, "08:10:00", "c", "BB22BBB-3");
    passes(road, "08:15:00", "d", "BB22BBB+4");
    convoy_with(road, "BB22BBB");
    assert_int_equal(late, last.bits);
}

static void a_rule_that_is_off_remembers_nobody(void **state)
{
    struct road *road = *state;
    road->rules.convoy_odds = 0;
    passes(road, "08:00:00", "a", "BB22BBB+4");
    assert_int_equal(road->convoy.companion_count, 0);
}

static void a_crowd_falls_out_but_not_the_companion(void **state)
{
    struct road *road = *state;
    passes(road, "08:00:00", "a", "BB22BBB+5");
    passes(road, "08:05:00", "b", "BB22BBB+5");
    for (unsigned i = 0; i < 40; i++) {
        char at[32], who[128];
        snprintf(at, sizeof(at), "08:05:%02u", i);
        snprintf(who, sizeof(who), "AA%02uAAA-1 AA%02uBBB-2 AA%02uCCC+1 AA%02uDDD+3", i, i, i, i);
        passes(road, at, "b", who);
    }
    assert_true(road->convoy.companion_count <= HS_CONVOY_COMPANIONS_MAX);
    assert_true(road->convoy.stop_count <= HS_CONVOY_STOPS_MAX);
    passes(road, "08:10:00", "c", "BB22BBB+5");
    passes(road, "08:15:00", "d", "BB22BBB+5");
    convoy_with(road, "BB22BBB");
}

static void state_survives_as_bytes(void **state)
{
    struct road *road = *state;
    struct hs_bump bump = {0};
    uint8_t first[4096], second[4096];
    passes(road, "08:00:00", "a", "BB22BBB+4 CC33CCC-5");
    passes(road, "08:05:00", "b", "BB22BBB-4");
    passes(road, "1+08:00:00", "a", "BB22BBB+4 CC33CCC-5");
    passes(road, "1+08:05:00", "b", "DD44DDD-4");
    Hitstream__V1__ConvoyState *packed = hs_convoy_pack(&road->convoy, &bump);
    size_t len = hitstream__v1__convoy_state__pack(packed, first);
    Hitstream__V1__ConvoyState *read = hitstream__v1__convoy_state__unpack(NULL, len, first);
    struct hs_convoy again = {0};
    assert_int_equal(hs_convoy_unpack(&again, read), 0);
    hitstream__v1__convoy_state__free_unpacked(read, NULL);
    assert_int_equal(hitstream__v1__convoy_state__pack(hs_convoy_pack(&again, &bump), second), len);
    assert_memory_equal(first, second, len);
    hs_convoy_fini(&road->convoy);
    road->convoy = again;
    passes(road, "1+08:10:00", "c", "BB22BBB+4");
    passes(road, "1+08:15:00", "d", "BB22BBB+4");
    passes(road, "1+08:20:00", "e", "BB22BBB+4");
    convoy_with(road, "BB22BBB");
    hs_bump_fini(&bump);
}

int main(void)
{
#define STORY(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        STORY(a_van_that_follows_through_the_town_is_a_convoy),
        STORY(traffic_in_line_on_a_motorway_is_none),
        STORY(who_leaves_the_motorway_behind_it_is_none_yet),
        STORY(neighbours_who_set_out_at_the_same_time_are_none),
        STORY(commuters_who_share_a_road_each_day_are_none),
        STORY(commuters_who_turn_off_together_are_a_convoy),
        STORY(where_a_whole_line_goes_on_nobody_is_a_convoy),
        STORY(one_missed_camera_is_no_end),
        STORY(they_may_swap_places),
        STORY(they_may_split_and_join_again),
        STORY(two_short_journeys_together_are_enough),
        STORY(a_meeting_long_ago_is_forgotten),
        STORY(the_same_stranger_at_one_corner_each_day_is_none),
        STORY(a_busy_road_says_less_than_an_empty_one),
        STORY(who_comes_up_and_passes_is_hardly_company),
        STORY(to_be_met_again_elsewhere_says_more_than_on_the_way_to_work),
        STORY(what_is_heard_late_counts_where_it_belongs),
        STORY(a_rule_that_is_off_remembers_nobody),
        STORY(a_crowd_falls_out_but_not_the_companion),
        STORY(state_survives_as_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
