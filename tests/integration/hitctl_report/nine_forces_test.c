// SPDX-License-Identifier: Apache-2.0
// Nine forces on the motorways for three days, from 'hitctl operation create' to the report, on a
// real broker and Redis: every total and each force's share is known beforehand, and right to the
// unit.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "hitstream/v1/alert.pb-c.h"
#include "town.h"

enum { FORCES = 9, DAYS = 3, OWN = FORCES * (FORCES + 1) / 2 };

// Where the camera of each stands; force i has i + 1 vehicles of its own each day.
static const char *const forces[FORCES] = {"avon",  "city", "devon",  "dorset", "essex",
                                           "gwent", "kent", "surrey", "wilts"};
static const char *const cameras[FORCES] = {"c1", "c4", "c7", "c5", "c10", "c6", "c9", "c8", "c2"};
static const size_t crossing[] = {0, 8, 1}; // avon, wilts, the city: two borders each day

#define DESK(force)                                                                                \
    "  " force "-desk: {owner: " force ", kind: live, lists: [], forces: [" force                  \
    "], default: true}\n"
#define QUEUES                                                                                     \
    "queues:\n"                                                                                    \
    "  avon-own: {owner: avon, kind: live, lists: [stolen], forces: [avon]}\n" DESK("avon")        \
        DESK("city") DESK("devon") DESK("dorset") DESK("essex") DESK("gwent") DESK("kent")         \
            DESK("surrey") DESK("wilts") "  joint: {owner: avon, kind: live, lists: []}\n"
#define DESKS                                                                                      \
    "joint,avon-desk,city-desk,devon-desk,dorset-desk,essex-desk,gwent-desk,kent-desk,"            \
    "surrey-desk,wilts-desk"

#define SAY(kind)      HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_##kind
#define LAST_SECOND    "2+21:59:59" // of the operation
#define ITS_END        "2+22:00:00"
#define A_SECOND_LATER "2+22:00:01"

static struct town town;
static json_t *report;

#define RUN(...) town_run(&town, (const char *const[]){__VA_ARGS__, NULL})

static void done(struct outcome outcome)
{
    if (outcome.exit_code != 0) {
        fail_msg("exit %d\n%s%s", outcome.exit_code, outcome.out, outcome.err);
    }
    outcome_fini(&outcome);
}

static void passes_by(const char *at, const char *vehicle, size_t force)
{
    char site[32];
    snprintf(site, sizeof(site), "%s/1", forces[force]);
    town_passes(&town, &(struct story_hit){.at = at,
                                           .vehicle = vehicle,
                                           .list = "stolen",
                                           .site = site,
                                           .camera = cameras[force],
                                           .road = force % 2 ? "M4" : "M5"});
}

// One day: each force's own vehicles, and one that crosses two borders.
static void play_day(size_t day)
{
    char at[32], vehicle[32];
    for (size_t force = 0; force < FORCES; force++) {
        for (size_t n = 0; n <= force; n++) {
            snprintf(at, sizeof(at), "%zu+%02zu:%02zu:00", day, 8 + force, n * 5);
            snprintf(vehicle, sizeof(vehicle), "D%zuF%zuV%zu", day, force, n);
            passes_by(at, vehicle, force);
        }
    }
    for (size_t n = 0; n < 3; n++) {
        snprintf(at, sizeof(at), "%zu+19:%02zu:00", day, n * 20);
        snprintf(vehicle, sizeof(vehicle), "D%zuCROSS", day);
        passes_by(at, vehicle, crossing[n]);
    }
}

static void answer(const char *queue, Hitstream__V1__FeedbackKind kind, const char *id,
                   const Hitstream__V1__Outcome *outcome)
{
    const struct hs_offline_alert *alert = town_alert(&town, queue, 0);
    assert_non_null(alert);
    town_says(&town,
              &(struct story_say){
                  .at = "20:00:00", .queue = queue, .kind = kind, .id = id, .outcome = outcome},
              alert);
}

