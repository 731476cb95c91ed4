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

static bool changed(struct story *s, Hitstream__V1__Change change)
{
    const Hitstream__V1__Alert *alert = last_alert(s);
    for (size_t i = 0; i < alert->n_changes; i++) {
        if (alert->changes[i] == change) {
            return true;
        }
    }
    return false;
}

static void goes(struct story *s, const char *at, const char *list, const char *site,
                 const char *direction)
{
    story_tell(
        s, &(struct story_hit){
               .at = at, .vehicle = "AB12CDE", .list = list, .site = site, .direction = direction});
}

static void turning_round_is_told_within_the_repeat_window(void **state)
{
    struct story *s = *state;
    goes(s, "12:00:00", "missing", "avon/1", "E");
    goes(s, "12:01:00", "missing", "avon/2", "E");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    told(s, "avon-live updated AB12CDE avon/2");
    assert_true(changed(s, HITSTREAM__V1__CHANGE__CHANGE_PLACE));
    assert_false(changed(s, HITSTREAM__V1__CHANGE__CHANGE_DIRECTION));
    told(s, "avon-review updated AB12CDE avon/2");
    goes(s, "12:02:00", "missing", "avon/1", "W");
    told(s, "avon-live updated AB12CDE avon/1");
    assert_true(changed(s, HITSTREAM__V1__CHANGE__CHANGE_DIRECTION));
    assert_false(changed(s, HITSTREAM__V1__CHANGE__CHANGE_PLACE));
    told(s, "avon-review updated AB12CDE avon/1");
    goes(s, "12:02:30", "missing", "avon/1", "SW"); // roads bend
    silence(s);
}

static void another_area_and_a_repeat_say_so(void **state)
{
    struct story *s = *state;
    goes(s, "12:00:00", "missing", "avon/1", "E");
    told(s, "avon-live opened AB12CDE avon/1");
    assert_int_equal(last_alert(s)->n_changes, 0);
    told(s, "avon-review opened AB12CDE avon/1");
    story_tell(s, &(struct story_hit){.at = "12:01:00",
                                      .vehicle = "AB12CDE",
                                      .list = "missing",
                                      .site = "avon/2",
                                      .area = "area-2"});
    told(s, "avon-live updated AB12CDE avon/2");
    assert_true(changed(s, HITSTREAM__V1__CHANGE__CHANGE_AREA));
    told(s, "avon-review updated AB12CDE avon/2");
    goes(s, "12:08:00", "missing", "avon/1", "E");
    told(s, "avon-live updated AB12CDE avon/1");
    assert_true(changed(s, HITSTREAM__V1__CHANGE__CHANGE_REPEAT));
    told(s, "avon-review updated AB12CDE avon/1");
    silence(s);
}

static void two_sensors_of_a_site_are_one_read(void **state)
{
    struct story *s = *state;
    goes(s, "12:00:00", "missing", "avon/1", "E");
    story_tell(s, &(struct story_hit){.at = "12:00:00",
                                      .vehicle = "AB12CDE",
                                      .list = "missing",
                                      .site = "avon/1",
                                      .read_id = "the other sensor"});
    assert_int_equal(story_stats(s).second_sensor, 1);
    goes(s, "12:01:00", "missing", "avon/2", "E");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    told(s, "avon-live updated AB12CDE avon/2");
    assert_int_equal(last_alert(s)->hits, 2);
    assert_int_equal(last_alert(s)->trail[0]->reads, 1);
}

