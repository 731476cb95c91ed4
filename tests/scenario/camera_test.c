// SPDX-License-Identifier: Apache-2.0
//
// Stories about wrong cameras, as one vehicle and those who were told of it see them. Six cameras
// stand on one line from west to east, each at its own site; the car is red, its double is blue.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hitstream/v1/camera.pb-c.h"
#include "scenario/story.h"

#define PLACE        HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_PLACE
#define CLOCK        HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_CLOCK
#define FINDING_GONE HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_FINDING_WITHDRAWN
#define CAMERA_WRONG HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_CAMERA_WRONG
#define STILL        HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_SILENT

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

static void seen(struct story *s, const char *at, const char *site, double east_km,
                 const char *colour, Hitstream__V1__CameraFaultKind fault)
{
    const struct story_hit hit = {.at = at,
                                  .vehicle = "AB12CDE",
                                  .list = "stolen",
                                  .site = site,
                                  .camera = strchr(site, '/') + 1,
                                  .east_km = east_km,
                                  .colour = colour,
                                  .camera_fault = fault};
    story_tell(s, &hit);
}

// Alerts of that kind so far; *ret_last is the newest, unpacked, to be freed.
static size_t count(struct story *s, Hitstream__V1__AlertKind kind, Hitstream__V1__Alert **ret_last)
{
    const struct hs_offline *offline = story_offline(s);
    size_t n = 0;
    for (size_t i = 0; i < offline->alert_count; i++) {
        struct hs_str payload = offline->alerts[i].payload;
        Hitstream__V1__Alert *alert =
            hitstream__v1__alert__unpack(NULL, payload.len, (const uint8_t *)payload.ptr);
        assert_non_null(alert);
        if (alert->kind != kind) {
            hitstream__v1__alert__free_unpacked(alert, NULL);
            continue;
        }
        n++;
        if (ret_last) {
            hitstream__v1__alert__free_unpacked(*ret_last, NULL);
            *ret_last = alert;
        } else {
            hitstream__v1__alert__free_unpacked(alert, NULL);
        }
    }
    return n;
}

// Stand-downs for that reason so far; likewise.
static size_t count_back(struct story *s, Hitstream__V1__StandDownReason reason,
                         Hitstream__V1__Alert **ret_last)
{
    const struct hs_offline *offline = story_offline(s);
    size_t n = 0;
    for (size_t i = 0; i < offline->alert_count; i++) {
        struct hs_str payload = offline->alerts[i].payload;
        Hitstream__V1__Alert *alert =
            hitstream__v1__alert__unpack(NULL, payload.len, (const uint8_t *)payload.ptr);
        assert_non_null(alert);
        bool counts = alert->stand_down && alert->stand_down->reason == reason;
        n += counts;
        if (counts && ret_last) {
            hitstream__v1__alert__free_unpacked(*ret_last, NULL);
            *ret_last = alert;
        } else {
            hitstream__v1__alert__free_unpacked(alert, NULL);
        }
    }
    return n;
}

// Two cars drive far from each other, so that a clone is told.
static void drive_two_cars(struct story *s, Hitstream__V1__CameraFaultKind fault)
{
    seen(s, "12:00:00", "avon/home", 1, "RED", 0);
    seen(s, "12:10:00", "avon/port", 120, "BLUE", fault);
    seen(s, "12:15:00", "avon/mill", 5, "RED", 0);
    seen(s, "12:20:00", "avon/dock", 124, "BLUE", fault);
    seen(s, "12:25:00", "avon/pier", 128, "BLUE", fault);
}

static void what_was_told_on_a_wrong_cameras_word_is_taken_back(void **state)
{
    struct story *s = *state;
    Hitstream__V1__Alert *told = NULL, *back = NULL;
    drive_two_cars(s, 0);
    size_t findings = count(s, HITSTREAM__V1__ALERT_KIND__ALERT_KIND_FINDING, &told);
    assert_true(findings > 0); // each desk of the list
    assert_int_equal(told->finding->n_rivals, 3);
    camera_found(s, "12:26:00", "AB12CDE", "port", PLACE);
    camera_found(s, "12:27:00", "AB12CDE", "dock", PLACE);
    camera_found(s, "12:28:00", "AB12CDE", "pier", PLACE);
    assert_int_equal(count_back(s, FINDING_GONE, &back), findings);
    assert_int_equal(back->stand_down->n_alert_ids, 1);
    assert_string_equal(back->queue, told->queue);
    assert_memory_equal(back->stand_down->alert_ids[0].data, told->alert_id.data, HS_ID_BYTES);
    hitstream__v1__alert__free_unpacked(told, NULL);
    hitstream__v1__alert__free_unpacked(back, NULL);
    assert_int_equal(story_stats(s).findings_withdrawn, 1);
    camera_found(s, "12:29:00", "AB12CDE", "pier", PLACE); // another owner's, once more
    assert_int_equal(story_stats(s).findings_withdrawn, 1);
}

