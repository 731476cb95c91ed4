// SPDX-License-Identifier: Apache-2.0
//
// Joint operations, safeguarding hubs, partners and groups, as control rooms see them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hitstream/v1/event.pb-c.h"
#include "scenario/story.h"

#define OPEN_QUEUES                                                                                \
    "queues:\n"                                                                                    \
    "  avon-intel: {owner: avon, kind: intelligence, lists: [\"*\"], forces: [city],\n"            \
    "    safeguarding: [missing]}\n"                                                               \
    "  avon-live: {owner: avon, kind: live, lists: [stolen, missing], forces: [avon],\n"           \
    "    intelligence_queue: avon-intel, default: true}\n"                                         \
    "  hub: {owner: avon, kind: live, lists: [], safeguarding: [missing],\n"                       \
    "    intelligence_queue: avon-intel}\n"                                                        \
    "  joint: {owner: avon, kind: live, lists: [], intelligence_queue: avon-intel}\n"              \
    "  partner: {owner: council, kind: intelligence, lists: [], partner: true, default: true,\n"   \
    "    disclose: [vehicle, place, times, priority, operations, group],\n"                        \
    "    disclose_times: quarter_hour}\n"                                                          \
    "  wilts-live: {owner: wilts, kind: live, lists: [drugs], forces: [wilts], default: true,\n"   \
    "    intelligence_queue: avon-intel}\n"
#define COVERT_QUEUES                                                                              \
    "  quiet: {owner: avon, kind: intelligence, covert_lists: [covert-a]}\n"                       \
    "  squad: {owner: avon, kind: intelligence, covert_lists: [covert-lost-a]}\n"
#define OPEN_OPERATIONS                                                                            \
    "operations:\n"                                                                                \
    "  hydra: {authority: x, lead: avon, forces: [wilts], from: 2026-01-13T09:00:00Z,\n"           \
    "    lists: [drugs], queues: [joint, partner], repeat_window_ms: 1000}\n"                      \
    "  scorpion: {name: Op Scorpion, authority: ACC/7, lead: wilts, forces: [avon],\n"             \
    "    from: 2026-01-13T06:00:00Z, to: 2026-01-13T12:00:00Z, lists: [drugs],\n"                  \
    "    queues: [avon-live, joint, wilts-live], priority: high}\n"
#define COVERT_OPERATION                                                                           \
    "  whisper: {authority: x, lead: avon, from: 2026-01-13T00:00:00Z,\n"                          \
    "    covert_lists: [covert-a], covert_queues: [squad, quiet]}\n"
#define GROUPS                                                                                     \
    "groups:\n"                                                                                    \
    "  jay: {name: The Jays, lead: DI Jones, owner: avon, four_p: protect, plan: P/9,\n"           \
    "    review_date: 2026-12-31, authority: x, county_line: JAY, hub: bristol, markets: "         \
    "[bath]}\n"                                                                                    \
    "  kay: {name: The Kays, state: nominated, nominated_by: council}\n"                           \
    "  owl: {name: The Owls, lead: x, owner: avon, review_date: 2026-12-31, authority: x,\n"       \
    "    covert_list: covert-a}\n"

static struct story *begin(const char *queues, const char *operations)
{
    struct story *story = story_new();
    controls_add(story, queues, operations, GROUPS);
    return story;
}

// The ids of the operations that the last alert names.
static void by(struct story *story, const char *expected)
{
    const Hitstream__V1__Alert *alert = last_alert(story);
    char text[256] = "";
    for (size_t i = 0; i < alert->n_operations; i++) {
        strcat(text, i > 0 ? " " : "");
        strcat(text, alert->operations[i]->operation_id);
    }
    assert_string_equal(text, expected);
}

