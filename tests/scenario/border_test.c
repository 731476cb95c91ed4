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

// Three forces and a joint desk that cares for two of them.
static const char queues[] =
    "queues:\n"
    "  avon-live:\n    owner: avon\n    kind: live\n    lists: [drugs]\n    forces: [avon]\n"
    "  joint-live:\n    owner: avon\n    kind: live\n    lists: [drugs]\n    forces: [avon, "
    "wilts]\n"
    "  wilts-live:\n    owner: wilts\n    kind: live\n    lists: [drugs]\n    forces: [wilts]\n";
static const char rules[] = "border:\n  settle_ms: 600000\n  settle_sites: 2\n";

static void at(struct story *s, const char *time, const char *site)
{
    story_tell(
        s, &(struct story_hit){.at = time, .vehicle = "AB12CDE", .list = "drugs", .site = site});
}

static void tell_three(struct story *s, const char *kind, const char *site)
{
    static const char *const names[] = {"joint-live", "wilts-live", "avon-live"};
    for (size_t i = 0; i < 3; i++) {
        char want[64];
        snprintf(want, sizeof(want), "%s %s AB12CDE %s", names[i], kind, site);
        told(s, want);
    }
}

static void both_forces_and_the_joint_desk_know_once(void **state)
{
    struct story *s = *state;
    controls_change(s, queues, rules);
    at(s, "12:00:00", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "joint-live opened AB12CDE avon/1");
    at(s, "12:05:00", "wilts/1");
    tell_three(s, "entered", "wilts/1");
    at(s, "12:06:00", "wilts/2"); // their own by now
    told(s, "joint-live updated AB12CDE wilts/2");
    told(s, "wilts-live updated AB12CDE wilts/2");
    silence(s);
}

static void a_road_that_zigzags_is_told_as_places(void **state)
{
    struct story *s = *state;
    controls_change(s, queues, rules);
    at(s, "12:00:00", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "joint-live opened AB12CDE avon/1");
    at(s, "12:02:00", "wilts/1");
    tell_three(s, "entered", "wilts/1");
    at(s, "12:03:00", "avon/2"); // the road comes back for a mile
    told(s, "avon-live updated AB12CDE avon/2");
    told(s, "joint-live updated AB12CDE avon/2");
    at(s, "12:04:00", "wilts/2"); // and is where it was
    told(s, "joint-live updated AB12CDE wilts/2");
    told(s, "wilts-live updated AB12CDE wilts/2");
    silence(s);
}

static void going_back_is_told_when_it_has_settled(void **state)
{
    struct story *s = *state;
    controls_change(s, queues, rules);
    at(s, "12:00:00", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "joint-live opened AB12CDE avon/1");
    at(s, "12:02:00", "wilts/1");
    tell_three(s, "entered", "wilts/1");
    at(s, "12:03:00", "avon/2");
    told(s, "avon-live updated AB12CDE avon/2");
    told(s, "joint-live updated AB12CDE avon/2");
    silence(s);
    at(s, "12:04:00", "avon/3"); // a second site: it is back
    told(s, "avon-live entered AB12CDE avon/3");
    assert_string_equal(last_alert(s)->border->from_force, "wilts");
    told(s, "joint-live entered AB12CDE avon/3");
    told(s, "wilts-live entered AB12CDE avon/3");
    at(s, "12:05:00", "avon/4");
    told(s, "avon-live updated AB12CDE avon/4");
    told(s, "joint-live updated AB12CDE avon/4");
    silence(s);
}

static void a_journey_back_is_told_at_once(void **state)
{
    struct story *s = *state;
    controls_change(s, queues, rules);
    at(s, "12:00:00", "avon/1");
    at(s, "12:05:00", "wilts/1");
    at(s, "12:20:00", "avon/1"); // it was settled in the other area
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "joint-live opened AB12CDE avon/1");
    tell_three(s, "entered", "wilts/1");
    told(s, "avon-live entered AB12CDE avon/1");
    told(s, "joint-live entered AB12CDE avon/1");
    told(s, "wilts-live entered AB12CDE avon/1");
    silence(s);
}

