// SPDX-License-Identifier: Apache-2.0
// What a lead gets from 'hitctl operation report', on a real broker and Redis: the numbers to the
// unit, the same bytes for the same log, nothing of covert lists, and a record of who looked.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "hitstream/v1/alert.pb-c.h"
#include "scenario/scorpion.h"
#include "town.h"

#define SAY(kind) HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_##kind
// The log begins now, the operation was on another day.
#define ALL_OF_IT "--since", "2000-01-01T00:00:00Z"

static struct town town;

#define RUN(...) town_run(&town, (const char *const[]){__VA_ARGS__, NULL})

static void came(const char *id, const char *queue, uint32_t arrests, const char *replaces)
{
    Hitstream__V1__Outcome counts = HITSTREAM__V1__OUTCOME__INIT;
    struct hs_id before;
    const struct hs_offline_alert *alert = town_alert(&town, queue, 0);
    assert_non_null(alert);
    counts.arrests = arrests;
    counts.cash_pence = 750000;
    if (replaces) {
        before = story_feedback_id(replaces);
        counts.replaces = (ProtobufCBinaryData){HS_ID_BYTES, before.bytes};
    }
    town_says(
        &town,
        &(struct story_say){
            .at = "08:00:00", .queue = queue, .kind = SAY(OUTCOME), .id = id, .outcome = &counts},
        alert);
}

