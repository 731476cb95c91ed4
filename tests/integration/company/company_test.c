// SPDX-License-Identifier: Apache-2.0
// Who passed around a hit, against a real broker: stamped on the hit, told after it, the commit
// behind the open window, rings that are warm after a restart, no trace of anybody else, and who of
// them is listed.
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
#include "support/kafka_util.h"

enum { WAIT_MS = 30000, AFTER_MS = 3000, SETTLE_MS = 500, STEP_MS = 50 };

static struct hs_broker broker;
static struct hs_settings settings;
static struct hs_rcu_slot snapshot_slot, controls_slot;
static struct hs_metrics *metrics;
static struct hs_match_stage *stage;
static struct hs_test_producer *producer;
static int64_t hit_at_ms; // of the first hit

// A list of one vehicle.
static void add_list(struct hs_snapshot_builder *builder, const char *list_id, const char *mark,
                     bool covert)
{
    const struct hs_list_spec spec = {.list_id = hs_str(list_id),
                                      .owner_force = HS_STR("north"),
                                      .status = HS_LIST_LIVE,
                                      .covert = covert,
                                      .generation = 1};
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    char vrm[16], id[] = "e1", list[16];
    uint8_t packed[128];
    snprintf(vrm, sizeof(vrm), "%s", mark);
    snprintf(list, sizeof(list), "%s", list_id);
    entry.list_id = list;
    entry.entry_id = id;
    entry.vrm = vrm;
    entry.weed_date = 20991231;
    entry.handling = HITSTREAM__V1__HANDLING__HANDLING_STOP;
    size_t len = hitstream__v1__watchlist_entry__pack(&entry, packed);
    assert_int_equal(hs_snapshot_builder_list(builder, &spec), 0);
    assert_int_equal(hs_snapshot_builder_entry(builder, hs_str_n(packed, len)), 0);
}

static struct hs_snapshot *make_snapshot(void)
{
    struct hs_snapshot_builder *builder;
    struct hs_snapshot *snapshot;
    assert_int_equal(hs_snapshot_builder_new(&builder), 0);
    add_list(builder, "lantern", "AB12CAA", true);
    add_list(builder, "stolen", "AB21CAA", false);
    add_list(builder, "drugs", "AB22CAA", false);
    assert_int_equal(hs_snapshot_builder_build(builder, 1700000000000, HS_STR("1-0"), &snapshot),
                     0);
    return snapshot;
}

static struct hs_controls *make_controls(void)
{
    char text[128];
    struct hs_controls *controls;
    struct hs_diags diags = {0};
    snprintf(text, sizeof(text),
             "companions: {after_ms: %d, settle_ms: %d}\ntogether: {sites: 2}\n", AFTER_MS,
             SETTLE_MS);
    const struct hs_controls_file files[] = {{HS_STR("cameras.csv"), HS_STR("camera,site,force\n")},
                                             {HS_STR("queues.yaml"), HS_STR("queues: {}\n")},
                                             {HS_STR("rules.yaml"), hs_str(text)}};
    assert_int_equal(hs_controls_parse(files, 3, &diags, &controls), 0);
    hs_diags_fini(&diags);
    return controls;
}

static void start(void)
{
    const struct hs_match_stage_config config = {.settings = &settings,
                                                 .snapshot = &snapshot_slot,
                                                 .controls = &controls_slot,
                                                 .metrics = metrics};
    assert_int_equal(hs_match_stage_new(&config, &stage), 0);
    assert_int_equal(hs_match_stage_start(stage), 0);
}

static void stop(void)
{
    assert_int_equal(hs_match_stage_stop(stage, 10000), 0);
    hs_match_stage_free(stage);
    stage = NULL;
}

static void no_rule(void *ctx, const char *topic, const char *rule, const char *text)
{
    (void)ctx, (void)topic, (void)rule, (void)text;
}

