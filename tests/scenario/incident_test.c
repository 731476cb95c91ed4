// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hitstream/v1/alert.pb-c.h"
#include "scenario/story.h"

static int begin(void **state)
{
    *state = story_new();
    return 0;
}

static int end(void **state)
{
    story_free(*state);
    return 0;
}

static void a_vehicle_is_told_once_a_place(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "stolen", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    passes(s, "12:01:00", "AB12CDE", "stolen", "avon/1");
    passes(s, "12:04:59", "AB12CDE", "stolen", "avon/1");
    silence(s);
    passes(s, "12:06:00", "AB12CDE", "stolen", "avon/2");
    told(s, "avon-live updated AB12CDE avon/2");
    assert_int_equal(last_alert(s)->hits, 4);
    assert_int_equal(last_alert(s)->n_trail, 2);
    assert_int_equal(last_alert(s)->trail[0]->reads, 3);
    told(s, "avon-review updated AB12CDE avon/2");
    silence(s);
}

static void repeats_speak_again_after_the_window(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    passes(s, "12:05:00", "AB12CDE", "missing", "avon/1"); // at its edge, still silent
    silence(s);
    passes(s, "12:05:01", "AB12CDE", "missing", "avon/1");
    told(s, "avon-live updated AB12CDE avon/1");
    const Hitstream__V1__Evidence *why = last_alert(s)->evidence[last_alert(s)->n_evidence - 1];
    assert_string_equal(why->name, "since_told_here");
    assert_int_equal(why->value, 301000);
    assert_int_equal(why->threshold, 300000);
    told(s, "avon-review updated AB12CDE avon/1");
    silence(s);
}

// "A cooldown keyed without the plate hid a second wanted car."
static void one_car_never_hides_another(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "drugs", "wilts/1");
    told(s, "wilts-live opened AB12CDE wilts/1");
    told(s, "wilts-review opened AB12CDE wilts/1");
    passes(s, "12:00:01", "XY34ZZZ", "drugs", "wilts/1");
    told(s, "wilts-live opened XY34ZZZ wilts/1");
    told(s, "wilts-review opened XY34ZZZ wilts/1");
    silence(s);
}

static void crossing_a_border_tells_both_forces(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "stolen", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    struct hs_id first = {{0}};
    memcpy(first.bytes, last_alert(s)->incident_id.data, HS_ID_BYTES);
    passes(s, "12:10:00", "AB12CDE", "stolen", "wilts/1");
    told(s, "wilts-live entered AB12CDE wilts/1"); // its first, of the same incident
    assert_memory_equal(last_alert(s)->incident_id.data, first.bytes, HS_ID_BYTES);
    assert_int_equal(last_alert(s)->n_trail, 2);
    assert_string_equal(last_alert(s)->rule, "border");
    assert_string_equal(last_alert(s)->border->from_force, "avon");
    assert_string_equal(last_alert(s)->border->to_force, "wilts");
    told(s, "wilts-review entered AB12CDE wilts/1");
    told(s, "avon-live entered AB12CDE wilts/1"); // it left them
    told(s, "avon-review entered AB12CDE wilts/1");
    silence(s);
}

static void quiet_time_divides_incidents_by_event_time(void **state)
{
    struct story *s = *state;
    struct hs_id first;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    memcpy(first.bytes, last_alert(s)->incident_id.data, HS_ID_BYTES);
    told(s, "avon-review opened AB12CDE avon/1");
    passes(s, "12:30:00", "AB12CDE", "missing", "avon/2"); // quiet time is just not over
    told(s, "avon-live updated AB12CDE avon/2");
    told(s, "avon-review updated AB12CDE avon/2");
    passes(s, "13:00:01", "AB12CDE", "missing", "avon/2"); // no timer fired, and yet
    told(s, "avon-live opened AB12CDE avon/2");
    assert_memory_not_equal(last_alert(s)->incident_id.data, first.bytes, HS_ID_BYTES);
    told(s, "avon-review opened AB12CDE avon/2");
    clock_strikes(s, "13:05:00"); // the first one's quiet time: it is over already
    assert_int_equal(story_stats(s).open_incidents, 1);
    clock_strikes(s, "13:30:01");
    assert_int_equal(story_stats(s).open_incidents, 0);
}

