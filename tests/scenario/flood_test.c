// SPDX-License-Identifier: Apache-2.0
//
// An entry that matches everything, a list with wrong data: desks go on finding what matters, the
// owner is told once, and nothing is lost.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hitstream/v1/alert.pb-c.h"
#include "scenario/story.h"

// Five sightings of an entry a minute, twelve of a list; of what is held one in ten seconds.
static const char rules[] = "flood:\n  entry_sightings: 5\n  list_sightings: 12\n"
                            "  release_every_ms: 10000\n";

static const char queues[] =
    "queues:\n"
    "  avon-live:\n    owner: avon\n    kind: live\n    lists: [stolen, drugs, missing]\n"
    "    forces: [avon]\n"
    "  control:\n    owner: avon\n    kind: live\n    lists: [stolen]\n    areas: [bath]\n"
    "  wilts-live:\n    owner: wilts\n    kind: live\n    lists: [stolen, drugs]\n"
    "    forces: [wilts]\n"
    "  covert-a-desk:\n    owner: avon\n    kind: live\n    covert_lists: [covert-a]\n"
    "  covert-a-review:\n    owner: avon\n    kind: intelligence\n    covert_lists: [covert-a]\n";

static int begin(void **state)
{
    struct story *story = story_new();
    controls_change(story, queues, rules);
    *state = story;
    return 0;
}

static int end(void **state)
{
    story_free(*state);
    return 0;
}

// Vehicle `n` of a wildcard entry passes avon/1, `n` seconds after noon.
static void wild(struct story *s, int n, const struct story_hit *besides)
{
    char at[32], vehicle[32];
    struct story_hit hit = *besides;
    snprintf(at, sizeof(at), "12:00:%02d", n);
    snprintf(vehicle, sizeof(vehicle), "WX%02dABC", n);
    hit.at = at;
    hit.vehicle = hit.read_vrm = vehicle;
    hit.list = hit.list ? hit.list : "stolen";
    hit.site = hit.site ? hit.site : "avon/1";
    hit.entry = hit.entry ? hit.entry : "WX??ABC";
    story_tell(s, &hit);
}

// So many vehicles of the wildcard entry, each told to avon-live.
static void wild_told(struct story *s, int from, int to)
{
    for (int n = from; n <= to; n++) {
        char what[64];
        wild(s, n, &(struct story_hit){0});
        snprintf(what, sizeof(what), "avon-live opened WX%02dABC avon/1", n);
        told(s, what);
    }
}

static void a_wildcard_that_matches_everything_is_held_and_told_by_urgency(void **state)
{
    struct story *s = *state;
    wild_told(s, 1, 5);
    silence(s);
    wild(s, 6, &(struct story_hit){.priority = HITSTREAM__V1__PRIORITY__PRIORITY_LOW});
    wild(s, 7,
         &(struct story_hit){.priority = HITSTREAM__V1__PRIORITY__PRIORITY_LOW, .harm_score = 120});
    wild(s, 8, &(struct story_hit){.priority = HITSTREAM__V1__PRIORITY__PRIORITY_HIGH});
    wild(s, 9, &(struct story_hit){.priority = HITSTREAM__V1__PRIORITY__PRIORITY_MEDIUM});
    silence(s); // held, all four
    assert_int_equal(story_stats(s).held, 4);
    assert_int_equal(story_stats(s).holding, 4);

    clock_strikes(s, "12:00:10"); // the flood comes to the owner, who is told before all else
    told(s, "avon-live flooding list:stolen avon/1");
    silence(s);
    clock_strikes(s, "12:00:16");
    told(s, "avon-live opened WX08ABC avon/1"); // high before medium before the worse harm
    const Hitstream__V1__Flood *flood = last_alert(s)->flood;
    assert_non_null(flood);
    assert_string_equal(flood->list_id, "stolen");
    assert_string_equal(flood->entry_id, "WX??ABC");
    assert_int_equal(flood->began_at_ms, story_time_ms("12:00:06"));
    assert_int_equal(flood->sightings, 8);
    assert_int_equal(flood->limit, 5);
    assert_int_equal(flood->hits, 1);
    assert_int_equal(flood->held_ms, 8000);
    silence(s);
    clock_strikes(s, "12:00:26");
    told(s, "avon-live opened WX09ABC avon/1");
    clock_strikes(s, "12:00:35");
    silence(s); // not its turn yet
    clock_strikes(s, "12:00:36");
    told(s, "avon-live opened WX07ABC avon/1");
    clock_strikes(s, "12:00:46");
    told(s, "avon-live opened WX06ABC avon/1");
    clock_strikes(s, "12:02:00");
    silence(s);
    assert_int_equal(story_stats(s).holding, 0);
    assert_int_equal(story_stats(s).released, 4);
}