static int create_topics(void)
{
    struct hs_topics_plan plan;
    hs_topics_plan_defaults(&plan);
    plan.reads_partitions = 2;
    plan.hits_partitions = 1;
    int r = hs_topics_create(&settings, &plan, WAIT_MS, no_rule, NULL);
    return r < 0 ? r
                 : hs_topics_read_from(&settings, HS_KAFKA_GROUP_MATCH, HS_KAFKA_READS,
                                       HS_KAFKA_OFFSET_BEGINNING, -1, false, WAIT_MS);
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
        .match_workers = 1,
        .match_reject_max_pct = 50,
        .match_reject_window_reads = 100,
    };
    metrics = hs_metrics_new();
    hs_rcu_publish(&controls_slot, make_controls());
    hs_rcu_publish(&snapshot_slot, make_snapshot());
    if (create_topics() < 0) {
        return -1;
    }
    start();
    return hs_test_producer_new(broker.bootstrap, &producer);
}

static int teardown(void **state)
{
    (void)state;
    if (stage) {
        stop();
    }
    hs_test_producer_free(producer);
    hs_snapshot_free(hs_rcu_publish(&snapshot_slot, NULL));
    hs_controls_unref(hs_rcu_publish(&controls_slot, NULL));
    hs_metrics_free(metrics);
    hs_broker_fini(&broker);
    return 0;
}

// One read, made now; returns when.
static int64_t pass(const char *site, const char *mark, uint32_t lane)
{
    Hitstream__V1__PlateRead read = HITSTREAM__V1__PLATE_READ__INIT, *reads[] = {&read};
    Hitstream__V1__PlateReadBatch batch = HITSTREAM__V1__PLATE_READ_BATCH__INIT;
    char camera[] = "cam-1", vrm[16];
    uint8_t packed[256];
    snprintf(vrm, sizeof(vrm), "%s", mark);
    hs_test_pause_ms(STEP_MS);
    read.vrm = vrm;
    read.camera_id = camera;
    read.lane = lane;
    read.captured_at_ms = hs_clock_realtime_ms();
    batch.n_reads = 1;
    batch.reads = reads;
    size_t len = hitstream__v1__plate_read_batch__pack(&batch, packed);
    assert_int_equal(
        hs_test_produce(producer, HS_KAFKA_READS, -1, hs_str(site), hs_str_n(packed, len), NULL, 0),
        0);
    assert_int_equal(hs_test_producer_flush(producer, WAIT_MS), 0);
    return read.captured_at_ms;
}

// The events of the log, which the caller frees one by one.
static size_t await_events(size_t count, Hitstream__V1__VehicleEvent **events, size_t max)
{
    struct hs_test_messages log = {0};
    struct hs_test_reader *reader;
    assert_int_equal(hs_test_reader_new(broker.bootstrap, HS_KAFKA_HITS, &reader), 0);
    assert_int_equal(hs_test_reader_await(reader, count, WAIT_MS, &log), 0);
    hs_test_reader_free(reader);
    assert_true(log.count <= max);
    for (size_t i = 0; i < log.count; i++) {
        const struct hs_test_message *m = &log.rows[i];
        events[i] =
            hitstream__v1__vehicle_event__unpack(NULL, m->value.len, (const uint8_t *)m->value.ptr);
        assert_non_null(events[i]);
        bool hit = events[i]->event_case == HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT;
        assert_true(hs_str_is(hs_test_header(m, "ce_type"),
                              hit ? "hitstream.v1.Hit" : "hitstream.v1.Companions"));
        assert_true(hs_str_is(m->key, events[i]->vehicle));
    }
    count = log.count;
    hs_test_messages_fini(&log);
    return count;
}

static void free_events(Hitstream__V1__VehicleEvent **events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hitstream__v1__vehicle_event__free_unpacked(events[i], NULL);
    }
}

