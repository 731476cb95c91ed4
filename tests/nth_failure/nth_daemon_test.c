// SPDX-License-Identifier: Apache-2.0
/*
 * A daemon whose n-th allocation, socket call or write fails, from its start over a reload to its end, with a real broker
 * and a real Redis. It goes on and does its work, or ends with an exit code of its own and says why; it never crashes,
 * and the next one starts as if nothing had been, from what it finds on disk and in Redis.
 *
 *     nth_daemon_test              two of one kind of calls fail, which the seed says: it is one of the usual tests
 *     nth_daemon_test CALLS        so many of each kind, spread over all; 0: every one, which takes hours
 *
 * HS_NTH_SEED says where the spread begins, else the clock does; it is printed.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "integration/daemon/fixture.h"
#include "support/kafka_util.h"

enum { CALLS = 2, LOOK_MS = 20, ENDED_MAX = 6 };

static unsigned long calls_wanted = CALLS, seed;
static bool one_kind;

static const char *path_of(const char *name)
{
    static char paths[2][HS_TEST_PATH_BYTES + 32];
    static unsigned next;
    char *path = paths[next++ % 2];
    snprintf(path, sizeof(paths[0]), "%s/%s", house.folder, name);
    return path;
}

static void start(const char *kind, unsigned long n)
{
    char failure[64];
    snprintf(failure, sizeof(failure), "%s:%lu", kind, n);
    house_heard(&house); // the last words of the one before
    remove(path_of("report"));
    remove(path_of("count"));
    remove(house.log);
    setenv("HS_NTH_FAILURE", failure, 1);
    setenv("HS_NTH_REPORT", path_of("report"), 1);
    setenv("HS_NTH_COUNT", path_of("count"), 1);
    setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
    setenv("LD_PRELOAD", NTH_LIBRARY, 1);
    house_start(&house, NULL);
    unsetenv("LD_PRELOAD");
    unsetenv("ASAN_OPTIONS");
}

// Until it says so to systemd or in its log, or has ended: false.
static bool comes(bool heard, const char *text)
{
    int64_t until_ns = hs_clock_monotonic_ns() + HOUSE_TIMEOUT_MS * INT64_C(1000000);
    while (hs_process_running(&house.daemon)) {
        if (heard ? strstr(house_heard(&house), text) != NULL : house_count_log(&house, text) > 0) {
            return true;
        }
        if (hs_clock_monotonic_ns() > until_ns) {
            char *log = hs_test_file_read(house.log);
            fprintf(stderr, "%s\n", log ? log : "");
            free(log);
            fail_msg("'%s' does not come", text);
        }
        hs_test_pause_ms(LOOK_MS);
    }
    return false;
}

// Starts, reloads, ends; its exit code.
static int live(void)
{
    int exit_code = 0;
    if (comes(true, "READY=1")) {
        hs_process_signal(&house.daemon, SIGHUP);
        if (comes(false, " reload")) {
            return hs_process_stop(&house.daemon, HOUSE_TIMEOUT_MS);
        }
    }
    hs_process_wait(&house.daemon, HOUSE_TIMEOUT_MS, &exit_code);
    return exit_code;
}

static void judge(const char *kind, unsigned long n, int exit_code)
{
    char *place = hs_test_file_read(path_of("report")), *log = hs_test_file_read(house.log);
    bool said = log && (strstr(log, "error") || strstr(log, "hitstreamd: "));
    if (exit_code < 0 || exit_code > ENDED_MAX || (exit_code != 0 && (!said || !place)) ||
        (log && strstr(log, "Sanitizer"))) {
        fail_msg("%s call %lu fails in %s: exit %d, it says: %s", kind, n,
                 place ? place : "no place", exit_code, log ? log : "nothing");
    }
    free(place);
    free(log);
}

static unsigned long count_calls(const char *kind)
{
    start(kind, 0);
    judge(kind, 0, live());
    char *count = hs_test_file_read(path_of("count"));
    assert_non_null(count);
    unsigned long calls = strtoul(count, NULL, 10);
    free(count);
    return calls;
}

static void each_call_fails(const char *kind)
{
    unsigned long calls = count_calls(kind), ended = 0;
    unsigned long step = calls_wanted && calls > calls_wanted ? calls / calls_wanted : 1;
    for (unsigned long n = 1 + seed % step; n <= calls; n += step) {
        start(kind, n);
        int exit_code = live();
        judge(kind, n, exit_code);
        ended += exit_code != 0;
    }
    printf("%lu %s calls, one in %lu failed in turn from %lu on, %lu ended it\n", calls, kind, step,
           1 + seed % step, ended);
}

static void it_lives_or_says_why(void **state)
{
    static const char *const kinds[] = {"allocation", "socket", "write", "sync", "file"};
    enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
    (void)state;
    house_activate_controls(&house);
    house_create_list(&house, "stolen", false);
    house_put(&house, "stolen", "e1", "AB12CDE");
    for (size_t k = 0; k < KINDS; k++) {
        if (!one_kind || k == seed % KINDS) {
            each_call_fails(kinds[k]);
        }
    }
    house_heard(&house);
    remove(house.log);
    house_start(&house, NULL); // as if nothing had been
    house_await_log(&house, "ready: '1' entries of '1' lists live");
    assert_int_equal(house_stop(&house), 0);
}

int main(int argc, char **argv)
{
    const char *given = getenv("HS_NTH_SEED");
    const struct CMUnitTest tests[] = {TEST(it_lives_or_says_why)};
    one_kind = argc == 1;
    calls_wanted = argc > 1 ? strtoul(argv[1], NULL, 10) : CALLS;
    seed = given ? strtoul(given, NULL, 10) : (unsigned long)hs_clock_realtime_ms() % 1000000;
    printf("HS_NTH_SEED=%lu\n", seed);
    return cmocka_run_group_tests(tests, open_broker, close_broker);
}
