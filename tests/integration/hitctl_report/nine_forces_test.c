// SPDX-License-Identifier: Apache-2.0
// Nine forces on the motorways for three days, all of it through hitstreamd and hitctl, on a real
// broker and Redis: reads, the operation as 'hitctl operation create' makes it while the daemon runs,
// alerts on the desks, what nine forces answer, and the report, of which every total and each force's
// share is known beforehand and right to the unit.
//
// The three days are those before today. A read is live by the time at which its log took it: here
// the topic keeps the time that comes with the message, which is the read's own, so that three days
// pass in seconds and the daemon judges each read as it would have judged it then.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "../daemon/house.h"
#include "base/civil.h"
#include "base/clock.h"
#include "hitstream/v1/alert.pb-c.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstream/v1/read.pb-c.h"
#include "support/kafka_util.h"
#include "wire/ids.h"

enum { FORCES = 9, DAYS = 3, OWN = FORCES * (FORCES + 1) / 2, PARTITIONS = 2, TOLD_MAX = 2000 };

// Force i has i + 1 vehicles of its own each day.
static const char *const forces[FORCES] = {"avon",  "city", "devon",  "dorset", "essex",
                                           "gwent", "kent", "surrey", "wilts"};
static const size_t crossing[] = {0, 8, 1}; // avon, wilts, the city: two borders each day

#define DESK(force)                                                                                \
    "  " force "-desk: {owner: " force ", kind: live, lists: [], forces: [" force                  \
    "], default: true}\n"
static const char queues[] =
    "queues:\n"
    "  avon-own: {owner: avon, kind: live, lists: [stolen], forces: [avon]}\n" DESK("avon")
        DESK("city") DESK("devon") DESK("dorset") DESK("essex") DESK("gwent") DESK("kent")
            DESK("surrey") DESK("wilts") "  joint: {owner: avon, kind: live, lists: []}\n";
#define DESKS                                                                                      \
    "joint,avon-desk,city-desk,devon-desk,dorset-desk,essex-desk,gwent-desk,kent-desk,"            \
    "surrey-desk,wilts-desk"
static const char *const all_queues[] = {"avon-own",    "avon-desk",  "city-desk",  "devon-desk",
                                         "dorset-desk", "essex-desk", "gwent-desk", "kent-desk",
                                         "surrey-desk", "wilts-desk", "joint"};
enum { QUEUES = sizeof(all_queues) / sizeof(all_queues[0]) };

// An incident stays open for the whole time: timers go by today's clock.
static const char rules[] = "incident:\n  quiet_ms: 604800000\n";

// What one desk was told, in its topic's order.
struct told {
    const char *queue;
    char vehicle[16];
    char alert_id[2 * HS_ID_BYTES + 1];
    struct hs_id incident;
    bool by_operation;
};

static struct hs_broker broker;
static struct house house;
static struct hs_test_producer *producer;
static int64_t midnight_ms; // of the first day
static size_t passed;       // reads so far
static struct told *told;
static size_t told_count;
static json_t *report;

// ------------------------------------------------------------------ reads

static int64_t at(size_t day, int hour, int minute, int second)
{
    return midnight_ms + (int64_t)day * HS_MS_PER_DAY +
           (int64_t)((hour * 60 + minute) * 60 + second) * HS_MS_PER_SECOND;
}

static void passes_by(int64_t at_ms, const char *vehicle, size_t force)
{
    Hitstream__V1__PlateReadBatch batch = HITSTREAM__V1__PLATE_READ_BATCH__INIT;
    Hitstream__V1__PlateRead read = HITSTREAM__V1__PLATE_READ__INIT;
    Hitstream__V1__PlateRead *rows[] = {&read};
    uint8_t packed[512];
    char camera[32];
    snprintf(camera, sizeof(camera), "%s/1", forces[force]);
    read.vrm = (char *)(uintptr_t)vehicle;
    read.camera_id = camera;
    read.captured_at_ms = at_ms;
    batch.n_reads = 1;
    batch.reads = rows;
    size_t len = hitstream__v1__plate_read_batch__pack(&batch, packed);
    assert_int_equal(
        hs_test_produce_at(producer, "anpr.reads", hs_str(camera), hs_str_n(packed, len), at_ms),
        0);
    passed++;
}

