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

// Who answers when: avon-live has five minutes, then its sergeant three, then the duty inspector.
static const char queues[] =
    "queues:\n"
    "  avon-live:\n    owner: avon\n    kind: live\n    lists: [missing]\n    forces: [avon]\n"
    "    acknowledge_within_ms: 300000\n    escalate_to: [sergeant, inspector]\n"
    "    intelligence_queue: avon-review\n"
    "  avon-review:\n    owner: avon\n    kind: intelligence\n    lists: [missing]\n    forces: "
    "[avon]\n"
    "  sergeant:\n    owner: avon\n    kind: live\n    lists: [missing]\n    areas: [bath]\n"
    "    acknowledge_within_ms: 180000\n    intelligence_queue: avon-review\n"
    "  inspector:\n    owner: avon\n    kind: live\n    lists: [missing]\n    areas: [bath]\n"
    "    intelligence_queue: avon-review\n";

static void opens(struct story *s, const char *at)
{
    controls_change(s, queues, NULL);
    passes(s, at, "AB12CDE", "missing", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    silence(s);
}

static void nobody_answers_and_it_goes_up_the_chain(void **state)
{
    struct story *s = *state;
    opens(s, "12:00:00");
    clock_strikes(s, "12:04:59");
    silence(s);
    clock_strikes(s, "12:05:00");
    told(s, "sergeant escalated AB12CDE avon/1");
    assert_string_equal(last_alert(s)->escalation->from_queue, "avon-live");
    assert_int_equal(last_alert(s)->escalation->step, 1);
    assert_int_equal(last_alert(s)->escalation->within_ms, 300000);
    assert_string_equal(last_alert(s)->rule, "escalation");
    assert_string_equal(last_alert(s)->entry->information, "free text that no headline may show");
    clock_strikes(s, "12:07:59");
    silence(s);
    clock_strikes(s, "12:08:00"); // the sergeant's three minutes
    told(s, "inspector escalated AB12CDE avon/1");
    assert_int_equal(last_alert(s)->escalation->step, 2);
    clock_strikes(s, "12:29:00");
    silence(s); // the chain's end
    assert_int_equal(story_stats(s).escalations, 2);
}

static void an_answer_ends_the_waiting(void **state)
{
    static const char *const kinds[] = {"acknowledged", "resourced"};
    struct story *s = *state;
    opens(s, "12:00:00");
    answers(s, "12:04:00", "avon-live", kinds[0]);
    clock_strikes(s, "12:10:00");
    told(s, "nobody");
    passes(s, "12:11:00", "AB12CDE", "missing", "avon/2");
    told(s, "avon-live updated AB12CDE avon/2"); // silence is apart from acknowledgement
    assert_int_equal(last_alert(s)->n_answered, 1);
    assert_int_equal(last_alert(s)->answered[0]->kind,
                     HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED);
    assert_string_equal(last_alert(s)->answered[0]->queue, "avon-live");
    assert_string_equal(last_alert(s)->answered[0]->person, "pc 1234");
    assert_int_equal(last_alert(s)->answered[0]->until_ms, story_time_ms("12:34:00"));
    told(s, "avon-review updated AB12CDE avon/2");
    answers(s, "12:12:00", "avon-live", kinds[1]);
    told(s, "avon-review stand-down AB12CDE avon/2");
    clock_strikes(s, "12:34:00"); // the acknowledgement expires, the unit is still on its way
    clock_strikes(s, "12:40:00");
    silence(s);
}

static void an_acknowledgement_expires_and_the_waiting_begins_anew(void **state)
{
    struct story *s = *state;
    opens(s, "12:00:00");
    says(s, &(struct story_say){.at = "12:02:00",
                                .queue = "avon-live",
                                .kind = HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED,
                                .until = "12:10:00"});
    clock_strikes(s, "12:10:00");
    silence(s);
    clock_strikes(s, "12:14:59");
    silence(s);
    clock_strikes(s, "12:15:00");
    told(s, "sergeant escalated AB12CDE avon/1");
}

static void acknowledged_again_lasts_longer(void **state)
{
    struct story *s = *state;
    opens(s, "12:00:00");
    says(s, &(struct story_say){.at = "12:02:00",
                                .queue = "avon-live",
                                .kind = HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED,
                                .until = "12:10:00"});
    says(s, &(struct story_say){.at = "12:09:00",
                                .queue = "avon-live",
                                .kind = HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED,
                                .until = "12:20:00"});
    clock_strikes(s, "12:16:00");
    silence(s);
    clock_strikes(s, "12:20:00");
    clock_strikes(s, "12:25:00");
    told(s, "sergeant escalated AB12CDE avon/1");
}

static void no_resource_goes_up_at_once(void **state)
{
    struct story *s = *state;
    opens(s, "12:00:00");
    answers(s, "12:01:00", "avon-live", "no resource");
    told(s, "sergeant escalated AB12CDE avon/1");
    assert_int_equal(last_alert(s)->answered[0]->kind,
                     HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NO_RESOURCE);
    clock_strikes(s, "12:04:00");
    told(s, "inspector escalated AB12CDE avon/1");
    clock_strikes(s, "12:06:00");
    silence(s);
}

static void an_answer_that_comes_twice_is_one(void **state)
{
    struct story *s = *state;
    struct story_say say = {.at = "12:01:00",
                            .queue = "avon-live",
                            .kind = HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NO_RESOURCE,
                            .id = "f1"};
    opens(s, "12:00:00");
    says(s, &say);
    told(s, "sergeant escalated AB12CDE avon/1");
    restart(s, true);
    say.at = "12:01:30";
    says(s, &say);
    silence(s); // no second step
    assert_int_equal(story_stats(s).feedback_repeated, 1);
}

// "After an outage nothing escalates before people could see it."
static void after_an_outage_people_have_their_time(void **state)
{
    struct story *s = *state;
    opens(s, "12:00:00");
    restart(s, true);
    took_over(s, "12:08:00"); // nobody was there at 12:05
    clock_strikes(s, "12:08:01");
    silence(s);
    clock_strikes(s, "12:12:59");
    silence(s);
    clock_strikes(s, "12:13:00");
    told(s, "sergeant escalated AB12CDE avon/1");
    assert_int_equal(story_stats(s).escalations, 1);
}

static void after_a_long_outage_it_is_too_old_to_wait_for(void **state)
{
    struct story *s = *state;
    controls_change(s, queues, "publish:\n  live_ms: 600000\nincident:\n  quiet_ms: 7200000\n");
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    took_over(s, "12:30:00");
    clock_strikes(s, "12:31:00");
    clock_strikes(s, "12:45:00");
    silence(s);
}

static void it_fires_once_whoever_owns(void **state)
{
    struct story *s = *state;
    opens(s, "12:00:00");
    restart(s, true);
    clock_strikes(s, "12:05:00");
    told(s, "sergeant escalated AB12CDE avon/1");
    restart(s, false); // the event stands in the log: replayed, told by the same bytes
    silence(s);
    clock_strikes_twice(s, "12:08:00"); // two owners append the same timer
    told(s, "inspector escalated AB12CDE avon/1");
    silence(s);
}

static void what_is_late_is_not_waited_for(void **state)
{
    struct story *s = *state;
    controls_change(s, queues, NULL);
    passes_late(s, "12:00:00", "12:20:00", "AB12CDE", "missing", "avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    clock_strikes(s, "12:29:00");
    silence(s);
}

static void more_places_do_not_put_it_off(void **state)
{
    struct story *s = *state;
    opens(s, "12:00:00");
    passes(s, "12:04:00", "AB12CDE", "missing", "avon/2");
    told(s, "avon-live updated AB12CDE avon/2");
    told(s, "avon-review updated AB12CDE avon/2");
    clock_strikes(s, "12:05:00");
    told(s, "sergeant escalated AB12CDE avon/2"); // where it is by now
    assert_int_equal(last_alert(s)->n_trail, 2);
}

static void an_incident_that_is_over_waits_for_nobody(void **state)
{
    struct story *s = *state;
    opens(s, "12:00:00");
    answers(s, "12:02:00", "avon-live", "stopped");
    told(s, "avon-review stand-down AB12CDE avon/1");
    clock_strikes(s, "12:10:00");
    silence(s);
    assert_int_equal(story_stats(s).open_incidents, 0);
    assert_int_equal(story_stats(s).timers, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)
        STORY(nobody_answers_and_it_goes_up_the_chain),
        STORY(an_answer_ends_the_waiting),
        STORY(an_acknowledgement_expires_and_the_waiting_begins_anew),
        STORY(acknowledged_again_lasts_longer),
        STORY(no_resource_goes_up_at_once),
        STORY(an_answer_that_comes_twice_is_one),
        STORY(after_an_outage_people_have_their_time),
        STORY(after_a_long_outage_it_is_too_old_to_wait_for),
        STORY(it_fires_once_whoever_owns),
        STORY(what_is_late_is_not_waited_for),
        STORY(more_places_do_not_put_it_off),
        STORY(an_incident_that_is_over_waits_for_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
