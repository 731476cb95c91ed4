// SPDX-License-Identifier: Apache-2.0
// Lists in the daemon: what is live, from where, and what is told when they are not current.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fixture.h"
#include "hitstream/v1/controls.pb-c.h"
#include "support/kafka_util.h"

static void change_is_live_at_once(void **state)
{
    (void)state;
    house_activate_controls(&house);
    house_create_list(&house, "stolen", false);
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    for (int i = 1; i <= 5; i++) {
        char entry_id[32], vrm[32], entries[32];
        snprintf(entry_id, sizeof(entry_id), "e%d", i);
        snprintf(vrm, sizeof(vrm), "AB1%dCDE", i);
        snprintf(entries, sizeof(entries), "\"entries\": %d,", i);
        house_put(&house, "stolen", entry_id, vrm);
        house_await_answer(&house, "/status", entries);
    }
    assert_non_null(strstr(house.text, "\"revision\": \"0.5\""));
    assert_true(house_metric(&house, "hitstream_lists_changes_total") >= 5);
    assert_true(house_metric(&house, "hitstream_lists_loads_total") ==
                1); // no full load for a change
    assert_int_equal(house_stop(&house), 0);
}

static void many_changes_are_folded_in(void **state)
{
    (void)state;
    house_activate_controls(&house);
    house_create_list(&house, "stolen", false);
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    house_put_many(&house, "stolen", 3000); // more than half of what an overlay holds
    house_await_answer(&house, "/status", "\"entries\": 3000,");
    int64_t until_ns = hs_clock_monotonic_ns() + INT64_C(20000000000);
    while (house_metric(&house, "hitstream_lists_overlay_changes") > 1500) {
        assert_true(hs_clock_monotonic_ns() < until_ns);
        hs_test_pause_ms(20);
    }
    assert_true(house_metric(&house, "hitstream_snapshot_rebuild_seconds") > 0);
    assert_true(house_metric(&house, "hitstream_lists_loads_total") ==
                1); // not read from Redis again
    assert_true(house_metric(&house, "hitstream_lists_entries") == 3000);
    assert_int_equal(house_stop(&house), 0);

    hs_redis_server_stop(&house.redis); // and from disk
    house_start(&house, NULL);
    house_await_answer(&house, "/status", "\"entries\": 3000,");
    assert_int_equal(house_stop(&house), 0);
}

static void load_two(const char *list_id, const char *vrm)
{
    char path[HS_TEST_PATH_BYTES + 16], text[256];
    snprintf(path, sizeof(path), "%s/two.csv", house.folder);
    snprintf(text, sizeof(text),
             "VRM,action,weed date\n%s,STOP,2099-12-31\nAB12CDE,STOP,2099-12-31\n", vrm);
    assert_int_equal(hs_test_file_write(path, text), 0);
    if (HITCTL(&house, "list", "load", list_id, path, "--replace", "--force", "--wait") != 0) {
        fail_msg("%s", house.text);
    }
}

static void only_the_list_that_was_loaded_is_read_again(void **state)
{
    (void)state;
    house_activate_controls(&house);
    house_create_list(&house, "stolen", false);
    house_create_list(&house, "wanted", false);
    house_put(&house, "stolen", "e1", "OY11ABC");
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    house_await_answer(&house, "/status", "\"entries\": 1,");
    // Whoever reads it would find that it does not hold.
    REDIS(&house, "HSET", "hs:list:stolen:g0", "e2", "garbage");
    load_two("wanted", "CD34EFG");
    house_await_answer(&house, "/status", "\"state\": \"live\"");
    assert_true(house_metric(&house, "hitstream_lists_entries") == 3);
    house_put(&house, "wanted", "e3", "EF56GHJ");
    load_two("wanted", "CD34EFH");
    assert_true(house_metric(&house, "hitstream_lists_entries") == 3);
    assert_true(house_metric(&house, "hitstream_lists_loads_total") == 1);
    assert_true(house_metric(&house, "hitstream_lists_list_loads_total") == 2);
    assert_int_equal(house_stop(&house), 0);
    hs_redis_server_stop(&house.redis); // and from disk
    house_start(&house, NULL);
    house_await_answer(&house, "/status", "\"entries\": 3,");
    assert_int_equal(house_stop(&house), 0);
}