// Each force acknowledges its first alert, and what came of it: force i made i + 1 arrests.
static void feed_back(void)
{
    char queue[32], id[32];
    for (size_t force = 0; force < FORCES; force++) {
        Hitstream__V1__Outcome came = HITSTREAM__V1__OUTCOME__INIT;
        came.arrests = (uint32_t)force + 1;
        came.drug_seizures = (uint32_t)(force % 3);
        came.cash_pence = 1000 * (force + 1);
        snprintf(queue, sizeof(queue), "%s-desk", forces[force]);
        snprintf(id, sizeof(id), "ack-%zu", force);
        answer(queue, SAY(ACKNOWLEDGED), id, NULL);
        snprintf(id, sizeof(id), "came-%zu", force);
        answer(queue, SAY(OUTCOME), id, &came);
    }
}

static int setup(void **state)
{
    (void)state;
    struct outcome outcome;
    json_error_t error;
    town_open_with(&town, story_controls_of(QUEUES, NULL, NULL));
    done(RUN("list", "create", "stolen", "--title", "Stolen", "--owner-force", "avon", "--purpose",
             "stolen", "--open", "--authority", "OP/9"));
    done(RUN("operation", "create", "nine", "--authority", "ACC/9", "--lead", "avon", "--forces",
             "city,devon,dorset,essex,gwent,kent,surrey,wilts", "--lists", "stolen", "--queues",
             DESKS, "--from", "2026-01-13T06:00:00Z", "--to", "2026-01-15T22:00:00Z", "--priority",
             "high"));
    town_follow(&town);
    passes_by("05:59:59", "EARLY", 0);
    for (size_t day = 0; day < DAYS; day++) {
        play_day(day);
    }
    passes_by(LAST_SECOND, "LAST", 0);
    passes_by(ITS_END, "END", 0);
    passes_by(A_SECOND_LATER, "AFTER", 0);
    town_settle(&town);
    feed_back();
    outcome = RUN("operation", "report", "nine", "--json", "--since", "2000-01-01T00:00:00Z");
    report = json_loads(outcome.out, 0, &error);
    if (!report) {
        fail_msg("%s%s", outcome.out, outcome.err);
    }
    outcome_fini(&outcome);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(report);
    town_close(&town);
    return 0;
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

static const json_t *share_of(const char *force)
{
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(report, "forces"), i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "force")), force) == 0) {
            return row;
        }
    }
    fail_msg("'%s' has no share", force);
    return NULL;
}

static void the_totals_are_right(void **state)
{
    (void)state;
    enum { HITS = DAYS * (OWN + 3) + 1, VEHICLES = DAYS * (OWN + 1) + 1 }; // one in the last second
    assert_int_equal(number(report, "totals.hits"), HITS);
    assert_int_equal(number(report, "totals.vehicles"), VEHICLES);
    assert_int_equal(number(report, "totals.incidents"), VEHICLES);
    assert_int_equal(number(report, "totals.outcomes.arrests"), OWN);
    assert_int_equal(number(report, "totals.outcomes.drug_seizures"), 9); // 0, 1, 2 three times
    assert_int_equal(number(report, "totals.outcomes.cash_pence"), 1000 * OWN);
}

static void each_forces_share_is_right(void **state)
{
    (void)state;
    for (size_t force = 0; force < FORCES; force++) {
        const json_t *share = share_of(forces[force]);
        size_t hits = DAYS * (force + 1);
        hits += force == 0 || force == 1 || force == 8 ? DAYS : 0; // the one that crossed
        hits += force == 0;                                        // and that of the last second
        assert_int_equal(number(share, "hits"), hits);
        assert_int_equal(number(share, "outcomes.arrests"), force + 1);
        assert_int_equal(number(share, "outcomes.cash_pence"), 1000 * (force + 1));
    }
}