static void the_quiet_timer_closes_once(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    clock_strikes(s, "12:29:59");
    assert_int_equal(story_stats(s).open_incidents, 1);
    clock_strikes(s, "12:30:00");
    assert_int_equal(story_stats(s).open_incidents, 0);
    clock_strikes(s, "12:40:00");
    assert_int_equal(story_stats(s).timers, 0);
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    silence(s); // closing is not told
}

static void a_hit_moves_the_quiet_timer(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    passes(s, "12:20:00", "AB12CDE", "missing", "avon/2");
    clock_strikes(s, "12:31:00");
    assert_int_equal(story_stats(s).open_incidents, 1);
    clock_strikes(s, "12:50:00");
    assert_int_equal(story_stats(s).open_incidents, 0);
}

static void a_hit_that_came_after_the_timer_but_belongs_before_goes_on(void **state)
{
    struct story *s = *state;
    struct hs_id first;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    memcpy(first.bytes, last_alert(s)->incident_id.data, HS_ID_BYTES);
    told(s, "avon-review opened AB12CDE avon/1");
    clock_strikes(s, "12:31:00");
    passes_late(s, "12:25:00", "12:33:00", "AB12CDE", "missing", "avon/2");
    told(s, "avon-live updated AB12CDE avon/2");
    assert_memory_equal(last_alert(s)->incident_id.data, first.bytes, HS_ID_BYTES);
    told(s, "avon-review updated AB12CDE avon/2");
    assert_int_equal(story_stats(s).open_incidents,
                     1); // and it is closed by its own new quiet time
    clock_strikes(s, "12:55:00");
    assert_int_equal(story_stats(s).open_incidents, 0);
}

static void late_reads_are_placed_and_told_to_intelligence_only(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    passes(s, "12:20:00", "AB12CDE", "missing", "avon/3");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    told(s, "avon-live updated AB12CDE avon/3");
    told(s, "avon-review updated AB12CDE avon/3");
    passes_late(s, "12:10:00", "12:25:00", "AB12CDE", "missing", "avon/2");
    told(s, "avon-review updated AB12CDE avon/2");
    silence(s);
    assert_int_equal(last_alert(s)->n_trail, 3);
    assert_string_equal(last_alert(s)->trail[1]->place->site_id, "avon/2");
    assert_int_equal(last_alert(s)->lateness, HITSTREAM__V1__LATENESS__LATENESS_STALE);
}