static void a_silent_camera_takes_nothing_back(void **state)
{
    struct story *s = *state;
    drive_two_cars(s, 0);
    camera_found(s, "12:26:00", "AB12CDE", "port", STILL);
    camera_found(s, "12:27:00", "AB12CDE", "dock", STILL);
    camera_found(s, "12:28:00", "AB12CDE", "pier", STILL);
    assert_int_equal(count(s, HITSTREAM__V1__ALERT_KIND__ALERT_KIND_STAND_DOWN, NULL), 0);
}

static void one_wrong_camera_of_many_leaves_the_clone_told(void **state)
{
    struct story *s = *state;
    drive_two_cars(s, 0);
    seen(s, "12:30:00", "avon/farm", 9, "RED", 0);
    seen(s, "12:35:00", "avon/quay", 132, "BLUE", 0);
    seen(s, "12:40:00", "avon/barn", 13, "RED", 0);
    camera_found(s, "12:41:00", "AB12CDE", "port", PLACE);
    assert_int_equal(count_back(s, FINDING_GONE, NULL), 0);
    assert_int_equal(story_stats(s).camera_findings, 1);
}

static void hits_of_a_camera_known_to_be_wrong_are_no_evidence(void **state)
{
    struct story *s = *state;
    Hitstream__V1__Alert *update = NULL;
    drive_two_cars(s, CLOCK);
    assert_int_equal(count(s, HITSTREAM__V1__ALERT_KIND__ALERT_KIND_FINDING, NULL), 0);
    assert_int_equal(story_stats(s).impossible_journeys, 0);
    count(s, HITSTREAM__V1__ALERT_KIND__ALERT_KIND_UPDATED, &update); // but where it is still told
    assert_non_null(update);
    assert_int_equal(update->n_camera_faults, 1);
    assert_int_equal(update->camera_faults[0]->kind, CLOCK);
    hitstream__v1__alert__free_unpacked(update, NULL);
}

// The next alert that stands down; its reason is the camera.
static const Hitstream__V1__StandDown *stands_down(struct story *s, const char *queue,
                                                   const char *site)
{
    char what[96];
    snprintf(what, sizeof(what), "%s stand-down AB12CDE %s", queue, site);
    told(s, what);
    const Hitstream__V1__StandDown *taken = last_alert(s)->stand_down;
    assert_int_equal(taken->reason, CAMERA_WRONG);
    return taken;
}

static void who_was_told_of_a_sighting_by_a_wrong_camera_alone_stands_down(void **state)
{
    struct story *s = *state;
    seen(s, "12:00:00", "avon/home", 1, "RED", 0);
    told(s, "avon-live opened AB12CDE avon/home");
    struct hs_id opened;
    memcpy(opened.bytes, last_alert(s)->alert_id.data, HS_ID_BYTES);
    told(s, "avon-review opened AB12CDE avon/home");
    camera_found(s, "12:05:00", "AB12CDE", "home", PLACE);
    const Hitstream__V1__StandDown *taken = stands_down(s, "avon-live", "avon/home");
    assert_int_equal(taken->n_alert_ids, 1);
    assert_memory_equal(taken->alert_ids[0].data, opened.bytes, HS_ID_BYTES);
    assert_string_equal(taken->entry_id, ""); // the entry stands
    stands_down(s, "avon-review", "avon/home");
    camera_found(s, "12:06:00", "AB12CDE", "home", PLACE); // another owner's, once more
    silence(s);
    seen(s, "12:10:00", "avon/mill", 5, "RED", 0); // where it is indeed
    told(s, "avon-live updated AB12CDE avon/mill");
    told(s, "avon-review updated AB12CDE avon/mill");
    silence(s);
}