// Of scorpion: one vehicle twice in avon, one in wilts; before its beginning and at its end one each.
static int setup(void **state)
{
    (void)state;
    static const struct story_hit hits[] = {
        {.at = "05:59:59", .vehicle = "EARLY1", .list = "stolen", .site = "avon/1"},
        {.at = "06:30:00",
         .vehicle = "AB12CDE",
         .list = "stolen",
         .site = "avon/1",
         .group = "jay",
         .line = "JAY",
         .harm_score = 700,
         .flow = 10},
        {.at = "06:45:00",
         .vehicle = "AB12CDE",
         .list = "stolen",
         .site = "avon/2",
         .group = "jay",
         .line = "JAY",
         .harm_score = 700,
         .flow = 30},
        {.at = "07:40:00",
         .vehicle = "KL56MNO",
         .list = "drugs",
         .site = "wilts/1",
         .road = "M4",
         .harm_score = 40,
         .safeguarding = 3,
         .flow = 40},
        {.at = "09:00:00",
         .vehicle = "FG34HIJ",
         .list = "covert-a",
         .site = "avon/1",
         .group = "owl"},
        {.at = "12:00:00", .vehicle = "LATE1", .list = "stolen", .site = "avon/1"},
    };
    town_open_with(&town, story_controls_of(SCORPION_QUEUES, SCORPION_OPERATIONS, SCORPION_GROUPS));
    for (size_t i = 0; i < sizeof(hits) / sizeof(hits[0]); i++) {
        town_passes(&town, &hits[i]);
    }
    town_settle(&town);
    town_says(&town, &(struct story_say){.at = "06:50:00", .queue = "joint", .kind = SAY(STOPPED)},
              town_alert(&town, "joint", 0));
    town_says(
        &town,
        &(struct story_say){.at = "07:45:00", .queue = "wilts-live", .kind = SAY(NO_RESOURCE)},
        town_alert(&town, "wilts-live", 0));
    came("first", "joint", 9, NULL);
    came("second", "joint", 4, "first");
    came("third", "wilts-live", 1, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

static void assert_ended(const struct outcome *outcome, int exit_code)
{
    if (outcome->exit_code != exit_code) {
        fail_msg("exit %d, expected %d\n%s%s", outcome->exit_code, exit_code, outcome->out,
                 outcome->err);
    }
}

static void assert_says(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        fail_msg("'%s' is missing in: %s", part, text);
    }
}

static void assert_silent(const char *text, const char *part)
{
    if (strstr(text, part)) {
        fail_msg("'%s' stands in: %s", part, text);
    }
}

static json_t *parse(const struct outcome *outcome)
{
    json_error_t error;
    json_t *report = json_loads(outcome->out, 0, &error);
    if (!report) {
        fail_msg("line %d: %s in %s", error.line, error.text, outcome->out);
    }
    return report;
}

// "totals.outcomes.arrests"
static json_int_t number(const json_t *object, const char *path)
{
    struct hs_str rest = hs_str(path), key;
    while (hs_str_split(&rest, '.', &key)) {
        char name[64];
        snprintf(name, sizeof(name), "%.*s", HS_STR_ARG(key));
        object = json_object_get(object, name);
    }
    if (!json_is_integer(object)) {
        fail_msg("there is no number '%s'", path);
    }
    return json_integer_value(object);
}

static const json_t *row(const json_t *report, const char *table, const char *key, const char *name)
{
    size_t i;
    const json_t *object;
    json_array_foreach(json_object_get(report, table), i, object)
    {
        const char *text = json_string_value(json_object_get(object, key));
        if (text && strcmp(text, name) == 0) {
            return object;
        }
    }
    fail_msg("there is no %s '%s'", key, name);
    return NULL;
}

// ---- an operation ----

static void the_totals_and_shares_are_right_to_the_unit(void **state)
{
    (void)state;
    size_t before = town_consulted(&town, "operation report scorpion");
    struct outcome outcome = RUN("operation", "report", "scorpion", "--json", ALL_OF_IT);
    assert_ended(&outcome, 0);
    json_t *report = parse(&outcome);
    assert_int_equal(number(report, "totals.hits"), 3);
    assert_int_equal(number(report, "totals.vehicles"), 2);
    assert_int_equal(number(report, "totals.incidents"), 2);
    assert_int_equal(number(report, "totals.attended.stopped"), 1);
    assert_int_equal(number(report, "totals.unattended.no_resource"), 1);
    assert_int_equal(number(report, "totals.outcomes.arrests"), 5);
    assert_int_equal(number(report, "left_out.outcomes_replaced"), 1);
    const json_t *avon = row(report, "forces", "force", "avon");
    assert_int_equal(number(avon, "hits"), 2);
    assert_int_equal(number(avon, "outcomes.arrests"), 4);
    assert_int_equal(number(avon, "outcomes.cash_pence"), 750000);
    const json_t *wilts = row(report, "forces", "force", "wilts");
    assert_int_equal(number(wilts, "hits"), 1);
    assert_int_equal(number(wilts, "outcomes.arrests"), 1);
    assert_int_equal(number(wilts, "answered"), 1);
    assert_int_equal(number(row(report, "forces", "force", "council"), "told"), 2);
    assert_int_equal(number(row(report, "hours", "hour", "2026-01-13T06:00:00.000Z"), "hits"), 2);
    assert_int_equal(number(row(report, "roads", "road", "M4"), "hits"), 1);
    assert_int_equal(number(row(report, "meetings", "site", "wilts/1"), "hour"), 7);
    assert_int_equal(town_consulted(&town, "operation report scorpion"), before + 1);
    json_decref(report);
    outcome_fini(&outcome);
}

static void the_same_log_gives_the_same_bytes(void **state)
{
    (void)state;
    static const char *const formats[] = {"text", "json", "csv"};
    for (size_t i = 0; i < 3; i++) {
        struct outcome first =
            RUN("operation", "report", "scorpion", "--format", formats[i], ALL_OF_IT);
        struct outcome again =
            RUN("operation", "report", "scorpion", "--format", formats[i], ALL_OF_IT);
        assert_ended(&first, 0);
        assert_string_equal(first.out, again.out);
        assert_silent(first.out, "AB12CDE"); // counts, no plates
        outcome_fini(&first);
        outcome_fini(&again);
    }
}

static void a_person_and_a_table_program_read_it(void **state)
{
    (void)state;
    struct outcome outcome = RUN("operation", "report", "scorpion", ALL_OF_IT);
    assert_ended(&outcome, 0);
    assert_says(outcome.out, "3 hits of 2 vehicles, 2 incidents");
    assert_says(outcome.out, "  the vehicle was stopped               1\n");
    assert_says(outcome.out, "  no resource                           1\n");
    assert_says(outcome.out, "4 arrests, GBP 7500.00\n");
    assert_says(outcome.out, "2026-01-13 06:00");
    outcome_fini(&outcome);
    outcome = RUN("operation", "report", "scorpion", "--format", "csv", ALL_OF_IT);
    assert_ended(&outcome, 0);
    assert_says(outcome.out, "section,row,measure,value\n");
    assert_says(outcome.out, "\"forces\",\"avon\",\"outcomes.arrests\",4\n");
    assert_says(outcome.out, "\"meetings\",\"wilts/1|M4|wilts|07\",\"vehicles\",1\n");
    outcome_fini(&outcome);
}

static void a_covert_list_counts_when_it_is_named_by_right(void **state)
{
    (void)state;
    struct outcome outcome = RUN("operation", "report", "scorpion", "--json", ALL_OF_IT);
    json_t *without = parse(&outcome);
    assert_int_equal(json_array_size(json_object_get(without, "lists")), 2);
    outcome_fini(&outcome);
    outcome = RUN("operation", "report", "scorpion", "--covert", "covert-a", ALL_OF_IT);
    assert_ended(&outcome, 3); // by what authority?
    outcome_fini(&outcome);
    outcome = RUN("operation", "report", "scorpion", "--json", "--covert", "covert-a",
                  "--authority", "OP/7", ALL_OF_IT);
    assert_ended(&outcome, 0);
    json_t *with = parse(&outcome);
    assert_int_equal(number(with, "totals.hits"), number(without, "totals.hits") + 1);
    assert_int_equal(number(row(with, "lists", "list", "covert-a"), "incidents"), 1);
    outcome_fini(&outcome);
    json_decref(with);
    json_decref(without);
}

static void as_of_a_time_before_it_all_nothing_had_come(void **state)
{
    (void)state;
    struct outcome outcome = RUN("operation", "report", "scorpion", "--json", "--as-of",
                                 "2001-01-01T00:00:00Z", ALL_OF_IT);
    assert_ended(&outcome, 0);
    json_t *report = parse(&outcome);
    assert_int_equal(number(report, "totals.hits"), 0);
    assert_int_equal(number(report, "totals.alerts"), 0);
    json_decref(report);
    outcome_fini(&outcome);
}

// ---- a quarter in a district ----

static void a_district_shows_its_groups_lines_and_harm(void **state)
{
    (void)state;
    size_t before = town_consulted(&town, "profile bath 2026Q1");
    struct outcome outcome = RUN("profile", "--district", "bath", "--quarter", "2026Q1", "--json",
                                 "--covert", "covert-a", "--authority", "OP/7", ALL_OF_IT);
    assert_ended(&outcome, 0);
    json_t *profile = parse(&outcome);
    assert_int_equal(number(profile, "totals.hits"), 3);
    assert_int_equal(number(profile, "totals.incidents"), 2);
    const json_t *jay = row(profile, "groups", "group", "jay");
    assert_int_equal(number(jay, "vehicles"), 1);
    assert_int_equal(number(jay, "harm.worst"), 700);
    assert_int_equal(number(jay, "outcomes.arrests"), 4);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(jay, "described"), "lead")), "DI Jones");
    assert_int_equal(number(row(profile, "lines", "line", "JAY"), "attended.stopped"), 1);
    assert_int_equal(number(row(profile, "groups", "group", "owl"), "hits"), 1);
    assert_int_equal(town_consulted(&town, "profile bath 2026Q1"), before + 1);
    json_decref(profile);
    outcome_fini(&outcome);
    outcome = RUN("profile", "--district", "bath", "--quarter", "2026-Q1", ALL_OF_IT);
    assert_ended(&outcome, 0);
    assert_says(outcome.out, "2 hits of 1 vehicles, 1 incidents");
    assert_silent(outcome.out, "owl");
    assert_silent(outcome.out, "AB12CDE");
    outcome_fini(&outcome);
}