// "A wanted man passed 16 times in three forces over four days at medium priority; consoles
// unmanned."
static void passes_that_nobody_attends_raise_the_priority(void **state)
{
    struct story *s = *state;
    static const char *const forces[] = {"avon", "wilts", "avon", "glos"};
    Hitstream__V1__Priority seen[17] = {0};
    controls_change(s, "queues:\n  joint:\n    owner: wilts\n    kind: live\n    lists: [drugs]\n",
                    NULL);
    for (unsigned i = 1; i <= 16; i++) {
        char at[32], site[32], want[64];
        unsigned hour = 6 * (i - 1);
        snprintf(at, sizeof(at), "%u+%02u:00:00", hour / 24, hour % 24);
        snprintf(site, sizeof(site), "%s/%u", forces[i % 4], i);
        goes(s, at, "drugs", site, "E");
        snprintf(want, sizeof(want), "joint opened AB12CDE %s", site); // hours lie between
        told(s, want);
        silence(s);
        seen[i] = last_alert(s)->priority;
        assert_int_equal(last_alert(s)->unattended, i - 1);
    }
    assert_int_equal(seen[3], HITSTREAM__V1__PRIORITY__PRIORITY_MEDIUM);
    assert_int_equal(seen[4], HITSTREAM__V1__PRIORITY__PRIORITY_HIGH);
    assert_int_equal(seen[16], HITSTREAM__V1__PRIORITY__PRIORITY_HIGH);
    answers(s, "4+00:00:00", "joint", "note"); // the quiet time is over: for the record
    goes(s, "4+01:00:00", "drugs", "avon/1", "E");
    told(s, "joint opened AB12CDE avon/1");
    assert_int_equal(last_alert(s)->priority, HITSTREAM__V1__PRIORITY__PRIORITY_HIGH);
    answers(s, "4+01:01:00", "joint", "acknowledged");
    goes(s, "4+01:10:00", "drugs", "avon/2", "E");
    told(s, "joint updated AB12CDE avon/2");
    assert_int_equal(last_alert(s)->unattended, 0);
    assert_int_equal(last_alert(s)->priority, HITSTREAM__V1__PRIORITY__PRIORITY_MEDIUM);
    assert_true(changed(s, HITSTREAM__V1__CHANGE__CHANGE_PRIORITY));
}

static void a_priority_that_rises_is_told_where_places_are_not(void **state)
{
    struct story *s = *state;
    controls_change(s, "queues:\n  joint:\n    owner: wilts\n    kind: live\n    lists: [drugs]\n",
                    "priority:\n  unattended_step: 2\n");
    goes(s, "12:00:00", "drugs", "avon/1", "E");
    goes(s, "12:01:00", "drugs", "avon/2", "E");
    goes(s, "12:02:00", "drugs", "avon/1", "E"); // a repeat, but by now nobody attends two places
    told(s, "joint opened AB12CDE avon/1");
    told(s, "joint updated AB12CDE avon/2");
    told(s, "joint updated AB12CDE avon/1");
    assert_int_equal(last_alert(s)->n_changes, 1);
    assert_int_equal(last_alert(s)->changes[0], HITSTREAM__V1__CHANGE__CHANGE_PRIORITY);
    assert_int_equal(last_alert(s)->priority, HITSTREAM__V1__PRIORITY__PRIORITY_HIGH);
    silence(s);
}

// "The less harmful alerts were the ones dispatched."
static void harm_is_a_floor_under_the_priority(void **state)
{
    struct story *s = *state;
    story_tell(s, &(struct story_hit){.at = "12:00:00",
                                      .vehicle = "AB12CDE",
                                      .list = "drugs",
                                      .site = "wilts/1",
                                      .harm_score = 700});
    told(s, "wilts-live opened AB12CDE wilts/1");
    assert_int_equal(last_alert(s)->priority, HITSTREAM__V1__PRIORITY__PRIORITY_HIGH);
    assert_int_equal(last_alert(s)->harm_score, 700);
}

// "A missing person graded medium, her car's stop marker low."
static void safeguarding_that_is_added_is_told_and_floors_the_priority(void **state)
{
    struct story *s = *state;
    goes(s, "12:00:00", "drugs", "wilts/1", "E");
    told(s, "wilts-live opened AB12CDE wilts/1");
    told(s, "wilts-review opened AB12CDE wilts/1");
    story_tell(s, &(struct story_hit){
                      .at = "12:01:00",
                      .vehicle = "AB12CDE",
                      .list = "drugs",
                      .site = "wilts/1",
                      .list_sequence = 8,
                      .safeguarding = HITSTREAM__V1__SAFEGUARDING__SAFEGUARDING_EXPLOITED_CHILD});
    told(s, "wilts-live updated AB12CDE wilts/1");
    assert_true(changed(s, HITSTREAM__V1__CHANGE__CHANGE_SAFEGUARDING));
    assert_true(changed(s, HITSTREAM__V1__CHANGE__CHANGE_PRIORITY));
    assert_int_equal(last_alert(s)->priority, HITSTREAM__V1__PRIORITY__PRIORITY_HIGH);
    told(s, "wilts-review updated AB12CDE wilts/1");
    silence(s);
}