static void reads_that_come_hours_late_belong_to_their_own_time(void **state)
{
    struct story *s = *state;
    struct hs_id morning, noon;
    passes(s, "08:00:00", "AB12CDE", "missing", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    memcpy(morning.bytes, last_alert(s)->incident_id.data, HS_ID_BYTES);
    told(s, "avon-review opened AB12CDE avon/1");
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/5");
    told(s, "avon-live opened AB12CDE avon/5");
    memcpy(noon.bytes, last_alert(s)->incident_id.data, HS_ID_BYTES);
    told(s, "avon-review opened AB12CDE avon/5");
    passes_late(s, "08:10:00", "12:05:00", "AB12CDE", "missing", "avon/2"); // the morning's
    told(s, "avon-review updated AB12CDE avon/2");
    assert_memory_equal(last_alert(s)->incident_id.data, morning.bytes, HS_ID_BYTES);
    passes_late(s, "10:00:00", "12:06:00", "AB12CDE", "missing",
                "avon/3"); // one of its own, over already
    told(s, "avon-review opened AB12CDE avon/3");
    assert_memory_not_equal(last_alert(s)->incident_id.data, morning.bytes, HS_ID_BYTES);
    assert_memory_not_equal(last_alert(s)->incident_id.data, noon.bytes, HS_ID_BYTES);
    passes(s, "12:10:00", "AB12CDE", "missing", "avon/6"); // noon goes on, unrenamed
    told(s, "avon-live updated AB12CDE avon/6");
    assert_memory_equal(last_alert(s)->incident_id.data, noon.bytes, HS_ID_BYTES);
    told(s, "avon-review updated AB12CDE avon/6");
    silence(s);
}

static void the_same_hit_counts_once(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    passes(s, "12:10:00", "AB12CDE", "missing", "avon/2");
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    passes(s, "12:10:00", "AB12CDE", "missing", "avon/2");
    assert_int_equal(story_stats(s).duplicate_hits, 2);
    assert_int_equal(story_stats(s).hits, 2);
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    told(s, "avon-live updated AB12CDE avon/2");
    assert_int_equal(last_alert(s)->hits, 2);
    told(s, "avon-review updated AB12CDE avon/2");
    silence(s);
}

static void a_hit_is_known_again_for_a_day_and_not_for_ever(void **state)
{
    struct story *s = *state;
    passes(s, "08:00:00", "AB12CDE", "missing", "avon/1");
    clock_strikes(s, "08:30:00");
    story_tell(s, &(struct story_hit){.at = "08:00:00",
                                      .arrives = "1+08:29:00",
                                      .vehicle = "AB12CDE",
                                      .list = "missing",
                                      .site = "avon/1"});
    assert_int_equal(story_stats(s).duplicate_hits, 1);
    story_tell(s, &(struct story_hit){.at = "08:00:00",
                                      .arrives = "1+08:31:00",
                                      .vehicle = "AB12CDE",
                                      .list = "missing",
                                      .site = "avon/1"});
    assert_int_equal(story_stats(s).duplicate_hits,
                     1); // forgotten: state outlives its last event by a day
}

static void priority_never_falls_below_the_safeguarding_floor(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1"); // the entry says low
    told(s, "avon-live opened AB12CDE avon/1");
    assert_int_equal(last_alert(s)->priority, HITSTREAM__V1__PRIORITY__PRIORITY_HIGH);
    assert_string_equal(last_header(s, "priority"), "high");
}

static void an_alert_explains_itself(void **state)
{
    struct story *s = *state;
    story_tell(s, &(struct story_hit){.at = "12:00:00",
                                      .vehicle = "AB12CDE",
                                      .list = "stolen",
                                      .site = "avon/1",
                                      .read_vrm = "AB12CD8"});
    told(s, "avon-live opened AB12CDE avon/1");
    const Hitstream__V1__Alert *a = last_alert(s);
    assert_true(a->verify_image);
    assert_string_equal(a->read_vrm, "AB12CD8");
    assert_string_equal(a->rule, "incident");
    assert_int_equal(a->list->revision->generation, 3);
    assert_int_equal(strlen(a->controls_hash), 64);
    assert_true(a->reply_token.len > 0);
    assert_false(a->covert);
    assert_string_equal(
        a->headline,
        "STOP AB12CDE on A4 E at avon/1 (avon, area-1), high priority, list 'stolen' of avon; "
        "read as 'AB12CD8': verify the image");
    assert_null(strstr(a->headline, "free text"));
    assert_string_equal(last_header(s, "list-revision"), "3.7");
    assert_string_equal(last_header(s, "handling"), "STOP");
    assert_string_equal(last_header(s, "queue"), "avon-live");
    assert_string_equal(last_header(s, "ce_type"), "hitstream.v1.Alert");
    assert_null(strchr(last_header(s, "ce_source"), '@')); // others' events would move an offset
}

static void what_nobody_may_receive_is_kept_apart(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "lowkey", "avon/1");
    told(s, "unrouted opened AB12CDE avon/1");
    assert_int_equal(last_alert(s)->reply_token.len, 0);
    passes(s, "12:01:00", "AB12CDE", "lowkey", "avon/1");
    silence(s);
    assert_int_equal(story_stats(s).unrouted, 1);
}