// How many messages of anpr.reads are not committed.
static int64_t not_committed(void)
{
    int64_t low, high, committed, open = 0;
    for (int32_t p = 0; p < 2; p++) {
        assert_int_equal(hs_test_watermarks(broker.bootstrap, HS_KAFKA_READS, p, &low, &high), 0);
        assert_int_equal(hs_test_committed(broker.bootstrap, HS_KAFKA_GROUP_MATCH, HS_KAFKA_READS,
                                           p, &committed),
                         0);
        open += high - (committed > 0 ? committed : 0);
    }
    return open;
}

static void a_hit_tells_who_was_there_before_it_and_then_who_came_after(void **state)
{
    (void)state;
    Hitstream__V1__VehicleEvent *events[8];
    pass("A4-west", "RA60LYX", 1); // from here on the site is known
    hs_test_pause_ms(100);
    pass("A4-west", "RA61LYX", 1);
    int64_t before_ms = pass("A4-west", "RA62LYX", 2);
    pass("M5-north", "RA69LYX", 1); // elsewhere
    hit_at_ms = pass("A4-west", "AB12CAA", 1);
    size_t count = await_events(1, events, 8);
    assert_int_equal(count, 1);
    Hitstream__V1__Hit *hit = events[0]->hit;
    assert_int_equal(events[0]->event_case, HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT);
    assert_non_null(hit->before);
    assert_true(hit->before->n_companions >= 2);
    assert_string_equal(hit->before->companions[0]->vrm, "RA62LYX");
    assert_int_equal(hit->before->companions[0]->gap_ms, hit_at_ms - before_ms);
    assert_int_equal(hit->before->companions[0]->lane, 2);
    assert_string_equal(hit->before->companions[1]->vrm, "RA61LYX");
    assert_non_null(hit->flow);
    assert_int_equal(hit->flow->vehicles, hit->before->n_companions);
    assert_true(hit->flow->window_ms < 20000); // so long is the site known
    free_events(events, count);

    pass("A4-west", "RA63LYX", 1);
    assert_true(not_committed() > 0); // held back by the open window
    count = await_events(2, events, 8);
    assert_int_equal(events[1]->event_case, HITSTREAM__V1__VEHICLE_EVENT__EVENT_COMPANIONS);
    Hitstream__V1__Companions *told = events[1]->companions;
    assert_memory_equal(told->hit_id.data, events[0]->hit->hit_id.data, 16);
    assert_int_equal(told->captured_at_ms, hit_at_ms);
    assert_int_equal(told->audience->kind, HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT);
    assert_string_equal(told->audience->list_id, "lantern");
    assert_int_equal(told->after->n_companions, 1);
    assert_string_equal(told->after->companions[0]->vrm, "RA63LYX");
    assert_int_equal(told->after->window_ms, AFTER_MS);
    free_events(events, count);
    for (int i = 0; i < WAIT_MS / 100 && not_committed() > 0; i++) {
        hs_test_pause_ms(100); // silence, and yet it closed
    }
    assert_int_equal(not_committed(), 0);
}

static void after_a_restart_the_site_is_known(void **state)
{
    (void)state;
    Hitstream__V1__VehicleEvent *events[8];
    stop();
    start();
    pass("A4-west", "AB12CAA", 1);
    size_t count = await_events(3, events, 8);
    assert_int_equal(count, 3); // nothing that was committed is produced again
    Hitstream__V1__Hit *hit = events[2]->hit;
    assert_int_equal(events[2]->event_case, HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT);
    assert_non_null(hit->flow);
    assert_true(hit->flow->window_ms >= hit->captured_at_ms - hit_at_ms);
    assert_true(hit->flow->vehicles >= 3); // RA61, RA62, RA63
    free_events(events, count);
    stop(); // in the middle of the window
    assert_true(not_committed() > 0);
    start();
    count = await_events(5, events, 8); // the hit again, and who came after
    assert_int_equal(count, 5);
    assert_memory_equal(events[3]->hit->hit_id.data, events[2]->hit->hit_id.data, 16);
    assert_int_equal(events[3]->hit->flow->vehicles, events[2]->hit->flow->vehicles);
    assert_memory_equal(events[4]->companions->hit_id.data, events[2]->hit->hit_id.data, 16);
    free_events(events, count);
}