static void its_routes_hold_while_it_runs(void **state)
{
    struct story *story = begin(OPEN_QUEUES, OPEN_OPERATIONS);
    (void)state;
    passes(story, "05:59:59", "AB12CDE", "drugs", "avon/1");
    told(story, "unrouted opened AB12CDE avon/1");
    passes(story, "06:00:00", "CD34EFG", "drugs", "avon/1");
    told(story, "avon-live opened CD34EFG avon/1");
    by(story, "scorpion");
    assert_string_equal(last_alert(story)->operations[0]->name, "Op Scorpion");
    assert_string_equal(last_alert(story)->operations[0]->authority, "ACC/7");
    assert_int_equal(last_alert(story)->priority, 3); // its own is medium
    told(story, "joint opened CD34EFG avon/1");
    by(story, "scorpion");
    silence(story);
    // a read at its end goes where it would have gone without it, and to the other operation
    passes(story, "12:00:00", "EF56GHJ", "drugs", "wilts/1");
    told(story, "joint opened EF56GHJ wilts/1");
    by(story, "hydra");
    assert_int_equal(last_alert(story)->priority, 2);
    told(story, "partner opened EF56GHJ ");
    told(story, "wilts-live opened EF56GHJ wilts/1");
    by(story, "");
    silence(story);
    story_free(story);
}

static void a_vehicle_of_two_operations_is_told_once(void **state)
{
    struct story *story = begin(OPEN_QUEUES, OPEN_OPERATIONS);
    (void)state;
    passes(story, "10:00:00", "AB12CDE", "drugs", "wilts/1");
    told(story, "joint opened AB12CDE wilts/1");
    by(story, "hydra scorpion");
    told(story, "partner opened AB12CDE ");
    told(story, "wilts-live opened AB12CDE wilts/1");
    by(story, "scorpion");
    silence(story);
    story_free(story);
}

static void its_shorter_repeat_window_holds_for_its_queues(void **state)
{
    struct story *story = begin(OPEN_QUEUES, OPEN_OPERATIONS);
    (void)state;
    passes(story, "13:00:00", "AB12CDE", "drugs", "wilts/1");
    silence_but(story, 3);
    passes(story, "13:00:02", "AB12CDE", "drugs", "wilts/1"); // 1 s of hydra, 5 min of the rules
    told(story, "joint updated AB12CDE wilts/1");
    told(story, "partner updated AB12CDE ");
    silence(story);
    story_free(story);
}

static void a_late_read_of_its_time_goes_to_intelligence(void **state)
{
    struct story *story = begin(OPEN_QUEUES, OPEN_OPERATIONS);
    (void)state;
    passes_late(story, "08:00:00", "14:00:00", "AB12CDE", "drugs", "avon/1");
    told(story, "avon-intel opened AB12CDE avon/1");
    by(story, "scorpion");
    silence(story);
    story_free(story);
}

static void safeguarding_goes_to_the_hub_as_well(void **state)
{
    struct story *story = begin(OPEN_QUEUES, OPEN_OPERATIONS);
    (void)state;
    passes(story, "10:00:00", "AB12CDE", "missing", "avon/1");
    told(story, "avon-live opened AB12CDE avon/1");
    assert_true(last_alert(story)->occupants_may_be_victims);
    assert_int_equal(last_alert(story)->priority, 3); // the floor of a missing person
    told(story, "hub opened AB12CDE avon/1");
    assert_true(last_alert(story)->occupants_may_be_victims);
    silence(story);
    passes(story, "10:00:00", "CD34EFG", "stolen", "avon/1");
    told(story, "avon-live opened CD34EFG avon/1");
    assert_false(last_alert(story)->occupants_may_be_victims);
    silence(story);
    story_free(story);
}

static void a_partner_is_told_less(void **state)
{
    struct story *story = begin(OPEN_QUEUES, OPEN_OPERATIONS);
    (void)state;
    story_tell(story, &(struct story_hit){.at = "13:07:30",
                                          .vehicle = "AB12CDE",
                                          .list = "drugs",
                                          .site = "wilts/1",
                                          .group = "jay"});
    told(story, "joint opened AB12CDE wilts/1");
    assert_string_equal(last_alert(story)->group->lead_responsible, "DI Jones");
    assert_string_equal(last_header(story, "handling"), "MONITOR");
    told(story, "partner opened AB12CDE ");
    const Hitstream__V1__Alert *alert = last_alert(story);
    assert_null(alert->entry);
    assert_null(alert->list);
    assert_int_equal(alert->n_trail + alert->n_evidence, 0);
    assert_string_equal(alert->place->force, "wilts");
    assert_string_equal(alert->place->road, "");
    assert_int_equal(alert->captured_at_ms, story_time_ms("13:00:00"));
    assert_string_equal(alert->operations[0]->operation_id, "hydra");
    assert_string_equal(alert->operations[0]->authority, "");
    assert_string_equal(alert->group->name, "The Jays");
    assert_string_equal(alert->group->lead_responsible, "");
    assert_string_equal(alert->headline, "AB12CDE in wilts, area-1, medium priority");
    assert_true(alert->reply_token.len > 0);
    assert_string_equal(last_header(story, "handling"), "");
    assert_string_equal(last_header(story, "list-revision"), "");
    assert_string_equal(last_header(story, "priority"), "medium");
    story_free(story);
}

