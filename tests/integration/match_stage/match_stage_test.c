// SPDX-License-Identifier: Apache-2.0
// The match stage against a real broker: what a person is told while it cannot start, hits with
// their keys and headers, bad reads put aside with the reason, bad feeds that stop it, brokers that
// hang, a clean end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/error.h"
#include "controls/controls.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstreamd/match_stage.h"
#include "kafka/topics.h"
#include "match/snapshot.h"
#include "support/broker.h"
#include "support/kafka_admin.h"
#include "support/kafka_util.h"

enum { WAIT_MS = 30000, LISTED = 50, WINDOW = 40, PCT = 50 };

static struct hs_broker broker;
static struct hs_settings settings;
static struct hs_rcu_slot snapshot_slot, controls_slot;
static struct hs_metrics *metrics;
static struct hs_match_stage *stage;
static struct hs_test_producer *producer;

static void listed_vrm(char vrm[16], unsigned i)
{
    snprintf(vrm, 16, "AB12C%c%c", (char)('A' + i / 20), (char)('A' + i % 20));
}

static struct hs_snapshot *make_snapshot(void)
{
    struct hs_snapshot_builder *builder;
    struct hs_snapshot *snapshot;
    const struct hs_list_spec spec = {.list_id = HS_STR("stolen"),
                                      .title = HS_STR("Stolen"),
                                      .owner_force = HS_STR("north"),
                                      .status = HS_LIST_LIVE,
                                      .generation = 1};
    assert_int_equal(hs_snapshot_builder_new(&builder), 0);
    assert_int_equal(hs_snapshot_builder_list(builder, &spec), 0);
    for (unsigned i = 0; i < LISTED; i++) {
        Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
        char vrm[16], id[16], list[] = "stolen";
        uint8_t packed[128];
        listed_vrm(vrm, i);
        snprintf(id, sizeof(id), "e%u", i);
        entry.list_id = list;
        entry.entry_id = id;
        entry.vrm = vrm;
        entry.weed_date = 20991231;
        size_t len = hitstream__v1__watchlist_entry__pack(&entry, packed);
        assert_int_equal(hs_snapshot_builder_entry(builder, hs_str_n(packed, len)), 0);
    }
    assert_int_equal(hs_snapshot_builder_build(builder, 1700000000000, HS_STR("1-0"), &snapshot),
                     0);
    return snapshot;
}

// Who passes after a hit is another test's.
static struct hs_controls *make_controls(void)
{
    struct hs_controls *controls;
    struct hs_diags diags = {0};
    const struct hs_controls_file files[] = {
        {HS_STR("cameras.csv"), HS_STR("camera,site,force\n")},
        {HS_STR("queues.yaml"), HS_STR("queues: {}\n")},
        {HS_STR("rules.yaml"), HS_STR("companions: {after_ms: 0}\n")}};
    assert_int_equal(hs_controls_parse(files, 3, &diags, &controls), 0);
    hs_diags_fini(&diags);
    return controls;
}

static int start_stage(void)
{
    metrics = hs_metrics_new();
    const struct hs_match_stage_config config = {.settings = &settings,
                                                 .snapshot = &snapshot_slot,
                                                 .controls = &controls_slot,
                                                 .metrics = metrics};
    return hs_match_stage_new(&config, &stage) || hs_match_stage_start(stage);
}

static void start_stage_again(void)
{
    hs_match_stage_free(stage);
    hs_metrics_free(metrics);
    assert_int_equal(start_stage(), 0);
}

static int setup(void **state)
{
    (void)state;
    if (hs_broker_start(&broker, NULL)) {
        return -1;
    }
    settings = (struct hs_settings){
        .instance_id = "test",
        .role_match = true,
        .kafka_bootstrap = broker.bootstrap,
        .kafka_sasl_password_file = "",
        .kafka_ssl_key_password_file = "",
        .kafka_session_timeout_ms = 6000,
        .kafka_lease_ms = 4500,
        .kafka_message_timeout_ms = 2000,
        .match_workers = 2,
        .match_reject_max_pct = PCT,
        .match_reject_window_reads = WINDOW,
    };
    hs_rcu_publish(&controls_slot, make_controls());
    return start_stage() || hs_test_producer_new(broker.bootstrap, &producer);
}

static int teardown(void **state)
{
    (void)state;
    hs_match_stage_stop(stage, 10000);
    hs_match_stage_free(stage);
    hs_test_producer_free(producer);
    hs_snapshot_free(hs_rcu_publish(&snapshot_slot, NULL));
    hs_controls_unref(hs_rcu_publish(&controls_slot, NULL));
    hs_metrics_free(metrics);
    hs_broker_fini(&broker);
    return 0;
}

