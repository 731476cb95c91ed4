// SPDX-License-Identifier: Apache-2.0
// The correlate stage against a real broker: killed at named points and at random, stopped and
// started, joined by a second one, frozen. A plain consumer finds every alert that the core tells
// offline over the same log exactly once, and nothing else.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/hash.h"
#include "integration/correlate_stage/stage_log.h"
#include "kafka/client.h"

enum { PARTITIONS = 3, VEHICLES = 120, SITES = 30, DRAIN_MS = 60000, DEATH_MS = 60000 };

static struct hs_broker broker;
static struct hs_test_producer *producer;
static char state_folder[HS_TEST_PATH_BYTES];
static uint64_t dice_state = 20261121;
static unsigned produced;

static uint64_t dice(uint64_t sides)
{
    dice_state += UINT64_C(0x9e3779b97f4a7c15);
    return hs_hash_u64(dice_state) % sides;
}

static int setup(void **state)
{
    (void)state;
    int64_t day_ms;
    static const char *const properties[] = {"group.min.session.timeout.ms=1000", NULL};
    if (hs_test_folder_make("stage-state", state_folder) ||
        setenv("HS_PEER_STATE", state_folder, 1) || hs_broker_start(&broker, properties) ||
        hs_test_producer_new(broker.bootstrap, &producer) ||
        hs_civil_day_start_ms(hs_civil_date(hs_clock_realtime_ms()), &day_ms)) {
        return -1;
    }
    story_set_day(day_ms);
    stage_topics(broker.bootstrap, PARTITIONS);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hs_test_producer_free(producer);
    hs_broker_fini(&broker);
    hs_test_folder_remove(state_folder);
    return 0;
}

static void clock_text(int64_t at_ms, char ret_text[32])
{
    int64_t day_ms;
    hs_civil_day_start_ms(hs_civil_date(hs_clock_realtime_ms()), &day_ms);
    int64_t s = (at_ms - story_time_ms("00:00:00")) / 1000;
    snprintf(ret_text, 32, "%d+%02d:%02d:%02d", (int)(s / 86400), (int)(s / 3600 % 24),
             (int)(s / 60 % 60), (int)(s % 60));
}

// Hits of the last minute, some stale, some twice.
static void produce_hits(unsigned count)
{
    static const char *const names[] = {"stolen",   "drugs",    "missing", "lowkey",
                                        "covert-a", "covert-b", "trial"};
    struct hs_buf packed = {0};
    for (unsigned i = 0; i < count; i++) {
        char at[32], arrives[32], vehicle[16], site[16], read_id[32];
        int64_t now_ms = hs_clock_realtime_ms();
        int64_t late_ms = dice(10) ? (int64_t)dice(40000) : (int64_t)dice(3600000);
        clock_text(now_ms - late_ms, at);
        clock_text(now_ms, arrives);
        snprintf(vehicle, sizeof(vehicle), "AB%02uC%cE", (unsigned)dice(VEHICLES) % 100,
                 (char)('A' + dice(2)));
        snprintf(site, sizeof(site), "%s/%u", dice(2) ? "avon" : "wilts", (unsigned)dice(SITES));
        snprintf(read_id, sizeof(read_id), "read-%u", produced++);
        struct story_hit hit = {.at = at,
                                .arrives = arrives,
                                .vehicle = vehicle,
                                .list = names[dice(7)],
                                .site = site,
                                .read_id = read_id};
        hs_buf_clear(&packed);
        story_pack_hit(&hit, &packed);
        for (uint64_t k = 0; k < 1 + (dice(20) == 0); k++) {
            assert_int_equal(hs_test_produce(producer, HS_KAFKA_HITS, -1, hs_str(vehicle),
                                             hs_buf_str(&packed), NULL, 0),
                             0);
        }
    }
    assert_int_equal(hs_test_producer_flush(producer, 30000), 0);
    hs_buf_fini(&packed);
}

static void start_peer(struct hs_process *peer, const char *instance, const char *kill_point)
{
    char kill_env[64] = "HS_KILL_POINT=none:0";
    if (kill_point) {
        snprintf(kill_env, sizeof(kill_env), "HS_KILL_POINT=%s", kill_point);
    }
    const char *const argv[] = {HS_PEER, broker.bootstrap, instance, NULL};
    const char *const env[] = {kill_env, NULL};
    const struct hs_process_spec spec = {.argv = argv, .env = env};
    assert_int_equal(hs_process_start(peer, &spec), 0);
}