// What happens beside the operation: before its first second, at its end, and a second later.
static const struct {
    const char *vehicle, *twin; // the twin passes before there is an operation
    size_t day;
    int hour, minute, second;
} beside[] = {{"EARLY1", "TWIN1", 0, 5, 59, 59},
              {"END1", "TWIN2", 2, 22, 0, 0},
              {"AFTER1", "TWIN3", 2, 22, 0, 1}};
enum { BESIDE = sizeof(beside) / sizeof(beside[0]) };

static void pass_beside(bool twins)
{
    for (size_t i = 0; i < BESIDE; i++) {
        passes_by(at(beside[i].day, beside[i].hour, beside[i].minute, beside[i].second),
                  twins ? beside[i].twin : beside[i].vehicle, 0);
    }
}

// One day: each force's own vehicles, and one that crosses two borders.
static void play_day(size_t day)
{
    char vehicle[16];
    for (size_t force = 0; force < FORCES; force++) {
        for (size_t n = 0; n <= force; n++) {
            snprintf(vehicle, sizeof(vehicle), "D%zuF%zuV%zu", day, force, n);
            passes_by(at(day, 8 + (int)force, (int)n * 5, 0), vehicle, force);
        }
    }
    for (size_t n = 0; n < 3; n++) {
        snprintf(vehicle, sizeof(vehicle), "D%zuCROSS", day);
        passes_by(at(day, 19, (int)n * 20, 0), vehicle, crossing[n]);
    }
}

static bool is_applied(void)
{
    for (int32_t p = 0; p < PARTITIONS; p++) {
        int64_t low, high, committed;
        if (hs_test_watermarks(house.bootstrap, "anpr.hits", p, &low, &high) != 0 ||
            hs_test_committed(house.bootstrap, "hitstream-correlate", "anpr.hits", p, &committed) !=
                0 ||
            committed < high) {
            return false;
        }
    }
    return true;
}

// Until all that passed was matched, and all that follows from it stands on the desks' queues.
static void settle(void)
{
    int64_t until_ms = hs_clock_boottime_ms() + HOUSE_TIMEOUT_MS;
    assert_int_equal(hs_test_producer_flush(producer, HOUSE_TIMEOUT_MS), 0);
    bool done = false;
    while (!done && hs_clock_boottime_ms() < until_ms) {
        hs_test_pause_ms(50);
        house_heard(&house);
        done = house_metric(&house, "hitstream_correlate_hits_total") == (double)passed &&
               is_applied();
    }
    if (!done) {
        char *log = hs_test_file_read(house.log);
        fail_msg("%f of %zu hits are applied\n%s",
                 house_metric(&house, "hitstream_correlate_hits_total"), passed, log ? log : "");
    }
}

// ------------------------------------------------------------------ what desks were told

static void read_queue(const char *queue)
{
    struct hs_test_messages messages = {0};
    char topic[64];
    snprintf(topic, sizeof(topic), "dispatch.%s", queue);
    assert_int_equal(hs_test_topic_read(house.bootstrap, topic, HOUSE_TIMEOUT_MS, &messages), 0);
    for (size_t i = 0; i < messages.count; i++) {
        Hitstream__V1__Alert *alert = hitstream__v1__alert__unpack(
            NULL, messages.rows[i].value.len, (const uint8_t *)messages.rows[i].value.ptr);
        assert_non_null(alert);
        assert_true(told_count < TOLD_MAX);
        struct told *row = &told[told_count++];
        *row = (struct told){.queue = queue, .by_operation = alert->n_operations > 0};
        snprintf(row->vehicle, sizeof(row->vehicle), "%s", alert->vehicle);
        hs_hex_encode(alert->alert_id.data, HS_ID_BYTES, row->alert_id);
        memcpy(row->incident.bytes, alert->incident_id.data, HS_ID_BYTES);
        hitstream__v1__alert__free_unpacked(alert, NULL);
    }
    hs_test_messages_fini(&messages);
}

static void read_queues(void)
{
    told_count = 0;
    for (size_t i = 0; i < QUEUES; i++) {
        read_queue(all_queues[i]);
    }
}