static struct hs_match_status await_state(enum hs_match_state wanted)
{
    struct hs_match_status status;
    for (int64_t i = 0; i < WAIT_MS / 20; i++) {
        hs_match_stage_status(stage, &status);
        if (status.state == wanted) {
            return status;
        }
        hs_test_pause_ms(20);
    }
    print_message("state %d: %s\n", (int)status.state, status.why);
    assert_int_equal(status.state, wanted);
    return status;
}

static void on_topic(void *ctx, const char *topic, const char *rule, const char *text)
{
    (void)ctx;
    (void)topic;
    (void)rule;
    (void)text;
}

static void it_says_what_it_waits_for(void **state)
{
    (void)state;
    struct hs_match_status status = await_state(HS_MATCH_STARTING);
    for (int i = 0; i < 500 && !strstr(status.why, "hitctl topics create"); i++) {
        hs_test_pause_ms(20);
        hs_match_stage_status(stage, &status);
    }
    assert_string_equal(status.why,
                        "topic 'anpr.hits' does not exist; make it with 'hitctl topics create'");
    struct hs_topics_plan plan;
    hs_topics_plan_defaults(&plan);
    plan.reads_partitions = 4;
    plan.hits_partitions = 2;
    assert_int_equal(hs_topics_create(&settings, &plan, WAIT_MS, on_topic, NULL), 0);
    await_state(HS_MATCH_WAITING);
    hs_rcu_publish(&snapshot_slot, make_snapshot());
    status = await_state(HS_MATCH_NO_OFFSET);
    assert_string_equal(
        status.why, "nobody has said where to begin with anpr.reads; say it with 'hitctl topics "
                    "create --reads-from beginning|end|TIME'");
    assert_int_equal(hs_topics_read_from(&settings, HS_KAFKA_GROUP_MATCH, HS_KAFKA_READS,
                                         HS_KAFKA_OFFSET_BEGINNING, -1, false, WAIT_MS),
                     0);
    await_state(HS_MATCH_RUNNING);
}

// A batch of `count` reads of one site.
static void produce_reads(const char *site, const char *const *vrms, size_t count,
                          const char *camera)
{
    Hitstream__V1__PlateRead reads[16], *ptrs[16];
    Hitstream__V1__PlateReadBatch batch = HITSTREAM__V1__PLATE_READ_BATCH__INIT;
    char cameras[16][32], marks[16][32], ids[16][40];
    uint8_t packed[4096];
    static int number;
    for (size_t i = 0; i < count; i++) {
        hitstream__v1__plate_read__init(&reads[i]);
        snprintf(cameras[i], sizeof(cameras[i]), "%s", camera);
        snprintf(marks[i], sizeof(marks[i]), "%s", vrms[i]);
        snprintf(ids[i], sizeof(ids[i]), "read-%d", number++);
        reads[i].camera_id = cameras[i];
        reads[i].vrm = marks[i];
        reads[i].read_id = ids[i];
        reads[i].captured_at_ms = hs_clock_realtime_ms();
        ptrs[i] = &reads[i];
    }
    batch.n_reads = count;
    batch.reads = ptrs;
    size_t len = hitstream__v1__plate_read_batch__pack(&batch, packed);
    assert_true(len < sizeof(packed));
    const struct hs_test_header trace = {"traceparent", HS_STR("00-abc-01")};
    assert_int_equal(hs_test_produce(producer, HS_KAFKA_READS, -1, hs_str(site),
                                     hs_str_n(packed, len), &trace, 1),
                     0);
}

static void await_messages(const char *topic, size_t count, struct hs_test_messages *messages)
{
    struct hs_test_reader *reader;
    assert_int_equal(hs_test_reader_new(broker.bootstrap, topic, &reader), 0);
    assert_int_equal(hs_test_reader_await(reader, count, WAIT_MS, messages), 0);
    hs_test_reader_free(reader);
}

