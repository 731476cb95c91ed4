// SPDX-License-Identifier: Apache-2.0
//
// What came of an operation, and of a quarter in a district, counted from a story's log and alerts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "report/report.h"
#include "report/trail.h"
#include "scenario/scorpion.h"
#include "scenario/story.h"

#define SAY(kind) HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_##kind

enum { TOLD_AFTER_MS = 2000 }; // an alert stands in its topic so long after its event

// ------------------------------------------------------------------ the day

static struct hs_controls *scorpion_controls(void)
{
    return story_controls_of(SCORPION_QUEUES, SCORPION_OPERATIONS, SCORPION_GROUPS);
}

static void outcome(struct story *story, const char *at, const char *queue, const char *id,
                    uint32_t arrests, uint32_t drugs, const char *replaces)
{
    Hitstream__V1__Outcome came = HITSTREAM__V1__OUTCOME__INIT;
    struct hs_id before;
    came.arrests = arrests;
    came.drug_seizures = drugs;
    if (replaces) {
        before = story_feedback_id(replaces);
        came.replaces = (ProtobufCBinaryData){HS_ID_BYTES, before.bytes};
    }
    says(story, &(struct story_say){
                    .at = at, .queue = queue, .kind = SAY(OUTCOME), .id = id, .outcome = &came});
}

// Within scorpion: AB12CDE twice and FG34HIJ in avon, KL56MNO in wilts; the others without.
static struct story *a_day(void)
{
    struct story *story = story_new();
    controls_add(story, SCORPION_QUEUES, SCORPION_OPERATIONS, SCORPION_GROUPS);
    passes(story, "05:59:59", "EARLY1", "stolen", "avon/1");
    story_tell(story, &(struct story_hit){.at = "06:30:00",
                                          .vehicle = "AB12CDE",
                                          .list = "stolen",
                                          .site = "avon/1",
                                          .group = "jay",
                                          .line = "JAY",
                                          .harm_score = 700,
                                          .flow = 10});
    story_tell(story, &(struct story_hit){.at = "06:45:00",
                                          .vehicle = "AB12CDE",
                                          .list = "stolen",
                                          .site = "avon/2",
                                          .group = "jay",
                                          .line = "JAY",
                                          .harm_score = 700,
                                          .flow = 30});
    answers(story, "06:46:00", "avon-live", "acknowledged");
    answers(story, "06:50:00", "joint", "stopped");
    outcome(story, "07:00:00", "avon-live", "first", 3, 0, NULL);
    outcome(story, "07:30:00", "avon-live", "second", 2, 1, "first");
    story_tell(story, &(struct story_hit){.at = "07:40:00",
                                          .vehicle = "KL56MNO",
                                          .list = "drugs",
                                          .site = "wilts/1",
                                          .road = "M4",
                                          .harm_score = 40,
                                          .safeguarding = 3,
                                          .flow = 40});
    answers(story, "07:45:00", "wilts-live", "no resource");
    outcome(story, "08:00:00", "wilts-live", "third", 1, 0, NULL);
    passes(story, "08:10:00", "FORCE9", "stolen", "city/1"); // of a force that takes no part
    passes(story, "09:00:00", "FG34HIJ", "covert-a", "avon/1");
    passes(story, "11:59:59", "FG34HIJ", "stolen", "avon/1");
    passes(story, "12:00:00", "LATE1", "stolen", "avon/1");
    silence_but(story, story_offline(story)->alert_count);
    return story;
}

static bool everybody(void *ctx, const struct hs_audience *audience)
{
    (void)ctx;
    (void)audience;
    return true;
}

// How the story's records come: a report does not depend on it.
enum order { EVENTS_FIRST, ALERTS_FIRST, TWICE };

static void read_events(const struct story *story, struct hs_report *report)
{
    size_t count;
    const struct hs_offline_event *log = story_log(story, &count);
    for (size_t i = 0; i < count; i++) {
        const struct hs_report_record record = {log[i].append_time_ms, log[i].value};
        assert_int_equal(hs_report_event(report, &record), 0);
    }
}