// City of London lies within another area: into it is told, out of it only when that holds.
static void an_enclave_is_an_area_like_others(void **state)
{
    struct story *s = *state;
    controls_change(s,
                    "queues:\n"
                    "  city:\n    owner: city\n    kind: live\n    lists: [drugs]\n    areas: "
                    "[square-mile]\n"
                    "  railway:\n    owner: btp\n    kind: live\n    lists: [drugs]\n",
                    rules);
    at(s, "12:00:00", "met/1");
    told(s, "railway opened AB12CDE met/1"); // a force without territory cares by list
    story_tell(s, &(struct story_hit){.at = "12:01:00",
                                      .vehicle = "AB12CDE",
                                      .list = "drugs",
                                      .site = "city/1",
                                      .area = "square-mile"});
    told(s, "city entered AB12CDE city/1");
    told(s, "railway entered AB12CDE city/1");
    at(s, "12:02:00", "met/2");
    told(s, "railway updated AB12CDE met/2");
    silence(s);
}

static void what_has_no_force_crosses_nothing(void **state)
{
    struct story *s = *state;
    at(s, "12:00:00", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    story_tell(s, &(struct story_hit){.at = "12:01:00",
                                      .vehicle = "AB12CDE",
                                      .list = "drugs",
                                      .site = "somewhere/1",
                                      .unknown_camera = true});
    told(s, "wilts-live opened AB12CDE somewhere/1"); // the list owner's default desk
    at(s, "12:02:00", "avon/2");
    told(s, "avon-live updated AB12CDE avon/2");
    told(s, "avon-review updated AB12CDE avon/2");
    passes_late(s, "12:01:30", "12:20:00", "AB12CDE", "drugs", "wilts/7");
    told(s, "wilts-review opened AB12CDE wilts/7"); // stale: a place, no crossing
    silence(s);
}

static void the_next_force_is_told_that_it_comes(void **state)
{
    struct story *s = *state;
    controls_change(s, queues, rules);
    const struct story_hit leaving = {.at = "12:00:00",
                                      .vehicle = "AB12CDE",
                                      .list = "drugs",
                                      .site = "avon/edge",
                                      .camera = "c3"};
    struct story_hit again = leaving, back = leaving;
    again.at = "12:10:00";
    back.at = "12:40:00";
    back.direction = "W";
    story_tell(s, &leaving);
    told(s, "avon-live opened AB12CDE avon/edge");
    told(s, "joint-live opened AB12CDE avon/edge");
    told(s, "wilts-live approaching AB12CDE avon/edge");
    assert_string_equal(last_alert(s)->border->to_force, "wilts");
    assert_string_equal(last_alert(s)->border->next_site, "wilts/1");
    story_tell(s, &again);
    told(s, "avon-live updated AB12CDE avon/edge");
    told(s, "joint-live updated AB12CDE avon/edge");
    silence(s); // they know
    story_tell(s, &back);
    told(s, "avon-live updated AB12CDE avon/edge");
    told(s, "joint-live updated AB12CDE avon/edge");
    silence(s); // it goes the other way
}

#define PLACE HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_PLACE

static void by(struct story *s, const char *time, const char *site, const char *camera,
               Hitstream__V1__CameraFaultKind fault)
{
    story_tell(s, &(struct story_hit){.at = time,
                                      .vehicle = "AB12CDE",
                                      .list = "drugs",
                                      .site = site,
                                      .camera = camera,
                                      .camera_fault = fault});
}

// In Avon, and by a camera that stands there too, though the register has it in Wilts, in Wilts.
static void enter_by_mistake(struct story *s)
{
    controls_change(s, queues, rules);
    at(s, "12:00:00", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "joint-live opened AB12CDE avon/1");
    by(s, "12:05:00", "wilts/1", "c2", 0);
    tell_three(s, "entered", "wilts/1");
}

static void an_area_that_a_wrong_camera_named_was_never_entered(void **state)
{
    struct story *s = *state;
    enter_by_mistake(s);
    camera_found(s, "12:10:00", "AB12CDE", "c2", PLACE);
    told(s, "avon-live stand-down AB12CDE wilts/1");
    told(s, "joint-live stand-down AB12CDE wilts/1");
    told(s, "wilts-live stand-down AB12CDE wilts/1");
    restart(s, true);
    at(s, "12:20:00", "avon/2"); // it never left
    told(s, "avon-live updated AB12CDE avon/2");
    assert_int_equal(last_alert(s)->n_trail, 3);
    assert_true(last_alert(s)->trail[1]->misplaced); // what was seen stands, and what it is worth
    assert_false(last_alert(s)->trail[2]->misplaced);
    told(s, "joint-live updated AB12CDE avon/2");
    silence(s);
    at(s, "12:30:00", "wilts/2"); // now it does
    tell_three(s, "entered", "wilts/2");
    assert_string_equal(last_alert(s)->border->from_force, "avon");
    silence(s);
}

static void a_wrong_camera_between_hides_no_border(void **state)
{
    struct story *s = *state;
    enter_by_mistake(s);
    by(s, "12:08:00", "wilts/2", "c9", 0); // in Wilts indeed, but Wilts knows
    told(s, "joint-live updated AB12CDE wilts/2");
    told(s, "wilts-live updated AB12CDE wilts/2");
    camera_found(s, "12:10:00", "AB12CDE", "c2", PLACE);
    told(s, "avon-live stand-down AB12CDE wilts/2"); // as last seen
    told(s, "joint-live stand-down AB12CDE wilts/2");
    told(s, "wilts-live stand-down AB12CDE wilts/2");
    at(s, "12:15:00", "wilts/3");
    told(s, "joint-live updated AB12CDE wilts/3");
    told(s, "wilts-live updated AB12CDE wilts/3");
    at(s, "12:30:00", "avon/2"); // back from Wilts, where it was
    told(s, "avon-live entered AB12CDE avon/2");
    assert_string_equal(last_alert(s)->border->from_force, "wilts");
    told(s, "joint-live entered AB12CDE avon/2");
    told(s, "wilts-live entered AB12CDE avon/2");
    silence(s);
}

static void a_camera_known_to_stand_elsewhere_names_no_area(void **state)
{
    struct story *s = *state;
    controls_change(s, queues, rules);
    at(s, "12:00:00", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "joint-live opened AB12CDE avon/1");
    by(s, "12:05:00", "wilts/1", "c2", PLACE); // told as a sighting, with what is known of it
    told(s, "joint-live updated AB12CDE wilts/1");
    told(s, "wilts-live opened AB12CDE wilts/1");
    at(s, "12:20:00", "avon/2");
    told(s, "avon-live updated AB12CDE avon/2");
    told(s, "joint-live updated AB12CDE avon/2");
    silence(s);
}

static void who_was_told_by_a_wrong_camera_that_it_comes_is_told_when_it_does(void **state)
{
    struct story *s = *state;
    controls_change(s, queues, rules);
    by(s, "12:00:00", "avon/edge", "c3", 0);
    told(s, "avon-live opened AB12CDE avon/edge");
    told(s, "joint-live opened AB12CDE avon/edge");
    told(s, "wilts-live approaching AB12CDE avon/edge");
    camera_found(s, "12:02:00", "AB12CDE", "c3", PLACE);
    told(s, "avon-live stand-down AB12CDE avon/edge");
    told(s, "joint-live stand-down AB12CDE avon/edge");
    told(s, "wilts-live stand-down AB12CDE avon/edge");
    by(s, "12:05:00", "avon/exit", "c11", 0);
    told(s, "avon-live updated AB12CDE avon/exit");
    told(s, "joint-live updated AB12CDE avon/exit");
    told(s, "wilts-live approaching AB12CDE avon/exit");
    silence(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)
        STORY(both_forces_and_the_joint_desk_know_once),
        STORY(a_road_that_zigzags_is_told_as_places),
        STORY(going_back_is_told_when_it_has_settled),
        STORY(a_journey_back_is_told_at_once),
        STORY(an_enclave_is_an_area_like_others),
        STORY(what_has_no_force_crosses_nothing),
        STORY(the_next_force_is_told_that_it_comes),
        STORY(an_area_that_a_wrong_camera_named_was_never_entered),
        STORY(a_wrong_camera_between_hides_no_border),
        STORY(a_camera_known_to_stand_elsewhere_names_no_area),
        STORY(who_was_told_by_a_wrong_camera_that_it_comes_is_told_when_it_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