static void an_unknown_camera_tells_the_owner_by_default(void **state)
{
    struct story *s = *state;
    story_tell(s, &(struct story_hit){.at = "12:00:00",
                                      .vehicle = "AB12CDE",
                                      .list = "stolen",
                                      .site = "somewhere/1",
                                      .unknown_camera = true});
    told(s, "avon-live opened AB12CDE somewhere/1");
    silence(s);
}

static void a_clock_that_is_ahead_does_not_bend_the_story(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    story_tell(s, &(struct story_hit){.at = "23:00:00",
                                      .arrives = "12:01:00",
                                      .vehicle = "AB12CDE",
                                      .list = "missing",
                                      .site = "avon/2",
                                      .clock_ahead = true});
    passes(s, "12:02:00", "AB12CDE", "missing", "avon/3");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    told(s, "avon-live updated AB12CDE avon/2");
    told(s, "avon-review updated AB12CDE avon/2");
    told(s, "avon-live updated AB12CDE avon/3");
    assert_int_equal(last_alert(s)->n_trail, 3);
    told(s, "avon-review updated AB12CDE avon/3");
    silence(s);
}

static void a_full_trail_drops_its_oldest_place(void **state)
{
    struct story *s = *state;
    char at[] = "12:00:00", site[] = "avon/a";
    for (int i = 0; i < 10; i++) {
        at[4] = (char)('0' + i);
        site[5] = (char)('a' + i);
        passes(s, at, "AB12CDE", "missing", site);
        at[4] = '0';
    }
    for (int i = 0; i < 20; i++) {
        char want[64];
        snprintf(want, sizeof(want), "%s %s AB12CDE avon/%c", i % 2 ? "avon-review" : "avon-live",
                 i < 2 ? "opened" : "updated", 'a' + i / 2);
        told(s, want);
    }
    assert_int_equal(last_alert(s)->n_trail, 8);
    assert_string_equal(last_alert(s)->trail[0]->place->site_id, "avon/c");
    assert_int_equal(story_stats(s).trail_dropped, 2);
}

static void controls_decide_from_their_place_in_the_log(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "lowkey", "avon/1");
    told(s, "unrouted opened AB12CDE avon/1");
    controls_change(
        s, "queues:\n  all:\n    owner: avon\n    kind: intelligence\n    lists: ['*']\n", NULL);
    passes(s, "12:01:00", "AB12CDE", "lowkey", "avon/2");
    told(s, "all opened AB12CDE avon/2");
    silence(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)
        STORY(a_vehicle_is_told_once_a_place),
        STORY(repeats_speak_again_after_the_window),
        STORY(one_car_never_hides_another),
        STORY(crossing_a_border_tells_both_forces),
        STORY(quiet_time_divides_incidents_by_event_time),
        STORY(the_quiet_timer_closes_once),
        STORY(a_hit_moves_the_quiet_timer),
        STORY(a_hit_that_came_after_the_timer_but_belongs_before_goes_on),
        STORY(late_reads_are_placed_and_told_to_intelligence_only),
        STORY(reads_that_come_hours_late_belong_to_their_own_time),
        STORY(the_same_hit_counts_once),
        STORY(a_hit_is_known_again_for_a_day_and_not_for_ever),
        STORY(priority_never_falls_below_the_safeguarding_floor),
        STORY(an_alert_explains_itself),
        STORY(what_nobody_may_receive_is_kept_apart),
        STORY(an_unknown_camera_tells_the_owner_by_default),
        STORY(a_clock_that_is_ahead_does_not_bend_the_story),
        STORY(a_full_trail_drops_its_oldest_place),
        STORY(controls_decide_from_their_place_in_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