static void read_alerts(const struct story *story, struct hs_report *report)
{
    const struct hs_offline *offline = story_offline(story);
    size_t count;
    const struct hs_offline_event *log = story_log(story, &count);
    for (size_t i = 0; i < offline->alert_count; i++) {
        const struct hs_offline_alert *alert = &offline->alerts[i];
        const struct hs_report_record record = {log[alert->offset].append_time_ms + TOLD_AFTER_MS,
                                                alert->payload};
        bool unrouted = strcmp(alert->queue, "unrouted") == 0;
        assert_int_equal(hs_report_alert(report, unrouted ? NULL : alert->queue, &record), 0);
    }
}

static struct hs_report *report_on(const struct story *story, struct hs_report_config config,
                                   enum order order)
{
    struct hs_report *report;
    assert_int_equal(hs_report_new(&config, &report), 0);
    if (order == ALERTS_FIRST) {
        read_alerts(story, report);
    }
    read_events(story, report);
    if (order != ALERTS_FIRST) {
        read_alerts(story, report);
    }
    if (order == TWICE) {
        read_events(story, report);
        read_alerts(story, report);
    }
    assert_int_equal(hs_report_finish(report), 0);
    return report;
}

static struct hs_report_config of_scorpion(const struct hs_controls *controls)
{
    const struct hs_operation *operation =
        hs_routes_find_operation(hs_controls_routes(controls), HS_STR("scorpion"));
    assert_non_null(operation);
    return (struct hs_report_config){.controls = controls,
                                     .operation = operation,
                                     .from_ms = operation->from_ms,
                                     .to_ms = operation->to_ms};
}

static const struct hs_report_row *row_of(const struct hs_report *report, enum hs_report_by by,
                                          const char *name)
{
    size_t count;
    const struct hs_report_row *rows = hs_report_rows(report, by, &count);
    for (size_t i = 0; i < count; i++) {
        if (hs_str_is(rows[i].name, name)) {
            return &rows[i];
        }
    }
    fail_msg("no row '%s'", name);
    return NULL;
}

// ------------------------------------------------------------------ an operation

static void assert_scorpion(const struct hs_report *report)
{
    const struct hs_report_row *all = hs_report_total(report);
    assert_int_equal(all->hits, 4);
    assert_int_equal(all->vehicles, 3);
    assert_int_equal(all->incidents, 3);
    assert_int_equal(all->states[HS_STATE_STOPPED], 1);
    assert_int_equal(all->states[HS_STATE_NO_RESOURCE], 1);
    assert_int_equal(all->states[HS_STATE_NO_ANSWER], 1);
    assert_int_equal(hs_report_unattended(all), 2);
    assert_int_equal(all->outcomes[HS_OUTCOME_ARRESTS], 3);
    assert_int_equal(all->outcomes[HS_OUTCOME_DRUG_SEIZURES], 1);
    assert_int_equal(all->harm, 740);
    assert_int_equal(all->harm_unattended, 40);
    assert_int_equal(all->harm_worst, 700);
    assert_int_equal(all->safeguarding[3], 1);
    assert_int_equal(all->safeguarding_unattended, 1);
    assert_int_equal(hs_report_left_out(report)->outcomes_replaced, 1);
    assert_int_equal(hs_report_left_out(report)->beyond_bounds, 0);
}