static void quarters_are_those_of_london(void **state)
{
    (void)state;
    struct outcome outcome =
        RUN("profile", "--district", "bath", "--quarter", "2026Q2", "--json", ALL_OF_IT);
    assert_ended(&outcome, 0);
    assert_says(outcome.out, "\"from\": \"2026-03-31T23:00:00.000Z\"");
    assert_says(outcome.out, "\"to\": \"2026-06-30T23:00:00.000Z\"");
    assert_says(outcome.out, "\"hits\": 0");
    outcome_fini(&outcome);
    outcome = RUN("profile", "--district", "bath", "--quarter", "2026Q5");
    assert_ended(&outcome, 2);
    outcome_fini(&outcome);
}

static void a_partner_gets_what_its_policy_allows_and_no_small_count(void **state)
{
    (void)state;
    struct outcome outcome = RUN("profile", "--district", "bath", "--quarter", "2026Q1",
                                 "--partner", "partner", "--json", ALL_OF_IT);
    assert_ended(&outcome, 0);
    json_t *profile = parse(&outcome);
    const json_t *totals = json_object_get(profile, "totals");
    assert_true(json_is_null(json_object_get(totals, "vehicles"))); // one: it would point at him
    assert_true(json_is_null(json_object_get(totals, "incidents")));
    assert_null(json_object_get(totals, "safeguarding")); // not in its policy
    assert_null(json_object_get(profile, "groups"));
    assert_silent(outcome.out, "jay");
    assert_silent(outcome.out, "Jones");
    json_decref(profile);
    outcome_fini(&outcome);
    outcome = RUN("profile", "--district", "bath", "--quarter", "2026Q1", "--partner", "joint",
                  ALL_OF_IT);
    assert_ended(&outcome, 3); // no partner, and no field policy
    outcome_fini(&outcome);
    outcome = RUN("profile", "--district", "bath", "--quarter", "2026Q1", "--partner", "partner",
                  "--covert", "covert-a", "--authority", "OP/7");
    assert_ended(&outcome, 3);
    assert_says(outcome.err, "a partner never knows of a covert list");
    outcome_fini(&outcome);
}