// Queues that were told of a vehicle, one word an alert: "avon-own joint ".
static const char *told_of(const char *vehicle)
{
    static char text[512];
    text[0] = '\0';
    for (size_t i = 0; i < told_count; i++) {
        size_t len = strlen(text);
        if (strcmp(told[i].vehicle, vehicle) == 0) {
            snprintf(text + len, sizeof(text) - len, "%s ", told[i].queue);
        }
    }
    return text;
}

static bool is_of(const char *queue, const char *force)
{
    size_t len = strlen(force);
    return (strncmp(queue, force, len) == 0 && queue[len] == '-') ||
           (strcmp(queue, "joint") == 0 && strcmp(force, "avon") == 0);
}

static bool is_in_operation(const char *vehicle)
{
    return vehicle[0] == 'D' || strcmp(vehicle, "LAST1") == 0;
}

// Desks and incidents of the operation, each pair once; of one force's desks, or NULL.
static size_t told_pairs(const char *force)
{
    size_t pairs = 0;
    for (size_t i = 0; i < told_count; i++) {
        bool counts = is_in_operation(told[i].vehicle) && (!force || is_of(told[i].queue, force));
        for (size_t k = 0; k < i && counts; k++) {
            counts =
                told[i].queue != told[k].queue || !hs_id_eq(&told[i].incident, &told[k].incident);
        }
        pairs += counts;
    }
    return pairs;
}

// ------------------------------------------------------------------ what desks say

static void done(int exit_code)
{
    if (exit_code != 0) {
        fail_msg("exit %d: %s", exit_code, house.text);
    }
}

static const char *first_alert(const char *queue, const char *vehicle)
{
    for (size_t i = 0; i < told_count; i++) {
        if (strcmp(told[i].queue, queue) == 0 && strcmp(told[i].vehicle, vehicle) == 0) {
            return told[i].alert_id;
        }
    }
    fail_msg("'%s' was not told of '%s'", queue, vehicle);
    return NULL;
}

// Each force acknowledges the alert of its first vehicle, and what came of it: force i made i + 1
// arrests.
static void feed_back(void)
{
    char queue[32], vehicle[16], arrests[16], seizures[16], pence[16];
    for (size_t force = 0; force < FORCES; force++) {
        snprintf(queue, sizeof(queue), "%s-desk", forces[force]);
        snprintf(vehicle, sizeof(vehicle), "D0F%zuV0", force);
        snprintf(arrests, sizeof(arrests), "%zu", force + 1);
        snprintf(seizures, sizeof(seizures), "%zu", force % 3);
        snprintf(pence, sizeof(pence), "%zu", 1000 * (force + 1));
        const char *id = first_alert(queue, vehicle);
        done(HITCTL(&house, "alerts", "ack", queue, id));
        done(HITCTL(&house, "alerts", "outcome", queue, id, "--arrests", arrests, "--drug-seizures",
                    seizures, "--cash-pence", pence));
    }
    int64_t until_ms = hs_clock_boottime_ms() + HOUSE_TIMEOUT_MS;
    while (house_metric(&house, "hitstream_correlate_feedback_total") < 2 * FORCES &&
           hs_clock_boottime_ms() < until_ms) {
        house_heard(&house);
        hs_test_pause_ms(20);
    }
    assert_true(house_metric(&house, "hitstream_correlate_feedback_total") == 2 * FORCES);
}

// ------------------------------------------------------------------ the operation

static bool decides(const char *hash)
{
    struct hs_test_messages log = {0};
    bool activated[PARTITIONS] = {false};
    assert_int_equal(hs_test_topic_read(house.bootstrap, "anpr.hits", HOUSE_TIMEOUT_MS, &log), 0);
    for (size_t i = 0; i < log.count; i++) {
        Hitstream__V1__VehicleEvent *event = hitstream__v1__vehicle_event__unpack(
            NULL, log.rows[i].value.len, (const uint8_t *)log.rows[i].value.ptr);
        assert_non_null(event);
        if (event->event_case == HITSTREAM__V1__VEHICLE_EVENT__EVENT_CONTROLS_ACTIVATED &&
            strcmp(event->controls_activated->hash, hash) == 0) {
            activated[log.rows[i].partition] = true;
        }
        hitstream__v1__vehicle_event__free_unpacked(event, NULL);
    }
    hs_test_messages_fini(&log);
    return activated[0] && activated[1];
}