static void each_force_has_its_share(void **state)
{
    (void)state;
    struct story *story = a_day();
    struct hs_controls *controls = scorpion_controls();
    struct hs_report *report = report_on(story, of_scorpion(controls), EVENTS_FIRST);
    assert_scorpion(report);
    const struct hs_report_row *avon = row_of(report, HS_BY_FORCE, "avon");
    const struct hs_report_row *wilts = row_of(report, HS_BY_FORCE, "wilts");
    assert_int_equal(avon->hits, 3);
    assert_int_equal(avon->vehicles, 2);
    assert_int_equal(avon->incidents, 2);
    assert_int_equal(avon->outcomes[HS_OUTCOME_ARRESTS], 2); // as corrected
    assert_int_equal(avon->told, 7);     // two at avon-live and avon-intel, three at the joint desk
    assert_int_equal(avon->answered, 2); // AB12CDE by both
    assert_int_equal(wilts->hits, 1);
    assert_int_equal(wilts->outcomes[HS_OUTCOME_ARRESTS], 1);
    assert_int_equal(wilts->told, 2);
    assert_int_equal(wilts->answered, 1);
    assert_int_equal(row_of(report, HS_BY_FORCE, "council")->told, 3); // with a field policy
    assert_int_equal(row_of(report, HS_BY_ROAD, "M4")->hits, 1);
    assert_int_equal(row_of(report, HS_BY_ROAD, "A4")->hits, 3);
    assert_int_equal(row_of(report, HS_BY_GROUP, "jay")->outcomes[HS_OUTCOME_ARRESTS], 2);
    hs_report_free(report);
    hs_controls_unref(controls);
    story_free(story);
}

static void neither_order_nor_copies_change_it(void **state)
{
    (void)state;
    struct story *story = a_day();
    struct hs_controls *controls = scorpion_controls();
    struct hs_report *turned = report_on(story, of_scorpion(controls), ALERTS_FIRST);
    struct hs_report *twice = report_on(story, of_scorpion(controls), TWICE);
    assert_scorpion(turned);
    assert_scorpion(twice);
    assert_int_equal(hs_report_left_out(twice)->hits_repeated, 4);
    assert_int_equal(hs_report_times(twice, NULL)->read_to_alert.count,
                     hs_report_times(turned, NULL)->read_to_alert.count);
    hs_report_free(turned);
    hs_report_free(twice);
    hs_controls_unref(controls);
    story_free(story);
}

static void hours_and_times_are_those_of_the_day(void **state)
{
    (void)state;
    struct story *story = a_day();
    struct hs_controls *controls = scorpion_controls();
    struct hs_report *report = report_on(story, of_scorpion(controls), EVENTS_FIRST);
    const struct hs_str avon = HS_STR("avon"), nobody = HS_STR("nobody");
    size_t count;
    const struct hs_report_row *hours = hs_report_rows(report, HS_BY_HOUR, &count);
    assert_int_equal(count, 3);
    assert_int_equal(hours[0].hour_ms, story_time_ms("06:00:00"));
    assert_int_equal(hours[0].hits, 2);
    assert_int_equal(hours[0].vehicles, 1);
    assert_int_equal(hours[2].hour_ms, story_time_ms("11:00:00"));
    const struct hs_report_times *times = hs_report_times(report, NULL);
    assert_int_equal(times->read_to_alert.count, times->read_to_alert.within); // two seconds each
    assert_int_equal(times->read_to_alert.max_ms, TOLD_AFTER_MS);
    assert_int_equal(times->alert_to_answer.count, 3);
    assert_int_equal(times->alert_to_answer.max_ms, 20 * 60000 - TOLD_AFTER_MS); // joint
    assert_non_null(hs_report_times(report, &avon));
    assert_null(hs_report_times(report, &nobody));
    hs_report_free(report);
    hs_controls_unref(controls);
    story_free(story);
}

