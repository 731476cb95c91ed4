// SPDX-License-Identifier: Apache-2.0
// What a person sees of vehicles: where one was and who was told, what led to an alert, what other
// rules would have told; and that covert lists stay unseen.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hitstream/v1/alert.pb-c.h"
#include "town.h"

#define FIRST  "AB12CDE" // stolen, and on a covert list
#define SECOND "KL03MNO" // wanted in another force as well

static struct town town;

#define RUN(...) town_run(&town, (const char *const[]){__VA_ARGS__, NULL})

static int setup(void **state)
{
    (void)state;
    static const struct story_hit hits[] = {
        {.at = "12:00:00", .vehicle = FIRST, .list = "stolen", .site = "avon/1"},
        {.at = "12:00:00", .vehicle = FIRST, .list = "covert-a", .site = "avon/1"},
        {.at = "12:02:00", .vehicle = FIRST, .list = "stolen", .site = "avon/1"},
        {.at = "12:03:00", .vehicle = SECOND, .list = "missing", .site = "avon/1"},
        {.at = "12:10:00", .vehicle = FIRST, .list = "stolen", .site = "avon/2"},
        {.at = "12:12:00", .vehicle = SECOND, .list = "missing", .site = "avon/2"},
        {.at = "12:14:00", .vehicle = FIRST, .list = "covert-a", .site = "avon/2"},
        {.at = "12:16:00", .vehicle = FIRST, .list = "stolen", .site = "avon/2"},
    };
    town_open(&town);
    for (size_t i = 0; i < sizeof(hits) / sizeof(hits[0]); i++) {
        town_passes(&town, &hits[i]);
    }
    town_settle(&town);
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

static void id_of(const char *queue, size_t number, char ret_text[HS_ID_TEXT_BYTES])
{
    const struct hs_offline_alert *alert = town_alert(&town, queue, number);
    assert_non_null(alert);
    hs_id_text(&alert->id, ret_text);
}

// ---- trail ----

static void a_trail_shows_places_and_who_was_told(void **state)
{
    (void)state;
    size_t before = town_consulted(&town, "trail");
    struct outcome outcome = RUN("trail", "ab12 cde");
    assert_ended(&outcome, 0);
    assert_says(outcome.out, FIRST ", audience open\n");
    assert_says(outcome.out, "4 hits from 13 Jan 12:00:00 to 13 Jan 12:16:00");
    assert_says(outcome.out, "2 reads, EXACT, until 13 Jan 12:02:00\n");
    assert_says(outcome.out, "    told avon-live: ");
    assert_silent(outcome.out, "covert");
    assert_silent(outcome.err, "covert");
    assert_int_equal(town_consulted(&town, "trail"), before + 1);
    outcome_fini(&outcome);
}

static void a_covert_list_is_shown_when_it_is_named_by_right(void **state)
{
    (void)state;
    struct outcome outcome = RUN("trail", FIRST, "--covert", "covert-a");
    assert_ended(&outcome, 3);
    assert_string_equal(outcome.out, "");
    outcome_fini(&outcome);
    outcome = RUN("trail", FIRST, "--covert", "covert-a", "--authority", "OP 1/26");
    assert_ended(&outcome, 0);
    assert_says(outcome.out, FIRST ", audience covert:covert-a\n");
    outcome_fini(&outcome);
    outcome = RUN("trail", FIRST, "--covert", "covert-b", "--authority", "OP 1/26");
    assert_ended(&outcome, 0);
    assert_silent(outcome.out, "covert");
    outcome_fini(&outcome);
}

static void an_incident_finds_its_vehicle(void **state)
{
    (void)state;
    char id[HS_ID_TEXT_BYTES];
    hs_id_text(&town_alert(&town, "avon-live", 0)->incident, id);
    struct outcome by_id = RUN("trail", id);
    assert_ended(&by_id, 0);
    assert_says(by_id.out, ", audience open\n");
    assert_says(by_id.err, "all states are read");
    outcome_fini(&by_id);
    hs_id_text(&town_alert(&town, "covert-a-desk", 0)->incident, id);
    struct outcome covert = RUN("trail", id);
    struct outcome unknown = RUN("trail", "ffffffffffffffffffffffffffffffff");
    assert_ended(&covert, 0);
    assert_ended(&unknown, 0);
    assert_string_equal(covert.out, unknown.out);
    assert_says(covert.err, "nothing is kept of");
    outcome_fini(&covert);
    outcome_fini(&unknown);
}

static void a_trail_as_json(void **state)
{
    (void)state;
    struct outcome outcome = RUN("trail", SECOND, "--json");
    assert_ended(&outcome, 0);
    assert_says(outcome.out, "{\"subject\":\"" SECOND "\",\"states\":[{\"vehicle\":\"" SECOND "\"");
    outcome_fini(&outcome);
    outcome = RUN("trail", "");
    assert_ended(&outcome, 2);
    outcome_fini(&outcome);
}

// ---- explain ----

static void every_open_alert_comes_out_of_the_log_again(void **state)
{
    (void)state;
    char id[HS_ID_TEXT_BYTES];
    size_t before = town_consulted(&town, "explain");
    size_t number = 0;
    for (; town_alert(&town, "avon-live", number); number++) {
        id_of("avon-live", number, id);
        struct outcome outcome = RUN("explain", id, "--queue", "avon-live");
        assert_ended(&outcome, 0);
        assert_says(outcome.out, "the same alert, byte for byte");
        assert_says(outcome.out, "incident.repeat_window_ms: 300000\n");
        assert_says(outcome.out, "  hit of 13 Jan 12:0");
        outcome_fini(&outcome);
    }
    assert_true(number >= 4);
    assert_int_equal(town_consulted(&town, "explain"), before + number);
}

static void explain_as_json_finds_the_queue_by_itself(void **state)
{
    (void)state;
    char id[HS_ID_TEXT_BYTES];
    id_of("avon-live", 1, id);
    id[16] = '\0';
    struct outcome outcome = RUN("explain", id, "--json");
    assert_ended(&outcome, 0);
    assert_says(outcome.out, "{\"found\":{\"topic\":\"dispatch.avon-live\"");
    assert_says(outcome.out, "\"came\":true,\"agrees\":true,\"difference\":\"\"}");
    outcome_fini(&outcome);
}

static void a_covert_alert_is_answered_like_one_that_is_not_there(void **state)
{
    (void)state;
    char id[HS_ID_TEXT_BYTES];
    id_of("covert-a-desk", 0, id);
    struct outcome outcome = RUN("explain", id);
    assert_ended(&outcome, 3);
    assert_string_equal(outcome.out, "");
    assert_says(outcome.err, "there is no alert");
    outcome_fini(&outcome);
    outcome = RUN("explain", "0123456789abcdef");
    assert_ended(&outcome, 3);
    assert_says(outcome.err, "there is no alert");
    outcome_fini(&outcome);
    outcome = RUN("explain", id, "--covert", "covert-a", "--authority", "OP 1/26");
    assert_ended(&outcome, 0);
    assert_says(outcome.out, "the same alert, byte for byte");
    assert_silent(outcome.out, "list stolen"); // the open audience's hits of the same vehicle
    outcome_fini(&outcome);
}

static void an_alert_with_other_bytes_is_said_to_differ(void **state)
{
    (void)state;
    const struct hs_offline_alert *alert = town_alert(&town, "avon-live", 0);
    char id[HS_ID_TEXT_BYTES];
    Hitstream__V1__Alert *changed =
        hitstream__v1__alert__unpack(NULL, alert->payload.len, (const uint8_t *)alert->payload.ptr);
    uint8_t bytes[8192];
    assert_non_null(changed);
    changed->hits += 7;
    size_t len = hitstream__v1__alert__pack(changed, bytes);
    hs_id_text(&alert->id, id);
    const struct hs_test_header headers[] = {{"ce_id", hs_str(id)}};
    assert_int_equal(hs_test_produce(town.producer, "undelivered.wilts-live", 0, HS_STR("k"),
                                     hs_str_n(bytes, len), headers, 1),
                     0);
    assert_int_equal(hs_test_producer_flush(town.producer, 10000), 0);
    hitstream__v1__alert__free_unpacked(changed, NULL);
    struct outcome outcome = RUN("explain", id, "--queue", "wilts-live");
    assert_ended(&outcome, 8);
    assert_says(outcome.out, "with other bytes; hits: told 8, now 1\n");
    outcome_fini(&outcome);
}

// ---- replay ----

static void the_same_rules_tell_the_same(void **state)
{
    (void)state;
    char path[HS_TEST_PATH_BYTES];
    town_write(&town, "same.yaml", "incident:\n  quiet_ms: 1800000\n  repeat_window_ms: 300000\n",
               path);
    size_t before = town_consulted(&town, "replay");
    struct outcome outcome = RUN("replay", "--from", "2026-01-01T00:00:00Z", "--rules", path);
    assert_ended(&outcome, 0);
    assert_says(outcome.out, "0 would come, 0 would go, 0 would differ\n");
    assert_says(outcome.out, "avon-live");
    assert_silent(outcome.out, "covert");
    assert_int_equal(town_consulted(&town, "replay"), before + 1);
    outcome_fini(&outcome);
}

static void other_rules_tell_more(void **state)
{
    (void)state;
    char path[HS_TEST_PATH_BYTES];
    town_write(&town, "eager.yaml", "incident:\n  quiet_ms: 1800000\n  repeat_window_ms: 1000\n",
               path);
    struct outcome outcome = RUN("replay", "--from", "2026-01-01T00:00:00Z", "--rules", path);
    assert_ended(&outcome, 0);
    assert_says(outcome.out, "\n+ 13 Jan 12:02:00  avon-live  UPDATED ");
    assert_silent(outcome.out, "\n- ");
    outcome_fini(&outcome);
    outcome = RUN("replay", "--from", "2026-01-01T00:00:00Z", "--rules", path, "--json", "--covert",
                  "covert-a", "--authority", "OP 1/26");
    assert_ended(&outcome, 0);
    assert_says(outcome.out,
                "\"queue\":\"covert-a-desk\",\"kind\":\"OPENED\",\"now\":1,\"then\":1}");
    assert_says(outcome.out, "\"go\":0,\"differ\":0,\"rows\":[{\"sign\":\"+\"");
    outcome_fini(&outcome);
}

static void bad_words_are_refused(void **state)
{
    (void)state;
    char path[HS_TEST_PATH_BYTES];
    town_write(&town, "bad.yaml", "incident:\n  quite_ms: 1\n", path);
    struct outcome outcome = RUN("replay", "--from", "2026-01-01T00:00:00Z", "--rules", path);
    assert_ended(&outcome, 3);
    assert_says(outcome.err, "quite_ms");
    outcome_fini(&outcome);
    outcome = RUN("replay", "--from", "noon", "--rules", path);
    assert_ended(&outcome, 2);
    outcome_fini(&outcome);
    outcome = RUN("replay", "--from", "2026-01-02T00:00:00Z", "--to", "2026-01-01T00:00:00Z",
                  "--rules", path);
    assert_ended(&outcome, 2);
    outcome_fini(&outcome);
    outcome = RUN("explain", "AB12CDE");
    assert_ended(&outcome, 2);
    outcome_fini(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trail_shows_places_and_who_was_told),
        cmocka_unit_test(a_covert_list_is_shown_when_it_is_named_by_right),
        cmocka_unit_test(an_incident_finds_its_vehicle),
        cmocka_unit_test(a_trail_as_json),
        cmocka_unit_test(every_open_alert_comes_out_of_the_log_again),
        cmocka_unit_test(explain_as_json_finds_the_queue_by_itself),
        cmocka_unit_test(a_covert_alert_is_answered_like_one_that_is_not_there),
        cmocka_unit_test(an_alert_with_other_bytes_is_said_to_differ),
        cmocka_unit_test(the_same_rules_tell_the_same),
        cmocka_unit_test(other_rules_tell_more),
        cmocka_unit_test(bad_words_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
