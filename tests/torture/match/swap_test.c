// SPDX-License-Identifier: Apache-2.0
/*
 * Every batch sees one whole revision, however fast snapshots are replaced; and this test can fail:
 * with the grace period left out on purpose, a child process dies of it.
 *
 *   HS_TORTURE_SECONDS   how long (default 3)
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "torture/match/torture.h"

enum { PLANTED_SECONDS = 30, EXIT_UNSCATHED = 0, EXIT_TORN = 7 };

// A sanitizer ends the child at its first finding; the child leaves no core.
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "halt_on_error=1";
}

static double seconds(void)
{
    const char *text = getenv("HS_TORTURE_SECONDS");
    return text ? atof(text) : 3;
}

static void test_without_grace_it_dies(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        for (int sig = 1; sig < 32; sig++) {
            signal(sig, SIG_DFL); // cmocka would take a fault for one of its own
        }
        if (!freopen("/dev/null", "w", stderr)) {
            _exit(EXIT_UNSCATHED);
        }
        _exit(torture_run(PLANTED_SECONDS, false).torn ? EXIT_TORN : EXIT_UNSCATHED);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_UNSCATHED);
    print_message("without a grace period: %s %d\n", WIFSIGNALED(status) ? "signal" : "exit",
                  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void test_every_batch_sees_one_revision(void **state)
{
    (void)state;
    struct torture_result result = torture_run(seconds(), true);
    print_message("%llu snapshots, %llu batches\n", (unsigned long long)result.snapshots,
                  (unsigned long long)result.batches);
    assert_int_equal(result.torn, 0);
    assert_true(result.snapshots > 10 && result.batches > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_grace_it_dies), // first: it forks, before there are threads
        cmocka_unit_test(test_every_batch_sees_one_revision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