static void places_stand_beside_what_their_traffic_would_give(void **state)
{
    (void)state;
    struct story *story = a_day();
    struct hs_controls *controls = scorpion_controls();
    struct hs_report *report = report_on(story, of_scorpion(controls), EVENTS_FIRST);
    size_t count;
    const struct hs_report_site *sites = hs_report_sites(report, &count);
    assert_int_equal(count, 3);
    // 600, 1800 and 2400 vehicles an hour share four passes
    assert_true(hs_str_is(sites[0].site_id, "avon/1"));
    assert_int_equal(sites[0].passes, 2);
    assert_int_equal(sites[0].expected_milli, 500);
    assert_int_equal(sites[0].traffic_per_hour, 600);
    assert_true(hs_str_is(sites[2].site_id, "wilts/1"));
    assert_int_equal(sites[2].expected_milli, 2000);
    const struct hs_report_meeting *meetings = hs_report_meetings(report, &count);
    assert_int_equal(count, 4);
    assert_true(hs_str_is(meetings[0].site_id, "avon/1"));
    assert_int_equal(meetings[0].hour, 6);
    assert_int_equal(meetings[0].vehicles, 1);
    hs_report_free(report);
    hs_controls_unref(controls);
    story_free(story);
}

static void a_covert_list_counts_for_who_may_see_it(void **state)
{
    (void)state;
    struct story *story = a_day();
    struct hs_controls *controls = scorpion_controls();
    struct hs_report_config config = of_scorpion(controls);
    config.sees = everybody;
    struct hs_report *report = report_on(story, config, EVENTS_FIRST);
    assert_int_equal(hs_report_total(report)->hits, 5);
    assert_int_equal(hs_report_total(report)->vehicles, 3); // one of them twice
    assert_int_equal(row_of(report, HS_BY_LIST, "covert-a")->hits, 1);
    assert_int_equal(row_of(report, HS_BY_LIST, "covert-a")->states[HS_STATE_INTELLIGENCE], 1);
    hs_report_free(report);
    hs_controls_unref(controls);
    story_free(story);
}

// ------------------------------------------------------------------ corrections

static void a_correction_of_another_desks_outcome_is_refused(void **state)
{
    (void)state;
    struct story *story = a_day();
    struct hs_controls *controls = scorpion_controls();
    outcome(story, "12:30:00", "joint", "theirs", 50, 0, "third");
    struct hs_report *report = report_on(story, of_scorpion(controls), EVENTS_FIRST);
    assert_int_equal(hs_report_total(report)->outcomes[HS_OUTCOME_ARRESTS], 3);
    assert_int_equal(hs_report_left_out(report)->outcomes_refused, 1);
    hs_report_free(report);
    hs_controls_unref(controls);
    story_free(story);
}

static void the_last_of_several_corrections_stands(void **state)
{
    (void)state;
    struct hs_controls *controls = scorpion_controls();
    struct story *story = story_new();
    controls_add(story, SCORPION_QUEUES, SCORPION_OPERATIONS, SCORPION_GROUPS);
    passes(story, "10:00:00", "FG34HIJ", "stolen", "avon/1");
    outcome(story, "10:10:00", "avon-live", "a", 9, 0, NULL);
    outcome(story, "10:11:00", "avon-live", "b", 8, 0, "a");
    outcome(story, "10:12:00", "avon-live", "c", 7, 0, "a"); // again of the first
    outcome(story, "10:13:00", "avon-live", "d", 6, 0, "b");
    outcome(story, "10:14:00", "avon-live", "e", 5, 0, "before-the-log");
    silence_but(story, story_offline(story)->alert_count);
    struct hs_report *report = report_on(story, of_scorpion(controls), EVENTS_FIRST);
    assert_int_equal(hs_report_total(report)->outcomes[HS_OUTCOME_ARRESTS], 6 + 5);
    assert_int_equal(hs_report_left_out(report)->outcomes_replaced, 3);
    hs_report_free(report);
    hs_controls_unref(controls);
    story_free(story);
}

// ------------------------------------------------------------------ a district