#define KNOWN "sells from the flat above the shop"

static bool is_told_anywhere(const struct story *story, const char *text)
{
    const struct hs_offline *all = story_offline(story);
    for (size_t i = 0; i < all->alert_count; i++) {
        const struct hs_str payload = all->alerts[i].payload;
        if (memmem(payload.ptr, payload.len, text, strlen(text))) {
            return true;
        }
    }
    return false;
}

// How often the log has it, as its partner said it.
static size_t count_intelligence(const struct story *story)
{
    size_t events, found = 0;
    const struct hs_offline_event *log = story_log(story, &events);
    for (size_t i = 0; i < events; i++) {
        Hitstream__V1__VehicleEvent *event = hitstream__v1__vehicle_event__unpack(
            NULL, log[i].value.len, (const uint8_t *)log[i].value.ptr);
        const Hitstream__V1__FeedbackGiven *given =
            event && event->event_case == HITSTREAM__V1__VEHICLE_EVENT__EVENT_FEEDBACK
                ? event->feedback
                : NULL;
        found +=
            given &&
            given->feedback->kind == HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_INTELLIGENCE &&
            strcmp(given->queue, "partner") == 0 &&
            strcmp(given->feedback->person, "J Smith, council") == 0 &&
            strcmp(given->feedback->note, KNOWN) == 0;
        hitstream__v1__vehicle_event__free_unpacked(event, NULL);
    }
    return found;
}

// What a partner knows of an alert is on record, and is no answer to it: who was told stays told,
// who is waited for is waited for, and nobody reads it on an alert.
static void a_partners_intelligence_is_kept_and_answers_nothing(void **state)
{
    static const char queues[] =
        OPEN_QUEUES "  chief: {owner: wilts, kind: live, lists: [drugs], areas: [bath],\n"
                    "    intelligence_queue: avon-intel}\n"
                    "  wilts-waits: {owner: wilts, kind: live, lists: [drugs], forces: [wilts],\n"
                    "    acknowledge_within_ms: 300000, escalate_to: [chief],\n"
                    "    intelligence_queue: avon-intel}\n";
    const struct story_say intelligence = {
        .at = "13:01:00",
        .queue = "partner",
        .kind = HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_INTELLIGENCE,
        .person = "J Smith, council",
        .note = KNOWN};
    struct story *story = begin(queues, OPEN_OPERATIONS);
    (void)state;
    passes(story, "13:00:00", "AB12CDE", "drugs", "wilts/1");
    silence_but(story, 4); // joint, partner, wilts-live, wilts-waits
    says(story, &intelligence);
    silence(story); // nobody is told, nobody stands down
    clock_strikes(story, "13:05:00");
    told(story, "chief escalated AB12CDE wilts/1");
    assert_int_equal(last_alert(story)->n_answered, 0);
    passes(story, "13:10:00", "AB12CDE", "drugs", "wilts/2");
    told(story, "joint updated AB12CDE wilts/2");
    assert_int_equal(last_alert(story)->n_answered, 0);
    silence_but(story, 3); // partner, wilts-live, wilts-waits
    answers(story, "13:11:00", "wilts-live", "stopped");
    silence_but(story, 4);
    says(story, &(struct story_say){.at = "13:30:00", // of what is over as well
                                    .queue = "partner",
                                    .kind = intelligence.kind,
                                    .person = intelligence.person,
                                    .note = intelligence.note});
    silence(story);
    assert_int_equal(count_intelligence(story), 2);
    assert_int_equal(story_stats(story).feedback, 3);
    assert_int_equal(story_stats(story).feedback_late, 0);
    assert_int_equal(story_stats(story).feedback_refused, 0);
    assert_false(is_told_anywhere(story, KNOWN));
    assert_false(is_told_anywhere(story, "J Smith"));
    story_free(story);
}

