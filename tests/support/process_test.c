// SPDX-License-Identifier: Apache-2.0
// A child is started, watched, stopped, and never outlives who started it.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "support/process.h"

static void exit_code_is_told(void **state)
{
    (void)state;
    const char *argv[] = {"sh", "-c", "exit 7", NULL};
    const char *killed[] = {"sh", "-c", "kill -9 $$", NULL};
    const char *missing[] = {"no-such-program-here", NULL};
    assert_int_equal(hs_process_run(&(struct hs_process_spec){.argv = argv}, 5000), 7);
    assert_int_equal(hs_process_run(&(struct hs_process_spec){.argv = killed}, 5000),
                     128 + SIGKILL);
    assert_int_equal(hs_process_run(&(struct hs_process_spec){.argv = missing}, 5000), 127);
}

static void output_goes_to_a_file(void **state)
{
    (void)state;
    char folder[HS_TEST_PATH_BYTES];
    char path[HS_TEST_PATH_BYTES + 16];
    assert_int_equal(hs_test_folder_make("process", folder), 0);
    snprintf(path, sizeof(path), "%s/out", folder);
    const char *argv[] = {"sh", "-c", "echo $COLOUR; echo err >&2", NULL};
    const char *env[] = {"COLOUR=blue", NULL};
    assert_int_equal(
        hs_process_run(&(struct hs_process_spec){.argv = argv, .env = env, .output_path = path},
                       5000),
        0);
    char *text = hs_test_file_read(path);
    assert_string_equal(text, "blue\nerr\n");
    free(text);
    hs_test_folder_remove(folder);
    assert_int_not_equal(access(folder, F_OK), 0);
}

static void one_that_will_not_stop_is_killed(void **state)
{
    (void)state;
    struct hs_process process;
    const char *argv[] = {"sh", "-c", "trap '' TERM; sleep 60 & wait; sleep 60", NULL};
    assert_int_equal(hs_process_start(&process, &(struct hs_process_spec){.argv = argv}), 0);
    pid_t pid = process.pid;
    assert_true(hs_process_running(&process));
    assert_int_equal(hs_process_wait(&process, 50, NULL), HS_ETIMEDOUT);
    assert_int_equal(hs_process_stop(&process, 100), 128 + SIGKILL);
    assert_int_not_equal(kill(pid, 0), 0);
}

// A program that starts a child and dies without a word: the child must be gone soon after.
static void child_dies_with_its_parent(void **state)
{
    (void)state;
    int pipe_fd[2];
    assert_int_equal(pipe(pipe_fd), 0);
    pid_t middle = fork();
    if (middle == 0) {
        struct hs_process child;
        const char *argv[] = {"sleep", "60", NULL};
        int r = hs_process_start(&child, &(struct hs_process_spec){.argv = argv});
        if (r != 0 || write(pipe_fd[1], &child.pid, sizeof(child.pid)) < 0) {
            _exit(1);
        }
        raise(SIGKILL);
    }
    pid_t child = 0;
    assert_int_equal(read(pipe_fd[0], &child, sizeof(child)), sizeof(child));
    close(pipe_fd[0]);
    close(pipe_fd[1]);
    struct hs_process parent = {.pid = middle};
    assert_int_equal(hs_process_wait(&parent, 5000, NULL), 0);
    char path[64];
    char *text = NULL;
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
    for (int i = 0; i < 500; i++) { // gone, or a zombie that an init has yet to reap
        free(text);
        text = hs_test_file_read(path);
        if (!text || strstr(text, ") Z ")) {
            break;
        }
        hs_test_pause_ms(10);
    }
    assert_true(!text || strstr(text, ") Z ") != NULL);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_code_is_told),
        cmocka_unit_test(output_goes_to_a_file),
        cmocka_unit_test(one_that_will_not_stop_is_killed),
        cmocka_unit_test(child_dies_with_its_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
