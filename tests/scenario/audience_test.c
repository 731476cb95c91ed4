// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
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

static void two_open_lists_share_one_incident_and_tell_their_own(void **state)
{
    struct story *s = *state;
    struct hs_id incident;
    passes(s, "12:00:00", "AB12CDE", "stolen", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    memcpy(incident.bytes, last_alert(s)->incident_id.data, HS_ID_BYTES);
    told(s, "avon-review opened AB12CDE avon/1");
    // the same read hits a second list: another entry, so its desks are told of it too
    story_tell(s, &(struct story_hit){.at = "12:00:00",
                                      .vehicle = "AB12CDE",
                                      .list = "drugs",
                                      .site = "avon/1",
                                      .read_id = "r1"});
    told(
        s,
        "avon-live updated AB12CDE avon/1"); // what it says of the other entry may matter: firearms
    assert_string_equal(last_alert(s)->list->list_id, "drugs");
    assert_memory_equal(last_alert(s)->incident_id.data, incident.bytes, HS_ID_BYTES);
    told(s, "avon-review updated AB12CDE avon/1");
    silence(s);
}

static void a_covert_list_is_told_to_its_own_desk_only(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "covert-a", "wilts/1"); // wherever it goes
    told(s, "avon-review opened AB12CDE wilts/1");
    assert_true(last_alert(s)->covert);
    told(s, "covert-a-desk opened AB12CDE wilts/1");
    silence(s);
}

static void audiences_know_nothing_of_each_other(void **state)
{
    struct story *s = *state;
    struct hs_id open;
    passes(s, "12:00:00", "AB12CDE", "covert-a", "avon/1");
    passes(s, "12:00:00", "AB12CDE", "covert-b", "avon/1");
    passes(s, "12:05:00", "AB12CDE", "drugs", "avon/2");
    told(s, "avon-review opened AB12CDE avon/1");
    told(s, "covert-a-desk opened AB12CDE avon/1");
    told(s, "covert-b-desk opened AB12CDE avon/1");
    told(s, "wilts-review opened AB12CDE avon/1");
    told(s, "avon-live opened AB12CDE avon/2");
    memcpy(open.bytes, last_alert(s)->incident_id.data, HS_ID_BYTES);
    assert_int_equal(last_alert(s)->n_trail, 1); // not what covert lists saw
    assert_int_equal(last_alert(s)->hits, 1);
    told(s, "avon-review opened AB12CDE avon/2");
    silence(s);
    assert_int_equal(story_stats(s).vehicles, 3);
}

static void trials_are_counted_and_never_told(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "trial", "avon/1");
    passes(s, "12:10:00", "AB12CDE", "trial", "wilts/1");
    silence(s);
    assert_int_equal(story_stats(s).trial_hits, 2);
    assert_int_equal(story_stats(s).unrouted, 0);
    assert_int_equal(story_stats(s).open_incidents, 1); // recorded all the same
}

static void a_covert_hit_without_a_route_is_only_counted(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "covert-lost", "avon/1");
    silence(s); // people read 'unrouted' who may not know
    assert_int_equal(story_stats(s).covert_unrouted, 1);
    assert_int_equal(story_stats(s).unrouted, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)
        STORY(two_open_lists_share_one_incident_and_tell_their_own),
        STORY(a_covert_list_is_told_to_its_own_desk_only),
        STORY(audiences_know_nothing_of_each_other),
        STORY(trials_are_counted_and_never_told),
        STORY(a_covert_hit_without_a_route_is_only_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