static void reads_become_hits(void **state)
{
    (void)state;
    struct hs_test_messages messages = {0};
    const char *vrms[] = {"AB12CAA", "ZZ99ZZZ", "AB12 CAB"};
    produce_reads("A4-west", vrms, 3, "cam-1");
    assert_int_equal(hs_test_producer_flush(producer, WAIT_MS), 0);
    await_messages(HS_KAFKA_HITS, 2, &messages);
    const struct hs_test_message *m = &messages.rows[0];
    if (!hs_str_is(m->key, "AB12CAA")) {
        m = &messages.rows[1];
    }
    assert_true(hs_str_is(m->key, "AB12CAA"));
    Hitstream__V1__VehicleEvent *event =
        hitstream__v1__vehicle_event__unpack(NULL, m->value.len, (const uint8_t *)m->value.ptr);
    assert_non_null(event);
    assert_string_equal(event->hit->place->site_id, "A4-west");
    assert_true(event->hit->place->camera_unknown);
    assert_int_equal(event->hit->snapshot_as_of_ms, 1700000000000);
    assert_int_equal(event->hit->lateness, HITSTREAM__V1__LATENESS__LATENESS_LIVE);
    char id[HS_ID_TEXT_BYTES];
    hs_hex_encode(event->hit->hit_id.data, HS_ID_BYTES, id);
    assert_true(hs_str_is(hs_test_header(m, "ce_id"), id));
    assert_true(hs_str_is(hs_test_header(m, "ce_type"), "hitstream.v1.Hit"));
    assert_true(hs_str_is(hs_test_header(m, "traceparent"), "00-abc-01"));
    assert_true(strncmp(hs_test_header(m, "ce_source").ptr, "anpr.reads/", 11) == 0);
    hitstream__v1__vehicle_event__free_unpacked(event, NULL);
    hs_test_messages_fini(&messages);
    struct hs_match_status status = await_state(HS_MATCH_RUNNING);
    for (int i = 0; i < WAIT_MS / 20 && status.partitions != 4; i++) { // the workers share them out
        hs_test_pause_ms(20);
        hs_match_stage_status(stage, &status);
    }
    assert_int_equal(status.unknown_cameras, 2);
    assert_int_equal(status.partitions, 4);
}

static struct hs_str reason_of(const struct hs_test_messages *messages, size_t index)
{
    return hs_test_header(&messages->rows[index], "reason");
}

static void bad_reads_are_put_aside_and_the_rest_goes_on(void **state)
{
    (void)state;
    struct hs_test_messages rejected = {0}, hits = {0};
    const char *vrms[] = {"", "AB12CAC"};
    produce_reads("s", vrms, 2, "cam-1");
    const char *good[] = {"AB12CAD"};
    assert_int_equal(hs_test_produce(producer, HS_KAFKA_READS, -1, HS_STR("s"),
                                     HS_STR("\xff\xfe garbage"), NULL, 0),
                     0);
    produce_reads("s", good, 1, "cam-1");
    assert_int_equal(hs_test_producer_flush(producer, WAIT_MS), 0);
    await_messages(HS_KAFKA_REJECTED, 2, &rejected);
    assert_true(hs_str_is(reason_of(&rejected, 0), "no-plate"));
    Hitstream__V1__PlateReadBatch *batch = hitstream__v1__plate_read_batch__unpack(
        NULL, rejected.rows[0].value.len, (const uint8_t *)rejected.rows[0].value.ptr);
    assert_non_null(batch);
    assert_int_equal(batch->n_reads, 1);
    assert_string_equal(batch->reads[0]->camera_id, "cam-1");
    hitstream__v1__plate_read_batch__free_unpacked(batch, NULL);
    assert_true(hs_str_is(reason_of(&rejected, 1), "malformed-message"));
    assert_true(hs_str_is(rejected.rows[1].value, "\xff\xfe garbage"));
    assert_true(hs_str_is(rejected.rows[1].key, "s"));
    assert_int_equal(hs_test_header(&rejected.rows[0], "ce_id").len, 32);
    await_messages(HS_KAFKA_HITS, 4, &hits);
    hs_test_messages_fini(&rejected);
    hs_test_messages_fini(&hits);
}

static void a_bad_feed_stops_it_and_good_reads_start_it_again(void **state)
{
    (void)state;
    struct hs_test_messages rejected = {0}, hits = {0};
    const char *bad[] = {""}, *good[] = {"AB12CAE", "AB12CAF"};
    for (int i = 0; i < 3 * WINDOW; i++) {
        produce_reads("bad", bad, 1, "cam-1");
    }
    produce_reads("bad", good, 2, "cam-1");
    assert_int_equal(hs_test_producer_flush(producer, WAIT_MS), 0);
    struct hs_match_status status = await_state(HS_MATCH_STOPPED_BAD_INPUT);
    assert_string_equal(
        status.why,
        "more than 50 % of 40 reads cannot be used; see anpr.reads.rejected; goes on by "
        "itself when a probe succeeds, at once with 'hitctl resume'");
    assert_int_equal(hs_test_topic_read(broker.bootstrap, HS_KAFKA_REJECTED, WAIT_MS, &rejected),
                     0);
    assert_true(rejected.count < 2 + 2 * WINDOW); // not the whole feed
    hs_match_stage_resume(stage);                 // a person says that the feed is good again
    await_messages(HS_KAFKA_HITS, 6, &hits);
    assert_int_equal(hits.count, 6);
    hs_test_messages_fini(&rejected);
    hs_test_messages_fini(&hits);
    await_state(HS_MATCH_RUNNING);
}