// Queues that were told of a vehicle, each once, by all cores: "a b ".
static void told_of(const char *vehicle, struct hs_offline *const *cores, size_t count, char *text,
                    size_t size)
{
    text[0] = '\0';
    for (size_t c = 0; c < count; c++) {
        for (size_t i = 0; i < cores[c]->alert_count; i++) {
            const struct hs_offline_alert *told = &cores[c]->alerts[i];
            Hitstream__V1__Alert *alert = hitstream__v1__alert__unpack(
                NULL, told->payload.len, (const uint8_t *)told->payload.ptr);
            assert_non_null(alert);
            size_t len = strlen(text);
            if (strcmp(alert->vehicle, vehicle) == 0) {
                snprintf(text + len, size - len, "%s ", told->queue);
            }
            hitstream__v1__alert__free_unpacked(alert, NULL);
        }
    }
}

// The same read, decided by the controls as they were before the operation.
static void told_without_operation(const char *at, const char *vehicle, char *text, size_t size)
{
    struct hs_buf hit = {0}, activated = {0};
    struct hs_offline *core = hs_offline_new();
    story_pack_hit(&(struct story_hit){.at = at,
                                       .vehicle = vehicle,
                                       .list = "stolen",
                                       .site = "avon/1",
                                       .camera = "c1",
                                       .road = "M5"},
                   &hit);
    hs_offline_know(core, hs_controls_ref(town.before[0]));
    story_pack_controls(hs_controls_hash(town.before[0]), &activated);
    assert_int_equal(hs_offline_apply(core, 0, 1, hs_buf_str(&activated), hs_str("")), 0);
    assert_int_equal(hs_offline_apply(core, 1, 2, hs_buf_str(&hit), hs_str("")), 0);
    told_of(vehicle, &core, 1, text, size);
    hs_offline_free(core);
    hs_buf_fini(&hit);
    hs_buf_fini(&activated);
}

static void a_read_after_the_end_goes_where_it_would_have_gone_without(void **state)
{
    (void)state;
    static const struct {
        const char *at;
        const char *vehicle;
    } reads[] = {{"05:59:59", "EARLY"}, {ITS_END, "END"}, {A_SECOND_LATER, "AFTER"}};
    char with[256], without[256];
    for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
        told_of(reads[i].vehicle, town.cores, TOWN_PARTITIONS, with, sizeof(with));
        told_without_operation(reads[i].at, reads[i].vehicle, without, sizeof(without));
        assert_string_equal(with, without);
        assert_string_equal(with, "avon-own ");
    }
    told_of("LAST", town.cores, TOWN_PARTITIONS, with, sizeof(with));
    assert_string_equal(with, "avon-desk avon-own joint "); // a second before, all of them
}

static void the_forces_on_both_sides_of_a_border_are_told(void **state)
{
    (void)state;
    char told[256];
    told_of("D1CROSS", town.cores, TOWN_PARTITIONS, told, sizeof(told));
    assert_non_null(strstr(told, "avon-desk "));
    assert_non_null(strstr(told, "wilts-desk "));
    assert_non_null(strstr(told, "city-desk "));
    assert_null(strstr(told, "kent-desk "));
}

static void it_is_over_and_stays_for_who_asks(void **state)
{
    (void)state;
    struct outcome outcome = RUN("operation", "list", "--at", "2026-01-15T22:00:00Z");
    assert_non_null(strstr(outcome.out, "nine                 over"));
    outcome_fini(&outcome);
    outcome = RUN("controls", "history");
    assert_non_null(strstr(outcome.out, "operation create"));
    assert_non_null(strstr(outcome.out, "ACC/9"));
    outcome_fini(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_totals_are_right),
        cmocka_unit_test(each_forces_share_is_right),
        cmocka_unit_test(a_read_after_the_end_goes_where_it_would_have_gone_without),
        cmocka_unit_test(the_forces_on_both_sides_of_a_border_are_told),
        cmocka_unit_test(it_is_over_and_stays_for_who_asks),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