static struct stage_verdict judge(const char *what)
{
    struct hs_controls *controls = story_controls(NULL, NULL);
    stage_await_applied(broker.bootstrap, PARTITIONS, DRAIN_MS);
    struct stage_verdict v = stage_judge(broker.bootstrap, controls);
    hs_controls_unref(controls);
    print_message("%s: %zu alerts expected, %zu found, %zu missing, %zu repeated, %zu wrong\n",
                  what, v.expected, v.found, v.missing, v.repeated, v.wrong);
    return v;
}

static void judge_exactly_once(const char *what, struct hs_process *peer)
{
    struct stage_verdict v = judge(what);
    assert_int_equal(hs_process_stop(peer, 15000), 0); // before anything else may fail
    assert_int_equal(v.missing, 0);
    assert_int_equal(v.wrong, 0);
    assert_int_equal(v.repeated, 0);
    assert_int_equal(v.found, v.expected);
}

static void every_alert_once_without_trouble(void **state)
{
    (void)state;
    struct hs_process peer;
    start_peer(&peer, "one", NULL);
    produce_hits(1500);
    judge_exactly_once("untroubled", &peer);
}

static void every_alert_once_across_kills_at_named_points(void **state)
{
    (void)state;
    static const char *const points[] = {"alert-acked:1",   "alert-acked:300", "state-acked:1",
                                         "state-acked:100", "before-commit:1", "before-commit:2",
                                         "alert-acked:900"};
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        struct hs_process peer;
        int code;
        start_peer(&peer, "one", points[i]);
        produce_hits(700);
        for (int k = 0; hs_process_running(&peer) && k < 40; k++) {
            produce_hits(30);
            hs_test_pause_ms(100);
        }
        assert_int_equal(hs_process_wait(&peer, DEATH_MS, &code), 0);
        assert_int_equal(code, 128 + SIGKILL);
    }
    struct hs_process peer;
    start_peer(&peer, "one", NULL);
    judge_exactly_once("killed at named points", &peer);
}

static void every_alert_once_across_kills_at_random(void **state)
{
    (void)state;
    struct hs_process peer;
    for (int i = 0; i < 4; i++) {
        start_peer(&peer, "one", NULL);
        produce_hits(300);
        for (uint64_t k = 0; k < 8 + dice(30); k++) {
            produce_hits(20);
            hs_test_pause_ms(100);
        }
        hs_process_kill(&peer);
    }
    char copy[HS_TEST_PATH_BYTES + 32];
    snprintf(copy, sizeof(copy), "%s/one/correlator-0", state_folder);
    assert_int_equal(access(copy, R_OK), 0); // what they began from
    start_peer(&peer, "one", NULL);
    judge_exactly_once("killed at random", &peer);
}

static void every_alert_once_across_clean_restarts_and_a_second_instance(void **state)
{
    (void)state;
    struct hs_process one, two;
    start_peer(&one, "one", NULL);
    for (int i = 0; i < 3; i++) {
        start_peer(&two, "two", NULL);
        for (int k = 0; k < 30; k++) {
            produce_hits(20);
            hs_test_pause_ms(100);
        }
        assert_int_equal(hs_process_stop(i % 2 ? &one : &two, 15000), 0);
        produce_hits(100);
        if (i % 2) {
            start_peer(&one, "one", NULL);
            assert_int_equal(hs_process_stop(&two, 15000), 0);
        }
    }
    judge_exactly_once("restarted cleanly, joined and left", &one);
}