static void a_district_is_its_groups_and_its_area(void **state)
{
    (void)state;
    struct story *story = a_day();
    struct hs_controls *controls = scorpion_controls();
    struct hs_report_config config = {.controls = controls,
                                      .district = HS_STR("bath"),
                                      .from_ms = story_time_ms("00:00:00"),
                                      .to_ms = story_time_ms("23:59:59")};
    struct hs_report *report = report_on(story, config, EVENTS_FIRST);
    assert_int_equal(hs_report_total(report)->hits, 2);
    assert_int_equal(row_of(report, HS_BY_GROUP, "jay")->incidents, 1);
    assert_int_equal(row_of(report, HS_BY_LINE, "JAY")->harm, 700);
    assert_int_equal(row_of(report, HS_BY_LINE, "JAY")->outcomes[HS_OUTCOME_ARRESTS], 2);
    hs_report_free(report);
    config.district = HS_STR("area-1"); // where all reads of stories are made
    report = report_on(story, config, EVENTS_FIRST);
    assert_int_equal(hs_report_total(report)->hits, 7);
    hs_report_free(report);
    config.to_ms = story_time_ms("07:40:00"); // a quarter ends before its end
    report = report_on(story, config, EVENTS_FIRST);
    assert_int_equal(hs_report_total(report)->hits, 3);
    hs_report_free(report);
    hs_controls_unref(controls);
    story_free(story);
}

// ------------------------------------------------------------------ a group

static void a_groups_trail_joins_reads_of_a_place_in_a_row(void **state)
{
    (void)state;
    struct story *story = story_new();
    static const struct {
        const char *at, *vehicle, *site;
    } reads[] = {{"06:00:00", "AB12CDE", "avon/1"},
                 {"06:01:00", "KL56MNO", "avon/1"},
                 {"06:02:00", "AB12CDE", "avon/1"},
                 {"06:10:00", "AB12CDE", "wilts/1"},
                 {"06:20:00", "AB12CDE", "avon/1"}};
    struct hs_trail *trail;
    struct hs_event_view view;
    size_t count;
    for (size_t i = 0; i < 5; i++) {
        story_tell(story, &(struct story_hit){.at = reads[i].at,
                                              .vehicle = reads[i].vehicle,
                                              .list = "stolen",
                                              .site = reads[i].site,
                                              .group = "jay"});
    }
    silence_but(story, story_offline(story)->alert_count);
    assert_int_equal(hs_trail_new(HS_STR("jay"), 0, story_time_ms("06:20:00"), &trail), 0);
    const struct hs_offline_event *log = story_log(story, &count);
    for (size_t i = 2 * count; i > 0; i--) { // backwards, and twice
        assert_int_equal(hs_event_view(log[(i - 1) % count].value, &view), 0);
        if (view.kind == HS_VIEW_HIT) {
            assert_int_equal(hs_trail_add(trail, &view.hit), 0);
        }
    }
    hs_trail_finish(trail);
    const struct hs_trail_place *places = hs_trail_places(trail, &count);
    assert_int_equal(count, 3);
    assert_int_equal(hs_trail_vehicles(trail), 2);
    assert_true(hs_str_is(places[0].vehicle, "AB12CDE"));
    assert_int_equal(places[0].reads, 2);
    assert_int_equal(places[0].until_ms, story_time_ms("06:02:00"));
    assert_true(hs_str_is(places[1].vehicle, "KL56MNO"));
    assert_true(hs_str_is(places[2].site_id, "wilts/1"));
    hs_trail_free(trail);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_force_has_its_share),
        cmocka_unit_test(neither_order_nor_copies_change_it),
        cmocka_unit_test(hours_and_times_are_those_of_the_day),
        cmocka_unit_test(places_stand_beside_what_their_traffic_would_give),
        cmocka_unit_test(a_covert_list_counts_for_who_may_see_it),
        cmocka_unit_test(a_correction_of_another_desks_outcome_is_refused),
        cmocka_unit_test(the_last_of_several_corrections_stands),
        cmocka_unit_test(a_district_is_its_groups_and_its_area),
        cmocka_unit_test(a_groups_trail_joins_reads_of_a_place_in_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
