// SPDX-License-Identifier: Apache-2.0
#include "desks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "hitstream/v1/read.pb-c.h"
#include "wire/ids.h"

const char desks_cameras[] = "camera,site,road,direction,force,area,latitude,longitude,kind\n"
                             "n1,n1,A1,N,northvale,north-outer,51.40,-2.39,fixed\n"
                             "n2,n2,A1,N,northvale,north-outer,51.43,-2.39,fixed\n"
                             "n3,n3,A1,N,northvale,north-outer,51.46,-2.39,fixed\n"
                             "n4,n4,A1,N,northvale,north-outer,51.49,-2.39,fixed\n"
                             "f1,f1,A1,N,northvale,far,51.70,-2.39,fixed\n"
                             "e1,e1,A2,E,eastmoor,east-outer,51.40,-2.20,fixed\n";

const char desks_queues[] =
    "queues:\n"
    "  north-live:\n    owner: northvale\n    kind: live\n    lists: ['*']\n"
    "    forces: [northvale]\n    default: true\n    intelligence_queue: north-intel\n"
    "    acknowledge_within_ms: 3000\n    escalate_to: [north-chief]\n    test_interval_ms: 10000\n"
    "  north-chief:\n    owner: northvale\n    kind: live\n    lists: ['*']\n    areas: [far]\n"
    "    intelligence_queue: north-intel\n"
    "  north-intel:\n    owner: northvale\n    kind: intelligence\n    lists: ['*']\n"
    "    covert_lists: [lantern]\n    forces: [northvale]\n"
    "  east-live:\n    owner: eastmoor\n    kind: live\n    lists: ['*']\n    forces: [eastmoor]\n"
    "    default: true\n    intelligence_queue: east-intel\n"
    "  east-intel:\n    owner: eastmoor\n    kind: intelligence\n    lists: ['*']\n"
    "    forces: [eastmoor]\n    feedback_per_minute: 3\n"
    "  covert-desk:\n    owner: northvale\n    kind: live\n    covert_lists: [lantern]\n"
    "    intelligence_queue: north-intel\n";

const char desks_rules[] = "incident:\n  quiet_ms: 600000\n  repeat_window_ms: 1000\n";

enum { STEP_MS = 20 };

struct desks desks;

void desks_step(void)
{
    const struct timespec wait = {.tv_nsec = STEP_MS * 1000000L};
    nanosleep(&wait, NULL);
}

int desks_open_broker(void **state)
{
    (void)state;
    if (hs_broker_start(&desks.broker, NULL) != 0) {
        return -1;
    }
    house_open(&desks.house, desks.broker.bootstrap);
    house_activate_texts(&desks.house, desks_cameras, desks_queues, desks_rules);
    int exit_code = HITCTL(&desks.house, "topics", "create", "--reads-from", "end", "--partitions",
                           "2", "--hits-partitions", "2");
    if (exit_code != 0) {
        fprintf(stderr, "%s\nexit code %d\n", desks.house.text, exit_code);
    }
    house_close(&desks.house);
    return exit_code;
}

int desks_close_broker(void **state)
{
    (void)state;
    hs_broker_fini(&desks.broker);
    return 0;
}

int desks_open(void **state)
{
    (void)state;
    house_forget_anchor(desks.broker.bootstrap);
    house_open(&desks.house, desks.broker.bootstrap);
    house_activate_texts(&desks.house, desks_cameras, desks_queues, desks_rules);
    house_create_list(&desks.house, "stolen", false);
    house_create_list(&desks.house, "lantern", true);
    return 0;
}

int desks_close(void **state)
{
    (void)state;
    house_close(&desks.house);
    return 0;
}

void desks_start(const char *environment)
{
    house_start(&desks.house, environment);
    house_await_heard(&desks.house, "READY=1");
    house_await_answer(&desks.house, "/status", "\"partitions\": 6,\n    \"taken\"");
}

void desks_await_metric(const char *series, double at_least)
{
    int64_t until_ms = hs_clock_boottime_ms() + HOUSE_TIMEOUT_MS;
    double value = house_metric(&desks.house, series);
    for (; value < at_least; value = house_metric(&desks.house, series)) {
        if (hs_clock_boottime_ms() >= until_ms) {
            fail_msg("'%s' is %f and does not come to %f", series, value, at_least);
        }
        desks_step();
    }
}

void desks_list(const char *list_id, const char *vrm)
{
    double before = house_metric(&desks.house, "hitstream_lists_changes_total");
    house_put(&desks.house, list_id, vrm, vrm);
    desks_await_metric("hitstream_lists_changes_total", before + 1);
}

static void produce(const char *topic, const char *key, struct hs_str value)
{
    struct hs_test_producer *producer;
    assert_int_equal(hs_test_producer_new(desks.broker.bootstrap, &producer), 0);
    assert_int_equal(hs_test_produce(producer, topic, -1, hs_str(key), value, NULL, 0), 0);
    assert_int_equal(hs_test_producer_flush(producer, HOUSE_TIMEOUT_MS), 0);
    hs_test_producer_free(producer);
}