// What was on its way at the freeze may come again, under the same id: it is counted.
static void a_frozen_owner_loses_nothing(void **state)
{
    (void)state;
    struct hs_process one, two;
    start_peer(&one, "one", NULL);
    start_peer(&two, "two", NULL);
    for (int k = 0; k < 40; k++) {
        produce_hits(20);
        hs_test_pause_ms(100);
    }
    hs_process_signal(&one, SIGSTOP);
    for (int k = 0; k < 60; k++) { // twice the session timeout
        produce_hits(5);
        hs_test_pause_ms(100);
    }
    hs_process_signal(&one, SIGCONT);
    for (int k = 0; k < 30; k++) {
        produce_hits(20);
        hs_test_pause_ms(100);
    }
    struct stage_verdict v = judge("frozen");
    assert_int_equal(hs_process_stop(&one, 15000), 0);
    assert_int_equal(hs_process_stop(&two, 15000), 0);
    assert_int_equal(v.missing, 0);
    assert_int_equal(v.wrong, 0);
    print_message("repeats with the same id after a freeze: %zu\n", v.repeated);
    assert_true(v.repeated < 100);
}

// ---------------------------------------------------------------- queues that refuse, alerts that
// are late

static const char two_queues[] =
    "queues:\n"
    "  dead-desk:\n    owner: avon\n    kind: intelligence\n    lists: [lowkey]\n"
    "    undelivered_after_ms: 3000\n"
    "  well-desk:\n    owner: avon\n    kind: live\n    lists: [lowkey]\n"
    "    intelligence_queue: late-desk\n"
    "  late-desk:\n    owner: avon\n    kind: intelligence\n    lists: [lowkey]\n    payload: "
    "json\n"
    "    handling: [stop, monitor]\n";

static void make_topic(const char *name, const char *extra, const char *value)
{
    const char *const config[] = {"message.timestamp.type", "LogAppendTime", extra, value, NULL};
    assert_int_equal(hs_test_topic_create(broker.bootstrap, name, 1, config), 0);
}

static void start_peer_with(struct hs_process *peer, const char *queues, const char *instance)
{
    const char *const argv[] = {HS_PEER, broker.bootstrap, instance, queues, NULL};
    const struct hs_process_spec spec = {.argv = argv};
    assert_int_equal(hs_process_start(peer, &spec), 0);
}

// One hit on list 'lowkey'; it was made and came so long ago.
static void produce_one(const char *vehicle, const char *read_id, int64_t ago_ms)
{
    char at[32];
    struct hs_buf packed = {0};
    clock_text(hs_clock_realtime_ms() - ago_ms, at);
    struct story_hit hit = {
        .at = at, .vehicle = vehicle, .list = "lowkey", .site = "avon/1", .read_id = read_id};
    story_pack_hit(&hit, &packed);
    assert_int_equal(
        hs_test_produce(producer, HS_KAFKA_HITS, -1, hs_str(vehicle), hs_buf_str(&packed), NULL, 0),
        0);
    assert_int_equal(hs_test_producer_flush(producer, 30000), 0);
    hs_buf_fini(&packed);
}

static struct hs_test_messages await_messages(const char *topic, size_t count)
{
    struct hs_test_messages messages = {0};
    struct hs_test_reader *reader;
    assert_int_equal(hs_test_reader_new(broker.bootstrap, topic, &reader), 0);
    int rc = hs_test_reader_await(reader, count, 30000, &messages);
    print_message("%s: %zu of %zu\n", topic, messages.count, count);
    assert_int_equal(rc, 0);
    hs_test_reader_free(reader);
    return messages;
}

// Until these controls are activated in every partition.
static void await_controls(const char *queues)
{
    struct hs_controls *controls = story_controls(queues, NULL);
    const char *hash = hs_controls_hash(controls);
    bool active[PARTITIONS] = {false};
    int count = 0;
    for (int tries = 0; count < PARTITIONS && tries < 300; tries++) {
        struct hs_test_messages log = {0};
        hs_test_pause_ms(100);
        assert_int_equal(hs_test_topic_read(broker.bootstrap, HS_KAFKA_HITS, 30000, &log), 0);
        for (size_t i = 0; i < log.count; i++) {
            const struct hs_test_message *m = &log.rows[i];
            if (!active[m->partition] && m->value.len > 0 && m->value.len < 100 &&
                memmem(m->value.ptr, m->value.len, hash, strlen(hash))) {
                active[m->partition] = true;
                count++;
            }
        }
        hs_test_messages_fini(&log);
    }
    assert_int_equal(count, PARTITIONS);
    hs_controls_unref(controls);
}

