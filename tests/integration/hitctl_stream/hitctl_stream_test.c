// SPDX-License-Identifier: Apache-2.0
// What a person sees of hitctl's commands on Kafka: reads produce, decode, alerts tail, dispatch
// replay.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "hitstream/v1/alert.pb-c.h"
#include "hitstream/v1/read.pb-c.h"
#include "support/broker.h"
#include "support/kafka_util.h"
#include "support/redis_server.h"
#include "wire/json.h"

enum { WORDS_MAX = 16, RUN_TIMEOUT_MS = 60000 };

static struct hs_broker broker;
static struct hs_redis_server redis;
static char folder[HS_TEST_PATH_BYTES];

// How a command ended.
struct outcome {
    int exit_code;
    char *out;
    char *err;
};

static void path_of(const char *name, char ret_path[HS_TEST_PATH_BYTES])
{
    assert_true(snprintf(ret_path, HS_TEST_PATH_BYTES, "%s/%s", folder, name) < HS_TEST_PATH_BYTES);
}

// Runs 'hitctl --config ... WORDS' with the text as standard input (NULL: none).
static struct outcome run(const char *input, const char *const *words)
{
    char config[HS_TEST_PATH_BYTES], in[HS_TEST_PATH_BYTES], out[HS_TEST_PATH_BYTES],
        err[HS_TEST_PATH_BYTES];
    const char *argv[WORDS_MAX + 4] = {HITCTL_PATH, "--config", config};
    path_of("hitstream.yaml", config);
    path_of("in", in);
    path_of("out", out);
    path_of("err", err);
    remove(out);
    remove(err);
    for (size_t i = 0; words[i]; i++) {
        assert_true(i < WORDS_MAX);
        argv[3 + i] = words[i];
    }
    if (input) {
        assert_int_equal(hs_test_file_write(in, input), 0);
    }
    struct hs_process_spec spec = {
        .argv = argv,
        .input_path = input ? in : NULL,
        .output_path = out,
        .error_path = err,
    };
    struct outcome outcome = {.exit_code = hs_process_run(&spec, RUN_TIMEOUT_MS)};
    outcome.out = hs_test_file_read(out);
    outcome.err = hs_test_file_read(err);
    assert_non_null(outcome.out);
    assert_non_null(outcome.err);
    return outcome;
}
#define RUN(input, ...) run(input, (const char *const[]){__VA_ARGS__, NULL})