static void an_entry_that_another_covers_is_a_repeat_once_it_is_known(void **state)
{
    struct story *s = *state;
    goes(s, "12:00:00", "stolen", "avon/1", "E");
    goes(s, "12:00:00", "drugs", "avon/1", "W"); // the same read hits a weaker entry
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    told(s, "avon-live updated AB12CDE avon/1");
    assert_true(changed(s, HITSTREAM__V1__CHANGE__CHANGE_ENTRY));
    told(s, "avon-review updated AB12CDE avon/1");
    goes(s, "12:05:00", "stolen", "avon/2", "E");
    told(s, "avon-live updated AB12CDE avon/2");
    told(s, "avon-review updated AB12CDE avon/2");
    story_tell(s, &(struct story_hit){.at = "12:05:00",
                                      .vehicle = "AB12CDE",
                                      .list = "drugs",
                                      .site = "avon/2",
                                      .read_id = "the same read"});
    silence(s); // all that it says is known
    story_tell(s, &(struct story_hit){.at = "12:10:00",
                                      .vehicle = "AB12CDE",
                                      .list = "drugs",
                                      .site = "avon/3",
                                      .read_id = "another"});
    told(s, "avon-live updated AB12CDE avon/3");
    told(s, "avon-review updated AB12CDE avon/3");
    goes(s, "12:10:00", "stolen", "avon/3", "E"); // a weaker one hides no stronger one
    told(s, "avon-live updated AB12CDE avon/3");
    assert_int_equal(last_alert(s)->handling, HITSTREAM__V1__HANDLING__HANDLING_STOP);
    told(s, "avon-review updated AB12CDE avon/3");
    silence(s);
}

// One incident, but a desk learns nothing of lists that it may not receive.
static void a_desk_sees_the_priority_of_its_own_lists(void **state)
{
    struct story *s = *state;
    goes(s, "12:00:00", "missing", "avon/1", "E");
    told(s, "avon-live opened AB12CDE avon/1");
    assert_int_equal(last_alert(s)->safeguarding,
                     HITSTREAM__V1__SAFEGUARDING__SAFEGUARDING_MISSING);
    told(s, "avon-review opened AB12CDE avon/1");
    goes(s, "12:20:00", "drugs", "wilts/1", "E");
    told(s, "wilts-live entered AB12CDE wilts/1");
    assert_int_equal(last_alert(s)->safeguarding, HITSTREAM__V1__SAFEGUARDING__SAFEGUARDING_NONE);
    assert_int_equal(last_alert(s)->priority, HITSTREAM__V1__PRIORITY__PRIORITY_MEDIUM);
    told(s, "wilts-review entered AB12CDE wilts/1");
    told(s, "avon-live entered AB12CDE wilts/1"); // drugs is a list of theirs as well
    assert_int_equal(last_alert(s)->priority, HITSTREAM__V1__PRIORITY__PRIORITY_HIGH);
    told(s, "avon-review entered AB12CDE wilts/1");
    silence(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)
        STORY(turning_round_is_told_within_the_repeat_window),
        STORY(another_area_and_a_repeat_say_so),
        STORY(two_sensors_of_a_site_are_one_read),
        STORY(passes_that_nobody_attends_raise_the_priority),
        STORY(a_priority_that_rises_is_told_where_places_are_not),
        STORY(harm_is_a_floor_under_the_priority),
        STORY(safeguarding_that_is_added_is_told_and_floors_the_priority),
        STORY(an_entry_that_another_covers_is_a_repeat_once_it_is_known),
        STORY(a_desk_sees_the_priority_of_its_own_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
