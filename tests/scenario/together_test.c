// SPDX-License-Identifier: Apache-2.0
//
// Two listed vehicles together. 'AA11AAA' is the lower mark, 'BB22BBB' the higher; the matcher has
// stamped who is listed. avon's desks take 'stolen' and 'drugs', nobody takes 'lowkey'.
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

// Both pass a site; the lower mark first.
static void both_pass(struct story *s, const char *at, const char *then, const char *site)
{
    passes_beside(s, at, "AA11AAA", "stolen", site, "BB22BBB+5@drugs");
    passes_beside(s, then, "BB22BBB", "drugs", site, "AA11AAA-5@stolen");
}

static void two_that_drive_together_are_told_once_at_the_second_site(void **state)
{
    struct story *s = *state;
    both_pass(s, "12:00:00", "12:00:05", "avon/1");
    silence_but(s, 4);
    passes_beside(s, "12:05:00", "AA11AAA", "stolen", "avon/2", "BB22BBB+6@drugs");
    told(s, "avon-live updated AA11AAA avon/2");
    told(s, "avon-review updated AA11AAA avon/2");
    told(s, "avon-live finding AA11AAA avon/2"); // at once
    const Hitstream__V1__Alert *alert = last_alert(s);
    assert_string_equal(alert->rule, "together");
    assert_string_equal(alert->finding->rule, "together");
    assert_string_equal(alert->finding->other_vehicle, "BB22BBB");
    assert_string_equal(alert->finding->explanation,
                        "is together with BB22BBB, listed too: beside it at 2 sites");
    assert_int_equal(alert->finding->n_meetings, 2);
    assert_string_equal(alert->finding->meetings[0]->site_id, "avon/1");
    assert_int_equal(alert->finding->meetings[0]->gap_ms, 5000);
    assert_int_equal(alert->finding->meetings[1]->gap_ms, 6000);
    assert_int_equal(alert->n_evidence, 2);
    assert_string_equal(alert->evidence[0]->name, "sites");
    assert_int_equal(alert->evidence[0]->value, 2);
    assert_int_equal(alert->evidence[0]->threshold, 2);
    assert_string_equal(alert->evidence[1]->name, "widest_gap");
    assert_int_equal(alert->evidence[1]->value, 6000);
    told(s, "avon-review finding AA11AAA avon/2");
    // the desks take both, so the incident of the higher mark is silent about it
    passes_beside(s, "12:05:06", "BB22BBB", "drugs", "avon/2", "AA11AAA-6@stolen");
    told(s, "avon-live updated BB22BBB avon/2");
    told(s, "avon-review updated BB22BBB avon/2");
    silence(s);
    both_pass(s, "12:10:00", "12:10:05", "avon/3"); // once an incident
    silence_but(s, 4);
    assert_int_equal(story_stats(s).findings, 2); // each of the two found it, once
}

static void who_pass_each_other_once_are_nothing(void **state)
{
    struct story *s = *state;
    both_pass(s, "12:00:00", "12:00:05", "avon/1");
    silence_but(s, 4);
    passes_beside(s, "12:05:00", "AA11AAA", "stolen", "avon/2", "CC33CCC+5");
    passes_beside(s, "12:06:00", "AA11AAA", "stolen", "avon/1", "BB22BBB+5@drugs"); // again there
    silence_but(s, 4);
}

static void a_companion_who_is_not_on_an_open_list_is_nothing(void **state)
{
    struct story *s = *state;
    passes_beside(s, "12:00:00", "AA11AAA", "stolen", "avon/1", "BB22BBB+5");
    passes(s, "12:00:05", "BB22BBB", "covert-a", "avon/1"); // nobody else may know
    passes_beside(s, "12:05:00", "AA11AAA", "stolen", "avon/2", "BB22BBB+5");
    passes(s, "12:05:05", "BB22BBB", "covert-a", "avon/2");
    told(s, "avon-live opened AA11AAA avon/1");
    told(s, "avon-review opened AA11AAA avon/1");
    told(s, "avon-review opened BB22BBB avon/1");
    told(s, "covert-a-desk opened BB22BBB avon/1");
    told(s, "avon-live updated AA11AAA avon/2");
    told(s, "avon-review updated AA11AAA avon/2");
    told(s, "avon-review updated BB22BBB avon/2");
    told(s, "covert-a-desk updated BB22BBB avon/2");
    silence(s);
}

