// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_PROCESS_H
#define HS_TEST_PROCESS_H
/*
 * Child processes of tests: started in a group of their own, always stopped.
 *
 * A child gets SIGKILL when the thread that started it ends (PR_SET_PDEATHSIG), so that it cannot
 * outlive a test that crashes: start children from a thread that lives as long as they shall,
 * usually main's. Threads: one for each struct. Ownership: whoever starts calls hs_process_fini().
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

enum { HS_TEST_PATH_BYTES = 512 };

struct hs_process {
    pid_t pid;     // 0: not running
    int exit_code; // once it ended: exit status, or 128 + signal
};

struct hs_process_spec {
    const char *const *argv; // ends with NULL; argv[0] is looked up in PATH
    const char *const
        *env; // "NAME=value" put over the own environment; ends with NULL; may be NULL
    const char *input_path;     // stdin; NULL: /dev/null
    const char *output_path;    // stdout, appended; NULL: the test's own
    const char *error_path;     // stderr, appended; NULL: where stdout goes
    const char *working_folder; // NULL: the test's own
    const char *network;        // path of the network namespace it runs in; NULL: the test's own
};

int hs_process_start(struct hs_process *process, const struct hs_process_spec *spec);
// True while it has not ended; reaps it when it has.
bool hs_process_running(struct hs_process *process);
// Waits for its end; HS_ETIMEDOUT. ret_exit_code (may be NULL): exit status, or 128 + signal.
int hs_process_wait(struct hs_process *process, int64_t timeout_ms, int *ret_exit_code);
// To the process alone; nothing when it is not running.
void hs_process_signal(struct hs_process *process, int signal_number);
// SIGTERM, then SIGKILL to its group after `timeout_ms`. Returns its exit code.
int hs_process_stop(struct hs_process *process, int64_t timeout_ms);
// SIGKILL to its group, and reaped.
void hs_process_kill(struct hs_process *process);
// The same; legal on a zeroed struct.
void hs_process_fini(struct hs_process *process);

// Runs to the end, at most `timeout_ms`. Returns the exit code, or a negative error.
int hs_process_run(const struct hs_process_spec *spec, int64_t timeout_ms);

// A new folder of the test's own inside the build tree (HS_TEST_TMPDIR overrides), short enough for
// a unix socket. The caller removes it with hs_test_folder_remove(), which does nothing when
// HS_TEST_KEEP is set.
int hs_test_folder_make(const char *name, char ret_path[HS_TEST_PATH_BYTES]);
void hs_test_folder_remove(const char *path);
// A whole file, terminated, in malloc'd memory; NULL when it cannot be read.
char *hs_test_file_read(const char *path);
int hs_test_file_write(const char *path, const char *text);
// A TCP port of 127.0.0.1 that nobody listens on just now.
int hs_test_free_port(uint16_t *ret_port);
// For the short pauses between two looks at a condition that has no event.
void hs_test_pause_ms(int64_t ms);

#endif
