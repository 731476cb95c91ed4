// SPDX-License-Identifier: Apache-2.0
// How the daemon behaves to who runs it: systemd, an administrator, a broken Redis or Kafka.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "house.h"
#include "support/kafka_util.h"

static struct hs_broker broker;
static struct house house;

// Topics and controls once for all: they stay in the broker; each test has a Redis of its own.
static int open_broker(void **state)
{
    (void)state;
    if (hs_broker_start(&broker, NULL) != 0) {
        return -1;
    }
    house_open(&house, broker.bootstrap);
    house_activate_controls(&house);
    int exit_code = HITCTL(&house, "topics", "create", "--reads-from", "end");
    if (exit_code != 0) {
        fprintf(stderr, "%s\nexit code %d\n", house.text, exit_code);
        return -1;
    }
    house_close(&house);
    return 0;
}

static int close_broker(void **state)
{
    (void)state;
    hs_broker_fini(&broker);
    return 0;
}

// A new Redis would stand behind the anchor of the test before: it is taken away.
static void forget_anchor(void)
{
    struct hs_test_producer *producer;
    assert_int_equal(hs_test_producer_new(broker.bootstrap, &producer), 0);
    assert_int_equal(hs_test_produce(producer, "anpr.controls", -1, HS_STR("anchor"),
                                     (struct hs_str){0}, NULL, 0),
                     0);
    assert_int_equal(hs_test_producer_flush(producer, HOUSE_TIMEOUT_MS), 0);
    hs_test_producer_free(producer);
}

static int open_house(void **state)
{
    (void)state;
    if (!hs_process_running(&broker.process)) { // a test that failed left it stopped
        assert_int_equal(hs_broker_again(&broker), 0);
    }
    forget_anchor();
    house_open(&house, broker.bootstrap);
    return 0;
}

static int close_house(void **state)
{
    (void)state;
    house_close(&house);
    return 0;
}

// ---- starting and stopping ----

static void start_says_ready_and_stop_drains(void **state)
{
    (void)state;
    house_activate_controls(&house);
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    house_await_answer(&house, "/readyz", "HTTP/1.1 200");
    assert_non_null(strstr(house_ask(&house, false, "GET", "/healthz"), "ok\n"));
    assert_null(strstr(house_heard(&house), "STOPPING=1"));
    int64_t from_ns = hs_clock_monotonic_ns();
    assert_int_equal(house_stop(&house), 0);
    assert_true(hs_clock_monotonic_ns() - from_ns < INT64_C(10000000000));
    house_await_heard(&house, "STOPPING=1");
    assert_int_equal(house_count_log(&house, "notice stopped: stopped"), 1);
    assert_int_equal(access(house.admin_path, F_OK), -1);
}

static void start_without_kafka_waits_and_says_why(void **state)
{
    (void)state;
    house_activate_controls(&house);
    hs_broker_stop(&broker);
    house_start(&house, NULL);
    house_await_heard(&house, "kafka: topic 'anpr.controls' is not read yet");
    house_await_heard(&house, "EXTEND_TIMEOUT_USEC=");
    house_await_answer(&house, "/readyz", "HTTP/1.1 503");
    assert_non_null(strstr(house_ask(&house, false, "GET", "/readyz"), "not ready: match: "));
    assert_null(strstr(house_heard(&house), "READY=1"));
    assert_int_equal(hs_broker_again(&broker), 0);
    house_await_heard(&house, "READY=1");
    house_await_answer(&house, "/readyz", "HTTP/1.1 200");
    assert_int_equal(house_stop(&house), 0);
}

static void stop_while_kafka_is_away_is_bounded(void **state)
{
    (void)state;
    hs_broker_stop(&broker);
    house_start(&house, NULL);
    house_await_heard(&house, "kafka: topic 'anpr.controls' is not read yet");
    int64_t from_ns = hs_clock_monotonic_ns();
    assert_int_equal(house_stop(&house), 0);
    assert_true(hs_clock_monotonic_ns() - from_ns < INT64_C(30000000000));
    assert_int_equal(hs_broker_again(&broker), 0);
}

static void start_without_redis_waits_when_nothing_is_on_disk(void **state)
{
    (void)state;
    hs_redis_server_stop(&house.redis);
    house_start(&house, NULL);
    house_await_heard(&house, "STATUS=waiting: lists: redis cannot be reached");
    house_await_answer(&house, "/readyz", "not ready: lists: redis cannot be reached");
    assert_int_equal(hs_redis_server_again(&house.redis), 0);
    house_await_heard(&house, "READY=1");
    assert_int_equal(house_stop(&house), 0);
}