static void life_at_risk_overtakes_what_is_held(void **state)
{
    struct story *s = *state;
    wild_told(s, 1, 5);
    wild(s, 6, &(struct story_hit){.priority = HITSTREAM__V1__PRIORITY__PRIORITY_HIGH});
    silence(s);
    wild(s, 7, &(struct story_hit){.priority = HITSTREAM__V1__PRIORITY__PRIORITY_IMMEDIATE});
    told(s, "avon-live opened WX07ABC avon/1"); // at once, and marked
    assert_non_null(last_alert(s)->flood);
    assert_int_equal(last_alert(s)->flood->hits, 0);
    silence(s);
    passes(s, "12:00:08", "AB12CDE", "missing", "avon/1"); // another list is no part of it
    told(s, "avon-live opened AB12CDE avon/1");
    assert_null(last_alert(s)->flood);
}

static void a_list_with_wrong_data_is_told_to_its_owner_once(void **state)
{
    struct story *s = *state;
    char entry[16], at[32];
    for (int n = 1; n <= 30; n++) { // each its own entry; the thirteenth is too many
        snprintf(entry, sizeof(entry), "e%d", n);
        wild(s, n, &(struct story_hit){.entry = entry});
    }
    silence_but(s, 12);
    clock_strikes(s, "12:00:31");
    told(s, "avon-live flooding list:stolen avon/1");
    assert_string_equal(last_alert(s)->rule, "flooding");
    assert_non_null(strstr(last_alert(s)->headline, "FLOODING"));
    assert_string_equal(last_alert(s)->evidence[0]->name, "sightings");
    assert_int_equal(last_alert(s)->evidence[0]->value, 13);
    assert_int_equal(last_alert(s)->evidence[0]->threshold, 12);
    assert_string_equal(last_alert(s)->flood->entry_id, "");
    assert_true(last_alert(s)->reply_token.len > 0); // the desk can answer it
    silence_but(s, 1);                               // the first turn came with it
    size_t told_of = 1;
    for (int n = 32; n < 60; n++) { // it goes on, in the next minute, too: the owner knows
        snprintf(at, sizeof(at), "12:01:%02d", n);
        snprintf(entry, sizeof(entry), "f%d", n);
        story_tell(
            s, &(struct story_hit){.at = at, .vehicle = entry, .list = "stolen", .site = "avon/1"});
    }
    for (int i = 0; i < 60 && story_stats(s).holding > 0; i++, told_of++) {
        snprintf(at, sizeof(at), "12:%02d:%02d", 2 + i / 6, i % 6 * 10);
        clock_strikes(s, at);
        silence_but(s, 1);
    }
    assert_int_equal(story_stats(s).floods, 1);
    assert_int_equal(told_of, 18 + 28); // every one in the end
}

static void the_owner_takes_the_entry_off_and_the_desk_stands_down(void **state)
{
    struct story *s = *state;
    wild_told(s, 1, 5);
    wild(s, 6, &(struct story_hit){0});
    clock_strikes(s, "12:00:07");
    told(s, "avon-live flooding list:stolen avon/1");
    answers(s, "12:00:08", "avon-live", "acknowledged");
    assert_int_equal(story_stats(s).feedback, 1);
    entry_withdrawn(s, "12:00:09", "list:stolen", "stolen", "WX??ABC", 9);
    told(s, "avon-live stand-down list:stolen avon/1");
    entry_withdrawn(s, "12:00:09", "WX06ABC", "stolen", "WX??ABC", 9);
    clock_strikes(s, "12:00:30");
    silence(s); // what was held of it nobody needs
    assert_int_equal(story_stats(s).held_moot, 1);
}