static const Hitstream__V1__AlertGroup *group_of(const char *list, const char *group,
                                                 struct story **ret_story)
{
    *ret_story = begin(OPEN_QUEUES COVERT_QUEUES, OPEN_OPERATIONS);
    bool covert = strcmp(list, "covert-a") == 0;
    story_tell(*ret_story, &(struct story_hit){.at = "10:00:00",
                                               .vehicle = "AB12CDE",
                                               .list = list,
                                               .site = "avon/1",
                                               .group = group});
    told(*ret_story, covert ? "quiet opened AB12CDE avon/1" : "avon-live opened AB12CDE avon/1");
    return last_alert(*ret_story)->group;
}

static void an_alert_carries_its_group(void **state)
{
    struct story *story;
    (void)state;
    const Hitstream__V1__AlertGroup *group = group_of("stolen", "jay", &story);
    assert_string_equal(group->name, "The Jays");
    assert_string_equal(group->plan_reference, "P/9");
    assert_int_equal(group->four_p, 3);
    assert_string_equal(group->county_line, "JAY");
    assert_string_equal(group->hub, "bristol");
    assert_int_equal(group->n_markets, 1);
    story_free(story);
    group = group_of("stolen", "kay", &story); // nobody has accepted the nomination
    assert_string_equal(group->group_id, "kay");
    assert_string_equal(group->name, "");
    story_free(story);
    group = group_of("stolen", "owl", &story); // known with the covert list's hits alone
    assert_string_equal(group->name, "");
    story_free(story);
    group = group_of("covert-a", "owl", &story);
    assert_string_equal(group->name, "The Owls");
    story_free(story);
}

// ------------------------------------------------------------------ audiences

// A day of reads on open lists and, with_covert, on a covert one between them.
static struct story *day(const char *queues, const char *operations, bool with_covert)
{
    struct story *story = begin(queues, operations);
    for (int minute = 0; minute < 20; minute++) {
        char at[16];
        const char *site = minute % 3 == 0 ? "wilts/1" : "avon/1";
        snprintf(at, sizeof(at), "11:%02d:00", 50 - minute);
        passes(story, at, "AB12CDE", minute % 2 ? "drugs" : "stolen", site);
        if (with_covert) {
            passes(story, at, "AB12CDE", "covert-a", site);
        }
    }
    return story;
}

static void covert_taken_away_changes_no_byte_of_the_others(void **state)
{
    struct story *with = day(OPEN_QUEUES COVERT_QUEUES, OPEN_OPERATIONS COVERT_OPERATION, true);
    struct story *without = day(OPEN_QUEUES, OPEN_OPERATIONS, false);
    const struct hs_offline *a = story_offline(with);
    const struct hs_offline *b = story_offline(without);
    size_t covert = 0;
    size_t squad = 0;
    size_t open = 0;
    (void)state;
    for (size_t i = 0; i < a->alert_count; i++) {
        if (a->alerts[i].covert) {
            covert++;
            squad += strcmp(a->alerts[i].queue, "squad") == 0;
            continue;
        }
        assert_true(open < b->alert_count);
        assert_true(hs_offline_same(&a->alerts[i], &b->alerts[open++]));
    }
    assert_int_equal(open, b->alert_count);
    assert_true(open > 3 && covert > 1 && squad > 0); // whisper tells the squad
    story_free(with);
    story_free(without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_routes_hold_while_it_runs),
        cmocka_unit_test(a_vehicle_of_two_operations_is_told_once),
        cmocka_unit_test(its_shorter_repeat_window_holds_for_its_queues),
        cmocka_unit_test(a_late_read_of_its_time_goes_to_intelligence),
        cmocka_unit_test(safeguarding_goes_to_the_hub_as_well),
        cmocka_unit_test(a_partner_is_told_less),
        cmocka_unit_test(a_partners_intelligence_is_kept_and_answers_nothing),
        cmocka_unit_test(an_alert_carries_its_group),
        cmocka_unit_test(covert_taken_away_changes_no_byte_of_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