static void start_without_redis_serves_the_lists_on_disk(void **state)
{
    (void)state;
    house_activate_controls(&house);
    house_create_list(&house, "stolen", false);
    house_put(&house, "stolen", "e1", "AB12CDE");
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    house_await_answer(&house, "/status", "\"entries\": 1");
    int64_t stopped_at_ms = hs_clock_realtime_ms();
    assert_int_equal(house_stop(&house), 0);
    hs_redis_server_stop(&house.redis);

    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    house_await_answer(&house, "/readyz", "note: lists: redis cannot be reached");
    assert_non_null(strstr(house.text, "HTTP/1.1 200"));
    assert_non_null(strstr(house_ask(&house, false, "GET", "/status"), "\"source\": \"disk\""));
    assert_non_null(strstr(house.text, "\"state\": \"stale\""));
    assert_true(house_metric(&house, "hitstream_lists_current") == 0);
    assert_true(house_metric(&house, "hitstream_list_entries{list=\"stolen\"}") == 1);
    assert_true(house_metric(&house, "hitstream_controls_cameras") >
                10); // controls from disk as well
    double as_of_ms = 1000 * house_metric(&house, "hitstream_lists_as_of_timestamp_seconds");
    assert_true(as_of_ms > (double)stopped_at_ms - 2000 && as_of_ms < (double)stopped_at_ms + 2000);

    assert_int_equal(hs_redis_server_again(&house.redis), 0); // comes back empty: behind its anchor
    house_await_answer(&house, "/readyz", "it stands behind its audit anchor");
    assert_true(house_metric(&house, "hitstream_lists_entries") == 1);
    assert_int_equal(house_stop(&house), 0);
}

// ---- lists ----

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
    assert_true(house_metric(&house, "hitstream_lists_entries") == 3);
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
    house_activate_controls(&house);
    house_create_list(&house, "stolen", false);
    house_put(&house, "stolen", "e1", "AB12CDE");
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    house_await_answer(&house, "/status", "\"entries\": 1");

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

static void key_of_another_type_leaves_the_last_good_lists(void **state)
{
    (void)state;
    house_activate_controls(&house);
    house_create_list(&house, "stolen", false);
    house_put(&house, "stolen", "e1", "AB12CDE");
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    house_await_answer(&house, "/status", "\"entries\": 1");
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
    house_activate_controls(&house);
    house_create_list(&house, "stolen", false);
    house_put(&house, "stolen", "e1", "AB12CDE");
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    house_await_answer(&house, "/status", "\"entries\": 1");
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

// ---- settings ----

static void reload_with_bad_settings_keeps_the_old(void **state)
{
    (void)state;
    house_activate_controls(&house);
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    house_write_config(&house, "log_levle: debug\n");
    hs_process_signal(&house.daemon, SIGHUP);
    house_await_heard(&house, "RELOADING=1");
    house_await_log(&house, "reload refused: '1' errors");
    assert_true(house_count_log(&house, "log_levle") >= 1);
    assert_int_equal(HITCTL(&house, "--config", house.config, "reload"), 6);
    house_await_answer(&house, "/readyz", "HTTP/1.1 200");

    house_write_config(&house, NULL);
    assert_int_equal(HITCTL(&house, "reload"), 0);
    assert_non_null(strstr(house.text, "reloaded: '0' options taken over, '0' wait for a restart"));
    const char *reloading = strstr(house_heard(&house), "RELOADING=1");
    assert_non_null(strstr(reloading, "READY=1")); // systemd hears that it is over
    assert_int_equal(house_stop(&house), 0);
}

static void reload_says_what_waits_for_a_restart(void **state)
{
    (void)state;
    house_activate_controls(&house);
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    house_write_config(&house, "log_level: debug\nmatch:\n  workers: 3\n");
    assert_int_equal(HITCTL(&house, "reload"), 0);
    assert_non_null(strstr(house.text, "option 'log_level' is taken over"));
    assert_non_null(strstr(house.text, "option 'match.workers' has changed: it is taken over by a "
                                       "restart only"));
    house_write_config(&house, "match:\n  workers: 3\n  reject_max_pct: 50\n");
    assert_int_equal(HITCTL(&house, "reload"), 0);
    assert_non_null(strstr(house.text, "option 'log_level' is taken over")); // back to its default
    assert_non_null(strstr(house.text, "option 'match.reject_max_pct' is taken over"));
    assert_non_null(strstr(house.text, "'2' options taken over, '1' wait for a restart"));
    assert_int_equal(house_stop(&house), 0);
}

static int run_hitstreamd(const char *option)
{
    char out[HS_TEST_PATH_BYTES];
    snprintf(out, sizeof(out), "%.480s/out", house.folder);
    remove(out);
    const char *const argv[] = {HITSTREAMD_PATH, "--config", house.config, option, NULL};
    const struct hs_process_spec spec = {.argv = argv, .output_path = out, .error_path = out};
    int exit_code = hs_process_run(&spec, HOUSE_TIMEOUT_MS);
    char *text = hs_test_file_read(out);
    snprintf(house.text, sizeof(house.text), "%s", text ? text : "");
    free(text);
    return exit_code;
}

static void check_prints_every_error(void **state)
{
    (void)state;
    house_write_config(&house, "log_levle: debug\nmatch:\n  workers: 0\n");
    assert_int_equal(run_hitstreamd("--check"), 6);
    assert_non_null(strstr(house.text, "log_levle"));
    assert_non_null(strstr(house.text, "log_level")); // the nearest known
    assert_non_null(strstr(house.text, "match.workers"));
    house_write_config(&house, NULL);
    assert_int_equal(run_hitstreamd("--check"), 0);
    assert_int_equal(run_hitstreamd("--dump"), 0);
    assert_non_null(strstr(house.text, "instance: tested"));
    char key[HS_TEST_PATH_BYTES];
    snprintf(key, sizeof(key), "%.480s/id.key", house.folder);
    assert_int_equal(hs_test_file_write(key, "short\n"), 0);
    assert_int_equal(run_hitstreamd("--check"), 6);
    assert_non_null(strstr(house.text, "64 hex digits"));
    assert_null(strstr(house.text, "short\n"));
}

// ---- admin pages ----

static void orders_come_by_the_local_socket_only(void **state)
{
    (void)state;
    house_start(&house, NULL);
    house_await_answer(&house, "/healthz", "ok");
    assert_non_null(strstr(house_ask(&house, false, "POST", "/reload"), "HTTP/1.1 501"));
    assert_non_null(strstr(house_ask(&house, false, "DELETE", "/status"), "HTTP/1.1 501"));
    assert_non_null(strstr(house_ask(&house, false, "GET", "/reload"), "HTTP/1.1 405"));
    assert_int_equal(house_count_log(&house, "reload asked for"), 0);
    assert_non_null(strstr(house_ask(&house, true, "POST", "/reload"), "HTTP/1.1 200"));
    char by[64];
    snprintf(by, sizeof(by), "reload asked for by user '%u'", (unsigned)getuid());
    house_await_log(&house, by);
    house_stop(&house);
}

// Every series that the sample of alerting rules asks for is there from the start.
static void assert_rules_find_their_series(void)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
    char *rules = hs_test_file_read(HS_SOURCE_DIR "/config/prometheus/hitstream.rules.yaml");
    size_t found = 0;
    assert_non_null(rules);
    for (const char *at = rules; (at = strstr(at, "hitstream_")); found++) {
        char series[128];
        size_t len = strspn(at, letters);
        assert_true(len < sizeof(series) - 1);
        snprintf(series, sizeof(series), "\n%.*s", (int)len, at);
        if (!strstr(house.text, series)) {
            fail_msg("no series '%s'", series + 1);
        }
        at += len;
    }
    assert_true(found >= 8);
    free(rules);
}