// As an operations lead does it, while the daemon runs; until it decides in every partition.
static void create_operation(void)
{
    char from[HS_CIVIL_TEXT_BYTES], to[HS_CIVIL_TEXT_BYTES], hash[65];
    hs_civil_format(at(0, 6, 0, 0), from);
    hs_civil_format(at(2, 22, 0, 0), to);
    done(HITCTL(&house, "--json", "operation", "create", "nine", "--lead", "avon", "--forces",
                "city,devon,dorset,essex,gwent,kent,surrey,wilts", "--lists", "stolen", "--queues",
                DESKS, "--from", from, "--to", to, "--priority", "high"));
    const char *found = strstr(house.text, "\"hash\": \"");
    assert_non_null(found);
    snprintf(hash, sizeof(hash), "%s", found + strlen("\"hash\": \""));
    int64_t until_ms = hs_clock_boottime_ms() + HOUSE_TIMEOUT_MS;
    while (!decides(hash) && hs_clock_boottime_ms() < until_ms) {
        hs_test_pause_ms(20);
    }
    if (!decides(hash)) {
        fail_msg("'%s' does not come to decide: %s", hash, house.text);
    }
}

// ------------------------------------------------------------------ the installation

static void write_cameras(struct hs_buf *out)
{
    hs_buf_add_text(out, "camera,site,road,direction,force,area,latitude,longitude,kind\n");
    for (size_t i = 0; i < FORCES; i++) {
        hs_buf_printf(out, "%s/1,%s/1,M%d,N,%s,%s-area,51.%zu,-2.30,fixed\n", forces[i], forces[i],
                      i % 2 ? 4 : 5, forces[i], forces[i], 30 + i);
    }
}

static void write_vehicles(struct hs_buf *out)
{
    hs_buf_add_text(out, "VRM,make,action,weed date\n");
    for (size_t day = 0; day < DAYS; day++) {
        for (size_t force = 0; force < FORCES; force++) {
            for (size_t n = 0; n <= force; n++) {
                hs_buf_printf(out, "D%zuF%zuV%zu,FORD,STOP,2099-12-31\n", day, force, n);
            }
        }
        hs_buf_printf(out, "D%zuCROSS,FORD,STOP,2099-12-31\n", day);
    }
    for (size_t i = 0; i < BESIDE; i++) {
        hs_buf_printf(out, "%s,FORD,STOP,2099-12-31\n%s,FORD,STOP,2099-12-31\n", beside[i].vehicle,
                      beside[i].twin);
    }
    hs_buf_add_text(out, "LAST1,FORD,STOP,2099-12-31\n");
}

static void load_list(void)
{
    char path[HS_TEST_PATH_BYTES + 16];
    struct hs_buf text = {0};
    write_vehicles(&text);
    snprintf(path, sizeof(path), "%s/stolen.csv", house.folder);
    assert_int_equal(hs_test_file_write(path, hs_buf_text(&text)), 0);
    done(HITCTL(&house, "list", "create", "stolen", "--title", "Stolen", "--owner-force", "avon",
                "--purpose", "stolen", "--open", "--status", "live"));
    done(HITCTL(&house, "list", "load", "stolen", path, "--replace"));
    hs_buf_fini(&text);
}

static void open_installation(void)
{
    static const char *const own_times[] = {"message.timestamp.type", "CreateTime", NULL};
    struct hs_buf cameras = {0};
    assert_int_equal(hs_broker_start(&broker, NULL), 0);
    house_open(&house, broker.bootstrap);
    write_cameras(&cameras);
    house_activate_texts(&house, hs_buf_text(&cameras), queues, rules);
    hs_buf_fini(&cameras);
    assert_int_equal(hs_test_topic_create(broker.bootstrap, "anpr.reads", PARTITIONS, own_times),
                     0);
    done(HITCTL(&house, "topics", "create", "--reads-from", "beginning", "--partitions", "2",
                "--hits-partitions", "2"));
    load_list();
    assert_int_equal(hs_test_producer_new(broker.bootstrap, &producer), 0);
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
}