static void many_hits_of_a_vehicle_are_one_alert_that_counts_them(void **state)
{
    struct story *s = *state;
    wild_told(s, 1, 5);
    story_tell(s, &(struct story_hit){.at = "12:00:10",
                                      .vehicle = "WX20ABC",
                                      .list = "stolen",
                                      .site = "avon/1",
                                      .entry = "WX??ABC"});
    story_tell(s, &(struct story_hit){.at = "12:00:15",
                                      .vehicle = "WX20ABC",
                                      .list = "stolen",
                                      .site = "avon/1",
                                      .entry = "WX??ABC"});
    story_tell(s, &(struct story_hit){.at = "12:00:20",
                                      .vehicle = "WX20ABC",
                                      .list = "stolen",
                                      .site = "avon/2",
                                      .entry = "WX??ABC"});
    silence(s);
    clock_strikes(s, "12:00:21"); // the owner is told, and it is the vehicle's turn
    told(s, "avon-live flooding list:stolen avon/1");
    told(s, "avon-live opened WX20ABC avon/1"); // each desk of each place, in their order
    assert_int_equal(last_alert(s)->flood->hits, 2);
    assert_int_equal(last_alert(s)->hits, 3);
    told(s, "avon-live updated WX20ABC avon/2");
    assert_int_equal(last_alert(s)->flood->hits, 1);
    silence(s);
}

static void what_is_held_survives_a_restart(void **state)
{
    struct story *s = *state;
    for (int checkpoint = 0; checkpoint < 2; checkpoint++) {
        struct story *again = story_new();
        controls_change(again, queues, rules);
        wild_told(again, 1, 5);
        wild(again, 6, &(struct story_hit){0});
        wild(again, 7, &(struct story_hit){0});
        restart(again, checkpoint != 0);
        silence(again);
        wild(again, 8, &(struct story_hit){0}); // still too many: the count was not lost either
        silence(again);
        assert_int_equal(story_stats(again).holding, 3);
        clock_strikes(again, "12:00:30");
        told(again, "avon-live flooding list:stolen avon/1");
        told(again, "avon-live opened WX06ABC avon/1");
        restart(again, checkpoint != 0);
        clock_strikes(again, "12:00:50");
        told(again, "avon-live opened WX07ABC avon/1");
        clock_strikes(again, "12:01:10");
        told(again, "avon-live opened WX08ABC avon/1");
        silence(again);
        story_free(again);
    }
    (void)s;
}

static void a_vehicle_that_goes_quiet_is_told_before_its_incident_ends(void **state)
{
    struct story *s = *state;
    controls_change(s, queues,
                    "flood:\n  entry_sightings: 5\n  release_every_ms: 3600000\n"
                    "incident:\n  quiet_ms: 600000\n");
    wild_told(s, 1, 5);
    wild(s, 6, &(struct story_hit){0});
    silence(s);
    clock_strikes(s, "12:09:00");
    told(s, "avon-live flooding list:stolen avon/1");
    silence(s);
    clock_strikes(s, "12:10:06"); // no turn came: its quiet time is over
    told(s, "avon-live opened WX06ABC avon/1");
    silence(s);
}

static void a_desk_that_closed_it_is_not_told_what_was_held(void **state)
{
    struct story *s = *state;
    wild_told(s, 1, 5);
    story_tell(s, &(struct story_hit){.at = "12:00:10",
                                      .vehicle = "WX05ABC",
                                      .list = "stolen",
                                      .site = "avon/2",
                                      .entry = "WX??ABC"});
    silence(s); // held: it is at a new place
    answers(s, "12:00:11", "avon-live", "stopped");
    silence_but(s, 0);
    clock_strikes(s, "12:00:40");
    told(s, "avon-live flooding list:stolen avon/2");
    silence(s);
    assert_int_equal(story_stats(s).held_moot, 1);
}