static void loaded_list_that_does_not_hold_leaves_the_last_good_one(void **state)
{
    (void)state;
    house_activate_controls(&house);
    house_create_list(&house, "wanted", false);
    house_create_list(&house, "stolen", false);
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    load_two("wanted", "CD34EFG");
    hs_process_signal(&house.daemon, SIGSTOP);
    char path[HS_TEST_PATH_BYTES + 16];
    snprintf(path, sizeof(path), "%s/two.csv", house.folder);
    assert_int_equal(HITCTL(&house, "list", "load", "wanted", path, "--replace"), 0);
    REDIS(&house, "HSET", "hs:list:wanted:g2", "e9", "garbage");
    hs_process_signal(&house.daemon, SIGCONT);
    house_await_answer(&house, "/status", "\"state\": \"stale\"");
    assert_true(house_metric(&house, "hitstream_lists_entries") == 2);
    REDIS(&house, "HDEL", "hs:list:wanted:g2", "e9");
    house_put(&house, "stolen", "e1", "OY11ABC"); // what comes behind it waits for it
    house_await_answer(&house, "/status", "\"state\": \"live\"");
    assert_non_null(strstr(house.text, "\"revision\": \"2.0\""));
    house_await_answer(&house, "/status", "\"entries\": 3,"); // maybe a moment later
    assert_int_equal(house_stop(&house), 0);
}

static void removed_list_is_gone_and_its_id_goes_on(void **state)
{
    (void)state;
    house_activate_controls(&house);
    house_create_list(&house, "wanted", false);
    house_create_list(&house, "stolen", false);
    load_two("wanted", "CD34EFG");
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    house_await_answer(&house, "/status", "\"entries\": 2,");
    assert_int_equal(HITCTL(&house, "list", "remove", "wanted", "--force", "--wait"), 0);
    assert_true(house_metric(&house, "hitstream_lists_entries") == 0);
    assert_int_equal(HITCTL(&house, "check", "AB12CDE"), 0);
    assert_non_null(strstr(house.text, "no entry"));
    house_create_list(&house, "wanted", false);
    load_two("wanted", "CD34EFG");
    assert_true(house_metric(&house, "hitstream_lists_entries") == 2);
    house_await_answer(&house, "/status", "\"revision\": \"3.0\""); // 2: the empty one
    assert_true(house_metric(&house, "hitstream_lists_loads_total") == 1);
    assert_int_equal(house_stop(&house), 0);
}

static void covert_lists_are_one_sum(void **state)
{
    (void)state;
    house_activate_controls(&house);
    house_create_list(&house, "stolen", false);
    house_create_list(&house, "nightowl", true);
    house_put(&house, "nightowl", "secret-1", "XY99ZZZ");
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    house_await_answer(&house, "/status",
                       "\"covert\": {\n      \"lists\": 1,\n      \"entries\": 1");
    assert_null(strstr(house.text, "nightowl"));
    assert_null(strstr(house_ask(&house, false, "GET", "/metrics"), "nightowl"));
    assert_true(house_metric(&house, "hitstream_covert_lists_entries") == 1);
    assert_int_equal(house_stop(&house), 0);
    assert_int_equal(house_count_log(&house, "secret-1"), 0);
    assert_int_equal(house_count_log(&house, "XY99ZZZ"), 0);
}

static void garbage_in_redis_leaves_the_last_good_lists(void **state)
{
    (void)state;
    house_serve_one(&house);

    REDIS(&house, "HSET", "hs:list:stolen:g0", "e2",
          "garbage"); // past the scripts: sums do not hold
    assert_int_equal(HITCTL(&house, "reload"), 0);
    house_await_answer(&house, "/readyz", "note: lists: lists cannot be read from redis");
    assert_non_null(strstr(house.text, "HTTP/1.1 200")); // it goes on with what it has
    assert_non_null(strstr(house_ask(&house, false, "GET", "/status"), "\"state\": \"stale\""));
    assert_true(house_metric(&house, "hitstream_lists_entries") == 1);
    assert_true(house_metric(&house, "hitstream_lists_load_failures_total") >= 1);

    REDIS(&house, "HDEL", "hs:list:stolen:g0", "e2");
    house_await_answer(&house, "/status", "\"state\": \"live\"");
    assert_int_equal(house_stop(&house), 0);
}