static void produce_read(const char *site, const char *vrm, const char *test_queue)
{
    Hitstream__V1__PlateReadBatch batch = HITSTREAM__V1__PLATE_READ_BATCH__INIT;
    Hitstream__V1__PlateRead read = HITSTREAM__V1__PLATE_READ__INIT;
    Hitstream__V1__PlateRead *rows[] = {&read};
    uint8_t packed[512];
    read.vrm = (char *)(uintptr_t)vrm;
    read.test_queue = (char *)(uintptr_t)test_queue;
    read.camera_id = (char *)(uintptr_t)site;
    read.captured_at_ms = hs_clock_realtime_ms();
    batch.n_reads = 1;
    batch.reads = rows;
    size_t len = hitstream__v1__plate_read_batch__pack(&batch, packed);
    produce("anpr.reads", site, hs_str_n(packed, len));
}

void desks_read(const char *site, const char *vrm)
{
    produce_read(site, vrm, "");
}

void desks_pass(const char *site, const char *vrm)
{
    double hits = house_metric(&desks.house, "hitstream_correlate_hits_total");
    desks_read(site, vrm);
    desks_await_metric("hitstream_correlate_hits_total", hits + 1);
}

void desks_test_read(const char *queue)
{
    produce_read("hitstream-test", "", queue);
}

static Hitstream__V1__Alert *find(const char *queue, const char *vehicle, size_t number,
                                  size_t *ret_count)
{
    struct hs_test_messages messages = {0};
    Hitstream__V1__Alert *found = NULL;
    char topic[128];
    size_t count = 0;
    snprintf(topic, sizeof(topic), "dispatch.%s", queue);
    assert_int_equal(hs_test_topic_read(desks.broker.bootstrap, topic, HOUSE_TIMEOUT_MS, &messages),
                     0);
    for (size_t i = 0; i < messages.count && !found; i++) {
        Hitstream__V1__Alert *alert = hitstream__v1__alert__unpack(
            NULL, messages.rows[i].value.len, (const uint8_t *)messages.rows[i].value.ptr);
        assert_non_null(alert);
        count += !vehicle || strcmp(alert->vehicle, vehicle) == 0;
        if (count == number && number > 0) {
            found = alert;
        } else {
            hitstream__v1__alert__free_unpacked(alert, NULL);
        }
    }
    hs_test_messages_fini(&messages);
    *ret_count = count;
    return found;
}

size_t desks_count(const char *queue, const char *vehicle)
{
    size_t count;
    find(queue, vehicle, 0, &count);
    return count;
}

Hitstream__V1__Alert *desks_alert(const char *queue, const char *vehicle, size_t number)
{
    int64_t until_ms = hs_clock_boottime_ms() + HOUSE_TIMEOUT_MS;
    size_t count;
    Hitstream__V1__Alert *alert;
    while (!(alert = find(queue, vehicle, number, &count)) && hs_clock_boottime_ms() < until_ms) {
        desks_step();
    }
    if (!alert) {
        char *log = hs_test_file_read(desks.house.log);
        fail_msg("alert %zu about '%s' did not come to '%s'\n%s", number, vehicle, queue,
                 log ? log : "");
    }
    return alert;
}

void desks_say_bytes(const char *queue, struct hs_str value)
{
    char topic[128];
    snprintf(topic, sizeof(topic), "feedback.%s", queue);
    produce(topic, "any", value);
}

void desks_say(const char *queue, uint8_t id, Hitstream__V1__FeedbackKind kind,
               ProtobufCBinaryData token)
{
    Hitstream__V1__Feedback feedback = HITSTREAM__V1__FEEDBACK__INIT;
    uint8_t packed[2048], bytes[HS_ID_BYTES];
    char person[] = "PC 4711";
    memset(bytes, id, sizeof(bytes));
    feedback.feedback_id = (ProtobufCBinaryData){.len = sizeof(bytes), .data = bytes};
    feedback.reply_token = token;
    feedback.kind = kind;
    feedback.person = person;
    feedback.at_ms = hs_clock_realtime_ms();
    assert_true(hitstream__v1__feedback__get_packed_size(&feedback) <= sizeof(packed));
    size_t len = hitstream__v1__feedback__pack(&feedback, packed);
    desks_say_bytes(queue, hs_str_n(packed, len));
}

static bool is_feedback(const struct hs_test_message *message, uint8_t id)
{
    uint8_t bytes[HS_ID_BYTES];
    memset(bytes, id, sizeof(bytes));
    Hitstream__V1__VehicleEvent *event = hitstream__v1__vehicle_event__unpack(
        NULL, message->value.len, (const uint8_t *)message->value.ptr);
    bool same = event && event->event_case == HITSTREAM__V1__VEHICLE_EVENT__EVENT_FEEDBACK &&
                event->feedback->feedback->feedback_id.len == HS_ID_BYTES &&
                memcmp(event->feedback->feedback->feedback_id.data, bytes, HS_ID_BYTES) == 0;
    hitstream__v1__vehicle_event__free_unpacked(event, NULL);
    return same;
}

size_t desks_events(uint8_t id, bool await)
{
    int64_t until_ms = hs_clock_boottime_ms() + HOUSE_TIMEOUT_MS;
    size_t count = 0;
    do {
        struct hs_test_messages messages = {0};
        assert_int_equal(
            hs_test_topic_read(desks.broker.bootstrap, "anpr.hits", HOUSE_TIMEOUT_MS, &messages),
            0);
        count = 0;
        for (size_t i = 0; i < messages.count; i++) {
            count += is_feedback(&messages.rows[i], id);
        }
        hs_test_messages_fini(&messages);
        if (await && count == 0) {
            desks_step();
        }
    } while (await && count == 0 && hs_clock_boottime_ms() < until_ms);
    return count;
}