static void play(void)
{
    int64_t today_ms = hs_clock_realtime_ms() / HS_MS_PER_DAY * HS_MS_PER_DAY;
    midnight_ms = today_ms - DAYS * HS_MS_PER_DAY;
    pass_beside(true);
    settle();
    create_operation();
    pass_beside(false);
    for (size_t day = 0; day < DAYS; day++) {
        play_day(day);
    }
    passes_by(at(2, 21, 59, 59), "LAST1", 0);
    settle();
    read_queues();
    feed_back();
    settle();
}

static int setup(void **state)
{
    (void)state;
    json_error_t error;
    told = calloc(TOLD_MAX, sizeof(*told));
    assert_non_null(told);
    open_installation();
    play();
    done(HITCTL(&house, "--json", "operation", "report", "nine"));
    report = json_loads(house.text, 0, &error);
    if (!report) {
        fail_msg("%s: %s", error.text, house.text);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(report);
    free(told);
    hs_test_producer_free(producer);
    int exit_code = house_stop(&house);
    house_close(&house);
    hs_broker_fini(&broker);
    return exit_code;
}

// ------------------------------------------------------------------ what came of it

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
    assert_int_equal(number(report, "totals.told"), told_pairs(NULL));
    assert_int_equal(number(report, "totals.answered"), FORCES);
    assert_int_equal(number(report, "totals.attended.acknowledged"), FORCES);
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
        assert_int_equal(number(share, "told"), told_pairs(forces[force]));
        assert_int_equal(number(share, "answered"), 1);
        assert_int_equal(number(share, "outcomes.arrests"), force + 1);
        assert_int_equal(number(share, "outcomes.cash_pence"), 1000 * (force + 1));
    }
}

static void a_read_after_the_end_goes_where_it_would_have_gone_without(void **state)
{
    (void)state;
    for (size_t i = 0; i < BESIDE; i++) {
        assert_string_equal(told_of(beside[i].vehicle), "avon-own ");
        assert_string_equal(told_of(beside[i].twin), "avon-own ");
    }
    assert_string_equal(told_of("LAST1"), "avon-own avon-desk joint "); // a second before: all
    for (size_t i = 0; i < told_count; i++) {
        if (!is_in_operation(told[i].vehicle)) {
            assert_false(told[i].by_operation);
        } else if (!strstr(told[i].vehicle, "CROSS") && strcmp(told[i].queue, "avon-own") != 0) {
            assert_true(told[i].by_operation);
        }
    }
}

static void the_forces_on_both_sides_of_a_border_are_told(void **state)
{
    (void)state;
    const char *crossed = told_of("D1CROSS");
    assert_non_null(strstr(crossed, "avon-desk "));
    assert_non_null(strstr(crossed, "wilts-desk "));
    assert_non_null(strstr(crossed, "city-desk "));
    assert_null(strstr(crossed, "kent-desk "));
}

static void each_desk_is_told_of_its_own_and_the_joint_desk_of_all(void **state)
{
    (void)state;
    for (size_t day = 0; day < DAYS; day++) {
        for (size_t force = 0; force < FORCES; force++) {
            for (size_t n = 0; n <= force; n++) {
                char vehicle[16], wanted[64];
                snprintf(vehicle, sizeof(vehicle), "D%zuF%zuV%zu", day, force, n);
                snprintf(wanted, sizeof(wanted), "%s%s-desk joint ", force == 0 ? "avon-own " : "",
                         forces[force]);
                assert_string_equal(told_of(vehicle), wanted);
            }
        }
    }
}

static void it_is_over_and_stays_for_who_asks(void **state)
{
    (void)state;
    done(HITCTL(&house, "operation", "list"));
    assert_non_null(strstr(house.text, "nine                 over"));
    done(HITCTL(&house, "operation", "report", "nine")); // says nothing that a clock would change
    assert_non_null(strstr(house.text, "nine: nine\n  from "));
    done(HITCTL(&house, "controls", "history"));
    assert_non_null(strstr(house.text, "operation create"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_totals_are_right),
        cmocka_unit_test(each_forces_share_is_right),
        cmocka_unit_test(a_read_after_the_end_goes_where_it_would_have_gone_without),
        cmocka_unit_test(the_forces_on_both_sides_of_a_border_are_told),
        cmocka_unit_test(each_desk_is_told_of_its_own_and_the_joint_desk_of_all),
        cmocka_unit_test(it_is_over_and_stays_for_who_asks),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