static void a_probe_starts_it_again(void **state)
{
    (void)state;
    struct hs_test_messages hits = {0};
    const char *bad[] = {"", "", "", "", "", "", "", "", "", "", "", ""};
    const char *good[] = {"AB12CAG"};
    for (int i = 0; i < 2; i++) {
        produce_reads("bad", bad, 12, "cam-1");
    }
    assert_int_equal(hs_test_producer_flush(producer, WAIT_MS), 0);
    await_state(HS_MATCH_STOPPED_BAD_INPUT);
    for (int i = 0; i < 20; i++) {
        produce_reads("bad", good, 1, "cam-1"); // the feed is mended
    }
    assert_int_equal(hs_test_producer_flush(producer, WAIT_MS), 0);
    await_messages(HS_KAFKA_HITS, 26, &hits);
    hs_test_messages_fini(&hits);
    await_state(HS_MATCH_RUNNING);
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static size_t distinct_ids(const struct hs_test_messages *messages)
{
    char(*ids)[32] = calloc(messages->count + 1, 32);
    size_t distinct = 0;
    for (size_t i = 0; i < messages->count; i++) {
        memcpy(ids[i], hs_test_header(&messages->rows[i], "ce_id").ptr, 32);
    }
    qsort(ids, messages->count, 32, compare_ids);
    for (size_t i = 0; i < messages->count; i++) {
        distinct += i == 0 || memcmp(ids[i], ids[i - 1], 32) != 0;
    }
    free(ids);
    return distinct;
}

// Until so many hits stand in the log, each counted once: after a rewind some stand there again.
static void await_hits(size_t distinct, struct hs_test_messages *ret_hits)
{
    for (int i = 0; i < WAIT_MS / 200 && distinct_ids(ret_hits) < distinct; i++) {
        hs_test_messages_fini(ret_hits);
        *ret_hits = (struct hs_test_messages){0};
        (void)hs_test_topic_read(broker.bootstrap, HS_KAFKA_HITS, 5000, ret_hits);
        hs_test_pause_ms(200);
    }
}

static void a_hanging_broker_loses_nothing(void **state)
{
    (void)state;
    struct hs_test_messages hits = {0};
    enum { MORE = 200 };
    for (int i = 0; i < MORE; i++) {
        char vrm[16], site[16];
        const char *vrms[] = {vrm};
        listed_vrm(vrm, (unsigned)i % LISTED);
        snprintf(site, sizeof(site), "site-%d", i % 9);
        produce_reads(site, vrms, 1, "cam-2");
    }
    assert_int_equal(hs_test_producer_flush(producer, WAIT_MS), 0);
    hs_test_pause_ms(5);
    hs_broker_freeze(&broker);
    hs_test_pause_ms(4000); // twice the time limit of a message
    hs_broker_thaw(&broker);
    await_hits(MORE + 26, &hits); // a broker that hung may need a while before it serves again
    assert_int_equal(distinct_ids(&hits), MORE + 26);
    print_message("%zu hits stand in the log for %d\n", hits.count, MORE + 26);
    hs_test_messages_fini(&hits);
    await_state(HS_MATCH_RUNNING);
}

static void a_clean_end_commits_everything(void **state)
{
    (void)state;
    assert_int_equal(hs_match_stage_stop(stage, 10000), 0);
    int64_t low, high, committed, all = 0;
    for (int32_t p = 0; p < 4; p++) {
        assert_int_equal(hs_test_watermarks(broker.bootstrap, HS_KAFKA_READS, p, &low, &high), 0);
        assert_int_equal(hs_test_committed(broker.bootstrap, HS_KAFKA_GROUP_MATCH, HS_KAFKA_READS,
                                           p, &committed),
                         0);
        assert_int_equal(committed, high);
        all += high;
    }
    assert_true(all > 300);
}

static size_t count_messages(const char *topic)
{
    struct hs_test_messages messages = {0};
    assert_int_equal(hs_test_topic_read(broker.bootstrap, topic, WAIT_MS, &messages), 0);
    size_t count = messages.count;
    hs_test_messages_fini(&messages);
    return count;
}

// What a broker takes packed it does not take unpacked: cut, it is put aside all the same.
static void large_messages_are_put_aside_cut(void **state)
{
    enum { PACKED = 3000000, KEPT = 64 * 1024 };
    (void)state;
    struct hs_test_messages rejected = {0}, hits = {0};
    const char *good[] = {"AB12CAE"};
    char *zeros = calloc(1, PACKED);
    assert_non_null(zeros);
    size_t before = count_messages(HS_KAFKA_REJECTED);
    assert_int_equal(hs_test_topic_read(broker.bootstrap, HS_KAFKA_HITS, WAIT_MS, &hits), 0);
    size_t hits_before = distinct_ids(&hits);
    assert_int_equal(
        hs_test_produce_packed(broker.bootstrap, HS_KAFKA_READS, hs_str_n(zeros, PACKED)), 0);
    for (int32_t i = 0; i < 8; i++) { // behind it in its partition, wherever that is
        char site[16];
        snprintf(site, sizeof(site), "s%d", i);
        produce_reads(site, good, 1, "cam-1");
    }
    assert_int_equal(hs_test_producer_flush(producer, WAIT_MS), 0);
    await_messages(HS_KAFKA_REJECTED, before + 1, &rejected);
    const struct hs_test_message *last = &rejected.rows[rejected.count - 1];
    assert_true(hs_str_is(hs_test_header(last, "reason"), "too-large"));
    assert_true(hs_str_is(hs_test_header(last, "bytes-before-cut"), "3000000"));
    assert_int_equal(last->value.len, KEPT);
    await_hits(hits_before + 8, &hits);
    assert_int_equal(distinct_ids(&hits), hits_before + 8);
    hs_test_messages_fini(&rejected);
    hs_test_messages_fini(&hits);
    free(zeros);
}

static int64_t end_of_reads(int32_t partition)
{
    int64_t low, high;
    assert_int_equal(hs_test_watermarks(broker.bootstrap, HS_KAFKA_READS, partition, &low, &high),
                     0);
    return high;
}

static void commit_reads(int32_t partition, int64_t offset)
{
    assert_int_equal(
        hs_test_commit(broker.bootstrap, HS_KAFKA_GROUP_MATCH, HS_KAFKA_READS, partition, offset),
        0);
}

// Its log was never so long: an operator decides about it, and all others are read. The stage has
// ended before.
static void a_partition_without_its_offset_holds_up_no_other(void **state)
{
    (void)state;
    enum { AWAY = 1000000, READS = 60 };
    char expected[256];
    struct hs_test_messages hits = {0};
    struct hs_match_status status;
    int64_t end = end_of_reads(0);
    assert_int_equal(hs_test_topic_read(broker.bootstrap, HS_KAFKA_HITS, WAIT_MS, &hits), 0);
    size_t before = distinct_ids(&hits);
    commit_reads(0, end + AWAY);
    start_stage_again();
    status = await_state(HS_MATCH_PARTLY);
    snprintf(expected, sizeof(expected), "offset %lld of anpr.reads/0, which its log does not have",
             (long long)end + AWAY);
    assert_non_null(strstr(status.why, expected));
    for (unsigned i = 0; i < READS; i++) {
        char vrm[16], site[16];
        const char *vrms[] = {vrm};
        listed_vrm(vrm, i % LISTED);
        snprintf(site, sizeof(site), "site-%u", i);
        produce_reads(site, vrms, 1, "cam-2");
    }
    assert_int_equal(hs_test_producer_flush(producer, WAIT_MS), 0);
    size_t others = READS - (size_t)(end_of_reads(0) - end);
    assert_true(others > 0 && others < READS);
    await_hits(before + others, &hits);
    assert_int_equal(distinct_ids(&hits), before + others);
    hs_match_stage_status(stage, &status);
    assert_int_equal(status.state, HS_MATCH_PARTLY);

    assert_int_equal(hs_match_stage_stop(stage, 10000), 0);
    commit_reads(0, end); // it was left where it stood
    start_stage_again();
    await_hits(before + READS, &hits);
    assert_int_equal(distinct_ids(&hits), before + READS);
    await_state(HS_MATCH_RUNNING);
    assert_int_equal(hs_match_stage_stop(stage, 10000), 0);
    hs_test_messages_fini(&hits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_what_it_waits_for),
        cmocka_unit_test(reads_become_hits),
        cmocka_unit_test(bad_reads_are_put_aside_and_the_rest_goes_on),
        cmocka_unit_test(a_bad_feed_stops_it_and_good_reads_start_it_again),
        cmocka_unit_test(a_probe_starts_it_again),
        cmocka_unit_test(a_hanging_broker_loses_nothing),
        cmocka_unit_test(large_messages_are_put_aside_cut),
        cmocka_unit_test(a_clean_end_commits_everything),
        cmocka_unit_test(a_partition_without_its_offset_holds_up_no_other),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
