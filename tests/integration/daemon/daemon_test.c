// SPDX-License-Identifier: Apache-2.0
// How the daemon behaves to who runs it: systemd, an administrator, a broken Redis or Kafka.
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
#include "support/kafka_util.h"

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
    house_serve_one(&house);
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
        // one a queue: there as soon as controls name a queue that is tested
        bool by_queue = strcmp(series + 1, "hitstream_test_alert_overdue") == 0;
        if (!by_queue && !strstr(house.text, series)) {
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

// A word: only the tests whose names match it ('*' and '?').
int main(int argc, char **argv)
{
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    const struct CMUnitTest tests[] = {
        TEST(start_says_ready_and_stop_drains),
        TEST(start_without_kafka_waits_and_says_why),
        TEST(stop_while_kafka_is_away_is_bounded),
        TEST(start_without_redis_waits_when_nothing_is_on_disk),
        TEST(start_without_redis_serves_the_lists_on_disk),
        TEST(reload_with_bad_settings_keeps_the_old),
        TEST(reload_says_what_waits_for_a_restart),
        TEST(check_prints_every_error),
        TEST(orders_come_by_the_local_socket_only),
        TEST(metrics_are_what_prometheus_takes),
        TEST(watchdog_is_fed_while_threads_make_progress),
    };
    return cmocka_run_group_tests(tests, open_broker, close_broker);
}
