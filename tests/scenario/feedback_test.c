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

#define ACKNOWLEDGED     HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED
#define HANDED_OVER      HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_HANDED_OVER
#define NOT_THIS_VEHICLE HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOT_THIS_VEHICLE

// A vehicle that both forces' desks know of.
static void opens(struct story *s)
{
    passes(s, "12:00:00", "AB12CDE", "drugs", "avon/1");
    passes(s, "12:05:00", "AB12CDE", "drugs", "wilts/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    told(s, "wilts-live entered AB12CDE wilts/1");
    told(s, "wilts-review entered AB12CDE wilts/1");
    told(s, "avon-live entered AB12CDE wilts/1");
    told(s, "avon-review entered AB12CDE wilts/1");
}

static void stand_down(struct story *s, const char *queue, Hitstream__V1__StandDownReason reason)
{
    char want[64];
    snprintf(want, sizeof(want), "%s stand-down AB12CDE wilts/1", queue);
    told(s, want);
    assert_int_equal(last_alert(s)->stand_down->reason, reason);
}

static void a_unit_is_sent_and_the_others_stand_down(void **state)
{
    struct story *s = *state;
    opens(s);
    answers(s, "12:06:00", "wilts-live", "resourced");
    stand_down(s, "avon-live", HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_RESOURCED);
    assert_int_equal(last_alert(s)->stand_down->n_alert_ids, 2);
    stand_down(s, "avon-review", HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_RESOURCED);
    stand_down(s, "wilts-review", HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_RESOURCED);
    silence(s);
    passes(s, "12:10:00", "AB12CDE", "drugs", "wilts/2");
    told(s, "wilts-live updated AB12CDE wilts/2"); // who dealt with it hears on, alone
    silence(s);
    answers(s, "12:11:00", "avon-live", "resourced"); // a second unit
    silence(s);
    answers(s, "12:12:00", "wilts-live", "no resource"); // but another deals with it
    silence(s);
}

static void a_desk_that_stood_down_hears_of_another_entry(void **state)
{
    struct story *s = *state;
    opens(s);
    answers(s, "12:06:00", "wilts-live", "resourced");
    for (int i = 0; i < 3; i++) {
        stand_down(s,
                   i == 0   ? "avon-live"
                   : i == 1 ? "avon-review"
                            : "wilts-review",
                   HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_RESOURCED);
    }
    passes(s, "12:10:00", "AB12CDE", "stolen", "avon/2");
    told(s, "avon-live updated AB12CDE avon/2");
    told(s, "avon-review updated AB12CDE avon/2");
    silence(s);
}

static void a_stop_ends_the_incident(void **state)
{
    struct story *s = *state;
    struct hs_id first;
    opens(s);
    memcpy(first.bytes, last_alert(s)->incident_id.data, HS_ID_BYTES);
    answers(s, "12:06:00", "wilts-live", "stopped");
    stand_down(s, "avon-live", HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_STOPPED);
    stand_down(s, "avon-review", HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_STOPPED);
    stand_down(s, "wilts-review", HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_STOPPED);
    assert_int_equal(story_stats(s).open_incidents, 0);
    passes_late(s, "12:05:30", "12:07:00", "AB12CDE", "drugs", "wilts/2"); // before the stop
    silence(s);
    passes(s, "12:08:00", "AB12CDE", "drugs", "wilts/3"); // it drives on: another story
    told(s, "wilts-live opened AB12CDE wilts/3");
    assert_memory_not_equal(last_alert(s)->incident_id.data, first.bytes, HS_ID_BYTES);
    told(s, "wilts-review opened AB12CDE wilts/3");
    silence(s);
}

static void what_is_said_after_the_stop_is_recorded(void **state)
{
    static const char *const late[] = {"acknowledged", "resourced", "no resource", "silenced",
                                       "stopped"};
    struct story *s = *state;
    opens(s);
    answers(s, "12:06:00", "wilts-live", "stopped");
    for (int i = 0; i < 3; i++) {
        stand_down(s,
                   i == 0   ? "avon-live"
                   : i == 1 ? "avon-review"
                            : "wilts-review",
                   HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_STOPPED);
    }
    for (unsigned i = 0; i < 5; i++) {
        answers(s, "12:07:00", "avon-live", late[i]);
        assert_int_equal(story_stats(s).feedback_late, i + 1);
    }
    says(s, &(struct story_say){.at = "12:07:00",
                                .queue = "avon-live",
                                .kind = HANDED_OVER,
                                .to_queue = "wilts-live"});
    assert_int_equal(story_stats(s).feedback_late, 6);
    answers(s, "12:08:00", "avon-live", "outcome"); // no state is too late for these
    answers(s, "12:08:00", "avon-live", "note");
    assert_int_equal(story_stats(s).feedback_late, 6);
    silence(s);
}

static void a_stop_after_the_quiet_time_still_stands_others_down(void **state)
{
    struct story *s = *state;
    opens(s);
    clock_strikes(s, "12:36:00");
    answers(s, "12:40:00", "wilts-live", "acknowledged");
    assert_int_equal(story_stats(s).feedback_late, 1);
    answers(s, "12:41:00", "wilts-live", "stopped");
    stand_down(s, "avon-live", HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_STOPPED);
    stand_down(s, "avon-review", HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_STOPPED);
    stand_down(s, "wilts-review", HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_STOPPED);
    silence(s);
}

// "Rejecting a hit did not stop it coming back."
static void not_this_vehicle_is_not_told_again(void **state)
{
    struct story *s = *state;
    opens(s);
    says(s, &(struct story_say){.at = "12:06:00",
                                .queue = "wilts-live",
                                .kind = NOT_THIS_VEHICLE,
                                .id = "f1",
                                .note = "the plate is a clone's"});
    stand_down(s, "avon-live",
               HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_NOT_THIS_VEHICLE);
    assert_string_equal(last_alert(s)->stand_down->entry_id, "AB12CDE");
    stand_down(s, "avon-review",
               HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_NOT_THIS_VEHICLE);
    stand_down(s, "wilts-review",
               HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_NOT_THIS_VEHICLE);
    assert_int_equal(story_stats(s).open_incidents, 0);
    assert_int_equal(pending_exclusions(s), 1);
    passes(s, "12:10:00", "AB12CDE", "drugs", "wilts/2");
    restart(s, true);
    assert_int_equal(pending_exclusions(s), 1); // until Redis has it
    passes(s, "12:11:00", "AB12CDE", "drugs", "wilts/3");
    assert_int_equal(story_stats(s).excluded_hits, 1);
    exclusion_stored(s, "12:12:00", "AB12CDE", "f1");
    assert_int_equal(pending_exclusions(s), 0);
    passes(s, "12:12:01", "AB12CDE", "drugs", "wilts/4"); // matched just before
    silence(s);
    passes(s, "12:13:00", "AB12CDE", "stolen", "avon/2"); // another entry is another matter
    told(s, "avon-live opened AB12CDE avon/2");
    told(s, "avon-review opened AB12CDE avon/2");
    silence(s);
}

static void an_exclusion_is_of_one_plate(void **state)
{
    struct story *s = *state;
    story_tell(s, &(struct story_hit){.at = "12:00:00",
                                      .vehicle = "AB12CDE",
                                      .list = "missing",
                                      .site = "avon/1",
                                      .read_vrm = "AB12CD8"});
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    says(s, &(struct story_say){
                .at = "12:01:00", .queue = "avon-live", .kind = NOT_THIS_VEHICLE, .id = "f1"});
    told(s, "avon-review stand-down AB12CDE avon/1");
    passes(s, "12:02:00", "AB12CDE", "missing", "avon/2"); // the right plate
    told(s, "avon-live opened AB12CDE avon/2");
    told(s, "avon-review opened AB12CDE avon/2");
    silence(s);
}

static void an_exclusion_ends(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    says(s, &(struct story_say){.at = "12:01:00",
                                .queue = "avon-live",
                                .kind = NOT_THIS_VEHICLE,
                                .until = "13:00:00"});
    told(s, "avon-review stand-down AB12CDE avon/1");
    passes(s, "12:59:00", "AB12CDE", "missing", "avon/2");
    silence(s);
    passes(s, "13:00:00", "AB12CDE", "missing", "avon/3");
    told(s, "avon-live opened AB12CDE avon/3");
}

static void the_same_feedback_counts_once(void **state)
{
    struct story *s = *state;
    opens(s);
    for (int i = 0; i < 2; i++) {
        says(s, &(struct story_say){
                    .at = "12:06:00", .queue = "wilts-live", .kind = NOT_THIS_VEHICLE, .id = "f1"});
        restart(s, i == 0);
    }
    assert_int_equal(pending_exclusions(s), 1);
    for (int i = 0; i < 3; i++) {
        stand_down(s,
                   i == 0   ? "avon-live"
                   : i == 1 ? "avon-review"
                            : "wilts-review",
                   HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_NOT_THIS_VEHICLE);
    }
    silence(s);
}

static void silence_is_apart_from_acknowledgement(void **state)
{
    struct story *s = *state;
    opens(s);
    answers(s, "12:06:00", "wilts-live", "silenced");
    passes(s, "12:10:00", "AB12CDE", "drugs", "wilts/2");
    told(s, "wilts-review updated AB12CDE wilts/2");
    silence(s);
    passes(s, "12:20:00", "AB12CDE", "stolen", "wilts/2"); // but another entry
    told(s, "wilts-live updated AB12CDE wilts/2");
    told(s, "wilts-review updated AB12CDE wilts/2");
    passes(s, "12:36:01", "AB12CDE", "drugs", "wilts/3"); // half an hour is over
    told(s, "wilts-live updated AB12CDE wilts/3");
    told(s, "wilts-review updated AB12CDE wilts/3");
    silence(s);
}

static void it_is_handed_over_to_a_desk_that_may_receive_it(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "drugs", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    struct story_say say = {.at = "12:01:00",
                            .queue = "avon-live",
                            .kind = HANDED_OVER,
                            .id = "f1",
                            .to_queue = "covert-a-desk",
                            .note = "heading your way"};
    says(s, &say);
    assert_int_equal(story_stats(s).feedback_refused, 1); // no open list goes there
    say.id = "f2";
    say.to_queue = "avon-live";
    says(s, &say);
    say.id = "f3";
    say.to_queue = "nobody";
    says(s, &say);
    say.id = "f4";
    say.to_queue = "ops";
    says(s, &say);
    assert_int_equal(story_stats(s).feedback_refused, 4);
    silence(s);
    say.id = "f5";
    say.to_queue = "wilts-live";
    says(s, &say);
    told(s, "avon-live stand-down AB12CDE avon/1");
    told(s, "wilts-live handed-over AB12CDE avon/1");
    assert_string_equal(last_alert(s)->handed_over_by, "avon-live");
    assert_string_equal(last_alert(s)->note, "heading your way");
    assert_true(last_alert(s)->reply_token.len > 0);
    silence(s);
}

static void what_cannot_be_is_refused(void **state)
{
    struct story *s = *state;
    opens(s);
    says(s, &(struct story_say){.at = "12:06:00",
                                .queue = "wilts-live",
                                .kind = ACKNOWLEDGED,
                                .until = "12:05:00"}); // over already
    assert_int_equal(story_stats(s).feedback_refused, 1);
    says(s, &(struct story_say){.at = "12:06:00",
                                .queue = "wilts-live",
                                .kind = NOT_THIS_VEHICLE,
                                .until = "12:05:00"});
    assert_int_equal(story_stats(s).feedback_refused, 2);
    assert_int_equal(pending_exclusions(s), 0);
    clock_strikes(s, "12:36:00");
    passes(s, "1+13:00:00", "ZZ99ZZZ", "drugs", "wilts/1"); // days later
    silence_but(s, 2);
    says(s, &(struct story_say){
                .at = "12:06:01", .queue = "avon-live", .kind = ACKNOWLEDGED, .id = "f9"});
    assert_int_equal(story_stats(s).feedback_late, 1);
}

// A desk that may not know another sees that somebody answered, not who.
static void answers_name_the_desk_only_to_those_who_may_know_it(void **state)
{
    struct story *s = *state;
    controls_change(s,
                    "queues:\n"
                    "  a:\n    owner: avon\n    kind: live\n    lists: [missing]\n"
                    "  b:\n    owner: wilts\n    kind: live\n    lists: [drugs]\n",
                    NULL);
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    passes(s, "12:00:01", "AB12CDE", "drugs", "avon/1");
    told(s, "a opened AB12CDE avon/1");
    told(s, "b opened AB12CDE avon/1");
    answers(s, "12:01:00", "a", "acknowledged");
    passes(s, "12:02:00", "AB12CDE", "drugs", "avon/2");
    told(s, "b updated AB12CDE avon/2");
    assert_int_equal(last_alert(s)->n_answered, 1);
    assert_string_equal(last_alert(s)->answered[0]->queue, "");
    assert_string_equal(last_alert(s)->answered[0]->person, "");
}

// The outcome with this id, in place of another one.
static void corrects(struct story *s, const char *at, const char *queue, const char *id,
                     const char *replaces)
{
    Hitstream__V1__Outcome outcome = HITSTREAM__V1__OUTCOME__INIT;
    struct hs_id before = story_feedback_id(replaces ? replaces : "");
    outcome.arrests = 1;
    outcome.replaces = (ProtobufCBinaryData){replaces ? HS_ID_BYTES : 0, before.bytes};
    says(s, &(struct story_say){.at = at,
                                .queue = queue,
                                .kind = HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_OUTCOME,
                                .id = id,
                                .outcome = &outcome});
}

static void a_desk_corrects_what_it_said_itself(void **state)
{
    struct story *s = *state;
    opens(s);
    corrects(s, "12:10:00", "avon-live", "first", NULL);
    corrects(s, "12:11:00", "avon-live", "second", "first");
    corrects(s, "12:12:00", "avon-live", "third", "before what is known");
    assert_int_equal(story_stats(s).feedback_refused, 0);
    corrects(s, "12:13:00", "wilts-live", "theirs", "first");
    assert_int_equal(story_stats(s).feedback_refused, 1);
    assert_int_equal(story_stats(s).feedback, 4); // all on record
    silence(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)
        STORY(a_desk_corrects_what_it_said_itself),
        STORY(a_unit_is_sent_and_the_others_stand_down),
        STORY(a_desk_that_stood_down_hears_of_another_entry),
        STORY(a_stop_ends_the_incident),
        STORY(what_is_said_after_the_stop_is_recorded),
        STORY(a_stop_after_the_quiet_time_still_stands_others_down),
        STORY(not_this_vehicle_is_not_told_again),
        STORY(an_exclusion_is_of_one_plate),
        STORY(an_exclusion_ends),
        STORY(the_same_feedback_counts_once),
        STORY(silence_is_apart_from_acknowledgement),
        STORY(it_is_handed_over_to_a_desk_that_may_receive_it),
        STORY(what_cannot_be_is_refused),
        STORY(answers_name_the_desk_only_to_those_who_may_know_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