// Does the mark stand anywhere in what the stage wrote?
static bool is_written(const char *topic, const char *mark)
{
    struct hs_test_messages log = {0};
    bool found = false;
    assert_int_equal(hs_test_topic_read(broker.bootstrap, topic, WAIT_MS, &log), 0);
    for (size_t i = 0; i < log.count; i++) {
        const struct hs_test_message *m = &log.rows[i];
        found = found || memmem(m->value.ptr, m->value.len, mark, strlen(mark)) ||
                memmem(m->key.ptr, m->key.len, mark, strlen(mark));
    }
    hs_test_messages_fini(&log);
    return found;
}

static void who_was_not_near_a_hit_leaves_no_trace(void **state)
{
    (void)state;
    assert_true(is_written(HS_KAFKA_HITS, "RA63LYX"));
    assert_true(is_written(HS_KAFKA_READS, "RA69LYX"));
    assert_false(is_written(HS_KAFKA_HITS, "RA69LYX"));
    assert_false(is_written(HS_KAFKA_REJECTED, "RA69LYX"));
}

// The companion with that mark, on one side of a hit; NULL: none.
static const Hitstream__V1__Companion *find_companion(const Hitstream__V1__Company *company,
                                                      const char *mark)
{
    for (size_t i = 0; company && i < company->n_companions; i++) {
        if (strcmp(company->companions[i]->vrm, mark) == 0) {
            return company->companions[i];
        }
    }
    return NULL;
}

static void who_is_listed_too_is_told_beside_open_hits_alone(void **state)
{
    (void)state;
    Hitstream__V1__VehicleEvent *events[16];
    const Hitstream__V1__Companion *listed = NULL, *hidden = NULL, *first = NULL;
    pass("A38-south", "AB12CAA", 1); // on the covert list
    pass("A38-south", "AB21CAA", 1);
    pass("A38-south", "AB22CAA", 1);
    pass("A38-south", "AB12CAA", 1);
    size_t count = await_events(5 + 8, events, 16); // four hits, and four times who came after
    for (size_t i = 5; i < count; i++) {
        const Hitstream__V1__Hit *hit = events[i]->hit;
        bool is_hit = events[i]->event_case == HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT;
        const Hitstream__V1__Company *company = is_hit ? hit->before : events[i]->companions->after;
        if (strcmp(events[i]->vehicle, "AB12CAA") == 0) { // who follows it learns of no open list
            for (size_t k = 0; company && k < company->n_companions; k++) {
                assert_int_equal(company->companions[k]->n_listed_on, 0);
            }
            continue;
        }
        hidden = find_companion(company, "AB12CAA");
        assert_true(!hidden || hidden->n_listed_on == 0);
        if (is_hit && strcmp(events[i]->vehicle, "AB22CAA") == 0) {
            first = find_companion(company, "AB21CAA");
        } else if (!is_hit && strcmp(events[i]->vehicle, "AB21CAA") == 0) {
            listed = find_companion(company, "AB22CAA");
            assert_non_null(hidden);
        }
    }
    assert_non_null(first);
    assert_int_equal(first->n_listed_on, 1);
    assert_string_equal(first->listed_on[0]->list_id, "stolen");
    assert_non_null(listed);
    assert_int_equal(listed->n_listed_on, 1);
    assert_string_equal(listed->listed_on[0]->list_id, "drugs");
    assert_string_equal(listed->listed_on[0]->owner_force, "north");
    assert_int_equal(listed->listed_on[0]->handling, HITSTREAM__V1__HANDLING__HANDLING_STOP);
    free_events(events, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hit_tells_who_was_there_before_it_and_then_who_came_after),
        cmocka_unit_test(after_a_restart_the_site_is_known),
        cmocka_unit_test(who_was_not_near_a_hit_leaves_no_trace),
        cmocka_unit_test(who_is_listed_too_is_told_beside_open_hits_alone),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