// ---- a group's trail ----

static void a_groups_trail_is_one_view_of_its_vehicles(void **state)
{
    (void)state;
    size_t before = town_consulted(&town, "group trail jay");
    struct outcome outcome =
        RUN("group", "trail", "jay", "--from", "2026-01-01T00:00:00Z", "--json");
    assert_ended(&outcome, 0);
    json_t *trail = parse(&outcome);
    assert_int_equal(number(trail, "vehicles"), 1);
    assert_int_equal(json_array_size(json_object_get(trail, "places")), 2);
    assert_string_equal(
        json_string_value(json_object_get(row(trail, "places", "site", "avon/2"), "at")),
        "2026-01-13T06:45:00.000Z");
    assert_int_equal(town_consulted(&town, "group trail jay"), before + 1);
    json_decref(trail);
    outcome_fini(&outcome);
    outcome = RUN("group", "trail", "owl", "--from", "2026-01-01T00:00:00Z");
    assert_ended(&outcome, 0);
    assert_says(outcome.out, "0 vehicles at 0 places");
    outcome_fini(&outcome);
    outcome = RUN("group", "trail", "owl", "--from", "2026-01-01T00:00:00Z", "--covert", "covert-a",
                  "--authority", "OP/7");
    assert_ended(&outcome, 0);
    assert_says(outcome.out, "1 vehicles at 1 places");
    assert_says(outcome.out, "FG34HIJ");
    outcome_fini(&outcome);
}

static void an_impossible_count_is_refused_before_it_is_sent(void **state)
{
    (void)state;
    static const char *const counts[] = {"101", "4294967297"}; // the second is one in 32 bits
    for (size_t i = 0; i < 2; i++) {
        struct outcome outcome =
            RUN("alerts", "outcome", "joint", "--token", "AAAA", "--arrests", counts[i]);
        assert_ended(&outcome, 2);
        assert_says(outcome.err, "arrests: one incident comes to 100 at most");
        outcome_fini(&outcome);
    }
}

static void bad_words_are_refused(void **state)
{
    (void)state;
    struct outcome outcome = RUN("operation", "report", "hydra");
    assert_ended(&outcome, 3);
    assert_says(outcome.err, "there is no operation 'hydra'");
    outcome_fini(&outcome);
    outcome = RUN("operation", "report", "scorpion", "--format", "xml");
    assert_ended(&outcome, 2);
    assert_says(outcome.err, "allowed: text, json or csv");
    outcome_fini(&outcome);
    outcome = RUN("operation", "report", "scorpion", "--as-of", "noon");
    assert_ended(&outcome, 2);
    outcome_fini(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_totals_and_shares_are_right_to_the_unit),
        cmocka_unit_test(the_same_log_gives_the_same_bytes),
        cmocka_unit_test(a_person_and_a_table_program_read_it),
        cmocka_unit_test(a_covert_list_counts_when_it_is_named_by_right),
        cmocka_unit_test(as_of_a_time_before_it_all_nothing_had_come),
        cmocka_unit_test(a_district_shows_its_groups_lines_and_harm),
        cmocka_unit_test(quarters_are_those_of_london),
        cmocka_unit_test(a_partner_gets_what_its_policy_allows_and_no_small_count),
        cmocka_unit_test(a_groups_trail_is_one_view_of_its_vehicles),
        cmocka_unit_test(an_impossible_count_is_refused_before_it_is_sent),
        cmocka_unit_test(bad_words_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