static void what_only_a_covert_list_follows_is_no_pair(void **state)
{
    struct story *s = *state;
    passes_beside(s, "12:00:00", "BB22BBB", "covert-a", "avon/1", "AA11AAA-5@stolen");
    passes_beside(s, "12:05:00", "BB22BBB", "covert-a", "avon/2", "AA11AAA-5@stolen");
    passes_beside(s, "12:00:00", "CC33CCC", "trial", "avon/1", "AA11AAA-5@stolen");
    passes_beside(s, "12:05:00", "CC33CCC", "trial", "avon/2", "AA11AAA-5@stolen");
    silence_but(s, 4);
    assert_int_equal(story_stats(s).findings, 0);
}

static void desks_that_take_one_of_them_hear_it_of_that_one(void **state)
{
    struct story *s = *state;
    controls_change(s,
                    "queues:\n"
                    "  both:\n    owner: avon\n    kind: live\n    lists: [drugs, stolen]\n"
                    "    forces: [avon]\n"
                    "  drugs-desk:\n    owner: wilts\n    kind: live\n    lists: [drugs]\n"
                    "    forces: [avon]\n"
                    "  stolen-desk:\n    owner: avon\n    kind: live\n    lists: [stolen]\n"
                    "    forces: [avon]\n",
                    NULL);
    both_pass(s, "12:00:00", "12:00:05", "avon/1");
    silence_but(s, 4);
    passes_beside(s, "12:05:00", "AA11AAA", "stolen", "avon/2", "BB22BBB+5@drugs");
    told(s, "both updated AA11AAA avon/2");
    told(s, "stolen-desk updated AA11AAA avon/2");
    told(s, "both finding AA11AAA avon/2");
    told(s, "stolen-desk finding AA11AAA avon/2");
    passes_beside(s, "12:05:05", "BB22BBB", "drugs", "avon/2", "AA11AAA-5@stolen");
    told(s, "both updated BB22BBB avon/2");
    told(s, "drugs-desk updated BB22BBB avon/2");
    told(s, "drugs-desk finding BB22BBB avon/2");
    assert_string_equal(last_alert(s)->finding->other_vehicle, "AA11AAA");
    assert_null(strstr(last_alert(s)->headline, "stolen")); // which list is not its business
    silence(s);
}

static void the_higher_mark_in_front_changes_nothing(void **state)
{
    struct story *s = *state;
    passes_beside(s, "12:00:00", "BB22BBB", "drugs", "avon/1", "AA11AAA+5@stolen");
    passes_beside(s, "12:00:05", "AA11AAA", "stolen", "avon/1", "BB22BBB-5@drugs");
    passes_beside(s, "12:05:00", "BB22BBB", "drugs", "avon/2", "AA11AAA+5@stolen");
    silence_but(s, 6);
    passes_beside(s, "12:05:05", "AA11AAA", "stolen", "avon/2", "BB22BBB-5@drugs");
    told(s, "avon-live updated AA11AAA avon/2");
    told(s, "avon-review updated AA11AAA avon/2");
    told(s, "avon-live finding AA11AAA avon/2");
    told(s, "avon-review finding AA11AAA avon/2");
    silence(s);
}

static void a_desk_that_takes_two_lists_of_one_vehicle_hears_it_once(void **state)
{
    struct story *s = *state;
    static const char *const times[] = {"12:00:00", "12:05:00"};
    static const char *const sites[] = {"avon/1", "avon/2"};
    size_t findings = 0;
    for (int i = 0; i < 2; i++) {
        struct story_hit hit = {.at = times[i],
                                .vehicle = "AA11AAA",
                                .list = "stolen",
                                .site = sites[i],
                                .read_id = times[i],
                                .company = "BB22BBB-5@lowkey"};
        story_tell(s, &hit);
        hit.list = "drugs"; // the same read
        story_tell(s, &hit);
    }
    const struct hs_offline *offline = story_offline(s);
    for (size_t i = 0; i < offline->alert_count; i++) {
        struct hs_str payload = offline->alerts[i].payload;
        Hitstream__V1__Alert *alert =
            hitstream__v1__alert__unpack(NULL, payload.len, (const uint8_t *)payload.ptr);
        findings += alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_FINDING;
        hitstream__v1__alert__free_unpacked(alert, NULL);
    }
    assert_int_equal(findings, 2); // live and review
}

static void an_other_met_long_before_is_not_forgotten_in_the_incident(void **state)
{
    struct story *s = *state;
    static const char *const times[] = {"12:05:00", "12:10:00", "12:15:00", "12:20:00", "12:25:00"};
    static const char *const sites[] = {"avon/2", "avon/3", "avon/4", "avon/5", "avon/6"};
    passes_beside(s, "12:00:00", "AA11AAA", "stolen", "avon/1", "BB22BBB+5@drugs");
    restart(s, true);
    for (int i = 0; i < 5; i++) {
        passes_beside(s, times[i], "AA11AAA", "stolen", sites[i], "");
    }
    silence_but(s, 12);
    restart(s, true); // the state holds it, too
    passes_beside(s, "12:30:00", "AA11AAA", "stolen", "avon/7", "BB22BBB-5@drugs");
    told(s, "avon-live updated AA11AAA avon/7");
    told(s, "avon-review updated AA11AAA avon/7");
    told(s, "avon-live finding AA11AAA avon/7");
    told(s, "avon-review finding AA11AAA avon/7");
    restart(s, true);
    passes_beside(s, "12:35:00", "AA11AAA", "stolen", "avon/8", "BB22BBB-5@drugs");
    silence_but(s, 2); // told it was
}