static void metrics_are_what_prometheus_takes(void **state)
{
    (void)state;
    house_activate_controls(&house);
    house_start(&house, NULL);
    house_await_heard(&house, "READY=1");
    house_ask(&house, false, "GET", "/metrics");
    assert_non_null(strstr(house.text, "Content-Type: text/plain; version=0.0.4"));
    assert_rules_find_their_series();
    assert_true(house_metric(&house, "hitstream_ready") == 1);
    assert_true(house_metric(&house, "process_resident_memory_bytes") > 1e6);
    assert_int_equal(house_stop(&house), 0);
}

static void watchdog_is_fed_while_threads_make_progress(void **state)
{
    (void)state;
    house_activate_controls(&house);
    house_start(&house, "WATCHDOG_USEC=2000000");
    house_await_heard(&house, "READY=1");
    house_await_heard(&house, "WATCHDOG=1");
    house.heard[0] = '\0';
    house_await_heard(&house, "WATCHDOG=1"); // again and again
    assert_int_equal(house_count_log(&house, "thread-stuck"), 0);
    assert_int_equal(house_stop(&house), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_house, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(start_says_ready_and_stop_drains),
        TEST(start_without_kafka_waits_and_says_why),
        TEST(stop_while_kafka_is_away_is_bounded),
        TEST(start_without_redis_waits_when_nothing_is_on_disk),
        TEST(start_without_redis_serves_the_lists_on_disk),
        TEST(change_is_live_at_once),
        TEST(many_changes_are_folded_in),
        TEST(only_the_list_that_was_loaded_is_read_again),
        TEST(loaded_list_that_does_not_hold_leaves_the_last_good_one),
        TEST(removed_list_is_gone_and_its_id_goes_on),
        TEST(covert_lists_are_one_sum),
        TEST(garbage_in_redis_leaves_the_last_good_lists),
        TEST(key_of_another_type_leaves_the_last_good_lists),
        TEST(emptied_redis_is_refused_until_confirmed),
        TEST(restored_backup_is_refused_when_nothing_is_on_disk),
        TEST(reload_with_bad_settings_keeps_the_old),
        TEST(reload_says_what_waits_for_a_restart),
        TEST(check_prints_every_error),
        TEST(orders_come_by_the_local_socket_only),
        TEST(metrics_are_what_prometheus_takes),
        TEST(watchdog_is_fed_while_threads_make_progress),
    };
    return cmocka_run_group_tests(tests, open_broker, close_broker);
}