static void a_minute_within_the_limit_ends_it(void **state)
{
    struct story *s = *state;
    char at[32], vehicle[32];
    wild_told(s, 1, 5);
    wild(s, 6, &(struct story_hit){0});
    for (int n = 0; n < 3;
         n++) { // three in the next minute: held still, for the one before was over
        snprintf(at, sizeof(at), "12:01:%02d", n);
        snprintf(vehicle, sizeof(vehicle), "WY%02dABC", n);
        story_tell(s, &(struct story_hit){.at = at,
                                          .vehicle = vehicle,
                                          .list = "stolen",
                                          .site = "avon/1",
                                          .entry = "WX??ABC"});
    }
    silence(s);
    story_tell(s, &(struct story_hit){.at = "12:02:00",
                                      .vehicle = "WZ00ABC",
                                      .list = "stolen",
                                      .site = "avon/1",
                                      .entry = "WX??ABC"});
    told(s, "avon-live opened WZ00ABC avon/1"); // over
    assert_null(last_alert(s)->flood);
}

// One run of a flood on an open list, with or without a flood on a covert one amid it.
static void play(struct story *s, bool covert)
{
    for (int n = 1; n <= 20; n++) {
        if (covert) {
            wild(s, n, &(struct story_hit){.list = "covert-a", .entry = "W??????"});
        }
        wild(s, n,
             &(struct story_hit){.harm_score = (uint32_t)n * 10,
                                 .priority =
                                     n == 15 ? HITSTREAM__V1__PRIORITY__PRIORITY_IMMEDIATE : 0});
    }
    for (int i = 0; i < 20; i++) {
        char at[32];
        snprintf(at, sizeof(at), "12:%02d:%02d", 1 + i / 6, i % 6 * 10);
        clock_strikes(s, at);
    }
}

static void a_covert_flood_changes_no_byte_elsewhere(void **state)
{
    (void)state;
    struct story *with = story_new(), *without = story_new();
    size_t at = 0, covert = 0;
    controls_change(with, queues, rules);
    controls_change(without, queues, rules);
    play(with, true);
    play(without, false);
    const struct hs_offline *all = story_offline(with), *open = story_offline(without);
    for (size_t i = 0; i < all->alert_count; i++) {
        if (all->alerts[i].covert) {
            assert_non_null(strstr(all->alerts[i].queue, "covert-a-"));
            covert++;
            continue;
        }
        assert_true(at < open->alert_count);
        assert_true(hs_offline_same(&all->alerts[i], &open->alerts[at++]));
    }
    assert_int_equal(at, open->alert_count);
    assert_int_equal(at, 20 + 1);         // every vehicle and the owner's warning
    assert_int_equal(covert, 2 * 20 + 1); // likewise, to the covert list's owner alone
    story_free(with);
    story_free(without);
}

static void a_list_without_a_desk_of_its_owner_is_told_as_unrouted(void **state)
{
    struct story *s = *state;
    controls_change(s,
                    "queues:\n  wilts-live:\n    owner: wilts\n    kind: live\n    lists: "
                    "[stolen]\n    areas: [bath]\n",
                    rules);
    for (int n = 1; n <= 6; n++) {
        wild(s, n, &(struct story_hit){0});
    }
    silence_but(s, 5);
    clock_strikes(s, "12:00:08");
    told(s, "unrouted flooding list:stolen avon/1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_wildcard_that_matches_everything_is_held_and_told_by_urgency, begin, end),
        cmocka_unit_test_setup_teardown(life_at_risk_overtakes_what_is_held, begin, end),
        cmocka_unit_test_setup_teardown(a_list_with_wrong_data_is_told_to_its_owner_once, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_owner_takes_the_entry_off_and_the_desk_stands_down,
                                        begin, end),
        cmocka_unit_test_setup_teardown(many_hits_of_a_vehicle_are_one_alert_that_counts_them,
                                        begin, end),
        cmocka_unit_test_setup_teardown(what_is_held_survives_a_restart, begin, end),
        cmocka_unit_test_setup_teardown(a_vehicle_that_goes_quiet_is_told_before_its_incident_ends,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_desk_that_closed_it_is_not_told_what_was_held, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_minute_within_the_limit_ends_it, begin, end),
        cmocka_unit_test(a_covert_flood_changes_no_byte_elsewhere),
        cmocka_unit_test_setup_teardown(a_list_without_a_desk_of_its_owner_is_told_as_unrouted,
                                        begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