static void another_incident_is_told_again(void **state)
{
    struct story *s = *state;
    both_pass(s, "12:00:00", "12:00:05", "avon/1");
    both_pass(s, "12:05:00", "12:05:05", "avon/2");
    silence_but(s, 10);
    both_pass(s, "15:00:00", "15:00:05", "avon/1"); // one site of this one
    silence_but(s, 4);
    both_pass(s, "15:05:00", "15:05:05", "avon/2");
    silence_but(s, 6);
}

static void sites_of_an_incident_that_was_closed_do_not_count(void **state)
{
    struct story *s = *state;
    passes_beside(s, "12:00:00", "AA11AAA", "stolen", "avon/1", "BB22BBB+5@drugs");
    silence_but(s, 2);
    answers(s, "12:02:00", "avon-live", "stopped");
    silence_but(s, 1); // the other desk is stood down
    passes_beside(s, "12:05:00", "AA11AAA", "stolen", "avon/2", "BB22BBB+5@drugs");
    silence_but(s, 2); // a new incident
    passes_beside(s, "12:10:00", "AA11AAA", "stolen", "avon/3", "BB22BBB+5@drugs");
    silence_but(s, 4);
}

static void thresholds_decide(void **state)
{
    struct story *s = *state;
    controls_change(s, NULL, "together:\n  sites: 3\n");
    both_pass(s, "12:00:00", "12:00:05", "avon/1");
    both_pass(s, "12:05:00", "12:05:05", "avon/2");
    silence_but(s, 8);
    both_pass(s, "12:10:00", "12:10:05", "avon/3");
    silence_but(s, 6);
    controls_change(s, NULL, "convoy:\n  odds: 0\ntogether:\n  sites: 0\n");
    both_pass(s, "15:00:00", "15:00:05", "avon/1");
    both_pass(s, "15:05:00", "15:05:05", "avon/2");
    both_pass(s, "15:10:00", "15:10:05", "avon/3");
    silence_but(s, 12); // off
}

static void the_convoy_rule_may_be_off(void **state)
{
    struct story *s = *state;
    controls_change(s, NULL, "convoy:\n  odds: 0\ntogether:\n  sites: 2\n");
    both_pass(s, "12:00:00", "12:00:05", "avon/1");
    both_pass(s, "12:05:00", "12:05:05", "avon/2");
    silence_but(s, 10);
}

static void what_nobody_takes_is_told_to_unrouted_once(void **state)
{
    struct story *s = *state;
    passes_beside(s, "12:00:00", "AA11AAA", "lowkey", "avon/1", "BB22BBB+5@lowkey");
    passes_beside(s, "12:00:05", "BB22BBB", "lowkey", "avon/1", "AA11AAA-5@lowkey");
    silence_but(s, 2);
    passes_beside(s, "12:05:00", "AA11AAA", "lowkey", "avon/2", "BB22BBB+5@lowkey");
    told(s, "unrouted updated AA11AAA avon/2");
    told(s, "unrouted finding AA11AAA avon/2");
    passes_beside(s, "12:05:05", "BB22BBB", "lowkey", "avon/2", "AA11AAA-5@lowkey");
    told(s, "unrouted updated BB22BBB avon/2");
    silence(s);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        STORY(two_that_drive_together_are_told_once_at_the_second_site),
        STORY(who_pass_each_other_once_are_nothing),
        STORY(a_companion_who_is_not_on_an_open_list_is_nothing),
        STORY(what_only_a_covert_list_follows_is_no_pair),
        STORY(desks_that_take_one_of_them_hear_it_of_that_one),
        STORY(the_higher_mark_in_front_changes_nothing),
        STORY(a_desk_that_takes_two_lists_of_one_vehicle_hears_it_once),
        STORY(an_other_met_long_before_is_not_forgotten_in_the_incident),
        STORY(another_incident_is_told_again),
        STORY(sites_of_an_incident_that_was_closed_do_not_count),
        STORY(thresholds_decide),
        STORY(the_convoy_rule_may_be_off),
        STORY(what_nobody_takes_is_told_to_unrouted_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