// Until ops was told something that names this.
static void await_alarm(const char *name)
{
    bool found = false;
    for (int tries = 0; !found && tries < 100; tries++) {
        struct hs_test_messages ops = {0};
        hs_test_pause_ms(100);
        assert_int_equal(hs_test_topic_read(broker.bootstrap, "dispatch.ops", 30000, &ops), 0);
        for (size_t i = 0; i < ops.count; i++) {
            found =
                found || memmem(ops.rows[i].value.ptr, ops.rows[i].value.len, name, strlen(name));
        }
        hs_test_messages_fini(&ops);
    }
    assert_true(found);
}

static void a_dead_queue_holds_up_no_other_and_late_alerts_are_diverted(void **state)
{
    (void)state;
    char folder[HS_TEST_PATH_BYTES], queues[HS_TEST_PATH_BYTES + 16];
    struct hs_process peer;
    assert_int_equal(hs_test_folder_make("dead-queue", folder), 0);
    snprintf(queues, sizeof(queues), "%s/queues.yaml", folder);
    assert_int_equal(hs_test_file_write(queues, two_queues), 0);
    make_topic("dispatch.dead-desk", "max.message.bytes", "100"); // it takes nothing
    make_topic("dispatch.well-desk", NULL, NULL);
    make_topic("dispatch.late-desk", NULL, NULL);
    make_topic("undelivered.dead-desk", NULL, NULL);
    make_topic("undelivered.well-desk", NULL, NULL);
    make_topic("undelivered.late-desk", NULL, NULL);
    start_peer_with(&peer, queues, "one");
    await_controls(two_queues);
    for (int i = 0; i < 20; i++) {
        char vehicle[16], read_id[16];
        snprintf(vehicle, sizeof(vehicle), "DD%02uDDD", (unsigned)i % 100);
        snprintf(read_id, sizeof(read_id), "dead-%u", (unsigned)i % 100);
        produce_one(vehicle, read_id, 1000);
    }
    struct hs_test_messages well = await_messages("dispatch.well-desk", 20);
    struct hs_test_messages put_aside = await_messages("undelivered.dead-desk", 20);
    assert_true(well.rows[19].timestamp_ms < put_aside.rows[0].timestamp_ms);
    await_alarm("dead-desk");
    produce_one("LL11LLL", "late-1", 8000000); // live when it was read; the daemon is what is late
    size_t late_in_all = 21;                   // the twenty before are intelligence's business too
    struct hs_test_messages late = await_messages("dispatch.late-desk", late_in_all + 1);
    size_t diverted = 0;
    for (size_t i = 0; i < late.count; i++) {
        if (hs_str_is(hs_test_header(&late.rows[i], "diverted-from"), "well-desk")) {
            diverted++;
            assert_true(
                hs_str_is(hs_test_header(&late.rows[i], "content-type"), "application/json"));
            assert_int_equal(late.rows[i].value.ptr[0], '{');
        }
    }
    assert_int_equal(diverted, 1);
    assert_int_equal(hs_process_stop(&peer, 20000), 0);
    start_peer_with(&peer, queues, "one"); // what is put aside is not told again
    struct hs_test_messages aside = await_messages("undelivered.dead-desk", 21);
    hs_test_pause_ms(5000); // a second telling would come in this time
    assert_int_equal(hs_process_stop(&peer, 20000), 0);
    struct hs_test_messages again = {0};
    assert_int_equal(hs_test_topic_read(broker.bootstrap, "undelivered.dead-desk", 10000, &again),
                     0);
    assert_int_equal(again.count, 21);
    struct hs_test_messages *all[] = {&well, &put_aside, &late, &aside, &again};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        hs_test_messages_fini(all[i]);
    }
    hs_test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_alert_once_without_trouble),
        cmocka_unit_test(every_alert_once_across_kills_at_named_points),
        cmocka_unit_test(every_alert_once_across_kills_at_random),
        cmocka_unit_test(every_alert_once_across_clean_restarts_and_a_second_instance),
        cmocka_unit_test(a_frozen_owner_loses_nothing),
        cmocka_unit_test(a_dead_queue_holds_up_no_other_and_late_alerts_are_diverted),
    };
    cmocka_set_test_filter(getenv("HS_TEST_ONLY")); // a pattern; NULL: all
    return cmocka_run_group_tests(tests, setup, teardown);
}