static void outcome_fini(struct outcome *outcome)
{
    free(outcome->out);
    free(outcome->err);
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

static void make_topic(const char *topic, int partitions)
{
    const char *config[] = {"message.timestamp.type", "LogAppendTime", NULL};
    assert_int_equal(hs_test_topic_create(broker.bootstrap, topic, partitions, config), 0);
}

static int setup(void **state)
{
    (void)state;
    char path[HS_TEST_PATH_BYTES], text[1024];
    if (hs_test_folder_make("hitctl", folder) != 0 || hs_broker_start(&broker, NULL) != 0 ||
        hs_redis_server_start(&redis) != 0) {
        return -1;
    }
    path_of("hitstream.yaml", path);
    snprintf(text, sizeof(text), "kafka:\n  bootstrap: %s\nredis:\n  socket: %s\n",
             broker.bootstrap, redis.socket_path);
    return hs_test_file_write(path, text);
}

static int teardown(void **state)
{
    (void)state;
    hs_broker_fini(&broker);
    hs_redis_server_fini(&redis);
    hs_test_folder_remove(folder);
    return 0;
}

// ---- reads produce ----

static const char reads_lines[] =
    "{\"site\":\"s1\",\"vrm\":\"AA01AAA\",\"cameraId\":\"c1\",\"capturedAtMs\":\"1780000000001\"}\n"
    "\n"
    "{\"site\":\"s2\",\"vrm\":\"BB02BBB\",\"cameraId\":\"c2\",\"capturedAtMs\":1780000000002}\n"
    "{\"site\":\"s1\",\"vrm\":\"AA01AAB\",\n"
    "{\"site\":\"s1\",\"plate\":\"AA01AAC\"}\n"
    "{\"vrm\":\"AA01AAD\",\"cameraId\":\"c1\"}\n"
    "{\"site\":\"s1\",\"vrm\":\"AA01AAE\",\"cameraId\":\"c1\",\"captured_at_ms\":1780000000003}\n"
    "{\"site\":\"s1\",\"vrm\":\"AA01AAF\",\"cameraId\":\"c1\",\"lane\":2}";

// The reads of a site as "vrm vrm |", a bar behind each message.
static void collect_site(const struct hs_test_messages *messages, const char *site, char *ret_text)
{
    *ret_text = '\0';
    for (size_t i = 0; i < messages->count; i++) {
        if (!hs_str_is(messages->rows[i].key, site)) {
            continue;
        }
        Hitstream__V1__PlateReadBatch *batch = hitstream__v1__plate_read_batch__unpack(
            NULL, messages->rows[i].value.len, (const uint8_t *)messages->rows[i].value.ptr);
        assert_non_null(batch);
        for (size_t r = 0; r < batch->n_reads; r++) {
            strcat(strcat(ret_text, batch->reads[r]->vrm), " ");
        }
        strcat(ret_text, "|");
        hitstream__v1__plate_read_batch__free_unpacked(batch, NULL);
    }
}

static void reads_are_batched_by_site_and_bad_lines_named(void **state)
{
    (void)state;
    char text[256];
    struct hs_test_messages messages = {0};
    make_topic("anpr.reads", 3);
    struct outcome outcome =
        RUN(reads_lines, "reads", "produce", "-", "--batch", "2", "--linger-ms", "5000");
    assert_ended(&outcome, 3);
    assert_says(outcome.out, "sent 4 reads in 3 messages, 0 failed, 3 lines refused");
    assert_says(outcome.err, "hitctl reads produce: line 4: column ");
    assert_says(outcome.err, "line 5: plate: PlateRead has no such field");
    assert_says(outcome.err,
                "line 6: no site: field 'site' is missing and there is no camera register");
    assert_int_equal(hs_test_topic_read(broker.bootstrap, "anpr.reads", 20000, &messages), 0);
    collect_site(&messages, "s1", text);
    assert_string_equal(text, "AA01AAA AA01AAE |AA01AAF |");
    collect_site(&messages, "s2", text);
    assert_string_equal(text, "BB02BBB |");
    assert_true(
        hs_str_is(hs_test_header(&messages.rows[0], "ce_type"), "hitstream.v1.PlateReadBatch"));
    assert_true(messages.rows[0].log_append_time);
    hs_test_messages_fini(&messages);
    outcome_fini(&outcome);
}

static void the_site_comes_from_another_field_or_the_register(void **state)
{
    (void)state;
    char text[256], cameras[HS_TEST_PATH_BYTES];
    struct hs_test_messages messages = {0};
    make_topic("reads.sites", 1);
    path_of("cameras.csv", cameras);
    assert_int_equal(hs_test_file_write(cameras, "camera,site,force,latitude,longitude\n"
                                                 "c7,s7,Avon,51.38,-2.36\n"),
                     0);
    struct outcome outcome =
        RUN("{\"vrm\":\"AA01AAA\",\"cameraId\":\"c7\"}\n"
            "{\"vrm\":\"AA01AAB\",\"cameraId\":\"c8\"}\n",
            "reads", "produce", "-", "--cameras", cameras, "--topic", "reads.sites");
    assert_ended(&outcome, 3);
    assert_says(outcome.err, "line 2: no site: field 'site' is missing and camera 'c8' is not in");
    outcome_fini(&outcome);
    outcome = RUN("{\"vrm\":\"AA01AAD\",\"gantry\":\"g1\"}", "reads", "produce", "-", "--site-from",
                  "gantry", "--topic", "reads.sites");
    assert_ended(&outcome, 0);
    outcome_fini(&outcome);
    outcome = RUN("{\"vrm\":\"AA01AAC\",\"cameraId\":\"c9\"}", "reads", "produce", "-",
                  "--site-from", "cameraId", "--topic", "reads.sites", "--json");
    assert_ended(&outcome, 0);
    assert_says(outcome.out, "{\"sent\":1,\"messages\":1,\"failed\":0,\"refused\":0,\"seconds\":");
    outcome_fini(&outcome);
    assert_int_equal(hs_test_topic_read(broker.bootstrap, "reads.sites", 20000, &messages), 0);
    collect_site(&messages, "s7", text);
    assert_string_equal(text, "AA01AAA |");
    collect_site(&messages, "c9", text);
    assert_string_equal(text, "AA01AAC |");
    hs_test_messages_fini(&messages);
}

static void without_a_register_the_one_in_force_is_asked(void **state)
{
    (void)state;
    char text[3 * HS_TEST_PATH_BYTES], controls[HS_TEST_PATH_BYTES];
    struct hs_test_messages messages = {0};
    make_topic("reads.controls", 1);
    path_of("controls", controls);
    snprintf(text, sizeof(text), "cp -r %s/config/controls.sample %s", HS_SOURCE_DIR, controls);
    assert_int_equal(system(text), 0);
    struct outcome outcome = RUN(NULL, "controls", "activate", controls);
    assert_ended(&outcome, 0);
    outcome_fini(&outcome);
    outcome = RUN("{\"vrm\":\"AA01AAA\",\"cameraId\":\"n1-lane2\"}\n"
                  "{\"vrm\":\"AA01AAB\"}\n",
                  "reads", "produce", "-", "--topic", "reads.controls");
    assert_ended(&outcome, 3);
    assert_says(outcome.err, "line 2: no site: field 'site' is missing and camera '' is not in");
    outcome_fini(&outcome);
    assert_int_equal(hs_test_topic_read(broker.bootstrap, "reads.controls", 20000, &messages), 0);
    collect_site(&messages, "n1", text);
    assert_string_equal(text, "AA01AAA |");
    hs_test_messages_fini(&messages);
}

static void a_rate_is_kept(void **state)
{
    (void)state;
    struct hs_buf input = {0};
    make_topic("reads.paced", 1);
    for (int i = 0; i < 100; i++) {
        hs_buf_printf(&input, "{\"site\":\"s\",\"vrm\":\"AA%02dAAA\"}\n", i);
    }
    int64_t began_ns = hs_clock_monotonic_ns();
    struct outcome outcome = RUN(hs_buf_text(&input), "reads", "produce", "-", "--rate", "100",
                                 "--topic", "reads.paced");
    int64_t took_ms = (hs_clock_monotonic_ns() - began_ns) / 1000000;
    assert_ended(&outcome, 0);
    assert_says(outcome.out, "sent 100 reads");
    assert_in_range(took_ms, 990, 20000);
    outcome_fini(&outcome);
    hs_buf_fini(&input);
}

static void what_is_not_there_is_said(void **state)
{
    (void)state;
    struct outcome outcome = RUN("{}", "reads", "produce", "-", "--topic", "no.such");
    assert_ended(&outcome, 3);
    assert_says(outcome.err, "there is no topic 'no.such'");
    outcome_fini(&outcome);
    outcome = RUN(NULL, "reads", "produce", "/no/such/file");
    assert_ended(&outcome, 1);
    assert_says(outcome.err, "cannot read '/no/such/file': No such file or directory");
    outcome_fini(&outcome);
    outcome = RUN(NULL, "reads", "produce", "-", "--batch", "501");
    assert_ended(&outcome, 2);
    assert_says(outcome.err, "option '--batch': value '501': 1 to 500 is allowed");
    outcome_fini(&outcome);
    outcome = RUN(NULL, "alert", "tail", "north");
    assert_ended(&outcome, 2);
    assert_says(outcome.err, "unknown command 'alert tail'; did you mean 'alerts tail'?");
    outcome_fini(&outcome);
}

// ---- decode ----

static void decode_reads_raw_and_framed_messages(void **state)
{
    (void)state;
    char golden[HS_TEST_PATH_BYTES], framed[HS_TEST_PATH_BYTES];
    snprintf(golden, sizeof(golden), "%s/tests/data/golden/AuditAnchor.bin", HS_SOURCE_DIR);
    path_of("framed", framed);
    FILE *in = fopen(golden, "rb");
    assert_non_null(in);
    char bytes[1024];
    size_t len = fread(bytes, 1, sizeof(bytes), in);
    fclose(in);
    FILE *out = fopen(framed, "wb");
    assert_non_null(out);
    for (int i = 0; i < 2; i++) {
        fwrite("\0\0\0\6anchor\0\0\0", 1, 13, out);
        fputc((int)len, out);
        fwrite(bytes, 1, len, out);
    }
    fclose(out);
    // through a shell, as a person pipes kcat into it
    char script[3 * HS_TEST_PATH_BYTES];
    char expected[] = "{\"key\":\"anchor\",\"message\":{\"changeId\":\"change_id 0";
    char result[HS_TEST_PATH_BYTES];
    path_of("decoded", result);
    snprintf(script, sizeof(script), "%s decode --topic anpr.controls --keyed < %s > %s",
             HITCTL_PATH, framed, result);
    assert_int_equal(system(script), 0);
    char *text = hs_test_file_read(result);
    assert_non_null(text);
    assert_memory_equal(text, expected, sizeof(expected) - 1);
    char *second = strchr(text, '\n');
    assert_non_null(second);
    assert_memory_equal(second + 1, expected, sizeof(expected) - 1);
    free(text);
    struct outcome outcome = RUN("{\"queue\":\"north\"}", "decode", "--topic", "dispatch.north");
    assert_ended(&outcome, 0);
    assert_string_equal(outcome.out, "{\"queue\":\"north\"}\n");
    outcome_fini(&outcome);
    outcome = RUN("nonsense", "decode", "--type", "Alert");
    assert_ended(&outcome, 3);
    assert_says(outcome.err, "message 1: 8 bytes that are no Alert");
    outcome_fini(&outcome);
    outcome = RUN("", "decode", "--type", "Alarm");
    assert_ended(&outcome, 2);
    assert_says(outcome.err, "unknown type 'Alarm'; allowed are PlateReadBatch, ");
    outcome_fini(&outcome);
}

// ---- alerts tail, dispatch replay ----

static const char alert_json[] =
    "{\"alertId\":\"AAECAwQFBgcICQoLDA0ODw==\","
    "\"kind\":\"ALERT_KIND_OPENED\",\"queue\":\"north\",\"warningMarkers\":[\"FI\",\"VI\"],"
    "\"handling\":\"HANDLING_STOP\",\"priority\":\"PRIORITY_HIGH\",\"vehicle\":\"AB12CDE\","
    "\"readVrm\":\"AB12CDF\",\"tier\":\"MATCH_TIER_GRAMMAR\",\"scorePermille\":870,"
    "\"verifyImage\":true,\"capturedAtMs\":\"1780000000123\",\"hits\":1,"
    "\"snapshotAsOfMs\":\"1779999999999\",\"openedAtMs\":\"1780000000123\",\"incidentId\":"
    "\"q83vASNFZ4mrze8BI0VniQ==\","
    "\"entry\":{\"make\":\"FORD\",\"colour\":\"BLUE\",\"reason\":\"robbery "
    "\\u001b[2J\\u009b\\u202eXY\\u00e9\"},"
    "\"list\":{\"title\":\"Stolen\",\"ownerForce\":\"Avon\",\"revision\":{\"generation\":\"12\","
    "\"sequence\":\"3\"}},"
    "\"place\":{\"siteId\":\"s7\",\"road\":\"A4\",\"direction\":\"E\",\"force\":\"Avon\"}}";

static struct hs_str pack_alert(struct hs_buf *out)
{
    ProtobufCMessage *alert;
    assert_int_equal(
        hs_json_parse(hs_str(alert_json), &hitstream__v1__alert__descriptor, &alert, NULL), 0);
    size_t len = protobuf_c_message_get_packed_size(alert);
    char *at = hs_buf_reserve(out, len);
    assert_non_null(at);
    out->len += protobuf_c_message_pack(alert, (uint8_t *)at);
    protobuf_c_message_free_unpacked(alert, NULL);
    return hs_buf_str(out);
}

static void alerts_are_shown_for_a_person(void **state)
{
    (void)state;
    struct hs_buf packed = {0};
    struct hs_test_producer *producer;
    make_topic("dispatch.north", 2);
    assert_int_equal(hs_test_producer_new(broker.bootstrap, &producer), 0);
    hs_test_produce(producer, "dispatch.north", 0, HS_STR("k"), pack_alert(&packed), NULL, 0);
    hs_test_produce(producer, "dispatch.north", 0, HS_STR("k"), hs_str(alert_json), NULL, 0);
    hs_test_produce(producer, "dispatch.north", 1, HS_STR("k"), HS_STR("junk"), NULL, 0);
    assert_int_equal(hs_test_producer_flush(producer, 10000), 0);
    static const char expected[] =
        "28 May 21:26:40  [! FI VI] HIGH STOP  AB12CDE (BLUE FORD)  A4 E, site s7 (Avon)  new\n"
        "    why: robbery ?[2J??XY\xc3\xa9; list 'Stolen' 12.3 of Avon, as of 28 May 21:26:39\n"
        "    read as AB12CDF, match GRAMMAR 870 permille; VERIFY IMAGE BEFORE STOP\n"
        "    alert 000102030405060708090a0b0c0d0e0f, incident abcdef01: 1 hit since 28 May "
        "21:26:40\n";
    struct outcome outcome =
        RUN(NULL, "alerts", "tail", "north", "--from", "beginning", "--until-idle-ms", "1500");
    assert_ended(&outcome, 3);
    assert_says(outcome.err, "dispatch.north/1@0 is no alert: ");
    char twice[2 * sizeof(expected)];
    snprintf(twice, sizeof(twice), "%s%s", expected, expected);
    assert_string_equal(outcome.out, twice);
    outcome_fini(&outcome);
    outcome = RUN(NULL, "audit", "export", "--format", "jsonl"); // once, not once an alert
    assert_ended(&outcome, 0);
    assert_says(outcome.out, "alerts tail");
    assert_null(strstr(strstr(outcome.out, "alerts tail") + 1, "alerts tail"));
    outcome_fini(&outcome);
    outcome = RUN(NULL, "alerts", "tail", "north", "--from", "2026-01-01T00:00:00Z", "--json",
                  "--count", "2");
    assert_says(outcome.out, "\"queue\":\"north\",\"kind\":\"ALERT_KIND_OPENED\",");
    outcome_fini(&outcome);
    outcome = RUN(NULL, "alerts", "tail", "north", "--until-idle-ms", "1000", "--count", "1");
    assert_ended(&outcome, 7);
    outcome_fini(&outcome);
    outcome = RUN(NULL, "alerts", "tail", "south", "--from", "noon");
    assert_ended(&outcome, 2);
    assert_says(outcome.err, "option '--from': value 'noon': beginning, end or a time");
    outcome_fini(&outcome);
    hs_test_producer_free(producer);
    hs_buf_fini(&packed);
}

static void put(struct hs_test_producer *producer, const char *topic, const char *id,
                const char *value)
{
    const struct hs_test_header headers[] = {{"ce_id", hs_str(id)}, {"priority", HS_STR("HIGH")}};
    assert_int_equal(hs_test_produce(producer, topic, -1, HS_STR("incident"), hs_str(value),
                                     headers, id ? 2 : 0),
                     0);
}

static void undelivered_alerts_are_sent_again_once(void **state)
{
    (void)state;
    static const char *const ids[] = {
        "00000000000000000000000000000001",
        "00000000000000000000000000000002",
        "00000000000000000000000000000003",
    };
    struct hs_test_producer *producer;
    struct hs_test_messages messages = {0};
    make_topic("dispatch.west", 2);
    make_topic("undelivered.west", 2);
    assert_int_equal(hs_test_producer_new(broker.bootstrap, &producer), 0);
    put(producer, "undelivered.west", ids[0], "one");
    put(producer, "undelivered.west", ids[1], "two");
    put(producer, "undelivered.west", ids[2], "three");
    put(producer, "undelivered.west", ids[2], "three");
    put(producer, "undelivered.west", NULL, "nameless");
    put(producer, "dispatch.west", ids[1], "two");
    assert_int_equal(hs_test_producer_flush(producer, 10000), 0);

    struct outcome outcome = RUN(NULL, "dispatch", "replay", "west", "--dry-run");
    assert_ended(&outcome, 0);
    assert_string_equal(outcome.out,
                        "3 undelivered, 1 stand on the queue already, 2 would be sent\n");
    assert_says(outcome.err, "1 messages without header ce_id, ignoring");
    outcome_fini(&outcome);
    outcome = RUN(NULL, "dispatch", "replay", "west");
    assert_ended(&outcome, 0);
    assert_string_equal(outcome.out,
                        "3 undelivered, 1 stood on the queue already, 2 sent, 0 failed\n");
    outcome_fini(&outcome);
    outcome = RUN(NULL, "dispatch", "replay", "west", "--json");
    assert_ended(&outcome, 0);
    assert_string_equal(outcome.out,
                        "{\"undelivered\":3,\"standing\":3,\"sent\":0,\"failed\":0}\n");
    outcome_fini(&outcome);

    assert_int_equal(hs_test_topic_read(broker.bootstrap, "dispatch.west", 20000, &messages), 0);
    assert_int_equal(messages.count, 3);
    assert_true(hs_str_is(messages.rows[1].value, "one"));
    assert_true(hs_str_is(messages.rows[2].value, "three"));
    assert_true(hs_str_is(messages.rows[2].key, "incident"));
    assert_true(hs_str_is(hs_test_header(&messages.rows[2], "ce_id"), ids[2]));
    assert_true(hs_str_is(hs_test_header(&messages.rows[2], "priority"), "HIGH"));
    hs_test_messages_fini(&messages);
    hs_test_producer_free(producer);
}

static void no_broker_is_exit_5(void **state)
{
    (void)state;
    uint16_t port;
    char config[HS_TEST_PATH_BYTES], text[2 * HS_TEST_PATH_BYTES];
    assert_int_equal(hs_test_free_port(&port), 0);
    path_of("nowhere.yaml", config);
    snprintf(text, sizeof(text), "kafka:\n  bootstrap: 127.0.0.1:%u\nredis:\n  socket: %s\n", port,
             redis.socket_path);
    assert_int_equal(hs_test_file_write(config, text), 0);
    struct outcome outcome =
        RUN(NULL, "alerts", "tail", "north", "--from", "beginning", "--config", config);
    assert_ended(&outcome, 5);
    assert_says(outcome.err, "topic 'dispatch.north': no Kafka broker answers");
    outcome_fini(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_are_batched_by_site_and_bad_lines_named),
        cmocka_unit_test(the_site_comes_from_another_field_or_the_register),
        cmocka_unit_test(without_a_register_the_one_in_force_is_asked),
        cmocka_unit_test(a_rate_is_kept),
        cmocka_unit_test(what_is_not_there_is_said),
        cmocka_unit_test(decode_reads_raw_and_framed_messages),
        cmocka_unit_test(alerts_are_shown_for_a_person),
        cmocka_unit_test(undelivered_alerts_are_sent_again_once),
        cmocka_unit_test(no_broker_is_exit_5),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