static void what_other_cameras_said_stands(void **state)
{
    struct story *s = *state;
    seen(s, "12:00:00", "avon/home", 1, "RED", 0);
    seen(s, "12:05:00", "avon/mill", 5, "RED", 0);
    seen(s, "12:10:00", "avon/farm", 9, "RED", 0);
    silence_but(s, 6);
    restart(s, true); // which alert rests on which camera stands in the state
    camera_found(s, "12:15:00", "AB12CDE", "mill", PLACE);
    assert_int_equal(stands_down(s, "avon-live", "avon/farm")->n_alert_ids, 1); // as last seen
    stands_down(s, "avon-review", "avon/farm");
    silence(s);
    withdrawn(s, "12:20:00", "AB12CDE", "stolen", 8); // the others are still theirs
    told(s, "avon-live stand-down AB12CDE avon/farm");
    assert_int_equal(last_alert(s)->stand_down->n_alert_ids, 2);
    told(s, "avon-review stand-down AB12CDE avon/farm");
    silence(s);
}

static void a_sighting_told_as_doubtful_is_not_taken_back(void **state)
{
    struct story *s = *state;
    seen(s, "12:00:00", "avon/home", 1, "RED", PLACE); // known, and said
    silence_but(s, 2);
    camera_found(s, "12:05:00", "AB12CDE", "home", PLACE);
    silence(s);
}

static void nobody_is_waited_for_after_that(void **state)
{
    struct story *s = *state;
    controls_change(s,
                    "queues:\n  desk:\n    owner: avon\n    kind: live\n    lists: ['*']\n"
                    "    acknowledge_within_ms: 600000\n    escalate_to: [chief]\n"
                    "  chief:\n    owner: avon\n    kind: live\n    lists: ['*']\n"
                    "    areas: [dover]\n",
                    NULL);
    seen(s, "12:00:00", "avon/home", 1, "RED", 0);
    told(s, "desk opened AB12CDE avon/home");
    camera_found(s, "12:05:00", "AB12CDE", "home", CLOCK); // a quarter of an hour off
    stands_down(s, "desk", "avon/home");
    clock_strikes(s, "12:20:00");
    silence(s);
}

static void covert_desks_are_not_told_of_cameras(void **state)
{
    struct story *s = *state;
    const struct story_hit hit = {.at = "12:00:00",
                                  .vehicle = "AB12CDE",
                                  .list = "covert-a",
                                  .site = "avon/home",
                                  .camera = "home"};
    story_tell(s, &hit);
    silence_but(s, 2);
    camera_found(s, "12:05:00", "AB12CDE", "home", PLACE);
    silence(s);
}

static void each_journey_is_observed_once_without_its_plate(void **state)
{
    struct story *s = *state;
    const struct hs_offline *offline = story_offline(s);
    drive_two_cars(s, 0);
    assert_int_equal(offline->observed_count, 4);
    restart(s, false); // the log is applied again
    assert_int_equal(offline->observed_count, 4);
    seen(s, "12:26:00", "avon/pier", 128, "BLUE", 0); // it stands there
    assert_int_equal(offline->observed_count, 4);
    assert_null(memmem(offline->observed.ptr, offline->observed.len, "AB12CDE", 7));
    assert_non_null(memmem(offline->observed.ptr, offline->observed.len, "avon/pier", 9));
}

static void covert_hits_observe_nothing(void **state)
{
    struct story *s = *state;
    const char *const sites[] = {"avon/home", "avon/port", "avon/mill"};
    const char *const times[] = {"12:00:00", "12:01:00", "12:02:00"};
    for (size_t i = 0; i < 3; i++) {
        const struct story_hit hit = {.at = times[i],
                                      .vehicle = "AB12CDE",
                                      .list = "covert-a",
                                      .site = sites[i],
                                      .camera = sites[i] + 5,
                                      .east_km = 1 + 100 * (double)i};
        story_tell(s, &hit);
    }
    assert_int_equal(story_offline(s)->observed_count, 0);
}

int main(void)
{
#define STORY(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        STORY(what_was_told_on_a_wrong_cameras_word_is_taken_back),
        STORY(a_silent_camera_takes_nothing_back),
        STORY(one_wrong_camera_of_many_leaves_the_clone_told),
        STORY(hits_of_a_camera_known_to_be_wrong_are_no_evidence),
        STORY(who_was_told_of_a_sighting_by_a_wrong_camera_alone_stands_down),
        STORY(what_other_cameras_said_stands),
        STORY(a_sighting_told_as_doubtful_is_not_taken_back),
        STORY(nobody_is_waited_for_after_that),
        STORY(covert_desks_are_not_told_of_cameras),
        STORY(each_journey_is_observed_once_without_its_plate),
        STORY(covert_hits_observe_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