// How many of the notices to ops say this; waits for the first.
static size_t count_ops(size_t from, const char *text)
{
    int64_t until_ns = hs_clock_monotonic_ns() + INT64_C(20000000000);
    for (;;) {
        struct hs_test_messages messages = {0};
        size_t count = 0;
        assert_int_equal(hs_test_topic_read(house.bootstrap, "dispatch.ops", 10000, &messages), 0);
        for (size_t i = from; i < messages.count; i++) {
            struct hs_str value = messages.rows[i].value;
            count += memmem(value.ptr, value.len, text, strlen(text)) != NULL;
        }
        hs_test_messages_fini(&messages);
        if (count > 0 || hs_clock_monotonic_ns() > until_ns) {
            return count;
        }
        hs_test_pause_ms(50);
    }
}

static void ops_is_told_of_stale_lists_once_and_once_when_it_is_over(void **state)
{
    (void)state;
    char path[HS_TEST_PATH_BYTES + 16];
    struct hs_test_messages before = {0};
    snprintf(path, sizeof(path), "%s/conf.d", house.folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/conf.d/a.yaml", house.folder);
    assert_int_equal(hs_test_file_write(path, "redis:\n  alarm_after_ms: 600\n"), 0);
    house_serve_one(&house);
    assert_int_equal(hs_test_topic_read(house.bootstrap, "dispatch.ops", 10000, &before), 0);

    assert_int_equal(hs_redis_server_save(&house.redis), 0);
    hs_redis_server_stop(&house.redis);
    assert_int_equal(count_ops(before.count, "lists are not current: redis"), 1);
    hs_test_pause_ms(1500); // and not again
    assert_int_equal(hs_redis_server_again(&house.redis), 0);
    assert_int_equal(count_ops(before.count, "lists are current again"), 1);
    assert_int_equal(count_ops(before.count, "lists are not current"), 1);

    REDIS(&house, "HSET", "hs:list:stolen:g0", "e2", "garbage");
    assert_int_equal(HITCTL(&house, "reload"), 0);
    assert_int_equal(count_ops(before.count, "list 'stolen': entry 'e2' cannot be used"), 1);
    REDIS(&house, "HDEL", "hs:list:stolen:g0", "e2");
    house_await_answer(&house, "/status", "\"state\": \"live\"");
    assert_int_equal(house_stop(&house), 0);
    hs_test_messages_fini(&before);
}

static void key_of_another_type_leaves_the_last_good_lists(void **state)
{
    (void)state;
    house_serve_one(&house);
    REDIS(&house, "RENAME", "hs:list:stolen", "kept");
    REDIS(&house, "SET", "hs:list:stolen", "a string");
    assert_int_equal(HITCTL(&house, "reload"), 0);
    house_await_answer(&house, "/status", "\"state\": \"stale\"");
    assert_true(house_metric(&house, "hitstream_lists_entries") == 1);
    REDIS(&house, "DEL", "hs:list:stolen");
    REDIS(&house, "RENAME", "kept", "hs:list:stolen");
    house_await_answer(&house, "/status", "\"state\": \"live\"");
    assert_int_equal(house_stop(&house), 0);
}

static void emptied_redis_is_refused_until_confirmed(void **state)
{
    (void)state;
    house_serve_one(&house);
    REDIS(&house, "FLUSHALL");
    house_await_answer(&house, "/readyz", "note: lists: ");
    house_await_log(&house, "redis no longer holds change");
    house_await_answer(&house, "/readyz", "it stands behind its audit anchor '");
    assert_true(house_metric(&house, "hitstream_lists_entries") == 1);

    char anchor[64];
    const char *from = house_ask(&house, false, "GET", "/readyz");
    assert_int_equal(sscanf(strstr(from, "audit anchor '"), "audit anchor '%63[0-9-]", anchor), 1);
    assert_int_equal(HITCTL(&house, "confirm", anchor), 0);
    house_await_answer(&house, "/status", "\"state\": \"live\"");
    assert_true(house_metric(&house, "hitstream_lists_entries") == 0);
    assert_int_equal(house_stop(&house), 0);
}

// As another daemon writes it.
static void anchor_elsewhere(const char *change_id)
{
    static char hash[] = "0000000000000000000000000000000000000000000000000000000000000000";
    Hitstream__V1__AuditAnchor anchor = HITSTREAM__V1__AUDIT_ANCHOR__INIT;
    uint8_t packed[256];
    struct hs_test_producer *producer;
    anchor.change_id = (char *)(uintptr_t)change_id;
    anchor.change_hash = hash;
    size_t len = hitstream__v1__audit_anchor__pack(&anchor, packed);
    assert_int_equal(hs_test_producer_new(broker.bootstrap, &producer), 0);
    assert_int_equal(hs_test_produce(producer, "anpr.controls", -1, HS_STR("anchor"),
                                     hs_str_n((const char *)packed, len), NULL, 0),
                     0);
    assert_int_equal(hs_test_producer_flush(producer, HOUSE_TIMEOUT_MS), 0);
    hs_test_producer_free(producer);
}

static void older_copy_is_refused_by_what_another_daemon_anchored(void **state)
{
    (void)state;
    house_serve_one(&house);
    assert_int_equal(hs_redis_server_save(&house.redis), 0);
    anchor_elsewhere("9999999999999-0");
    hs_redis_server_kill(&house.redis);
    assert_int_equal(hs_redis_server_again(&house.redis), 0);
    house_await_answer(&house, "/readyz", "it stands behind its audit anchor '9999999999999-0'");
    assert_true(house_metric(&house, "hitstream_lists_entries") == 1);
    assert_int_equal(HITCTL(&house, "confirm", "9999999999999-0"), 0);
    house_await_answer(&house, "/status", "\"state\": \"live\"");
    assert_int_equal(house_stop(&house), 0);
}

static void restored_backup_is_refused_when_nothing_is_on_disk(void **state)
{
    (void)state;
    char lists[HS_TEST_PATH_BYTES];
    house_activate_controls(&house);
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    assert_int_equal(house_stop(&house), 0); // the anchor is written
    snprintf(lists, sizeof(lists), "%.480s/state/lists.snapshot", house.folder);
    assert_int_equal(unlink(lists), 0);
    REDIS(&house, "FLUSHALL");
    house_create_list(&house, "stolen", false);

    house_start(&house, NULL);
    house_await_answer(&house, "/readyz", "not ready: lists: redis is refused");
    house_await_heard(&house, "STATUS=waiting: lists: redis is refused");
    assert_true(house_metric(&house, "hitstream_lists_live") == 0);
    assert_null(strstr(house_heard(&house), "READY=1"));
    assert_int_equal(house_stop(&house), 0);
}

// A word: only the tests whose names match it ('*' and '?').
int main(int argc, char **argv)
{
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    const struct CMUnitTest tests[] = {
        TEST(change_is_live_at_once),
        TEST(many_changes_are_folded_in),
        TEST(only_the_list_that_was_loaded_is_read_again),
        TEST(loaded_list_that_does_not_hold_leaves_the_last_good_one),
        TEST(removed_list_is_gone_and_its_id_goes_on),
        TEST(covert_lists_are_one_sum),
        TEST(garbage_in_redis_leaves_the_last_good_lists),
        TEST(ops_is_told_of_stale_lists_once_and_once_when_it_is_over),
        TEST(key_of_another_type_leaves_the_last_good_lists),
        TEST(emptied_redis_is_refused_until_confirmed),
        TEST(older_copy_is_refused_by_what_another_daemon_anchored),
        TEST(restored_backup_is_refused_when_nothing_is_on_disk),
    };
    return cmocka_run_group_tests(tests, open_broker, close_broker);
}
